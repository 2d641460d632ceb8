package database_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/database/dbtest"
)

func count(t *testing.T, pool *pgxpool.Pool) int {
	t.Helper()
	var rows int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM group_role`).Scan(&rows))
	return rows
}

func insert(ctx context.Context, tx *database.Tx, group string) error {
	_, err := tx.Exec(ctx, `INSERT INTO group_role (group_name, role) VALUES ($1, 'viewer')`, group)
	return err
}

func TestWorkThatSucceedsStays(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	now := clock.NewFixed(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	err := database.WithTx(t.Context(), pool, now, func(tx *database.Tx) error {
		require.Equal(t, now.Now(), tx.Now)
		now.Advance(time.Hour)
		require.Equal(t, now.Now().Add(-time.Hour), tx.Now, "a transaction happens at one moment")
		return insert(t.Context(), tx, "g")
	})
	require.NoError(t, err)
	require.Equal(t, 1, count(t, pool))
}

func TestWorkThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	boom := errors.New("boom")
	err := database.WithTx(t.Context(), pool, clock.System{}, func(tx *database.Tx) error {
		return errors.Join(boom, insert(t.Context(), tx, "g"))
	})
	require.ErrorIs(t, err, boom)
	require.Zero(t, count(t, pool))
}

func TestWorkThatPanicsGivesItsConnectionBack(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	require.PanicsWithValue(t, "boom", func() {
		_ = database.WithTx(t.Context(), pool, clock.System{}, func(tx *database.Tx) error {
			require.NoError(t, insert(t.Context(), tx, "g"))
			panic("boom")
		})
	})
	require.Zero(t, pool.Stat().AcquiredConns())
	require.Zero(t, count(t, pool))
}

func TestCancelledWorkLeavesNothing(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := database.WithTx(ctx, pool, clock.System{}, func(tx *database.Tx) error {
		defer cancel()
		return insert(ctx, tx, "g")
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, count(t, pool))
}

// Two transactions that each read what the other writes cannot both be right.
func TestALostRaceIsRunAgain(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	read := make(chan struct{}, 2)
	bothRead := make(chan struct{})
	go func() {
		<-read
		<-read
		close(bothRead)
	}()
	runs := make(chan string, 10)
	var racers errgroup.Group
	for _, name := range []string{"a", "b"} {
		first := true
		racers.Go(func() error {
			return database.WithTx(t.Context(), pool, clock.System{}, func(tx *database.Tx) error {
				runs <- name
				if _, err := tx.Exec(t.Context(), `SET TRANSACTION ISOLATION LEVEL SERIALIZABLE`); err != nil {
					return err
				}
				var rows int
				if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM group_role`).Scan(&rows); err != nil {
					return err
				}
				if first {
					first = false
					read <- struct{}{}
					<-bothRead
				}
				return insert(t.Context(), tx, fmt.Sprintf("%s after %d", name, rows))
			})
		})
	}
	require.NoError(t, racers.Wait())
	require.Equal(t, 2, count(t, pool))
	require.Len(t, runs, 3, "the one that lost ran twice")
}

func TestAHopelessRaceEnds(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	runs := 0
	err := database.WithTx(t.Context(), pool, clock.System{}, func(tx *database.Tx) error {
		runs++
		_, err := tx.Exec(t.Context(), `DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40P01'; END $$`)
		return err
	})
	require.ErrorContains(t, err, "40P01")
	require.Equal(t, 5, runs)
}

func TestOnceIsNotRunAgain(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	runs := 0
	err := database.Once(t.Context(), pool, clock.System{}, func(tx *database.Tx) error {
		runs++
		_, err := tx.Exec(t.Context(), `DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$`)
		return err
	})
	require.ErrorContains(t, err, "40001")
	require.Equal(t, 1, runs)
}

func TestSessionsAreInUTC(t *testing.T) {
	t.Parallel()
	var zone string
	require.NoError(t, dbtest.New(t).QueryRow(t.Context(), `SHOW timezone`).Scan(&zone))
	require.Equal(t, "UTC", zone)
}

func TestTheAddressDecidesThePoolsSize(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	for address, size := range map[string]int32{url: 16, url + "&pool_max_conns=3": 3} {
		pool, err := database.Open(t.Context(), address)
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		require.Equal(t, size, pool.Config().MaxConns)
	}
}

func TestOpeningSaysWhatIsWrongWithoutThePassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"postgres://me:hunter2@host:not-a-port/x", "postgres://me:hunter2@127.0.0.1:1/x?connect_timeout=2", "hunter2"} {
		_, err := database.Open(t.Context(), url)
		require.Error(t, err, url)
		require.NotContains(t, err.Error(), "hunter2")
	}
}
