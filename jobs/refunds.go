package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"tieout/app/connection"
	"tieout/app/refund"
)

// CheckRefunds holds refunds of settlements beside returns, for every connection.
type CheckRefunds struct{}

// Kind implements river.JobArgs.
func (CheckRefunds) Kind() string { return "check_refunds" }

type refundWorker struct {
	river.WorkerDefaults[CheckRefunds]
	connections *connection.Service
	refunds     *refund.Service
}

// Timeout allows for a first look at years of settlements.
func (w *refundWorker) Timeout(*river.Job[CheckRefunds]) time.Duration { return time.Hour }

func (w *refundWorker) Work(ctx context.Context, _ *river.Job[CheckRefunds]) error {
	list, err := w.connections.List(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range list {
		if err := w.refunds.Check(ctx, c.ID); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	return errors.Join(failed...)
}
