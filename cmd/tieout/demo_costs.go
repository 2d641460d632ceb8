package main

import (
	"context"
	"fmt"

	"tieout/app/audit"
	"tieout/app/period"
	"tieout/cmd/sandbox/p21"
)

// costDays is how far back the demonstration books the cost of goods.
const costDays = 60

// bookCosts has the cost of goods booked for the first seller, once: what a person
// decided later stays.
func (p *program) bookCosts(ctx context.Context) error {
	c, err := p.connections.ByName(ctx, "us")
	if err != nil {
		return err
	}
	policy, err := p.connections.Policy(ctx, c.ID)
	if err != nil || policy.Version > furnishedPolicy {
		return err
	}
	periods, err := p.connections.Periods(ctx, c.ID)
	if err != nil {
		return err
	}
	since := p.catalog.Today().AddDays(-costDays)
	for _, x := range periods {
		if !since.Before(period.DateOf(x.StartsOn)) && !period.DateOf(x.EndsOn).Before(since) {
			policy.CostFrom = period.DateOf(x.StartsOn)
		}
	}
	policy.CostAccount, policy.StockAccount = p21.AmazonCost, p21.AmazonStock
	if err := p.connections.SetPolicy(ctx, policy, audit.Job("demonstration")); err != nil {
		return fmt.Errorf("book costs of %s: %w", c.Name, err)
	}
	return nil
}

// furnishedPolicy is the version of a policy that a connection is furnished with.
const furnishedPolicy = 2
