package flow_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/document"
	"tieout/app/flow"
	"tieout/app/flow/flowtest"
	"tieout/app/outbound"
)

// queue stands in for the job engine; what it is asked for runs when a test says so.
type queue struct{ read, work atomic.Int32 }

func (q *queue) ReadFlow(context.Context, pgx.Tx, int64, string, flow.Trigger, int64) error {
	q.read.Add(1)
	return nil
}
func (q *queue) WorkFlow(context.Context, pgx.Tx, int64, string, int) error {
	q.work.Add(1)
	return nil
}

// world is a connection with the flow of parcels.
type world struct {
	*flow.Service
	*flowtest.Parcels
	t          *testing.T
	pool       *pgxpool.Pool
	queue      *queue
	clock      *clock.Fixed
	connection int64
	actor      audit.Actor
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, pool: dbtest.New(t), queue: &queue{}, clock: clock.NewFixed(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)),
		Parcels: flowtest.New()}
	w.Service = w.service("one")
	w.connection = w.number(`INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na') RETURNING id`)
	w.actor = audit.Actor{PersonID: w.number(`INSERT INTO person (issuer, subject, email, name) VALUES ('i', 's', 'o@x', 'Olga Ops') RETURNING id`), Name: "Olga Ops"}
	require.NoError(t, w.Install(t.Context(), w.connection))
	require.NoError(t, w.Resume(t.Context(), w.connection, "parcels", 1, w.actor))
	w.queue.read.Store(0)
	w.queue.work.Store(0)
	return w
}

func (w *world) service(name string) *flow.Service {
	log := slog.New(slog.DiscardHandler)
	timing := outbound.Timing{Hold: time.Second, Request: 5 * time.Second, LookUps: 1, LookUpWindow: 0, RetryInterval: time.Millisecond}
	return flow.NewService(flow.Needs{Rest: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Pool: w.pool, Clock: w.clock, Documents: document.NewStore(w.pool), Jobs: w.queue, Worker: name, Parallel: 4,
		Hold: time.Second, Log: log, Deliverer: outbound.NewDeliverer(w.pool, name, timing, log)}, w.Parcels)
}

func (w *world) number(query string, args ...any) (n int64) {
	w.t.Helper()
	require.NoError(w.t, w.pool.QueryRow(w.t.Context(), query, args...).Scan(&n))
	return n
}

func (w *world) text(query string, args ...any) (text string) {
	w.t.Helper()
	require.NoError(w.t, w.pool.QueryRow(w.t.Context(), query, args...).Scan(&text))
	return text
}

// tell lists a parcel at the source, as of some minutes after noon.
func (w *world) tell(p flowtest.Parcel, minute int) {
	w.t.Helper()
	w.Tell(w.t, p, w.clock.Now().Add(time.Duration(minute)*time.Minute))
}

// run reads and works until nothing is left to do now.
func (w *world) run() {
	w.t.Helper()
	require.NoError(w.t, w.Service.Read(w.t.Context(), w.connection, "parcels", flow.OnSchedule, 0))
	w.goOn()
}

func (w *world) goOn() {
	w.t.Helper()
	require.NoError(w.t, w.Work(w.t.Context(), w.connection, "parcels"))
}

// state returns a record's state and what stands beside it.
func (w *world) state(key string) string {
	w.t.Helper()
	return w.text(`SELECT state || coalesce(nullif(' ' || waits || reason || problem, ' '), '') FROM flow_record WHERE key = $1`, key)
}
