package database_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"tieout/app/database"
	"tieout/app/database/dbtest"
)

// A migration that wants a table to itself would have everybody wait who comes
// after it, as long as somebody before it has the table.
func TestAMigrationLetsOthersUseATableThatItWaitsFor(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	long, err := pool.Begin(ctx)
	require.NoError(t, err)
	_, err = long.Exec(ctx, `INSERT INTO person (issuer, subject, name) VALUES ('i', 'long', 'Long')`)
	require.NoError(t, err)
	migrated := make(chan error, 1)
	go func() {
		migrated <- database.Upgrade(ctx, pool, fstest.MapFS{"90001_further.sql": {Data: []byte("-- +goose Up\nALTER TABLE person ADD COLUMN further int;\n")}})
	}()
	for waited := time.Duration(0); waited < 500*time.Millisecond; { // until one met the migration's request
		begun := time.Now()
		var people int
		require.NoError(t, pool.QueryRow(ctx, `SELECT count(*) FROM person`).Scan(&people), "it has the table although the migration waits for it")
		waited = time.Since(begun)
	}
	require.Empty(t, migrated)
	require.NoError(t, long.Commit(ctx))
	require.NoError(t, <-migrated)
	_, err = pool.Exec(ctx, `UPDATE person SET further = 1`)
	require.NoError(t, err)
	require.NoError(t, database.Fits(ctx, pool), "a schema that is newer fits")
}

func TestAProgramThatDoesNotFitTheSchemaSaysSo(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	require.NoError(t, database.Fits(t.Context(), pool))
	_, err := pool.Exec(t.Context(), `UPDATE schema_floor SET version = 99999`)
	require.NoError(t, err)
	require.ErrorContains(t, database.Fits(t.Context(), pool), "changed by a newer program (migration 99999)")
	require.ErrorContains(t, database.Fits(t.Context(), pool), "install the newer program")
	_, err = pool.Exec(t.Context(), `UPDATE schema_floor SET version = 1`)
	require.ErrorContains(t, err, "TO003")
	_, err = pool.Exec(t.Context(), `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`)
	require.NoError(t, err)
	require.ErrorContains(t, database.Fits(t.Context(), pool), "run `tieout migrate` first")
}

func TestSeveralMachinesMayGrantAtTheSameMoment(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	var machines errgroup.Group
	for range 4 {
		machines.Go(func() error { return database.Grant(t.Context(), pool, dbtest.Role) })
	}
	require.NoError(t, machines.Wait())
}
