// Package proceeds holds what settlements pay of Amazon's orders beside the orders
// that are held: what was settled must be known, and what was shipped must be
// settled.
package proceeds

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/reconcile"
	"tieout/sqlc"
)

// ordersFlow is the flow whose records are Amazon's orders.
const ordersFlow = "orders"

// How long either side may take. Amazon pays days after delivery, at the end of a
// cycle; and what is paid in the first days after orders began to be read may be
// of orders placed before.
const (
	LateDays  = 30
	graceDays = 30
)

// Service keeps sums per order and item, and compares; see reconcile.Source.
type Service struct {
	pool  *pgxpool.Pool
	clock clock.Clock
}

// NewService returns the service of a database.
func NewService(pool *pgxpool.Pool, c clock.Clock) *Service { return &Service{pool, c} }

// Name implements reconcile.Source.
func (s *Service) Name() reconcile.Name { return reconcile.Orders }

// Compare implements reconcile.Source. Settlements and orders that are new are
// summed first; running it again changes nothing.
func (s *Service) Compare(ctx context.Context, connectionID int64) (reconcile.Comparison, error) {
	if err := s.sum(ctx, connectionID); err != nil {
		return reconcile.Comparison{}, err
	}
	q := sqlc.New(s.pool)
	if _, err := q.NoteOrders(ctx, sqlc.NoteOrdersParams{ConnectionID: connectionID, Flow: ordersFlow}); err != nil {
		return reconcile.Comparison{}, fmt.Errorf("note orders: %w", err)
	}
	known, err := q.ProceedsKnown(ctx, sqlc.ProceedsKnownParams{ConnectionID: connectionID, Flow: ordersFlow})
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("read how far sales are known: %w", err)
	}
	c := reconcile.Comparison{LeftAt: instant(known.SettledTo), RightAt: instant(known.OrderedTo), Totals: []reconcile.Total{{Currency: money.Currency(known.FunctionalCurrency)}}}
	if c.LeftAt.IsZero() || known.OrderedFrom.Unix() == 0 {
		return c, nil // nothing is known on one side
	}
	return s.compare(ctx, q, connectionID, known, c)
}

func instant(t time.Time) time.Time {
	if t.Unix() == 0 {
		return time.Time{}
	}
	return t
}

// sum adds the sales of settlements up that are not yet; of one that was replaced
// none is left.
func (s *Service) sum(ctx context.Context, connectionID int64) error {
	list, err := sqlc.New(s.pool).SalesToSum(ctx, connectionID)
	if err != nil {
		return fmt.Errorf("find settlements to sum: %w", err)
	}
	for _, one := range list {
		if err := s.sumOne(ctx, one); err != nil {
			return fmt.Errorf("sum sales of settlement %d: %w", one.ID, err)
		}
	}
	return nil
}

func (s *Service) sumOne(ctx context.Context, one sqlc.SalesToSumRow) error {
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		q := sqlc.New(tx)
		if one.Replaced {
			return q.ForgetSales(ctx, one.ID)
		}
		kinds, err := q.KindsOfSettlement(ctx, one.ID)
		if err != nil {
			return fmt.Errorf("read kinds: %w", err)
		}
		p := sqlc.SumSalesParams{SettlementID: one.ID, Kinds: []int32{}}
		for _, k := range kinds {
			if Sale(k.TransactionType) {
				p.Kinds = append(p.Kinds, k.ID)
			}
		}
		if err := q.BeginSales(ctx, sqlc.BeginSalesParams{SettlementID: one.ID, Now: tx.Now}); err != nil {
			return err
		}
		return q.SumSales(ctx, p)
	})
}

// Sale reports whether a transaction type is that of a sale.
func Sale(transaction string) bool {
	t := strings.ToLower(strings.TrimSpace(transaction))
	return t == "order" || t == "shipment" || t == "order_retrocharge"
}

// compare finds what one side lacks. What both have counts on both with what was
// settled of it.
func (s *Service) compare(ctx context.Context, q *sqlc.Queries, connectionID int64, known sqlc.ProceedsKnownRow, c reconcile.Comparison) (reconcile.Comparison, error) {
	from := known.OrderedFrom.AddDate(0, 0, graceDays)
	totals, err := q.SalesTotals(ctx, sqlc.SalesTotalsParams{ConnectionID: connectionID, FromDay: from})
	if err != nil {
		return c, fmt.Errorf("add sales up: %w", err)
	}
	unknown, err := q.UnknownSales(ctx, sqlc.UnknownSalesParams{ConnectionID: connectionID, FromDay: from})
	if err != nil {
		return c, fmt.Errorf("find sales of unknown orders: %w", err)
	}
	late := lateBefore(period.DateOf(s.clock.Now()), period.DateOf(known.SettledTo))
	unpaid, err := q.NeverSettled(ctx, sqlc.NeverSettledParams{ConnectionID: connectionID, Late: late.Time(), FromDay: known.SettledFrom})
	if err != nil {
		return c, fmt.Errorf("find orders that were never settled: %w", err)
	}
	for _, t := range totals {
		add(&c, money.Currency(t.Currency), t.Items, t.Amount, t.Amount)
	}
	for _, x := range unknown {
		o := unknownOrder(x)
		add(&c, o.Currency, 0, decimal.Zero, x.Amount.Neg())
		c.Open = append(c.Open, o)
	}
	for _, x := range unpaid {
		o := neverSettled(x)
		add(&c, o.Currency, 1, decimal.Zero, x.Amount)
		c.Open = append(c.Open, o)
	}
	return c, nil
}

// lateBefore is the day before which what was shipped must be settled: so many
// days ago, counted from where settlements are known to.
func lateBefore(today, settledTo period.Date) period.Date {
	if settledTo.Before(today) {
		today = settledTo
	}
	return today.AddDays(-LateDays)
}

func add(c *reconcile.Comparison, currency money.Currency, items int64, left, right decimal.Decimal) {
	i := slices.IndexFunc(c.Totals, func(t reconcile.Total) bool { return t.Currency == currency })
	if i < 0 {
		i = len(c.Totals)
		c.Totals = append(c.Totals, reconcile.Total{Currency: currency})
	}
	t := &c.Totals[i]
	t.Compared, t.Left, t.Right = t.Compared+items, t.Left.Add(left), t.Right.Add(right)
}

func unknownOrder(x sqlc.UnknownSalesRow) reconcile.Open {
	o := reconcile.Open{Key: strings.TrimSpace(x.OrderID + " " + x.Sku), Currency: money.Currency(x.Currency), Left: x.Amount, Since: period.DateOf(x.PostedOn), Object: "settlement", ObjectID: x.SettlementID,
		Cause: "Settled, order unknown", Detail: "A settlement pays it, and no order with this id is held."}
	if x.Held {
		o.Cause, o.Detail = "Settled, item not in the order", "A settlement pays the item, and the order that is held does not have it."
	}
	return o
}

func neverSettled(x sqlc.NeverSettledRow) reconcile.Open {
	return reconcile.Open{Key: "shipped " + x.OrderID, Currency: money.Currency(x.Currency), Right: x.Amount, Since: period.DateOf(*x.ShippedOn), Object: "record", ObjectID: x.RecordID,
		Cause: "Shipped, never settled", Detail: fmt.Sprintf("Shipped more than %d days before the last settlement, and none pays it: %s.", LateDays, strings.Join(x.Skus, ", "))}
}
