package settlement

import (
	"context"
	"fmt"

	"tieout/sqlc"
)

// Place is a settlement that an order or a SKU stands in.
type Place struct {
	SettlementID int64
	AmazonID     string
	Lines        int64
	SKU          bool // found as a SKU, not as an order
}

// Places finds an order id, a merchant's order id or a SKU among all lines,
// the newest settlements first, through what the import noted of each block.
func (s *Service) Places(ctx context.Context, text string, limit int) ([]Place, error) {
	places, err := s.orderPlaces(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("find order %q: %w", text, err)
	}
	products, err := sqlc.New(s.pool).ProductPlaces(ctx, sqlc.ProductPlacesParams{Sku: text, Size: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("find SKU %q: %w", text, err)
	}
	for _, p := range products {
		places = append(places, Place{SettlementID: p.ID, AmazonID: p.AmazonID, Lines: p.Lines, SKU: true})
	}
	return places[:min(len(places), limit)], nil
}

func (s *Service) orderPlaces(ctx context.Context, orderID string) ([]Place, error) {
	db := sqlc.New(s.pool)
	buckets := bucketsOf([]byte(orderID))
	candidates, err := db.OrderBlocks(ctx, sqlc.OrderBlocksParams{FirstBucket: buckets[0], SecondBucket: buckets[1]})
	if err != nil {
		return nil, err
	}
	find := sqlc.CountOrderLinesParams{OrderID: orderID}
	for _, c := range candidates {
		blocks := blockSet(c.First)
		blocks.keep(c.Second)
		for _, r := range blocks.runs(0, int32(len(blocks)*8*rowsPerBlock)) {
			find.SettlementIds = append(find.SettlementIds, c.ID)
			find.FirstRows, find.LastRows = append(find.FirstRows, r.from), append(find.LastRows, r.to)
		}
	}
	counts, err := db.CountOrderLines(ctx, find)
	if err != nil {
		return nil, err
	}
	lines := map[int64]int64{}
	for _, c := range counts {
		lines[c.SettlementID] = c.Lines
	}
	var places []Place
	for _, c := range candidates {
		if lines[c.ID] > 0 {
			places = append(places, Place{SettlementID: c.ID, AmazonID: c.AmazonID, Lines: lines[c.ID]})
		}
	}
	return places, nil
}
