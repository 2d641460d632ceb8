package journal_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/p21"
	"tieout/cmd/sandbox/seller"
)

// publish sends a slot to another account in a set of its own.
func (b *bench) publish(slot, account string) *mapping.RuleSet {
	b.t.Helper()
	step := func(set *mapping.RuleSet, err error) mapping.Edit {
		b.t.Helper()
		require.NoError(b.t, err)
		return mapping.Edit{SetID: set.ID, Version: set.Version}
	}
	ctx := b.t.Context()
	draft := step(b.rules.Begin(ctx, b.accountant, b.connection, "", nil))
	draft = step(b.rules.SetAccounts(ctx, b.accountant, draft, map[string]string{slot: account}))
	draft = step(b.rules.Submit(ctx, b.accountant, draft, ""))
	set, err := b.rules.Publish(ctx, b.controller, draft)
	require.NoError(b.t, err)
	return set
}

func (b *bench) rebuilt(id int64) journal.Rebuilt {
	b.t.Helper()
	r, err := b.entries.Rebuild(b.t.Context(), b.get(id))
	require.NoError(b.t, err)
	return r
}

func TestAPostedEntryIsRebuiltIdenticalUnderItsOldRules(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	id := b.approved(20)
	require.NoError(t, b.entries.Post(t.Context(), id))
	b.publish("sales", "4120-000")
	b.publish("fba_fees", "6110-000")

	r := b.rebuilt(id)
	require.Empty(t, r.Differences)
	require.Equal(t, 1, r.RuleSet)
	require.Greater(t, r.Lines, 5)
	checks := b.checks(id)
	require.Equal(t, "Rebuilt under rule set 1", checks[len(checks)-1].Name)
	require.True(t, checks[len(checks)-1].OK)

	fresh := b.entry(21)
	require.Equal(t, 3, b.rebuilt(fresh).RuleSet, "a new entry names the rules of now")
	require.True(t, b.rebuilt(fresh).Identical())
	accounts := func(id int64) (list []string) {
		lines, err := b.entries.Lines(t.Context(), id)
		require.NoError(t, err)
		for _, l := range lines {
			list = append(list, l.Account)
		}
		return list
	}
	require.Contains(t, accounts(id), "4110-000")
	require.NotContains(t, accounts(fresh), "4110-000")
	b.holds()
}

func (b *bench) checks(id int64) []journal.Finding {
	b.t.Helper()
	lines, err := b.entries.Lines(b.t.Context(), id)
	require.NoError(b.t, err)
	checks, err := b.entries.Checks(b.t.Context(), b.get(id), lines)
	require.NoError(b.t, err)
	return checks
}

// TestWhatWasTamperedWithIsNamed changes a posted entry and what it is made of
// with triggers switched off.
func TestWhatWasTamperedWithIsNamed(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	id := b.approved(20)
	require.NoError(t, b.entries.Post(t.Context(), id))
	for statement, named := range map[string]string{
		`UPDATE journal_line SET account = '9999-999' WHERE line_no = 2`:                         "Line 2 is 9999-999",
		`UPDATE journal_line SET debit = debit + 1, credit = 0 WHERE clearing`:                   "clearing balancing debit",
		`UPDATE journal_line SET functional_credit = functional_credit + 0.01 WHERE line_no = 1`: "Line 1 is",
		`DELETE FROM journal_line WHERE line_no = 3`:                                             "Line 3 is",
		`UPDATE rollup SET amount = amount + 0.01 WHERE ctid = (SELECT min(r.ctid) FROM rollup r JOIN journal_source USING (settlement_id, kind_id, posted_on, product_group, fulfillment) JOIN journal_entry e ON e.id = entry_id WHERE line_no > 0 AND e.status = 'posted')`: "share of the deposit",
		`DELETE FROM journal_source WHERE ctid = (SELECT min(x.ctid) FROM journal_source x JOIN journal_entry e ON e.id = x.entry_id WHERE x.amount <> 0 AND e.status = 'posted')`:                                                                                             "share of the deposit",
		`DELETE FROM rollup WHERE ctid = (SELECT min(r.ctid) FROM rollup r JOIN journal_source USING (settlement_id, kind_id, posted_on, product_group, fulfillment) JOIN journal_entry e ON e.id = entry_id WHERE e.status = 'posted')`:                                       "no longer has 1 of its amounts",
		`UPDATE mapping_rule SET account = '6999-000' WHERE category = 'sales'`: "6999-000",
		`DELETE FROM mapping_rule WHERE category = 'selling_fees'`:              "No rule matches",
		`UPDATE journal_entry SET moved_from = '2026-01'`:                       "closed period that it is from is 2026-01, rebuilt none",
	} {
		err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
			for _, s := range []string{`SET LOCAL session_replication_role = replica`, statement} {
				if _, err := tx.Exec(t.Context(), s); err != nil {
					return err
				}
			}
			examined, differ, err := journal.RebuildPosted(t.Context(), tx)
			require.NoError(t, err, statement)
			require.EqualValues(t, 1, examined)
			require.Len(t, differ, 1, statement)
			require.Equal(t, b.get(id).Reference, differ[0].Reference)
			text := ""
			for _, d := range differ[0].Differences {
				text += d + " "
			}
			require.Contains(t, text, named, statement)
			return errUndo
		})
		require.ErrorIs(t, err, errUndo)
	}
	b.holds()
}

// TestAnEntryMovedOutOfAClosedPeriodIsRebuilt: what is open or closed now does
// not matter.
func TestAnEntryMovedOutOfAClosedPeriodIsRebuilt(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	b.exec(`UPDATE policy SET closed_period = 'first_open'`)
	b.exec(`UPDATE fiscal_period SET closed = true WHERE ends_on < '2026-10-15'`)
	id := b.entry(20)
	require.NotEmpty(t, b.get(id).MovedFrom)
	b.submit(id)
	for _, later := range []string{`UPDATE fiscal_period SET closed = false`, `UPDATE fiscal_period SET closed = true`, `UPDATE policy SET closed_period = 'exception'`} {
		b.exec(later)
		require.Empty(t, b.rebuilt(id).Differences, later)
	}
	b.holds()
}

// TestAnEntryKeepsTheRatesItWasMadeWith: rates that are corrected or filled in
// later change no entry.
func TestAnEntryKeepsTheRatesItWasMadeWith(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, source, base, quote string }{
		{"at the deposit's rate", "deposit_date", "GBP", "USD"}, {"at each day's rate", "posted_date", "GBP", "USD"}, {"at each day's rate turned around", "posted_date", "USD", "GBP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, p21.SeedV2)
			b.books = seller.NewBooks(seller.Accounts(7, now, 6)[1])
			b.exec(`UPDATE policy SET rounding_limit = 5, rate_source = $1`, c.source)
			b.exec(`INSERT INTO rate_setting (connection_id, inverse) VALUES ($1, true)`, b.connection)
			b.exec(`INSERT INTO exchange_rate (base, quote, rate_on, rate, source) SELECT $1, $2, d::date, 1.2 + extract(doy FROM d)::numeric / 1000, 'test'
				FROM generate_series('2026-01-01'::date, '2026-12-31', '1 day') d WHERE extract(dow FROM d) NOT IN (0, 6)`, c.base, c.quote)
			id := b.entry(20)
			require.NotEqual(t, b.get(id).Currency, b.get(id).FunctionalCurrency)
			b.submit(id)
			require.Empty(t, b.rebuilt(id).Differences)
			b.exec(`WITH old AS (UPDATE exchange_rate SET ended_at = now() RETURNING base, quote, rate_on, rate, source, version)
				INSERT INTO exchange_rate (base, quote, rate_on, rate, source, version) SELECT base, quote, rate_on, rate * 2, source, version + 1 FROM old`)
			b.exec(`INSERT INTO exchange_rate (base, quote, rate_on, rate, source) SELECT 'GBP', 'USD', d::date, 9, 'test'
				FROM generate_series('2026-01-01'::date, '2026-12-31', '1 day') d WHERE extract(dow FROM d) IN (0, 6)`)
			b.exec(`UPDATE policy SET rate_source = 'deposit_date'`)
			require.Empty(t, b.rebuilt(id).Differences)
			b.holds()
		})
	}
}
