package inventory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/sqlc"
)

// Shelf keeps what P21 last said of stock.
type Shelf struct{ pool *pgxpool.Pool }

// NewShelf returns the shelf of a database.
func NewShelf(pool *pgxpool.Pool) *Shelf { return &Shelf{pool} }

// Keep stores rows of P21's stock; what is older than what is known changes nothing.
func (s *Shelf) Keep(ctx context.Context, connectionID int64, list []p21.Stock) error {
	type place struct{ item, location string }
	newest := map[place]p21.Stock{}
	for _, one := range list {
		at := place{one.Item, one.Location}
		if known, ok := newest[at]; !ok || !one.ChangedAt.Before(known.ChangedAt) {
			newest[at] = one
		}
	}
	params := sqlc.KeepStockParams{ConnectionID: connectionID}
	for at, one := range newest {
		params.Items, params.Locations = append(params.Items, at.item), append(params.Locations, at.location)
		params.OnHand, params.Allocated = append(params.OnHand, one.OnHand), append(params.Allocated, one.Allocated)
		params.Available, params.UnitCosts = append(params.Available, one.Available), append(params.UnitCosts, one.UnitCost)
		params.ChangedAt = append(params.ChangedAt, one.ChangedAt)
	}
	if err := sqlc.New(s.pool).KeepStock(ctx, params); err != nil {
		return fmt.Errorf("keep stock: %w", err)
	}
	return nil
}

// part is one item of what an SKU stands for.
type part struct {
	Item     string `json:"item"`
	Quantity int64  `json:"quantity"`
}

// held is what a location has of an item.
type held struct {
	Location  string          `json:"location"`
	Item      string          `json:"item"`
	Available decimal.Decimal `json:"available"`
}

// content is an SKU with the stock of its items.
type content struct {
	SKU   string `json:"sku"`
	Parts []part `json:"parts"`
	Stock []held `json:"stock"`
	// Channel is who fulfils it at Amazon; empty: Amazon has no listing.
	Channel string `json:"channel"`
}

// found is a content and when anything of it last changed.
type found struct {
	content
	at time.Time
}

// touched returns the SKUs whose items changed, or that were mapped since; all
// of them when everyone.
func (s *Shelf) touched(ctx context.Context, connectionID int64, items []string, since time.Time, everyone bool, day period.Date) ([]found, error) {
	rows, err := sqlc.New(s.pool).SKUsToStock(ctx, sqlc.SKUsToStockParams{ConnectionID: connectionID, OnDay: day.Time(), MadeSince: since, EveryOne: everyone, Codes: items})
	if err != nil {
		return nil, fmt.Errorf("find SKUs of %d items: %w", len(items), err)
	}
	ids, list := make([]int64, len(rows)), make([]found, len(rows))
	for i, r := range rows {
		ids[i], list[i] = r.ID, found{content{SKU: r.Sku, Channel: known(r.Own)}, r.MadeAt}
	}
	return list, s.fill(ctx, ids, list)
}

// known is the channel as far as listings tell it.
func known(own bool) string {
	if own {
		return amazon.MerchantChannel
	}
	return ""
}

// one returns a single SKU; false when it is not mapped.
func (s *Shelf) one(ctx context.Context, connectionID int64, sku string, day period.Date) (found, bool, error) {
	r, err := sqlc.New(s.pool).MapOfSKU(ctx, sqlc.MapOfSKUParams{ConnectionID: connectionID, Sku: sku, OnDay: day.Time()})
	if errors.Is(err, pgx.ErrNoRows) {
		return found{}, false, nil
	}
	if err != nil {
		return found{}, false, fmt.Errorf("find map of %s: %w", sku, err)
	}
	list := []found{{content{SKU: sku, Channel: known(r.Own)}, r.MadeAt}}
	err = s.fill(ctx, []int64{r.ID}, list)
	return list[0], true, err
}

// fill adds items and stock to SKUs, given the ids of their maps.
func (s *Shelf) fill(ctx context.Context, ids []int64, list []found) error {
	at := map[int64]int{}
	for i, id := range ids {
		at[id] = i
	}
	parts, err := sqlc.New(s.pool).PartsOfMaps(ctx, ids)
	if err != nil {
		return fmt.Errorf("read items of SKUs: %w", err)
	}
	for _, p := range parts {
		f := &list[at[p.SkuMapID]]
		f.Parts = append(f.Parts, part{p.ItemCode, int64(p.Quantity)})
	}
	stock, err := sqlc.New(s.pool).StockOfMaps(ctx, ids)
	if err != nil {
		return fmt.Errorf("read stock of SKUs: %w", err)
	}
	for _, r := range stock {
		f := &list[at[r.SkuMapID]]
		f.Stock = append(f.Stock, held{r.Location, r.ItemCode, r.Available})
		if r.ChangedAt.After(f.at) {
			f.at = r.ChangedAt
		}
	}
	return nil
}
