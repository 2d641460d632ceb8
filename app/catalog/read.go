package catalog

import (
	"context"
	"fmt"
	"iter"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/p21"
	"tieout/sqlc"
)

// ReadItems stores P21's product master; list prices are in the company's
// currency.
func (s *Service) ReadItems(ctx context.Context, connectionID int64, currency money.Currency, master iter.Seq2[p21.Item, error]) (Upserted, error) {
	return s.UpsertItems(ctx, connectionID, func(yield func(Item, error) bool) {
		for x, err := range master {
			item := Item{Code: x.Code, Description: x.Description, Extended: x.Extended, Unit: x.Unit, Active: x.Active}
			if x.ListPrice.IsPositive() {
				item.ListPrice, item.Currency = decimal.NewNullDecimal(x.ListPrice), currency
			}
			if !yield(item, err) {
				return
			}
		}
	})
}

// NoteListings keeps listings that nothing is known of yet, such as those that
// orders mention; what Amazon itself said of a listing stays as it is.
func (s *Service) NoteListings(ctx context.Context, connectionID int64, listings []Listing) error {
	now := s.clock.Now()
	p := sqlc.NoteListingsParams{ConnectionID: connectionID, Now: now}
	for _, l := range listings {
		if l.SKU == "" || l.Marketplace == "" {
			continue
		}
		p.Marketplaces, p.Skus, p.Asins = append(p.Marketplaces, l.Marketplace), append(p.Skus, l.SKU), append(p.Asins, l.ASIN)
		p.Titles, p.Channels = append(p.Titles, l.Title), append(p.Channels, string(l.Channel))
	}
	if len(p.Skus) == 0 {
		return nil
	}
	if err := sqlc.New(s.pool).NoteListings(ctx, p); err != nil {
		return fmt.Errorf("note %d listings: %w", len(p.Skus), err)
	}
	return nil
}
