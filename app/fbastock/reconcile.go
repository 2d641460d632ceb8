package fbastock

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/exception"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/reconcile"
	"tieout/sqlc"
)

// Name implements reconcile.Source.
func (s *Store) Name() reconcile.Name { return reconcile.Stock }

// Compare implements reconcile.Source: what Amazon has of items against what P21
// believes, at P21's cost of a unit. Items that agree are counted and not valued.
func (s *Store) Compare(ctx context.Context, connectionID int64) (reconcile.Comparison, error) {
	q := sqlc.New(s.pool)
	known, err := q.FBAStockKnown(ctx, sqlc.FBAStockKnownParams{ConnectionID: connectionID, Flow: Name})
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("read how far stock is known: %w", err)
	}
	rows, err := q.FBADifferences(ctx, sqlc.FBADifferencesParams{ConnectionID: connectionID, Flow: Name, Class: string(exception.StockDifference)})
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("read differences of stock: %w", err)
	}
	total := reconcile.Total{Currency: money.Currency(known.FunctionalCurrency), Compared: known.Items}
	c := reconcile.Comparison{LeftAt: instant(known.Amazon), RightAt: instant(known.Compared)}
	for _, r := range rows {
		o := openOf(r, total.Currency)
		total.Left, total.Right = total.Left.Add(o.Left), total.Right.Add(o.Right)
		c.Open = append(c.Open, o)
	}
	c.Totals = []reconcile.Total{total}
	return c, nil
}

func instant(t time.Time) time.Time {
	if t.Unix() == 0 {
		return time.Time{}
	}
	return t
}

// openOf is a difference as an item, worth what its units cost to the cent. Where nobody is asked yet only the
// difference is known, and it stands on the side that has more.
func openOf(r sqlc.FBADifferencesRow, currency money.Currency) reconcile.Open {
	amazon, p21 := decimal.Max(r.Units, decimal.Zero), decimal.Max(r.Units.Neg(), decimal.Zero)
	detail := fmt.Sprintf("Amazon has %s more than P21", r.Units)
	if r.Units.IsNegative() {
		detail = fmt.Sprintf("P21 has %s more than Amazon", r.Units.Neg())
	}
	left, wrongLeft := decimal.NewFromString(r.Amazon)
	right, wrongRight := decimal.NewFromString(r.Prophet21)
	if wrongLeft == nil && wrongRight == nil && left.Sub(right).Equal(r.Units) {
		amazon, p21 = left, right
		detail = fmt.Sprintf("Amazon has %s, P21 has %s", left, right)
	}
	value := func(units decimal.Decimal) decimal.Decimal {
		return money.New(units.Mul(r.UnitCost), currency).Round().Value
	}
	cause := "Amazon has more"
	if r.Units.IsNegative() {
		cause = "P21 has more"
	}
	return reconcile.Open{Key: r.ItemCode, Currency: currency, Left: value(p21).Add(value(amazon.Sub(p21))), Right: value(p21), Units: decimal.NewNullDecimal(r.Units), Cause: cause,
		Detail: detail + "; a unit costs " + money.Format(r.UnitCost, currency) + " " + string(currency) + ".", Since: period.DateOf(r.Since), Object: "record", ObjectID: r.RecordID}
}

// Movement is a day of Amazon's ledger on which an SKU of an item moved.
type Movement struct {
	RecordID int64
	Day      string // with country and SKU
	What     string
}

// Movements returns the newest days of Amazon's ledger of an item's record.
func (s *Store) Movements(ctx context.Context, recordID int64) ([]Movement, error) {
	rows, err := sqlc.New(s.pool).MovementsOfItem(ctx, sqlc.MovementsOfItemParams{RecordID: recordID, Ledger: ledgerFlow, Size: 31})
	if err != nil {
		return nil, fmt.Errorf("read movements of record %d: %w", recordID, err)
	}
	list := make([]Movement, len(rows))
	for i, r := range rows {
		list[i] = Movement{r.ID, r.Key, r.Title}
	}
	return list, nil
}

// ledgerFlow is the flow whose records are days of Amazon's ledger.
const ledgerFlow = "fba_ledger"
