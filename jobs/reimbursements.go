package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"tieout/app/connection"
	"tieout/app/reimbursement"
)

// CheckReimbursements holds what Amazon lost beside what it paid, for every
// connection.
type CheckReimbursements struct{}

// Kind implements river.JobArgs.
func (CheckReimbursements) Kind() string { return "check_reimbursements" }

type reimbursementWorker struct {
	river.WorkerDefaults[CheckReimbursements]
	connections    *connection.Service
	reimbursements *reimbursement.Service
}

// Timeout allows for a first look at years of settlements.
func (w *reimbursementWorker) Timeout(*river.Job[CheckReimbursements]) time.Duration {
	return time.Hour
}

func (w *reimbursementWorker) Work(ctx context.Context, _ *river.Job[CheckReimbursements]) error {
	list, err := w.connections.List(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range list {
		if err := w.reimbursements.Check(ctx, c.ID); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	return errors.Join(failed...)
}
