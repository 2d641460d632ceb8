package closing

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/period"
	"tieout/app/reconcile"
	"tieout/sqlc"
)

// Reconciliations tells what each reconciliation of a connection comes to at
// the end of a day.
type Reconciliations interface {
	Standing(ctx context.Context, connectionID int64, only reconcile.Name, until period.Date) ([]reconcile.Standing, error)
	Has(name reconcile.Name) bool
	// Freeze reads what each comes to at this moment, in a transaction.
	Freeze(ctx context.Context, db sqlc.DBTX, connectionID int64) ([]reconcile.Frozen, error)
}

// Jobs has the drafts of a connection built again, in the transaction that
// changed what they rest on.
type Jobs interface {
	Redraft(ctx context.Context, tx pgx.Tx, connectionID int64) error
}

// Needs lists what a Service works with. Reconciled may be nil: then the
// checklist has no reconciliations.
type Needs struct {
	Pool       *pgxpool.Pool
	Clock      clock.Clock
	Jobs       Jobs
	Reconciled Reconciliations
}

// Service closes periods.
type Service struct {
	pool       *pgxpool.Pool
	clock      clock.Clock
	jobs       Jobs
	reconciled Reconciliations
}

// NewService returns a Service.
func NewService(n Needs) *Service { return &Service{n.Pool, n.Clock, n.Jobs, n.Reconciled} }

// Attempt is one request to close a period and what became of it.
type Attempt struct {
	ID           int64
	State        State
	Checklist    Checklist // as it was when it was asked for
	Hash         []byte    // of its text
	Text         string
	Note         string // of the preparer
	PreparerID   int64
	Preparer     string
	RequestedAt  time.Time
	DecidedBy    string
	DecidedAt    time.Time // zero: not yet
	Reason       string    // why it was refused
	ReopenedBy   string
	ReopenedAt   time.Time
	ReopenReason string
}

// Whole is a period with its checklist of this moment and its history.
type Whole struct {
	Key                Key
	Connection         string // its name
	Title              string
	Period             period.Period
	ClosedInP21        bool
	Begins, Until      time.Time // the period's first moment in the books' time zone, and the first one after it
	State              State
	Now                Checklist
	Attempts           []Attempt // the newest first
	ApproverIDs        []int64   // whom the policy names; empty: any approver
	FreshSignInMinutes int       // 0: any session may approve
}

// Latest is the attempt that the period's state comes from; false while it is
// open.
func (w Whole) Latest() (Attempt, bool) {
	for _, a := range w.Attempts {
		if a.State == Requested || a.State == Closed || a.State == Reopened {
			return a, true
		}
	}
	return Attempt{}, false
}

// Shown is the checklist that people look at: the frozen one while the period
// is asked for or closed, otherwise that of this moment.
func (w Whole) Shown() Checklist {
	if a, ok := w.Latest(); ok && a.State != Reopened {
		return a.Checklist
	}
	return w.Now
}

// Checklist computes what stands between a period and its close.
func (s *Service) Checklist(ctx context.Context, key Key) (Checklist, error) {
	f, err := s.facts(ctx, s.pool, key)
	if err != nil {
		return Checklist{}, err
	}
	return Compute(f), nil
}

// Next returns the period of a connection that is to be closed next; false
// when P21 has none.
func (s *Service) Next(ctx context.Context, connectionID int64) (Listed, bool, error) {
	r, err := sqlc.New(s.pool).NextPeriodToClose(ctx, sqlc.NextPeriodToCloseParams{ConnectionID: connectionID, Today: period.DateOf(s.clock.Now()).Time()})
	if errors.Is(err, pgx.ErrNoRows) {
		return Listed{}, false, nil
	}
	if err != nil {
		return Listed{}, false, fmt.Errorf("find the next period to close: %w", err)
	}
	key := Key{r.ConnectionID, int(r.FiscalYear), int(r.Number)}
	return Listed{Key: key, Period: period.Period{FiscalYear: key.FiscalYear, Number: key.Number, Starts: period.DateOf(r.StartsOn), Ends: period.DateOf(r.EndsOn)}}, true, nil
}

// Get returns a period with its checklist and history.
func (s *Service) Get(ctx context.Context, key Key) (Whole, error) {
	f, err := s.facts(ctx, s.pool, key)
	if err != nil {
		return Whole{}, err
	}
	return s.whole(ctx, s.pool, f)
}

func (s *Service) whole(ctx context.Context, db sqlc.DBTX, f Facts) (Whole, error) {
	q := sqlc.New(db)
	p, err := q.PeriodToClose(ctx, sqlc.PeriodToCloseParams{ConnectionID: f.Key.ConnectionID, FiscalYear: int32(f.Key.FiscalYear), Number: int32(f.Key.Number)})
	if err != nil {
		return Whole{}, fmt.Errorf("read period %s: %w", f.Key, err)
	}
	w := Whole{Key: f.Key, Connection: f.Connection, Title: p.ConnectionTitle, Period: f.Period, ClosedInP21: f.ClosedInP21, Begins: f.Begins, Until: f.Until, State: Open, Now: Compute(f), ApproverIDs: p.ApproverIds}
	if p.FreshSignInMinutes != nil {
		w.FreshSignInMinutes = int(*p.FreshSignInMinutes)
	}
	rows, err := q.ClosesOfPeriod(ctx, sqlc.ClosesOfPeriodParams{ConnectionID: f.Key.ConnectionID, FiscalYear: int32(f.Key.FiscalYear), Period: int32(f.Key.Number)})
	if err != nil {
		return w, fmt.Errorf("read closes of period %s: %w", f.Key, err)
	}
	for _, r := range rows {
		a, err := attempt(r)
		if err != nil {
			return w, err
		}
		w.Attempts = append(w.Attempts, a)
	}
	if a, ok := w.Latest(); ok {
		w.State = a.State
	}
	return w, nil
}

func attempt(r sqlc.ClosesOfPeriodRow) (Attempt, error) {
	a := Attempt{ID: r.ID, State: State(r.State), Hash: r.ChecklistHash, Text: r.Checklist, Note: r.Note, PreparerID: r.RequestedBy, Preparer: r.RequestedName, RequestedAt: r.RequestedAt,
		DecidedBy: r.DecidedName, Reason: r.Reason, ReopenedBy: r.ReopenedName, ReopenReason: r.ReopenReason}
	if r.DecidedAt != nil {
		a.DecidedAt = *r.DecidedAt
	}
	if r.ReopenedAt != nil {
		a.ReopenedAt = *r.ReopenedAt
	}
	var err error
	a.Checklist, err = Thaw(r.Checklist)
	return a, err
}

// Request asks for the close of a period: the checklist of this moment is
// frozen with the preparer's reasons for what is waived, by the items' keys.
func (s *Service) Request(ctx context.Context, key Key, note string, waivers map[string]string, actor audit.Actor) error {
	return s.change(ctx, key, "ask for the close of", func(tx *database.Tx, w Whole) error {
		switch w.State {
		case Requested:
			return fault.New(fault.Conflict, "%s has asked for it already.", w.Attempts[0].Preparer)
		case Closed:
			return fault.New(fault.Conflict, "Period %s is closed.", key)
		}
		frozen := w.Now
		wrong := map[string]string{}
		for i := range frozen.Items {
			item := &frozen.Items[i]
			reason := strings.TrimSpace(waivers[item.Key])
			switch {
			case item.State != Blocks:
			case !item.Waivable:
				return fault.New(fault.Conflict, "%s: %s", item.Title, item.Why)
			case len(reason) < 3:
				wrong[WaiverField(item.Key)] = "Put it right, or say why the period may be closed all the same."
			default:
				item.Waiver = reason
			}
		}
		if len(wrong) > 0 {
			return fault.InvalidFields(wrong)
		}
		text, hash, err := frozen.Freeze()
		if err != nil {
			return err
		}
		id, err := sqlc.New(tx).RequestClose(ctx, sqlc.RequestCloseParams{ConnectionID: key.ConnectionID, FiscalYear: int32(key.FiscalYear), Period: int32(key.Number),
			Checklist: text, ChecklistHash: hash[:], Note: strings.TrimSpace(note), PersonID: actor.PersonID})
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx.Tx, event(key, id, actor, "close requested", w.State, Requested, note, map[string]any{"checklist": hex.EncodeToString(hash[:]), "waived": waived(frozen)}))
	})
}

// WaiverField is the form field for an item's waiver.
func WaiverField(key string) string { return "waive-" + strings.ReplaceAll(key, "/", "-") }

func waived(c Checklist) map[string]string {
	reasons := map[string]string{}
	for _, i := range c.Waived() {
		reasons[i.Key] = i.Waiver
	}
	return reasons
}

// Withdraw takes a request back.
func (s *Service) Withdraw(ctx context.Context, key Key, actor audit.Actor) error {
	return s.decide(ctx, key, Withdrawn, "close withdrawn", "", nil, time.Time{}, actor)
}

// Refuse sends a request back to its preparer with a reason.
func (s *Service) Refuse(ctx context.Context, key Key, reason string, actor audit.Actor) error {
	if reason = strings.TrimSpace(reason); len(reason) < 3 {
		return fault.InvalidFields(map[string]string{"reason": "Say why, so that the preparer knows what to change."})
	}
	return s.decide(ctx, key, Refused, "close refused", reason, nil, time.Time{}, actor)
}

// Approve closes a period. hash is of the checklist that the approver saw;
// signedIn is when the identity provider last saw the person.
func (s *Service) Approve(ctx context.Context, key Key, hash []byte, signedIn time.Time, actor audit.Actor) error {
	return s.decide(ctx, key, Closed, "closed", "", hash, signedIn, actor)
}

func (s *Service) decide(ctx context.Context, key Key, to State, action, reason string, hash []byte, signedIn time.Time, actor audit.Actor) error {
	return s.change(ctx, key, "decide on the close of", func(tx *database.Tx, w Whole) error {
		a, ok := w.Latest()
		if !ok || a.State != Requested {
			return fault.New(fault.Conflict, "Nobody asks for the close of period %s; it is %s.", key, w.State)
		}
		if to == Closed {
			if obstacle := Obstacle(w, actor.PersonID); obstacle != "" {
				return fault.New(fault.Forbidden, "%s", obstacle)
			}
			if !bytes.Equal(hash, a.Hash) {
				return fault.New(fault.Conflict, "The request changed while you looked at it. Read it again before you decide.")
			}
			if worse := Worse(a.Checklist, w.Now); len(worse) > 0 {
				return fault.New(fault.Conflict, "Something has come up since %s asked: %s", a.Preparer, strings.Join(worse, " "))
			}
		}
		after := map[string]any{"checklist": hex.EncodeToString(a.Hash)}
		if to == Closed {
			hashes, err := s.freeze(ctx, tx, a.ID, key.ConnectionID)
			if err != nil {
				return err
			}
			after["reconciliations"] = hashes
		}
		_, err := sqlc.New(tx).DecideClose(ctx, sqlc.DecideCloseParams{ID: a.ID, State: string(to), PersonID: &actor.PersonID, SignedInAt: &signedIn, Reason: reason})
		if err != nil {
			return err
		}
		if to == Closed {
			if err := s.jobs.Redraft(ctx, tx.Tx, key.ConnectionID); err != nil {
				return fmt.Errorf("draft again: %w", err)
			}
		}
		return audit.Write(ctx, tx.Tx, event(key, a.ID, actor, action, Requested, to, reason, after))
	})
}

// freeze keeps what each reconciliation comes to with the close, and returns the
// SHA-256 of each by its name.
func (s *Service) freeze(ctx context.Context, tx *database.Tx, closeID, connectionID int64) (map[string]string, error) {
	hashes := map[string]string{}
	if s.reconciled == nil {
		return hashes, nil
	}
	list, err := s.reconciled.Freeze(ctx, tx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("freeze reconciliations: %w", err)
	}
	for _, f := range list {
		text, hash, err := f.Write()
		if err != nil {
			return nil, err
		}
		if err := sqlc.New(tx).FreezeReconciliation(ctx, sqlc.FreezeReconciliationParams{CloseID: closeID, Name: string(f.Name), Content: text, ContentHash: hash[:]}); err != nil {
			return nil, fmt.Errorf("freeze reconciliation %s: %w", f.Name, err)
		}
		hashes[string(f.Name)] = hex.EncodeToString(hash[:])
	}
	return hashes, nil
}

// Obstacle says in one sentence why an approver cannot close a period that was
// asked for, "" when nothing keeps the person from it. The database refuses the
// same.
func Obstacle(w Whole, personID int64) string {
	a, ok := w.Latest()
	switch {
	case !ok || a.State != Requested:
		return "Nobody asks for the close of this period."
	case a.PreparerID == personID:
		return "You prepared this close, so someone else approves it."
	case len(w.ApproverIDs) > 0 && !contains(w.ApproverIDs, personID):
		return "The policy of this connection names other approvers."
	}
	return ""
}

func contains(ids []int64, id int64) bool {
	for _, x := range ids {
		if x == id {
			return true
		}
	}
	return false
}

// Reopen lifts the close of a period, with a reason.
func (s *Service) Reopen(ctx context.Context, key Key, reason string, actor audit.Actor) error {
	if reason = strings.TrimSpace(reason); len(reason) < 3 {
		return fault.InvalidFields(map[string]string{"reason": "Say why; it stands in the history of the period."})
	}
	return s.change(ctx, key, "reopen", func(tx *database.Tx, w Whole) error {
		a, ok := w.Latest()
		if !ok || a.State != Closed {
			return fault.New(fault.Conflict, "Period %s is %s; only a closed one is reopened.", key, w.State)
		}
		if _, err := sqlc.New(tx).ReopenPeriod(ctx, sqlc.ReopenPeriodParams{ID: a.ID, PersonID: &actor.PersonID, Reason: reason}); err != nil {
			return err
		}
		if err := s.jobs.Redraft(ctx, tx.Tx, key.ConnectionID); err != nil {
			return fmt.Errorf("draft again: %w", err)
		}
		return audit.Write(ctx, tx.Tx, event(key, a.ID, actor, "reopened", Closed, Reopened, reason, map[string]any{}))
	})
}

func event(key Key, id int64, actor audit.Actor, action string, from, to State, reason string, after map[string]any) audit.Event {
	after["state"], after["period"] = to, key.String()
	return audit.Event{Actor: actor, Action: action, ObjectType: "period_close", ObjectID: id, ConnectionID: key.ConnectionID, Reason: reason,
		Before: map[string]any{"state": from}, After: after}
}

// change runs a step in a transaction that has the period to itself.
func (s *Service) change(ctx context.Context, key Key, verb string, work func(*database.Tx, Whole) error) error {
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		lock := sqlc.LockPeriodParams{ConnectionID: key.ConnectionID, FiscalYear: int32(key.FiscalYear), Number: int32(key.Number)}
		if err := sqlc.New(tx).LockPeriod(ctx, lock); err != nil {
			return fmt.Errorf("lock period: %w", err)
		}
		f, err := s.facts(ctx, tx, key)
		if err != nil {
			return err
		}
		w, err := s.whole(ctx, tx, f)
		if err != nil {
			return err
		}
		return work(tx, w)
	})
	if err != nil {
		return database.Translate(fmt.Errorf("%s period %s: %w", verb, key, err))
	}
	return nil
}
