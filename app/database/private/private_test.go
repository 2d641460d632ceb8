package private_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tieout/app/database/private"
)

// folder is a data folder that the server's user can reach and that goes with
// the test; the folders of t.TempDir are closed to others.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tieout-private-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func start(t *testing.T, dir string) *private.Server {
	t.Helper()
	server, err := private.Start(t.Context(), dir, private.Options{Volatile: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	return server
}

func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	var value string
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

func run(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

// postmaster is the process that postmaster.pid names.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
	require.NoError(t, err)
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	require.NoError(t, err)
	return pid
}

func TestTheDataIsThereAgainAfterAStop(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	server := start(t, dir)
	url, err := server.Database(t.Context(), "books")
	require.NoError(t, err)
	run(t, url, `CREATE TABLE kept AS SELECT 1`)
	require.NoError(t, server.Stop(t.Context()))
	_, err = pgx.Connect(t.Context(), url)
	require.Error(t, err, "the server is gone when Stop returns")

	again := start(t, dir)
	url, err = again.Database(t.Context(), "books")
	require.NoError(t, err)
	require.Equal(t, "1", query(t, url, `SELECT count(*)::text FROM kept`))
}

func TestNobodyElseCanConnect(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	server := start(t, dir)
	require.Empty(t, query(t, server.URL, `SHOW listen_addresses`), "no TCP")
	socket, err := os.Stat(filepath.Join(dir, ".s.PGSQL.5432"))
	require.NoError(t, err)
	require.Zero(t, socket.Mode().Perm()&0o077, "the socket is for the server's user only")
	if os.Geteuid() == 0 {
		require.NotZero(t, socket.Sys().(*syscall.Stat_t).Uid, "root's server runs as somebody else")
	}
}

func TestASecondProgramIsRefused(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	server := start(t, dir)
	_, err := private.Start(t.Context(), dir, private.Options{})
	require.ErrorIs(t, err, private.ErrInUse)
	require.Equal(t, "1", query(t, server.URL, `SELECT '1'`), "the first one goes on")
}

func TestAServerThatACrashLeftIsTakenOver(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	left, err := private.Start(t.Context(), dir, private.Options{Volatile: true, Shared: true})
	require.NoError(t, err)
	pid := postmaster(t, dir)
	taken := start(t, dir)
	require.Equal(t, left.URL, taken.URL)
	require.Equal(t, pid, postmaster(t, dir))
	require.Equal(t, "1", query(t, taken.URL, `SELECT '1'`))
}

// The number in postmaster.pid may belong to anybody after a restart of the
// machine: here to this test, which no server may mistake for itself.
func TestAPidFileOfAnotherProcessIsNoServer(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	require.NoError(t, start(t, dir).Stop(t.Context()))
	stale := filepath.Join(dir, "postgres", "postmaster.pid")
	text := fmt.Sprintf("%d\n%s\n1700000000\n5432\n%s\n\n\nready\n", os.Getpid(), filepath.Join(dir, "postgres"), dir)
	require.NoError(t, os.WriteFile(stale, []byte(text), 0o644))
	require.Equal(t, "1", query(t, start(t, dir).URL, `SELECT '1'`))
}

func TestAKilledServerStartsAgain(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	first := start(t, dir)
	url, err := first.Database(t.Context(), "books")
	require.NoError(t, err)
	require.NoError(t, exec.Command("kill", "-QUIT", strconv.Itoa(postmaster(t, dir))).Run()) // as after a power cut: no checkpoint
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(dir, "postgres", "postmaster.pid"))
		return os.IsNotExist(err)
	}, 20*time.Second, 20*time.Millisecond)
	require.NoError(t, first.Stop(t.Context()), "nothing is left to stop")
	start(t, dir)
	require.Equal(t, "books", query(t, url, `SELECT current_database()`))
}

func TestAnInterruptedCreationBeginsAnew(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "postgres.new", "base"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "postgres.new", "PG_VERSION"), []byte("15\n"), 0o600))
	require.Equal(t, "1", query(t, start(t, dir).URL, `SELECT '1'`))
}

func TestDataOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "postgres"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "postgres", "PG_VERSION"), []byte("9\n"), 0o644))
	_, err := private.Start(t.Context(), dir, private.Options{})
	require.ErrorContains(t, err, "is of PostgreSQL 9")
	require.ErrorContains(t, err, "install postgresql-9")
}

func TestLongAndOddPathsWork(t *testing.T) {
	t.Parallel()
	for name, below := range map[string]string{"long": strings.Repeat("a-long-name/", 10), "odd": "accounting, 2026"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, "1", query(t, start(t, filepath.Join(folder(t), below)).URL, `SELECT '1'`))
		})
	}
}

func TestAPathThatToolsCannotTakeIsRefused(t *testing.T) {
	t.Parallel()
	_, err := private.Start(t.Context(), filepath.Join(folder(t), "it's"), private.Options{})
	require.ErrorContains(t, err, "quote")
}

func TestSettingsOfOtherServersDoNotReachThisOne(t *testing.T) {
	dir := folder(t)
	t.Setenv("PGPORT", "6000")
	t.Setenv("PGDATA", "/nowhere")
	require.Equal(t, "5432", query(t, start(t, dir).URL, `SHOW port`))
}

func TestOnlyRootMindsAClosedFolder(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(folder(t), "closed")
	require.NoError(t, os.Mkdir(closed, 0o700))
	require.Equal(t, os.Geteuid() != 0, private.Reachable(filepath.Join(closed, "data")))
}
