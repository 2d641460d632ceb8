// Package private runs a PostgreSQL server of our own, from the server programs
// found on the machine: on a Unix socket in its data folder, without TCP, as an
// unprivileged user when the program runs as root (PostgreSQL refuses root).
package private

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrInUse means that another program runs the server on this data.
var ErrInUse = errors.New("the data folder is in use by another tieout; stop that one, or choose another folder with --data")

// Server is a running private server.
type Server struct {
	URL     string // of the database "postgres"
	bin     string
	data    string
	env     []string
	process *syscall.SysProcAttr
	lock    *os.File // held while this program is the only user; nil when shared
}

// Options change how the server runs.
type Options struct {
	// Volatile trades safety of the data for speed: for tests only.
	Volatile bool
	// Shared lets several programs use the server at once. Otherwise a second
	// Start on the same data fails with ErrInUse.
	Shared bool
	// Settings are further "name=value" settings.
	Settings []string
	// Env are further "NAME=value" of its environment.
	Env []string
}

// Start makes sure that a server runs on the data in dir, which is created
// when it is not there. A server that a crash left running is taken over.
// The error is ErrNoPrograms when PostgreSQL is not installed.
func Start(ctx context.Context, dir string, o Options) (*Server, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find data folder: %w", err)
	}
	if strings.ContainsAny(dir, "\"'`$\\\n") {
		return nil, fmt.Errorf("the data folder %s has a quote, $ or \\ in its name, which PostgreSQL's tools cannot take", dir)
	}
	s := &Server{data: filepath.Join(dir, "postgres"), env: o.Env}
	if s.bin, err = programsFor(s.data); err != nil {
		return nil, err
	}
	if err := s.own(dir); err != nil {
		return nil, err
	}
	if !o.Shared {
		if s.lock, err = hold(filepath.Join(dir, "lock")); err != nil {
			return nil, err
		}
	}
	if err := s.ensure(ctx, dir, o); err != nil {
		return nil, errors.Join(err, s.release())
	}
	return s, nil
}

// ensure brings the server to the state of running.
func (s *Server) ensure(ctx context.Context, dir string, o Options) error {
	if err := s.create(ctx); err != nil {
		return err
	}
	socket, running, err := s.running()
	if err != nil {
		return err
	}
	if !running {
		if socket, err = s.socketDir(dir); err != nil {
			return err
		}
		if err := s.start(ctx, socket, o); err != nil {
			return err
		}
	}
	s.URL = "postgres:///postgres?" + url.Values{"host": {socket}, "port": {port}, "user": {"tieout"}, "sslmode": {"disable"}}.Encode()
	return nil
}

// create makes the data. It is made under another name first: what an
// interrupted initdb leaves cannot be used.
func (s *Server) create(ctx context.Context) error {
	if _, err := os.Stat(s.data); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	unfinished := s.data + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("remove unfinished data: %w", err)
	}
	if err := s.run(ctx, "initdb", "-D", unfinished, "-U", "tieout", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"); err != nil {
		return err
	}
	if err := os.Rename(unfinished, s.data); err != nil {
		return fmt.Errorf("finish data: %w", err)
	}
	return nil
}

// port names the socket, whatever PGPORT says.
const port = "5432"

func (s *Server) start(ctx context.Context, socket string, o Options) error {
	settings := []string{"listen_addresses=''", "port=" + port, "unix_socket_directories='" + socket + "'", "unix_socket_permissions=0700",
		"max_connections=200", "shared_buffers=256MB", "max_wal_size=4GB", "checkpoint_timeout=15min", "wal_compression=on",
		"jit=off", "log_min_messages=warning"}
	if o.Volatile {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off",
			"wal_compression=off", "wal_level=minimal", "max_wal_senders=0") // what is copied from a template is not logged
	}
	var flags []string
	for _, setting := range append(settings, o.Settings...) {
		flags = append(flags, "-c", setting)
	}
	log := filepath.Join(filepath.Dir(s.data), "postgres.log")
	err := s.run(ctx, "pg_ctl", "-D", s.data, "-l", log, "-w", "-t", "60", "-o", strings.Join(flags, " "), "start")
	if err != nil {
		return fmt.Errorf("start PostgreSQL, see %s: %w", log, err)
	}
	return nil
}

// Stop ends the server and waits until it is gone; open sessions are cut off.
func (s *Server) Stop(ctx context.Context) error {
	socket, running, err := s.running()
	if running {
		err = s.run(ctx, "pg_ctl", "-D", s.data, "-m", "fast", "-w", "-t", "60", "stop")
		if socket != filepath.Dir(s.data) {
			_ = os.Remove(socket) // was there for the socket only; a folder in use is not empty and stays
		}
	}
	return errors.Join(err, s.release())
}

// Shutdown is how a server is stopped.
type Shutdown string

const (
	Fast      Shutdown = "fast"      // sessions are ended in order
	Immediate Shutdown = "immediate" // at once, as a crash of it would
)

// Interrupt stops the server, lets meanwhile happen, and starts it again with
// the options that it had.
func (s *Server) Interrupt(ctx context.Context, o Options, how Shutdown, meanwhile func(ctx context.Context) error) error {
	socket, running, err := s.running()
	if err != nil {
		return err
	}
	if !running {
		return errors.New("the database does not run")
	}
	if err := s.run(ctx, "pg_ctl", "-D", s.data, "-m", string(how), "-w", "-t", "60", "stop"); err != nil {
		return err
	}
	return errors.Join(meanwhile(ctx), s.start(context.WithoutCancel(ctx), socket, o))
}

// Revive starts a server that has given up, as the service manager of a real one
// does; one that runs goes on. It reports whether it had to.
func (s *Server) Revive(ctx context.Context, o Options) (bool, error) {
	_, running, err := s.running()
	if err != nil || running {
		return false, err
	}
	socket, err := s.socketDir(filepath.Dir(s.data))
	if err != nil {
		return false, err
	}
	return true, s.start(ctx, socket, o)
}

// run runs one of PostgreSQL's programs; what it said is in the error.
func (s *Server) run(ctx context.Context, program string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	cmd.SysProcAttr = s.process
	cmd.Dir = "/"
	// Settings for other servers must not reach this one.
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PG") }), "LC_ALL=C.UTF-8")
	cmd.Env = append(cmd.Env, s.env...)
	// A file and not a pipe: the server inherits it and would keep a pipe open.
	out, err := os.CreateTemp("", "tieout-pg-*.log")
	if err != nil {
		return fmt.Errorf("run %s: %w", program, err)
	}
	defer func() {
		_ = out.Close()
		_ = os.Remove(out.Name())
	}()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name()) // what it said is a bonus
		return fmt.Errorf("%s: %w\n%s", program, err, strings.TrimSpace(string(said)))
	}
	return nil
}

// Database returns the address of the named database, creating it when it is
// not there.
func (s *Server) Database(ctx context.Context, name string) (string, error) {
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return "", fmt.Errorf("reach the private database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var there bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, name).Scan(&there); err != nil {
		return "", fmt.Errorf("look for database %s: %w", name, err)
	}
	if !there {
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
			return "", fmt.Errorf("create database %s: %w", name, err)
		}
	}
	u, err := url.Parse(s.URL)
	if err != nil {
		return "", fmt.Errorf("read the private database's address: %w", err)
	}
	u.Path = "/" + name
	return u.String(), nil
}

// As returns the address of a database for a role that signs in and owns
// nothing, making the role when it is not there.
func (s *Server) As(ctx context.Context, role, address string) (string, error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return "", fmt.Errorf("reach the private database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := EnsureRole(ctx, conn, role); err != nil {
		return "", err
	}
	return Acting(address, role)
}

// EnsureRole makes a role that signs in and owns nothing; it may be there.
func EnsureRole(ctx context.Context, conn *pgx.Conn, role string) error {
	_, err := conn.Exec(ctx, "CREATE ROLE "+pgx.Identifier{role}.Sanitize()+" LOGIN")
	var refused *pgconn.PgError
	if errors.As(err, &refused) && (refused.Code == pgerrcode.DuplicateObject || refused.Code == pgerrcode.UniqueViolation) { // another program made it now
		return nil
	}
	if err != nil {
		return fmt.Errorf("make role %s: %w", role, err)
	}
	return nil
}

// Acting returns the address with another role.
func Acting(address, role string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("read the private database's address: %w", err)
	}
	query := u.Query()
	query.Set("user", role)
	u.RawQuery, u.User = query.Encode(), nil
	return u.String(), nil
}
