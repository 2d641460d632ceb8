package jobs

import (
	"context"

	"github.com/riverqueue/river"

	"tieout/app/journal"
)

// ReadByHand reads entries that people entered in P21 back from it.
type ReadByHand struct{}

// Kind implements river.JobArgs.
func (ReadByHand) Kind() string { return "read_by_hand" }

type byHandWorker struct {
	river.WorkerDefaults[ReadByHand]
	entries *journal.Service
}

func (w *byHandWorker) Work(ctx context.Context, _ *river.Job[ReadByHand]) error {
	return w.entries.ReadBackAll(ctx)
}
