package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/database/dbtest"
	"tieout/app/document"
	"tieout/app/refund"
	"tieout/app/reimbursement"
	"tieout/app/settlement"
	"tieout/cmd/sandbox/seller"
)

// What the large database holds.
const (
	largeLines  = 10_000_000
	largeOrders = 200_000
	// linesPerReport is how many of them the largest settlements have.
	linesPerReport = 1_000_000
)

// largeSite is the program on the large database, with nobody at work: what is
// measured has the machine to itself. The first call of a server fills it.
func largeSite(b *testing.B) *site {
	b.Helper()
	address := dbtest.Kept(b, "large")
	if !isFilled(b, address) {
		b.Run("fill", func(b *testing.B) {
			s := startSiteOn(b, address, true, true)
			s.eventually(b, `SELECT count(*) > 5 FROM journal_entry WHERE status = 'draft'`)
			s.fillLarge(b)
		})
	}
	require.True(b, isFilled(b, address))
	return startSiteOn(b, address, false, true)
}

// isFilled reports whether a run before has filled the database to the end.
func isFilled(b *testing.B, address string) (filled bool) {
	b.Helper()
	pool, err := database.Open(b.Context(), address)
	require.NoError(b, err)
	defer pool.Close()
	require.NoError(b, pool.QueryRow(b.Context(), `SELECT to_regclass('large_is_filled') IS NOT NULL`).Scan(&filled))
	return filled
}

// fillLarge leaves behind what a large seller has after a year. What a run that
// was interrupted has done is not done again.
func (s *site) fillLarge(b *testing.B) {
	b.Helper()
	connection := s.connection(b, "us")
	if s.number(b, `SELECT coalesce(sum(line_count), 0) FROM settlement`) < largeLines {
		s.importHistory(b)
		s.run(b, `ANALYZE`)
	}
	require.NoError(b, s.reconciliations().CheckAll(b.Context(), connection)) // sums up sales by order
	for _, step := range []struct {
		count string
		keep  func(*testing.B, int64)
	}{{`SELECT count(*) FROM flow_record`, s.keepOrders}, {`SELECT count(*) FROM invoice`, s.keepInvoices}, {`SELECT count(*) FROM finance_transaction`, s.keepTransactions}} {
		if s.number(b, step.count) < largeOrders*9/10 {
			step.keep(b, connection)
			s.run(b, `ANALYZE`)
		}
	}
	s.keepAccrual(b, connection)
	require.NoError(b, s.reconciliations().CheckAll(b.Context(), connection))
	require.NoError(b, refund.NewService(s.pool, s.clock).Check(b.Context(), connection))
	require.NoError(b, reimbursement.NewService(s.pool, s.clock, s.settlements).Check(b.Context(), connection))
	s.run(b, `INSERT INTO reconciliation_item (connection_id, name, key, currency, left_amount, right_amount, difference, cause, detail, hint, since, object_type, object_id, found_at)
		SELECT $1, 'orders', '118-0000000-' || lpad(n::text, 7, '0') || ' BRW-POUR-01', 'USD', n, 0, n, 'unknown_order', 'no such order', '', current_date - n % 100, '', 0, now() FROM generate_series(1, 3000) n`, connection)
	s.run(b, `VACUUM ANALYZE`)
	s.run(b, `CREATE TABLE IF NOT EXISTS large_is_filled ()`)
}

func (s *site) run(b *testing.B, statement string, args ...any) {
	b.Helper()
	_, err := s.pool.Exec(b.Context(), statement, args...)
	require.NoError(b, err)
}

// importHistory imports what three seller accounts have: one of large cycles of
// late, and two with a year of them.
func (s *site) importHistory(b *testing.B) {
	b.Helper()
	const cycle, year, linesPerOrder = 14, 26, 7
	now, large := time.Now(), 6
	us := seller.Accounts(11, now.AddDate(0, 0, (year-large)*cycle), linesPerReport/cycle/linesPerOrder)[0]
	s.importCycles(b, "us", us, large)
	perDay := (largeLines - large*linesPerReport) / 2 / year / cycle / linesPerOrder
	s.importCycles(b, "uk", seller.Accounts(12, now, 4*perDay)[1], year)
	s.importCycles(b, "eu", seller.Accounts(13, now, 2*perDay)[2], year)
	require.Greater(b, s.number(b, `SELECT sum(line_count) FROM settlement`), int64(largeLines))
}

// importCycles imports an account's first settlements and drafts their entries.
func (s *site) importCycles(b *testing.B, name string, account *seller.Account, cycles int) {
	b.Helper()
	connection, books := s.connection(b, name), seller.NewBooks(account)
	for cycle := range cycles {
		path := filepath.Join(b.TempDir(), "large.txt")
		file, err := os.Create(path)
		require.NoError(b, err)
		require.NoError(b, books.WriteReport(file, cycle, seller.Whole))
		_, err = file.Seek(0, io.SeekStart)
		require.NoError(b, err)
		imported, err := s.settlements.Import(b.Context(), settlement.Source{ConnectionID: connection, Name: fmt.Sprint(cycle), From: document.FromUpload, Actor: audit.Job("bench")}, file)
		require.NoError(b, err)
		require.NoError(b, file.Close())
		require.NoError(b, os.Remove(path))
		_, err = s.entries.Draft(b.Context(), imported.Settlements[0].ID, audit.Job("bench"))
		require.NoError(b, err)
	}
}

// keepOrders keeps the newest orders of the settlements but every hundredth, and
// as many that no settlement pays: most delivered, a few behind exceptions.
func (s *site) keepOrders(b *testing.B, connection int64) {
	b.Helper()
	s.run(b, `INSERT INTO exception (connection_id, class, cause, title, records, amount, currency, flow)
		SELECT $1, 'unknown_sku', 'SKU-' || n, 'SKU-' || n || ' stands for no item', 3, 75 + n, 'USD', 'orders' FROM generate_series(1, 1000) n ON CONFLICT DO NOTHING`, connection)
	s.run(b, `WITH sold AS (
			SELECT order_id AS key, min(posted_on) AS placed_on, sum(amount) AS amount, min(sku) AS sku FROM settled_sale GROUP BY order_id ORDER BY min(posted_on) DESC LIMIT $2
		), numbered AS (
			SELECT key, placed_on, abs(amount) AS amount, sku, row_number() OVER (ORDER BY placed_on, key) AS n FROM sold
		), told AS (
			SELECT n, key, placed_on, amount, sku FROM numbered WHERE n % 100 <> 0
			UNION ALL SELECT n, '119-' || lpad((n / 1000)::text, 7, '0') || '-' || lpad(n::text, 7, '0'), placed_on, amount, sku FROM numbered WHERE n % 100 = 0
		), waiting AS (
			SELECT id, row_number() OVER (ORDER BY id) AS n FROM exception WHERE connection_id = $1 AND class = 'unknown_sku' AND cause LIKE 'SKU-%'
		), record AS (
			INSERT INTO flow_record (connection_id, flow, key, state, latest_hash, source_at, title, amount, currency, version_id, target, delivered_hash, deliveries, remote_key, exception_id, problem, received_at, delivered_at)
			SELECT $1, 'orders', t.key, CASE WHEN w.id IS NULL THEN 'delivered' ELSE 'exception' END, sha256(t.key::bytea), t.placed_on + interval '12 hours', '1 x ' || t.sku, t.amount, 'USD',
			       v.id, '{"reference": "x"}', sha256(t.key::bytea), 1, (4000000 + t.n)::text, w.id, CASE WHEN w.id IS NULL THEN '' ELSE 'no item' END, t.placed_on, t.placed_on + interval '1 day'
			FROM told t CROSS JOIN (SELECT max(id) AS id FROM flow_version WHERE connection_id = $1 AND flow = 'orders') v
			LEFT JOIN waiting w ON w.n = t.n / 67 AND t.n % 67 < 3
			ON CONFLICT (connection_id, flow, key) DO NOTHING -- the stand-in has sold some of these
			RETURNING id, key, source_at, title)
		INSERT INTO flow_content (record_id, number, hash, source, source_at, document_id, position)
		SELECT r.id, 1, sha256(r.key::bytea), jsonb_build_object('id', r.key, 'createdTime', r.source_at, 'fulfillment', '{"fulfillmentStatus": "SHIPPED"}'::jsonb,
			'orderItems', jsonb_build_array(jsonb_build_object('product', jsonb_build_object('sellerSku', substr(r.title, 5))))), r.source_at, d.id, 0
		FROM record r CROSS JOIN (SELECT min(id) AS id FROM document WHERE connection_id = $1) d`, connection, largeOrders)
}

// keepInvoices invoices the orders: most are settled, a few open or different.
func (s *site) keepInvoices(b *testing.B, connection int64) {
	b.Helper()
	s.run(b, `INSERT INTO invoice (connection_id, number, p21_order, order_id, customer, type, invoiced_on, total, currency, changed_at)
		SELECT connection_id, 'I' || id, remote_key, key, '100', 'IN', source_at::date, amount, currency, source_at FROM flow_record WHERE connection_id = $1 AND flow = 'orders' AND amount IS NOT NULL`, connection)
	s.run(b, `INSERT INTO open_item (connection_id, order_id, currency, invoiced, credited, bills, numbers, invoiced_on, settled, principal, tax, shipping, promotion, refund, difference, state, cause, tolerance)
		SELECT i.connection_id, i.order_id, i.currency, i.total, 0, 1, ARRAY[i.number], i.invoiced_on, p.principal IS NOT NULL, coalesce(p.principal, 0), 0, 0, 0, 0, i.total - coalesce(p.principal, 0),
			CASE WHEN p.principal IS NULL THEN 'open' WHEN p.principal = i.total THEN 'paid' ELSE 'variance' END, CASE WHEN p.principal <> i.total THEN 'price' ELSE '' END, i.receivable_tolerance
		FROM (SELECT x.connection_id, x.order_id, x.currency, x.total, x.number, x.invoiced_on, y.receivable_tolerance, row_number() OVER (ORDER BY x.number) AS n
			FROM invoice x JOIN policy y ON y.connection_id = x.connection_id WHERE x.connection_id = $1) i
		CROSS JOIN LATERAL (SELECT CASE WHEN i.n % 50 = 0 THEN NULL WHEN i.n % 50 = 1 THEN i.total - 1 ELSE i.total END AS principal) p`, connection)
	s.run(b, `UPDATE connection SET revenue_mode = 'invoiced' WHERE id = $1`, connection)
}

// keepTransactions keeps what Amazon told of money before settlements had it: a
// tenth is in none yet.
func (s *site) keepTransactions(b *testing.B, connection int64) {
	b.Helper()
	s.run(b, `WITH told AS (INSERT INTO finance_transaction (connection_id, transaction_id, type, settles_as, description, status, posted_at, posted_on, currency, total, marketplace, order_id, deferral, matures_at, released_at, released_on,
			due_on, aside, settlement_ref, settlement_id, document_id, raw_offset, raw_length, content_hash, first_seen_at, changed_at)
		SELECT $1, 'T' || r.id, 'Shipment', 'Order', 'Order payment', CASE WHEN r.n % 20 = 0 THEN 'DEFERRED' ELSE 'RELEASED' END, r.source_at, r.source_at::date, r.currency, r.amount, 'Amazon.com', r.key,
			CASE WHEN r.n % 20 = 0 THEN 'DD7' ELSE '' END, CASE WHEN r.n % 20 = 0 THEN r.source_at + interval '7 days' END, CASE WHEN r.n % 20 <> 0 THEN r.source_at END, CASE WHEN r.n % 20 <> 0 THEN r.source_at::date END,
			r.source_at::date + 7, false, '', CASE WHEN r.n % 10 <> 0 THEN s.id END, d.id, 0, 10, sha256(r.key::bytea), r.source_at, r.source_at
		FROM (SELECT f.*, row_number() OVER (ORDER BY id DESC) AS n FROM flow_record f WHERE connection_id = $1 AND flow = 'orders' AND amount IS NOT NULL) r
		CROSS JOIN (SELECT max(id) AS id FROM settlement WHERE connection_id = $1) s CROSS JOIN (SELECT min(id) AS id FROM document WHERE connection_id = $1) d
		RETURNING id, total)
		INSERT INTO finance_part (transaction_id, number, path, sku, quantity, fulfillment, transaction_type, amount_type, amount_description, amount)
		SELECT id, 1, 'Principal', 'BRW-POUR-01', 1, 'AFN', 'Order', 'ItemPrice', 'Principal', total FROM told`, connection)
}

// keepAccrual accrues what no settlement has yet as if earned on the last day of
// the last period, and has the settlement of that day settle nine of ten of it.
func (s *site) keepAccrual(b *testing.B, connection int64) {
	b.Helper()
	if s.number(b, `SELECT count(*) FROM accrual_comparison WHERE differing > 0`) > 0 {
		return
	}
	s.run(b, `UPDATE finance_transaction t SET posted_at = p.ends_on + interval '12 hours', posted_on = p.ends_on, released_at = p.ends_on + interval '12 hours', released_on = p.ends_on, due_on = p.ends_on
		FROM (SELECT max(ends_on) AS ends_on FROM fiscal_period WHERE connection_id = $1 AND ends_on < current_date) p
		WHERE t.connection_id = $1 AND t.settlement_id IS NULL AND t.status = 'RELEASED' AND t.transaction_id LIKE 'T%'`, connection)
	require.NoError(b, s.finances.Close(b.Context(), connection))
	accrual := s.number(b, `SELECT max(id) FROM journal_entry WHERE connection_id = $1 AND entry_type = 'accrual' AND status = 'draft'`, connection)
	s.run(b, fmt.Sprintf(`DO $$ BEGIN
		SET LOCAL session_replication_role = replica;
		UPDATE journal_entry SET status = 'submitted', submitted_by = (SELECT min(id) FROM person), submitted_at = now(), content_hash = '' WHERE id = %d;
	END $$`, accrual))
	s.run(b, `UPDATE finance_transaction t SET settlement_id = (SELECT max(s.id) FROM settlement s JOIN journal_entry e ON e.id = $2 WHERE s.connection_id = $1 AND s.start_at::date <= e.entry_on AND s.end_at::date > e.entry_on)
		WHERE t.connection_id = $1 AND t.id / 10 % 10 <> 0 AND t.transaction_id IN (SELECT subject FROM journal_evidence WHERE entry_id = $2)`, connection, accrual)
	start := time.Now()
	require.NoError(b, s.finances.Close(b.Context(), connection))
	b.ReportMetric(time.Since(start).Seconds(), "compare-s")
	b.ReportMetric(float64(s.number(b, `SELECT transactions FROM accrual_comparison WHERE entry_id = $1`, accrual)), "accrued")
	b.ReportMetric(float64(s.number(b, `SELECT differing FROM accrual_comparison WHERE entry_id = $1`, accrual)), "differing")
}
