package ledger_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/ledger"
	"tieout/app/p21"
	"tieout/app/p21/adapter"
	"tieout/app/period"
	"tieout/app/reconcile"
	sandbox "tieout/cmd/sandbox/p21"
)

var now = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// books are a connection with posted entries and its P21.
type books struct {
	*reconcile.Service
	t        *testing.T
	pool     *pgxpool.Pool
	server   *sandbox.Server
	system   p21.System
	clock    *clock.Fixed
	intended map[int64]p21.Journal
}

func open(t *testing.T, name string, can func(*sandbox.Config)) *books {
	t.Helper()
	b := &books{t: t, pool: dbtest.New(t), clock: clock.NewFixed(now), intended: map[int64]p21.Journal{}}
	config := sandbox.Config{Clock: b.clock, Seed: 1}
	can(&config)
	var err error
	b.server, err = sandbox.New(config)
	require.NoError(t, err)
	listening := httptest.NewServer(b.server)
	t.Cleanup(listening.Close)
	b.system, err = adapter.Open(name, p21.Config{URL: listening.URL, Company: "ACME", FunctionalCurrency: "USD", Username: sandbox.DemoUser, Password: sandbox.DemoPassword, Clock: b.clock, Zone: time.UTC, Pause: time.Millisecond})
	require.NoError(t, err)
	ledgers := func(context.Context, int64) (p21.Ledger, error) { return b.system, nil }
	intended := func(_ context.Context, id int64) (p21.Journal, error) { return b.intended[id], nil }
	b.Service = reconcile.NewService(b.pool, b.clock, ledger.NewAccounts(b.pool, b.clock, ledgers), ledger.NewJournals(b.pool, b.clock, ledgers, intended))
	b.exec(`INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na')`)
	b.exec(`INSERT INTO rule_set (id, connection_id, number, state, published_at) OVERRIDING SYSTEM VALUE VALUES (1, 1, 1, 'published', now())`)
	b.exec(`INSERT INTO rule_set_account (rule_set_id, slot, account) VALUES (1, 'clearing', $1), (1, 'sales', '4110-000')`, sandbox.Clearing)
	b.exec(`INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
		VALUES (1, 1, 1, 1, '8800', 'USD', '2026-11-01', '2026-11-14', 100, 0, 0, 0, '', '{}')`)
	return b
}

func (b *books) exec(sql string, args ...any) {
	b.t.Helper()
	require.NoError(b.t, dbtest.Force(b.t.Context(), b.pool, sql, args...))
}

func journal(reference, amount string) p21.Journal {
	value := decimal.RequireFromString(amount)
	return p21.Journal{Company: "ACME", Reference: reference, JournalID: "AZ", Date: period.Date{Year: 2026, Month: 11, Day: 14}, Period: 11, FiscalYear: 2026, Currency: "USD", FunctionalCurrency: "USD",
		ExchangeRate: decimal.NewFromInt(1), Description: "Amazon settlement", Lines: []p21.Line{
			{Number: 1, Account: sandbox.Clearing, Debit: value, FunctionalDebit: value}, {Number: 2, Account: "4110-000", Credit: value, FunctionalCredit: value}}}
}

// hold has P21 hold a journal of ours.
func (b *books) hold(reference, amount string) string {
	b.t.Helper()
	value := decimal.RequireFromString(amount)
	number, err := b.server.Enter(sandbox.Journal{Company: "ACME", Reference: reference, JournalID: "AZ", Date: "2026-11-14", Period: 11, FiscalYear: 2026, Currency: "USD", Rate: decimal.NewFromInt(1), Lines: []sandbox.Line{
		{Number: 1, Account: sandbox.Clearing, Debit: value, FunctionalDebit: value}, {Number: 2, Account: "4110-000", Credit: value, FunctionalCredit: value}}})
	require.NoError(b.t, err)
	return fmt.Sprint(number)
}

// posted stores an entry as posting leaves it, and has P21 hold another one.
func (b *books) posted(id int64, amount string, held ...string) {
	b.t.Helper()
	j := journal(fmt.Sprint("AMZ-", id), amount)
	b.intended[id] = j
	number := fmt.Sprint("none-", id)
	for _, h := range held {
		number = b.hold(j.Reference, h)
	}
	b.exec(`INSERT INTO journal_entry (id, connection_id, settlement_id, entry_type, status, reference, version, company, journal, fiscal_year, period, entry_on, currency, functional_currency, rate, description, rule_set_id, clearing, total, functional_total, content_hash, p21_number, posted_at)
		OVERRIDING SYSTEM VALUE VALUES ($1::bigint, 1, $1, 'settlement', 'posted', $2, 1, 'ACME', 'AZ', 2026, 11, '2026-11-14', 'USD', 'USD', 1, 'Amazon settlement', 1, $3::numeric, $3, $3, '\x00', $4, now())`, id, j.Reference, amount, number)
	b.exec(`INSERT INTO journal_line (entry_id, line_no, account, category, debit, functional_debit, credit, functional_credit) VALUES ($1, 1, $2, '', $3::numeric, $3, 0, 0), ($1, 2, '4110-000', '', 0, 0, $3, $3)`, id, sandbox.Clearing, amount)
}

func (b *books) found(n reconcile.Name) (list []string) {
	b.t.Helper()
	items, err := b.List(b.t.Context(), reconcile.Filter{Name: n, PageSize: 50})
	require.NoError(b.t, err)
	for _, i := range items {
		list = append(list, fmt.Sprint(strings.TrimPrefix(i.Key, sandbox.Clearing+" 2026-11 "), ": ", i.Cause, " ", i.Difference()))
	}
	return list
}

func TestEntriesAgreeWithP21sLedgerAndAreReadBack(t *testing.T) {
	t.Parallel()
	for _, name := range []string{p21.SeedV2, p21.Native} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, name, func(*sandbox.Config) {})
			b.posted(1, "100", "100")
			require.NoError(t, b.CheckAll(t.Context(), 1))
			require.Empty(t, b.found(reconcile.Accounts))
			require.Empty(t, b.found(reconcile.Journals))

			b.posted(2, "50")
			b.posted(3, "30", "30", "30")
			b.posted(4, "20", "19")
			_, err := b.server.Enter(sandbox.Journal{Company: "ACME", Reference: "DEP 1", JournalID: "CR", Date: "2026-11-16", Period: 11, FiscalYear: 2026, Currency: "USD", Rate: decimal.NewFromInt(1), Lines: []sandbox.Line{
				{Number: 1, Account: sandbox.Bank, Debit: decimal.NewFromInt(100), FunctionalDebit: decimal.NewFromInt(100)}, {Number: 2, Account: sandbox.Clearing, Credit: decimal.NewFromInt(100), FunctionalCredit: decimal.NewFromInt(100)}}})
			require.NoError(t, err)
			require.NoError(t, b.CheckAll(t.Context(), 1))
			accounts := b.found(reconcile.Accounts)
			require.Len(t, accounts, 4)
			require.ElementsMatch(t, []string{"AMZ-2: Not in P21 50", "AMZ-3: Amount differs -30", "AMZ-4: Amount differs 1"}, accounts[:3])
			require.Contains(t, accounts[3], "Not posted from here 100")
			items, err := b.List(t.Context(), reconcile.Filter{Name: reconcile.Accounts, Cause: "Not posted from here", PageSize: 5})
			require.NoError(t, err)
			require.Contains(t, items[0].Hint, "deposit of settlement 8800")
			require.ElementsMatch(t, []string{"AMZ-2: Missing 50", "AMZ-3: Twice in P21 -30", "AMZ-4: Different 1"}, b.found(reconcile.Journals))

			b.hold("AMZ-2", "50")
			require.NoError(t, b.CheckAll(t.Context(), 1))
			require.Len(t, b.found(reconcile.Journals), 3, "read back a moment ago")
			b.clock.Advance(8 * 24 * time.Hour)
			require.NoError(t, b.CheckAll(t.Context(), 1))
			require.Len(t, b.found(reconcile.Journals), 2, "read again after a week")
		})
	}
}

func TestAP21ThatTellsNoJournalsIsNotCompared(t *testing.T) {
	t.Parallel()
	b := open(t, p21.SeedV2, func(c *sandbox.Config) { c.NoJournalRead = true })
	require.NoError(t, b.CheckAll(t.Context(), 1))
	list, err := b.Standing(t.Context(), 1, "", period.DateOf(now))
	require.NoError(t, err)
	for _, s := range list {
		if s.Name == reconcile.Accounts || s.Name == reconcile.Journals {
			require.True(t, s.NotApplicable, s.Name)
			require.Equal(t, "This P21 does not tell its journals.", s.Problem)
		}
	}
}
