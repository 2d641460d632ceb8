package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"tieout/app/catalog"
	"tieout/app/connection"
	"tieout/app/fault"
)

// SyncItems reads P21's product master: of one connection, or of all when
// ConnectionID is 0.
type SyncItems struct {
	ConnectionID int64 `json:"connection_id"`
}

// Kind implements river.JobArgs.
func (SyncItems) Kind() string { return "sync_items" }

type itemWorker struct {
	river.WorkerDefaults[SyncItems]
	connections *connection.Service
	catalog     *catalog.Service
}

// Timeout allows for a hundred thousand items at a page of two hundred.
func (w *itemWorker) Timeout(*river.Job[SyncItems]) time.Duration { return time.Hour }

func (w *itemWorker) Work(ctx context.Context, job *river.Job[SyncItems]) error {
	if job.Args.ConnectionID != 0 {
		return w.read(ctx, job.Args.ConnectionID)
	}
	list, err := w.connections.List(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range list {
		if err := w.read(ctx, c.ID); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	return errors.Join(failed...)
}

// read does nothing where there is no P21 yet, or one that does not tell.
func (w *itemWorker) read(ctx context.Context, id int64) error {
	system, err := w.connections.P21(ctx, id)
	if fault.Is(err, fault.Invalid) {
		return nil
	}
	if err != nil {
		return err
	}
	features, err := system.Features(ctx)
	if err != nil || !features.Items {
		return err
	}
	c, err := w.connections.Get(ctx, id)
	if err != nil {
		return err
	}
	_, err = w.catalog.ReadItems(ctx, id, c.FunctionalCurrency, system.Items(ctx, time.Time{}))
	return err
}
