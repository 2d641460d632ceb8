package database_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/database/dbtest"
	"tieout/app/fault"
)

func TestWorkThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	boom := errors.New("boom")
	err := database.WithTx(t.Context(), pool, clock.System{}, func(tx *database.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO group_role (group_name, role) VALUES ('g', 'viewer')`)
		require.NoError(t, err)
		return boom
	})
	require.ErrorIs(t, err, boom)
	var rows int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM group_role`).Scan(&rows))
	require.Zero(t, rows)
}

func TestTriggersSpeakToPeople(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	_, err := pool.Exec(t.Context(), `DELETE FROM audit_event`)
	err = database.Translate(err)
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.Equal(t, "Audit event is evidence and cannot be changed or deleted.", fault.MessageOf(err))
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	require.NoError(t, database.Migrate(t.Context(), pool))
	pending, err := database.Pending(t.Context(), pool)
	require.NoError(t, err)
	require.False(t, pending)
}
