package settlement_test

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/document"
	"tieout/app/settlement"
	"tieout/cmd/sandbox/seller"
)

// largeReport writes a report of about so many lines and returns its path.
func largeReport(tb testing.TB, lines int) (path string, rows int) {
	tb.Helper()
	account := seller.Accounts(3, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), lines/14/7)[0]
	books := seller.NewBooks(account)
	path = filepath.Join(tb.TempDir(), "large.txt")
	file, err := os.Create(path)
	require.NoError(tb, err)
	require.NoError(tb, books.WriteReport(file, 0, seller.Whole))
	require.NoError(tb, file.Close())
	return path, books.Settlement(0).Lines
}

// peakMemory returns the process's highest resident memory since the last reset.
func peakMemory(tb testing.TB) float64 {
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(tb, err)
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	require.NoError(tb, err)
	return kb / 1024
}

func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) } // where it is refused the peak is the process's own

// BenchmarkImport measures a report from its first byte to a sealed settlement,
// and beside it a plain COPY of the same rows into a table without an index.
func BenchmarkImport(b *testing.B) {
	for _, lines := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(lines), func(b *testing.B) {
			path, rows := largeReport(b, lines)
			info, err := os.Stat(path)
			require.NoError(b, err)
			b.SetBytes(info.Size())
			var imports, copies time.Duration
			peak := 0.0
			for b.Loop() {
				pool := dbtest.New(b)
				took, memory := importOnce(b, pool, path)
				imports += took
				peak = max(peak, memory)
				copies += copyOnce(b, pool)
			}
			n := float64(b.N)
			b.ReportMetric(imports.Seconds()/n, "import-s")
			b.ReportMetric(copies.Seconds()/n, "baseline-s")
			b.ReportMetric(imports.Seconds()/copies.Seconds(), "ratio")
			b.ReportMetric(float64(rows)*n/imports.Seconds(), "lines/s")
			b.ReportMetric(peak, "peak-MiB")
		})
	}
}

func importOnce(b *testing.B, pool *pgxpool.Pool, path string) (time.Duration, float64) {
	var connection int64
	require.NoError(b, pool.QueryRow(b.Context(), `INSERT INTO connection (name, amazon_region, time_zone) VALUES ('us', 'na', 'America/New_York') RETURNING id`).Scan(&connection))
	service := settlement.NewService(pool, clock.System{}, nil, slog.New(slog.DiscardHandler))
	file, err := os.Open(path)
	require.NoError(b, err)
	defer func() { _ = file.Close() }()
	_, err = pool.Exec(b.Context(), `CHECKPOINT`)
	require.NoError(b, err)
	resetPeak()
	start := time.Now()
	_, err = service.Import(b.Context(), settlement.Source{ConnectionID: connection, Name: "large", From: document.FromUpload, Actor: audit.Job("bench")}, file)
	require.NoError(b, err)
	return time.Since(start), peakMemory(b)
}

// copyOnce copies the imported rows, in the same binary form, into a bare table.
func copyOnce(b *testing.B, pool *pgxpool.Pool) time.Duration {
	rows, err := os.Create(filepath.Join(b.TempDir(), "rows.bin"))
	require.NoError(b, err)
	defer func() { _ = rows.Close() }()
	conn, err := pool.Acquire(b.Context())
	require.NoError(b, err)
	defer conn.Release()
	_, err = conn.Conn().PgConn().CopyTo(b.Context(), rows, `COPY settlement_line TO STDOUT (FORMAT binary)`)
	require.NoError(b, err)
	_, err = rows.Seek(0, io.SeekStart)
	require.NoError(b, err)
	_, err = conn.Exec(b.Context(), `CREATE TABLE plain (LIKE settlement_line); CHECKPOINT`)
	require.NoError(b, err)
	start := time.Now()
	_, err = conn.Conn().PgConn().CopyFrom(b.Context(), rows, `COPY plain FROM STDIN (FORMAT binary)`)
	require.NoError(b, err)
	return time.Since(start)
}
