package main

import (
	"context"

	"tieout/app/amazon"
	"tieout/app/orders"
	"tieout/app/p21"
	"tieout/app/reference"
)

// referenceSides are what checks of reference data ask.
type referenceSides struct{ program *program }

// P21 implements reference.Sides.
func (s referenceSides) P21(ctx context.Context, connectionID int64) (p21.System, error) {
	return s.program.connections.P21(ctx, connectionID)
}

// OrderCustomers implements reference.Sides.
func (s referenceSides) OrderCustomers(ctx context.Context, connectionID int64) ([]reference.Customer, error) {
	c, err := s.program.connections.Get(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	v, err := s.program.flows.Version(ctx, connectionID, orders.Name, 0)
	if err != nil {
		return nil, err
	}
	var list []reference.Customer
	known := map[string]bool{}
	for _, field := range v.Fields {
		if field.List != "" || field.Name != "customer" {
			continue
		}
		for _, id := range c.MarketplaceIDs {
			named, err := orders.CustomerOf(field.Formula, id)
			if err != nil {
				return nil, err
			}
			if shop, _ := amazon.MarketplaceByID(id); named != "" && !known[named] {
				known[named] = true
				list = append(list, reference.Customer{Reference: named, Marketplace: shop.Country})
			}
		}
	}
	return list, nil
}

// reference checks what is known of P21 and the catalogue.
func (p *program) reference() *reference.Service {
	return reference.NewService(p.pool, p.clock, referenceSides{p})
}
