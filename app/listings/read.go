package listings

import (
	"context"
	"iter"
	"strings"

	"tieout/app/amazon"
	"tieout/app/catalog"
)

// Keep stores what Amazon shows.
type Keep func(ctx context.Context, connectionID int64, listings iter.Seq2[catalog.Listing, error]) (catalog.Upserted, error)

// together is how many listings are stored at once: the reading of a large
// catalogue takes many minutes, and holds no transaction so long.
const together = 1000

// Read reads every listing of a connection into the catalogue, so that the SKUs,
// titles and channels are known before the first order.
func Read(ctx context.Context, sides Sides, keep Keep, connectionID int64) error {
	c, err := sides.Get(ctx, connectionID)
	if err != nil {
		return err
	}
	client, err := sides.Amazon(ctx, connectionID)
	if err != nil {
		return err
	}
	for _, marketplace := range c.MarketplaceIDs {
		if err := readMarketplace(ctx, client, c.SellerID, marketplace, func(some []catalog.Listing) error {
			_, err := keep(ctx, connectionID, each(some))
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

func readMarketplace(ctx context.Context, client *amazon.Client, seller, marketplace string, keep func([]catalog.Listing) error) error {
	var some []catalog.Listing
	for l, err := range client.Listings(ctx, seller, marketplace) {
		if err != nil {
			return err
		}
		if known, ok := listingOf(l, marketplace); ok {
			some = append(some, known)
		}
		if len(some) == together {
			if err := keep(some); err != nil {
				return err
			}
			some = some[:0]
		}
	}
	if len(some) == 0 {
		return nil
	}
	return keep(some)
}

func each(some []catalog.Listing) iter.Seq2[catalog.Listing, error] {
	return func(yield func(catalog.Listing, error) bool) {
		for _, l := range some {
			if !yield(l, nil) {
				return
			}
		}
	}
}

// listingOf is a listing as the catalogue knows it; false when Amazon does not
// say who ships it. What both ship counts as Amazon's: to tell Amazon a quantity
// of it would be the graver mistake.
func listingOf(l amazon.Listing, marketplace string) (catalog.Listing, bool) {
	byAmazon, bySeller := l.Fulfilled()
	if !byAmazon && !bySeller || l.SKU == "" {
		return catalog.Listing{}, false
	}
	known := catalog.Listing{Marketplace: marketplace, SKU: l.SKU, Channel: catalog.MFN}
	if byAmazon {
		known.Channel = catalog.FBA
	}
	for _, s := range l.Summaries {
		if s.MarketplaceID == marketplace {
			known.ASIN, known.FNSKU, known.Title, known.Status = s.ASIN, s.FNSKU, s.Title, strings.ToLower(strings.Join(s.Status, ", "))
		}
	}
	return known, true
}
