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
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoPrograms means that PostgreSQL's server programs are not installed.
var ErrNoPrograms = errors.New("PostgreSQL's server programs are not on this machine; install them with `apt-get install postgresql`")

// socketLimit is the longest path of a Unix socket, less ".s.PGSQL.5432".
const socketLimit = 107 - 14

// Server is a running private server.
type Server struct {
	URL     string // of the database "postgres"
	bin     string
	data    string
	process *syscall.SysProcAttr
}

// Options change how the server runs.
type Options struct {
	// Volatile trades safety of the data for speed: for tests only.
	Volatile bool
	// Settings are further "name=value" settings.
	Settings []string
}

// Programs returns the folder of the newest complete set of server programs.
func Programs() (string, error) {
	var candidates []string
	versions, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is well formed
	slices.SortFunc(versions, func(a, b string) int { return version(b) - version(a) })
	candidates = append(candidates, versions...)
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		candidates = append(candidates, strings.TrimSpace(string(out)))
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		candidates = append(candidates, filepath.Dir(path))
	}
	for _, dir := range candidates {
		if complete(dir) {
			return dir, nil
		}
	}
	return "", ErrNoPrograms
}

func version(dir string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir))) // 0 for a folder that is no version
	return n
}

func complete(dir string) bool {
	for _, program := range []string{"initdb", "postgres", "pg_ctl"} {
		info, err := os.Stat(filepath.Join(dir, program))
		if err != nil || info.IsDir() {
			return false
		}
	}
	return true
}

// Start makes sure that a server runs on the data in dir, which is created
// when it is not there. A server that a crash left running is taken over.
func Start(ctx context.Context, dir string, o Options) (*Server, error) {
	bin, err := Programs()
	if err != nil {
		return nil, err
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find data folder: %w", err)
	}
	s := &Server{bin: bin, data: filepath.Join(dir, "postgres")}
	if err := s.own(dir); err != nil {
		return nil, err
	}
	socket, err := s.socketDir(dir)
	if err != nil {
		return nil, err
	}
	s.URL = "postgres:///postgres?" + url.Values{"host": {socket}, "user": {"tieout"}}.Encode()
	if err := s.create(ctx); err != nil {
		return nil, err
	}
	if s.run(ctx, "pg_ctl", "-D", s.data, "status") == nil {
		return s, nil
	}
	return s, s.start(ctx, socket, o)
}

func (s *Server) create(ctx context.Context) error {
	have, err := os.ReadFile(filepath.Join(s.data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return s.run(ctx, "initdb", "-D", s.data, "-U", "tieout", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	}
	if err != nil {
		return fmt.Errorf("read data folder: %w", err)
	}
	out, err := exec.CommandContext(ctx, filepath.Join(s.bin, "postgres"), "--version").Output()
	if err != nil {
		return fmt.Errorf("ask postgres for its version: %w", err)
	}
	if major := strings.TrimSpace(string(have)); !strings.Contains(string(out), " "+major+".") {
		return fmt.Errorf("the data in %s is of PostgreSQL %s and the installed server is %s: install version %s, or begin anew with --fresh",
			s.data, major, strings.TrimSpace(string(out)), major)
	}
	return nil
}

func (s *Server) start(ctx context.Context, socket string, o Options) error {
	settings := []string{"listen_addresses=''", "unix_socket_directories='" + socket + "'", "max_connections=200",
		"shared_buffers=256MB", "max_wal_size=4GB", "checkpoint_timeout=15min", "wal_compression=on", "log_min_messages=warning"}
	if o.Volatile {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
	}
	var flags []string
	for _, setting := range append(settings, o.Settings...) {
		flags = append(flags, "-c", setting)
	}
	return s.run(ctx, "pg_ctl", "-D", s.data, "-l", filepath.Join(filepath.Dir(s.data), "postgres.log"), "-w", "-t", "60",
		"-o", strings.Join(flags, " "), "start")
}

// Stop ends the server and waits until it is gone; open sessions are cut off.
func (s *Server) Stop(ctx context.Context) error {
	return s.run(ctx, "pg_ctl", "-D", s.data, "-m", "fast", "-w", "-t", "60", "stop")
}

// Kill ends the server as a crash would, for tests.
func (s *Server) Kill(ctx context.Context) error {
	return s.run(ctx, "pg_ctl", "-D", s.data, "-m", "immediate", "-w", "stop")
}

func (s *Server) run(ctx context.Context, program string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	cmd.SysProcAttr = s.process
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "PGOPTIONS=")
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

// own makes dir and, for root, gives it to an unprivileged user who then runs
// the server.
func (s *Server) own(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	// A session of its own: Ctrl-C reaches the program, which stops the server in order.
	s.process = &syscall.SysProcAttr{Setsid: true}
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := unprivileged()
	if err != nil {
		return err
	}
	s.process.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		return fmt.Errorf("give data folder to user %d: %w", uid, err)
	}
	return passable(dir, uid)
}

// Reachable reports whether the server's user could use a data folder there: as
// root the server runs as somebody else, who may not enter a closed home.
func Reachable(dir string) bool {
	if os.Geteuid() != 0 {
		return true
	}
	uid, _, err := unprivileged()
	if err != nil {
		return false
	}
	abs, err := filepath.Abs(dir)
	return err == nil && passable(abs, uid) == nil
}

// passable checks that the server's user can walk down to dir: a data folder
// below a closed home folder cannot be used by another user.
func passable(dir string, uid uint32) error {
	for parent := filepath.Dir(dir); parent != "/"; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if errors.Is(err, os.ErrNotExist) {
			continue // it will be made
		}
		if err != nil {
			return fmt.Errorf("check data folder: %w", err)
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if ok && stat.Uid != uid && info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("the database runs as user %d, who may not enter %s: choose a data folder elsewhere with --data", uid, parent)
		}
	}
	return nil
}

func unprivileged() (uid, gid uint32, err error) {
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		u, errU := strconv.ParseUint(account.Uid, 10, 32)
		g, errG := strconv.ParseUint(account.Gid, 10, 32)
		if errU == nil && errG == nil {
			return uint32(u), uint32(g), nil
		}
	}
	return 0, 0, errors.New("PostgreSQL refuses to run as root and neither user postgres nor nobody exists")
}

// socketDir is the data folder, or a short one when that path is too long for
// a socket.
func (s *Server) socketDir(dir string) (string, error) {
	if len(dir) <= socketLimit {
		return dir, nil
	}
	short := filepath.Join(os.TempDir(), fmt.Sprintf("tieout-%x", fnv(dir)))
	if err := os.MkdirAll(short, 0o755); err != nil {
		return "", fmt.Errorf("make socket folder: %w", err)
	}
	if c := s.process.Credential; c != nil {
		if err := os.Chown(short, int(c.Uid), int(c.Gid)); err != nil {
			return "", fmt.Errorf("give socket folder to user %d: %w", c.Uid, err)
		}
	}
	return short, nil
}

func fnv(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
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
