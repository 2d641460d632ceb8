package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"tieout/app/notice"
)

// DueNotices looks for connections whose queue nobody reads just now.
type DueNotices struct{}

// Kind implements river.JobArgs.
func (DueNotices) Kind() string { return "due_notices" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (DueNotices) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: queueNotices} }

type dueNoticesWorker struct {
	river.WorkerDefaults[DueNotices]
	notices *notice.Service
	queue   *Queue
}

func (w *dueNoticesWorker) Work(ctx context.Context, _ *river.Job[DueNotices]) error {
	ids, err := w.notices.Connections(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := w.queue.client.Insert(ctx, ReceiveNotices{id}, nil); err != nil {
			return err
		}
	}
	return nil
}

// ReceiveNotices takes in what Amazon told a connection's queue. One job at a
// time per connection goes on for a minute, then the next one does.
type ReceiveNotices struct {
	ConnectionID int64 `json:"connection_id" river:"unique"`
}

// Kind implements river.JobArgs.
func (ReceiveNotices) Kind() string { return "receive_notices" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (ReceiveNotices) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueNotices, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
}

type noticesWorker struct {
	river.WorkerDefaults[ReceiveNotices]
	notices *notice.Service
	quit    <-chan struct{} // closed when the process ends
}

// Timeout is beyond what Receive takes.
func (w *noticesWorker) Timeout(*river.Job[ReceiveNotices]) time.Duration { return 3 * time.Minute }

// NextRetry has a queue that does not answer asked again before long.
func (w *noticesWorker) NextRetry(*river.Job[ReceiveNotices]) time.Time {
	return time.Now().Add(30 * time.Second)
}

func (w *noticesWorker) Work(ctx context.Context, job *river.Job[ReceiveNotices]) error {
	return w.notices.Receive(ctx, job.Args.ConnectionID, w.quit)
}
