package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tieout/app/money"
	"tieout/app/settlement/report"
	"tieout/app/settlement/report/reporttest"
)

func FuzzParse(f *testing.F) {
	for i, locale := range locales {
		random := rand.New(rand.NewPCG(7, uint64(i)))
		s := reporttest.Random(random, locale.style, locale.currency, locale.marketplace, locale.words, 12)
		f.Add(reporttest.V2(locale.style, s), "")
		f.Add(reporttest.V1(locale.style, s, s), "Cp1252")
	}
	s := reporttest.Random(rand.New(rand.NewPCG(1, 1)), american, "USD", "Amazon.com", []string{"x"}, 12)
	f.Add(reporttest.XML(american, s), "")
	f.Add(v2(summaryUSD, detail("1,234", "09/06/25"), detail("(1.00)", instant), detail("1,5", "26/10/24")), "shift_jis")
	f.Add(v1(map[string]string{"transaction-type": "ServiceFee", "item-related-fee-type": "Cost of Advertising",
		"item-related-fee-amount": "-1.16", "other-fee-amount": "-0.14", "other-fee-reason-description": "TaxAmount"}), "")
	f.Add(zipped(f, v2(summaryUSD)), "utf-8")
	f.Fuzz(func(t *testing.T, raw []byte, charset string) {
		options := report.Options{Charset: charset, MaxProblems: 10}
		sink := &keeper{}
		summary, err := report.Parse(context.Background(), bytes.NewReader(raw), options, sink)
		if summary.Format == "" || bytes.HasPrefix(raw, []byte("\x1f\x8b")) {
			return
		}
		checkTotals(t, summary, sink)
		checkPlaces(t, raw, summary, sink)
		if err == nil && summary.Format != report.XML {
			checkRowsAlone(t, raw, summary, sink, options)
		}
	})
}

// checkTotals: what the sink got is what the summary says.
func checkTotals(t *testing.T, summary report.Summary, sink *keeper) {
	t.Helper()
	require.Len(t, summary.Settlements, len(sink.settlements))
	require.LessOrEqual(t, len(summary.Problems), min(10, summary.ProblemCount))
	sums, lines := make([]money.Units, len(summary.Settlements)), make([]int, len(summary.Settlements))
	for _, l := range sink.lines {
		sums[l.Settlement] += l.Amount
		lines[l.Settlement]++
		require.Same(t, summary.Kinds[l.Kind.ID], l.Kind)
		for _, name := range []string{l.Kind.Marketplace, l.Kind.TransactionType, l.Kind.AmountType, l.Kind.AmountDescription, l.order, l.sku, l.promotion} {
			require.True(t, utf8.ValidString(name))
			require.NotContains(t, name, "\x00")
		}
	}
	for i, total := range summary.Settlements {
		require.Equal(t, sums[i], total.Sum)
		require.Equal(t, lines[i], total.Lines)
		require.LessOrEqual(t, total.Rows, total.Lines)
	}
	_, err := json.Marshal(summary.Problems)
	require.NoError(t, err)
}

// checkPlaces: every line and problem stands where it says, in order.
func checkPlaces(t *testing.T, raw []byte, summary report.Summary, sink *keeper) {
	t.Helper()
	row, part := 0, 0
	for _, l := range sink.lines {
		require.True(t, l.Offset >= 0 && l.Length >= 0 && l.Offset+int64(l.Length) <= int64(len(raw)))
		require.True(t, l.Row > row || (l.Row == row && l.Part == part+1), "rows and parts ascend")
		row, part = l.Row, l.Part
		if summary.Format != report.XML {
			require.NotContains(t, string(raw[l.Offset:l.Offset+int64(l.Length)]), "\n")
			require.Equal(t, l.Row, 1+bytes.Count(raw[:l.Offset], []byte("\n")))
		}
	}
	for _, p := range summary.Problems {
		require.True(t, p.Offset >= 0 && p.Length >= 0 && p.Offset+int64(p.Length) <= int64(len(raw)))
		require.True(t, utf8.ValidString(p.Value))
	}
}

// checkRowsAlone: a line's raw row, read below the same header and summary row,
// gives the same line. Only what the rest of the file decided may be lost.
func checkRowsAlone(t *testing.T, raw []byte, summary report.Summary, sink *keeper, options report.Options) {
	t.Helper()
	for _, l := range sink.lines[:min(len(sink.lines), 20)] {
		s := summary.Settlements[l.Settlement]
		alone := bytes.Join([][]byte{sink.head.Header, raw[s.Offset : s.Offset+int64(s.Length)], raw[l.Offset : l.Offset+int64(l.Length)]}, []byte("\n"))
		again := &keeper{}
		_, err := report.Parse(context.Background(), bytes.NewReader(alone), options, again)
		require.NoError(t, err)
		for _, other := range again.lines {
			if other.Part == l.Part {
				require.Equal(t, []any{l.Amount, l.Posted, l.Quantity}, []any{other.Amount, other.Posted, other.Quantity})
			}
		}
	}
}
