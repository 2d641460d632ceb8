package flow

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"

	"tieout/app/audit"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/outbound"
	"tieout/app/personal"
	"tieout/sqlc"
)

// Turn is how long Work goes on before it lets others have their turn; what is
// left is taken up at the next look of Due.
const Turn = 2 * time.Minute

// Work takes the flow's records as far as they can be taken now: oldest first,
// several at once, shared with whoever else works. It ends when none is left,
// or when the flow is paused or waits for the other side.
//
// What hints name is read meanwhile, at the rate that the source allows.
func (s *Service) Work(ctx context.Context, connectionID int64, name string) error {
	f, err := s.find(name)
	if err != nil {
		return err
	}
	followed := make(chan error, 1)
	go func() { followed <- s.follow(ctx, f, connectionID) }()
	for {
		if err := s.work(ctx, f, connectionID); err != nil {
			return errors.Join(err, <-followed)
		}
		select {
		case err := <-followed:
			if err != nil {
				return err
			}
			return s.work(ctx, f, connectionID) // what the last hints brought
		case <-time.After(breath):
		}
	}
}

// breath is how long Work waits for what hints bring.
const breath = 200 * time.Millisecond

// work takes records on until none is left.
func (s *Service) work(ctx context.Context, f Flow, connectionID int64) error {
	name := f.Definition().Name
	patient := true
	for began := time.Now(); time.Since(began) < Turn; {
		now := s.Clock.Now()
		state, err := s.Get(ctx, connectionID, name)
		if err != nil {
			return err
		}
		held := state.held(now)
		if state.Paused() || state.Down() && held > 0 || held > 0 && !patient {
			return nil
		}
		if held > 0 { // one failure: it is not worth giving the turn up
			patient = false
			if err := s.rest(ctx, min(held, 2*time.Second)); err != nil {
				return err
			}
			continue
		}
		patient = true
		rules, err := s.inUse(ctx, connectionID, f.Definition())
		if err != nil {
			return err
		}
		many, err := s.round(ctx, worker{Service: s, flow: f, definition: f.Definition(), rules: rules, holder: s.Worker + "/" + rand.Text()[:8]}, connectionID, now)
		if err != nil {
			return err
		}
		if many == 0 {
			return s.clearIdle(ctx, connectionID, name)
		}
	}
	return nil
}

// rest waits for d, or until ctx ends.
func (s *Service) rest(ctx context.Context, d time.Duration) error {
	if s.Rest != nil {
		return s.Rest(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// clearIdle resolves the exceptions that no record waits on any more, because
// the source told of it anew and it went on.
func (s *Service) clearIdle(ctx context.Context, connectionID int64, name string) error {
	idle, err := sqlc.New(s.Pool).IdleExceptions(ctx, sqlc.IdleExceptionsParams{ConnectionID: connectionID, Flow: name})
	if err != nil {
		return fmt.Errorf("find exceptions of %s that nothing waits on: %w", name, err)
	}
	for _, e := range idle {
		err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
			if err := sqlc.New(tx).LockException(ctx, e.ID); err != nil { // nobody puts a record behind it now
				return err
			}
			waiting, err := sqlc.New(tx).WaitingOnException(ctx, &e.ID)
			if err != nil || waiting.Records > 0 {
				return err
			}
			return exception.Clear(ctx, tx, connectionID, exception.Class(e.Class), e.Cause, "What waited on it has changed and went on.", audit.Actor{})
		})
		if err != nil {
			return fmt.Errorf("clear exception %s: %w", e.Cause, err)
		}
	}
	return nil
}

// round takes one handful of records on.
func (s *Service) round(ctx context.Context, w worker, connectionID int64, now time.Time) (many int, err error) {
	claimed, err := sqlc.New(s.Pool).ClaimRecords(ctx, sqlc.ClaimRecordsParams{Holder: w.holder, Seconds: s.Hold.Seconds(), ConnectionID: connectionID,
		Flow: w.definition.Name, Now: now, LongestOff: now.Add(longestOff), Size: int32(s.handful(w.flow))})
	if err != nil {
		return 0, fmt.Errorf("claim records of %s: %w", w.definition.Name, err)
	}
	var group errgroup.Group // one record's failure does not stop the others
	for _, r := range claimed {
		group.Go(func() error { return w.process(ctx, r) })
	}
	err = group.Wait()
	var ids []int64
	for _, r := range claimed {
		ids = append(ids, r.ID)
	}
	// What was not finished is free for others at once, however this ended.
	return len(claimed), errors.Join(err, s.unclaim(context.WithoutCancel(ctx), ids, w.holder))
}

// freed is how often a database that is away is told that records are free.
const freed = 10

// unclaim frees records. Where it cannot say so they stay in hand for minutes.
func (s *Service) unclaim(ctx context.Context, ids []int64, holder string) error {
	for tries := 1; ; tries++ {
		err := sqlc.New(s.Pool).UnclaimRecords(ctx, sqlc.UnclaimRecordsParams{Ids: ids, Holder: holder})
		if err == nil || tries == freed {
			return err
		}
		if stopped := s.rest(ctx, time.Second); stopped != nil {
			return errors.Join(err, stopped)
		}
	}
}

// handful is how many records of a flow are in hand at once.
func (s *Service) handful(f Flow) int {
	if b, ok := f.(Batched); ok {
		return max(b.Batch(), s.Parallel)
	}
	return s.Parallel
}

// worker takes claimed records of one flow on.
type worker struct {
	*Service
	flow       Flow
	definition Definition
	rules      Rules
	holder     string
	source     Source         // of the record in hand; empty where a delivery is taken up again
	content    []byte         // likewise
	part       personal.Part  // of its content
	words      personal.Words // of its content and target
}

func (w worker) process(ctx context.Context, r sqlc.ClaimRecordsRow) error {
	w, r, err := w.unseal(ctx, r)
	if err != nil {
		return fmt.Errorf("open personal data of %s: %w", r.Key, err)
	}
	if r.State == "delivering" {
		return w.deliver(ctx, r, *r.MessageID)
	}
	content, err := sqlc.New(w.Pool).ContentOfRecord(ctx, sqlc.ContentOfRecordParams{RecordID: r.ID, Number: r.Content})
	if err != nil {
		return fmt.Errorf("read content of %s: %w", r.Key, err)
	}
	whole, err := w.whole(ctx, r, content)
	if obstacle := (*Obstacle)(nil); errors.As(err, &obstacle) {
		return w.stop(ctx, r, obstacle)
	}
	if err != nil {
		return fmt.Errorf("read content of %s: %w", r.Key, err)
	}
	source, err := w.flow.Read(whole)
	if err != nil {
		return w.stop(ctx, r, &Obstacle{Class: exception.MappingFailed, Cause: w.definition.Name + "/unreadable",
			Title: w.definition.From + " that cannot be read", Words: fault.MessageOf(err)})
	}
	source.Title, source.Wait, source.Skip = w.words.Redact(source.Title), w.words.Redact(source.Wait), w.words.Redact(source.Skip)
	w.source, w.content = source, whole
	switch {
	case source.Skip != "" && r.RemoteKey == "":
		return w.skip(ctx, r, source.Skip)
	case source.Wait != "":
		return w.write(ctx, r, "waits", source.Wait, func(tx pgx.Tx) (int64, error) {
			amount, currency := stake(source)
			return sqlc.New(tx).WaitingRecord(ctx, sqlc.WaitingRecordParams{ID: r.ID, Holder: w.holder, Content: r.Content, Waits: source.Wait, Title: source.Title, Amount: amount, Currency: currency})
		})
	}
	return w.prepare(ctx, r)
}

func (w worker) skip(ctx context.Context, r sqlc.ClaimRecordsRow, reason string) error {
	return w.write(ctx, r, "ignored", reason, func(tx pgx.Tx) (int64, error) {
		amount, currency := stake(w.source)
		return sqlc.New(tx).SkippedRecord(ctx, sqlc.SkippedRecordParams{ID: r.ID, Holder: w.holder, Content: r.Content, Reason: reason, Title: w.source.Title, Amount: amount, Currency: currency})
	})
}

// incomplete does what Complete asked for instead of completing a record.
func (w worker) incomplete(ctx context.Context, r sqlc.ClaimRecordsRow, err error) error {
	var obstacle *Obstacle
	var nothing *Nothing
	switch {
	case errors.As(err, &obstacle):
		return w.stop(ctx, r, obstacle)
	case errors.As(err, &nothing) && r.RemoteKey == "":
		return w.skip(ctx, r, w.words.Redact(nothing.Reason))
	}
	return w.later(ctx, r, err)
}

// prepare maps and checks a record and sends it on its way.
func (w worker) prepare(ctx context.Context, r sqlc.ClaimRecordsRow) error {
	source := w.source
	mapped, failed := w.rules.Apply(source)
	if stopping := obstacleOf(w.definition, failed); stopping != nil {
		return w.stop(ctx, r, stopping)
	}
	record := recordOf(r)
	record.Content = w.content
	mapped, err := w.flow.Complete(ctx, record, mapped)
	if err != nil {
		return w.incomplete(ctx, r, err)
	}
	outcome, err := w.outcome(ctx, r, mapped)
	if err != nil {
		return err
	}
	amount, currency := stake(source)
	if r.RemoteKey != "" && outcome.same {
		return w.write(ctx, r, "unchanged", "the other side holds this already", func(tx pgx.Tx) (int64, error) {
			changed, err := sqlc.New(tx).SameRecord(ctx, sqlc.SameRecordParams{ID: r.ID, Holder: w.holder, Content: r.Content, VersionID: &w.rules.VersionID, Target: outcome.target, Title: source.Title, Amount: amount, Currency: currency})
			if err != nil || changed == 0 {
				return changed, err
			}
			return changed, w.keep(ctx, tx, r.ID, targetPlace, outcome.part)
		})
	}
	message, err := w.flow.Message(record, mapped)
	if err != nil {
		return fmt.Errorf("write message of %s: %w", r.Key, err)
	}
	id, err := w.intend(ctx, r, message, outcome.part, warnings(failed, mapped.Remarks), sqlc.MappedRecordParams{ID: r.ID, Holder: w.holder, Content: r.Content, VersionID: &w.rules.VersionID, Target: outcome.target,
		Title: source.Title, Amount: amount, Currency: currency})
	switch {
	case fault.Is(err, fault.Conflict):
		return w.stop(ctx, r, &Obstacle{Class: exception.DeliveryMismatch, Cause: w.definition.Name + "/" + r.Key,
			Title: r.Key + " was sent before with another content", Words: fault.MessageOf(err)})
	case err != nil || id == 0:
		return err
	}
	return w.deliver(ctx, r, id)
}

// warnings are what checks and the other side say of a record that goes on.
func warnings(failed []Failed, remarks []string) (list []string) {
	for _, f := range failed {
		list = append(list, f.String())
	}
	return append(list, remarks...)
}

// intend writes the message in the transaction that says it is on its way. The
// id is 0 when the record has changed meanwhile: the next round sees to it.
func (w worker) intend(ctx context.Context, r sqlc.ClaimRecordsRow, m Message, part personal.Part, warnings []string, mapped sqlc.MappedRecordParams) (id int64, err error) {
	stored, hidden, err := w.redactMessage(ctx, m)
	if err != nil {
		return 0, fmt.Errorf("redact %s: %w", m.Reference, err)
	}
	stored.ConnectionID, stored.ObjectID = r.ConnectionID, r.ID
	err = pgx.BeginFunc(ctx, w.Pool, func(tx pgx.Tx) error {
		db := sqlc.New(tx)
		changed, err := db.MappedRecord(ctx, mapped)
		if err != nil || changed == 0 {
			return err
		}
		if err := w.keep(ctx, tx, r.ID, targetPlace, part); err != nil {
			return err
		}
		if id, err = outbound.Intend(ctx, tx, stored); err != nil {
			return err
		}
		if err := w.keep(ctx, tx, r.ID, payloadPlace(id), hidden); err != nil {
			return err
		}
		if _, err = db.DeliveringRecord(ctx, sqlc.DeliveringRecordParams{ID: r.ID, Holder: w.holder, MessageID: &id}); err != nil {
			return err
		}
		for _, warning := range warnings {
			if err := note(ctx, db, r.ID, "warning", w.words.Redact(warning), ""); err != nil {
				return err
			}
		}
		return note(ctx, db, r.ID, "on its way", m.Reference, "")
	})
	if err != nil {
		return 0, fmt.Errorf("intend %s: %w", m.Reference, err)
	}
	return id, nil
}

// write changes a record and notes the step, in one transaction. A record that
// has changed meanwhile is left to the next round.
func (w worker) write(ctx context.Context, r sqlc.ClaimRecordsRow, step, detail string, change func(pgx.Tx) (int64, error)) error {
	return pgx.BeginFunc(ctx, w.Pool, func(tx pgx.Tx) error {
		changed, err := change(tx)
		if err != nil {
			return fmt.Errorf("%s %s: %w", step, r.Key, err)
		}
		if changed == 0 {
			return nil
		}
		return note(ctx, sqlc.New(tx), r.ID, step, detail, "")
	})
}

func recordOf(r sqlc.ClaimRecordsRow) Record {
	return Record{ID: r.ID, ConnectionID: r.ConnectionID, Key: r.Key, ChangedAt: r.SourceAt, RemoteKey: r.RemoteKey, Deliveries: int(r.Deliveries), Target: r.Target}
}

func stake(s Source) (amount decimal.NullDecimal, currency string) {
	if s.Amount.Currency == "" {
		return decimal.NullDecimal{}, ""
	}
	return decimal.NewNullDecimal(s.Amount.Value), string(s.Amount.Currency)
}
