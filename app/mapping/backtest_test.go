package mapping_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
)

// wholeReplay compares two sets the long way: what each makes of every single
// rollup. It is what a backtest must come to.
func wholeReplay(t *testing.T, w *world, old, new *mapping.RuleSet, within mapping.Range) mapping.Backtest {
	t.Helper()
	calendar, err := w.service.Calendar(t.Context(), w.connection)
	require.NoError(t, err)
	rows, err := w.pool.Query(t.Context(), `SELECT s.id, (s.end_at AT TIME ZONE c.time_zone)::date, s.currency, k.id, k.marketplace, k.transaction_type, k.amount_type,
			k.amount_description, k.sign, r.product_group, r.fulfillment, r.posted_on, r.lines, r.amount::text
		FROM settlement s JOIN connection c ON c.id = s.connection_id JOIN rollup r ON r.settlement_id = s.id JOIN kind k ON k.id = r.kind_id
		WHERE s.connection_id = $1 AND s.replaced_at IS NULL`, w.connection)
	require.NoError(t, err)
	settlements := map[int64]bool{}
	var amounts []mapping.Amount
	for rows.Next() {
		var a mapping.Amount
		var settlement int64
		var ended, posted time.Time
		var currency, value string
		require.NoError(t, rows.Scan(&settlement, &ended, &currency, &a.KindID, &a.Marketplace, &a.TransactionType, &a.AmountType,
			&a.AmountDescription, &a.Sign, &a.ProductGroup, &a.Fulfillment, &posted, &a.Lines, &value))
		a.Currency, a.PostedOn, a.Value = money.Currency(currency), period.DateOf(posted), decimal.RequireFromString(value)
		if !holds(within.From, within.To, period.DateOf(ended)) {
			continue
		}
		settlements[settlement] = true
		if holds(within.PostedFrom, within.PostedTo, a.PostedOn) {
			amounts = append(amounts, a)
		}
	}
	require.NoError(t, rows.Err())
	result := mapping.Replay(mapping.Compile(*old), mapping.Compile(*new), amounts, calendar)
	result.Settlements = int64(len(settlements))
	return result
}

// holds reports whether a day is on or between two others; the zero day leaves
// a side open.
func holds(from, to, day period.Date) bool {
	return (from == period.Date{} || !day.Before(from)) && (to == period.Date{} || !to.Before(day))
}

// chance makes rules, sums and ranges from a seed.
type chance struct{ *rand.Rand }

func (c chance) of(list ...string) string { return list[c.IntN(len(list))] }

func (c chance) condition(texts ...string) mapping.Condition {
	switch text := c.of(texts...); c.IntN(4) {
	case 0:
		return mapping.Exactly(text)
	case 1:
		return mapping.StartsWith(text[:1+c.IntN(len(text))])
	}
	return mapping.Anything
}

var (
	someTypes        = []string{"Order", "Refund", "other-transaction"}
	someAmounts      = []string{"ItemPrice", "ItemFees", "Promotion"}
	someDescriptions = []string{"Principal", "Shipping", "Tax", "FBA Pick & Pack Fee"}
	someGroups       = []string{"", "Toys", "toys ", "Tools"}
	someFulfillments = []string{"", "AFN", "MFN"}
	someCurrencies   = []string{"USD", "CAD"}
)

func (c chance) rule() mapping.Rule {
	r := mapping.Rule{Marketplace: mapping.Anything, TransactionType: c.condition(someTypes...), AmountType: c.condition(someAmounts...),
		AmountDescription: c.condition(someDescriptions...), Category: mapping.Category(c.of(string(mapping.Sales), string(mapping.ShippingIncome))),
		Slot: c.of("sales", "shipping_income", mapping.SlotNone), Account: c.of("", "", "4990", "4991"), Branch: c.of("", "", "", "B2")}
	if c.IntN(3) == 0 {
		r.Sign = 2*c.IntN(2) - 1
	}
	if c.IntN(3) == 0 {
		r.ProductGroup = c.of(someGroups...)
	}
	if c.IntN(3) == 0 {
		r.Fulfillment = c.of(someFulfillments...)
	}
	return r
}

func (c chance) set(connection int64) *mapping.RuleSet {
	set := &mapping.RuleSet{ConnectionID: connection, Accounts: map[string]string{"sales": "4000"}}
	for range c.IntN(8) {
		set.Rules = append(set.Rules, c.rule())
	}
	return numberRules(set)
}

func numberRules(set *mapping.RuleSet) *mapping.RuleSet {
	for i := range set.Rules {
		set.Rules[i].Position = i + 1
	}
	return set
}

// draft is a set with a change or two.
func (c chance) draft(of *mapping.RuleSet) *mapping.RuleSet {
	set := &mapping.RuleSet{ConnectionID: of.ConnectionID, Rules: slices.Clone(of.Rules), Accounts: map[string]string{"sales": c.of("4000", "4001"), "shipping_income": c.of("", "4001")}}
	for range c.IntN(3) {
		at := c.IntN(len(set.Rules) + 1)
		if at < len(set.Rules) && c.IntN(2) == 0 {
			set.Rules = slices.Delete(set.Rules, at, at+1)
			continue
		}
		set.Rules = slices.Insert(set.Rules, at, c.rule())
	}
	return numberRules(set)
}

func (c chance) day() period.Date {
	if c.IntN(3) == 0 {
		return period.Date{}
	}
	return dateOf("2026-01-01").AddDays(c.IntN(200))
}

// within is a range; whole months are posted where months is set.
func (c chance) within(months bool) mapping.Range {
	within := mapping.Range{From: c.day(), To: c.day(), PostedFrom: c.day(), PostedTo: c.day()}
	if months {
		within.PostedFrom, within.PostedTo = dateOf("2026-01-01"), dateOf([]string{"2026-02-28", "2026-03-31"}[c.IntN(2)])
	}
	return within
}

// scatter stores settlements with sums of every sort: zero ones, corrections, a
// settlement that was replaced, days outside all periods.
func (c chance) scatter(t *testing.T, w *world) {
	t.Helper()
	var kinds []int32
	var signs []int
	for _, transaction := range someTypes {
		for _, amount := range someAmounts {
			for _, description := range someDescriptions {
				sign := c.IntN(3) - 1
				kinds, signs = append(kinds, w.kind(t, kindOf(transaction, amount, description, sign))), append(signs, sign)
			}
		}
	}
	document := w.id(t, `INSERT INTO document (connection_id, kind, name, source, sha256, size, stored_size) VALUES ($1, 'settlement_report', 'r', 'upload', sha256('x'), 1, 1) RETURNING id`, w.connection)
	require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
		for id := range 8 {
			if err := c.settlement(t.Context(), tx, w.connection, document, 100+id, kinds, signs); err != nil {
				return err
			}
		}
		return nil
	}))
	w.exec(t, `UPDATE settlement SET replaced_at = now() WHERE id = 103`)
	for i := range 10 {
		w.exec(t, `INSERT INTO rollup (settlement_id, kind_id, posted_on, product_group, fulfillment, correction_id, lines, amount)
			SELECT $1, id, '2026-03-01', '', '', 1, 1, sign * 7.07 FROM kind WHERE id = $2 AND sign <> 0`, 100+i%8, kinds[i*3])
	}
}

func (c chance) settlement(ctx context.Context, tx pgx.Tx, connection, document int64, id int, kinds []int32, signs []int) error {
	var reading int64
	if err := tx.QueryRow(ctx, `INSERT INTO settlement_import (connection_id, document_id, format) VALUES ($1, $2, 'FLAT_FILE_V2') RETURNING id`, connection, document).Scan(&reading); err != nil {
		return err
	}
	first := dateOf("2026-01-01").AddDays(14 * (id % 8))
	batch := &pgx.Batch{}
	for range 120 {
		kind := c.IntN(len(kinds))
		batch.Queue(`INSERT INTO rollup (settlement_id, kind_id, posted_on, product_group, fulfillment, lines, amount) VALUES ($1, $2, $3, $4, $5, $6, $7::text::numeric) ON CONFLICT DO NOTHING`,
			id, kinds[kind], first.AddDays(c.IntN(16)).Time(), c.of(someGroups...), c.of(someFulfillments...), 1+c.IntN(5), decimal.New(int64(signs[kind]*(1+c.IntN(99999))), -int32(c.IntN(5))).String())
	}
	batch.Queue(`INSERT INTO sku_sum (settlement_id, month, product_id, kind_id, lines, quantity, amount)
		SELECT settlement_id, date_trunc('month', posted_on), 0, kind_id, sum(lines), 0, sum(amount) FROM rollup WHERE settlement_id = $1 GROUP BY 1, 2, 4`, id)
	batch.Queue(`INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
		SELECT $1::bigint, $2, $3, $4, $1::bigint::text, $5, $6::timestamptz, $7::timestamptz, sum(amount), sum(lines), sum(lines), sum(amount), sha256('x'), '{Amazon.com}' FROM rollup WHERE settlement_id = $1::bigint`,
		id, connection, reading, document, c.of(someCurrencies...), first.Time(), first.AddDays(14).Time())
	return tx.SendBatch(ctx, batch).Close()
}

// TestABacktestIsWhatEverySingleSumComesTo: whatever two rule sets say, the sums
// that a backtest reads give what each rollup on its own gives, be periods
// months or not.
func TestABacktestIsWhatEverySingleSumComesTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := chance{rand.New(rand.NewPCG(7, 11))}
	c.scatter(t, w)
	moved, still := 0, 0
	for _, calendar := range []struct{ name, periods string }{
		{"months", `($1, 2026, 1, '2026-01-01', '2026-01-31', false, now()), ($1, 2026, 2, '2026-02-01', '2026-02-28', false, now()), ($1, 2026, 4, '2026-04-01', '2026-04-30', false, now())`},
		{"weeks", `($1, 2026, 1, '2026-01-20', '2026-02-16', false, now()), ($1, 2026, 2, '2026-02-17', '2026-03-20', false, now()), ($1, 2026, 3, '2026-04-01', '2026-05-02', false, now())`},
		{"none", ``},
	} {
		w.exec(t, `DELETE FROM fiscal_period WHERE connection_id = $1`, w.connection)
		if calendar.periods != "" {
			w.exec(t, `INSERT INTO fiscal_period (connection_id, fiscal_year, number, starts_on, ends_on, closed, synced_at) VALUES `+calendar.periods, w.connection)
		}
		for round := range 60 {
			old := c.set(w.connection)
			new, within := c.draft(old), mapping.Range{}
			if round%2 == 1 {
				within = c.within(round%4 == 1)
			}
			got, err := w.service.Backtest(t.Context(), old, new, within)
			require.NoError(t, err)
			want := wholeReplay(t, w, old, new, within)
			require.Empty(t, cmp.Diff(want, got, cmp.Comparer(decimal.Decimal.Equal)), "%s, round %d: %+v\n%+v\n%+v", calendar.name, round, old, new, within)
			if len(got.Moved) > 0 {
				moved++
			} else if got.Lines > 0 {
				still++
			}
		}
	}
	require.Greater(t, moved, 30, "drafts that move something")
	require.Greater(t, still, 10, "drafts that move nothing")
}

// TestSumsByMonthFollowTheRollups changes rollups in every way that the database
// lets through, and tries to write the sums by hand.
func TestSumsByMonthFollowTheRollups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chance{rand.New(rand.NewPCG(3, 5))}.scatter(t, w)
	agree := func() {
		t.Helper()
		require.Zero(t, w.id(t, `SELECT count(*) FROM month_sum m FULL JOIN (
				SELECT settlement_id, date_trunc('month', posted_on)::date AS month, kind_id, product_group, fulfillment, sum(lines) AS lines, sum(quantity) AS quantity, sum(amount) AS amount FROM rollup GROUP BY 1, 2, 3, 4, 5) r
			USING (settlement_id, month, kind_id, product_group, fulfillment) WHERE m.lines IS DISTINCT FROM r.lines OR m.quantity IS DISTINCT FROM r.quantity OR m.amount IS DISTINCT FROM r.amount`))
	}
	require.Positive(t, w.id(t, `SELECT count(*) FROM month_sum`))
	agree()
	w.exec(t, `UPDATE rollup SET amount = amount + 1, quantity = quantity + 2, posted_on = posted_on + 20 WHERE settlement_id = 101`)
	agree()
	w.exec(t, `DELETE FROM rollup WHERE settlement_id = 102 AND product_group <> ''`)
	agree()
	w.exec(t, `DELETE FROM rollup WHERE settlement_id = 104`)
	agree()
	for _, statement := range []string{`UPDATE month_sum SET amount = 0`, `DELETE FROM month_sum`, `TRUNCATE month_sum`, `UPDATE rollup SET settlement_id = settlement_id + 1000`,
		`INSERT INTO month_sum (settlement_id, month, kind_id, product_group, fulfillment, lines, quantity, amount) VALUES (1, '2026-01-01', 1, '', '', 1, 1, 1)`} {
		_, err := w.pool.Exec(t.Context(), statement)
		require.Error(t, err, statement)
	}
	agree()
}
