package jobs

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"tieout/app/database/dbtest"
)

// TestJobsOfAProcessThatIsGoneAreTakenUp leaves one job running each: of a
// process that lives, of one that is silent, and of one that nobody knows.
func TestJobsOfAProcessThatIsGoneAreTakenUp(t *testing.T) {
	t.Parallel()
	pool, log, q := openQueue(t)
	us, silent := life{pool, WorkerName(), log, newHand()}, life{pool, WorkerName(), log, newHand()}
	beats(t, us)
	beats(t, silent)
	exec := func(query string, args ...any) {
		_, err := pool.Exec(t.Context(), query, args...)
		require.NoError(t, err)
	}
	for hand, by := range []string{us.id, silent.id, "nobody"} {
		require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return q.insert(t.Context(), tx, WorkFlow{1, "orders", hand}) }))
		exec(`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '1 minute', attempted_by = ARRAY['earlier', $2] WHERE (args->>'hand')::int = $1`, hand, by)
	}
	states := func() (list []string) {
		rows, err := pool.Query(t.Context(), `SELECT state::text FROM river_job ORDER BY id`)
		require.NoError(t, err)
		list, err = pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return list
	}
	us.hand.note(1, time.Time{})
	us.takeUp(t.Context())
	require.Equal(t, []string{"running", "running", "available"}, states(), "the silent one spoke just now")
	var connection int64
	require.NoError(t, pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na') RETURNING id`).Scan(&connection))
	for _, by := range []string{us.id, silent.id} {
		exec(`INSERT INTO outbound_message (connection_id, kind, target, reference, object_id, payload, payload_hash, holder, held_until)
			VALUES ($1, 'sales_order', 'ACME', $2, 1, '{}', '', $2 || '/x', now() + interval '3 minutes')`, connection, by)
	}
	exec(`INSERT INTO flow (connection_id, name, every_seconds, overlap_seconds) VALUES ($1, 'orders', 60, 60)`, connection)
	for _, by := range []string{us.id, silent.id} {
		exec(`INSERT INTO flow_hint (connection_id, flow, key, changed_at, holder, held_until) VALUES ($1, 'orders', $2, now(), $2, now() + interval '3 minutes')`, connection, by)
	}
	exec(`UPDATE worker SET beat_at = now() - interval '31 seconds' WHERE id = $1`, silent.id)
	us.takeUp(t.Context())
	require.Equal(t, []string{"running", "available", "available"}, states())
	var free string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT string_agg(reference, ',') FROM outbound_message WHERE held_until <= clock_timestamp()`).Scan(&free))
	require.Equal(t, silent.id, free, "what the silent one held is free")
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT string_agg(key, ',') FROM flow_hint WHERE held_until <= clock_timestamp()`).Scan(&free))
	require.Equal(t, silent.id, free)

	us.hand.note(1, time.Now().Add(-deadAfter/2))
	us.takeUp(t.Context())
	require.Equal(t, []string{"running", "available", "available"}, states(), "its end may be on its way")
	us.hand.note(1, time.Now().Add(-2*deadAfter))
	us.takeUp(t.Context())
	require.Equal(t, []string{"available", "available", "available"}, states(), "its end was never written down")

	exec(`UPDATE river_job SET state = 'running', attempt = max_attempts, attempted_by = ARRAY['nobody']`)
	us.takeUp(t.Context())
	require.Equal(t, []string{"running", "running", "running"}, states(), "the engine ends what was tried as often as it may be")
}

func openQueue(t *testing.T) (*pgxpool.Pool, *slog.Logger, *Queue) {
	t.Helper()
	pool, log := dbtest.New(t), slog.New(slog.DiscardHandler)
	q, err := NewQueue(pool, log)
	require.NoError(t, err)
	return pool, log, q
}

func beats(t *testing.T, l life) {
	t.Helper()
	_, err := l.beat(t.Context())
	require.NoError(t, err)
}

// TestWhatWasWrittenUnderAClockThatWasAheadGoesOn leaves what a killed process had,
// a job that is due, a leader of the engine and what a living process holds, all five
// hours ahead: the database's clock was set right.
func TestWhatWasWrittenUnderAClockThatWasAheadGoesOn(t *testing.T) {
	t.Parallel()
	pool, log, q := openQueue(t)
	us, killed := life{pool, WorkerName(), log, newHand()}, life{pool, WorkerName(), log, newHand()}
	beats(t, us)
	beats(t, killed)
	for _, args := range []river.JobArgs{DueFlows{}, Sweep{}} {
		require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return q.insert(t.Context(), tx, args) }))
	}
	for _, query := range []string{
		`UPDATE worker SET beat_at = now() + interval '5 hours' WHERE id = '` + killed.id + `'`,
		`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now() + interval '5 hours', attempted_by = ARRAY['` + killed.id + `'] WHERE kind = 'due_flows'`,
		`UPDATE river_job SET scheduled_at = now() + interval '5 hours' WHERE kind = 'sweep'`,
		`INSERT INTO river_leader (elected_at, expires_at, leader_id) VALUES (now(), now() + interval '5 hours', 'killed')`,
	} {
		_, err := pool.Exec(t.Context(), query)
		require.NoError(t, err)
	}
	us.takeUp(t.Context())
	var due, workers, leaders int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM river_job WHERE state = 'available' AND scheduled_at <= clock_timestamp()), (SELECT count(*) FROM worker), (SELECT count(*) FROM river_leader)`).Scan(&due, &workers, &leaders))
	require.Equal(t, 2, due)
	require.Equal(t, 1, workers)
	require.Zero(t, leaders, "another one is elected")

	var held []bool
	rows, err := pool.Query(t.Context(), `SELECT is_held(x) FROM unnest(ARRAY[NULL, now() - interval '1 second', now() + interval '3 minutes', now() + interval '5 hours']) x`)
	require.NoError(t, err)
	held, err = pgx.CollectRows(rows, pgx.RowTo[bool])
	require.NoError(t, err)
	require.Equal(t, []bool{false, false, true, false}, held, "nothing is held for so long")
}

// TestASetClockIsNoticed: whoever spoke before it was set is not dead.
func TestASetClockIsNoticed(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	last := beat{at, at}
	require.False(t, last.stepped(beat{}), "the first one")
	require.False(t, beat{at.Add(6 * time.Second), at.Add(5 * time.Second)}.stepped(last))
	require.True(t, beat{at.Add(5 * time.Hour), at.Add(5 * time.Second)}.stepped(last))
	require.True(t, beat{at.Add(-time.Minute), at.Add(5 * time.Second)}.stepped(last))
	require.False(t, beat{at.Add(10 * time.Minute), at.Add(10 * time.Minute)}.stepped(last), "it only slept")
}

// A job that may be begun once only would stand as running, and in the way of the
// next one of its kind, until the engine gives it up.
func TestWhatAProcessThatIsGoneDidEveryMinuteGoesOn(t *testing.T) {
	t.Parallel()
	pool, log, q := openQueue(t)
	us := life{pool, WorkerName(), log, newHand()}
	beats(t, us)
	jobs := []river.JobArgs{LookForAlerts{}, Sweep{}, DueFlows{}, DueNotices{}, FindReports{}, ReadByHand{}}
	for _, args := range jobs {
		require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return q.insert(t.Context(), tx, args) }))
	}
	_, err := pool.Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '1 minute', attempted_by = ARRAY['gone']`)
	require.NoError(t, err)
	us.takeUp(t.Context())
	var taken int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM river_job WHERE state = 'available'`).Scan(&taken))
	require.Equal(t, len(jobs), taken)
}

// TestAProcessSaysThatItWorksAndThatItEnds looks at its line in the database.
func TestAProcessSaysThatItWorksAndThatItEnds(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	count := func() (n int) {
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM worker`).Scan(&n))
		return n
	}
	end, err := life{pool, WorkerName(), slog.New(slog.DiscardHandler), newHand()}.begin(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, count())
	end(t.Context())
	require.Zero(t, count())
}

// TestTheLastOfManyAlikeDoesTheWork has three alike wait and one of another
// connection: each but the last gives way, and none to one that has begun.
func TestTheLastOfManyAlikeDoesTheWork(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	q, err := NewQueue(pool, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	var jobs []*rivertype.JobRow
	for _, connection := range []int64{1, 1, 2, 1} {
		inserted, err := q.client.Insert(t.Context(), CloseFinances{connection}, nil)
		require.NoError(t, err)
		jobs = append(jobs, inserted.Job)
	}
	gives := func() (list []bool) {
		for _, job := range jobs {
			waits, err := sameWaits(t.Context(), pool, job)
			require.NoError(t, err)
			list = append(list, waits)
		}
		return list
	}
	require.Equal(t, []bool{true, true, false, false}, gives())
	_, err = pool.Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1 WHERE id = $1`, jobs[3].ID)
	require.NoError(t, err)
	require.Equal(t, []bool{true, false, false, false}, gives(), "one that has begun may have seen less")
}
