package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tieout/app/audit"
	"tieout/app/period"
	"tieout/cmd/sandbox/misbehave"
	"tieout/cmd/sandbox/seller"
	"tieout/cmd/sandbox/server"
	"tieout/jobs"
)

// yearWorld is the world of a year, with the sellers' own story of it.
type yearWorld struct {
	*world
	sellers []*seller.Account // in the order of the sandbox's connections
	told    time.Time         // up to when the banks tell their story
	worker  *jobs.Worker
}

const (
	cycleDays = 14      // of a settlement
	yearRates = 100_000 // how much more Amazon allows than by default: a year of orders is read at once
)

// open starts everything. Amazon lists no settlement reports: they are uploaded
// as the months go by.
func (y year) open(ctx context.Context, env environment) (*yearWorld, error) {
	opened, err := openWorld(ctx, env, y.data, server.Config{Seed: y.seed, OrdersPerDay: y.orders, Cycles: y.cycles(), RateScale: yearRates, ShipAfter: -1, InvoiceAfter: -1}, false)
	if err != nil {
		return nil, err
	}
	w := &yearWorld{world: opened, sellers: seller.History(y.seed, opened.sandbox.Now(), y.orders, y.cycles())}
	w.sellers[0].NovelCycle = 1
	if err := w.prepare(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	if w.worker, err = w.startWork(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// close ends the jobs and then everything else.
func (w *yearWorld) close() error { return errors.Join(w.stopWork(w.worker), w.world.close()) }

// prepare opens P21's periods of the year, which are closed by their age, has
// sales, returns and stock read, and holds back Amazon's reports and the
// transactions of today.
func (w *yearWorld) prepare(ctx context.Context) error {
	for i, side := range w.sandbox.Connections() {
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
		if err := w.sandbox.Amazon.Withhold(side.Name, w.sellers[i].First); err != nil {
			return err
		}
		if err := w.readBack(ctx, c.ID, w.sellers[i].First); err != nil {
			return fmt.Errorf("read what %s sold: %w", side.Name, err)
		}
		if err := w.furnishStock(ctx, w.sandbox, side, c.ID, map[int]int{0: 3, 1: -5}, 0, audit.Job("year")); err != nil {
			return fmt.Errorf("store what Amazon has of %s: %w", side.Name, err)
		}
	}
	if _, err := w.sandbox.Plan.Add(misbehave.Rule{Side: "amazon", Operation: "listTransactions", Kind: misbehave.Status, Status: 503, Probability: 1}); err != nil {
		return fmt.Errorf("hold back transactions: %w", err)
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
