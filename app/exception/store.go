package exception

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/sqlc"
)

// Raise opens an exception or refreshes the open one of the same cause.
func Raise(ctx context.Context, tx sqlc.DBTX, r Raised) (id int64, err error) {
	detail, err := json.Marshal(r.Detail)
	if err != nil {
		return 0, fmt.Errorf("write exception detail: %w", err)
	}
	if r.Detail == nil {
		detail = []byte("{}")
	}
	row, err := sqlc.New(tx).RaiseException(ctx, sqlc.RaiseExceptionParams{
		ConnectionID: r.ConnectionID, Class: string(r.Class), Cause: r.Cause, Title: short(r.Title), Detail: detail,
		SettlementID: database.Key(r.SettlementID), EntryID: database.Key(r.EntryID), KindID: kindOrNil(r.KindID),
		Records: max(r.Records, 1), Amount: r.Amount, Currency: r.Currency,
	})
	if err != nil {
		return 0, fmt.Errorf("raise %s exception: %w", r.Class, err)
	}
	return row.ID, nil
}

// titleLength is how many characters a title keeps: it names what is in the detail
// too, and names come from elsewhere.
const titleLength = 300

func short(title string) string {
	if letters := []rune(title); len(letters) > titleLength {
		return string(letters[:titleLength-1]) + "…"
	}
	return title
}

// Weigh says how many records of a flow wait on an open exception, and the
// money at stake in them.
func Weigh(ctx context.Context, tx sqlc.DBTX, id int64, flow string, records int64, amount decimal.NullDecimal, currency string) error {
	err := sqlc.New(tx).WeighException(ctx, sqlc.WeighExceptionParams{ID: id, Flow: flow, Records: records, Amount: amount, Currency: currency})
	if err != nil {
		return fmt.Errorf("weigh exception %d: %w", id, err)
	}
	return nil
}

// Open returns the open exception of a cause; false when there is none.
func Open(ctx context.Context, tx sqlc.DBTX, connectionID int64, class Class, cause string) (id int64, ok bool, err error) {
	id, err = sqlc.New(tx).OpenException(ctx, sqlc.OpenExceptionParams{ConnectionID: connectionID, Class: string(class), Cause: cause})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("look for %s exception: %w", class, err)
	}
	return id, true, nil
}

// Clear resolves the open exception of a cause, when there is one, because the
// cause is gone.
func Clear(ctx context.Context, tx sqlc.DBTX, connectionID int64, class Class, cause, resolution string, actor audit.Actor) error {
	_, err := sqlc.New(tx).ResolveException(ctx, sqlc.ResolveExceptionParams{
		ConnectionID: connectionID, Class: string(class), Cause: cause, Resolution: resolution, ResolvedBy: database.Key(actor.PersonID),
	})
	if err != nil {
		return fmt.Errorf("resolve %s exception: %w", class, err)
	}
	return nil
}

// Nobody selects exceptions that are assigned to no one.
const Nobody int64 = -1

// Filter selects exceptions of a list; zero values select everything.
type Filter struct {
	ConnectionID int64
	Class        Class
	State        string
	Assignee     int64               // a person, or Nobody
	Snoozed      bool                // show snoozed ones too
	AfterWeight  decimal.NullDecimal // keyset: the last row's money and id
	AfterID      int64
	PageSize     int32
}

// Queue reads and works the list.
type Queue struct{ pool *pgxpool.Pool }

// NewQueue returns the queue kept in pool's database.
func NewQueue(pool *pgxpool.Pool) *Queue { return &Queue{pool} }

// List returns a page of exceptions, most money first.
func (q *Queue) List(ctx context.Context, f Filter) ([]Exception, error) {
	rows, err := sqlc.New(q.pool).ListExceptions(ctx, sqlc.ListExceptionsParams{
		ConnectionID: database.Key(f.ConnectionID), Class: string(f.Class), State: f.State, Assignee: f.Assignee, Snoozed: f.Snoozed,
		AfterWeight: f.AfterWeight, AfterID: f.AfterID, PageSize: f.PageSize,
	})
	if err != nil {
		return nil, fmt.Errorf("list exceptions: %w", err)
	}
	list := make([]Exception, len(rows))
	for i, r := range rows {
		list[i] = Exception{
			ID: r.ID, ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, Class: Class(r.Class), Cause: r.Cause, Title: r.Title,
			SettlementID: orZero(r.SettlementID), EntryID: orZero(r.EntryID), KindID: orZero(r.KindID), Flow: r.Flow, Marketplace: r.Marketplace, Records: r.Records,
			Amount: r.Amount, Currency: r.Currency, State: r.State, AssignedTo: orZero(r.AssignedTo), AssignedName: r.AssignedName,
			SnoozedUntil: r.SnoozedUntil, Resolution: r.Resolution, ResolvedName: r.ResolvedName, ResolvedAt: r.ResolvedAt,
			OpenedAt: r.OpenedAt, Version: r.Version,
		}
	}
	return list, nil
}

// Counts returns the open, unsnoozed causes per class; connectionID 0 is all.
func (q *Queue) Counts(ctx context.Context, connectionID int64) ([]Count, error) {
	rows, err := sqlc.New(q.pool).CountExceptions(ctx, database.Key(connectionID))
	if err != nil {
		return nil, fmt.Errorf("count exceptions: %w", err)
	}
	stake, err := moneyAtStake(ctx, q.pool, connectionID)
	if err != nil {
		return nil, err
	}
	counts := make([]Count, len(rows))
	for i, r := range rows {
		counts[i] = Count{Class(r.Class), r.Causes, r.Records, r.Oldest, stake[Class(r.Class)]}
	}
	return counts, nil
}

func moneyAtStake(ctx context.Context, db sqlc.DBTX, connectionID int64) (map[Class][]money.Amount, error) {
	rows, err := sqlc.New(db).MoneyAtStake(ctx, database.Key(connectionID))
	if err != nil {
		return nil, fmt.Errorf("sum money at stake: %w", err)
	}
	sums := map[Class][]money.Amount{}
	for _, r := range rows {
		sums[Class(r.Class)] = append(sums[Class(r.Class)], money.New(r.Amount, money.Currency(r.Currency)))
	}
	return sums, nil
}

// OfSettlement returns the open exceptions of one settlement.
func (q *Queue) OfSettlement(ctx context.Context, settlementID int64) ([]Exception, error) {
	rows, err := sqlc.New(q.pool).OpenExceptionsOfSettlement(ctx, &settlementID)
	if err != nil {
		return nil, fmt.Errorf("list exceptions of settlement %d: %w", settlementID, err)
	}
	list := make([]Exception, len(rows))
	for i, r := range rows {
		list[i] = Exception{ID: r.ID, Class: Class(r.Class), Cause: r.Cause, Title: r.Title, KindID: orZero(r.KindID), SettlementID: settlementID,
			Records: r.Records, Amount: r.Amount, Currency: r.Currency, OpenedAt: r.OpenedAt, State: "open"}
	}
	return list, nil
}

// Get returns one exception; fault.NotFound when there is none.
func (q *Queue) Get(ctx context.Context, id int64) (Exception, error) {
	return get(ctx, q.pool, id)
}

func get(ctx context.Context, db sqlc.DBTX, id int64) (Exception, error) {
	r, err := sqlc.New(db).GetException(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Exception{}, fault.New(fault.NotFound, "There is no exception %d.", id)
	}
	if err != nil {
		return Exception{}, fmt.Errorf("read exception %d: %w", id, err)
	}
	e := Exception{
		ID: r.ID, ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, Class: Class(r.Class), Cause: r.Cause, Title: r.Title,
		SettlementID: orZero(r.SettlementID), EntryID: orZero(r.EntryID), KindID: orZero(r.KindID), Flow: r.Flow, Marketplace: r.Marketplace, Records: r.Records,
		Amount: r.Amount, Currency: r.Currency, State: r.State, AssignedTo: orZero(r.AssignedTo), AssignedName: r.AssignedName,
		SnoozedUntil: r.SnoozedUntil, Resolution: r.Resolution, ResolvedName: r.ResolvedName, ResolvedAt: r.ResolvedAt,
		OpenedAt: r.OpenedAt, Version: r.Version,
	}
	if err := json.Unmarshal(r.Detail, &e.Detail); err != nil {
		return Exception{}, fmt.Errorf("read detail of exception %d: %w", id, err)
	}
	return e, nil
}

// Assign gives an open exception to a person, or to nobody when personID is 0.
func (q *Queue) Assign(ctx context.Context, id int64, version int32, personID int64, actor audit.Actor) error {
	return q.change(ctx, id, "assigned", "", actor, map[string]any{"to": personID}, func(db *sqlc.Queries) (int64, error) {
		return db.AssignException(ctx, sqlc.AssignExceptionParams{AssignedTo: database.Key(personID), ID: id, Version: version})
	})
}

// Snooze hides an open exception until a moment.
func (q *Queue) Snooze(ctx context.Context, id int64, version int32, until time.Time, actor audit.Actor) error {
	return q.change(ctx, id, "snoozed", "", actor, map[string]any{"until": until}, func(db *sqlc.Queries) (int64, error) {
		return db.SnoozeException(ctx, sqlc.SnoozeExceptionParams{SnoozedUntil: &until, ID: id, Version: version})
	})
}

// Ignore closes an open exception with a reason. Ignoring removes it from the
// queue only: what it stands for keeps blocking where accounting says so.
func (q *Queue) Ignore(ctx context.Context, id int64, version int32, reason string, actor audit.Actor) error {
	return q.change(ctx, id, "ignored", reason, actor, nil, func(db *sqlc.Queries) (int64, error) {
		return db.IgnoreException(ctx, sqlc.IgnoreExceptionParams{Resolution: reason, ResolvedBy: database.Key(actor.PersonID), ID: id, Version: version})
	})
}

func (q *Queue) change(ctx context.Context, id int64, action, reason string, actor audit.Actor, after any, run func(*sqlc.Queries) (int64, error)) error {
	return pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		before, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		changed, err := run(sqlc.New(tx))
		if err != nil {
			return fmt.Errorf("change exception %d: %w", id, err)
		}
		if changed == 0 {
			return fault.New(fault.Conflict, "This exception changed while you looked at it. Read it again.")
		}
		return audit.Write(ctx, tx, audit.Event{
			Actor: actor, Action: action, ObjectType: "exception", ObjectID: id, ConnectionID: before.ConnectionID, After: after, Reason: reason,
		})
	})
}

func kindOrNil(id int32) *int32 {
	if id == 0 {
		return nil
	}
	return &id
}

func orZero[T any](p *T) (zero T) {
	if p == nil {
		return zero
	}
	return *p
}
