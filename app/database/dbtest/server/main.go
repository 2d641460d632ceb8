// Command server is the PostgreSQL server of the tests. "with COMMAND..." runs
// a command with TEST_DATABASE_URL naming a server of its own, which ends with
// the command; "in-memory COMMAND..." keeps that server's data in memory where
// there is plenty; "stop" ends the one that tests run by hand share.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"tieout/app/database/dbtest"
	"tieout/app/database/private"
)

func main() {
	err := run(os.Args[1:])
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed) && failed.Exited():
		os.Exit(failed.ExitCode()) // the command has said why
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "stop":
		return dbtest.Stop(context.Background())
	case len(args) > 1 && args[0] == "with":
		return with(os.TempDir(), args[1:])
	case len(args) > 1 && args[0] == "in-memory":
		return with(memory(), args[1:])
	}
	return errors.New("usage: server with COMMAND... | in-memory COMMAND... | stop")
}

// plenty is how much memory is free where tests keep their databases in it; they
// take up to a gigabyte.
const plenty = 4 << 30

// memory is a folder whose files are kept in memory, or else the usual one. A test
// copies a thousand files for its database, which takes a quarter of the time there.
func memory() string {
	const shared = "/dev/shm"
	var files syscall.Statfs_t
	if syscall.Statfs(shared, &files) != nil || files.Bavail*uint64(files.Bsize) < plenty || available() < plenty {
		return os.TempDir()
	}
	return shared
}

// available is how much memory processes can have, in bytes; 0 where the system
// does not say.
func available() (bytes uint64) {
	told, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(told), "MemAvailable:")
	if _, err := fmt.Sscan(rest, &bytes); err != nil {
		return 0
	}
	return bytes << 10
}

// with runs a command beside a server whose data are below parent.
func with(parent string, command []string) (err error) {
	// Ctrl-C reaches the command too; its end is waited for.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	env := os.Environ()
	if os.Getenv("TEST_DATABASE_URL") == "" {
		server, end, failed := start(ctx, parent)
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, end()) }()
		env = append(env, "TEST_DATABASE_URL="+server)
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

// start runs a server in a folder of its own; end stops it and removes both.
func start(ctx context.Context, parent string) (address string, end func() error, err error) {
	if !private.Reachable(filepath.Join(parent, "x")) {
		parent = "/var/tmp" // root's own temporary folder is closed to the server's user
	}
	dir, err := os.MkdirTemp(parent, "tieout-test-")
	if err != nil {
		return "", nil, fmt.Errorf("make folder for the test database: %w", err)
	}
	server, err := private.Start(ctx, dir, dbtest.Options())
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return server.URL, func() error {
		return errors.Join(server.Stop(context.Background()), os.RemoveAll(dir))
	}, nil
}
