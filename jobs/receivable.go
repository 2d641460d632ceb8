package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"tieout/app/connection"
	"tieout/app/fault"
	"tieout/app/receivable"
)

// SyncReceivable brings both sides of the receivable up to date, where P21
// invoices Amazon's orders.
type SyncReceivable struct{}

// Kind implements river.JobArgs.
func (SyncReceivable) Kind() string { return "sync_receivable" }

type receivableWorker struct {
	river.WorkerDefaults[SyncReceivable]
	connections *connection.Service
	receivable  *receivable.Service
}

// Timeout allows for a first reading of years of invoices.
func (w *receivableWorker) Timeout(*river.Job[SyncReceivable]) time.Duration { return time.Hour }

func (w *receivableWorker) Work(ctx context.Context, _ *river.Job[SyncReceivable]) error {
	ids, err := w.receivable.Connections(ctx, 0)
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range ids {
		if err := w.sync(ctx, id); err != nil {
			failed = append(failed, fmt.Errorf("connection %d: %w", id, err))
		}
	}
	return errors.Join(failed...)
}

// sync adds settlements up whether or not P21 answers.
func (w *receivableWorker) sync(ctx context.Context, id int64) error {
	return errors.Join(w.receivable.Settle(ctx, id), w.receivable.Reconsider(ctx, id), w.read(ctx, id))
}

// read does nothing where there is no P21 yet, or one that tells no invoices.
func (w *receivableWorker) read(ctx context.Context, id int64) error {
	system, err := w.connections.P21(ctx, id)
	if fault.Is(err, fault.Invalid) {
		return nil
	}
	if err != nil {
		return err
	}
	features, err := system.Features(ctx)
	if err != nil || !features.Invoices {
		return err
	}
	_, err = w.receivable.Read(ctx, id, system)
	return err
}
