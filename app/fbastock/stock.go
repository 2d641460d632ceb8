package fbastock

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/period"
	"tieout/sqlc"
)

// Store keeps what Amazon last said of its warehouses, and the differences from
// what P21 believes.
type Store struct{ pool *pgxpool.Pool }

// NewStore returns the store of a database.
func NewStore(pool *pgxpool.Pool) *Store { return &Store{pool} }

// keep stores a page of summaries of a marketplace, read at an instant.
func (s *Store) keep(ctx context.Context, connectionID int64, marketplace string, list []amazon.InventorySummary, at time.Time) error {
	type place struct{ sku, fnsku, condition string }
	seen := map[place]bool{}
	p := sqlc.KeepFBAStockParams{ConnectionID: connectionID, Marketplace: marketplace, ReadAt: at}
	for _, one := range list {
		where := place{one.SKU, one.FNSKU, one.Condition}
		if one.SKU == "" || seen[where] {
			continue
		}
		seen[where] = true
		d, changed := one.Details, one.UpdatedAt()
		if changed.IsZero() {
			changed = at
		}
		p.Skus, p.Fnskus, p.Conditions = append(p.Skus, one.SKU), append(p.Fnskus, one.FNSKU), append(p.Conditions, one.Condition)
		p.Asins, p.Titles, p.ChangedAt = append(p.Asins, one.ASIN), append(p.Titles, one.Title), append(p.ChangedAt, changed)
		p.Fulfillable, p.Unfulfillable, p.Researching = append(p.Fulfillable, int32(d.Fulfillable)), append(p.Unfulfillable, int32(d.Unfulfillable.Total)), append(p.Researching, int32(d.Researching.Total))
		p.InboundWorking, p.InboundShipped, p.InboundReceiving = append(p.InboundWorking, int32(d.InboundWorking)), append(p.InboundShipped, int32(d.InboundShipped)), append(p.InboundReceiving, int32(d.InboundReceiving))
		p.Orders, p.Transfers, p.Processing = append(p.Orders, int32(d.Reserved.Orders)), append(p.Transfers, int32(d.Reserved.Transfers)), append(p.Processing, int32(d.Reserved.Processing))
	}
	if err := sqlc.New(s.pool).KeepFBAStock(ctx, p); err != nil {
		return fmt.Errorf("keep FBA inventory: %w", err)
	}
	return nil
}

// drop forgets what a whole reading that began at an instant did not name, and
// returns those SKUs.
func (s *Store) drop(ctx context.Context, connectionID int64, begun time.Time) ([]string, error) {
	gone, err := sqlc.New(s.pool).DropFBAStock(ctx, sqlc.DropFBAStockParams{ConnectionID: connectionID, Begun: begun})
	if err != nil {
		return nil, fmt.Errorf("forget SKUs that Amazon does not name any more: %w", err)
	}
	return gone, nil
}

// held is what Amazon has of an SKU, and how many of the item each unit is.
type held struct {
	SKU           string `json:"sku"`
	Per           int    `json:"per"`
	Condition     string `json:"condition,omitempty"`
	Fulfillable   int    `json:"fulfillable"`
	Working       int    `json:"inbound_working"`
	Shipped       int    `json:"inbound_shipped"`
	Receiving     int    `json:"inbound_receiving"`
	Orders        int    `json:"orders"`
	Transfers     int    `json:"transfers"`
	Processing    int    `json:"processing"`
	Unfulfillable int    `json:"unfulfillable"`
	Researching   int    `json:"researching"`
}

// units are all that are in Amazon's hands.
func (h held) units() int {
	return h.Fulfillable + h.Orders + h.Transfers + h.Processing + h.Unfulfillable + h.Researching
}

// row is what Amazon has of an SKU.
type row struct {
	held
	title string
}

// all returns what Amazon has in the marketplaces that count.
func (s *Store) all(ctx context.Context, connectionID int64, marketplaces []string) ([]row, error) {
	found, err := sqlc.New(s.pool).ListFBAStock(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read FBA inventory: %w", err)
	}
	counts := map[string]bool{}
	for _, m := range marketplaces {
		counts[m] = true
	}
	var list []row
	for _, r := range found {
		if counts[r.Marketplace] {
			list = append(list, row{title: r.Title, held: held{SKU: r.Sku, Condition: r.Condition, Fulfillable: int(r.Fulfillable), Working: int(r.InboundWorking),
				Shipped: int(r.InboundShipped), Receiving: int(r.InboundReceiving), Orders: int(r.Orders), Transfers: int(r.Transfers), Processing: int(r.Processing),
				Unfulfillable: int(r.Unfulfillable), Researching: int(r.Researching)}})
		}
	}
	return list, nil
}

// mapped returns the SKUs whose maps were made since an instant.
func (s *Store) mapped(ctx context.Context, connectionID int64, since time.Time) ([]string, error) {
	skus, err := sqlc.New(s.pool).MapsMadeSince(ctx, sqlc.MapsMadeSinceParams{ConnectionID: connectionID, Since: since})
	if err != nil {
		return nil, fmt.Errorf("find SKUs that were mapped: %w", err)
	}
	return skus, nil
}

// place is what a location of P21 has of an item.
type place struct {
	Location  string          `json:"location"`
	OnHand    decimal.Decimal `json:"on_hand"`
	Allocated decimal.Decimal `json:"allocated"`
	Available decimal.Decimal `json:"available"`
	UnitCost  decimal.Decimal `json:"unit_cost"`
	// ChangedAt tells the same units again from units that did not move: P21 was
	// adjusted in between, and lost as many again.
	ChangedAt time.Time `json:"changed_at"`
}

// stocked returns what P21 last said of items.
func (s *Store) stocked(ctx context.Context, connectionID int64, items []string) (map[string][]place, error) {
	rows, err := sqlc.New(s.pool).StockOfItems(ctx, sqlc.StockOfItemsParams{ConnectionID: connectionID, Codes: items})
	if err != nil {
		return nil, fmt.Errorf("read P21's stock: %w", err)
	}
	places := map[string][]place{}
	for _, r := range rows {
		places[r.ItemCode] = append(places[r.ItemCode], place{r.Location, r.OnHand, r.Allocated, r.Available, r.UnitCost, r.ChangedAt})
	}
	return places, nil
}

// difference is one that stands since an instant.
type difference struct {
	since    time.Time
	approved bool
}

// note writes down by how much both sides differ. The difference that was
// adjusted by, since used, is over even where the next one is as large.
func (s *Store) note(ctx context.Context, connectionID int64, item string, units decimal.Decimal, used, now time.Time) (difference, error) {
	row, err := sqlc.New(s.pool).NoteFBADifference(ctx, sqlc.NoteFBADifferenceParams{ConnectionID: connectionID, ItemCode: item, Units: units, Used: used, Now: now})
	if err != nil {
		return difference{}, fmt.Errorf("note difference of %s: %w", item, err)
	}
	return difference{row.Since, row.ApprovedBy != nil}, nil
}

// end says that both sides are equal.
func (s *Store) end(ctx context.Context, connectionID int64, item string) error {
	if err := sqlc.New(s.pool).EndFBADifference(ctx, sqlc.EndFBADifferenceParams{ConnectionID: connectionID, ItemCode: item}); err != nil {
		return fmt.Errorf("end difference of %s: %w", item, err)
	}
	return nil
}

// day is the day whose maps hold.
func day(now time.Time) period.Date { return period.DateOf(now) }
