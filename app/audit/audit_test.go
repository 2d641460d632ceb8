package audit_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
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
