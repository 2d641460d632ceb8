package main

import (
	"context"
	"fmt"

	"tieout/app/audit"
	"tieout/app/catalog"
	"tieout/app/fbaledger"
	"tieout/app/fulfilment"
	"tieout/app/inventory"
	"tieout/app/orders"
	"tieout/app/shipments"
	"tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/server"
)

// furnishFlows gives a connection its flows, with orders sold from the location
// that holds what Amazon stores or from the company's own, and lets them begin.
func (p *program) furnishFlows(ctx context.Context, connectionID int64, location, own string, actor audit.Actor) error {
	if err := p.flows.Install(ctx, connectionID); err != nil {
		return err
	}
	if err := p.furnishFlow(ctx, connectionID, orders.Name, "location", fmt.Sprintf(`fulfilledBy == "AMAZON" ? %q : %q`, location, own), "What Amazon ships is sold from the FBA location.", actor); err != nil {
		return err
	}
	flagged := fmt.Sprintf(`location == %q && !hasPrefix(source, "AMAZON")`, location)
	if err := p.furnishFlow(ctx, connectionID, fulfilment.Name, "flagged", flagged, "Other channels' orders from the FBA location are Amazon's to ship.", actor); err != nil {
		return err
	}
	if err := p.furnishFlow(ctx, connectionID, shipments.Name, "carrier", `carrier == "100123" ? "UPS" : "Other"`, "P21's carrier 100123 is UPS.", actor); err != nil {
		return err
	}
	for _, product := range ownProducts() {
		_, err := p.catalog.Map(ctx, actor, catalog.New{ConnectionID: connectionID, SKU: ownSKU(product), From: p.catalog.Today().AddDays(-400),
			Parts: catalog.Parts{{Code: p21.ProductCode(product.SKU), Quantity: 1}}})
		if err != nil {
			return fmt.Errorf("map %s: %w", ownSKU(product), err)
		}
	}
	if err := p.furnishFlow(ctx, connectionID, inventory.Name, "counts", fmt.Sprintf("location == %q", own), "The company's own location ships.", actor); err != nil {
		return err
	}
	return p.beginFlow(ctx, connectionID, fulfilment.TrackingName, actor)
}

// furnishFlow gives a flow another formula for one field and lets it begin.
func (p *program) furnishFlow(ctx context.Context, connectionID int64, name, field, formula, note string, actor audit.Actor) error {
	return p.furnishFields(ctx, connectionID, name, map[string]string{field: formula}, note, actor)
}

// furnishFields gives a flow other formulas, by field, and lets it begin.
func (p *program) furnishFields(ctx context.Context, connectionID int64, name string, formulas map[string]string, note string, actor audit.Actor) error {
	version, err := p.flows.Version(ctx, connectionID, name, 0)
	if err != nil {
		return err
	}
	for i := range version.Fields {
		if formula, other := formulas[version.Fields[i].Name]; other {
			version.Fields[i].Formula = formula
		}
	}
	number, err := p.flows.Save(ctx, connectionID, name, version, note, actor)
	if err != nil {
		return fmt.Errorf("furnish the mapping of %s: %w", name, err)
	}
	if err := p.flows.Use(ctx, connectionID, name, number, actor); err != nil {
		return err
	}
	return p.beginFlow(ctx, connectionID, name, actor)
}

func (p *program) beginFlow(ctx context.Context, connectionID int64, name string, actor audit.Actor) error {
	state, err := p.flows.Get(ctx, connectionID, name)
	if err != nil {
		return err
	}
	return p.flows.Resume(ctx, connectionID, name, state.Version, actor)
}

// loseUnits has Amazon lose some units of each seller, and its ledger be read
// from the beginning on.
func (p *program) loseUnits(ctx context.Context, sandbox *server.Server) error {
	for _, side := range sandbox.Connections() {
		if err := sandbox.Amazon.WriteLosses(side.Name, p.clock.Now()); err != nil {
			return err
		}
		c, err := p.connections.ByName(ctx, side.Name)
		if err != nil {
			return err
		}
		state, err := p.flows.Get(ctx, c.ID, fbaledger.Name)
		if err != nil {
			return err
		}
		if state.PausedAt == nil || state.PausedBy != "" {
			continue // it runs, or a person stopped it
		}
		if err := p.flows.Resume(ctx, c.ID, fbaledger.Name, state.Version, audit.Job("demonstration")); err != nil {
			return err
		}
	}
	return nil
}
