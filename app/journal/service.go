package journal

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/sqlc"
)

// Jobs starts background work in the transaction of the data it concerns.
type Jobs interface {
	Post(ctx context.Context, tx pgx.Tx, entryID int64) error
	Draft(ctx context.Context, tx pgx.Tx, settlementID int64) error
}

// RuleSource gives the published rule set of a connection, nil when there is none.
type RuleSource func(ctx context.Context, db sqlc.DBTX, connectionID int64) (*mapping.RuleSet, error)

// Ledgers gives the P21 side of a connection.
type Ledgers func(ctx context.Context, connectionID int64) (p21.Ledger, error)

// Service holds the use cases of journal entries.
type Service struct {
	pool    *pgxpool.Pool
	clock   clock.Clock
	rules   RuleSource
	ledgers Ledgers
	jobs    Jobs
	deliver *outbound.Deliverer
	log     *slog.Logger
}

// Needs lists what a Service works with. Jobs, Ledgers and Deliverer may be
// nil where nothing is posted.
type Needs struct {
	Pool      *pgxpool.Pool
	Clock     clock.Clock
	Rules     RuleSource
	Ledgers   Ledgers
	Jobs      Jobs
	Deliverer *outbound.Deliverer
	Log       *slog.Logger
}

// NewService returns a Service.
func NewService(n Needs) *Service {
	return &Service{n.Pool, n.Clock, n.Rules, n.Ledgers, n.Jobs, n.Deliverer, n.Log}
}

// Changed is the conflict of a form that was filled in for an older state.
func Changed() error {
	return fault.New(fault.Conflict, "This entry changed while you looked at it. Read it again before you decide.")
}

// lock reads an entry for change; other changes of it wait.
func lock(ctx context.Context, tx pgx.Tx, id int64) (sqlc.LockEntryRow, error) {
	e, err := sqlc.New(tx).LockEntry(ctx, id)
	if err == pgx.ErrNoRows {
		return e, fault.New(fault.NotFound, "There is no journal entry %d.", id)
	}
	if err != nil {
		return e, fmt.Errorf("lock journal entry %d: %w", id, err)
	}
	return e, nil
}

func event(e sqlc.LockEntryRow, actor audit.Actor, action string, after any, reason string) audit.Event {
	return audit.Event{Actor: actor, Action: action, ObjectType: "journal_entry", ObjectID: e.ID, ConnectionID: e.ConnectionID,
		Before: map[string]any{"status": e.Status}, After: after, Reason: reason}
}
