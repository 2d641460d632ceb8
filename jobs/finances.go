package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"tieout/app/connection"
	"tieout/app/fault"
	"tieout/app/finances"
)

// DueFinances asks for a reading of every connection's transactions.
type DueFinances struct{}

// Kind implements river.JobArgs.
func (DueFinances) Kind() string { return "due_finances" }

// ReadFinances reads what is new of a connection's transactions and brings the
// accruals and deferrals of its ended periods up to date.
type ReadFinances struct {
	ConnectionID int64 `json:"connection_id"`
}

// Kind implements river.JobArgs.
func (ReadFinances) Kind() string { return "read_finances" }

// InsertOpts implements river.JobArgsWithInsertOpts. One reading of a connection
// at a time; its calls wait for Amazon's rate, not for those of flows.
func (ReadFinances) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueFinances, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
}

type dueFinancesWorker struct {
	river.WorkerDefaults[DueFinances]
	connections *connection.Service
	queue       *Queue
}

func (w *dueFinancesWorker) Work(ctx context.Context, _ *river.Job[DueFinances]) error {
	list, err := w.connections.List(ctx)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.PausedAt != nil {
			continue
		}
		if _, err := w.queue.client.Insert(ctx, ReadFinances{c.ID}, nil); err != nil {
			return fmt.Errorf("enqueue read_finances: %w", err)
		}
	}
	return nil
}

type financesWorker struct {
	river.WorkerDefaults[ReadFinances]
	finances *finances.Service
}

// Timeout allows for the first reading of a large seller at half a call a second.
func (w *financesWorker) Timeout(*river.Job[ReadFinances]) time.Duration { return 2 * time.Hour }

func (w *financesWorker) Work(ctx context.Context, job *river.Job[ReadFinances]) error {
	err := w.finances.Read(ctx, job.Args.ConnectionID)
	if fault.Is(err, fault.Invalid) {
		return nil // no credentials yet: nothing to read
	}
	if err != nil {
		return later(err)
	}
	return w.finances.Close(ctx, job.Args.ConnectionID)
}

// CloseFinances brings accruals and deferrals up to date with a settlement that came.
type CloseFinances struct {
	ConnectionID int64 `json:"connection_id"`
}

// Kind implements river.JobArgs.
func (CloseFinances) Kind() string { return "close_finances" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (CloseFinances) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: queueFinances} }

type closeFinancesWorker struct {
	river.WorkerDefaults[CloseFinances]
	finances *finances.Service
	pool     *pgxpool.Pool
}

// Work does nothing where another one waits: where settlements come by the
// hundred, the last has them all.
func (w *closeFinancesWorker) Work(ctx context.Context, job *river.Job[CloseFinances]) error {
	if waits, err := sameWaits(ctx, w.pool, job.JobRow); err != nil || waits {
		return err
	}
	if err := w.finances.Carry(ctx, job.Args.ConnectionID); err != nil {
		return err
	}
	return w.finances.Close(ctx, job.Args.ConnectionID)
}
