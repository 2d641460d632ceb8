package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/database/dbtest"
	"tieout/app/document"
	"tieout/app/mapping"
	"tieout/app/settlement"
	"tieout/cmd/sandbox/seller"
)

// BenchmarkReport measures a report from its first byte to entries that are ready
// for review, and beside it a plain COPY of the same rows into a table without an
// index: as text, which is what COPY takes, and in its binary form, which the
// import writes.
func BenchmarkReport(b *testing.B) {
	for _, lines := range []int{1_000_000, 5_000_000} {
		b.Run(fmt.Sprint(lines), func(b *testing.B) {
			wideHeap() // as serve does
			var took, plain, binary time.Duration
			peak, live, rows := 0.0, 0.0, int64(0)
			for b.Loop() {
				s := startSiteOn(b, dbtest.URL(b), false, true) // as the owner, who may make the bare table
				path := s.largeReport(b, lines)
				id, time, memory := s.importReport(b, path)
				took += time
				peak, live = max(peak, memory), max(live, liveMemory())
				plain += s.copyLines(b, id, "text")
				binary += s.copyLines(b, id, "binary")
				rows += s.number(b, `SELECT line_count FROM settlement WHERE id = $1`, id)
			}
			b.ReportMetric(took.Seconds()/float64(b.N), "import-s")
			b.ReportMetric(plain.Seconds()/float64(b.N), "baseline-s")
			b.ReportMetric(binary.Seconds()/float64(b.N), "binary-copy-s")
			b.ReportMetric(took.Seconds()/plain.Seconds(), "ratio")
			b.ReportMetric(took.Seconds()/binary.Seconds(), "ratio-to-binary")
			b.ReportMetric(float64(rows)/took.Seconds(), "lines/s")
			b.ReportMetric(peak, "peak-MiB")
			b.ReportMetric(live, "live-MiB")
		})
	}
}

// liveMemory is what the last collection left: the rest of the peak is garbage that
// wideHeap lets grow.
func liveMemory() float64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	return float64(live[0].Value.Uint64()) / (1 << 20)
}

// peerLines is how many lines hledger gets; it needs a while for each.
const peerLines = 100_000

// BenchmarkPeer has hledger import the lines of a report as CSV with the rules
// that the connection uses, and compares the time per line.
func BenchmarkPeer(b *testing.B) {
	hledger, err := exec.LookPath("hledger")
	if err != nil {
		b.Skip("hledger is not installed: apt-get install hledger")
	}
	var took, peer time.Duration
	for b.Loop() {
		s := startSiteOn(b, dbtest.URL(b), false, true) // as the owner, who may make the bare table
		id, time, _ := s.importReport(b, s.largeReport(b, peerLines))
		took += time
		peer += s.hledger(b, hledger, id)
	}
	b.ReportMetric(took.Seconds()/float64(b.N), "import-s")
	b.ReportMetric(peer.Seconds()/float64(b.N), "baseline-hledger-s")
	b.ReportMetric(took.Seconds()/peer.Seconds(), "ratio")
	b.ReportMetric(peer.Seconds()/took.Seconds(), "times-faster")
}

// largeReport writes a report of about so many lines.
func (s *site) largeReport(b *testing.B, lines int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "report.txt")
	file, err := os.Create(path)
	require.NoError(b, err)
	require.NoError(b, seller.NewBooks(seller.Large(3, s.sandbox.Now(), lines)).WriteReport(file, 0, seller.Whole))
	require.NoError(b, file.Close())
	return path
}

// importReport imports and drafts, and says how long it took and how much memory
// there was at most.
func (s *site) importReport(b *testing.B, path string) (id int64, took time.Duration, peak float64) {
	b.Helper()
	file, err := os.Open(path)
	require.NoError(b, err)
	defer func() { _ = file.Close() }()
	s.run(b, `CHECKPOINT`)
	resetPeak()
	start := time.Now()
	imported, err := s.settlements.Import(b.Context(), settlement.Source{ConnectionID: s.connection(b, "us"), Name: "report", From: document.FromUpload, Actor: audit.Job("bench")}, file)
	require.NoError(b, err)
	id = imported.Settlements[0].ID
	drafted, err := s.entries.Draft(b.Context(), id, audit.Job("bench"))
	require.NoError(b, err)
	took, peak = time.Since(start), peakMemory(b)
	require.NotEmpty(b, drafted.Entries)
	return id, took, peak
}

// copyLines copies a settlement's rows in a format of COPY into a bare table.
func (s *site) copyLines(b *testing.B, id int64, format string) time.Duration {
	b.Helper()
	rows, err := os.Create(filepath.Join(b.TempDir(), "rows"))
	require.NoError(b, err)
	defer func() { _ = rows.Close() }()
	conn, err := s.pool.Acquire(b.Context())
	require.NoError(b, err)
	defer conn.Release()
	_, err = conn.Conn().PgConn().CopyTo(b.Context(), rows, fmt.Sprintf(`COPY (SELECT * FROM settlement_line WHERE settlement_id = %d ORDER BY line_no, part) TO STDOUT (FORMAT %s)`, id, format))
	require.NoError(b, err)
	_, err = rows.Seek(0, io.SeekStart)
	require.NoError(b, err)
	_, err = conn.Exec(b.Context(), `DROP TABLE IF EXISTS plain; CREATE TABLE plain (LIKE settlement_line); CHECKPOINT`)
	require.NoError(b, err)
	start := time.Now()
	_, err = conn.Conn().PgConn().CopyFrom(b.Context(), rows, `COPY plain FROM STDIN (FORMAT `+format+`)`)
	require.NoError(b, err)
	return time.Since(start)
}

// hledger imports a settlement's lines.
func (s *site) hledger(b *testing.B, program string, id int64) time.Duration {
	b.Helper()
	folder := b.TempDir()
	csv, err := os.Create(filepath.Join(folder, "lines.csv"))
	require.NoError(b, err)
	conn, err := s.pool.Acquire(b.Context())
	require.NoError(b, err)
	defer conn.Release()
	copied, err := conn.Conn().PgConn().CopyTo(b.Context(), csv, fmt.Sprintf(`COPY (SELECT l.posted_on, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, l.amount, s.currency, coalesce(l.order_id, '')
		FROM settlement_line l JOIN kind k ON k.id = l.kind_id JOIN settlement s ON s.id = l.settlement_id WHERE l.settlement_id = %d ORDER BY l.line_no, l.part) TO STDOUT (FORMAT csv)`, id))
	require.NoError(b, err)
	require.NoError(b, csv.Close())
	set, err := s.rules.Published(b.Context(), s.connection(b, "us"))
	require.NoError(b, err)
	writePeerRules(b, csv.Name()+".rules", set)
	journal := filepath.Join(folder, "books.journal")
	require.NoError(b, os.WriteFile(journal, nil, 0o600))
	cmd := exec.Command(program, "-f", journal, "import", csv.Name())
	cmd.Env = append(os.Environ(), "LANG=C.UTF-8")
	start := time.Now()
	said, err := cmd.CombinedOutput()
	require.NoError(b, err, string(said[:min(len(said), 2000)]))
	took := time.Since(start)
	require.Equal(b, copied.RowsAffected(), transactionsIn(b, journal), "hledger has every line")
	return took
}

// writePeerRules writes rules as hledger reads them: there the last that matches
// decides, here the first.
func writePeerRules(b *testing.B, path string, set *mapping.RuleSet) {
	b.Helper()
	text := &strings.Builder{}
	text.WriteString("fields date, marketplace, type, amounttype, description1, amount, currency, code\ndate-format %Y-%m-%d\naccount1 clearing\naccount2 unmapped\n")
	for _, rule := range slices.Backward(set.Rules) {
		var asks []string
		for field, c := range map[string]mapping.Condition{"marketplace": rule.Marketplace, "type": rule.TransactionType, "amounttype": rule.AmountType, "description1": rule.AmountDescription} {
			switch c.Match {
			case mapping.Is:
				asks = append(asks, "%"+field+" ^"+regexp.QuoteMeta(c.Text)+"$")
			case mapping.Starts:
				asks = append(asks, "%"+field+" ^"+regexp.QuoteMeta(c.Text))
			}
		}
		if len(asks) == 0 {
			continue
		}
		fmt.Fprintf(text, "if %s\n account2 %s\n\n", strings.Join(asks, "\n& "), strings.ReplaceAll(string(rule.Category), " ", "_"))
	}
	require.NoError(b, os.WriteFile(path, []byte(text.String()), 0o600))
}

// transactionsIn counts the transactions of a journal.
func transactionsIn(b *testing.B, path string) int64 {
	b.Helper()
	file, err := os.Open(path)
	require.NoError(b, err)
	defer func() { _ = file.Close() }()
	n := int64(0)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if text := lines.Text(); text != "" && text[0] >= '0' && text[0] <= '9' {
			n++
		}
	}
	return n
}
