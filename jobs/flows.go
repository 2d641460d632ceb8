package jobs

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"tieout/app/connection"
	"tieout/app/flow"
)

// DueFlows looks for flows whose time has come and for records that wait.
type DueFlows struct{}

// Kind implements river.JobArgs.
func (DueFlows) Kind() string { return "due_flows" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (DueFlows) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: queueFlows} }

type dueWorker struct {
	river.WorkerDefaults[DueFlows]
	flows       *flow.Service
	connections *connection.Service
}

func (w *dueWorker) Work(ctx context.Context, _ *river.Job[DueFlows]) error {
	list, err := w.connections.List(ctx)
	if err != nil {
		return err
	}
	for _, c := range list {
		if err := w.flows.Install(ctx, c.ID); err != nil {
			return err
		}
	}
	return w.flows.Due(ctx)
}

// ReadFlow reads what changed at a flow's source.
type ReadFlow struct {
	ConnectionID int64        `json:"connection_id" river:"unique"`
	Flow         string       `json:"flow" river:"unique"`
	Trigger      flow.Trigger `json:"trigger"`
	PersonID     int64        `json:"person_id"`
}

// Kind implements river.JobArgs.
func (ReadFlow) Kind() string { return "read_flow" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (ReadFlow) InsertOpts() river.InsertOpts { return flowJob() }

// flowJob is one at a time per connection, flow and hand.
func flowJob() river.InsertOpts {
	return river.InsertOpts{Queue: queueFlows, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
}

// ReadFlow enqueues the reading of a flow's source.
func (q *Queue) ReadFlow(ctx context.Context, tx pgx.Tx, connectionID int64, name string, trigger flow.Trigger, personID int64) error {
	return q.insert(ctx, tx, ReadFlow{connectionID, name, trigger, personID})
}

type readFlowWorker struct {
	river.WorkerDefaults[ReadFlow]
	flows *flow.Service
}

// Timeout allows for a long list at the source's rate.
func (w *readFlowWorker) Timeout(*river.Job[ReadFlow]) time.Duration { return 2 * time.Hour }

func (w *readFlowWorker) Work(ctx context.Context, job *river.Job[ReadFlow]) error {
	a := job.Args
	return w.flows.Read(ctx, a.ConnectionID, a.Flow, a.Trigger, a.PersonID)
}

// WorkFlow takes a flow's records on. Several hands share them, in one process or
// in many.
type WorkFlow struct {
	ConnectionID int64  `json:"connection_id" river:"unique"`
	Flow         string `json:"flow" river:"unique"`
	Hand         int    `json:"hand" river:"unique"`
}

// Kind implements river.JobArgs.
func (WorkFlow) Kind() string { return "work_flow" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (WorkFlow) InsertOpts() river.InsertOpts { return flowJob() }

// WorkFlow enqueues the work on a flow's records.
func (q *Queue) WorkFlow(ctx context.Context, tx pgx.Tx, connectionID int64, name string, hands int) error {
	for hand := range hands {
		if err := q.insert(ctx, tx, WorkFlow{connectionID, name, hand}); err != nil {
			return err
		}
	}
	return nil
}

type workFlowWorker struct {
	river.WorkerDefaults[WorkFlow]
	flows *flow.Service
}

// Timeout is beyond what flow.Work takes before it lets others have their turn.
func (w *workFlowWorker) Timeout(*river.Job[WorkFlow]) time.Duration { return 2 * flow.Turn }

func (w *workFlowWorker) Work(ctx context.Context, job *river.Job[WorkFlow]) error {
	return w.flows.Work(ctx, job.Args.ConnectionID, job.Args.Flow)
}
