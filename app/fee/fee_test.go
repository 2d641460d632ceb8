package fee_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/fee"
	"tieout/app/money"
	"tieout/app/period"
)

// line is a line of a settlement.
type line struct {
	settlement        int
	day               time.Time
	market, sku, what string // what: a key of kinds
	quantity          int
	cents             int64
}

// kinds are what lines can be, with the category their rule has; "odd" has no rule.
var kinds = map[string][4]string{
	"sale":     {"Order", "ItemPrice", "Principal", "sales"},
	"referral": {"Order", "ItemFees", "Commission", "selling_fees"},
	"pick":     {"Order", "ItemFees", "FBAPerUnitFulfillmentFee", "fba_fees"},
	"storage":  {"other-transaction", "other-transaction", "Storage Fee", "storage_fees"},
	"ads":      {"ServiceFee", "Cost of Advertising", "TransactionTotalAmount", "advertising"},
	"inbound":  {"other-transaction", "other-transaction", "FBAInboundTransportationFee", "inbound_fees"},
	"refund":   {"Refund", "ItemPrice", "Principal", "refunds"},
	"odd":      {"Novel", "Novel", "Novel", ""},
}

type books struct {
	*fee.Service
	t          *testing.T
	pool       *pgxpool.Pool
	connection int64
}

func open(t *testing.T) *books {
	t.Helper()
	b := &books{t: t, pool: dbtest.New(t)}
	b.Service = fee.NewService(b.pool, clock.NewFixed(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)))
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na') RETURNING id`).Scan(&b.connection))
	b.exec(func(exec func(sql string, args ...any)) {
		exec(`INSERT INTO rule_set (id, connection_id, number, state, published_at) OVERRIDING SYSTEM VALUE VALUES (1, $1, 1, 'published', now())`, b.connection)
		position := 0
		for _, k := range kinds {
			if k[3] == "" {
				continue
			}
			position++
			exec(`INSERT INTO mapping_rule (rule_set_id, position, transaction_type_match, transaction_type, amount_type_match, amount_type, amount_description_match, amount_description, category, account)
				VALUES (1, $1, 'is', $2, 'is', $3, 'is', $4, $5, '4000')`, position, k[0], k[1], k[2], k[3])
		}
	})
	return b
}

// told is what the kinds of all connections count as.
func (b *books) told() fee.Told {
	b.t.Helper()
	kinds, err := b.Tell(b.t.Context(), 0)
	require.NoError(b.t, err)
	return kinds
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

// settle stores the lines as imports leave them: with their sums.
func (b *books) settle(lines []line) {
	b.t.Helper()
	b.exec(func(exec func(string, ...any)) {
		for i, l := range lines {
			k := kinds[l.what]
			exec(`INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
				VALUES ($1::bigint, $2, 1, 1, $1::bigint::text, 'USD', $3, $4, 0, 0, 0, 0, '', '{}') ON CONFLICT DO NOTHING`, l.settlement, b.connection, cycle(l.settlement), cycle(l.settlement+1))
			exec(`INSERT INTO kind (connection_id, marketplace, transaction_type, amount_type, amount_description, sign) VALUES ($1, $2, $3, $4, $5, sign($6::numeric)) ON CONFLICT DO NOTHING`,
				b.connection, l.market, k[0], k[1], k[2], l.cents)
			exec(`INSERT INTO product (connection_id, sku) SELECT $1, $2::text WHERE $2 <> '' ON CONFLICT DO NOTHING`, b.connection, l.sku)
			exec(`INSERT INTO settlement_line (settlement_id, posted_at, raw_offset, raw_length, line_no, kind_id, product_id, posted_on, part, amount, fulfillment, quantity)
				SELECT $1, now(), 0, 0, $2, k.id, (SELECT id FROM product WHERE sku = $3), $4::date, 0, $5::numeric / 100, '', $6 FROM kind k
				WHERE k.marketplace = $7 AND k.transaction_type = $8 AND k.amount_type = $9 AND k.amount_description = $10 AND k.sign = sign($5::numeric)`,
				l.settlement, i, l.sku, l.day, l.cents, l.quantity, l.market, k[0], k[1], k[2])
		}
		exec(`INSERT INTO sku_sum SELECT settlement_id, date_trunc('month', posted_on)::date, coalesce(product_id, 0), kind_id, count(*), sum(quantity), sum(amount) FROM settlement_line GROUP BY 1, 2, 3, 4 ON CONFLICT DO NOTHING`)
		exec(`INSERT INTO rollup SELECT settlement_id, kind_id, posted_on, '', '', 0, count(*), sum(quantity), sum(amount) FROM settlement_line GROUP BY 1, 2, 3 ON CONFLICT DO NOTHING`)
		exec(`INSERT INTO month_sum (settlement_id, month, kind_id, product_group, fulfillment, lines, quantity, amount)
			SELECT settlement_id, date_trunc('month', posted_on)::date, kind_id, product_group, fulfillment, sum(lines), sum(quantity), sum(amount) FROM rollup GROUP BY 1, 2, 3, 4, 5 ON CONFLICT DO NOTHING`)
	})
}

// cycle is when a settlement begins: every two weeks from July on.
func cycle(n int) time.Time { return time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC).AddDate(0, 0, 14*n) }

func month(n int) period.Date { return period.Date{Year: 2026, Month: time.Month(n), Day: 1} }

// random are lines of settlements from July to November.
func random(seed uint64, n int) []line {
	chance := rand.New(rand.NewPCG(seed, 1))
	names := []string{"sale", "sale", "referral", "pick", "storage", "ads", "inbound", "refund", "odd"}
	list := make([]line, n)
	for i := range list {
		l := line{settlement: chance.IntN(10), market: []string{"", "Amazon.com", "Amazon.ca"}[chance.IntN(3)], sku: []string{"", "CUP", "POT", "PAN"}[chance.IntN(4)], what: names[chance.IntN(len(names))],
			quantity: chance.IntN(3), cents: -int64(chance.IntN(5000))}
		if l.what == "sale" {
			l.cents = -l.cents
		}
		l.day = cycle(l.settlement).AddDate(0, 0, chance.IntN(14))
		list[i] = l
	}
	return list
}

// sums are what a row must show, worked out line by line.
type sums struct{ units, sales, fees, referral, unmapped int64 }

func (s *sums) add(l line) {
	switch l.what {
	case "sale":
		s.sales += l.cents
		s.units += int64(l.quantity)
	case "odd":
		s.unmapped += l.cents
	case "refund":
	default:
		s.fees -= l.cents
		if l.what == "referral" {
			s.referral -= l.cents
		}
	}
}

func cents(d decimal.Decimal) int64 { return d.Shift(2).IntPart() }

func TestASummaryIsWhatItsLinesAreWhateverItIsGroupedBy(t *testing.T) {
	t.Parallel()
	b := open(t)
	lines := random(5, 600)
	b.settle(lines)
	for _, group := range fee.Groups() {
		f := fee.Filter{Connection: b.connection, From: month(9), To: month(10), Group: group, Sort: "-sales", PageSize: 1000}
		want, before, total := map[string]*sums{}, map[string]*sums{}, sums{}
		for _, l := range lines {
			of := int(l.day.Month())
			shift := 2
			if group.Monthly() {
				shift = 1
			}
			for set, m := range map[*map[string]*sums]int{&want: of, &before: of + shift} {
				if m < 9 || m > 10 {
					continue
				}
				key := keyOf(group, l.market, l.sku, month(m))
				if (*set)[key] == nil {
					(*set)[key] = &sums{}
				}
				(*set)[key].add(l)
			}
			if of == 9 || of == 10 {
				total.add(l)
			}
		}
		rows, err := b.Summary(t.Context(), f, b.told())
		require.NoError(t, err)
		require.NotEmpty(t, rows)
		found := sums{}
		for i, r := range rows {
			key := keyOf(group, r.Marketplace, r.SKU, r.Month)
			now, then := want[key], before[key]
			if now == nil {
				now = &sums{}
			}
			if then == nil {
				then = &sums{}
			}
			require.Equal(t, *now, sums{r.Units, cents(r.Sales), cents(r.Fees), cents(r.Charged[fee.Referral]), cents(r.Unmapped)}, "%s %s", group, key)
			require.Equal(t, []int64{then.units, then.sales, then.fees}, []int64{r.PriorUnits, cents(r.PriorSales), cents(r.PriorFees)}, "%s %s before", group, key)
			charged := decimal.Zero
			for _, part := range fee.Fees() {
				charged = charged.Add(r.Charged[part])
			}
			require.True(t, charged.Equal(r.Fees), "the parts are the fees")
			require.True(t, i == 0 || r.Sales.LessThanOrEqual(rows[i-1].Sales), "the greatest first")
			found.units, found.sales, found.fees = found.units+r.Units, found.sales+cents(r.Sales), found.fees+cents(r.Fees)
		}
		require.Equal(t, []int64{total.units, total.sales, total.fees}, []int64{found.units, found.sales, found.fees})
		totals, err := b.Totals(t.Context(), f, b.told())
		require.NoError(t, err)
		require.Len(t, totals, 1)
		require.Equal(t, total, sums{totals[0].Units, cents(totals[0].Sales), cents(totals[0].Fees), cents(totals[0].Charged[fee.Referral]), cents(totals[0].Unmapped)})

		var paged []fee.Row
		f.PageSize = 3
		for {
			page, err := b.Summary(t.Context(), f, b.told())
			require.NoError(t, err)
			paged = append(paged, page...)
			if len(page) < f.PageSize {
				break
			}
			place := page[len(page)-1].Place()
			f.After = &place
		}
		require.Equal(t, rows, paged, "page by page it is the same list")
	}
}

func keyOf(g fee.Group, market, sku string, m period.Date) string {
	if g == fee.ByMarketplace || g == fee.ByMonth {
		sku = ""
	}
	if !g.Monthly() {
		m = month(9)
	}
	return fmt.Sprint(market, "|", sku, "|", m)
}

func TestANumberIsMadeOfTheLinesOfItsSettlementsAndKinds(t *testing.T) {
	t.Parallel()
	b := open(t)
	lines := random(6, 400)
	b.settle(lines)
	b.exec(func(exec func(string, ...any)) { exec(`UPDATE settlement SET replaced_at = now() WHERE id = 5`) })
	for _, c := range []struct {
		q    fee.Question
		kept func(line) bool
	}{
		{fee.Question{Part: fee.Referral, SKU: "CUP", Marketplace: "Amazon.com"}, func(l line) bool { return l.what == "referral" && l.sku == "CUP" && l.market == "Amazon.com" }},
		{fee.Question{Part: fee.Storage, SKU: fee.None, Marketplace: fee.None}, func(l line) bool { return l.what == "storage" && l.sku == "" && l.market == "" }},
		{fee.Question{Part: fee.AllFees, Text: "p"}, func(l line) bool { return l.sku != "" && l.what != "sale" && l.what != "refund" && l.what != "odd" }},
		{fee.Question{Part: fee.Units}, func(l line) bool { return l.what == "sale" }},
	} {
		q := c.q
		q.Connection, q.From, q.To, q.PageSize = b.connection, month(9), month(10), 1000
		wanted := map[int64]int64{}
		for _, l := range lines {
			if m := l.day.Month(); m >= 9 && m <= 10 && l.settlement != 5 && c.kept(l) {
				wanted[int64(l.settlement)] += l.cents
			}
		}
		made, sums, err := b.Made(t.Context(), q)
		require.NoError(t, err)
		require.NotEmpty(t, made)
		found, all := map[int64]int64{}, int64(0)
		for _, m := range made {
			found[m.SettlementID] += cents(m.Amount.Value)
			all += cents(m.Amount.Value)
		}
		require.Equal(t, wanted, found)
		require.Equal(t, []int64{all}, []int64{cents(sums[0].Amount.Value)})
		require.Equal(t, money.Currency("USD"), sums[0].Amount.Currency)
	}
}

func TestTheUsualMonthIsTheLastOneThatIsOverAndSettled(t *testing.T) {
	t.Parallel()
	b := open(t)
	usual := func() string {
		m, err := b.DefaultMonth(t.Context(), b.connection)
		require.NoError(t, err)
		return m.String()
	}
	require.Equal(t, "2026-10-01", usual(), "nothing is settled")
	b.settle([]line{{settlement: 3, day: cycle(3), what: "sale", cents: 1}})
	require.Equal(t, "2026-08-01", usual(), "nothing is settled after August")
	b.settle([]line{{settlement: 9, day: cycle(9), what: "sale", cents: 1}})
	require.Equal(t, "2026-10-01", usual(), "November is not over")
}

func TestSumsBySKUCannotBeChanged(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.exec(func(exec func(string, ...any)) { exec(`INSERT INTO sku_sum VALUES (1, '2026-10-01', 0, 1, 1, 1, 1)`) })
	for _, broken := range []string{`INSERT INTO sku_sum VALUES (1, '2026-10-01', 0, 2, 1, 1, 1)`, `UPDATE sku_sum SET amount = 2`, `DELETE FROM sku_sum`, `TRUNCATE sku_sum`} {
		_, err := b.pool.Exec(t.Context(), broken)
		require.Error(t, err, broken)
	}
}

// BenchmarkSummary reads the page of a month over the sums of two years of
// 3,000 SKUs: what about ten million lines leave.
func BenchmarkSummary(b *testing.B) {
	pool := dbtest.New(b)
	_, err := pool.Exec(b.Context(), `SET session_replication_role = replica;
		INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na');
		INSERT INTO rule_set (connection_id, number, state, published_at) VALUES (1, 1, 'published', now());
		INSERT INTO mapping_rule (rule_set_id, position, amount_type_match, amount_type, category, account) VALUES (1, 1, 'is', 'ItemPrice', 'sales', '4000'), (1, 2, 'is', 'ItemFees', 'selling_fees', '4000'), (1, 3, 'any', '', 'fba_fees', '4000');
		INSERT INTO kind (connection_id, marketplace, transaction_type, amount_type, amount_description, sign)
		SELECT 1, 'Amazon.com', 'Order', CASE n % 3 WHEN 0 THEN 'ItemPrice' WHEN 1 THEN 'ItemFees' ELSE 'Other' END, CASE n WHEN 0 THEN 'Principal' ELSE n::text END, CASE n % 3 WHEN 0 THEN 1 ELSE -1 END FROM generate_series(0, 13) n;
		INSERT INTO product (connection_id, sku) SELECT 1, 'SKU-' || n FROM generate_series(1, 3000) n;
		INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
		SELECT n, 1, 1, 1, n::text, 'USD', '2024-12-01'::timestamptz + n * interval '14 days', '2024-12-15'::timestamptz + n * interval '14 days', 0, 0, 0, 0, '', '{}' FROM generate_series(1, 50) n;
		INSERT INTO sku_sum SELECT s.id, date_trunc('month', d.on_day)::date, p.id, k.id, 5, 5, k.sign * (p.id % 97 + 1) FROM settlement s
		CROSS JOIN LATERAL (VALUES (s.start_at), (s.end_at)) d (on_day) CROSS JOIN product p CROSS JOIN kind k ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING;
		INSERT INTO rollup SELECT settlement_id, kind_id, month, '', '', 0, sum(lines), sum(quantity), sum(amount) FROM sku_sum GROUP BY 1, 2, 3;
		ANALYZE`)
	require.NoError(b, err)
	service := fee.NewService(pool, clock.NewFixed(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)))
	for _, c := range []struct {
		name string
		f    fee.Filter
	}{
		{"month by SKU", fee.Filter{From: month(9), To: month(9), Group: fee.BySKU, Sort: "-sales", PageSize: 100}},
		{"year by month", fee.Filter{From: period.Date{Year: 2025, Month: 10, Day: 1}, To: month(9), Group: fee.ByMonth, Sort: "month", PageSize: 100}},
		{"one SKU", fee.Filter{From: month(9), To: month(9), Group: fee.BySKUAndMonth, Sort: "sku", Text: "SKU-2999", PageSize: 100}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				kinds, err := service.Tell(b.Context(), c.f.Connection)
				require.NoError(b, err)
				rows, err := service.Summary(b.Context(), c.f, kinds)
				require.NoError(b, err)
				require.NotEmpty(b, rows)
				_, err = service.Totals(b.Context(), c.f, kinds)
				require.NoError(b, err)
			}
		})
	}
}
