package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/sqlc"
)

// Store implements scs.CtxStore over the table sessions.
type Store struct{ pool *pgxpool.Pool }

// NewStore returns the Store in pool's database.
func NewStore(pool *pgxpool.Pool) *Store { return &Store{pool} }

// FindCtx implements scs.CtxStore.
func (s *Store) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	row, err := sqlc.New(s.pool).FindSession(ctx, token)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	*remembered(ctx) = read{token, row.Data, row.Expiry}
	return row.Data, true, nil
}

// CommitCtx implements scs.CtxStore.
func (s *Store) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	q := sqlc.New(s.pool)
	before := remembered(ctx)
	var err error
	switch {
	case before.token != token:
		err = q.BeginSession(ctx, sqlc.BeginSessionParams{Token: token, Data: data, Expiry: expiry})
	case !bytes.Equal(before.data, data):
		err = q.KeepSession(ctx, sqlc.KeepSessionParams{Token: token, Data: data, Expiry: expiry})
	case worthTouching(before.expiry, expiry, time.Now()):
		err = q.TouchSession(ctx, sqlc.TouchSessionParams{Token: token, Expiry: expiry})
	}
	if err != nil {
		return fmt.Errorf("keep session: %w", err)
	}
	return nil
}

// worthTouching spares a write while less than a twentieth of the idle time
// has passed.
func worthTouching(before, after, now time.Time) bool {
	return after.Sub(before) > after.Sub(now)/20
}

// DeleteCtx implements scs.CtxStore.
func (s *Store) DeleteCtx(ctx context.Context, token string) error {
	if err := sqlc.New(s.pool).EndSession(ctx, token); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// Find implements scs.Store.
func (s *Store) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit implements scs.Store.
func (s *Store) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete implements scs.Store.
func (s *Store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
