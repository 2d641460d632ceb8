package amazon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/sqlc"
)

// Store is a Limiter that all workers of all processes share through
// PostgreSQL (table rate_bucket), by the database's clock.
type Store struct {
	db    *sqlc.Queries
	pause Pause
}

// NewStore returns a Limiter on a pool. It must not be a transaction: others
// are to see each token that is taken.
func NewStore(pool sqlc.DBTX, pause Pause) *Store {
	return &Store{sqlc.New(pool), pause}
}

// Wait implements Limiter.
func (s *Store) Wait(ctx context.Context, key string, op Operation) error {
	return await(ctx, op, s.pause, func() (bool, time.Duration, error) {
		row, err := s.db.TakeToken(ctx, sqlc.TakeTokenParams{ConnectionKey: key, Operation: op.Name, Rate: op.Rate, Burst: op.Burst})
		if errors.Is(err, pgx.ErrNoRows) {
			return false, 0, nil
		}
		if err != nil {
			return false, 0, fmt.Errorf("take a call of %s: %w", op.Name, err)
		}
		return row.Taken, seconds(row.Seconds), nil
	})
}

// Observed implements Limiter.
func (s *Store) Observed(ctx context.Context, key string, op Operation, rate float64) error {
	if err := s.db.SetRate(ctx, sqlc.SetRateParams{ConnectionKey: key, Operation: op.Name, Rate: rate}); err != nil {
		return fmt.Errorf("record the rate of %s: %w", op.Name, err)
	}
	return nil
}

// Drained implements Limiter.
func (s *Store) Drained(ctx context.Context, key string, op Operation) error {
	if err := s.db.DrainBucket(ctx, sqlc.DrainBucketParams{ConnectionKey: key, Operation: op.Name}); err != nil {
		return fmt.Errorf("empty the bucket of %s: %w", op.Name, err)
	}
	return nil
}
