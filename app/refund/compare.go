package refund

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/reconcile"
	"tieout/sqlc"
)

// rmaDays is how long a return may take to become one in P21.
const rmaDays = 3

// Name implements reconcile.Source.
func (s *Service) Name() reconcile.Name { return reconcile.Returns }

// Compare implements reconcile.Source: what settlements refunded against what
// came back, and what came back against the returns that P21 has. A refund that
// came back counts on the other side with what was refunded.
func (s *Service) Compare(ctx context.Context, connectionID int64) (reconcile.Comparison, error) {
	if err := s.Check(ctx, connectionID); err != nil {
		return reconcile.Comparison{}, err
	}
	q := sqlc.New(s.pool)
	known, err := q.RefundsKnown(ctx, sqlc.RefundsKnownParams{ConnectionID: connectionID, Flow: returnsFlow})
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("read how far refunds are known: %w", err)
	}
	totals, err := q.RefundedTotals(ctx, connectionID)
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("add refunds up: %w", err)
	}
	cases, err := q.OpenRefundCases(ctx, connectionID)
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("read refunds and returns without the other: %w", err)
	}
	unreceived, err := q.ReturnsWithoutRMA(ctx, sqlc.ReturnsWithoutRMAParams{ConnectionID: connectionID, Late: period.DateOf(s.clock.Now()).AddDays(-rmaDays).Time()})
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("find returns that P21 has not: %w", err)
	}
	home := money.Currency(known.FunctionalCurrency)
	c := reconcile.Comparison{LeftAt: instant(known.Refunded), RightAt: instant(known.Returned), Totals: []reconcile.Total{{Currency: home}}}
	for _, t := range totals {
		c = counted(c, money.Currency(t.Currency), t.Items, t.Amount, t.Amount)
	}
	for _, x := range cases {
		o := openCase(x, home)
		c = counted(c, o.Currency, 0, decimal.Zero, o.Difference().Neg())
		c.Open = append(c.Open, o)
	}
	for _, x := range unreceived {
		c.Open = append(c.Open, withoutRMA(x, home))
	}
	return c, nil
}

func instant(t time.Time) time.Time {
	if t.Unix() == 0 {
		return time.Time{}
	}
	return t
}

// counted adds to the totals of a currency.
func counted(c reconcile.Comparison, currency money.Currency, items int64, left, right decimal.Decimal) reconcile.Comparison {
	for i := range c.Totals {
		if t := &c.Totals[i]; t.Currency == currency {
			t.Compared, t.Left, t.Right = t.Compared+items, t.Left.Add(left), t.Right.Add(right)
			return c
		}
	}
	c.Totals = append(c.Totals, reconcile.Total{Currency: currency, Compared: items, Left: left, Right: right})
	return c
}

func openCase(x sqlc.OpenRefundCasesRow, home money.Currency) reconcile.Open {
	o := reconcile.Open{Key: x.OrderID + " " + x.Sku, Currency: home, Since: period.DateOf(x.Since), Object: "refund_case", ObjectID: x.ID}
	if Finding(x.Finding) == NotReturned {
		o.Currency, o.Left, o.Cause = money.Currency(x.Currency), x.Amount, "Refunded, not returned"
		o.Detail = fmt.Sprintf("Refunded, and nothing came back in %d days; Amazon may owe a reimbursement.", returnDays)
		return o
	}
	o.Key, o.Cause, o.Units = "returned "+o.Key, "Returned, not refunded", decimal.NewNullDecimal(decimal.NewFromInt32(x.Units))
	o.Detail = fmt.Sprintf("%d came back, and nothing was refunded in %d days.", x.Units, refundDays)
	return o
}

func withoutRMA(x sqlc.ReturnsWithoutRMARow, home money.Currency) reconcile.Open {
	why := strings.TrimSpace(x.Problem)
	if why == "" {
		why = "It is " + x.State + "."
	}
	return reconcile.Open{Key: "no RMA " + x.Key, Currency: home, Units: decimal.NewNullDecimal(decimal.NewFromInt32(x.Quantity)), Since: period.DateOf(x.ReturnedOn),
		Cause: "Returned, no RMA", Detail: fmt.Sprintf("Order %s, SKU %s: P21 has no return of it. %s", x.OrderID, x.Sku, why), Object: "record", ObjectID: x.RecordID}
}
