package session_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/database/dbtest"
	"tieout/app/session"
)

func TestSessionsAreKeptUntilTheyExpire(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	store := session.NewStore(pool)
	require.NoError(t, store.Commit("a", []byte("one"), time.Now().Add(time.Hour)))
	data, ok, err := store.Find("a")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "one", string(data))

	_, err = pool.Exec(t.Context(), `UPDATE sessions SET expiry = now() - interval '1 second'`)
	require.NoError(t, err)
	_, ok, err = store.Find("a")
	require.NoError(t, err)
	require.False(t, ok)

	require.NoError(t, store.Commit("b", []byte("two"), time.Now().Add(time.Hour)))
	var rows int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM sessions`).Scan(&rows))
	require.Equal(t, 1, rows, "the expired session was not swept out")

	require.NoError(t, store.Delete("b"))
	_, ok, err = store.Find("b")
	require.NoError(t, err)
	require.False(t, ok)
}

func TestARequestThatOverlapsWithASignOutDoesNotBringTheSessionBack(t *testing.T) {
	t.Parallel()
	store := session.NewStore(dbtest.New(t))
	later := time.Now().Add(time.Hour)
	require.NoError(t, store.Commit("a", []byte("one"), later))

	slow := session.Remember(t.Context())
	_, ok, err := store.FindCtx(slow, "a")
	require.NoError(t, err)
	require.True(t, ok)
	require.NoError(t, store.Delete("a"))

	for _, data := range []string{"one", "changed"} {
		require.NoError(t, store.CommitCtx(slow, "a", []byte(data), later.Add(time.Hour)))
		_, ok, err = store.Find("a")
		require.NoError(t, err)
		require.False(t, ok)
	}
}

func TestARequestThatOnlyReadsKeepsWhatAnotherOneWrote(t *testing.T) {
	t.Parallel()
	store := session.NewStore(dbtest.New(t))
	later := time.Now().Add(time.Hour)
	require.NoError(t, store.Commit("a", []byte("one"), later))

	reader, writer := session.Remember(t.Context()), session.Remember(t.Context())
	_, _, err := store.FindCtx(reader, "a")
	require.NoError(t, err)
	_, _, err = store.FindCtx(writer, "a")
	require.NoError(t, err)
	require.NoError(t, store.CommitCtx(writer, "a", []byte("two"), later))
	require.NoError(t, store.CommitCtx(reader, "a", []byte("one"), later.Add(time.Hour)))
	data, _, err := store.Find("a")
	require.NoError(t, err)
	require.Equal(t, "two", string(data))
}

func TestExpiryMovesOnceItIsWorthAWrite(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	store := session.NewStore(pool)
	begun := time.Now().Add(30 * time.Minute).Truncate(time.Microsecond)
	require.NoError(t, store.Commit("a", []byte("one"), begun))
	for _, c := range []struct {
		later time.Duration
		moves bool
	}{{time.Second, false}, {5 * time.Minute, true}} {
		ctx := session.Remember(t.Context())
		_, _, err := store.FindCtx(ctx, "a")
		require.NoError(t, err)
		require.NoError(t, store.CommitCtx(ctx, "a", []byte("one"), begun.Add(c.later)))
		var expiry time.Time
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT expiry FROM sessions`).Scan(&expiry))
		require.Equal(t, c.moves, expiry.After(begun), c.later)
	}
}

func TestTheCodecIsSteadyAndTakesTextOnly(t *testing.T) {
	t.Parallel()
	deadline := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	values := map[string]any{"person": "7", "began": "x", "flash": "y", "auth_time": "z"}
	first, err := session.Codec{}.Encode(deadline, values)
	require.NoError(t, err)
	gotDeadline, gotValues, err := session.Codec{}.Decode(first)
	require.NoError(t, err)
	require.Equal(t, deadline, gotDeadline)
	require.Equal(t, values, gotValues)
	second, err := session.Codec{}.Encode(gotDeadline, gotValues)
	require.NoError(t, err)
	require.Equal(t, first, second)

	_, err = session.Codec{}.Encode(deadline, map[string]any{"person": 7})
	require.ErrorContains(t, err, "person")
	_, _, err = session.Codec{}.Decode([]byte("gob"))
	require.Error(t, err)
}
