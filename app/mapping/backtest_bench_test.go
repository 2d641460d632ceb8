package mapping_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/mapping"
	"tieout/app/period"
)

// perRollup is how many lines a rollup of orders stands for: over two years
// that makes 5,000,000 and a few.
const perRollup = 14

// history stores what a seller in three countries leaves behind: a settlement a
// fortnight in each, several hundred kinds, those of orders on every day and in
// four product groups. Rollups only: a backtest reads no line.
func history(t testing.TB, w *world, fortnights int) {
	t.Helper()
	template := summaryTemplate(t)
	for _, market := range []string{"Amazon.com", "Amazon.ca", "Amazon.com.mx"} {
		for _, rule := range template.Rules[1:] {
			sign := -1
			if rule.Category == mapping.Sales || rule.Category == mapping.ShippingIncome || rule.Sign > 0 {
				sign = 1
			}
			text := func(c mapping.Condition) string {
				if c.Text == "" {
					return "Order"
				}
				return c.Text
			}
			w.exec(t, `INSERT INTO kind (connection_id, marketplace, transaction_type, amount_type, amount_description, sign) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
				w.connection, market, text(rule.TransactionType), text(rule.AmountType), text(rule.AmountDescription), sign)
		}
	}
	w.exec(t, `INSERT INTO fiscal_period (connection_id, fiscal_year, number, starts_on, ends_on, closed, synced_at)
		SELECT $1, extract(year FROM m), extract(month FROM m), m, m + interval '1 month' - interval '1 day', false, now() FROM generate_series('2024-11-01'::date, '2026-12-01', '1 month') m`, w.connection)
	document := w.id(t, `INSERT INTO document (connection_id, kind, name, source, sha256, size, stored_size) VALUES ($1, 'settlement_report', 'r', 'upload', sha256('x'), 1, 1) RETURNING id`, w.connection)
	require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error { return settlements(t.Context(), tx, w.connection, document, fortnights) }))
	w.exec(t, `ANALYZE`)
}

// settlements writes them as an import does, in its transaction: sums first.
func settlements(ctx context.Context, tx pgx.Tx, connection, document int64, fortnights int) error {
	var reading int64
	if err := tx.QueryRow(ctx, `INSERT INTO settlement_import (connection_id, document_id, format) VALUES ($1, $2, 'FLAT_FILE_V2') RETURNING id`, connection, document).Scan(&reading); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `WITH named AS (
			SELECT id, sign, marketplace, row_number() OVER (PARTITION BY marketplace ORDER BY transaction_type <> 'Order', id) AS n FROM kind WHERE connection_id = $1),
		cycle AS (
			SELECT 1000 + 3 * c + m AS id, ('{Amazon.com,Amazon.ca,Amazon.com.mx}'::text[])[m + 1] AS marketplace, '2026-11-29'::date - 14 * c AS ends FROM generate_series(1, $2::int) c, generate_series(0, 2) m)
		INSERT INTO rollup (settlement_id, kind_id, posted_on, product_group, fulfillment, lines, amount)
		SELECT c.id, k.id, c.ends - d, CASE WHEN k.n <= 40 THEN 'Group ' || g ELSE '' END, 'AFN', l.lines, k.sign * (l.lines * 3.17 + k.n + g)
		FROM cycle c JOIN named k USING (marketplace) CROSS JOIN generate_series(0, 13) d CROSS JOIN generate_series(1, 4) g
		CROSS JOIN LATERAL (SELECT CASE WHEN k.n <= 40 THEN $3::int ELSE 3 END AS lines) l
		WHERE k.n <= 40 OR g = 1 AND (d + k.n) % 7 = 0`, connection, fortnights, perRollup)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		`INSERT INTO sku_sum (settlement_id, month, product_id, kind_id, lines, quantity, amount)
			SELECT settlement_id, date_trunc('month', posted_on), 0, kind_id, sum(lines), 0, sum(amount) FROM rollup WHERE settlement_id >= 1000 GROUP BY 1, 2, 4`,
		fmt.Sprintf(`INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
			SELECT r.settlement_id, %d, %d, %d, r.settlement_id::text, CASE k.marketplace WHEN 'Amazon.com' THEN 'USD' WHEN 'Amazon.ca' THEN 'CAD' ELSE 'MXN' END, min(r.posted_on), max(r.posted_on),
				sum(r.amount), sum(r.lines), sum(r.lines), sum(r.amount), sha256('x'), ARRAY[k.marketplace]
			FROM rollup r JOIN kind k ON k.id = r.kind_id WHERE r.settlement_id >= 1000 GROUP BY r.settlement_id, k.marketplace`, connection, reading, document),
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

var lastTwoYears = mapping.Range{From: period.Date{Year: 2024, Month: 11, Day: 15}}

func TestABacktestTiesToTheRollups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.begun(t)
	history(t, w, 5)
	draft, err := w.service.SetAccounts(t.Context(), w.anna, editOf(draft), map[string]string{"sales": "4990", "fba_fees": "4980"})
	require.NoError(t, err)
	published, err := w.service.Published(t.Context(), w.connection)
	require.NoError(t, err)
	result, err := w.service.Backtest(t.Context(), published, draft, lastTwoYears)
	require.NoError(t, err)
	require.EqualValues(t, 15, result.Settlements)
	require.EqualValues(t, w.id(t, `SELECT sum(lines) FROM rollup`), result.Lines)
	require.Greater(t, len(result.Accounts), 150, "accounts in three periods and three currencies")
	for _, total := range result.Totals() {
		var sum decimal.Decimal
		require.NoError(t, w.pool.QueryRow(t.Context(), `SELECT sum(line_sum) FROM settlement WHERE currency = $1`, string(total.Currency)).Scan(&sum))
		require.True(t, sum.Equal(total.Old), "%s: %s and %s", total.Currency, sum, total.Old)
		require.True(t, sum.Equal(total.New))
	}
	moved := decimal.Zero
	for _, m := range result.Moved {
		if m.New.Account == "4990" && m.Amount.Currency == "USD" {
			moved = moved.Add(m.Amount.Value)
		}
	}
	for _, sum := range result.Sums() {
		if sum.Account == "4990" && sum.Currency == "USD" {
			require.True(t, moved.Equal(sum.Difference()), "what moved is the difference")
		}
	}
	for _, d := range result.Accounts {
		require.NotEmpty(t, d.Period)
	}
}

// BenchmarkBacktest is one backtest of a draft with the database behind it:
// 24 months, 156 settlements, 5,000,000 lines. The baseline adds the same rollups
// up by kind, which knows neither period nor rule.
func BenchmarkBacktest(b *testing.B) {
	w := newWorld(b)
	draft := w.begun(b)
	history(b, w, 52)
	draft, err := w.service.SetAccounts(b.Context(), w.anna, editOf(draft), map[string]string{"sales": "4990", "fba_fees": "4980"})
	require.NoError(b, err)
	published, err := w.service.Published(b.Context(), w.connection)
	require.NoError(b, err)
	var result mapping.Backtest
	var plain, tests time.Duration
	for b.Loop() {
		start := time.Now()
		result, err = w.service.Backtest(b.Context(), published, draft, lastTwoYears)
		require.NoError(b, err)
		tests += time.Since(start)
		start = time.Now()
		w.exec(b, `SELECT kind_id, sum(lines), sum(amount) FROM rollup GROUP BY kind_id`)
		plain += time.Since(start)
	}
	require.Greater(b, result.Lines, int64(5_000_000))
	require.NotEmpty(b, result.Moved)
	b.ReportMetric(float64(result.Lines), "lines")
	b.ReportMetric(float64(w.id(b, `SELECT count(*) FROM rollup`)), "rollups")
	b.ReportMetric(float64(w.id(b, `SELECT count(DISTINCT kind_id) FROM rollup`)), "kinds")
	b.ReportMetric(float64(tests.Milliseconds())/float64(b.N), "backtest-ms")
	b.ReportMetric(float64(plain.Milliseconds())/float64(b.N), "baseline-ms")
	b.ReportMetric(tests.Seconds()/plain.Seconds(), "ratio")
}
