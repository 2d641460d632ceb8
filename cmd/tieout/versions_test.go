package main

import (
	"bytes"
	"context"
	"database/sql"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"tieout/app/database"
	"tieout/migrations"
)

// earlier is the version of the program before the newest migration, as the
// history has it.
type earlier struct {
	program string
	lacks   []string // migrations that it does not know, the newest first
}

func git(t *testing.T, args ...string) (string, error) {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), "git", args...).Output()
	return strings.TrimSpace(string(said)), err
}

// buildIn builds the program of a tree.
func buildIn(t *testing.T, tree string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "tieout")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, "./cmd/tieout")
	build.Dir = tree
	said, err := build.CombinedOutput()
	require.NoError(t, err, string(said))
	return program
}

// buildEarlier builds that version.
func buildEarlier(t *testing.T) earlier {
	t.Helper()
	names, err := fs.Glob(migrations.FS, "*.sql")
	require.NoError(t, err)
	added, err := git(t, "log", "-1", "--format=%H", "--diff-filter=A", "--", "../../migrations/"+slices.Max(names))
	if err != nil || added == "" {
		t.Skip("the history that the version before is built from is not here")
	}
	tree := filepath.Join(t.TempDir(), "earlier")
	_, err = git(t, "worktree", "add", "--detach", tree, added+"~1")
	require.NoError(t, err)
	t.Cleanup(func() { _ = exec.Command("git", "worktree", "remove", "--force", tree).Run() }) // its folder goes with the test
	e := earlier{program: buildIn(t, tree)}
	for _, name := range slices.Backward(names) {
		if _, err := os.Stat(filepath.Join(tree, "migrations", name)); err != nil {
			e.lacks = append(e.lacks, name)
		}
	}
	return e
}

// understood are the variables that it knows: it refuses to start with others.
func (e earlier) understood(t *testing.T, environ []string) (known []string) {
	t.Helper()
	printed, err := exec.CommandContext(t.Context(), e.program, "config").Output()
	require.NoError(t, err)
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if strings.Contains("\n"+string(printed), "\n"+name+"=") {
			known = append(known, variable)
		}
	}
	return known
}

// takeBack undoes the migrations that the version before does not know.
func (e earlier) takeBack(t *testing.T, owner string) {
	t.Helper()
	pool, err := database.Open(t.Context(), owner)
	require.NoError(t, err)
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	defer func(db *sql.DB) { require.NoError(t, db.Close()) }(db)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithAllowOutofOrder(true))
	require.NoError(t, err)
	for _, name := range e.lacks {
		number, err := goose.NumericComponent(name)
		require.NoError(t, err)
		_, err = provider.ApplyVersion(t.Context(), number, false)
		require.NoError(t, err, name)
	}
}

// TestTwoVersionsWorkOnOneDatabaseWhileItIsUpgraded begins with the version
// before at work, brings the schema forward under it, starts workers of this
// version beside its own, then changes the screens over, and in the end its
// workers leave. Processes are killed meanwhile. It is part of `make soak`.
func TestTwoVersionsWorkOnOneDatabaseWhileItIsUpgraded(t *testing.T) {
	if os.Getenv("SOAK") == "" {
		t.Skip("takes minutes: make soak")
	}
	before := buildEarlier(t)
	t.Logf("the version before lacks %v", before.lacks)
	var out bytes.Buffer
	data, err := temporaryData("tieout-versions-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(data)) })
	s := soak{data: data, program: buildIn(t, filepath.Join("..", "..")), seed: 11, length: time.Minute, kills: 30, orders: 300, workers: 2, limit: 6 * time.Minute}
	w, err := s.open(t.Context(), environment{stdout: &out, stderr: os.Stderr}, 1)
	require.NoError(t, err)
	defer func() { require.NoError(t, w.close()) }()
	owner, err := w.postgres.Database(t.Context(), demoDatabase)
	require.NoError(t, err)
	before.takeBack(t, owner)

	screens := &hand{name: "screens before", counted: killedScreens, program: before.program, args: []string{"serve", "--no-work"}}
	old := &hand{name: "worker before", counted: killedWorkers, program: before.program, args: []string{"work"}}
	for _, h := range []*hand{screens, old} {
		h.environ = before.understood(t, w.environ)
		w.employ(t.Context(), h)
	}
	upgrade := func(w *soakWorld, ctx context.Context, length time.Duration) error {
		step := length / 5
		for _, do := range []func() error{
			func() error { // the schema, as its owner
				cmd := exec.CommandContext(ctx, s.program, "migrate", "--for", demoRole)
				cmd.Env = append(os.Environ(), "TIEOUT_DATABASE_URL="+owner)
				said, err := cmd.CombinedOutput()
				t.Logf("%s", said)
				return err
			},
			func() error { // workers of both versions
				w.employ(t.Context(), &hand{name: "worker", counted: killedWorkers, program: s.program, args: []string{"work"}})
				return nil
			},
			func() error { // the screens change over
				screens.leave()
				w.employ(t.Context(), &hand{name: "screens", counted: killedScreens, program: s.program, args: []string{"serve", "--no-work"}})
				return nil
			},
			func() error { return nil },
		} {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(step):
			}
			if err := do(); err != nil {
				return err
			}
		}
		return nil
	}
	require.NoError(t, w.takeTurn(t.Context(), 0, turn{"two versions", 1, upgrade}, 1), out.String())
	old.leave()
	require.NoError(t, w.takeTurn(t.Context(), 1, turn{"the new one alone", 1, (*soakWorld).onlyKills}, 2), out.String())
}
