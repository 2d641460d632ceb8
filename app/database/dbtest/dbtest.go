// Package dbtest gives each test a PostgreSQL database of its own, cloned from
// a migrated template. The server is the one of TEST_DATABASE_URL, which `make
// test` sets, or a private one that all test processes of this user share and
// that runs until `make stop-test-db`.
package dbtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/database"
	"tieout/app/database/private"
	"tieout/migrations"
)

// New returns a pool on a fresh, migrated database that goes with the test.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := database.Open(t.Context(), URL(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// URL returns the address of a fresh, migrated database that goes with the
// test. A failed test leaves it and logs the address.
func URL(t testing.TB) string {
	t.Helper()
	from, err := ready()
	require.NoError(t, err)
	return clone(t, from.server, from.template)
}

// Role is who the program is in its database: it owns nothing.
const Role = "tieout_program"

// Program is URL as the role that the program has when it is installed.
func Program(t testing.TB) string {
	t.Helper()
	address, err := private.Acting(URL(t), Role)
	require.NoError(t, err)
	return address
}

// Force runs a statement past the triggers and foreign keys that would refuse it:
// for rows whose kin a test does not need, and for what only a fault would do.
func Force(ctx context.Context, pool *pgxpool.Pool, sql string, args ...any) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL session_replication_role = replica`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
}

// Empty is URL for a database without any schema.
func Empty(t testing.TB) string {
	t.Helper()
	from, err := ready()
	require.NoError(t, err)
	return clone(t, from.server, "template0")
}

func clone(t testing.TB, server, template string) string {
	t.Helper()
	name := "t_" + strings.ToLower(rand.Text()[:16])
	require.NoError(t, run(t.Context(), server, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, template)))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the test's database stays as long as its server runs: %s", on(server, name))
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := run(ctx, server, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)); err != nil {
			t.Logf("drop test database: %v", err)
		}
	})
	return on(server, name)
}

// Kept returns the address of a migrated database that stays as long as its
// server runs and the migrations are the same: for what takes minutes to fill.
// Those of other migrations go.
func Kept(t testing.TB, name string) string {
	t.Helper()
	from, err := ready()
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), from.server)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	prefix := "kept_" + name + "_"
	kept := prefix + strings.TrimPrefix(from.template, templatePrefix)
	rows, err := conn.Query(t.Context(), `SELECT datname FROM pg_database WHERE starts_with(datname, $1)`, prefix)
	require.NoError(t, err)
	known, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	for _, old := range known {
		if old != kept {
			_, err := conn.Exec(t.Context(), "DROP DATABASE "+old+" WITH (FORCE)")
			require.NoError(t, err)
		}
	}
	if !slices.Contains(known, kept) {
		_, err := conn.Exec(t.Context(), fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", kept, from.template))
		require.NoError(t, err)
	}
	return on(from.server, kept)
}

// templatePrefix begins the names of templates; the hash of the migrations follows.
const templatePrefix = "tpl_"

// source is where databases are cloned from.
type source struct{ server, template string }

// ready starts the server and makes the template, once per test process.
var ready = sync.OnceValues(func() (source, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	server, err := find(ctx)
	if err != nil {
		return source{}, err
	}
	template, err := template(ctx, server)
	return source{server, template}, err
})

// dir is where the shared private server lives.
func dir() string { return filepath.Join(os.TempDir(), fmt.Sprintf("tieout-test-%d", os.Getuid())) }

// find returns the address of the test server, starting the shared private one
// when none is given and it does not run.
func find(ctx context.Context) (string, error) {
	if given := os.Getenv("TEST_DATABASE_URL"); given != "" {
		return given, nil
	}
	unlock, err := lock()
	if err != nil {
		return "", err
	}
	defer unlock()
	options := Options()
	options.Shared = true
	server, err := private.Start(ctx, filepath.Join(dir(), "pg"), options)
	if err != nil {
		return "", fmt.Errorf("start test database: %w", err)
	}
	return server.URL, nil
}

// Options are those of a private server for tests: fast, many sessions.
func Options() private.Options {
	return private.Options{Volatile: true, Settings: []string{"max_connections=1000"}}
}

// Stop ends the shared private server and forgets its data.
func Stop(ctx context.Context) error {
	unlock, err := lock()
	if err != nil {
		return err
	}
	defer unlock()
	data := filepath.Join(dir(), "pg")
	if _, err := os.Stat(filepath.Join(data, "postgres", "postmaster.pid")); err == nil {
		server, err := private.Start(ctx, data, private.Options{Volatile: true, Shared: true})
		if err != nil {
			return fmt.Errorf("find test database: %w", err)
		}
		if err := server.Stop(ctx); err != nil {
			return fmt.Errorf("stop test database: %w", err)
		}
	}
	if err := os.RemoveAll(data); err != nil {
		return fmt.Errorf("remove test database: %w", err)
	}
	return nil
}

// lock lets one test process at a time start the server.
func lock() (unlock func(), err error) {
	if err := os.MkdirAll(dir(), 0o755); err != nil {
		return nil, fmt.Errorf("make test folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir(), "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open test lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("take test lock: %w", err)
	}
	return func() { _ = file.Close() }, nil // closing gives the lock back
}

// template returns the migrated template for the current migrations, making it
// when it is not there.
func template(ctx context.Context, server string) (string, error) {
	sum, err := migrationsHash()
	if err != nil {
		return "", err
	}
	name := templatePrefix + sum
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", fmt.Errorf("reach test database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if ready, err := isTemplate(ctx, conn, name); err != nil || ready {
		return name, err
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtext($1))`, name); err != nil {
		return "", fmt.Errorf("lock template: %w", err)
	}
	if ready, err := isTemplate(ctx, conn, name); err != nil || ready {
		return name, err
	}
	return name, makeTemplate(ctx, conn, server, name)
}

func isTemplate(ctx context.Context, conn *pgx.Conn, name string) (bool, error) {
	var ready bool
	err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate)`, name).Scan(&ready)
	if err != nil {
		return false, fmt.Errorf("look for template: %w", err)
	}
	return ready, nil
}

func makeTemplate(ctx context.Context, conn *pgx.Conn, server, name string) error {
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + name, "CREATE DATABASE " + name} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("make template: %w", err)
		}
	}
	pool, err := database.Open(ctx, on(server, name))
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := database.Migrate(ctx, pool); err != nil {
		return err
	}
	if err := private.EnsureRole(ctx, conn, Role); err != nil {
		return err
	}
	if err := database.Grant(ctx, pool, Role); err != nil {
		return err
	}
	pool.Close() // a template has no sessions
	// A template is complete when it is marked as one.
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+name+" IS_TEMPLATE true"); err != nil {
		return fmt.Errorf("mark template: %w", err)
	}
	return nil
}

func migrationsHash() (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, Role, database.Rights)
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return "", fmt.Errorf("list migrations: %w", err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(migrations.FS, file)
		if err != nil {
			return "", fmt.Errorf("read migration %s: %w", file, err)
		}
		fmt.Fprintf(hash, "%s\n%d\n%s", file, len(text), text)
	}
	return hex.EncodeToString(hash.Sum(nil))[:20], nil
}

func run(ctx context.Context, server, statement string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("reach test database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// on returns server's address with another database name.
func on(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	u.Path = "/" + name
	return u.String()
}
