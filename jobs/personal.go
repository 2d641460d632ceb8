package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"tieout/app/clock"
	"tieout/app/personal"
)

// PurgePersonal destroys personal data whose time is over.
type PurgePersonal struct{}

// Kind implements river.JobArgs.
func (PurgePersonal) Kind() string { return "purge_personal" }

type purgeWorker struct {
	river.WorkerDefaults[PurgePersonal]
	ring  *personal.Ring
	clock clock.Clock
	days  int
	log   *slog.Logger
}

// Timeout allows for a long backlog; what is left is taken up by the next job.
func (w *purgeWorker) Timeout(*river.Job[PurgePersonal]) time.Duration { return 30 * time.Minute }

func (w *purgeWorker) Work(ctx context.Context, _ *river.Job[PurgePersonal]) error {
	days := w.days
	if days <= 0 || days > personal.MostDays {
		days = personal.MostDays
	}
	done, err := w.ring.Purge(ctx, w.clock.Now().AddDate(0, 0, -days))
	if done.Records+done.Documents > 0 {
		w.log.Info("personal data was destroyed", "records", done.Records, "documents", done.Documents)
	}
	if err != nil {
		return fmt.Errorf("purge personal data: %w", err)
	}
	return nil
}
