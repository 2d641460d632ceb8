package audit_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/database/dbtest"
)

func TestTheChainHoldsWhoeverWritesAtOnce(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	var wait sync.WaitGroup
	for n := range 20 {
		wait.Go(func() {
			_ = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
				for k := range 5 {
					err := audit.Write(t.Context(), tx, audit.Event{Actor: audit.Job(fmt.Sprint("job ", n)), Action: "did", ObjectType: "thing",
						ObjectID: k, After: map[string]any{"text": "ä \"quoted\"", "n": n}})
					if err != nil {
						return err
					}
				}
				if n%4 == 0 {
					return fmt.Errorf("rolled back")
				}
				return nil
			})
		})
	}
	wait.Wait()
	events, breaks, err := audit.Verify(t.Context(), pool)
	require.NoError(t, err)
	require.Empty(t, breaks)
	require.EqualValues(t, 75, events)
}

func TestEventsCannotBeTouched(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	require.NoError(t, audit.Write(t.Context(), pool, audit.Event{Actor: audit.Job("j"), Action: "did", ObjectType: "t", ObjectID: 1}))
	for _, statement := range []string{`UPDATE audit_event SET reason = 'x'`, `DELETE FROM audit_event`, `TRUNCATE audit_event`} {
		_, err := pool.Exec(t.Context(), statement)
		require.ErrorContains(t, err, "cannot be changed or deleted", statement)
	}
}

// tampered is a log of ten events to which somebody did what the triggers refuse.
func tampered(t *testing.T, pool *pgxpool.Pool, look func(tx pgx.Tx), statements ...string) {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(t.Context()) }()
	for _, statement := range append([]string{`SET LOCAL session_replication_role = replica`}, statements...) {
		_, err := tx.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	look(tx)
}

func tenEvents(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := dbtest.New(t)
	for n := range 10 {
		require.NoError(t, audit.Write(t.Context(), pool, audit.Event{Actor: audit.Job("j"), Action: "did", ObjectType: "thing", ObjectID: n, Before: n, After: n + 1, Reason: "because"}))
	}
	return pool
}

func TestTamperingWithAnyOneRowIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	pool := tenEvents(t)
	for name, tamper := range map[string]struct {
		statement string
		seq       int64
	}{
		"when":        {`UPDATE audit_event SET at = at + interval '1 microsecond' WHERE seq = 4`, 4},
		"who":         {`UPDATE audit_event SET actor = 'nobody' WHERE seq = 1`, 1},
		"what":        {`UPDATE audit_event SET action = 'undid' WHERE seq = 10`, 10},
		"to what":     {`UPDATE audit_event SET object_id = '99' WHERE seq = 4`, 4},
		"before":      {`UPDATE audit_event SET before = NULL WHERE seq = 4`, 4},
		"after":       {`UPDATE audit_event SET after = '7' WHERE seq = 4`, 4},
		"why":         {`UPDATE audit_event SET reason = '' WHERE seq = 4`, 4},
		"connection":  {`UPDATE audit_event SET connection_id = 1 WHERE seq = 4`, 4},
		"removed":     {`DELETE FROM audit_event WHERE seq = 5`, 5},
		"first gone":  {`DELETE FROM audit_event WHERE seq = 1`, 1},
		"newest gone": {`DELETE FROM audit_event WHERE seq = 10`, 10},
		"two changed places": {`UPDATE audit_event SET seq = -seq WHERE seq IN (6, 7);
			UPDATE audit_event SET seq = CASE seq WHEN -6 THEN 7 ELSE 6 END WHERE seq < 0`, 6},
		"two changed places with their hashes": {`UPDATE audit_event e SET object_id = o.object_id, before = o.before, after = o.after
			FROM audit_event o WHERE (e.seq, o.seq) IN ((6, 7), (7, 6))`, 6},
	} {
		tampered(t, pool, func(tx pgx.Tx) {
			_, breaks, err := audit.Verify(t.Context(), tx)
			require.NoError(t, err)
			require.Contains(t, numbers(breaks), tamper.seq, name)
		}, tamper.statement)
	}
}

func numbers(breaks []audit.Break) (list []int64) {
	for _, b := range breaks {
		list = append(list, b.Seq)
	}
	return list
}

// A log that was written anew, hashes and all, holds by itself; a head that was
// kept elsewhere tells.
func TestARewrittenLogIsFoundByItsWitness(t *testing.T) {
	t.Parallel()
	pool := tenEvents(t)
	head, err := audit.Head(t.Context(), pool)
	require.NoError(t, err)
	witnesses, err := audit.ParseWitnesses("# kept by the auditor\n\n" + head.String() + " 2026-11-30T00:00:00Z\n")
	require.NoError(t, err)
	require.Equal(t, []audit.Witness{head}, witnesses)
	breaks, err := audit.Confirm(t.Context(), pool, witnesses)
	require.NoError(t, err)
	require.Empty(t, breaks)

	tampered(t, pool, func(tx pgx.Tx) {
		_, breaks, err := audit.Verify(t.Context(), tx)
		require.NoError(t, err)
		require.Empty(t, breaks, "the chain by itself cannot know")
		breaks, err = audit.Confirm(t.Context(), tx, witnesses)
		require.NoError(t, err)
		require.Equal(t, []int64{10}, numbers(breaks))
	},
		`CREATE TEMP TABLE anew ON COMMIT DROP AS SELECT seq, at, actor, action, object_type, object_id, before, after, reason FROM audit_event`,
		`UPDATE anew SET actor = 'somebody else' WHERE seq = 3`,
		`DELETE FROM audit_event`, `UPDATE audit_head SET seq = 0, hash = sha256('tieout')`, `SET LOCAL session_replication_role = origin`,
		`INSERT INTO audit_event (at, actor, action, object_type, object_id, before, after, reason)
			SELECT at, actor, action, object_type, object_id, before, after, reason FROM anew ORDER BY seq`)

	tampered(t, pool, func(tx pgx.Tx) {
		breaks, err := audit.Confirm(t.Context(), tx, witnesses)
		require.NoError(t, err)
		require.Equal(t, []int64{10}, numbers(breaks), "the newest event is gone")
	}, `DELETE FROM audit_event WHERE seq = 10`)
}

func TestLinesThatAreNoWitnessesAreAllNamed(t *testing.T) {
	t.Parallel()
	_, err := audit.ParseWitnesses("12:abcd\nx\n0:" + strings.Repeat("0", 64) + "\n7:" + strings.Repeat("a", 64))
	require.ErrorContains(t, err, "line 1")
	require.ErrorContains(t, err, "line 2")
	require.ErrorContains(t, err, "line 3")
	require.NotContains(t, err.Error(), "line 4")
}
