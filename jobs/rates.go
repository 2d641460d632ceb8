package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/riverqueue/river"

	"tieout/app/audit"
	"tieout/app/connection"
	"tieout/app/rates"
)

// ReadRates asks the sources of exchange rates, for every connection.
type ReadRates struct{}

// Kind implements river.JobArgs.
func (ReadRates) Kind() string { return "read_rates" }

type rateWorker struct {
	river.WorkerDefaults[ReadRates]
	connections *connection.Service
	rates       *rates.Service
}

func (w *rateWorker) Work(ctx context.Context, _ *river.Job[ReadRates]) error {
	list, err := w.connections.List(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range list {
		if c.PausedAt != nil {
			continue
		}
		if err := w.rates.Read(ctx, c.ID, audit.Job("reading exchange rates")); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	return errors.Join(failed...)
}
