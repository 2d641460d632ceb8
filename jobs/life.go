package jobs

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/rivertype"
)

// A process that works jobs says so every few seconds. When one has not for a
// while it was killed, or lost its machine: its jobs are taken up by others.
// Every job can be begun again at any point, so a process that was only slow
// does no harm either.
const (
	beatEvery = 5 * time.Second
	deadAfter = 30 * time.Second
	// After a time without a database all are silent: whoever lives has spoken
	// again when a process has beaten for this long.
	sureAfter = 2*beatEvery + beatEvery/2
)

// life is a process's sign of life.
type life struct {
	pool *pgxpool.Pool
	id   string
	log  *slog.Logger
	hand *hand
}

// hand is what a process works on, by job. While the database is gone the end of
// a job cannot be written down: such a job stands as running and is in nobody's
// hand.
type hand struct {
	mu    sync.Mutex
	ended map[int64]time.Time // zero: not yet
}

func newHand() *hand { return &hand{ended: map[int64]time.Time{}} }

// work does a job and remembers it; see river.WorkerMiddlewareFunc.
func (h *hand) work(ctx context.Context, job *rivertype.JobRow, do func(context.Context) error) error {
	h.note(job.ID, time.Time{})
	defer func() { h.note(job.ID, time.Now()) }()
	return do(ctx)
}

func (h *hand) note(job int64, ended time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended[job] = ended
}

// held are the jobs in hand, and those that ended so shortly ago that their end
// may be on its way into the database.
func (h *hand) held(now time.Time) []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	jobs := []int64{}
	for job, ended := range h.ended {
		if !ended.IsZero() && now.Sub(ended) > deadAfter {
			delete(h.ended, job)
			continue
		}
		jobs = append(jobs, job)
	}
	return jobs
}

// WorkerName names this process among all that work on a database, those that
// are gone included.
func WorkerName() string {
	host, _ := os.Hostname() // the rest is unique by itself
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:8])
}

// begin says that this process lives, until end.
func (l life) begin(ctx context.Context) (end func(context.Context), err error) {
	if _, err := l.beat(ctx); err != nil {
		return nil, fmt.Errorf("say that this process works: %w", err)
	}
	alive, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.live(alive)
	}()
	return func(ctx context.Context) {
		stop()
		<-done
		if _, err := l.pool.Exec(ctx, `DELETE FROM worker WHERE id = $1`, l.id); err != nil {
			l.log.Warn("this process could not say that it ends", "error", err)
		}
	}, nil
}

// live beats until ctx ends.
func (l life) live(ctx context.Context) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	var last beat
	for since := time.Now(); ; {
		next, err := l.beat(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			since = time.Now() // whoever cannot say that it lives does not know about others
			l.log.Warn("this process could not say that it lives", "error", err)
		case next.stepped(last):
			since = time.Now() // the others have to speak again first
			l.log.Warn("the clock of the database was set", "to", next.at)
		case time.Since(since) > sureAfter:
			l.takeUp(ctx)
		}
		last = next
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// beat is a sign of life: when it was by the database's clock, and here.
type beat struct{ at, here time.Time }

// stepped reports whether the database's clock was set since the last beat.
func (b beat) stepped(last beat) bool {
	return !last.at.IsZero() && (b.at.Sub(last.at)-b.here.Sub(last.here)).Abs() > beatEvery
}

func (l life) beat(ctx context.Context) (b beat, err error) {
	ctx, cancel := context.WithTimeout(ctx, beatEvery)
	defer cancel()
	err = l.pool.QueryRow(ctx, `INSERT INTO worker (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET beat_at = clock_timestamp() RETURNING beat_at`, l.id).Scan(&b.at)
	b.here = time.Now()
	return b, err
}

// takeUp frees the jobs of processes that are gone, and the records, hints and
// messages that they held, and jobs of this one that it does not work on. A job that was begun as often as it may be is left to the
// engine, which ends it. What stands in the future was written before the database's
// clock was set back: by a process that is gone, or as the time of a job that is due.
func (l life) takeUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, deadAfter)
	defer cancel()
	_, err := l.pool.Exec(ctx, `
		WITH gone AS (DELETE FROM worker WHERE beat_at NOT BETWEEN clock_timestamp() - make_interval(secs => $1) AND clock_timestamp() + make_interval(secs => $1) RETURNING id),
		records AS (UPDATE flow_record r SET held_until = clock_timestamp() FROM gone g
			WHERE r.state IN ('received', 'ready', 'delivering') AND r.held_until > clock_timestamp() AND starts_with(r.holder, g.id)),
		hints AS (UPDATE flow_hint h SET held_until = clock_timestamp() FROM gone g WHERE h.held_until > clock_timestamp() AND h.holder = g.id),
		messages AS (UPDATE outbound_message m SET held_until = clock_timestamp() FROM gone g
			WHERE m.state NOT IN ('confirmed', 'refused') AND m.held_until > clock_timestamp() AND starts_with(m.holder, g.id)),
		due AS (UPDATE river_job SET scheduled_at = now() WHERE state = 'available' AND scheduled_at > clock_timestamp() + make_interval(secs => $1)),
		leader AS (DELETE FROM river_leader WHERE expires_at > clock_timestamp() + make_interval(secs => 2 * $1))
		UPDATE river_job j SET state = 'available', scheduled_at = now(),
			errors = array_append(j.errors, jsonb_build_object('at', now(), 'attempt', j.attempt, 'error', 'nobody works on it any more', 'trace', ''))
		WHERE j.state = 'running' AND j.attempt < j.max_attempts
		  AND CASE WHEN j.attempted_by[array_upper(j.attempted_by, 1)] = $2 THEN j.id <> ALL ($3::bigint[])
			ELSE NOT EXISTS (SELECT 1 FROM worker w WHERE w.id = j.attempted_by[array_upper(j.attempted_by, 1)] AND w.id NOT IN (SELECT id FROM gone)) END
		  AND j.attempted_at NOT BETWEEN clock_timestamp() - make_interval(secs => $1) AND clock_timestamp() + make_interval(secs => $1)`, deadAfter.Seconds(), l.id, l.hand.held(time.Now()))
	if err != nil {
		l.log.Warn("jobs of processes that are gone could not be taken up", "error", err)
	}
}

// sameWaits reports whether another job like this one has still to begin: it
// will see all that this one could.
func sameWaits(ctx context.Context, pool *pgxpool.Pool, job *rivertype.JobRow) (waits bool, err error) {
	err = pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM river_job j WHERE j.state = 'available' AND j.queue = $1 AND j.kind = $2 AND j.args = $3::jsonb AND j.id > $4)`,
		job.Queue, job.Kind, string(job.EncodedArgs), job.ID).Scan(&waits)
	if err != nil {
		return false, fmt.Errorf("look for a later %s: %w", job.Kind, err)
	}
	return waits, nil
}
