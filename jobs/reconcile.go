package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"tieout/app/audit"
	"tieout/app/connection"
	"tieout/app/deposit"
	"tieout/app/reconcile"
)

// Reconcile compares both sides of everything that must agree: of one
// connection, or of all for 0.
type Reconcile struct {
	ConnectionID int64 `json:"connection_id"`
}

// Kind implements river.JobArgs.
func (Reconcile) Kind() string { return "reconcile" }

// InsertOpts implements river.JobArgsWithInsertOpts. Two at once would only wait
// for one another.
func (Reconcile) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
}

// ReconcileNow enqueues a comparison by itself.
func (q *Queue) ReconcileNow(ctx context.Context, connectionID int64) error {
	if _, err := q.client.Insert(ctx, Reconcile{connectionID}, nil); err != nil {
		return fmt.Errorf("enqueue reconcile: %w", err)
	}
	return nil
}

type reconcileWorker struct {
	river.WorkerDefaults[Reconcile]
	connections *connection.Service
	reconcile   *reconcile.Service
	deposits    *deposit.Service // nil: nothing is matched by itself
}

// Timeout allows for a first look at years of settlements.
func (w *reconcileWorker) Timeout(*river.Job[Reconcile]) time.Duration { return time.Hour }

func (w *reconcileWorker) Work(ctx context.Context, job *river.Job[Reconcile]) error {
	list, err := w.connections.List(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range list {
		if job.Args.ConnectionID != 0 && c.ID != job.Args.ConnectionID {
			continue
		}
		if w.deposits != nil {
			if _, err := w.deposits.MatchByItself(ctx, c.ID, audit.Job("matching")); err != nil {
				failed = append(failed, fmt.Errorf("match deposits of %s: %w", c.Name, err))
			}
		}
		if err := w.reconcile.CheckAll(ctx, c.ID); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	return errors.Join(failed...)
}
