package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/document"
	"tieout/app/exception"
	"tieout/app/expression"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/money"
	"tieout/app/outbound"
)

// parcel is what the tests' source tells of.
type parcel struct {
	ID     string          `json:"id" expr:"id"`
	To     string          `json:"to" expr:"to"`
	Price  decimal.Decimal `json:"price" expr:"price"`
	Status string          `json:"status" expr:"status"`
	Things []thing         `json:"things" expr:"things"`
}

type thing struct {
	Name  string `json:"name" expr:"name"`
	Units int    `json:"units" expr:"units"`
}

type thingOf struct {
	Parcel parcel `expr:"parcel"`
	Thing  thing  `expr:"thing"`
}

// parcels is a flow between a source and another side that both live in memory.
type parcels struct {
	mu      sync.Mutex
	listed  []flow.Arrival
	known   map[string]bool     // names of things that can be delivered
	held    map[string][]string // payloads by reference
	sent    []string            // references, as they arrived
	down    error               // the source or the other side does not answer
	refuses string
	lose    int // so many answers are lost after acceptance
	meet    func(reference string)
	accepts bool // a second message with the same reference
}

func (p *parcels) Definition() flow.Definition {
	return flow.Definition{Name: "parcels", Title: "Parcels", From: "Parcels", To: "Shelf", Every: time.Minute, Overlap: time.Minute, First: time.Hour,
		Fields: []flow.Field{
			{Name: "number", Type: expression.Text, Formula: `id`},
			{Name: "receiver", Type: expression.Text, Formula: `upper(to)`},
			{Name: "price", Type: expression.Number, Formula: `price * 2`},
			{List: "things", Name: "name", Type: expression.Text, Formula: `thing.name`},
			{List: "things", Name: "units", Type: expression.Integer, Formula: `thing.units`},
		},
		Checks: []flow.Check{
			{Name: "has a receiver", Formula: `trim(to) != ""`, Message: "Nobody is to receive it.", Severity: flow.Stops},
			{Name: "not dear", Formula: `price < 1000`, Message: "It is dear.", Severity: flow.Warns},
			{Name: "units", List: "things", Formula: `thing.units > 0`, Message: "No units.", Severity: flow.Stops},
		},
		Environments: map[string]any{"": parcel{}, "things": thingOf{}},
	}
}

func (p *parcels) Extract(ctx context.Context, _ int64, w flow.Window, take flow.Take) (time.Time, error) {
	p.mu.Lock()
	listed, down := slices.Clone(p.listed), p.down
	p.mu.Unlock()
	if down != nil {
		return time.Time{}, down
	}
	for page := range slices.Chunk(listed, 100) {
		raw, err := json.Marshal(page)
		if err != nil {
			return time.Time{}, err
		}
		if err := take(ctx, flow.Page{Kind: "parcels", Name: "list", ContentType: "application/json", Raw: raw, Arrivals: page}); err != nil {
			return time.Time{}, err
		}
	}
	return w.Until, nil
}

func (p *parcels) Fetch(ctx context.Context, _ int64, key string, take flow.Take) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.listed, func(a flow.Arrival) bool { return a.Key == key })
	if i < 0 {
		return fault.New(fault.NotFound, "There is no parcel %s.", key)
	}
	return take(ctx, flow.Page{Kind: "parcels", Name: key, Raw: p.listed[i].Content, Arrivals: p.listed[i : i+1]})
}

func (p *parcels) Read(content json.RawMessage) (flow.Source, error) {
	var c parcel
	if err := json.Unmarshal(content, &c); err != nil {
		return flow.Source{}, fault.Wrap(err, fault.Invalid, "This is no parcel.")
	}
	s := flow.Source{Header: c, Lists: map[string][]any{}, Title: c.To, Amount: money.New(c.Price, "USD")}
	for _, t := range c.Things {
		s.Lists["things"] = append(s.Lists["things"], thingOf{c, t})
	}
	switch c.Status {
	case "pending":
		s.Wait = "It is pending."
	case "cancelled":
		s.Skip = "Cancelled before it was sent."
	}
	return s, nil
}

func (p *parcels) Complete(_ context.Context, r flow.Record, m flow.Mapped) (flow.Mapped, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range m.Elements("things") {
		if !p.known[t.Text("name")] {
			return m, &flow.Obstacle{Class: exception.UnknownSKU, Cause: t.Text("name"), Title: "Nobody knows " + t.Text("name"), Words: "line with " + t.Text("name")}
		}
	}
	return m, nil
}

func (p *parcels) Message(r flow.Record, m flow.Mapped) (flow.Message, error) {
	payload, err := json.Marshal(m)
	if r.RemoteKey != "" {
		return flow.Message{Kind: "parcel_change", Target: "shelf", Reference: fmt.Sprintf("%s/%d", r.Key, r.Deliveries+1), Payload: payload}, err
	}
	return flow.Message{Kind: "parcel", Target: "shelf", Reference: r.Key, Payload: payload}, err
}

func (p *parcels) Target(context.Context, int64) (outbound.Target, error) { return shelf{p}, nil }

// shelf is the other side. It keeps its own number for a parcel through all
// changes of it.
type shelf struct{ *parcels }

func number(m outbound.Message) string {
	key, _, _ := strings.Cut(m.Reference, "/")
	return "K-" + key
}

func (s shelf) Find(_ context.Context, m outbound.Message) ([]outbound.Found, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	var found []outbound.Found
	for _, held := range s.held[m.Reference] {
		f := outbound.Found{Key: number(m)}
		if held != string(m.Payload) {
			f.Difference = "something else is there"
		}
		found = append(found, f)
	}
	return found, nil
}

func (s shelf) Send(_ context.Context, m outbound.Message) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.meet != nil {
		s.meet(m.Reference)
	}
	if s.down != nil {
		return "", s.down
	}
	if s.refuses != "" {
		return "", errors.New(s.refuses)
	}
	s.held[m.Reference] = append(s.held[m.Reference], string(m.Payload))
	s.sent = append(s.sent, m.Reference)
	if s.lose > 0 {
		s.lose--
		return "", fault.New(fault.Unavailable, "The answer was lost.")
	}
	return number(m), nil
}

func (s shelf) Read(ctx context.Context, m outbound.Message, _ string) (outbound.Found, error) {
	found, err := s.Find(ctx, m)
	if err != nil {
		return outbound.Found{}, err
	}
	return found[0], nil
}

func (s shelf) Outcome(err error) (outbound.Outcome, string) {
	if fault.Is(err, fault.Unavailable) {
		return outbound.Ambiguous, fault.MessageOf(err)
	}
	return outbound.Refused, err.Error()
}

func (s shelf) CanLookUp() bool         { return true }
func (s shelf) RefusesDuplicates() bool { return !s.accepts }

// queue stands in for the job engine; what it is asked for runs when a test says so.
type queue struct{ read, work atomic.Int32 }

func (q *queue) ReadFlow(context.Context, pgx.Tx, int64, string, flow.Trigger, int64) error {
	q.read.Add(1)
	return nil
}
func (q *queue) WorkFlow(context.Context, pgx.Tx, int64, string) error { q.work.Add(1); return nil }

// world is a connection with the flow of parcels.
type world struct {
	*flow.Service
	*parcels
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
		parcels: &parcels{known: map[string]bool{"kettle": true}, held: map[string][]string{}}}
	w.Service = w.service("one")
	w.connection = w.number(`INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na') RETURNING id`)
	w.actor = audit.Actor{PersonID: w.number(`INSERT INTO person (issuer, subject, email, name) VALUES ('i', 's', 'o@x', 'Olga Ops') RETURNING id`), Name: "Olga Ops"}
	require.NoError(t, w.Install(t.Context(), w.connection))
	return w
}

func (w *world) service(name string) *flow.Service {
	log := slog.New(slog.DiscardHandler)
	timing := outbound.Timing{Hold: time.Second, Request: 5 * time.Second, LookUps: 1, LookUpWindow: 0, RetryInterval: time.Millisecond}
	return flow.NewService(flow.Needs{Pool: w.pool, Clock: w.clock, Documents: document.NewStore(w.pool), Jobs: w.queue, Worker: name, Parallel: 4,
		Hold: time.Second, Log: log, Deliverer: outbound.NewDeliverer(w.pool, name, timing, log)}, w.parcels)
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
func (w *world) tell(p parcel, minute int) {
	w.t.Helper()
	content, err := json.Marshal(p)
	require.NoError(w.t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listed = append(w.listed, flow.Arrival{Key: p.ID, At: w.clock.Now().Add(time.Duration(minute) * time.Minute), Content: content})
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

func box(id, to string, things ...string) parcel {
	p := parcel{ID: id, To: to, Price: decimal.RequireFromString("10.10")}
	for _, name := range things {
		p.Things = append(p.Things, thing{name, 1})
	}
	return p
}
