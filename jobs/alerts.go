package jobs

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"tieout/app/alert"
)

// LookForAlerts looks for occasions to tell.
type LookForAlerts struct{}

// Kind implements river.JobArgs.
func (LookForAlerts) Kind() string { return "look_for_alerts" }

// InsertOpts implements river.JobArgsWithInsertOpts. Few attempts: the next look
// is a minute away and finds the same. More than one: that of a killed process
// would stand in its way.
func (LookForAlerts) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueAlerts, MaxAttempts: 3}
}

type lookWorker struct {
	river.WorkerDefaults[LookForAlerts]
	alerts *alert.Service
}

// Work ends well even when the look did not: a failed look is not an occasion.
func (w *lookWorker) Work(ctx context.Context, _ *river.Job[LookForAlerts]) error {
	if err := w.alerts.Scan(ctx); err != nil {
		w.alerts.Log.Warn("look for alerts", "error", err)
	}
	return nil
}

// Tell sends a message of alerts.
type Tell struct {
	MessageID int64 `json:"message_id"`
}

// Kind implements river.JobArgs.
func (Tell) Kind() string { return alert.TellKind }

// attemptsToTell are about nine hours of them.
const attemptsToTell = 15

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Tell) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueAlerts, MaxAttempts: attemptsToTell}
}

// Tell enqueues a message in the transaction of its alerts.
func (q *Queue) Tell(ctx context.Context, tx pgx.Tx, messageID int64) error {
	return q.insert(ctx, tx, Tell{messageID})
}

type tellWorker struct {
	river.WorkerDefaults[Tell]
	alerts *alert.Service
}

// Timeout allows for a slow mail server.
func (w *tellWorker) Timeout(*river.Job[Tell]) time.Duration { return 2 * time.Minute }

// NextRetry doubles from half a minute to an hour, a fifth more or less by
// chance, so that many messages do not come back at once.
func (w *tellWorker) NextRetry(job *river.Job[Tell]) time.Time {
	wait := 30 * time.Second << min(job.Attempt-1, 10)
	wait = min(wait, time.Hour)
	return time.Now().Add(wait*4/5 + rand.N(wait*2/5))
}

func (w *tellWorker) Work(ctx context.Context, job *river.Job[Tell]) error {
	return w.alerts.Send(ctx, job.Args.MessageID, job.Attempt >= job.MaxAttempts)
}

// reached has the alerts know whether a system could be used, and gives back
// what the call ended with.
func reached(ctx context.Context, alerts *alert.Service, connectionID int64, system string, err error) error {
	if alerts == nil {
		return err
	}
	return errors.Join(err, alerts.Reached(ctx, connectionID, system, err))
}
