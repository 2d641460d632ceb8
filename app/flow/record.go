package flow

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/outbound"
	"tieout/app/personal"
	"tieout/sqlc"
)

// Item is a record in a list.
type Item struct {
	ID             int64
	ConnectionID   int64
	ConnectionName string
	Flow           string
	Key            string
	State          string
	SourceAt       time.Time
	Title          string
	Amount         decimal.NullDecimal
	Currency       string
	Waits          string // why it is not taken on yet
	RemoteKey      string // of the other side
	ExceptionID    int64
	Problem        string
	Reason         string // why it is ignored
	ChangedAt      time.Time
}

// Why is why a record waits, stands aside or is ignored; "" when it does not.
func (i Item) Why() string {
	if i.State == "delivered" {
		return ""
	}
	return cmp.Or(i.Reason, i.Waits, i.Problem)
}

// Filter selects records of a flow; zero values select everything.
type Filter struct {
	ConnectionID int64
	State        string
	Text         string // the beginning of a key of either side
	BeforeID     int64  // keyset: the last row's id
	PageSize     int32
}

// Records returns a page of a flow's records, the newest first.
func (s *Service) Records(ctx context.Context, name string, f Filter) ([]Item, error) {
	rows, err := sqlc.New(s.Pool).ListRecords(ctx, sqlc.ListRecordsParams{Flow: name, ConnectionID: database.Key(f.ConnectionID), State: f.State, Text: f.Text, BeforeID: f.BeforeID, Size: f.PageSize})
	if err != nil {
		return nil, fmt.Errorf("list records of %s: %w", name, err)
	}
	list := make([]Item, len(rows))
	for i, r := range rows {
		list[i] = Item{r.ID, r.ConnectionID, r.ConnectionName, name, r.Key, r.State, r.SourceAt, r.Title, r.Amount, r.Currency, r.Waits, r.RemoteKey, orZero(r.ExceptionID), r.Problem, r.Reason, r.ChangedAt}
	}
	return list, nil
}

// Content is what the source told of a record at one time, and where it stands.
type Content struct {
	Number     int32
	Source     json.RawMessage
	SourceAt   time.Time
	ReceivedAt time.Time
	DocumentID int64
	Position   int32
}

// Whole is a record with its contents, newest first, what it was mapped to, and
// all that happened to it.
type Whole struct {
	Item
	Content     int32           // the number of the content it stands on
	Version     int32           // that mapped it; 0: not mapped
	Target      json.RawMessage // nil: not mapped
	Deliveries  int32
	RetryAt     *time.Time
	Tries       int32
	ReceivedAt  time.Time
	DeliveredAt *time.Time
	Contents    []Content
	Events      []Event
	Steps       []outbound.Step // of its newest message
	Personal    personal.Facts
}

// Event is one thing that happened to a record.
type Event struct {
	At     time.Time
	Step   string
	Detail string
	Actor  string
}

// Record returns a record whole; fault.NotFound when there is none.
func (s *Service) Record(ctx context.Context, id int64) (Whole, error) {
	db := sqlc.New(s.Pool)
	r, err := db.GetRecord(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Whole{}, fault.New(fault.NotFound, "There is no record %d.", id)
	}
	if err != nil {
		return Whole{}, fmt.Errorf("read record %d: %w", id, err)
	}
	w := Whole{
		Item:    Item{r.ID, r.ConnectionID, r.ConnectionName, r.Flow, r.Key, r.State, r.SourceAt, r.Title, r.Amount, r.Currency, r.Waits, r.RemoteKey, orZero(r.ExceptionID), r.Problem, r.Reason, r.ChangedAt},
		Content: r.Content, Version: r.VersionNumber, Target: r.Target, Deliveries: r.Deliveries, RetryAt: r.RetryAt, Tries: r.Tries, ReceivedAt: r.ReceivedAt, DeliveredAt: r.DeliveredAt,
	}
	if w.Personal, err = s.Personal.Facts(ctx, id); err != nil {
		return w, err
	}
	contents, err := db.ContentsOfRecord(ctx, id)
	if err != nil {
		return w, fmt.Errorf("read contents of record %d: %w", id, err)
	}
	for _, c := range contents {
		w.Contents = append(w.Contents, Content{c.Number, c.Source, c.SourceAt, c.ReceivedAt, c.DocumentID, c.Position})
	}
	events, err := db.FlowEvents(ctx, id)
	if err != nil {
		return w, fmt.Errorf("read events of record %d: %w", id, err)
	}
	for _, e := range events {
		w.Events = append(w.Events, Event(e))
	}
	if r.MessageID != nil {
		w.Steps, err = outbound.Steps(ctx, s.Pool, *r.MessageID)
	}
	return w, err
}

// Counts are how many records of a flow stand where.
type Counts struct {
	Waiting, Received, Ready, Delivering, Delivered, Exception, Unknown, Ignored int64
	Oldest                                                                       time.Time // of those still to be delivered; zero: none
	Delivery                                                                     time.Time // the newest; zero: none
}

// Open is how many records are on their way or stuck.
func (c Counts) Open() int64 { return c.Received + c.Ready + c.Delivering + c.Exception + c.Unknown }

// Place names a flow of a connection.
type Place struct {
	Connection int64
	Flow       string
}

// Count counts a flow's records.
func (s *Service) Count(ctx context.Context, connectionID int64, name string) (Counts, error) {
	all, err := s.counts(ctx, Place{connectionID, name})
	return all[Place{connectionID, name}], err
}

// Counts counts the records of every flow; connectionID 0 is all.
func (s *Service) Counts(ctx context.Context, connectionID int64) (map[Place]Counts, error) {
	return s.counts(ctx, Place{Connection: connectionID})
}

// counts is of one flow, or of all where of names none. Where thousands are done,
// how many is known to the minute; what is still to be done is always counted.
func (s *Service) counts(ctx context.Context, of Place) (map[Place]Counts, error) {
	db := sqlc.New(s.Pool)
	open, err := db.CountOpenRecords(ctx, sqlc.CountOpenRecordsParams{ConnectionID: of.Connection, Flow: of.Flow})
	if err != nil {
		return nil, fmt.Errorf("count records: %w", err)
	}
	counts := map[Place]Counts{}
	for _, r := range open {
		c := counts[Place{r.ConnectionID, r.Flow}]
		c.add(r)
		counts[Place{r.ConnectionID, r.Flow}] = c
	}
	done, err := s.countDone(ctx, of)
	if err != nil {
		return nil, err
	}
	for at, d := range done {
		c := counts[at]
		c.Delivered, c.Ignored = d.delivered, d.ignored
		counts[at] = c
	}
	newest, err := db.NewestDeliveries(ctx, sqlc.NewestDeliveriesParams{ConnectionID: of.Connection, Flow: of.Flow})
	if err != nil {
		return nil, fmt.Errorf("read newest deliveries: %w", err)
	}
	for _, n := range newest {
		if n.At.Unix() > 0 {
			c := counts[Place{n.ConnectionID, n.Flow}]
			c.Delivery = n.At
			counts[Place{n.ConnectionID, n.Flow}] = c
		}
	}
	return counts, nil
}

func (c *Counts) add(r sqlc.CountOpenRecordsRow) {
	if c.Oldest.IsZero() || r.Oldest.Before(c.Oldest) {
		c.Oldest = r.Oldest
	}
	if r.Waiting {
		c.Waiting += r.Records
		return
	}
	switch r.State {
	case "received":
		c.Received = r.Records
	case "ready":
		c.Ready = r.Records
	case "delivering":
		c.Delivering = r.Records
	case "exception":
		c.Exception = r.Records
	case "unknown":
		c.Unknown = r.Records
	}
}

// A count of so many that are done is counted again after a while only.
const (
	manyDone  = 5000
	doneStays = time.Minute
)

// done is how many records of a flow were done at a moment.
type done struct {
	delivered, ignored int64
	at                 time.Time
}

// tally remembers large counts of what is done; safe for concurrent use.
type tally struct {
	lock   sync.Mutex
	counts map[Place]done
}

// known returns what is still remembered of flows.
func (t *tally) known(of Place, now time.Time) map[Place]done {
	t.lock.Lock()
	defer t.lock.Unlock()
	known := map[Place]done{}
	for at, d := range t.counts {
		if now.Sub(d.at) < doneStays && (of.Connection == 0 || of.Connection == at.Connection) && (of.Flow == "" || of.Flow == at.Flow) {
			known[at] = d
		}
	}
	return known
}

func (t *tally) put(at Place, d done) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.counts == nil {
		t.counts = map[Place]done{}
	}
	t.counts[at] = d
}

func (s *Service) countDone(ctx context.Context, of Place) (map[Place]done, error) {
	now := s.Clock.Now()
	counts := s.tally.known(of, now)
	ask := sqlc.CountDoneRecordsParams{ConnectionID: of.Connection, Flow: of.Flow}
	for at := range counts {
		ask.KnownConnections, ask.KnownFlows = append(ask.KnownConnections, at.Connection), append(ask.KnownFlows, at.Flow)
	}
	rows, err := sqlc.New(s.Pool).CountDoneRecords(ctx, ask)
	if err != nil {
		return nil, fmt.Errorf("count records that are done: %w", err)
	}
	for _, r := range rows {
		at, d := Place{r.ConnectionID, r.Flow}, done{r.Delivered, r.Ignored, now}
		counts[at] = d
		if d.delivered+d.ignored >= manyDone {
			s.tally.put(at, d)
		}
	}
	return counts, nil
}

// Run is one reading of a source.
type Run struct {
	ID           int64
	Trigger      Trigger
	Person       string
	Since, Until *time.Time
	State        string // running, done, failed
	Pages        int32
	Found        int32
	Changed      int32
	Error        string
	StartedAt    time.Time
	FinishedAt   *time.Time
}

// Runs returns the newest readings of a flow's source.
func (s *Service) Runs(ctx context.Context, connectionID int64, name string, size int32) ([]Run, error) {
	rows, err := sqlc.New(s.Pool).ListRuns(ctx, sqlc.ListRunsParams{ConnectionID: connectionID, Flow: name, Size: size})
	if err != nil {
		return nil, fmt.Errorf("list runs of %s: %w", name, err)
	}
	list := make([]Run, len(rows))
	for i, r := range rows {
		list[i] = Run{r.ID, Trigger(r.Trigger), r.PersonName, r.Since, r.Until, r.State, r.Pages, r.Found, r.Changed, r.Error, r.StartedAt, r.FinishedAt}
	}
	return list, nil
}

// KeysOf returns the keys of the records that the other side holds under keys of
// its own; what it holds for nobody is missing.
func (s *Service) KeysOf(ctx context.Context, connectionID int64, name string, remote []string) (map[string]string, error) {
	rows, err := sqlc.New(s.Pool).KeysOfRemote(ctx, sqlc.KeysOfRemoteParams{ConnectionID: connectionID, Flow: name, Remote: remote})
	if err != nil {
		return nil, fmt.Errorf("find records of %s: %w", name, err)
	}
	keys := make(map[string]string, len(rows))
	for _, r := range rows {
		keys[r.RemoteKey] = r.Key
	}
	return keys, nil
}

// SourcesOf returns the contents on which records stand, by key.
func (s *Service) SourcesOf(ctx context.Context, connectionID int64, name string, keys []string) (map[string]json.RawMessage, error) {
	rows, err := sqlc.New(s.Pool).SourcesOfKeys(ctx, sqlc.SourcesOfKeysParams{ConnectionID: connectionID, Flow: name, Keys: keys})
	if err != nil {
		return nil, fmt.Errorf("read contents of %s: %w", name, err)
	}
	sources := make(map[string]json.RawMessage, len(rows))
	for _, r := range rows {
		sources[r.Key] = r.Source
	}
	return sources, nil
}

// RemoteOf returns what the other side calls records; those that it does not
// hold come with "".
func (s *Service) RemoteOf(ctx context.Context, connectionID int64, name string, keys []string) (map[string]string, error) {
	rows, err := sqlc.New(s.Pool).RemoteOfKeys(ctx, sqlc.RemoteOfKeysParams{ConnectionID: connectionID, Flow: name, Keys: keys})
	if err != nil {
		return nil, fmt.Errorf("find records of %s: %w", name, err)
	}
	remote := make(map[string]string, len(rows))
	for _, r := range rows {
		remote[r.Key] = r.RemoteKey
	}
	return remote, nil
}

// TargetOf returns what a record was last mapped to; nil when it never was, or
// there is no such record.
func (s *Service) TargetOf(ctx context.Context, connectionID int64, name, key string) (json.RawMessage, error) {
	target, err := sqlc.New(s.Pool).TargetOfKey(ctx, sqlc.TargetOfKeyParams{ConnectionID: connectionID, Flow: name, Key: key})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what %s %s was mapped to: %w", name, key, err)
	}
	return target, nil
}

// Waiting returns the records that wait behind an exception, oldest first.
func (s *Service) Waiting(ctx context.Context, exceptionID int64, size int32) ([]Item, error) {
	rows, err := sqlc.New(s.Pool).RecordsOfException(ctx, sqlc.RecordsOfExceptionParams{ExceptionID: &exceptionID, Size: size})
	if err != nil {
		return nil, fmt.Errorf("list records of exception %d: %w", exceptionID, err)
	}
	list := make([]Item, len(rows))
	for i, r := range rows {
		list[i] = Item{ID: r.ID, Key: r.Key, State: r.State, SourceAt: r.SourceAt, Title: r.Title, Amount: r.Amount, Currency: r.Currency, Problem: r.Problem, ExceptionID: exceptionID}
	}
	return list, nil
}

// Progress is how far the records are that an exception let go.
type Progress struct {
	Released int64
	Arrived  int64 // on the other side, or with nothing to do there
	Stopped  int64 // behind another exception
}

// Under reports whether some of them are on their way.
func (p Progress) Under() bool { return p.Arrived+p.Stopped < p.Released }

// Released returns what an exception let go, in the order in which it goes on,
// and how far all of it is.
func (s *Service) Released(ctx context.Context, exceptionID int64, size int32) ([]Item, Progress, error) {
	db := sqlc.New(s.Pool)
	p, err := db.ReleaseProgress(ctx, exceptionID)
	if err != nil {
		return nil, Progress{}, fmt.Errorf("read how far the records of exception %d are: %w", exceptionID, err)
	}
	rows, err := db.ReleasedRecords(ctx, sqlc.ReleasedRecordsParams{ExceptionID: exceptionID, Size: size})
	if err != nil {
		return nil, Progress{}, fmt.Errorf("list what exception %d let go: %w", exceptionID, err)
	}
	list := make([]Item, len(rows))
	for i, r := range rows {
		list[i] = Item{ID: r.ID, Key: r.Key, State: r.State, Waits: r.Waits, SourceAt: r.SourceAt, Title: r.Title, Amount: r.Amount, Currency: r.Currency,
			Problem: cmp.Or(r.Problem, r.Reason), RemoteKey: r.RemoteKey}
	}
	return list, Progress{p.Released, p.Arrived, p.Stopped}, nil
}

// Retry takes up again what waits behind an exception: everything, or one
// record. Those whose outcome is unknown are looked up at the other side first,
// as ever, before anything is sent.
func (s *Service) Retry(ctx context.Context, e exception.Exception, recordID int64, actor audit.Actor) (int64, error) {
	var released int64
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) (err error) {
		if recordID == 0 {
			released, err = s.Release(ctx, tx, e.ConnectionID, e.Class, e.Cause, "Tried again.", actor)
		} else {
			released, err = s.releaseOne(ctx, tx, e, recordID)
		}
		if err != nil {
			return err
		}
		if released == 0 {
			return fault.New(fault.Conflict, "Nothing waits on this any more.")
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "retried", ObjectType: "exception", ObjectID: e.ID, ConnectionID: e.ConnectionID, After: map[string]any{"records": released}})
	})
	return released, err
}

func (s *Service) releaseOne(ctx context.Context, tx pgx.Tx, e exception.Exception, recordID int64) (int64, error) {
	if err := sqlc.New(tx).LookAgain(ctx, sqlc.LookAgainParams{ExceptionID: &e.ID, RecordID: recordID}); err != nil {
		return 0, fmt.Errorf("look again: %w", err)
	}
	flow, err := sqlc.New(tx).ReleaseRecord(ctx, sqlc.ReleaseRecordParams{ID: recordID, ExceptionID: &e.ID})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("release record %d: %w", recordID, err)
	}
	left, err := sqlc.New(tx).WaitingOnException(ctx, &e.ID)
	if err != nil {
		return 0, fmt.Errorf("count waiting records: %w", err)
	}
	if left.Records == 0 {
		err = exception.Clear(ctx, tx, e.ConnectionID, e.Class, e.Cause, "Tried again.", audit.Actor{})
	} else {
		err = weigh(ctx, tx, e.ID, flow)
	}
	if err != nil {
		return 0, err
	}
	return 1, s.Jobs.WorkFlow(ctx, tx, e.ConnectionID, flow, 1)
}

func orZero[T any](p *T) (zero T) {
	if p == nil {
		return zero
	}
	return *p
}
