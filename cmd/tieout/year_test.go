package main

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/database/dbtest"
)

// TestMonthsAreClosedThroughThePages is the short form of `tieout year`.
func TestMonthsAreClosedThroughThePages(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	y := year{data: t.TempDir(), seed: 3, orders: 2, months: 2, limit: 5 * time.Minute}
	err := y.run(t.Context(), environment{stdout: &out, stderr: os.Stderr, postgres: dbtest.Options()})
	require.NoError(t, err, out.String())
	for _, said := range []string{"Every reconciliation is at 0.00.", "Every month is closed.", "Both sides agree, account by account."} {
		require.Contains(t, out.String(), said)
	}
	require.Regexp(t, `[1-9][0-9]* adjustments of stock were approved`, out.String())
	require.Regexp(t, `1210-000 +[1-9]`, out.String())
}
