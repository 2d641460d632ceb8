package refund_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/fault"
	"tieout/app/reconcile"
	"tieout/app/refund"
)

// books are a connection with settlements from 2 September to 20 November and
// returns from 1 September on.
type books struct {
	*refund.Service
	t          *testing.T
	pool       *pgxpool.Pool
	clock      *clock.Fixed
	connection int64
	lines      int
	came       int
}

func open(t *testing.T) *books {
	t.Helper()
	b := &books{t: t, pool: dbtest.New(t), clock: clock.NewFixed(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))}
	b.Service = refund.NewService(b.pool, b.clock)
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na') RETURNING id`).Scan(&b.connection))
	b.arrived("000-0000000-0000000", "FIRST", "2026-09-01")
	return b
}

func (b *books) exec(work func(exec func(sql string, args ...any))) {
	b.t.Helper()
	require.NoError(b.t, pgx.BeginFunc(b.t.Context(), b.pool, func(tx pgx.Tx) error {
		exec := func(sql string, args ...any) {
			_, err := tx.Exec(b.t.Context(), sql, args...)
			require.NoError(b.t, err)
		}
		exec(`SET LOCAL session_replication_role = replica`)
		work(exec)
		return nil
	}))
}

// line is one line of a settlement.
type line struct{ order, sku, day, transaction, amount, description, value, by string }

func given(order, sku, day, value string) line {
	return line{order, sku, day, "Refund", "ItemPrice", "Principal", value, "AFN"}
}

// settled stores a settlement's lines as an import leaves them.
func (b *books) settled(id int, currency string, lines ...line) {
	b.t.Helper()
	b.exec(func(exec func(string, ...any)) {
		exec(`INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
			VALUES ($1::bigint, $2, 1, 1, $1::bigint::text, $3, '2026-09-02', '2026-11-20', 0, 0, 0, 0, '', '{}')`, id, b.connection, currency)
		for _, l := range lines {
			b.lines++
			exec(`INSERT INTO kind (connection_id, marketplace, transaction_type, amount_type, amount_description, sign) VALUES ($1, '', $2, $3, $4, sign($5::numeric)) ON CONFLICT DO NOTHING`,
				b.connection, l.transaction, l.amount, l.description, l.value)
			exec(`INSERT INTO product (connection_id, sku) VALUES ($1, $2) ON CONFLICT DO NOTHING`, b.connection, l.sku)
			exec(`INSERT INTO line_block SELECT $1, 'kind', k.id, 1, 0, '' FROM kind k WHERE k.transaction_type = $2 AND k.amount_type = $3 ON CONFLICT DO NOTHING`, id, l.transaction, l.amount)
			exec(`INSERT INTO settlement_line (settlement_id, posted_at, raw_offset, raw_length, line_no, kind_id, product_id, posted_on, part, amount, fulfillment, order_id)
				SELECT $1, now(), 0, 0, $2, k.id, p.id, $3::date, 0, $4, $5, $6 FROM kind k, product p
				WHERE k.transaction_type = $7 AND k.amount_type = $8 AND k.amount_description = $9 AND k.sign = sign($4::numeric) AND p.sku = $10`,
				id, b.lines, l.day, l.value, l.by, l.order, l.transaction, l.amount, l.description, l.sku)
		}
	})
}

// arrived stores a return as the flow of returns does.
func (b *books) arrived(order, sku, day string) {
	b.t.Helper()
	b.exec(func(exec func(string, ...any)) {
		b.came++
		exec(`INSERT INTO flow_record (connection_id, flow, key, source_at, latest_hash) VALUES ($1, 'returns', $2, $3::date, '')`, b.connection, fmt.Sprint("unit ", b.came), day)
		exec(`INSERT INTO flow_content (record_id, number, source, source_at, document_id, position, hash)
			SELECT id, 1, jsonb_build_object('return', jsonb_build_object('OrderID', $1::text, 'SKU', $2::text, 'Quantity', 1)), source_at, 1, 0, '' FROM flow_record WHERE key = $3`, order, sku, fmt.Sprint("unit ", b.came))
	})
}

func (b *books) found(f refund.Filter) (list []string) {
	b.t.Helper()
	b.clock.Advance(time.Second)
	require.NoError(b.t, b.Check(b.t.Context(), b.connection))
	f.PageSize = 100
	cases, err := b.List(b.t.Context(), f)
	require.NoError(b.t, err)
	for _, c := range cases {
		list = append(list, fmt.Sprint(c.Order, " ", c.SKU, " ", c.Finding, " ", c.Since, " ", c.Refunded.Value.StringFixed(2), c.Refunded.Currency, " ", c.Units))
	}
	return list
}

func TestARefundWithoutAReturnIsFoundAfterFortyFiveDaysAndGoneWhenItComesBack(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "USD", given("A", "CUP", "2026-10-01", "-20.00"), given("A", "CUP", "2026-10-02", "-2.50"), given("B", "CUP", "2026-10-09", "-7"), given("C", "CUP", "2026-10-08", "-7"),
		given("BEFORE", "CUP", "2026-08-31", "-7"),
		line{"MERCHANT", "CUP", "2026-10-01", "Refund", "ItemPrice", "Principal", "-9", "MFN"},
		line{"FEE", "CUP", "2026-10-01", "Refund", "ItemFees", "Commission", "3", "AFN"},
		given("BACK", "CUP", "2026-10-01", "-9"), line{"BACK", "CUP", "2026-10-03", "Refund", "ItemPrice", "Principal", "9", "AFN"},
		given("PAID", "CUP", "2026-10-01", "-9"), line{"PAID", "CUP", "2026-10-20", "other-transaction", "FBA Inventory Reimbursement", "CUSTOMER_RETURN", "8", "AFN"},
		line{"CLAIM", "POT", "2026-10-01", "A-to-z Guarantee Refund", "ItemPrice", "Principal", "-30", "AFN"})
	want := []string{"CLAIM POT not_returned 2026-10-01 30.00USD 0", "A CUP not_returned 2026-10-02 22.50USD 0", "C CUP not_returned 2026-10-08 7.00USD 0"}
	require.ElementsMatch(t, want, b.found(refund.Filter{}), "B has until tomorrow")
	require.ElementsMatch(t, want, b.found(refund.Filter{}), "checked twice")
	require.Len(t, b.found(refund.Filter{Text: "cla"}), 1)
	b.arrived("A", "CUP", "2026-11-22")
	require.ElementsMatch(t, []string{want[0], want[2]}, b.found(refund.Filter{}))
	b.settled(2, "USD", line{"C", "CUP", "2026-11-01", "other-transaction", "FBA Inventory Reimbursement", "CUSTOMER_RETURN", "8", "AFN"})
	require.Equal(t, want[:1], b.found(refund.Filter{}))
}

func TestAReturnWithoutARefundIsFoundOnceSettlementsReachFarEnough(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.arrived("D", "CUP", "2026-10-01")
	b.arrived("D", "CUP", "2026-10-05")
	b.arrived("LATE", "CUP", "2026-10-22") // 30 days on no settlement is known
	b.arrived("EARLY", "CUP", "2026-08-20")
	b.arrived("E", "CUP", "2026-10-01")
	require.Empty(t, b.found(refund.Filter{}), "no settlement says anything")
	b.settled(1, "USD", given("E", "CUP", "2026-10-11", "-7"))
	require.Equal(t, []string{"D CUP not_refunded 2026-10-01 0.00 2"}, b.found(refund.Filter{}))
	require.Empty(t, b.found(refund.Filter{Finding: refund.NotReturned}))
	b.exec(func(exec func(string, ...any)) { exec(`UPDATE settlement SET replaced_at = now()`) })
	b.settled(2, "USD", given("D", "CUP", "2026-10-11", "-7"))
	require.Equal(t, []string{"E CUP not_refunded 2026-10-01 0.00 1"}, b.found(refund.Filter{}), "a re-issued report counts, what it replaced does not")
}

func TestACaseIsSettledWithANoteAndReopened(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "USD", given("A", "CUP", "2026-10-01", "-20.00"))
	require.Len(t, b.found(refund.Filter{}), 1)
	cases, err := b.List(t.Context(), refund.Filter{Finding: refund.NotReturned, PageSize: 10})
	require.NoError(t, err)
	id := cases[0].ID
	for _, broken := range []string{`UPDATE refund_case SET done_at = now()`, `UPDATE refund_case SET amount = -1`, `UPDATE refund_case SET currency = ''`} {
		_, err := b.pool.Exec(t.Context(), broken)
		require.ErrorContains(t, err, "check constraint", broken)
	}
	actor := audit.Actor{Name: "Olga"}
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO person (issuer, subject, email, name) VALUES ('i', 's', 'x@x', 'Olga') RETURNING id`).Scan(&actor.PersonID))
	require.NotNil(t, fault.FieldsOf(b.Settle(t.Context(), id, "  ", actor)))
	require.NoError(t, b.Settle(t.Context(), id, "Case 17 at Amazon", actor))
	require.True(t, fault.Is(b.Settle(t.Context(), id, "again", actor), fault.Conflict))
	require.Empty(t, b.found(refund.Filter{}))
	require.Len(t, b.found(refund.Filter{State: "done"}), 1)
	b.arrived("A", "CUP", "2026-11-22")
	require.Len(t, b.found(refund.Filter{State: "done"}), 1, "what a person has settled stays")
	whole, err := b.Get(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, "Case 17 at Amazon", whole.Note)
	require.Len(t, whole.Refunds, 1)
	require.Len(t, whole.Returns, 1)
	require.NoError(t, b.Reopen(t.Context(), id, actor))
	require.Empty(t, b.found(refund.Filter{State: "all"}), "the return has come meanwhile")
	var events int
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_event WHERE object_type = 'refund_case'`).Scan(&events))
	require.Equal(t, 2, events)
	require.True(t, fault.Is(b.Reopen(t.Context(), id, actor), fault.NotFound))
}

func TestRefundsAreReconciledWithReturnsAndReturnsWithP21(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "GBP", given("A", "CUP", "2026-10-01", "-20.00"), given("B", "CUP", "2026-10-01", "-5.00"))
	b.arrived("B", "CUP", "2026-10-03")
	b.found(refund.Filter{})
	all := reconcile.NewService(b.pool, b.clock, b.Service)
	require.NoError(t, all.CheckAll(t.Context(), b.connection))
	items, err := all.List(t.Context(), reconcile.Filter{Name: reconcile.Returns, PageSize: 10})
	require.NoError(t, err)
	var found []string
	for _, i := range items {
		found = append(found, fmt.Sprint(i.Key, ": ", i.Cause, " ", i.Difference(), i.Currency))
	}
	require.Equal(t, []string{"no RMA unit 1: Returned, no RMA 0USD", "A CUP: Refunded, not returned 20GBP", "no RMA unit 2: Returned, no RMA 0USD"}, found)
	totals, err := all.Totals(t.Context(), b.connection, reconcile.Returns)
	require.NoError(t, err)
	require.Equal(t, "25 5", fmt.Sprint(totals[0].Left, " ", totals[0].Right), "what came back counts as it was refunded")
	b.exec(func(exec func(string, ...any)) { exec(`UPDATE flow_record SET remote_key = 'RMA 1'`) })
	require.NoError(t, all.CheckAll(t.Context(), b.connection))
	items, err = all.List(t.Context(), reconcile.Filter{Name: reconcile.Returns, PageSize: 10})
	require.NoError(t, err)
	require.Len(t, items, 1)
}
