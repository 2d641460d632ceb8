package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// built is the real program, built once for the tests that run it as a process.
var built = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		return "", err
	}
	program := filepath.Join(string(bytes.TrimSpace(out)), "tieout-under-test")
	said, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, ".").CombinedOutput()
	if err != nil {
		return string(said), err
	}
	return program, nil
})

func realProgram(t testing.TB) string {
	t.Helper()
	program, err := built()
	require.NoError(t, err, program)
	return program
}

// TestADayEndsWithBothSidesEqual is the short form of `tieout day`: two workers,
// one of which is killed, the database gone for a while, and every way to fail.
func TestADayEndsWithBothSidesEqual(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	d := day{data: t.TempDir(), program: realProgram(t), seed: 3, orders: 150, unknown: 0.05, faults: 0.05, workers: 2, kill: 20 * time.Second, kills: 1, outage: 4 * time.Second, length: 10 * time.Second, limit: 8 * time.Minute}
	err := d.run(t.Context(), environment{stdout: &out, stderr: os.Stderr})
	require.NoError(t, err, out.String())
	require.Contains(t, out.String(), "Both sides agree.")
	require.Contains(t, out.String(), "The database is back.")
	require.Regexp(t, `unknown_sku +[1-9]`, out.String())
	require.Regexp(t, `stock_difference +[1-9]`, out.String())
	require.Regexp(t, `inbound_difference +[1-9]`, out.String())
	require.Regexp(t, `ORDER_CHANGE +[1-9]`, out.String())
	for _, what := range []string{"orders", "shipments", "returns", "quantities", "FBA quantities", "inbound", "fulfilments"} {
		require.Regexp(t, what+` +[1-9][0-9]* +0\n`, out.String())
	}
}
