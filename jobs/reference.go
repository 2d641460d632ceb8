package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/riverqueue/river"

	"tieout/app/connection"
	"tieout/app/reference"
)

// SyncCustomers reads the customers that orders are sold to from P21.
type SyncCustomers struct{}

// Kind implements river.JobArgs.
func (SyncCustomers) Kind() string { return "sync_customers" }

type customerWorker struct {
	river.WorkerDefaults[SyncCustomers]
	connections *connection.Service
	reference   *reference.Service
}

func (w *customerWorker) Work(ctx context.Context, _ *river.Job[SyncCustomers]) error {
	list, err := w.connections.List(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range list {
		if err := w.reference.ReadCustomers(ctx, c.ID); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	return errors.Join(failed...)
}
