package catalog

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tieout/app/database"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// State says how it stands with an SKU today.
type State string

// The states.
const (
	Mapped   State = "mapped"
	Unmapped State = "unmapped"
	Inactive State = "inactive" // mapped, but P21 no longer sells one of the items
)

// Filter selects products of a list; zero values select everything.
type Filter struct {
	ConnectionID int64
	Marketplace  string // Amazon's id
	State        State
	Text         string // in SKU, title, ASIN or item
	After        Key    // the last row shown
	PageSize     int32
}

// Key places a product in the list.
type Key struct {
	SKU, Marketplace string
	ConnectionID     int64
}

// Product is an SKU in a marketplace with the map that holds today.
type Product struct {
	Key
	ConnectionName string
	ASIN, Title    string // empty when Amazon does not list the SKU
	Channel        Channel
	Status         string
	MapID          int64 // 0: none
	From, To       period.Date
	Parts          Parts // codes and quantities alone
	State          State
}

// Products returns a page of products by SKU.
func (s *Service) Products(ctx context.Context, f Filter) ([]Product, error) {
	rows, err := sqlc.New(s.pool).ListProducts(ctx, sqlc.ListProductsParams{OnDay: s.Today().Time(), ConnectionID: database.Key(f.ConnectionID), Marketplace: f.Marketplace,
		Pattern: pattern(f.Text), State: string(f.State), AfterSku: f.After.SKU, AfterMarketplace: f.After.Marketplace, AfterConnection: f.After.ConnectionID, PageSize: f.PageSize})
	if err != nil {
		return nil, fmt.Errorf("list products: %w", err)
	}
	list := make([]Product, len(rows))
	for i, r := range rows {
		p := Product{Key: Key{r.Sku, r.Marketplace, r.ConnectionID}, ConnectionName: r.ConnectionName, ASIN: r.Asin, Title: r.Title, Channel: Channel(r.Channel),
			Status: r.Status, MapID: r.MapID, To: dayOf(r.ValidTo), State: State(r.State)}
		if r.MapID != 0 {
			p.From = period.DateOf(r.ValidFrom)
		}
		for n, code := range r.Codes {
			p.Parts = append(p.Parts, Part{Code: code, Quantity: int(r.Quantities[n])})
		}
		list[i] = p
	}
	return list, nil
}

// Counts returns how many products of the filter are in each state, whatever
// state the filter asks for.
func (s *Service) Counts(ctx context.Context, f Filter) (map[State]int64, error) {
	rows, err := sqlc.New(s.pool).CountProducts(ctx, sqlc.CountProductsParams{OnDay: s.Today().Time(), ConnectionID: database.Key(f.ConnectionID), Marketplace: f.Marketplace, Pattern: pattern(f.Text)})
	if err != nil {
		return nil, fmt.Errorf("count products: %w", err)
	}
	counts := map[State]int64{}
	for _, r := range rows {
		counts[State(r.State)] = r.Products
	}
	return counts, nil
}

// Get returns one map.
func (s *Service) Get(ctx context.Context, id int64) (Mapping, error) {
	row, err := sqlc.New(s.pool).LockSKUMap(ctx, id)
	if err != nil {
		return Mapping{}, missing(err)
	}
	all, err := s.History(ctx, row.ConnectionID, row.Sku)
	if err != nil {
		return Mapping{}, err
	}
	for _, m := range all {
		if m.ID == id {
			return m, nil
		}
	}
	return Mapping{}, fmt.Errorf("read SKU map %d: it is not in its history", id)
}

// History returns every map that an SKU ever had, by marketplace and the
// newest first.
func (s *Service) History(ctx context.Context, connectionID int64, sku string) ([]Mapping, error) {
	return mapsOf(ctx, s.pool, sqlc.SKUMapsOfParams{ConnectionID: &connectionID, Skus: []string{sku}})
}

// InForce returns the maps that hold today or later, connectionID 0 of all.
func (s *Service) InForce(ctx context.Context, connectionID int64) ([]Mapping, error) {
	day := s.Today().Time()
	return mapsOf(ctx, s.pool, sqlc.SKUMapsOfParams{ConnectionID: database.Key(connectionID), NotOver: &day})
}

// Listings returns where Amazon shows an SKU.
func (s *Service) Listings(ctx context.Context, connectionID int64, sku string) ([]Listing, error) {
	return listings(ctx, s.pool, connectionID, sku)
}

func listings(ctx context.Context, db sqlc.DBTX, connectionID int64, sku string) ([]Listing, error) {
	rows, err := sqlc.New(db).ListingsOfSKU(ctx, sqlc.ListingsOfSKUParams{ConnectionID: connectionID, Sku: sku})
	if err != nil {
		return nil, fmt.Errorf("read listings of %s: %w", sku, err)
	}
	list := make([]Listing, len(rows))
	for i, r := range rows {
		list[i] = Listing{Marketplace: r.Marketplace, SKU: r.Sku, ASIN: r.Asin, FNSKU: r.Fnsku, Title: r.Title, Identifiers: r.Identifiers,
			Channel: Channel(r.Channel), Status: r.Status, SeenAt: r.SeenAt.In(time.UTC)}
	}
	return list, nil
}

// SearchItems returns items whose code begins with text or whose description
// holds it, those that are sold first.
func (s *Service) SearchItems(ctx context.Context, connectionID int64, text string, limit int32) ([]Item, error) {
	params := sqlc.SearchItemsParams{ConnectionID: connectionID, Anywhere: pattern(text), PageSize: limit}
	if text = strings.TrimSpace(text); text != "" {
		params.Prefix = escape(text) + "%"
	}
	rows, err := sqlc.New(s.pool).SearchItems(ctx, params)
	if err != nil {
		return nil, fmt.Errorf("search items: %w", err)
	}
	items := make([]Item, len(rows))
	for i, r := range rows {
		items[i] = Item{Code: r.Code, Description: r.Description, Unit: r.Unit, Active: r.Active, ListPrice: r.ListPrice, Currency: money.Currency(r.Currency)}
	}
	return items, nil
}

// pattern finds text anywhere, "" stays empty.
func pattern(text string) string {
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	return "%" + escape(text) + "%"
}

// escape takes text as it stands: LIKE's signs mean nothing in it.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}
