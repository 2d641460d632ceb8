package journal_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/p21"
	"tieout/app/period"
)

func amount(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func day(t *testing.T, text string) period.Date {
	t.Helper()
	d, err := period.ParseDate(text)
	require.NoError(t, err)
	return d
}

// accrual is what was earned by the end of October: sold for worth, less fees.
func (b *bench) accrual(worth string) journal.Proposal {
	fee := amount("-15.00")
	sold := amount(worth)
	net := sold.Add(fee)
	line := func(n int, account, category string, value decimal.Decimal, clearing bool) journal.Line {
		l := journal.Line{Number: n, Account: account, Category: category, Clearing: clearing, Description: category}
		if value.IsNegative() {
			l.Debit = value.Neg()
		} else {
			l.Credit = value
		}
		l.FunctionalDebit, l.FunctionalCredit = l.Debit, l.Credit
		return l
	}
	return journal.Proposal{
		ConnectionID: b.connection, Type: journal.Accrual, Subject: "USD", Currency: "USD", On: day(b.t, "2026-10-31"), Description: "Earned by 2026-10-31",
		Rate: amount("1"), ReverseOn: day(b.t, "2026-11-01"),
		Lines: []journal.Line{line(1, p21Account(b, "sales"), "sales", sold, false), line(2, p21Account(b, "selling_fees"), "selling_fees", fee, false),
			line(3, p21Account(b, "clearing"), "accrued", net.Neg(), true)},
		Evidence: []journal.Evidence{{Line: 1, Subject: "T-1", Detail: "112-1", Amount: sold.Sub(amount("10"))}, {Line: 1, Subject: "T-2", Detail: "112-2", Amount: amount("10")},
			{Line: 2, Subject: "T-1", Amount: fee}},
	}
}

// p21Account is the account picked for a slot.
func p21Account(b *bench, slot string) string {
	b.t.Helper()
	var account string
	require.NoError(b.t, b.pool.QueryRow(b.t.Context(), `SELECT a.account FROM rule_set_account a JOIN rule_set r ON r.id = a.rule_set_id
		WHERE r.connection_id = $1 AND r.state = 'published' AND a.slot = $2`, b.connection, slot).Scan(&account))
	return account
}

func (b *bench) propose(p journal.Proposal) (journal.Proposed, error) {
	b.t.Helper()
	var result journal.Proposed
	err := database.WithTx(b.t.Context(), b.pool, b.clock, func(tx *database.Tx) (err error) {
		result, err = b.entries.Propose(b.t.Context(), tx, p, audit.Job("test"))
		return err
	})
	return result, err
}

func (b *bench) proposed(p journal.Proposal) journal.Proposed {
	b.t.Helper()
	result, err := b.propose(p)
	require.NoError(b.t, err)
	return result
}

func TestAnAccrualIsPostedAndEndsOnItsDay(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	result := b.proposed(b.accrual("100.00"))
	require.True(t, result.Changed)
	e := b.get(result.ID)
	require.Equal(t, "AMZ-ACC-1-USD-202610-1", e.Reference)
	lines, err := b.entries.Lines(t.Context(), e.ID)
	require.NoError(t, err)
	checks, err := b.entries.Checks(t.Context(), e, lines)
	require.NoError(t, err)
	for _, c := range checks {
		require.True(t, c.OK, c.Name+": "+c.Reason)
	}
	b.submit(e.ID)
	n, err := b.entries.ReverseDue(t.Context())
	require.NoError(t, err)
	require.Zero(t, n, "what is not posted is not reversed")
	b.approve(e.ID)
	require.NoError(t, b.entries.Post(t.Context(), e.ID))
	require.Equal(t, "posted", b.get(e.ID).Status)

	b.asked.posts = nil
	n, err = b.entries.ReverseDue(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Len(t, b.asked.posts, 1)
	reversal := b.get(b.asked.posts[0])
	require.Equal(t, "approved 2026-11", reversal.Status+" "+reversal.EntryOn.Format("2006-01"))
	require.NoError(t, b.entries.Post(t.Context(), reversal.ID))
	require.Equal(t, "posted", b.get(reversal.ID).Status)
	require.Equal(t, "posted", b.get(e.ID).Status, "an accrual was right in its period")
	n, err = b.entries.ReverseDue(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = b.entries.Reverse(t.Context(), e.ID, "not twice", b.accountant)
	require.True(t, fault.Is(err, fault.Conflict), err)
	again := b.proposed(b.accrual("120.00"))
	require.Equal(t, journal.Proposed{ID: e.ID, Status: journal.Posted, Differs: true}, again)
	for _, journals := range []string{e.Reference, reversal.Reference} {
		require.Len(t, b.p21.ByReference("ACME", journals), 1)
	}
	b.holds()
}

func TestAProposalIsRebuiltWhileItIsADraft(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	first := b.proposed(b.accrual("100.00"))
	require.Equal(t, journal.Proposed{ID: first.ID, Status: journal.Draft}, b.proposed(b.accrual("100.00")), "the same changes nothing")
	second := b.proposed(b.accrual("250.00"))
	require.Equal(t, journal.Proposed{ID: first.ID, Status: journal.Draft, Changed: true}, second)
	require.Equal(t, "250", b.get(first.ID).Total.String())
	list, err := b.entries.EvidenceOf(t.Context(), first.ID, 1, journal.Place{}, 10)
	require.NoError(t, err)
	require.Len(t, list, 2)
	rest, err := b.entries.EvidenceOf(t.Context(), first.ID, 0, journal.Place{Line: list[0].Line, Position: list[0].Position}, 10)
	require.NoError(t, err)
	require.Len(t, rest, 2)
	nothing := b.accrual("100.00")
	nothing.Lines, nothing.Evidence = nil, nil
	require.Equal(t, journal.Proposed{}, b.proposed(nothing))
	require.Equal(t, "discarded", b.get(first.ID).Status)
	third := b.proposed(b.accrual("100.00"))
	require.Equal(t, "AMZ-ACC-1-USD-202610-2", b.get(third.ID).Reference, "a reference is never used twice")
	b.holds()
}

func TestAProposalThatDoesNotAddUpIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	p := b.accrual("100.00")
	p.Evidence[0].Amount = amount("89.99")
	_, err := b.propose(p)
	require.ErrorContains(t, err, "differs from its evidence by 0.01")
	p = b.accrual("100.00")
	p.Lines[2].Debit = amount("84.99")
	_, err = b.propose(p)
	require.ErrorContains(t, err, "debits")
	p = b.accrual("100.00")
	p.On = day(t, "1999-01-01")
	_, err = b.propose(p)
	require.True(t, fault.Is(err, fault.Conflict), err)
	_, err = b.pool.Exec(t.Context(), `UPDATE fiscal_period SET closed = true WHERE starts_on <= '2026-10-31' AND ends_on >= '2026-10-31'`)
	require.NoError(t, err)
	_, err = b.propose(b.accrual("100.00"))
	require.True(t, fault.Is(err, fault.Conflict), err)
}

// TestProposalsCannotBeBentInTheDatabase tries what a faulty program could do.
func TestProposalsCannotBeBentInTheDatabase(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	id := b.proposed(b.accrual("100.00")).ID
	refused := func(sql, why string, args ...any) {
		t.Helper()
		_, err := b.pool.Exec(t.Context(), sql, args...)
		require.ErrorContains(t, err, why)
	}
	_, err := b.pool.Exec(t.Context(), `UPDATE journal_evidence SET amount = amount + 0.01 WHERE entry_id = $1 AND line_no = 2`, id)
	require.NoError(t, err)
	refused(`UPDATE journal_entry SET status = 'submitted', submitted_by = $2, submitted_at = now() WHERE id = $1`, "differs from the evidence", id, b.accountant.PersonID)
	_, err = b.pool.Exec(t.Context(), `UPDATE journal_evidence SET amount = amount - 0.01 WHERE entry_id = $1 AND line_no = 2`, id)
	require.NoError(t, err)
	refused(`INSERT INTO journal_entry (connection_id, entry_type, subject, reference, version, company, journal, fiscal_year, period, entry_on, currency, functional_currency, rate, description, clearing, total, functional_total)
		SELECT connection_id, entry_type, subject, 'X', 9, company, journal, fiscal_year, period, entry_on, currency, functional_currency, rate, description, clearing, total, functional_total FROM journal_entry WHERE id = $1`,
		"journal_entry_proposal", id)
	b.submit(id)
	refused(`UPDATE journal_entry SET reverse_on = '2026-12-01' WHERE id = $1`, "cannot change", id)
	refused(`DELETE FROM journal_evidence WHERE entry_id = $1`, "cannot change", id)
	b.approve(id)
	reversal := `INSERT INTO journal_entry (connection_id, entry_type, scheduled, reverses_id, reference, version, company, journal, fiscal_year, period, entry_on, currency, functional_currency, rate, description, clearing, total, functional_total)
		SELECT connection_id, 'reversal', true, id, 'R', 1, company, journal, fiscal_year, period, $2, currency, functional_currency, rate, description, -clearing, total, functional_total FROM journal_entry WHERE id = $1`
	refused(reversal, "was not approved with the entry", id, "2026-11-01")
	require.NoError(t, b.entries.Post(t.Context(), id))
	refused(reversal, "was not approved with the entry", id, "2026-10-31")
	settled := b.approved(2)
	require.NoError(t, b.entries.Post(t.Context(), settled))
	refused(reversal, "is not of the entry", settled, "2026-12-01")

	_, err = b.entries.ReverseDue(t.Context())
	require.NoError(t, err)
	scheduled := b.asked.posts[len(b.asked.posts)-1]
	refused(`UPDATE journal_entry SET status = 'draft', scheduled = false WHERE id = $1`, "cannot change", scheduled)
	require.NoError(t, b.entries.Post(t.Context(), scheduled))
	refused(`UPDATE journal_entry SET status = 'reversed' WHERE id = $1`, "stays posted", id)
	b.holds()
}
