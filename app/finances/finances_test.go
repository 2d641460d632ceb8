package finances_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/amazon/spec"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/document"
	"tieout/app/finances"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/period"
	stand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/seller"
	"tieout/sqlc"
)

// start is a week into November; the seller's cycle spans the end of October.
var start = time.Date(2026, 11, 5, 9, 0, 0, 0, time.UTC)

// bench is a seller whose sales Amazon holds back for a week, and its books.
type bench struct {
	*finances.Service
	t          *testing.T
	pool       *pgxpool.Pool
	clock      *clock.Fixed
	books      *seller.Books
	client     *amazon.Client
	connection int64
}

// Amazon implements finances.Sides.
func (b *bench) Amazon(context.Context, int64) (*amazon.Client, error) { return b.client, nil }

func open(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, pool: dbtest.New(t), clock: clock.NewFixed(start)}
	account := seller.Accounts(7, start.AddDate(0, 0, 5), 3)[0]
	account.Hold, account.NovelCycle = 7*24*time.Hour, -1
	b.books = seller.NewBooks(account)
	server, err := stand.New(stand.Config{Now: b.clock.Now, RateScale: 1000, Accounts: []stand.Account{{Books: b.books, ClientID: "c", ClientSecret: "s", RefreshToken: "r"}}})
	require.NoError(t, err)
	web := httptest.NewServer(spec.Load(t, "finances_2024-06-19.json").Check(t, server, "/auth/"))
	t.Cleanup(web.Close)
	b.client, err = amazon.New(amazon.Config{Key: "us", Endpoint: web.URL, LWAURL: web.URL + "/auth/o2/token", ClientID: "c", ClientSecret: amazon.Hide("s"), RefreshToken: amazon.Hide("r"),
		Clock: b.clock, Tries: 1, Transport: &http.Transport{DisableKeepAlives: true}, Pause: func(_ context.Context, d time.Duration) error { b.clock.Advance(d); return nil }})
	require.NoError(t, err)
	b.Service = finances.NewService(finances.Needs{Pool: b.pool, Clock: b.clock, Documents: document.NewStore(b.pool), Sides: b, Rules: b.rules,
		Entries: journal.NewService(journal.Needs{Pool: b.pool, Clock: b.clock})})
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region, p21_company) VALUES ('acme', 'na', 'ACME') RETURNING id`).Scan(&b.connection))
	b.exec(`INSERT INTO policy (connection_id) VALUES ($1)`, b.connection)
	for month := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC); month.Year() == 2026; month = month.AddDate(0, 1, 0) {
		b.exec(`INSERT INTO fiscal_period (connection_id, fiscal_year, number, starts_on, ends_on, closed, synced_at) VALUES ($1, 2026, $2, $3, $4, false, now())`,
			b.connection, int(month.Month()), month, month.AddDate(0, 1, -1))
	}
	return b
}

// rules are the shipped ones, each slot an account of its name.
func (b *bench) rules(context.Context, sqlc.DBTX, int64) (*mapping.RuleSet, error) {
	template, _, err := mapping.FindTemplate("amazon-summary")
	picks := map[string]string{}
	for _, s := range mapping.AllSlots() {
		picks[s.Name] = s.Name
	}
	return &mapping.RuleSet{Rules: template.Rules, Accounts: picks}, err
}

func (b *bench) exec(sql string, args ...any) {
	b.t.Helper()
	_, err := b.pool.Exec(b.t.Context(), sql, args...)
	require.NoError(b.t, err)
}

func (b *bench) value(sql string, args ...any) (value string) {
	b.t.Helper()
	require.NoError(b.t, b.pool.QueryRow(b.t.Context(), sql, args...).Scan(&value))
	return value
}

func (b *bench) read() {
	b.t.Helper()
	require.NoError(b.t, b.Read(b.t.Context(), b.connection))
}

// settle stores the summary of a cycle, so that Amazon's word is enough to find it.
func (b *bench) settle(n int) {
	b.t.Helper()
	s := b.books.Settlement(n)
	b.force(`INSERT INTO settlement (connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
		VALUES ($1, 1, 1, $2, 'USD', $3, $4, 0, 0, 0, 0, '', '{}')`, b.connection, s.ID, s.Start, s.End)
}

// force changes what the database refuses to change.
func (b *bench) force(sql string, args ...any) {
	b.t.Helper()
	require.NoError(b.t, dbtest.Force(b.t.Context(), b.pool, sql, args...))
}

// at sets the clock forward.
func (b *bench) at(t time.Time) { b.clock.Advance(t.Sub(b.clock.Now())) }

// lines stores what a cycle's report says beside its summary.
func (b *bench) lines(n int) {
	b.t.Helper()
	b.settle(n)
	require.NoError(b.t, pgx.BeginFunc(b.t.Context(), b.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(b.t.Context(), `SET LOCAL session_replication_role = replica`); err != nil {
			return err
		}
		s, number := b.books.Settlement(n), 0
		err := b.books.Lines(n, func(l seller.Line) error {
			number++
			amount := decimal.New(l.Cents, -2)
			_, err := tx.Exec(b.t.Context(), `WITH k AS (INSERT INTO kind (connection_id, marketplace, transaction_type, amount_type, amount_description, sign) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (connection_id, marketplace, transaction_type, amount_type, amount_description, sign) DO UPDATE SET sign = excluded.sign RETURNING id)
				INSERT INTO settlement_line (settlement_id, posted_at, raw_offset, raw_length, line_no, kind_id, posted_on, part, amount, fulfillment, order_id)
				SELECT s.id, $7, 0, 0, $8, k.id, $9, 0, $10, $11, $12 FROM settlement s, k WHERE s.amazon_id = $13`, b.connection, l.Market, l.Type, l.AmountType, l.Description, amount.Sign(),
				l.Posted, number, period.Posted(l.Posted, s.Start, s.End, time.UTC).Time(), amount, l.Fulfillment, l.OrderID, s.ID)
			return err
		})
		if err != nil {
			return err
		}
		_, err = tx.Exec(b.t.Context(), `
			INSERT INTO rollup SELECT settlement_id, kind_id, posted_on, '', fulfillment, 0, count(*), coalesce(sum(quantity), 0), sum(amount) FROM settlement_line GROUP BY 1, 2, 3, 5 ON CONFLICT DO NOTHING;
			INSERT INTO sku_sum SELECT settlement_id, date_trunc('month', posted_on)::date, 0, kind_id, count(*), coalesce(sum(quantity), 0), sum(amount) FROM settlement_line GROUP BY 1, 2, 4 ON CONFLICT DO NOTHING`)
		return err
	}))
}

func TestTransactionsAreReadOnceAndFollowTheirStatus(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.read()
	count := func() string {
		return b.value(`SELECT count(*)::text || ' ' || sum(total)::text FROM finance_transaction`)
	}
	want, sum := b.books.Transactions(start.Add(-60*24*time.Hour).Truncate(24*time.Hour), start.Add(-3*time.Minute)), decimal.Zero
	for _, x := range want {
		sum = sum.Add(decimal.New(x.Cents(), -2))
	}
	require.Equal(t, fmt.Sprintf("%d %s", len(want), sum.StringFixed(4)), count())
	held, err := b.List(t.Context(), finances.Filter{State: finances.Held, PageSize: 500})
	require.NoError(t, err)
	require.NotEmpty(t, held)
	versions := b.value(`SELECT count(*)::text FROM finance_version`)
	b.read()
	require.Equal(t, fmt.Sprintf("%d %s", len(want), sum.StringFixed(4)), count(), "read twice")
	require.Equal(t, versions, b.value(`SELECT count(*)::text FROM finance_version`))

	whole, err := b.Get(t.Context(), held[0].ID)
	require.NoError(t, err)
	require.Len(t, whole.Versions, 1)
	raw, err := b.Raw(t.Context(), whole.Versions[0])
	require.NoError(t, err)
	var said struct {
		ID string `json:"transactionId"`
	}
	require.NoError(t, json.Unmarshal(raw, &said), "the bytes are the transaction's")
	require.Equal(t, whole.AmazonID, said.ID)
	parts := decimal.Zero
	for _, p := range whole.Parts {
		parts = parts.Add(p.Amount)
		require.True(t, finances.Known(p.Kind), p.Path)
	}
	require.True(t, parts.Equal(whole.Total.Value))

	sums, err := b.Sums(t.Context(), b.connection)
	require.NoError(t, err)
	total := decimal.Zero
	for _, s := range sums {
		total = total.Add(s.Total.Value)
		require.Equal(t, s.Held, s.Due != period.Date{}, "what is held has a day of release")
	}
	require.True(t, total.Equal(sum))

	b.clock.Advance(8 * 24 * time.Hour)
	b.read()
	whole, err = b.Get(t.Context(), held[0].ID)
	require.NoError(t, err)
	require.NotEqual(t, finances.Held, whole.State, "its release is seen though it was posted long before")
	require.Len(t, whole.Versions, 2)
	require.Equal(t, held[0].Due, whole.Released)
}

func TestASettlementTakesItsTransactionsFromTheLedger(t *testing.T) {
	t.Parallel()
	b := open(t)
	n := b.books.Account().Finished(start) // not over yet
	b.at(b.books.Account().End(n).Add(time.Hour))
	b.settle(n)
	b.read()
	deposit := decimal.New(b.books.Settlement(n).Deposit, -2)
	require.Equal(t, deposit.StringFixed(4), b.value(`SELECT sum(t.total)::text FROM finance_transaction t WHERE t.settlement_id IS NOT NULL`), "to the cent")
	b.exec(`UPDATE finance_transaction SET settlement_id = NULL, settlement_ref = '' WHERE order_id = '' OR settles_as = ''`)
	require.NoError(t, b.Carry(t.Context(), b.connection))
	require.Equal(t, deposit.StringFixed(4), b.value(`SELECT sum(t.total)::text FROM finance_transaction t WHERE t.settlement_id IS NOT NULL`), "by time, where Amazon names none")
}

// page stores transactions that the stand-in does not make.
func (b *bench) page(transactions ...string) {
	b.t.Helper()
	text := `{"payload":{"transactions":[`
	for i, x := range transactions {
		if i > 0 {
			text += ","
		}
		text += x
	}
	found, _, err := amazon.ReadTransactions([]byte(text + `]}}`))
	require.NoError(b.t, err)
	b.exec(`INSERT INTO document (connection_id, kind, name, source, sha256, size, stored_size) VALUES ($1, 'finance_transactions', 'x', 'amazon', '', 0, 0)`, b.connection)
	id := b.value(`SELECT max(id)::text FROM document`)
	document, err := decimal.NewFromString(id)
	require.NoError(b.t, err)
	require.NoError(b.t, b.Take(b.t.Context(), b.connection, time.UTC, document.IntPart(), amazon.TransactionPage{Raw: []byte(text + `]}}`), Transactions: found}))
	require.NoError(b.t, b.Carry(b.t.Context(), b.connection))
}

func said(id, kind, status, posted, amount, charge, more string) string {
	return fmt.Sprintf(`{"transactionId":%q,"transactionType":%q,"transactionStatus":%q,"postedDate":%q,"totalAmount":{"currencyCode":"USD","currencyAmount":%s},
		"breakdowns":[{"breakdownType":%q,"breakdownAmount":{"currencyCode":"USD","currencyAmount":%s}}]%s}`, id, kind, status, posted, amount, charge, amount, more)
}

func TestAReleaseOfItsOwnAndAPayoutAreNoMoneyBesides(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.page(said("sale", "Shipment", "DEFERRED", "2026-10-28T10:00:00Z", "80", "OurPricePrincipal", ""))
	b.page(said("release", "Shipment", "RELEASED", "2026-11-04T10:00:00Z", "80", "OurPricePrincipal", `,"relatedIdentifiers":[{"relatedIdentifierName":"DEFERRED_TRANSACTION_ID","relatedIdentifierValue":"sale"}]`),
		said("payout", "Transfer", "RELEASED", "2026-11-04T11:00:00Z", "500.25", "FundTransfer", ""))
	list, err := b.List(t.Context(), finances.Filter{PageSize: 10})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "sale 2026-11-04", list[0].AmazonID+" "+list[0].Released.String())
	b.page(said("sale", "Shipment", "DEFERRED", "2026-10-28T10:00:00Z", "80.00", "OurPricePrincipal", ""))
	list, err = b.List(t.Context(), finances.Filter{State: finances.Held, PageSize: 10})
	require.NoError(t, err)
	require.Empty(t, list, "an older answer does not hold it back again")
}

func TestSumsOfWhatIsUnsettledFollowTheTransactions(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.page(said("a", "Shipment", "DEFERRED", "2026-10-28T10:00:00Z", "80", "OurPricePrincipal", ""), said("b", "ServiceFee", "RELEASED", "2026-10-28T10:00:00Z", "-5", "NovelFee", ""),
		said("c", "Shipment", "DEFERRED", "2026-10-29T10:00:00Z", "20", "OurPricePrincipal", ""))
	agree := func(transactions string) {
		t.Helper()
		require.Equal(t, "0", b.value(`SELECT count(*)::text FROM (SELECT connection_id, currency, held, due_on, transactions, total FROM unsettled_sum WHERE transactions <> 0) s
			FULL JOIN (SELECT connection_id, currency, status = 'DEFERRED' AS held, CASE WHEN status = 'DEFERRED' THEN due_on ELSE '0001-01-01' END AS due_on, count(*) AS n, sum(total) AS amount
				FROM finance_transaction WHERE settlement_id IS NULL AND NOT aside GROUP BY 1, 2, 3, 4) t USING (connection_id, currency, held, due_on)
			WHERE s.transactions IS DISTINCT FROM t.n OR s.total IS DISTINCT FROM t.amount`))
		require.Equal(t, transactions, b.value(`SELECT coalesce(sum(transactions), 0)::text FROM unsettled_sum`))
	}
	agree("3")
	b.exec(`UPDATE finance_transaction SET due_on = due_on + 3 WHERE transaction_id = 'a'`)
	agree("3")
	b.exec(`UPDATE finance_transaction SET aside = true WHERE transaction_id = 'b'`)
	agree("2")
	b.exec(`UPDATE finance_transaction SET aside = NOT aside`)
	agree("1")
	for _, statement := range []string{`UPDATE unsettled_sum SET total = 0`, `DELETE FROM unsettled_sum`, `TRUNCATE unsettled_sum`,
		`INSERT INTO unsettled_sum (connection_id, currency, held, due_on, transactions, total) SELECT min(id), 'GBP', false, '0001-01-01', 1, 1 FROM connection`} {
		_, err := b.pool.Exec(t.Context(), statement)
		require.ErrorContains(t, err, "not written by hand", statement)
	}
	agree("1")
}

func TestWhatCannotBeReadOrMappedIsAnException(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.page(said("a", "Shipment", "MATURING", "2026-10-28T10:00:00Z", "80", "OurPricePrincipal", ""), said("b", "ServiceFee", "RELEASED", "2026-10-28T10:00:00Z", "-5", "NovelFee", ""))
	require.NoError(t, b.Close(t.Context(), b.connection))
	require.Equal(t, "2", b.value(`SELECT count(*)::text FROM exception WHERE class = 'unknown_charge' AND state = 'open'`))
	require.Equal(t, "0", b.value(`SELECT count(*)::text FROM journal_entry`), "nothing is guessed")
	b.exec(`UPDATE finance_transaction SET status = 'RELEASED', aside = true`)
	require.NoError(t, b.Close(t.Context(), b.connection))
	require.Equal(t, "1", b.value(`SELECT count(*)::text FROM exception WHERE class = 'unknown_charge' AND state = 'open'`), "its cause is gone")
}

// balance is what drafts leave on an account, debit positive.
func (b *bench) balance(kind, account string) string {
	return b.value(`SELECT coalesce(sum(l.debit - l.credit), 0)::text FROM journal_line l JOIN journal_entry e ON e.id = l.entry_id WHERE e.entry_type = $1 AND l.account = $2 AND e.status <> 'discarded'`, kind, account)
}

func TestAtTheEndOfAPeriodWhatIsEarnedIsAccruedAndWhatIsHeldDeferred(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.exec(`UPDATE policy SET held_sales = 'on_sale', deferred_account = 'deferred'`)
	b.settle(b.books.Account().Finished(start) - 1)
	b.read()
	require.NoError(t, b.Close(t.Context(), b.connection))
	require.Equal(t, "2", b.value(`SELECT count(*)::text FROM journal_entry WHERE fiscal_year = 2026 AND period = 10 AND status = 'draft'`))
	held := b.value(`SELECT sum(total)::text FROM finance_transaction WHERE posted_on <= '2026-10-31' AND (released_on IS NULL OR released_on > '2026-10-31')`)
	require.Equal(t, held, b.balance("deferral", "deferred"))
	earned := b.value(`SELECT sum(total)::text FROM finance_transaction WHERE posted_on <= '2026-10-31' AND released_on <= '2026-10-31' AND settlement_id IS NULL
		AND released_at - interval '1 hour' >= (SELECT min(start_at) FROM settlement)`)
	require.Equal(t, earned, b.balance("accrual", "clearing"))
	require.Equal(t, "2026-11-01", b.value(`SELECT reverse_on::text FROM journal_entry WHERE entry_type = 'accrual'`))
	before := b.value(`SELECT string_agg(row_version::text, ' ') FROM journal_entry`)
	require.Equal(t, "2", b.value(`SELECT count(*)::text FROM accrual_comparison a WHERE transactions > 0 AND transactions = (SELECT count(DISTINCT subject) FROM journal_evidence WHERE entry_id = a.entry_id)`))
	require.NoError(t, b.Close(t.Context(), b.connection))
	require.Equal(t, before, b.value(`SELECT string_agg(row_version::text, ' ') FROM journal_entry`), "the same changes nothing")

	// A month later all of it is released: the deferral of November takes October's back.
	b.at(time.Date(2026, 12, 3, 9, 0, 0, 0, time.UTC))
	b.read()
	require.NoError(t, b.Close(t.Context(), b.connection))
	held = b.value(`SELECT sum(total)::text FROM finance_transaction WHERE posted_on <= '2026-11-30' AND (released_on IS NULL OR released_on > '2026-11-30')`)
	require.Equal(t, held, b.balance("deferral", "deferred"), "October's and November's together")
	b.exec(`UPDATE policy SET held_sales = 'on_release'`)
	require.NoError(t, b.Close(t.Context(), b.connection))
	require.Equal(t, "0", b.balance("deferral", "deferred"), "another policy takes back what was recognised")
}

// accrued has October's accrual drafted: the cycle before n+1, which spans its end,
// is settled.
func accrued(t *testing.T) (b *bench, n int) {
	t.Helper()
	b = open(t)
	n = b.books.Account().Finished(start) - 1
	b.settle(n)
	b.read()
	require.NoError(t, b.Close(t.Context(), b.connection))
	return b, n
}

func TestAnAccrualIsComparedWithWhatTheSettlementSays(t *testing.T) {
	t.Parallel()
	b, n := accrued(t)
	accruals, err := b.Accruals(t.Context(), b.connection)
	require.NoError(t, err)
	require.Len(t, accruals, 1)
	require.Positive(t, accruals[0].Transactions)
	id := accruals[0].ID
	compared := func() finances.Compared {
		c, err := b.Compared(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, accruals[0].Transactions, c.Transactions)
		return c
	}
	orders := func() []finances.Difference {
		list, err := b.Orders(t.Context(), id, 0, 10)
		require.NoError(t, err)
		return list
	}
	open := compared()
	require.Zero(t, open.Settled)
	require.True(t, b.clock.Now().Equal(open.At), open.At)
	total := finances.Total(open.Accounts)
	require.Equal(t, total.Accrued.String(), total.Open.String())
	require.False(t, total.Open.IsZero())
	require.Empty(t, orders(), "what no settlement has differs from nothing")
	b.force(`UPDATE journal_entry SET status = 'submitted', submitted_by = 1, submitted_at = now(), content_hash = '\x00' WHERE id = $1`, id)

	b.at(b.books.Account().End(n + 1).Add(time.Hour))
	b.lines(n + 1)
	b.read()
	require.Zero(t, compared().Settled, "as it was last compared")
	require.NoError(t, b.Close(t.Context(), b.connection))
	whole := compared()
	require.Equal(t, whole.Transactions, whole.Settled)
	require.Len(t, whole.Settlements, 1)
	total = finances.Total(whole.Accounts)
	require.False(t, total.Actual.IsZero())
	require.True(t, total.Value().IsZero(), "%s", total.Value())
	require.Empty(t, orders())

	b.force(`UPDATE settlement_line SET amount = amount + 1 WHERE (settlement_id, line_no) = (SELECT l.settlement_id, min(l.line_no) FROM settlement_line l
		JOIN finance_transaction t ON t.order_id = l.order_id AND t.type = 'Shipment' AND t.settlement_id = l.settlement_id AND l.order_id <> ''
		WHERE l.posted_on <= '2026-10-31' AND l.amount <> 0 GROUP BY 1)`)
	require.NoError(t, b.Close(t.Context(), b.connection))
	require.Empty(t, orders(), "lines never change: what is settled for good is not compared again")
	b.exec(`UPDATE accrual_comparison SET settled = settled - 1`)
	require.NoError(t, b.Close(t.Context(), b.connection))
	require.Len(t, orders(), 1, "one order differs")
	require.Equal(t, int64(1), compared().Differing)
	require.Equal(t, "1", orders()[0].Value().String())
	require.NotZero(t, orders()[0].Transaction)
	behind, err := b.Orders(t.Context(), id, orders()[0].Position, 10)
	require.NoError(t, err)
	require.Empty(t, behind)
}

func TestADraftWhoseTransactionsAreSettledIsGone(t *testing.T) {
	t.Parallel()
	b, n := accrued(t)
	id := b.value(`SELECT id::text FROM journal_entry WHERE entry_type = 'accrual' AND status = 'draft'`)
	b.at(b.books.Account().End(n + 1).Add(time.Hour))
	b.lines(n + 1)
	b.read()
	require.NoError(t, b.Close(t.Context(), b.connection))
	require.Equal(t, "discarded", b.value(`SELECT status FROM journal_entry WHERE id = $1`, id), "the settlement has all of it")
}

// TestTheLedgerCannotBeBentInTheDatabase tries what a faulty program could do.
func TestTheLedgerCannotBeBentInTheDatabase(t *testing.T) {
	t.Parallel()
	b, _ := accrued(t)
	accrual := b.value(`SELECT id::text FROM journal_entry WHERE entry_type = 'accrual'`)
	for sql, why := range map[string]string{
		`UPDATE finance_part SET amount = amount + 1 WHERE number = 1`: "its parts add up to",
		`DELETE FROM finance_part WHERE number = 1`:                    "its parts add up to",
		`UPDATE finance_transaction SET total = total + 1`:             "its parts add up to",
		`UPDATE finance_transaction SET currency = 'EUR'`:              "is evidence",
		`DELETE FROM finance_transaction`:                              "is evidence",
		`DELETE FROM finance_version`:                                  "",
		`UPDATE finance_transaction SET status = 'DEFERRED', released_at = NULL, released_on = NULL WHERE status <> 'DEFERRED'`: "held back again",
		`UPDATE finance_transaction SET settlement_id = (SELECT min(id) FROM settlement) WHERE status = 'DEFERRED'`:             "check constraint",
		`UPDATE policy SET held_sales = 'on_sale'`: "check constraint",
		`INSERT INTO journal_evidence SELECT entry_id, line_no, seq + 100000, subject, detail, quantity, amount, document_id FROM journal_evidence`: "already",
		`WITH twice AS (INSERT INTO journal_entry (connection_id, entry_type, subject, reverse_on, reference, version, company, journal, fiscal_year, period, entry_on, currency, functional_currency, rate, description, clearing, total, functional_total)
			SELECT connection_id, entry_type, 'again', reverse_on, 'X', 1, company, journal, fiscal_year, period, entry_on, currency, functional_currency, rate, description, clearing, total, functional_total
			FROM journal_entry WHERE entry_type = 'accrual' RETURNING id)
			INSERT INTO journal_evidence SELECT twice.id, x.line_no, x.seq, x.subject, x.detail, x.quantity, x.amount, x.document_id FROM journal_evidence x, twice`: "already",
	} {
		_, err := b.pool.Exec(t.Context(), sql)
		require.ErrorContains(t, err, why, sql)
	}
	b.exec(`UPDATE finance_transaction SET settlement_id = (SELECT min(id) FROM settlement) WHERE transaction_id = (SELECT min(subject) FROM journal_evidence WHERE entry_id = $1)`, accrual)
	b.exec(`INSERT INTO person (issuer, subject, email, name) VALUES ('i', 's', 'x@x', 'Amy')`)
	_, err := b.pool.Exec(t.Context(), `UPDATE journal_entry SET status = 'submitted', submitted_by = (SELECT min(id) FROM person), submitted_at = now() WHERE id = $1`, accrual)
	require.ErrorContains(t, err, "which a settlement has by now")
}
