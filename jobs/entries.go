package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"tieout/app/audit"
	"tieout/app/journal"
	"tieout/app/outbound"
	"tieout/app/settlement"
)

// Draft builds the entries of one settlement.
type Draft struct {
	SettlementID int64 `json:"settlement_id"`
}

// Kind implements river.JobArgs.
func (Draft) Kind() string { return "draft" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Draft) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: queueDraft} }

// Draft enqueues drafting in the transaction of what it rests on.
func (q *Queue) Draft(ctx context.Context, tx pgx.Tx, settlementID int64) error {
	return q.insert(ctx, tx, Draft{settlementID})
}

type draftWorker struct {
	river.WorkerDefaults[Draft]
	settlements *settlement.Service
	entries     *journal.Service
	queue       *Queue
	finances    bool // accruals may have the settlement's lines
	costs       bool // its units have a cost
}

func (w *draftWorker) Work(ctx context.Context, job *river.Job[Draft]) error {
	if _, err := w.entries.Draft(ctx, job.Args.SettlementID, audit.Job("drafting")); err != nil {
		return err
	}
	if err := w.settlements.Check(ctx, job.Args.SettlementID, audit.Job("checking")); err != nil {
		return err
	}
	s, err := w.settlements.Get(ctx, job.Args.SettlementID)
	if err != nil {
		return err
	}
	if err := w.settlements.CompareLines(ctx, s); err != nil {
		return err
	}
	if w.finances {
		if _, err := w.queue.client.Insert(ctx, CloseFinances{s.ConnectionID}, nil); err != nil {
			return fmt.Errorf("enqueue close_finances: %w", err)
		}
	}
	if w.costs {
		if _, err := w.queue.client.Insert(ctx, UpdateCosts{s.ConnectionID}, nil); err != nil {
			return fmt.Errorf("enqueue update_costs: %w", err)
		}
	}
	return nil
}

// Redraft builds the drafts of a whole connection again.
type Redraft struct {
	ConnectionID int64 `json:"connection_id"`
}

// Kind implements river.JobArgs.
func (Redraft) Kind() string { return "redraft" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Redraft) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: queueDraft} }

// Redraft enqueues drafting of a connection in the transaction of what changed.
func (q *Queue) Redraft(ctx context.Context, tx pgx.Tx, connectionID int64) error {
	return q.insert(ctx, tx, Redraft{connectionID})
}

// RedraftNow enqueues drafting of a connection by itself.
func (q *Queue) RedraftNow(ctx context.Context, connectionID int64) error {
	if _, err := q.client.Insert(ctx, Redraft{connectionID}, nil); err != nil {
		return fmt.Errorf("enqueue redraft: %w", err)
	}
	return nil
}

type redraftWorker struct {
	river.WorkerDefaults[Redraft]
	entries *journal.Service
	queue   *Queue
	pool    *pgxpool.Pool
	costs   bool
}

func (w *redraftWorker) Work(ctx context.Context, job *river.Job[Redraft]) error {
	settlements, err := w.entries.Draftable(ctx, job.Args.ConnectionID)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		for _, id := range settlements {
			if err := w.queue.Draft(ctx, tx, id); err != nil {
				return err
			}
		}
		if w.costs {
			return w.queue.UpdateCosts(ctx, tx, job.Args.ConnectionID)
		}
		return nil
	})
}

// Post takes an approved entry to P21.
type Post struct {
	EntryID int64 `json:"entry_id"`
}

// Kind implements river.JobArgs.
func (Post) Kind() string { return "post" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Post) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queuePost, MaxAttempts: 100}
}

// Post enqueues posting in the transaction of the approval.
func (q *Queue) Post(ctx context.Context, tx pgx.Tx, entryID int64) error {
	return q.insert(ctx, tx, Post{entryID})
}

type postWorker struct {
	river.WorkerDefaults[Post]
	entries *journal.Service
}

// Work may run any number of times for one entry: the write protocol decides
// what is left to do.
func (w *postWorker) Work(ctx context.Context, job *river.Job[Post]) error {
	err := w.entries.Post(ctx, job.Args.EntryID)
	if retry := (*outbound.Retry)(nil); errors.As(err, &retry) {
		return river.JobSnooze(max(retry.After, time.Second))
	}
	return err
}

// Sweep reverses entries whose day has come, and takes up entries and drafts
// that a crash left behind.
type Sweep struct{}

// Kind implements river.JobArgs.
func (Sweep) Kind() string { return "sweep" }

type sweepWorker struct {
	river.WorkerDefaults[Sweep]
	entries *journal.Service
	queue   *Queue
	pool    *pgxpool.Pool
}

func (w *sweepWorker) Work(ctx context.Context, _ *river.Job[Sweep]) error {
	if _, err := w.entries.ReverseDue(ctx); err != nil {
		return err
	}
	entries, err := w.entries.Stranded(ctx)
	if err != nil {
		return err
	}
	connections, err := w.entries.Stale(ctx)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		for _, id := range entries {
			if err := w.queue.Post(ctx, tx, id); err != nil {
				return err
			}
		}
		for _, id := range connections {
			if err := w.queue.Redraft(ctx, tx, id); err != nil {
				return err
			}
		}
		return nil
	})
}
