package main

import (
	"context"
	"fmt"
	"strconv"

	"tieout/app/audit"
	"tieout/app/orders"
)

// furnishFlows gives a connection its flows, with orders sold from the location
// that holds what Amazon stores, and lets them begin.
func (p *program) furnishFlows(ctx context.Context, connectionID int64, location string, actor audit.Actor) error {
	if err := p.flows.Install(ctx, connectionID); err != nil {
		return err
	}
	version, err := p.flows.Version(ctx, connectionID, orders.Name, 0)
	if err != nil {
		return err
	}
	for i := range version.Fields {
		if version.Fields[i].Name == "location" {
			version.Fields[i].Formula = strconv.Quote(location)
		}
	}
	number, err := p.flows.Save(ctx, connectionID, orders.Name, version, "Orders are sold from the FBA location.", actor)
	if err != nil {
		return fmt.Errorf("furnish the mapping of orders: %w", err)
	}
	if err := p.flows.Use(ctx, connectionID, orders.Name, number, actor); err != nil {
		return err
	}
	state, err := p.flows.Get(ctx, connectionID, orders.Name)
	if err != nil {
		return err
	}
	return p.flows.Resume(ctx, connectionID, orders.Name, state.Version, actor)
}
