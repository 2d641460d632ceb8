package main

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMonthsAreClosedThroughThePages is the short form of `tieout year`.
func TestMonthsAreClosedThroughThePages(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	y := year{data: t.TempDir(), seed: 3, orders: 4, months: 2, limit: 5 * time.Minute}
	err := y.run(t.Context(), environment{stdout: &out, stderr: os.Stderr})
	require.NoError(t, err, out.String())
	require.Contains(t, out.String(), "Both sides agree, account by account.")
	require.Regexp(t, `1210-000 +[1-9]`, out.String())
}
