package revaluation

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/period"
	"tieout/app/rates"
	"tieout/sqlc"
)

func d(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// Whatever the balances and the rate: debits are credits, every line is the sum
// of its evidence, and the accounts end at their closing value.
func TestRevaluationsBalanceWhateverTheRate(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		c := Computation{Currency: "GBP", Functional: "USD", Gain: "7910", Loss: "7920", Closing: rates.Quotation{Rate: decimal.New(chance.Int64N(9_999_999)+1, -int32(3+chance.IntN(6)))},
			Period: period.Period{FiscalYear: 2026, Number: 11, Ends: period.Date{Year: 2026, Month: time.November, Day: 30}}}
		for _, account := range []string{"1210", "1220", "1230"}[:1+chance.IntN(3)] {
			b := Balance{Account: account, Foreign: decimal.New(chance.Int64N(2_000_000)-1_000_000, -2), Carried: decimal.New(chance.Int64N(2_000_000)-1_000_000, -2)}
			b.Revalued = b.Foreign.Mul(c.Closing.Rate).Round(2)
			c.Balances = append(c.Balances, b)
		}
		p := c.proposal()
		debits, credits, net := decimal.Zero, decimal.Zero, map[int]decimal.Decimal{}
		moved := map[string]decimal.Decimal{}
		for _, l := range p.Lines {
			debits, credits = debits.Add(l.Debit), credits.Add(l.Credit)
			net[l.Number] = l.Credit.Sub(l.Debit)
			moved[l.Account] = moved[l.Account].Add(l.Debit).Sub(l.Credit)
			require.True(t, l.Debit.Equal(l.FunctionalDebit) && l.Credit.Equal(l.FunctionalCredit))
		}
		for _, e := range p.Evidence {
			net[e.Line] = net[e.Line].Sub(e.Amount)
		}
		require.True(t, debits.Equal(credits))
		for line, left := range net {
			require.True(t, left.IsZero(), "line %d", line)
		}
		for _, b := range c.Balances {
			require.True(t, b.Carried.Add(moved[b.Account]).Equal(b.Revalued))
		}
		require.True(t, p.Rate.Equal(d("1")))
		require.Equal(t, "2026-12-01", p.ReverseOn.String())
	}
}

// ledger is a connection with books in dollars that has settled in pounds.
type ledger struct {
	*Service
	t          *testing.T
	pool       *pgxpool.Pool
	clock      *clock.Fixed
	connection int64
	set        mapping.RuleSet
	amy        audit.Actor
	entries    int
}

func open(t *testing.T) *ledger {
	t.Helper()
	l := &ledger{t: t, pool: dbtest.New(t), clock: clock.NewFixed(time.Date(2026, 12, 2, 9, 0, 0, 0, time.UTC)), set: mapping.RuleSet{ID: 1, Accounts: map[string]string{
		mapping.SlotClearing: "1210", mapping.SlotReserve: "1220", mapping.SlotReceivable: "1245", mapping.SlotFXGain: "7910", mapping.SlotFXLoss: "7920"}}}
	rules := func(context.Context, sqlc.DBTX, int64) (*mapping.RuleSet, error) { return &l.set, nil }
	l.Service = NewService(l.pool, l.clock, journal.NewService(journal.Needs{Pool: l.pool, Clock: l.clock, Rules: rules}), rules)
	require.NoError(t, l.pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region, functional_currency, p21_company) VALUES ('acme', 'eu', 'USD', 'ACME') RETURNING id`).Scan(&l.connection))
	require.NoError(t, l.pool.QueryRow(t.Context(), `INSERT INTO person (issuer, subject, email, name) VALUES ('i', 's', 'x@x', 'Amy') RETURNING id`).Scan(&l.amy.PersonID))
	l.exec(`INSERT INTO fiscal_period (connection_id, fiscal_year, number, starts_on, ends_on, closed, synced_at)
		SELECT $1, 2026, m, make_date(2026, m, 1), (make_date(2026, m, 1) + interval '1 month - 1 day')::date, m < 10, now() FROM generate_series(1, 12) m`, l.connection)
	l.exec(`INSERT INTO rule_set (id, connection_id, number, state, extension, published_at) OVERRIDING SYSTEM VALUE VALUES (1, $1, 1, 'published', true, now())`, l.connection)
	return l
}

func (l *ledger) exec(sql string, args ...any) {
	l.t.Helper()
	require.NoError(l.t, dbtest.Force(l.t.Context(), l.pool, sql, args...))
}

func (l *ledger) settled(id int, deposited string) {
	l.t.Helper()
	l.exec(`INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
		VALUES ($1::bigint, $2, 1, 1, $1::bigint::text, 'GBP', '2026-11-02', '2026-11-16', $3::timestamptz, 100, 0, 0, 0, '', '{}')`, id, l.connection, deposited)
}

// entry is one with a line in pounds, and what it is carried at.
func (l *ledger) entry(settlement, number int, status, account string, clearing bool, pounds, dollars string) {
	l.t.Helper()
	l.entries++
	id := 1000 + l.entries
	l.exec(`INSERT INTO journal_entry (id, connection_id, settlement_id, entry_type, status, reference, version, company, journal, fiscal_year, period, entry_on, currency, functional_currency, rate, description, rule_set_id,
		clearing, total, functional_total, content_hash, p21_number) OVERRIDING SYSTEM VALUE VALUES ($1::bigint, $2, $3, 'settlement', $4::text, $1::bigint::text, 1, 'ACME', 'AZ', 2026, $5::int, make_date(2026, $5::int, 20), 'GBP', 'USD', 1, '', 1, 0, 0, 0, '', CASE WHEN $4::text = 'posted' THEN $1::bigint::text ELSE '' END)`,
		id, l.connection, settlement, status, number)
	l.exec(`INSERT INTO journal_line (entry_id, line_no, account, category, clearing, debit, credit, functional_debit, functional_credit)
		VALUES ($1, 1, $2, 'x', $3, greatest($4::numeric, 0), greatest(-$4::numeric, 0), greatest($5::numeric, 0), greatest(-$5::numeric, 0))`, id, account, clearing, pounds, dollars)
}

func (l *ledger) rate(day, value string) {
	l.t.Helper()
	on, err := period.ParseDate(day)
	require.NoError(l.t, err)
	_, err = rates.NewService(rates.Needs{Pool: l.pool, Clock: l.clock}).Store(l.t.Context(), []rates.Entry{{Pair: rates.Pair{Base: "GBP", Quote: "USD"}, On: on, Value: d(value), Reason: "x"}},
		rates.How{Origin: rates.ByHand, Confirmed: true}, l.amy)
	require.NoError(l.t, err)
}

func (l *ledger) november() period.Period {
	l.t.Helper()
	periods, err := l.Periods(l.t.Context(), l.connection)
	require.NoError(l.t, err)
	require.Equal(l.t, 12, periods[0].Number, "December has begun")
	return periods[1]
}

func (l *ledger) compute() (Computation, []Realised) {
	l.t.Helper()
	list, realised, err := l.Compute(l.t.Context(), l.connection, l.november())
	require.NoError(l.t, err)
	require.Len(l.t, list, 1)
	return list[0], realised
}

func TestOpenBalancesAreRevaluedAndTheEntryEndsOnTheNextDay(t *testing.T) {
	t.Parallel()
	l := open(t)
	l.settled(1, "2026-11-18")
	for id := 2; id <= 6; id++ {
		l.settled(id, "2026-12-04")
	}
	l.entry(1, 11, "posted", "1210", true, "100", "125")
	l.entry(2, 11, "posted", "1210", true, "200", "250")
	l.entry(3, 11, "posted", "1220", false, "50", "62")
	l.entry(4, 11, "posted", "1245", false, "10", "14")
	l.entry(5, 11, "posted", "4110", false, "-500", "-600")
	l.entry(2, 12, "posted", "1220", false, "7", "8")
	l.rate("2026-11-18", "1.27")
	c, realised := l.compute()
	require.False(t, c.Rated)
	require.Contains(t, c.Obstacle(l.Today()), "no closing rate")
	require.NoError(t, l.DraftDue(t.Context(), l.connection, audit.Job("revaluation")))
	require.Len(t, realised, 1)
	require.True(t, realised[0].Difference().Equal(d("2")), "127 came for 125")

	l.rate("2026-11-30", "1.3")
	l.entry(6, 11, "draft", "1220", false, "1", "1")
	c, _ = l.compute()
	require.EqualValues(t, 1, c.Unposted)
	require.True(t, c.Total().Equal(d("12")))
	for i, want := range []string{"10", "3", "-1"} {
		require.True(t, c.Balances[i].Difference().Equal(d(want)), "%+v", c.Balances[i])
	}
	require.NoError(t, l.DraftDue(t.Context(), l.connection, audit.Job("revaluation")))
	c, _ = l.compute()
	require.Zero(t, c.Entry.ID, "the job waits until everything is posted")
	l.exec(`UPDATE journal_entry SET status = 'discarded' WHERE status = 'draft'`)
	require.NoError(t, l.DraftDue(t.Context(), l.connection, audit.Job("revaluation")))
	c, _ = l.compute()
	require.Equal(t, "draft", c.Entry.Status)
	require.True(t, c.Entry.Total.Equal(d("14")))
	first := c.Entry.ID
	var text string
	require.NoError(t, l.pool.QueryRow(t.Context(), `SELECT string_agg(account || ' ' || trim_scale(debit - credit), ', ' ORDER BY line_no) FROM journal_line WHERE entry_id = $1`, first).Scan(&text))
	require.Equal(t, "1210 10, 1220 3, 1245 -1, 7910 -13, 7920 1", text)
	require.NoError(t, l.pool.QueryRow(t.Context(), `SELECT currency || rate || entry_on || reverse_on || rate_note FROM journal_entry WHERE id = $1`, first).Scan(&text))
	require.Equal(t, "USD1.00000000002026-11-302026-12-01closing rate 1 GBP = 1.3 USD of 2026-11-30", text)
	proposed, err := l.Draft(t.Context(), l.connection, l.november(), "GBP", l.amy)
	require.NoError(t, err)
	require.Equal(t, journal.Proposed{ID: first, Status: journal.Draft}, proposed, "the same changes nothing")

	l.rate("2026-11-30", "1.31")
	proposed, err = l.Draft(t.Context(), l.connection, l.november(), "GBP", l.amy)
	require.NoError(t, err)
	require.True(t, proposed.Changed)
	var resting int
	require.NoError(t, l.pool.QueryRow(t.Context(), `SELECT count(*) FROM journal_rate x JOIN exchange_rate r ON r.id = x.rate_id WHERE x.entry_id = $1 AND r.rate = 1.31`, first).Scan(&resting))
	require.Equal(t, 1, resting, "the draft rests on the rate in force")
	_, err = l.pool.Exec(t.Context(), `UPDATE journal_entry SET status = 'submitted', submitted_by = $2, submitted_at = now() WHERE id = $1`, first, l.amy.PersonID)
	require.NoError(t, err, "the database takes it for submission")
}

func TestARevaluationNeedsAccountsAndAnEndedPeriod(t *testing.T) {
	t.Parallel()
	l := open(t)
	l.settled(1, "2026-12-18")
	l.entry(1, 11, "posted", "1210", true, "100", "125")
	l.rate("2026-11-30", "1.3")
	delete(l.set.Accounts, mapping.SlotFXLoss)
	_, err := l.Draft(t.Context(), l.connection, l.november(), "GBP", l.amy)
	require.True(t, fault.Is(err, fault.Conflict), err)
	_, err = l.Draft(t.Context(), l.connection, l.november(), "CAD", l.amy)
	require.True(t, fault.Is(err, fault.NotFound), err)
	l.set.Accounts[mapping.SlotFXLoss] = "7920"
	periods, err := l.Periods(t.Context(), l.connection)
	require.NoError(t, err)
	l.rate("2026-12-01", "1.3")
	_, err = l.Draft(t.Context(), l.connection, periods[0], "GBP", l.amy)
	require.ErrorContains(t, err, "has not ended")
	l.exec(`UPDATE fiscal_period SET closed = true WHERE number = 11`)
	_, err = l.Draft(t.Context(), l.connection, l.november(), "GBP", l.amy)
	require.ErrorContains(t, err, "closed")
}
