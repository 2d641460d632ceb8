package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// Resolve returns the map of an SKU that holds in the marketplace on the day:
// the marketplace's own before the general one.
func Resolve(ctx context.Context, db sqlc.DBTX, connectionID int64, marketplace, sku string, day period.Date) (m Mapping, found bool, err error) {
	all, err := ResolveAll(ctx, db, connectionID, marketplace, []string{sku}, day)
	if err != nil {
		return Mapping{}, false, err
	}
	m, found = all[sku]
	return m, found, nil
}

// ResolveAll is Resolve for many SKUs in one query; SKUs without a map are
// missing from the answer.
func ResolveAll(ctx context.Context, db sqlc.DBTX, connectionID int64, marketplace string, skus []string, day period.Date) (map[string]Mapping, error) {
	rows, err := sqlc.New(db).ResolveSKUs(ctx, sqlc.ResolveSKUsParams{ConnectionID: connectionID, Marketplace: marketplace, Skus: skus, OnDay: day.Time()})
	if err != nil {
		return nil, fmt.Errorf("resolve %d SKUs: %w", len(skus), err)
	}
	maps := map[string]Mapping{}
	for _, r := range rows {
		m, known := maps[r.Sku]
		if !known {
			m = Mapping{ID: r.ID, ConnectionID: connectionID, Marketplace: r.Marketplace, SKU: r.Sku, From: period.DateOf(r.ValidFrom), To: dayOf(r.ValidTo)}
		}
		m.Parts = append(m.Parts, Part{Code: r.ItemCode, Quantity: int(r.Quantity), Share: r.Share, Description: r.Description,
			Active: r.Active, ListPrice: r.ListPrice, Currency: money.Currency(r.Currency)})
		maps[r.Sku] = m
	}
	return maps, nil
}

// mapsOf reads maps with their parts; without SKUs those of the connection that
// are not over on a day.
func mapsOf(ctx context.Context, db sqlc.DBTX, params sqlc.SKUMapsOfParams) ([]Mapping, error) {
	rows, err := sqlc.New(db).SKUMapsOf(ctx, params)
	if err != nil {
		return nil, fmt.Errorf("read SKU maps: %w", err)
	}
	var list []Mapping
	for _, r := range rows {
		if len(list) == 0 || list[len(list)-1].ID != r.ID {
			list = append(list, Mapping{ID: r.ID, ConnectionID: r.ConnectionID, Marketplace: r.Marketplace, SKU: r.Sku, From: period.DateOf(r.ValidFrom),
				To: dayOf(r.ValidTo), Note: r.Note, MadeBy: r.MadeName, MadeAt: r.MadeAt, Version: int(r.Version)})
		}
		m := &list[len(list)-1]
		m.Parts = append(m.Parts, Part{Code: r.ItemCode, Quantity: int(r.Quantity), Share: r.Share, Description: r.Description,
			Active: r.Active, ListPrice: r.ListPrice, Currency: money.Currency(r.Currency)})
	}
	return list, nil
}

// itemsByCode returns the items of these codes that there are.
func itemsByCode(ctx context.Context, db sqlc.DBTX, connectionID int64, codes []string) (map[string]Item, error) {
	rows, err := sqlc.New(db).ItemsByCode(ctx, sqlc.ItemsByCodeParams{ConnectionID: connectionID, Codes: codes})
	if err != nil {
		return nil, fmt.Errorf("read items: %w", err)
	}
	items := make(map[string]Item, len(rows))
	for _, r := range rows {
		items[r.Code] = Item{Code: r.Code, Description: r.Description, Unit: r.Unit, Active: r.Active, ListPrice: r.ListPrice, Currency: money.Currency(r.Currency)}
	}
	return items, nil
}

func dayOf(t *time.Time) period.Date {
	if t == nil {
		return period.Date{}
	}
	return period.DateOf(*t)
}

func timeOf(d period.Date) *time.Time {
	if d == (period.Date{}) {
		return nil
	}
	t := d.Time()
	return &t
}

// ShareOf is a given share.
func ShareOf(d decimal.Decimal) decimal.NullDecimal {
	return decimal.NullDecimal{Decimal: d, Valid: true}
}
