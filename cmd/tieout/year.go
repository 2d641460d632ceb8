package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// year is a year of the simulated sellers, closed month by month through the
// pages as people would: reports, bank statements, entries, reconciliations, the
// checklist. At its end every reconciliation is at 0.00, every month is closed,
// and P21's trial balance is that of the posted entries.
type year struct {
	data   string // folder; "" is a temporary one
	seed   uint64
	orders int           // a day of the largest seller
	months int           // how many are taken; the first is the one in which the sellers began
	limit  time.Duration // until when everything must be done
}

// runYear simulates a year and exits non-zero when the books differ at its end.
func runYear(ctx context.Context, env environment, args []string) (err error) {
	var y year
	flags := flags("year", env)
	flags.StringVar(&y.data, "data", "", "folder for its data (default: a temporary one, removed at the end)")
	flags.Uint64Var(&y.seed, "seed", 20261130, "decides what the sellers sell")
	flags.IntVar(&y.orders, "orders", 20, "orders a day of the largest seller")
	flags.IntVar(&y.months, "months", 12, "months to close")
	flags.DurationVar(&y.limit, "limit", 30*time.Minute, "how long until everything must be done")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if y.orders < 1 || y.months < 1 || y.months > 12 {
		return errors.New("a year has an order a day or more, and 1 to 12 months")
	}
	if y.data == "" {
		if y.data, err = temporaryData("tieout-year-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(y.data)) }()
	}
	return y.run(ctx, env)
}

// temporaryData makes a folder that the database's own user can enter.
func temporaryData(pattern string) (string, error) {
	dir, err := os.MkdirTemp("", pattern)
	if err != nil {
		return "", fmt.Errorf("make data folder: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", errors.Join(fmt.Errorf("open the data folder: %w", err), os.RemoveAll(dir))
	}
	return dir, nil
}

// cycles are so many that the last month's end, the cycle that runs across it and
// its deposit are over.
func (y year) cycles() int { return (31*y.months+20)/14 + 1 }

// run closes month after month, and compares.
func (y year) run(ctx context.Context, env environment) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, y.limit, fmt.Errorf("the year was not over after %s", y.limit))
	defer cancel()
	w, err := y.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	office, err := w.staff(ctx)
	if err != nil {
		return err
	}
	months := w.months(y.months)
	w.told = months[len(months)-1].Ends.AddDays(cycleDays + 1).Time()
	if err := office.begin(ctx); err != nil {
		return fmt.Errorf("begin the books: %w", err)
	}
	for _, month := range months {
		if err := office.close(ctx, month); err != nil {
			return fmt.Errorf("close %s: %w", month.Key(), err)
		}
	}
	if err := office.finish(ctx); err != nil {
		return err
	}
	return errors.Join(w.reconciled(ctx), w.allClosed(ctx, months), w.balance(ctx, env))
}
