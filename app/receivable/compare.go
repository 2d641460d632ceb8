package receivable

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/reconcile"
	"tieout/sqlc"
)

// lateDays is how long Amazon may take to settle what P21 has invoiced: until
// days after delivery, and then to the end of a cycle.
const lateDays = 30

// Name implements reconcile.Source.
func (s *Service) Name() reconcile.Name { return reconcile.Invoices }

// Compare implements reconcile.Source: what settlements pay of orders against
// what P21 has invoiced of them.
func (s *Service) Compare(ctx context.Context, connectionID int64) (reconcile.Comparison, error) {
	q := sqlc.New(s.pool)
	known, err := q.ReceivableKnown(ctx, connectionID)
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("read how far the receivable is known: %w", err)
	}
	if !known.Invoiced {
		return reconcile.Comparison{NotApplicable: "P21 does not invoice the orders of this connection."}, nil
	}
	late := period.DateOf(s.clock.Now()).AddDays(-lateDays).Time()
	sums, err := q.SumItems(ctx, sqlc.SumItemsParams{ConnectionID: connectionID, Late: late})
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("add both sides of the receivable up: %w", err)
	}
	rows, err := q.DifferingItems(ctx, sqlc.DifferingItemsParams{ConnectionID: connectionID, Late: late})
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("find what differs on the receivable: %w", err)
	}
	c := reconcile.Comparison{LeftAt: since(known.Settled), RightAt: since(known.Billed)}
	for _, r := range sums {
		c.Totals = append(c.Totals, reconcile.Total{Currency: money.Currency(r.Currency), Compared: r.Items, Left: r.Settled, Right: r.Due})
	}
	for _, r := range rows {
		c.Open = append(c.Open, openOf(r))
	}
	return c, nil
}

// since is an instant, or none where there was nothing to read.
func since(t time.Time) time.Time {
	if t.Unix() == 0 {
		return time.Time{}
	}
	return t
}

func openOf(r sqlc.DifferingItemsRow) reconcile.Open {
	i := Item{Order: r.OrderID, Currency: money.Currency(r.Currency), Invoices: r.Numbers, Bills: int(r.Bills), Invoiced: r.Invoiced, Credited: r.Credited, Date: dayOf(r.InvoicedOn),
		IsSettled: r.Settled, Tolerance: r.Tolerance, Paid: Parts{Principal: r.Principal, Tax: r.Tax, Shipping: r.Shipping, Promotion: r.Promotion, Refund: r.Refund}}
	o := reconcile.Open{Key: i.Order, Currency: i.Currency, Left: i.Paid.Total(), Right: i.Due(), Since: period.DateOf(r.Since), Object: "receivable",
		Cause: "Invoiced, not settled", Detail: fmt.Sprintf("P21 invoiced it with %s; no settlement has paid it in %d days.", strings.Join(i.Invoices, ", "), lateDays)}
	if reason, ok := Explain(i); ok {
		o.Cause, o.Detail = reason.Cause.Title(), reason.Text
	}
	if o.Cause == Rounding.Title() {
		o.Hint = "Rounding: " + o.Detail
	}
	return o
}
