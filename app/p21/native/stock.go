package native

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
)

type stockRow struct {
	LocationID   rest.Number `json:"location_id"`
	CompanyID    text        `json:"company_id"`
	ItemUID      rest.Number `json:"inv_mast_uid"`
	OnHand       rest.Number `json:"qty_on_hand"`
	Allocated    rest.Number `json:"qty_allocated"`
	InTransit    rest.Number `json:"qty_in_transit"`
	Cost         rest.Number `json:"moving_average_cost"`
	DateModified string      `json:"date_last_modified"`
}

const stockColumns = "location_id,company_id,inv_mast_uid,qty_on_hand,qty_allocated,qty_in_transit,moving_average_cost,date_last_modified"

// Stock implements p21.System. Available is what is on hand less what is
// allocated; P21 has no column for it.
func (s *System) Stock(ctx context.Context, changedSince time.Time, location string) iter.Seq2[p21.Stock, error] {
	return func(yield func(p21.Stock, error) bool) {
		levels, err := s.stock(ctx, changedSince, location)
		if err != nil {
			yield(p21.Stock{}, err)
			return
		}
		for _, level := range levels {
			if !yield(level, nil) {
				return
			}
		}
	}
}

func (s *System) stock(ctx context.Context, changedSince time.Time, location string) ([]p21.Stock, error) {
	const operation = "read stock"
	if location != "" && !number(location) {
		return nil, rest.Wrong(operation, fmt.Sprintf("location %q is not a number", location))
	}
	filter := "company_id eq " + rest.Literal(s.company)
	if location != "" {
		filter += " and location_id eq " + location
	}
	if !changedSince.IsZero() {
		filter += " and " + s.since(changedSince)
	}
	found, err := table(ctx, s.rest, query[stockRow]{
		operation: operation, table: "inv_loc", order: "inv_mast_uid,location_id", columns: stockColumns, filter: filter,
		matches: func(r stockRow) bool {
			return r.CompanyID.is(s.company) && (location == "" || id(r.LocationID) == location) && s.changed(r.DateModified, changedSince)
		},
	})
	if err != nil {
		return nil, read(err, operation, "stock levels")
	}
	return s.levels(ctx, operation, found)
}

// StockOf implements p21.System.
func (s *System) StockOf(ctx context.Context, code string) ([]p21.Stock, error) {
	const operation = "read stock"
	known, err := s.itemsByCode(ctx, operation, []string{strings.ToUpper(code)})
	if err != nil {
		return nil, read(err, operation, "stock levels")
	}
	if len(known) == 0 {
		return nil, nil
	}
	uid := known[0].UID
	found, err := table(ctx, s.rest, query[stockRow]{
		operation: operation, table: "inv_loc", order: "inv_mast_uid,location_id", columns: stockColumns,
		filter:  fmt.Sprintf("company_id eq %s and inv_mast_uid eq %s", rest.Literal(s.company), id(uid)),
		matches: func(r stockRow) bool { return r.CompanyID.is(s.company) && r.ItemUID.Equal(uid.Decimal) },
	})
	if err != nil {
		return nil, read(err, operation, "stock levels")
	}
	return s.levels(ctx, operation, found)
}

// levels names the items of stock rows, by item and location.
func (s *System) levels(ctx context.Context, operation string, found []stockRow) ([]p21.Stock, error) {
	uids := make([]rest.Number, len(found))
	for i, r := range found {
		uids[i] = r.ItemUID
	}
	codes, err := s.codes(ctx, operation, uids)
	if err != nil {
		return nil, err
	}
	levels := make([]p21.Stock, len(found))
	for i, r := range found {
		at, err := s.stamp(r.DateModified)
		if err != nil {
			return nil, rest.Broken(operation, "%v", err)
		}
		levels[i] = p21.Stock{Company: r.CompanyID.trimmed(), Item: codes[id(r.ItemUID)], Location: id(r.LocationID), OnHand: r.OnHand.Decimal,
			Allocated: r.Allocated.Decimal, Available: r.OnHand.Sub(r.Allocated.Decimal), InTransit: r.InTransit.Decimal, UnitCost: r.Cost.Decimal, ChangedAt: at}
	}
	slices.SortFunc(levels, func(a, b p21.Stock) int {
		return cmp.Or(cmp.Compare(a.Item, b.Item), cmp.Compare(a.Location, b.Location))
	})
	return levels, nil
}

const adjustments = "/api/inventory/inventoryadjustments/createWmsAdjustment"

// AdjustStock implements p21.System. P21 applies the difference at once; it
// keeps no reference, so that it cannot refuse a second one.
func (s *System) AdjustStock(ctx context.Context, a p21.Adjustment) (p21.Stock, error) {
	const operation = "adjust stock"
	if err := a.Validate(); err != nil {
		return p21.Stock{}, err
	}
	a.Item = strings.ToUpper(a.Item)
	known, before, err := s.stocked(ctx, operation, a)
	if err != nil {
		return p21.Stock{}, err
	}
	var given []byte
	path := rest.WithQuery(adjustments, "locationId", a.Location, "reason", a.Reason, "approved", "true", "itemId", a.Item,
		"unitQuantity", a.Delta.String(), "unitOfMeasure", known.Unit.trimmed())
	if err := s.rest.Post(ctx, operation, path, a.Reference, nil, &given); err != nil {
		return p21.Stock{}, err
	}
	if given = bytes.TrimSpace(given); len(given) > 0 && !json.Valid(given) {
		return p21.Stock{}, rest.Broken(operation, "the answer is not JSON")
	}
	held, err := s.level(ctx, operation, a.Location, known.UID)
	switch {
	case err != nil || len(held) == 0:
		return p21.Stock{}, rest.Unread(operation, a.Item, err)
	case held[0].OnHand.Equal(before.OnHand):
		return p21.Stock{}, rest.Otherwise(operation, a.Item, fmt.Sprintf("still %s on hand", before.OnHand))
	}
	return held[0], nil
}

// stocked looks the item up, and what the company's location has of it.
func (s *System) stocked(ctx context.Context, operation string, a p21.Adjustment) (item, p21.Stock, error) {
	found, err := s.itemsByCode(ctx, operation, []string{a.Item})
	if err != nil {
		return item{}, p21.Stock{}, rest.NotSent(err)
	}
	missing := rest.Wrong(operation, fmt.Sprintf("item %s is not stocked at location %s of company %s", a.Item, a.Location, s.company))
	if len(found) == 0 || !number(a.Location) {
		return item{}, p21.Stock{}, missing
	}
	held, err := s.level(ctx, operation, a.Location, found[0].UID)
	switch {
	case err != nil:
		return item{}, p21.Stock{}, rest.NotSent(err)
	case len(held) == 0:
		return item{}, p21.Stock{}, missing
	}
	return found[0], held[0], nil
}

func (s *System) level(ctx context.Context, operation, location string, uid rest.Number) ([]p21.Stock, error) {
	found, err := table(ctx, s.rest, query[stockRow]{
		operation: operation, table: "inv_loc", order: "inv_mast_uid,location_id", columns: stockColumns,
		filter: fmt.Sprintf("company_id eq %s and location_id eq %s and inv_mast_uid eq %s", rest.Literal(s.company), location, id(uid)),
		matches: func(r stockRow) bool {
			return r.CompanyID.is(s.company) && id(r.LocationID) == location && r.ItemUID.Equal(uid.Decimal)
		},
	})
	if err != nil {
		return nil, err
	}
	return s.levels(ctx, operation, found)
}
