package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/riverqueue/river"

	"tieout/app/audit"
	"tieout/app/connection"
	"tieout/app/revaluation"
)

// Revalue drafts what is to be revalued at the end of periods, for every connection.
type Revalue struct{}

// Kind implements river.JobArgs.
func (Revalue) Kind() string { return "revalue" }

type revaluationWorker struct {
	river.WorkerDefaults[Revalue]
	connections *connection.Service
	revaluation *revaluation.Service
}

func (w *revaluationWorker) Work(ctx context.Context, _ *river.Job[Revalue]) error {
	list, err := w.connections.List(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range list {
		if err := w.revaluation.DraftDue(ctx, c.ID, audit.Job("revaluation")); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	return errors.Join(failed...)
}
