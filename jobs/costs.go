package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"tieout/app/connection"
	"tieout/app/cost"
)

// UpdateCosts counts what was shipped and came back and brings the entries of its
// cost up to date.
type UpdateCosts struct {
	ConnectionID int64 `json:"connection_id"` // 0: of every connection
}

// Kind implements river.JobArgs.
func (UpdateCosts) Kind() string { return "update_costs" }

// InsertOpts implements river.JobArgsWithInsertOpts. What comes while it runs is
// seen by the next one, minutes later.
func (UpdateCosts) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueDraft, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
}

// UpdateCosts enqueues it in the transaction of what it rests on.
func (q *Queue) UpdateCosts(ctx context.Context, tx pgx.Tx, connectionID int64) error {
	return q.insert(ctx, tx, UpdateCosts{connectionID})
}

type costWorker struct {
	river.WorkerDefaults[UpdateCosts]
	connections *connection.Service
	costs       *cost.Service
}

// Timeout allows for a first look at years of settlements.
func (w *costWorker) Timeout(*river.Job[UpdateCosts]) time.Duration { return time.Hour }

func (w *costWorker) Work(ctx context.Context, job *river.Job[UpdateCosts]) error {
	if job.Args.ConnectionID != 0 {
		return w.costs.Update(ctx, job.Args.ConnectionID)
	}
	list, err := w.connections.List(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range list {
		if err := w.costs.Update(ctx, c.ID); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	return errors.Join(failed...)
}
