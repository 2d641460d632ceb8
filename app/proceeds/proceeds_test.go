package proceeds_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/proceeds"
	"tieout/app/reconcile"
)

// books are a connection with settlements to the end of November and orders from
// August on.
type books struct {
	*reconcile.Service
	t          *testing.T
	pool       *pgxpool.Pool
	connection int64
	lines      int
}

func open(t *testing.T) *books {
	t.Helper()
	b := &books{t: t, pool: dbtest.New(t)}
	c := clock.NewFixed(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC))
	sales := proceeds.NewService(b.pool, c)
	b.Service = reconcile.NewService(b.pool, c, sales)
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na') RETURNING id`).Scan(&b.connection))
	return b
}

func (b *books) exec(sql string, args ...any) {
	b.t.Helper()
	require.NoError(b.t, dbtest.Force(b.t.Context(), b.pool, sql, args...))
}

// settled stores a line of a settlement as an import leaves it.
func (b *books) settled(settlement int, transaction, order, sku, day, amount string) {
	b.t.Helper()
	b.lines++
	b.exec(`INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
		VALUES ($1::bigint, $2, 1, 1, $1::bigint::text, 'USD', '2026-08-01', '2026-11-30', 0, 0, 0, 0, '', '{}') ON CONFLICT DO NOTHING`, settlement, b.connection)
	b.exec(`INSERT INTO kind (connection_id, marketplace, transaction_type, amount_type, amount_description, sign) VALUES ($1, '', $2, 'ItemPrice', 'Principal', 1) ON CONFLICT DO NOTHING`, b.connection, transaction)
	b.exec(`INSERT INTO product (connection_id, sku) VALUES ($1, $2) ON CONFLICT DO NOTHING`, b.connection, sku)
	b.exec(`INSERT INTO line_block SELECT $1, 'kind', k.id, 1, 0, '' FROM kind k WHERE k.transaction_type = $2 ON CONFLICT DO NOTHING`, settlement, transaction)
	b.exec(`INSERT INTO settlement_line (settlement_id, posted_at, raw_offset, raw_length, line_no, kind_id, product_id, posted_on, part, amount, fulfillment, order_id)
		SELECT $1, now(), 0, 0, $2, k.id, p.id, $3::date, 0, $4::numeric, 'AFN', $5 FROM kind k, product p WHERE k.transaction_type = $6 AND p.sku = $7`, settlement, b.lines, day, amount, order, transaction, sku)
}

// ordered stores a content of an order as the flow of orders does.
func (b *books) ordered(order, status, placed, changed string, number int, skus ...string) {
	b.t.Helper()
	b.exec(`INSERT INTO flow_record (connection_id, flow, key, source_at, latest, latest_hash, amount, currency) VALUES ($1, 'orders', $2, $3::date, $4, '', 20, 'USD')
		ON CONFLICT (connection_id, flow, key) DO UPDATE SET latest = excluded.latest, source_at = excluded.source_at`, b.connection, order, changed, number)
	b.exec(`INSERT INTO flow_content (record_id, number, source, source_at, document_id, position, hash)
		SELECT id, $2, jsonb_build_object('createdTime', $3::text, 'fulfillment', jsonb_build_object('fulfillmentStatus', $4::text),
			'orderItems', (SELECT jsonb_agg(jsonb_build_object('product', jsonb_build_object('sellerSku', s))) FROM unnest($5::text[]) s)), source_at, 1, 0, '' FROM flow_record WHERE key = $1`,
		order, number, placed+"T10:00:00Z", status, skus)
}

func (b *books) found() (list []string) {
	b.t.Helper()
	require.NoError(b.t, b.CheckAll(b.t.Context(), b.connection))
	items, err := b.List(b.t.Context(), reconcile.Filter{Name: reconcile.Orders, PageSize: 100})
	require.NoError(b.t, err)
	for _, i := range items {
		list = append(list, fmt.Sprint(i.Key, ": ", i.Cause, " ", i.Difference(), " ", i.Since))
	}
	return list
}

func id(n int) string { return fmt.Sprintf("111-0000000-%07d", n) }

func TestWhatIsSettledIsKnownAndWhatIsShippedIsSettled(t *testing.T) {
	t.Parallel()
	b := open(t)
	require.Empty(t, b.found(), "nothing is known")
	b.ordered(id(1), "SHIPPED", "2026-08-01", "2026-08-03", 1, "CUP", "POT")
	b.ordered(id(2), "SHIPPED", "2026-10-01", "2026-10-03", 1, "CUP")
	b.ordered(id(3), "SHIPPED", "2026-11-01", "2026-11-03", 1, "CUP")
	b.ordered(id(4), "UNSHIPPED", "2026-09-01", "2026-09-03", 1, "CUP")
	b.settled(1, "Order", id(1), "CUP", "2026-09-10", "12")
	b.settled(1, "Order", id(1), "LAMP", "2026-09-10", "5")
	b.settled(1, "Order", id(9), "CUP", "2026-10-10", "7.50")
	b.settled(1, "Order", id(9), "CUP", "2026-10-11", "-1.50")
	b.settled(1, "Order", id(8), "CUP", "2026-08-20", "3")                 // may be of an order from before
	b.settled(1, "Refund", id(7), "CUP", "2026-10-10", "4")                // no sale
	b.settled(1, "Order", "S01-1111111-1111111", "CUP", "2026-10-10", "4") // of another channel
	want := []string{id(1) + " LAMP: Settled, item not in the order 5 2026-09-10", "shipped " + id(2) + ": Shipped, never settled -20 2026-10-03", id(9) + " CUP: Settled, order unknown 6 2026-10-10"}
	require.Equal(t, want, b.found())
	require.Equal(t, want, b.found(), "compared twice")
	totals, err := b.Totals(t.Context(), b.connection, reconcile.Orders)
	require.NoError(t, err)
	require.Equal(t, "23 32", fmt.Sprint(totals[0].Left, " ", totals[0].Right), "12 are on both sides")

	b.ordered(id(9), "SHIPPED", "2026-10-01", "2026-11-29", 1, "CUP")
	b.ordered(id(1), "SHIPPED", "2026-08-01", "2026-11-29", 2, "CUP", "LAMP")
	b.settled(2, "Order", id(2), "CUP", "2026-11-20", "18")
	require.Empty(t, b.found())
	b.exec(`UPDATE settlement SET replaced_at = now() WHERE id = 2`)
	require.Equal(t, want[1:2], b.found(), "a re-issued report takes its sales back, and the day of shipping stays")
}
