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

	"tieout/cmd/sandbox/line"
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

// TestNothingIsLostUnderFaults is the short form of `tieout soak`: processes are
// killed, each line is bad in each way, requests fail and the database is stopped.
func TestNothingIsLostUnderFaults(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := soak{data: t.TempDir(), program: realProgram(t), seed: 5, length: 6 * time.Second, kills: 3, orders: 60, workers: 1, limit: 8 * time.Minute, only: []string{"each once"}}
	err := s.run(t.Context(), environment{stdout: &out, stderr: os.Stderr})
	require.NoError(t, err, out.String())
	require.Contains(t, out.String(), "Nothing is lost, and nothing is there twice.")
	require.Regexp(t, `[1-9][0-9]* secrets and [1-9][0-9]+ names, addresses and numbers of buyers were looked for in [1-9][0-9]+ lines of logs, [1-9][0-9]+ tables and [1-9][0-9]+ MB`, out.String())
	for _, fault := range []string{"kill -9", "request fails", "database stopped"} {
		require.Regexp(t, "(?m)^"+fault+`.* +[1-9][0-9]* +[1-9]`, out.String())
	}
	for _, kind := range line.Kinds() {
		require.Regexp(t, "(?m) "+string(kind)+` +[1-9][0-9]* +[1-9]`, out.String(), "on one line at least")
	}
	for _, cause := range []string{"unknown_sku", "stock_difference", "inbound_difference"} {
		require.Regexp(t, cause+` +[1-9]`, out.String())
	}
}
