package main

import (
	"context"
	"fmt"
	"time"

	"tieout/app/audit"
	"tieout/app/catalog"
	"tieout/app/money"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
)

// furnishProducts gives a connection the simulated seller's products: the items
// of P21, Amazon's listings, and maps of four in five. Once: what a person
// changed later stays.
func (p *program) furnishProducts(ctx context.Context, connectionID int64, currency money.Currency, marketplaces []string, actor audit.Actor) error {
	known, err := p.catalog.SearchItems(ctx, connectionID, "", 1)
	if err != nil || len(known) > 0 {
		return err
	}
	system, err := p.connections.P21(ctx, connectionID)
	if err != nil {
		return err
	}
	if _, err := p.catalog.ReadItems(ctx, connectionID, currency, system.Items(ctx, time.Time{})); err != nil {
		return fmt.Errorf("read P21's items: %w", err)
	}
	products := seller.Products()
	_, err = p.catalog.UpsertListings(ctx, connectionID, func(yield func(catalog.Listing, error) bool) {
		for _, x := range products {
			for _, marketplace := range marketplaces {
				l := catalog.Listing{Marketplace: marketplace, SKU: x.SKU, ASIN: x.ASIN, Title: x.Title, Channel: catalog.FBA, Status: "Active"}
				if !yield(l, nil) {
					return
				}
			}
		}
	})
	if err != nil {
		return fmt.Errorf("furnish listings: %w", err)
	}
	from := p.catalog.Today().AddDays(-400)
	for i, x := range products {
		if i%5 == 4 {
			continue // left for a person to map
		}
		_, err := p.catalog.Map(ctx, actor, catalog.New{ConnectionID: connectionID, SKU: x.SKU, From: from, Parts: catalog.Parts{{Code: p21stand.ProductCode(x.SKU), Quantity: 1}}})
		if err != nil {
			return fmt.Errorf("furnish map of %s: %w", x.SKU, err)
		}
	}
	return nil
}
