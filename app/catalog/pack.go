package catalog

import (
	"context"
	"fmt"
	"time"

	"tieout/app/period"
	"tieout/sqlc"
)

// Pack is an SKU that stands for one item alone.
type Pack struct {
	SKU      string
	Quantity int  // of the item in one unit of the SKU
	FBA      bool // Amazon lists it as stored by Amazon in the marketplace
	Listed   bool // an offer of it in the marketplace is known
	Own      bool // its map is of this marketplace, not of all
}

// PacksOf returns the SKUs that stand for one of some items alone on a day, by
// item, the smallest first; kits are not among them.
func PacksOf(ctx context.Context, db sqlc.DBTX, connectionID int64, marketplace string, codes []string, day period.Date) (map[string][]Pack, error) {
	rows, err := sqlc.New(db).PacksOfItems(ctx, sqlc.PacksOfItemsParams{ConnectionID: connectionID, Marketplace: marketplace, Codes: codes, OnDay: day.Time()})
	if err != nil {
		return nil, fmt.Errorf("find SKUs of %d items: %w", len(codes), err)
	}
	packs := map[string][]Pack{}
	for _, r := range rows {
		packs[r.ItemCode] = append(packs[r.ItemCode], Pack{SKU: r.Sku, Quantity: int(r.Quantity), FBA: r.Fba, Listed: r.Listed, Own: r.Own})
	}
	return packs, nil
}

// PacksOf is PacksOf of the service's database.
func (s *Service) PacksOf(ctx context.Context, connectionID int64, marketplace string, codes []string, day period.Date) (map[string][]Pack, error) {
	return PacksOf(ctx, s.pool, connectionID, marketplace, codes, day)
}

// ResolveAll is ResolveAll of the service's database.
func (s *Service) ResolveAll(ctx context.Context, connectionID int64, marketplace string, skus []string, day period.Date) (map[string]Mapping, error) {
	return ResolveAll(ctx, s.pool, connectionID, marketplace, skus, day)
}

// ListedSince returns the items that an SKU was made to stand for alone since an
// instant, or of whose SKU Amazon shows something else since, by code.
func (s *Service) ListedSince(ctx context.Context, connectionID int64, since time.Time) ([]string, error) {
	codes, err := sqlc.New(s.pool).ItemsListedSince(ctx, sqlc.ItemsListedSinceParams{ConnectionID: connectionID, Since: since})
	if err != nil {
		return nil, fmt.Errorf("find items listed since: %w", err)
	}
	return codes, nil
}
