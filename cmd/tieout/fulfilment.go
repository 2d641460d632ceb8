package main

import (
	"context"
	"maps"
	"slices"

	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/catalog"
	"tieout/app/connection"
	"tieout/app/database"
	"tieout/app/exception"
	"tieout/app/flow"
	"tieout/app/fulfilment"
	"tieout/app/notify"
	"tieout/app/period"
)

// shipping is what Amazon ships for other channels: its side of a connection in
// the version that was chosen, and the webhooks of the channels.
type shipping struct {
	*connection.Service
	program *program
}

// Fulfillments implements fulfilment.Sides.
func (s shipping) Fulfillments(ctx context.Context, connectionID int64) (amazon.Fulfillments, error) {
	client, err := s.Amazon(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	version, err := s.program.flows.Setting(ctx, connectionID, fulfilment.Name, fulfilment.VersionSetting)
	if err != nil {
		return nil, err
	}
	return client.Fulfillments(amazon.FulfillmentVersion(version))
}

// HasChannel implements fulfilment.Channels.
func (s shipping) HasChannel(ctx context.Context, connectionID int64, name string) (bool, error) {
	return s.program.alerts.HasChannel(ctx, connectionID, name)
}

// TellChannel implements fulfilment.Channels.
func (s shipping) TellChannel(ctx context.Context, connectionID int64, name string, e notify.Event) (notify.Answer, error) {
	return s.program.alerts.TellChannel(ctx, connectionID, name, e)
}

// fulfilments are the flows of what Amazon ships for other channels.
func (p *program) fulfilments() []flow.Flow {
	s := shipping{p.connections, p}
	requests := func() fulfilment.Requests { return p.flows }
	return []flow.Flow{fulfilment.New(s, requests, p.packs, p.clock), fulfilment.NewTracking(s, requests), fulfilment.NewNews(s, requests, s)}
}

// packs finds the SKUs that stand for items alone.
func (p *program) packs(ctx context.Context, connectionID int64, marketplace string, items []string, day period.Date) (map[string][]catalog.Pack, error) {
	return catalog.PacksOf(ctx, p.pool, connectionID, marketplace, items, day)
}

// packed lets the records go on that waited for an SKU of the items that these
// stand for now.
func (p *program) packed(ctx context.Context, tx *database.Tx, connectionID int64, skus []string) error {
	c, err := p.connections.Get(ctx, connectionID)
	if err != nil {
		return err
	}
	items := map[string]bool{}
	for _, shop := range append([]string{catalog.EveryMarketplace}, c.MarketplaceIDs...) {
		found, err := catalog.ResolveAll(ctx, tx.Tx, connectionID, shop, skus, period.DateOf(tx.Now))
		if err != nil {
			return err
		}
		for _, mapping := range found {
			for _, part := range mapping.Parts {
				items[part.Code] = true
			}
		}
	}
	for _, item := range slices.Sorted(maps.Keys(items)) {
		if _, err := p.flows.Release(ctx, tx.Tx, connectionID, exception.CheckFailed, fulfilment.ItemCause(item), "Mapped.", audit.Actor{}); err != nil {
			return err
		}
	}
	return nil
}
