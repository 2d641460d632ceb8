package deposit

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/reconcile"
)

// Name implements reconcile.Source.
func (s *Service) Name() reconcile.Name { return reconcile.Deposits }

// Compare holds a connection's deposits against bank lines, within the days that
// statements tell of. It is the detail behind Figures.
func (s *Service) Compare(ctx context.Context, connectionID int64) (reconcile.Comparison, error) {
	figures, err := s.Figures(ctx, connectionID)
	if err != nil {
		return reconcile.Comparison{}, err
	}
	if len(figures) == 0 {
		return reconcile.Comparison{NotApplicable: "There is no bank statement of an account that its deposits come to."}, nil
	}
	c := comparison{totals: map[money.Currency]*reconcile.Total{}}
	for _, f := range figures {
		c.total(f.Unexplained.Currency)
		if t := f.To.Time(); t.After(c.RightAt) {
			c.LeftAt, c.RightAt = t, t
		}
	}
	for _, state := range []State{Received, Missing, Differs} {
		list, err := s.Deposits(ctx, Filter{Connection: connectionID, State: string(state), PageSize: mostDeposits})
		if err != nil {
			return c.Comparison, err
		}
		for _, d := range list {
			c.deposit(d)
		}
	}
	accounts, err := s.Accounts(ctx)
	if err != nil {
		return c.Comparison, err
	}
	ours := map[int64]bool{} // a line counts with its account's first connection
	for _, a := range accounts {
		ours[a.ID] = len(a.Connections) > 0 && a.Connections[0] == connectionID
	}
	for _, state := range []LineState{LineAmazon, LineDiffers} {
		list, err := s.Lines(ctx, LineFilter{Connection: connectionID, State: state, PageSize: mostLines})
		if err != nil {
			return c.Comparison, err
		}
		for _, l := range list {
			if l.State() == state && ours[l.AccountID] {
				c.line(l)
			}
		}
	}
	for _, t := range c.totals {
		c.Totals = append(c.Totals, *t)
	}
	return c.Comparison, nil
}

// comparison is one being made.
type comparison struct {
	reconcile.Comparison
	totals map[money.Currency]*reconcile.Total
}

func (c *comparison) total(currency money.Currency) *reconcile.Total {
	if c.totals[currency] == nil {
		c.totals[currency] = &reconcile.Total{Currency: currency}
	}
	return c.totals[currency]
}

func (c *comparison) add(currency money.Currency, left, right decimal.Decimal) {
	t := c.total(currency)
	t.Compared, t.Left, t.Right = t.Compared+1, t.Left.Add(left), t.Right.Add(right)
}

func (c *comparison) deposit(d Deposit) {
	c.add(d.Amount.Currency, d.Amount.Value, d.Matched.Value)
	if d.State == Received {
		return
	}
	cause := "Not received"
	if d.State == Differs {
		cause = "Amount differs"
	}
	c.Open = append(c.Open, reconcile.Open{Key: "deposit " + d.AmazonID, Currency: d.Amount.Currency, Left: d.Amount.Value, Right: d.Matched.Value, Cause: cause,
		Detail: fmt.Sprintf("Deposit of settlement %s of %s.", d.AmazonID, d.Due), Since: d.Due, Object: "deposit", ObjectID: d.SettlementID})
}

func (c *comparison) line(l Line) {
	c.add(l.Amount.Currency, l.Matched.Value, l.Amount.Value)
	c.Open = append(c.Open, reconcile.Open{Key: fmt.Sprintf("line %d", l.ID), Currency: l.Amount.Currency, Left: l.Matched.Value, Right: l.Amount.Value, Cause: "Received, no settlement",
		Detail: fmt.Sprintf("%s on %s.", l.Description, l.AccountName), Since: l.Booked, Object: "bank_line", ObjectID: l.ID})
}
