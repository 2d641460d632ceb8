// Package database opens PostgreSQL, brings its schema up to date, runs
// transactions and translates its errors. It is the only way into a
// transaction: what happens inside has one fixed time and either all of it
// stays or none.
package database

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/clock"
)

// connections is the size of a pool whose address does not say pool_max_conns.
const connections = 16

// pingTimeout is how long a connection that was idle may take to show that it
// lives before another is made.
const pingTimeout = 5 * time.Second

// Open connects a pool. The session's time zone is UTC whatever the server says.
// No error repeats the address, which may hold a password.
func Open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read database URL: %w", redacted(err))
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["application_name"] = "tieout"
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = max(config.MaxConns, connections)
	}
	config.PrepareConn, config.PingTimeout = prepare, pingTimeout
	config.ConnConfig.DialFunc = dialer().DialContext
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
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) {
		return errors.New("the address cannot be read; it looks like postgres://user@host:5432/name")
	}
	return err
}

// Key is an id as a column holds it: 0 is none, so NULL.
func Key(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

// Tx is a transaction with the one moment that everything in it happens at.
type Tx struct {
	pgx.Tx
	Now time.Time
}

// attempts bounds how often a transaction that lost a race is run.
const attempts = 5

// WithTx runs work in a transaction: committed when work returns nil, rolled
// back otherwise. A transaction that lost a serialisation race or a deadlock is
// run again, so work must have no effects outside the database.
func WithTx(ctx context.Context, pool *pgxpool.Pool, c clock.Clock, work func(tx *Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := Once(ctx, pool, c, work)
		if !lostRace(err) || attempt == attempts {
			return err
		}
		// The others of the race come back at other moments.
		pause := time.NewTimer(rand.N(10 * time.Millisecond << attempt))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}

// rollbackTimeout bounds how long a failed transaction is waited for.
const rollbackTimeout = 10 * time.Second

// Once is WithTx for work that cannot be run again, such as reading a stream.
func Once(ctx context.Context, pool *pgxpool.Pool, c clock.Clock, work func(tx *Tx) error) (err error) {
	tx, err := pool.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	// Deferred, so that a panic in work gives the connection back too.
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		if undo := tx.Rollback(ending); undo != nil && !errors.Is(undo, pgx.ErrTxClosed) {
			err = errors.Join(err, fmt.Errorf("roll back: %w", undo))
		}
	}()
	if err := work(&Tx{tx, c.Now()}); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// PlannedOnce reads with plans that are made for any arguments and kept. For a long
// query that suits them, planning it anew each time takes longer than it saves;
// PostgreSQL would find out by itself after a few on each connection, or not.
func PlannedOnce(ctx context.Context, pool *pgxpool.Pool, read func(tx pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{BeginQuery: "BEGIN READ ONLY; SET LOCAL plan_cache_mode = force_generic_plan"}, read)
}
