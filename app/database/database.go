// Package database opens PostgreSQL, brings its schema up to date, runs
// transactions and translates its errors. It is the only way into a
// transaction: what happens inside has one fixed time and either all of it
// stays or none.
package database

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/clock"
)

// Open connects a pool. The session's time zone is UTC whatever the server says.
func Open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read database URL: %w", redacted(err))
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["application_name"] = "tieout"
	if config.MaxConns < 16 {
		config.MaxConns = 16
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach database: %w", err)
	}
	return pool, nil
}

// redacted drops the connection string, which may hold a password, from a
// parse error.
func redacted(err error) error {
	var parse *pgconnParseError
	if errors.As(err, &parse) {
		return errors.New("the address cannot be read; it looks like postgres://user@host:5432/name")
	}
	return err
}

// Tx is a transaction with the one moment that everything in it happens at.
type Tx struct {
	pgx.Tx
	Now time.Time
}

// retries bounds how often a transaction that lost a race is run again.
const retries = 5

// WithTx runs work in a transaction: committed when work returns nil, rolled
// back otherwise. A transaction that lost a serialisation race or a deadlock is
// run again, so work must have no effects outside the database.
func WithTx(ctx context.Context, pool *pgxpool.Pool, c clock.Clock, work func(tx *Tx) error) error {
	var err error
	for attempt := 0; attempt < retries; attempt++ {
		err = Once(ctx, pool, c, work)
		if !lostRace(err) {
			return err
		}
	}
	return err
}

// Once is WithTx for work that cannot be run again, such as reading a stream.
func Once(ctx context.Context, pool *pgxpool.Pool, c clock.Clock, work func(tx *Tx) error) error {
	tx, err := pool.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	if err := work(&Tx{tx, c.Now()}); err != nil {
		if undo := tx.Rollback(context.WithoutCancel(ctx)); undo != nil && !errors.Is(undo, pgx.ErrTxClosed) {
			return errors.Join(err, fmt.Errorf("roll back: %w", undo))
		}
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
