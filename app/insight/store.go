// Package insight reads the figures that no single noun owns: what waits for a
// person, how the flows are doing, what Amazon holds back, and how sales and
// fees develop.
package insight

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"tieout/app/database"
	"tieout/app/mapping"
	"tieout/sqlc"
)

// Reader reads figures; safe for concurrent use.
type Reader struct{ pool *pgxpool.Pool }

// NewReader returns a Reader on pool.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool} }

// Outage is a connection whose P21 does not answer, with what waits for it.
type Outage = sqlc.WaitingMessagesRow

// patience is how long a message may wait before people are told.
const patience = time.Minute

// Outages returns the connections whose other side does not answer, the
// longest silence first.
func (r *Reader) Outages(ctx context.Context) ([]Outage, error) {
	outages, err := sqlc.New(r.pool).WaitingMessages(ctx, patience.Seconds())
	if err != nil {
		return nil, fmt.Errorf("read what waits for P21: %w", err)
	}
	return outages, nil
}

// StoppedFlow is a flow that a person paused or whose other side does not answer.
type StoppedFlow = sqlc.StoppedFlowsRow

// StoppedFlows returns the flows that do not go on: those whose other side has
// failed so many times in a row first, then those that somebody paused.
func (r *Reader) StoppedFlows(ctx context.Context, patience int) ([]StoppedFlow, error) {
	flows, err := sqlc.New(r.pool).StoppedFlows(ctx, int32(patience))
	if err != nil {
		return nil, fmt.Errorf("read stopped flows: %w", err)
	}
	return flows, nil
}

// Counts are what waits: open exceptions, entries that the person could
// approve, and drafts; and whether a connection is invoiced, a message fails, or a
// flow halts at all.
type Counts = sqlc.FrameCountsRow

// Counts returns what waits for a person; connectionID 0 is everywhere.
func (r *Reader) Counts(ctx context.Context, personID, connectionID int64) (Counts, error) {
	counts, err := sqlc.New(r.pool).FrameCounts(ctx, sqlc.FrameCountsParams{PersonID: personID, ConnectionID: database.Key(connectionID)})
	if err != nil {
		return counts, fmt.Errorf("count what waits: %w", err)
	}
	return counts, nil
}

// Choice is a connection to choose.
type Choice = sqlc.ConnectionChoicesRow

// Connections returns the connections to choose from.
func (r *Reader) Connections(ctx context.Context) ([]Choice, error) {
	choices, err := sqlc.New(r.pool).ConnectionChoices(ctx)
	if err != nil {
		return nil, fmt.Errorf("list connections: %w", err)
	}
	return choices, nil
}

// Flow is how a connection's reports are doing.
type Flow = sqlc.FlowHealthRow

// Flows returns how the reports of every connection are doing.
func (r *Reader) Flows(ctx context.Context) ([]Flow, error) {
	flows, err := sqlc.New(r.pool).FlowHealth(ctx)
	if err != nil {
		return nil, fmt.Errorf("read flow health: %w", err)
	}
	return flows, nil
}

// Reserve is what Amazon holds back of one connection and currency.
type Reserve = sqlc.ReservesHeldRow

// Reserves returns what Amazon holds back; connectionID 0 is everywhere.
func (r *Reader) Reserves(ctx context.Context, connectionID int64) ([]Reserve, error) {
	reserves, err := sqlc.New(r.pool).ReservesHeld(ctx, database.Key(connectionID))
	if err != nil {
		return nil, fmt.Errorf("read reserves: %w", err)
	}
	return reserves, nil
}

// Waiting is the deposits of settlements that are not posted yet.
type Waiting = sqlc.MoneyWaitingRow

// Waiting returns unposted deposits per currency; connectionID 0 is everywhere.
func (r *Reader) Waiting(ctx context.Context, connectionID int64) ([]Waiting, error) {
	waiting, err := sqlc.New(r.pool).MoneyWaiting(ctx, database.Key(connectionID))
	if err != nil {
		return nil, fmt.Errorf("read unposted deposits: %w", err)
	}
	return waiting, nil
}

// CycleSum is the sum of one kind in one cycle.
type CycleSum struct {
	ID     int64 // of the settlement
	EndAt  time.Time
	KindID int32
	Kind   mapping.Kind
	Amount decimal.Decimal
}

// Cycles returns the sums per kind of a connection's newest cycles, oldest first.
func (r *Reader) Cycles(ctx context.Context, connectionID int64, cycles int32) ([]CycleSum, error) {
	db := sqlc.New(r.pool)
	rows, err := db.CycleSums(ctx, sqlc.CycleSumsParams{ConnectionID: connectionID, Cycles: cycles})
	if err != nil {
		return nil, fmt.Errorf("read cycles: %w", err)
	}
	known, err := db.Kinds(ctx, connectionID) // after the sums, so that it knows all that they name
	if err != nil {
		return nil, fmt.Errorf("list kinds: %w", err)
	}
	kinds := make(map[int32]mapping.Kind, len(known))
	for _, k := range known {
		kinds[k.ID] = mapping.Kind{Marketplace: k.Marketplace, TransactionType: k.TransactionType, AmountType: k.AmountType, AmountDescription: k.AmountDescription, Sign: int(k.Sign)}
	}
	sums := make([]CycleSum, len(rows))
	for i, row := range rows {
		sums[i] = CycleSum{row.ID, row.EndAt, row.KindID, kinds[row.KindID], row.Amount}
	}
	return sums, nil
}
