package report_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/settlement/report"
	"tieout/app/settlement/report/reporttest"
)

type discard struct{ lines int }

func (*discard) Begin(report.Head) error                  { return nil }
func (*discard) Settlement(int, *report.Settlement) error { return nil }
func (d *discard) Line(*report.Line) error                { d.lines++; return nil }

var american = reporttest.Style{Decimal: ".", Digits: 2, Date: reporttest.American}

func benchmark(b *testing.B, raw []byte) {
	b.Helper()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	lines := 0
	for b.Loop() {
		var sink discard
		summary, err := report.Parse(context.Background(), bytes.NewReader(raw), report.Options{}, &sink)
		require.NoError(b, err)
		require.Zero(b, summary.ProblemCount)
		lines += sink.lines
	}
	b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "lines/s")
}

func generated(lines int) reporttest.Settlement {
	random := rand.New(rand.NewPCG(1, 2))
	return reporttest.Random(random, american, "USD", "Amazon.com", []string{"PAWS-V2-US-1234"}, lines)
}

func BenchmarkParseV2(b *testing.B)  { benchmark(b, reporttest.V2(american, generated(100_000))) }
func BenchmarkParseV1(b *testing.B)  { benchmark(b, reporttest.V1(american, generated(100_000))) }
func BenchmarkParseXML(b *testing.B) { benchmark(b, reporttest.XML(american, generated(10_000))) }

func BenchmarkDescribeV2(b *testing.B) {
	raw := reporttest.V2(american, generated(100_000))
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		_, err := report.Describe(context.Background(), bytes.NewReader(raw), report.Options{})
		require.NoError(b, err)
	}
}
