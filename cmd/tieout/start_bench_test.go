package main

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// idle is how long a process has nothing to do before its memory is read.
const idle = 5 * time.Second

// BenchmarkServe starts the real program on a migrated database, screens and
// jobs, until it answers; then it is left alone.
func BenchmarkServe(b *testing.B) {
	program := realProgram(b)
	s := startSiteThat(b, false, true)
	file, err := os.Stat(program)
	require.NoError(b, err)
	var starts time.Duration
	memory := 0.0
	for b.Loop() {
		address := freeAddress(b)
		cmd := exec.Command(program, "serve")
		cmd.Env = append(append(os.Environ(), s.environ...), "TIEOUT_LISTEN="+address)
		begun := time.Now()
		require.NoError(b, cmd.Start())
		untilItAnswers(b, "http://"+address+"/healthz")
		starts += time.Since(begun)
		wait(b.Context(), idle)
		memory += memoryOf(b, cmd.Process.Pid, "VmRSS:")
		require.NoError(b, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed
	}
	b.ReportMetric(float64(starts.Milliseconds())/float64(b.N), "start-ms")
	b.ReportMetric(memory/float64(b.N), "idle-MiB")
	b.ReportMetric(float64(file.Size())/(1<<20), "binary-MiB")
}

// freeAddress is one that nobody listens on.
func freeAddress(b *testing.B) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func untilItAnswers(b *testing.B, address string) {
	b.Helper()
	require.Eventually(b, func() bool {
		answer, err := http.Get(address)
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}, time.Minute, 5*time.Millisecond)
}
