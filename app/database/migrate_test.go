package database_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"tieout/app/database"
	"tieout/app/database/dbtest"
)

func empty(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool, err := database.Open(t.Context(), dbtest.Empty(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	before, err := database.Version(t.Context(), pool)
	require.NoError(t, err)
	require.Positive(t, before)
	require.NoError(t, database.Migrate(t.Context(), pool))
	after, err := database.Version(t.Context(), pool)
	require.NoError(t, err)
	require.Equal(t, before, after)
	pending, err := database.Pending(t.Context(), pool)
	require.NoError(t, err)
	require.False(t, pending)
}

func TestAnEmptyDatabaseIsPending(t *testing.T) {
	t.Parallel()
	pool := empty(t)
	pending, err := database.Pending(t.Context(), pool)
	require.NoError(t, err)
	require.True(t, pending)
	version, err := database.Version(t.Context(), pool)
	require.NoError(t, err)
	require.Zero(t, version)
}

func TestAMissingMigrationOfTheJobsIsPending(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	_, err := pool.Exec(t.Context(), `DELETE FROM river_migration WHERE version = (SELECT max(version) FROM river_migration)`)
	require.NoError(t, err)
	pending, err := database.Pending(t.Context(), pool)
	require.NoError(t, err)
	require.True(t, pending)
}

func TestProgramsMayMigrateAtTheSameMoment(t *testing.T) {
	t.Parallel()
	pool := empty(t)
	var programs errgroup.Group
	for range 4 {
		programs.Go(func() error { return database.Migrate(t.Context(), pool) })
	}
	require.NoError(t, programs.Wait())
	pending, err := database.Pending(t.Context(), pool)
	require.NoError(t, err)
	require.False(t, pending)
}
