package fbastock

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/sqlc"
)

// Release lets everything go on that waits on a cause.
type Release func(ctx context.Context, tx pgx.Tx, connectionID int64, class exception.Class, cause, resolution string, actor audit.Actor) (int64, error)

// Approvals takes the word of those who may have P21 adjusted.
type Approvals struct {
	pool    *pgxpool.Pool
	clock   clock.Clock
	release Release
}

// NewApprovals returns the approvals of a database.
func NewApprovals(pool *pgxpool.Pool, c clock.Clock, release Release) *Approvals {
	return &Approvals{pool, c, release}
}

// Approve has P21 adjusted by exactly the difference that the exception names;
// fault.Conflict when the numbers have moved, or P21 takes no adjustment of it.
func (a *Approvals) Approve(ctx context.Context, e exception.Exception, actor audit.Actor) error {
	text, _ := e.Detail["difference"].(string)
	units, err := money.ParseNumber(text)
	if e.Class != exception.StockDifference || e.State != "open" || err != nil {
		return fault.New(fault.Conflict, "This exception is no difference that waits for an approval.")
	}
	if why, ok := e.Detail["not_from_here"].(string); ok {
		return fault.New(fault.Conflict, "%s", why)
	}
	return pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		approved, err := sqlc.New(tx).ApproveFBADifference(ctx, sqlc.ApproveFBADifferenceParams{PersonID: actor.PersonID, Now: a.clock.Now(), ConnectionID: e.ConnectionID, ItemCode: e.Cause, Units: units})
		if err != nil {
			return fmt.Errorf("approve difference of %s: %w", e.Cause, err)
		}
		if approved == 0 {
			return fault.New(fault.Conflict, "The numbers of %s have moved since. Look at the new difference.", e.Cause)
		}
		if _, err := a.release(ctx, tx, e.ConnectionID, e.Class, e.Cause, "Approved: "+text+".", actor); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "stock adjustment approved", ObjectType: "exception", ObjectID: e.ID, ConnectionID: e.ConnectionID, After: e.Detail})
	})
}
