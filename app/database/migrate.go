package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"tieout/migrations"
)

// migrating is the advisory lock that whoever changes the schema holds.
const migrating = 7_205_031

// Times of a migration. What asks for a table waits behind one that wants it to
// itself, and that one behind whoever has it: it does so for a moment only, and
// then lets the others go on before it tries again.
const (
	lockWait     = 2 * time.Second
	lockPause    = 500 * time.Millisecond
	lockPatience = 15 * time.Minute
)

// Migrate brings the schema up to date: ours, then the job engine's. Several
// programs may do it at the same moment; one works and the others wait. Programs
// may be at work on the database meanwhile.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	return Upgrade(ctx, pool, migrations.FS)
}

// Upgrade is Migrate with the migrations of a folder.
func Upgrade(ctx context.Context, pool *pgxpool.Pool, files fs.FS) error {
	// A connection of its own, so that waiting takes none from the pool. The
	// lock ends with it.
	conn, err := pgx.ConnectConfig(ctx, pool.Config().ConnConfig)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // nothing was written on it
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, migrating); err != nil {
		return fmt.Errorf("wait for other migrations: %w", err)
	}
	polite, err := politely(ctx, pool)
	if err != nil {
		return err
	}
	defer polite.Close()
	for begun := time.Now(); ; {
		err := upgrade(ctx, polite, files)
		if !inUse(err) || time.Since(begun) > lockPatience {
			return err
		}
		pause := time.NewTimer(lockPause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}

// politely opens a pool whose sessions do not wait long for what others use.
func politely(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
	config := pool.Config()
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, fmt.Sprintf("SET lock_timeout = %d", lockWait.Milliseconds()))
		return err
	}
	polite, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return polite, nil
}

// inUse reports whether a migration did nothing because others used what it changes.
func inUse(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == pgerrcode.LockNotAvailable || pg.Code == pgerrcode.DeadlockDetected)
}

// upgrade applies what is missing; each migration is a transaction.
func upgrade(ctx context.Context, pool *pgxpool.Pool, files fs.FS) error {
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }() // the pool stays open
	provider, err := provider(db, files)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	jobs, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	if _, err := jobs.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	return nil
}

// Fits returns an error for people when this program cannot work on the schema:
// because it is older than the program needs, or because a newer program has
// taken away what this one uses. A schema that is newer and has all of that fits.
func Fits(ctx context.Context, pool *pgxpool.Pool) error {
	pending, err := Pending(ctx, pool)
	if err != nil {
		return err
	}
	if pending {
		return errors.New("the database's schema is older than this program; run `tieout migrate` first")
	}
	known, err := newest()
	if err != nil {
		return err
	}
	var floor int64
	if err := pool.QueryRow(ctx, `SELECT version FROM schema_floor`).Scan(&floor); err != nil {
		return fmt.Errorf("read which programs understand the schema: %w", err)
	}
	if floor > known {
		return fmt.Errorf("the database's schema was changed by a newer program (migration %d) in a way that this one, which knows it up to %d, does not understand; install the newer program", floor, known)
	}
	return nil
}

// newest is the number of the last migration that this program knows.
func newest() (int64, error) {
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	number, err := goose.NumericComponent(slices.Max(names))
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	return number, nil
}

// Pending reports whether the schema, ours or the job engine's, is older than
// this program needs.
func Pending(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }() // the pool stays open
	provider, err := provider(db, migrations.FS)
	if err != nil {
		return false, err
	}
	pending, err := provider.HasPending(ctx)
	if err != nil {
		return false, fmt.Errorf("read schema version: %w", err)
	}
	if pending {
		return true, nil
	}
	jobs, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return false, fmt.Errorf("read schema version of jobs: %w", err)
	}
	current, err := jobs.Validate(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("read schema version of jobs: %w", err)
	}
	return !current.OK, nil
}

// Version is the number of the newest migration that the schema has; 0 for an
// empty database.
func Version(ctx context.Context, pool *pgxpool.Pool) (int64, error) {
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }() // the pool stays open
	provider, err := provider(db, migrations.FS)
	if err != nil {
		return 0, err
	}
	version, err := provider.GetDBVersion(ctx)
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return version, nil
}

func provider(db *sql.DB, files fs.FS) (*goose.Provider, error) {
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithAllowOutofOrder(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}
