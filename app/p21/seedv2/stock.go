package seedv2

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"time"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
)

type stockItem struct {
	CompanyId         string
	ProductCode       string
	LocationId        key
	QuantityOnHand    rest.Number
	QuantityAllocated rest.Number
	QuantityAvailable rest.Number
	QuantityInTransit rest.Number
	UnitCost          rest.Number
	LastModified      stamp
	RowVersion        key
}

func (i stockItem) held() p21.Stock {
	return p21.Stock{Company: i.CompanyId, Item: i.ProductCode, Location: string(i.LocationId), OnHand: i.QuantityOnHand.Decimal,
		Allocated: i.QuantityAllocated.Decimal, Available: i.QuantityAvailable.Decimal, InTransit: i.QuantityInTransit.Decimal,
		UnitCost: i.UnitCost.Decimal, ChangedAt: i.LastModified.Time, RowVersion: string(i.RowVersion)}
}

// Stock implements p21.System.
func (s *System) Stock(ctx context.Context, changedSince time.Time, location string) iter.Seq2[p21.Stock, error] {
	const operation = "read stock"
	q := query[stockItem]{operation: operation, path: stock, order: "ProductCode,LocationId", filter: "CompanyId eq " + rest.Literal(s.company)}
	if location != "" {
		q.filter += " and LocationId eq " + rest.Literal(location)
	}
	if !changedSince.IsZero() {
		q.filter += " and " + since(changedSince)
	}
	q.matches = func(i stockItem) bool {
		return i.CompanyId == s.company && (location == "" || string(i.LocationId) == location) && changed(i.LastModified, changedSince)
	}
	return translated(rows(ctx, s.rest, q), operation, "stock levels", stockItem.held)
}

// StockOf implements p21.System.
func (s *System) StockOf(ctx context.Context, item string) ([]p21.Stock, error) {
	const operation = "read stock"
	item = strings.ToUpper(item)
	found, err := list(ctx, s.rest, query[stockItem]{
		operation: operation, path: stock, order: "ProductCode,LocationId",
		filter:  fmt.Sprintf("CompanyId eq %s and ProductCode eq %s", rest.Literal(s.company), rest.Literal(item)),
		matches: func(i stockItem) bool { return i.CompanyId == s.company && i.ProductCode == item },
	})
	if err != nil {
		return nil, read(err, operation, "stock levels")
	}
	levels := make([]p21.Stock, len(found))
	for i, f := range found {
		levels[i] = f.held()
	}
	return levels, nil
}

// adjustTries is how often a quantity is read anew when somebody else was faster.
const adjustTries = 5

type stockChange struct {
	QuantityOnHand    rest.Number
	Reason            string
	ExternalReference string
	RowVersion        string
}

// AdjustStock implements p21.System: the facade replaces the quantity of the
// version that was read. A stale version is refused and read anew.
func (s *System) AdjustStock(ctx context.Context, a p21.Adjustment) (p21.Stock, error) {
	const operation = "adjust stock"
	if err := a.Validate(); err != nil {
		return p21.Stock{}, err
	}
	a.Item = strings.ToUpper(a.Item)
	path := stock + "/" + url.PathEscape(a.Item) + "/" + url.PathEscape(a.Location)
	for try := 1; ; try++ {
		held, err := s.stockItem(ctx, a.Item, a.Location)
		if err != nil {
			return p21.Stock{}, err
		}
		change := stockChange{rest.NumberOf(held.QuantityOnHand.Add(a.Delta)), a.Reason, a.Reference, string(held.RowVersion)}
		var given stockItem
		err = s.rest.Put(ctx, operation, path, a.Reference, change, &given)
		switch {
		case p21.TypeOf(err) == p21.Conflict && try < adjustTries:
			continue
		case err != nil:
			return p21.Stock{}, s.write(ctx, err, stock, operation, "stock adjustments", func(f *p21.Features) *bool { return &f.StockWrite })
		case given.ProductCode != a.Item || !given.QuantityOnHand.Equal(change.QuantityOnHand.Decimal):
			return p21.Stock{}, rest.Otherwise(operation, a.Item, fmt.Sprintf("%s on hand of %s, not %s", given.QuantityOnHand, given.ProductCode, change.QuantityOnHand))
		}
		return given.held(), nil
	}
}

// stockItem reads one level before it is changed.
func (s *System) stockItem(ctx context.Context, item, location string) (stockItem, error) {
	const operation = "adjust stock"
	found, err := list(ctx, s.rest, query[stockItem]{
		operation: operation, path: stock, order: "ProductCode",
		filter: fmt.Sprintf("CompanyId eq %s and ProductCode eq %s and LocationId eq %s", rest.Literal(s.company), rest.Literal(item), rest.Literal(location)),
		matches: func(i stockItem) bool {
			return i.CompanyId == s.company && i.ProductCode == item && string(i.LocationId) == location
		},
	})
	if err != nil {
		return stockItem{}, rest.NotSent(read(err, operation, "stock levels"))
	}
	if len(found) != 1 {
		return stockItem{}, rest.Wrong(operation, fmt.Sprintf("item %s is not stocked at location %s of company %s", item, location, s.company))
	}
	return found[0], nil
}
