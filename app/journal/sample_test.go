package journal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/document"
	"tieout/app/p21"
	"tieout/app/settlement"
)

const samples = "../../../shared/reference/settlement/samples"

// TestEveryRealReportIsPosted takes Amazon's own reports the whole way: in
// every format, currency and way to write numbers, into books in dollars.
func TestEveryRealReportIsPosted(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(samples); os.IsNotExist(err) {
		t.Skip("the reference reports are not beside this checkout")
	}
	files, err := filepath.Glob(filepath.Join(samples, "v*.txt"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	b := setup(t, p21.SeedV2)
	b.rates("GBP", "1.2713", "EUR", "1.0887", "CAD", "0.7241")
	b.exec(`UPDATE policy SET closed_period = 'first_open' WHERE connection_id = $1`, b.connection)
	b.exec(`INSERT INTO policy (connection_id, closed_period) VALUES ($1, 'first_open') ON CONFLICT DO NOTHING`, b.connection)
	for _, file := range files {
		name := filepath.Base(file)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		imported, err := b.settlements.Import(t.Context(), settlement.Source{ConnectionID: b.connection, Name: name, From: document.FromUpload, Actor: audit.Job("test")}, bytes.NewReader(text))
		require.NoError(t, err, name)
		require.Zero(t, imported.Settlements[0].Difference(), name)
		drafted, err := b.entries.Draft(t.Context(), imported.Settlements[0].ID, audit.Job("test"))
		require.NoError(t, err, name)
		require.Empty(t, drafted.Problems, name)
		require.NotEmpty(t, drafted.Entries, name)
		clearing := decimal.Zero
		for _, id := range drafted.Entries {
			b.submit(id)
			b.approve(id)
			require.NoError(t, b.entries.Post(t.Context(), id), name)
			e := b.get(id)
			require.Equal(t, "posted", e.Status, "%s: %s", name, e.Reason)
			clearing = clearing.Add(e.Clearing)
		}
		require.Equal(t, imported.Settlements[0].Deposit.Decimal().StringFixed(2), clearing.StringFixed(2), name)
	}
	b.holds()
}

// rates writes the same rate to dollars for every day of the reports.
func (b *bench) rates(pairs ...string) {
	b.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		for day := time.Date(2024, 9, 1, 0, 0, 0, 0, time.UTC); day.Before(now); day = day.AddDate(0, 0, 7) {
			b.exec(`INSERT INTO exchange_rate (base, quote, rate_on, rate, source) VALUES ($1, 'USD', $2, $3, 'test')`, pairs[i], day, pairs[i+1])
		}
	}
}

func (b *bench) exec(sql string, args ...any) {
	b.t.Helper()
	_, err := b.pool.Exec(b.t.Context(), sql, args...)
	require.NoError(b.t, err)
}
