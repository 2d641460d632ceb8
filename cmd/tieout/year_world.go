package main

import (
	"context"
	"errors"
	"fmt"

	"tieout/app/audit"
	"tieout/app/period"
	"tieout/cmd/sandbox/misbehave"
	"tieout/cmd/sandbox/seller"
	"tieout/cmd/sandbox/server"
)

// yearWorld is the world of a year, with the sellers' own story of it.
type yearWorld struct {
	*world
	sellers []*seller.Account // in the order of the sandbox's connections
}

// open starts everything. Amazon lists no reports: they are uploaded as the
// months go by.
func (y year) open(ctx context.Context, env environment) (*yearWorld, error) {
	opened, err := openWorld(ctx, env, y.data, server.Config{Seed: y.seed, OrdersPerDay: y.orders, ShipAfter: -1, InvoiceAfter: -1}, true)
	if err != nil {
		return nil, err
	}
	w := &yearWorld{opened, seller.Accounts(y.seed, opened.sandbox.Now(), y.orders)}
	if err := w.prepare(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// prepare holds back Amazon's reports and opens P21's periods of the year,
// which are closed by their age.
func (w *yearWorld) prepare(ctx context.Context) error {
	if _, err := w.sandbox.Plan.Add(misbehave.Rule{Side: "amazon", Operation: "getReports", Kind: misbehave.Status, Status: 503, Probability: 1}); err != nil {
		return fmt.Errorf("hold back reports: %w", err)
	}
	for _, side := range w.sandbox.Connections() {
		for _, p := range w.sandbox.P21.Periods(side.P21Company) {
			if p.Ends.Time().Before(w.sellers[0].First) {
				continue
			}
			if err := w.sandbox.P21.ClosePeriod(side.P21Company, p.FiscalYear, p.Number, false); err != nil {
				return fmt.Errorf("open period %s: %w", p.Key(), err)
			}
		}
		c, err := w.connections.ByName(ctx, side.Name)
		if err != nil {
			return err
		}
		if _, _, err := w.connections.Sync(ctx, c.ID, audit.Job("year")); err != nil {
			return err
		}
	}
	return nil
}

// months are the fiscal periods from the one in which the first seller began.
func (w *yearWorld) months(n int) []period.Period {
	begun := period.DateOf(w.sellers[0].First)
	var months []period.Period
	for _, p := range w.sandbox.P21.Periods(w.sandbox.Connections()[0].P21Company) {
		if !p.Ends.Before(begun) && len(months) < n {
			months = append(months, p)
		}
	}
	return months
}
