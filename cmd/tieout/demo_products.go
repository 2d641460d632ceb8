package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"tieout/app/audit"
	"tieout/app/catalog"
	"tieout/cmd/sandbox/seller"
)

// furnishProducts gives a connection the simulated seller's products: the items
// of P21, Amazon's listings, and maps of four in five. Once: what a person
// changed later stays.
func (p *program) furnishProducts(ctx context.Context, connectionID int64, marketplaces []string, actor audit.Actor) error {
	known, err := p.catalog.SearchItems(ctx, connectionID, "", 1)
	if err != nil || len(known) > 0 {
		return err
	}
	products := seller.Products()
	_, err = p.catalog.UpsertItems(ctx, connectionID, func(yield func(catalog.Item, error) bool) {
		for _, x := range products {
			if !yield(demoItem(x), nil) {
				return
			}
		}
	})
	if err != nil {
		return fmt.Errorf("furnish items: %w", err)
	}
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
		_, quantity := single(x.Title)
		_, err := p.catalog.Map(ctx, actor, catalog.New{ConnectionID: connectionID, SKU: x.SKU, From: from, Parts: catalog.Parts{{Code: demoItem(x).Code, Quantity: quantity}}})
		if err != nil {
			return fmt.Errorf("furnish map of %s: %w", x.SKU, err)
		}
	}
	return nil
}

// demoItem is the P21 item behind a product: P21 writes its codes without
// hyphens and sells sets by the piece.
func demoItem(x seller.Product) catalog.Item {
	name, _ := single(x.Title)
	return catalog.Item{Code: strings.ReplaceAll(x.SKU, "-", ""), Description: name, Unit: "EA", Active: true}
}

var setOf = regexp.MustCompile(`, Set of ([0-9]+)$`)

// single is a title without its number of pieces, and that number.
func single(title string) (string, int) {
	found := setOf.FindStringSubmatch(title)
	if found == nil {
		return title, 1
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		return title, 1
	}
	return strings.TrimSuffix(title, found[0]), n
}
