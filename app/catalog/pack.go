package catalog

import (
	"context"
	"fmt"

	"tieout/app/period"
	"tieout/sqlc"
)

// Pack is an SKU that stands for one item alone.
type Pack struct {
	SKU      string
	Quantity int  // of the item in one unit of the SKU
	FBA      bool // Amazon lists it as stored by Amazon in the marketplace
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
		packs[r.ItemCode] = append(packs[r.ItemCode], Pack{SKU: r.Sku, Quantity: int(r.Quantity), FBA: r.Fba, Own: r.Own})
	}
	return packs, nil
}
