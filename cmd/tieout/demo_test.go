package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/closing"
	"tieout/app/database/dbtest"
	"tieout/app/period"
	"tieout/app/reconcile"
	"tieout/cmd/sandbox/server"
)

// TestTheDemonstrationHasSomethingToReconcile lets the demonstration's people do
// their first work: every reconciliation has open items, an accrual that Amazon's
// late report bears out, and a first month that its settlements cover.
func TestTheDemonstrationHasSomethingToReconcile(t *testing.T) {
	t.Parallel()
	w, err := openWorld(t.Context(), environment{stdout: os.Stderr, stderr: os.Stderr, postgres: dbtest.Options()}, t.TempDir(), server.Config{Seed: 3, OrdersPerDay: 6, Hold: demoHold}, false)
	require.NoError(t, err)
	defer func() { require.NoError(t, w.close()) }()
	require.NoError(t, w.furnishBanks(t.Context(), w.sandbox))
	require.NoError(t, w.furnishSides(t.Context(), w.sandbox))
	require.NoError(t, w.withhold(t.Context(), w.sandbox))
	worker, err := w.startWork(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, w.stopWork(worker)) }()
	require.NoError(t, w.firstWork(t.Context(), w.sandbox, w.url))
	b := &beginners{program: w.program}
	compared, err := b.until(t.Context(), time.Minute, `SELECT NOT EXISTS (SELECT FROM river_job WHERE kind = 'reconcile' AND state IN ('available', 'running', 'retryable'))`)
	require.NoError(t, err)
	require.True(t, compared)

	standings, err := w.reconciliations().Standing(t.Context(), 0, "", period.DateOf(w.clock.Now()))
	require.NoError(t, err)
	open := map[reconcile.Name]int64{}
	for _, s := range standings {
		open[s.Name] += s.OpenCount
	}
	for _, name := range reconcile.Names() {
		if name != reconcile.Invoices { // no demonstrated company invoices Amazon's orders
			require.Positive(t, open[name], "%s: %v", name, open)
		}
	}
	var accrual int64
	require.NoError(t, w.pool.QueryRow(t.Context(), `SELECT max(id) FROM journal_entry WHERE entry_type = 'accrual' AND status IN ('posted', 'reversed')`).Scan(&accrual))
	whole, err := w.finances.Compared(t.Context(), accrual)
	require.NoError(t, err)
	require.NotEmpty(t, whole.Accounts)
	require.Positive(t, whole.Transactions)
	for _, side := range w.sandbox.Connections() {
		c, err := w.connections.ByName(t.Context(), side.Name)
		require.NoError(t, err)
		first, found, err := w.closing.Next(t.Context(), c.ID)
		require.NoError(t, err)
		require.True(t, found)
		list, err := w.closing.Checklist(t.Context(), first.Key)
		require.NoError(t, err)
		for _, i := range list.Items {
			if i.Key == "covered" {
				require.Equal(t, closing.Done, i.State, "%s: %s", side.Name, i.Why)
			}
		}
	}
}
