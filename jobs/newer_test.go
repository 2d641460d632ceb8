package jobs

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"tieout/app/database/dbtest"
)

// ofTomorrow is a job that the next version has.
type ofTomorrow struct{}

func (ofTomorrow) Kind() string { return "of_tomorrow" }

type ofTomorrowWorker struct {
	river.WorkerDefaults[ofTomorrow]
}

func (*ofTomorrowWorker) Work(context.Context, *river.Job[ofTomorrow]) error { return nil }

// engine works jobs as a version does that knows these.
func engine(t *testing.T, pool *pgxpool.Pool, workers *river.Workers) *river.Client[pgx.Tx] {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: log, Workers: workers, ErrorHandler: &errorLog{pool, log},
		FetchPollInterval: 50 * time.Millisecond, FetchCooldown: 50 * time.Millisecond, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}}})
	require.NoError(t, err)
	require.NoError(t, client.Start(t.Context()))
	return client
}

// TestAJobOfANewerVersionIsLeftForIt lets two versions share a queue.
func TestAJobOfANewerVersionIsLeftForIt(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	known := river.NewWorkers()
	river.AddWorker(known, &sweepWorker{})
	old := engine(t, pool, known)
	_, err := pool.Exec(t.Context(), `INSERT INTO river_job (kind, queue, args, max_attempts) VALUES ('of_tomorrow', 'default', '{}', 1)`)
	require.NoError(t, err)
	state := func() (state string) {
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT state::text || ' ' || attempt || ' ' || coalesce(array_length(errors, 1), 0) FROM river_job WHERE kind = 'of_tomorrow'`).Scan(&state))
		return state
	}
	for range 3 { // however often it is met, it costs no attempt
		require.Eventually(t, func() bool { return state() == "scheduled 0 0" }, 30*time.Second, 20*time.Millisecond, "%s", state())
		_, err = pool.Exec(t.Context(), `UPDATE river_job SET state = 'available', scheduled_at = now() WHERE kind = 'of_tomorrow'`)
		require.NoError(t, err)
	}
	require.NoError(t, old.Stop(t.Context()))
	_, err = pool.Exec(t.Context(), `UPDATE river_job SET state = 'available', scheduled_at = now() WHERE kind = 'of_tomorrow'`)
	require.NoError(t, err)
	newer := river.NewWorkers()
	river.AddWorker(newer, &ofTomorrowWorker{})
	client := engine(t, pool, newer)
	require.Eventually(t, func() bool { return state() == "completed 1 0" }, 30*time.Second, 20*time.Millisecond, "%s", state())
	require.NoError(t, client.Stop(t.Context()))
}
