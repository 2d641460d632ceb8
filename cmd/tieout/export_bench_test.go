package main

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/settlement"
)

// BenchmarkExport sends the workbook of a settlement of more than 1,000,000 lines
// over a socket. The baseline writes the same cells with excelize's stream writer and
// nothing around it: its rows are in memory already.
func BenchmarkExport(b *testing.B) {
	s := largeSite(b)
	large := s.number(b, `SELECT id FROM settlement WHERE replaced_at IS NULL ORDER BY line_count DESC, id DESC LIMIT 1`)
	amy, err := newClerk(b.Context(), s.url, s.sandbox.Issuer, "amy.accountant")
	require.NoError(b, err)
	amy.client.Timeout = 0
	var first, export, bare time.Duration
	size, peak := int64(0), 0.0
	for b.Loop() {
		resetPeak()
		begun, took, bytes := amy.download(b, fmt.Sprintf("/settlements/%d/lines/export.xlsx", large))
		first, export, size = max(first, begun), export+took, bytes
		peak = max(peak, peakMemory(b))
		bare += s.bareWorkbook(b, large)
	}
	n := float64(b.N)
	b.ReportMetric(export.Seconds()/n, "export-s")
	b.ReportMetric(bare.Seconds()/n, "baseline-s")
	b.ReportMetric(export.Seconds()/bare.Seconds(), "ratio")
	b.ReportMetric(milliseconds(first), "first-byte-ms")
	b.ReportMetric(peak, "peak-MiB")
	b.ReportMetric(float64(size)/(1<<20), "file-MiB")
	b.ReportMetric(float64(s.number(b, `SELECT line_count FROM settlement WHERE id = $1`, large)), "lines")
}

// download says when the first byte came, when the last, and how many there were.
func (p *clerk) download(b *testing.B, path string) (first, whole time.Duration, size int64) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, p.base+path, nil)
	require.NoError(b, err)
	start := time.Now()
	answer, err := p.client.Do(r)
	require.NoError(b, err)
	defer func() { _ = answer.Body.Close() }()
	require.Equal(b, http.StatusOK, answer.StatusCode)
	_, err = io.ReadFull(answer.Body, make([]byte, 1))
	require.NoError(b, err)
	first = time.Since(start)
	size, err = io.Copy(io.Discard, answer.Body)
	require.NoError(b, err)
	return first, time.Since(start), size + 1
}

// bareWorkbook writes the lines of a settlement with excelize alone.
func (s *site) bareWorkbook(b *testing.B, id int64) time.Duration {
	b.Helper()
	d, err := s.settlements.Get(b.Context(), id)
	require.NoError(b, err)
	var lines []settlement.Line
	filter := settlement.LineFilter{PageSize: 20_000}
	for more := true; more; {
		page, err := s.settlements.Lines(b.Context(), d, filter)
		require.NoError(b, err)
		lines = append(lines, page.Lines...)
		more = page.More
		last := lines[len(lines)-1]
		filter.AfterRow, filter.AfterPart = last.LineNo, last.Part
	}
	start := time.Now()
	file := excelize.NewFile()
	text, money, day := "@", "#,##0.00", "yyyy-mm-dd"
	styles := map[*string]int{}
	for _, format := range []*string{&text, &money, &day} {
		styles[format], err = file.NewStyle(&excelize.Style{CustomNumFmt: format})
		require.NoError(b, err)
	}
	str := func(s string) excelize.Cell { return excelize.Cell{StyleID: styles[&text], Value: s} }
	var stream *excelize.StreamWriter
	for i, l := range lines {
		if i%excelize.TotalRows == 0 {
			if stream != nil {
				require.NoError(b, stream.Flush())
			}
			name := fmt.Sprint("Lines ", i)
			_, err := file.NewSheet(name)
			require.NoError(b, err)
			stream, err = file.NewStreamWriter(name)
			require.NoError(b, err)
		}
		cell, err := excelize.CoordinatesToCellName(1, i%excelize.TotalRows+1)
		require.NoError(b, err)
		amount, _ := l.Amount.Float64()
		var quantity any
		if l.Quantity != nil {
			quantity = *l.Quantity
		}
		require.NoError(b, stream.SetRow(cell, []any{str(d.AmazonID), l.LineNo, l.Part, excelize.Cell{StyleID: styles[&day], Value: l.PostedAt}, excelize.Cell{StyleID: styles[&day], Value: l.PostedOn},
			str(l.TransactionType), str(l.AmountType), str(l.AmountDescription), str(l.OrderID), str(l.MerchantOrderID), str(l.Sku), quantity, str(l.Marketplace), str(l.Fulfillment), str(l.AdjustmentID),
			str(l.ShipmentID), str("4000-000"), excelize.Cell{StyleID: styles[&money], Value: amount}, str(d.Currency)}))
	}
	require.NoError(b, stream.Flush())
	require.NoError(b, file.Write(io.Discard))
	took := time.Since(start)
	require.NoError(b, file.Close())
	return took
}
