package receivable_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/app/receivable"
)

const anOrder = "111-0000000-0000001"

var now = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// books are a connection in mode invoiced and a P21 that tells its invoices.
type books struct {
	pool       *pgxpool.Pool
	service    *receivable.Service
	connection int64
	told       []p21.Invoice
	since      time.Time
	settlement int64
	line       int
}

// Invoices tells what changed since, as P21 does.
func (b *books) Invoices(_ context.Context, of p21.Selection) ([]p21.Invoice, error) {
	b.since = of.Since
	var list []p21.Invoice
	for _, i := range b.told {
		if !i.ChangedAt.Before(of.Since) {
			list = append(list, i)
		}
	}
	return list, nil
}

func open(t *testing.T) *books {
	t.Helper()
	pool := dbtest.New(t)
	b := &books{pool: pool, service: receivable.NewService(pool, clock.NewFixed(now))}
	require.NoError(t, pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region, revenue_mode) VALUES ('acme', 'na', 'invoiced') RETURNING id`).Scan(&b.connection))
	picks := map[string]string{}
	for at, slot := range mapping.AllSlots() {
		picks[slot.Name] = fmt.Sprint(4000 + at)
		_, err := pool.Exec(t.Context(), `INSERT INTO gl_account (connection_id, account, description, synced_at) VALUES ($1, $2, '', now())`, b.connection, picks[slot.Name])
		require.NoError(t, err)
	}
	_, err := mapping.NewService(pool, clock.NewFixed(now)).Install(t.Context(), audit.Job("test"), b.connection, "amazon-invoiced", picks)
	require.NoError(t, err)
	return b
}

// line is one line of a settlement.
type line struct{ order, transaction, amount, description, value string }

// settled stores a settlement's lines as an import leaves them.
func (b *books) settled(t *testing.T, currency string, lines ...line) {
	t.Helper()
	require.NoError(t, pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
		exec := func(sql string, args ...any) {
			_, err := tx.Exec(t.Context(), sql, args...)
			require.NoError(t, err)
		}
		exec(`SET LOCAL session_replication_role = replica`)
		b.settlement++
		exec(`INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
			VALUES ($1::bigint, $2, 1, 1, $1::bigint::text, $3, now(), now(), 0, 0, 0, 0, '', '{}')`, b.settlement, b.connection, currency)
		for _, l := range lines {
			b.line++
			var kind int
			require.NoError(t, tx.QueryRow(t.Context(), `INSERT INTO kind (connection_id, marketplace, transaction_type, amount_type, amount_description, sign) VALUES ($1, '', $2, $3, $4, sign($5::numeric))
				ON CONFLICT (connection_id, marketplace, transaction_type, amount_type, amount_description, sign) DO UPDATE SET marketplace = '' RETURNING id`,
				b.connection, l.transaction, l.amount, l.description, l.value).Scan(&kind))
			exec(`INSERT INTO line_block VALUES ($1, 'kind', $2, 1, 0, '') ON CONFLICT DO NOTHING`, b.settlement, kind)
			exec(`INSERT INTO settlement_line (settlement_id, posted_at, raw_offset, raw_length, line_no, kind_id, posted_on, part, amount, fulfillment, order_id)
				VALUES ($1, now(), 0, 0, $2, $3, '2026-11-10', 0, $4, '', $5)`, b.settlement, b.line, kind, l.value, l.order)
		}
		return nil
	}))
	require.NoError(t, b.service.Settle(t.Context(), b.connection))
}

func (b *books) invoiced(t *testing.T, order, number, total, currency string) {
	t.Helper()
	b.told = append(b.told, p21.Invoice{Number: number, Order: "P" + order, Reference: order, Customer: "100", Date: period.DateOf(now), Type: "IN",
		Total: decimal.RequireFromString(total), Currency: money.Currency(currency), ChangedAt: now})
	_, err := b.service.Read(t.Context(), b.connection, b)
	require.NoError(t, err)
}

func (b *books) item(t *testing.T, order string) receivable.Item {
	t.Helper()
	whole, err := b.service.Order(t.Context(), b.connection, order)
	require.NoError(t, err)
	require.Len(t, whole.Items, 1)
	return whole.Items[0]
}

func (b *books) list(t *testing.T, f receivable.Filter) []receivable.Item {
	t.Helper()
	f.Connections = []int64{b.connection}
	items, err := b.service.List(t.Context(), f)
	require.NoError(t, err)
	return items
}

func TestAnOrderIsOpenUntilASettlementPaysIt(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.invoiced(t, anOrder, "1", "21.60", "USD")
	require.Equal(t, receivable.Open, b.item(t, anOrder).State())
	b.settled(t, "USD", line{anOrder, "Order", "ItemPrice", "Principal", "20.00"}, line{anOrder, "Order", "ItemPrice", "Tax", "1.60"}, line{anOrder, "Order", "ItemFees", "Commission", "-3.00"})
	require.Equal(t, receivable.Paid, b.item(t, anOrder).State(), "fees are no part of it")
	require.NoError(t, b.service.Settle(t.Context(), b.connection))
	require.Equal(t, receivable.Paid, b.item(t, anOrder).State(), "a settlement counts once")
}

func TestInvoicesAreReadAgainWithAnOverlapAndKeepTheirNewestForm(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.invoiced(t, anOrder, "1", "20", "USD")
	older := b.told[0]
	older.Total, older.ChangedAt = decimal.RequireFromString("5"), now.Add(-time.Minute)
	b.told = append(b.told, older)
	_, err := b.service.Read(t.Context(), b.connection, b)
	require.NoError(t, err)
	require.True(t, b.since.Equal(now.Add(-time.Hour)))
	require.Equal(t, "20", b.item(t, anOrder).Due().String())
}

func TestCurrenciesNeverMix(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.invoiced(t, anOrder, "1", "20", "CAD")
	b.settled(t, "USD", line{anOrder, "Order", "ItemPrice", "Principal", "20.00"})
	items := b.list(t, receivable.Filter{PageSize: 1})
	require.Equal(t, receivable.Open, items[0].State())
	items = b.list(t, receivable.Filter{PageSize: 1, After: items[0].Place()})
	require.Equal(t, receivable.NotInvoice, items[0].State())
}

func TestOpenItemsSumToInvoicesLessWhatTheRulesPostToTheReceivable(t *testing.T) {
	t.Parallel()
	b, random := open(t), rand.New(rand.NewPCG(7, 11))
	posted, billed := decimal.Zero, decimal.Zero
	for range 4 {
		var lines []line
		for range 60 {
			value := decimal.New(random.Int64N(9000)+1, -2)
			kind := [][3]string{{"Order", "ItemPrice", "Principal"}, {"Order", "ItemPrice", "Tax"}, {"Order", "ItemPrice", "Shipping"}, {"Order", "Promotion", "Principal"}, {"Refund", "ItemPrice", "Principal"}, {"Order", "ItemFees", "Commission"}}[random.IntN(6)]
			if kind[0] == "Refund" || kind[1] != "ItemPrice" {
				value = value.Neg()
			}
			if kind[1] != "ItemFees" {
				posted = posted.Add(value)
			}
			lines = append(lines, line{fmt.Sprintf("111-0000000-%07d", random.IntN(30)), kind[0], kind[1], kind[2], value.String()})
		}
		b.settled(t, "USD", lines...)
	}
	for n := range 40 {
		total := decimal.New(random.Int64N(20000)-5000, -2)
		billed = billed.Add(total)
		b.invoiced(t, fmt.Sprintf("111-0000000-%07d", random.IntN(35)), fmt.Sprint(n), total.String(), "USD")
	}
	sum, at := decimal.Zero, receivable.Place{}
	for {
		items := b.list(t, receivable.Filter{State: "all", After: at, PageSize: 7})
		if len(items) == 0 {
			break
		}
		for _, i := range items {
			sum = sum.Add(i.Difference())
			at = i.Place()
		}
	}
	require.True(t, billed.Sub(posted).Equal(sum), "%s, not %s", sum, billed.Sub(posted))
}

func TestADifferenceHasACauseWithItsReason(t *testing.T) {
	t.Parallel()
	d := decimal.RequireFromString
	paid := receivable.Parts{Principal: d("20"), Shipping: d("5"), Tax: d("1.60"), Promotion: d("-2"), Refund: d("-10")}
	of := func(due string, bills int) receivable.Item {
		return receivable.Item{Order: anOrder, Currency: "USD", Invoices: []string{"1"}, Bills: bills, Invoiced: d(due), IsSettled: true, Paid: paid, Tolerance: d("0.05")}
	}
	for name, c := range map[string]struct {
		item  receivable.Item
		cause receivable.Cause
	}{
		"no invoice":  {receivable.Item{Currency: "USD", IsSettled: true, Paid: paid}, receivable.MissingInvoice},
		"two cents":   {of("14.62", 1), receivable.Rounding},
		"twice":       {of("29.20", 2), receivable.DuplicateInvoice},
		"refund":      {of("24.60", 1), receivable.RefundNotInP21},
		"promotion":   {of("16.60", 1), receivable.PromotionNotIn},
		"shipping":    {of("9.60", 1), receivable.ShippingNotIn},
		"tax":         {of("13.00", 1), receivable.TaxDiffers},
		"other price": {of("18.00", 1), receivable.PriceOrQuantity},
	} {
		reason, ok := receivable.Explain(c.item)
		require.True(t, ok, name)
		require.Equal(t, c.cause, reason.Cause, name)
		require.NotEmpty(t, reason.Text, name)
	}
	back := receivable.Item{IsSettled: true, Paid: receivable.Parts{Principal: d("20"), Refund: d("-20")}}
	require.Equal(t, receivable.Void, back.State(), "sold and refunded before anything was invoiced")
	_, ok := receivable.Explain(of("14.60", 1))
	require.False(t, ok, "both sides agree")
}

func (b *books) exec(t *testing.T, sql string, args ...any) error {
	t.Helper()
	return dbtest.Force(t.Context(), b.pool, sql, args...)
}

func TestOrdersAreSummedAnewByOtherRulesAndForgottenWithAReplacedReport(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.invoiced(t, anOrder, "1", "20", "USD")
	b.settled(t, "USD", line{anOrder, "Order", "ItemPrice", "Principal", "20.00"})
	require.NoError(t, b.exec(t, `UPDATE settled_order SET principal = 7`))
	require.NoError(t, b.service.Settle(t.Context(), b.connection))
	require.Equal(t, receivable.Paid, b.item(t, anOrder).State(), "nothing says that it is to be summed again")
	require.NoError(t, b.exec(t, `UPDATE settled_reading SET rule_set_id = rule_set_id + 1`))
	require.NoError(t, b.service.Settle(t.Context(), b.connection))
	require.Equal(t, receivable.Paid, b.item(t, anOrder).State())
	require.Equal(t, "20", b.item(t, anOrder).Paid.Principal.String())

	require.NoError(t, b.exec(t, `UPDATE settlement SET replaced_at = now()`))
	require.NoError(t, b.service.Settle(t.Context(), b.connection))
	require.Equal(t, receivable.Open, b.item(t, anOrder).State(), "the report was issued again; what it paid counts with the new one")
	total, err := b.service.CashTotal(t.Context(), b.settlement)
	require.NoError(t, err)
	require.Zero(t, total.Rules)
}

func TestInvoicesOfOtherCustomersAreLeftOut(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.invoiced(t, "PO 4711", "1", "20", "USD")
	require.Empty(t, b.list(t, receivable.Filter{State: "all", PageSize: 10}))
}

func TestTheDatabaseKeepsOpenItemsWholeWhateverSQLSays(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.invoiced(t, anOrder, "1", "20", "USD")
	for _, wrong := range []string{`difference = 5`, `state = 'paid'`, `state = 'variance'`, `invoiced_on = NULL`, `credited = 1`, `currency = 'usd'`} {
		_, err := b.pool.Exec(t.Context(), `UPDATE open_item SET `+wrong)
		require.ErrorContains(t, err, "violates check constraint", wrong)
	}
}

func TestWhatIsOpenHasAnAgeAndVariancesHaveGroups(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.invoiced(t, anOrder, "1", "20", "USD")
	b.settled(t, "USD", line{"111-0000000-0000002", "Order", "ItemPrice", "Principal", "9.00"}, line{"111-0000000-0000003", "Order", "ItemPrice", "Principal", "1.00"})
	ages, err := b.service.Ages(t.Context(), []int64{b.connection})
	require.NoError(t, err)
	require.Len(t, ages, 1)
	require.Equal(t, 14, ages[0].Days)
	require.Equal(t, "20", ages[0].Amount.String())
	groups, err := b.service.Groups(t.Context(), []int64{b.connection})
	require.NoError(t, err)
	require.Len(t, groups, 1)
	require.Equal(t, receivable.MissingInvoice, groups[0].Cause)
	require.Equal(t, int64(2), groups[0].Items)
	require.Equal(t, "10", groups[0].Stake.String())
}
