package p21

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/shopspring/decimal"
)

// Items are the product master and the stock of one P21 company. Sequences end
// at their first error.
type Items interface {
	// Items returns at least what has changed since then, deleted items excepted;
	// all of them for the zero time. By code.
	Items(ctx context.Context, changedSince time.Time) iter.Seq2[Item, error]
	// Item returns the item with this code; Type NotFound when there is none.
	Item(ctx context.Context, code string) (Item, error)
	// Stock returns at least what has changed since then at a location, at every
	// one when empty. By item and location.
	Stock(ctx context.Context, changedSince time.Time, location string) iter.Seq2[Stock, error]
	// StockOf returns what each location has of an item; none when P21 does not
	// stock it.
	StockOf(ctx context.Context, item string) ([]Stock, error)
	// AdjustStock adds to what a location has on hand, or takes away, and returns
	// what P21 holds then. It is applied at most once; P21 cannot be asked for
	// adjustments, so an Unknown outcome needs a person's look.
	AdjustStock(ctx context.Context, a Adjustment) (Stock, error)
}

// Item is something that the company sells.
type Item struct {
	Code        string
	Description string
	Extended    string // extended description
	Unit        string // unit of measure it is sold in
	ListPrice   decimal.Decimal
	Active      bool
	ChangedAt   time.Time // UTC
}

// Stock is what a location has of an item, in the item's unit.
type Stock struct {
	Company    string
	Item       string // code
	Location   string
	OnHand     decimal.Decimal
	Allocated  decimal.Decimal // promised to orders
	Available  decimal.Decimal
	InTransit  decimal.Decimal // on its way to the location
	UnitCost   decimal.Decimal // functional currency
	ChangedAt  time.Time       // UTC
	RowVersion string          // empty where the server has none
}

// Adjustment changes the quantity on hand.
type Adjustment struct {
	Reference string // ours; where servers keep it they refuse a second one
	Item      string
	Location  string
	Delta     decimal.Decimal // signed
	Reason    string          // P21's reason id
}

const reasonWidth = 20

// Validate returns an *Error of type Validation when no P21 could take the adjustment.
func (a Adjustment) Validate() error {
	c := complaints{}
	c.text(a.Reference, referenceWidth, "Reference")
	c.text(a.Item, itemWidth, "Item")
	c.text(a.Location, locationWidth, "Location")
	c.text(a.Reason, reasonWidth, "Reason")
	c.require(!a.Delta.IsZero(), "Delta", "is zero")
	c.require(a.Delta.Equal(a.Delta.Truncate(4)), "Delta", "has more than four decimals")
	return c.err("adjust stock", "the adjustment is not complete")
}

// CostOf returns what a unit of an item costs at any location; zero where P21
// does not tell.
func CostOf(ctx context.Context, items Items, code string) (decimal.Decimal, error) {
	held, err := items.StockOf(ctx, code)
	if err != nil {
		return decimal.Zero, fmt.Errorf("read cost of %s: %w", code, err)
	}
	for _, h := range held {
		if h.UnitCost.IsPositive() {
			return h.UnitCost, nil
		}
	}
	return decimal.Zero, nil
}
