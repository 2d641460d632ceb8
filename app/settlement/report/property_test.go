package report_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"

	"tieout/app/money"
	"tieout/app/settlement/report"
	"tieout/app/settlement/report/reporttest"
)

func encoder(encode func([]byte) ([]byte, error)) func(string) []byte {
	return func(text string) []byte {
		raw, err := encode([]byte(text))
		if err != nil {
			panic(err) // the words of the case do not fit its charset
		}
		return raw
	}
}

// locales are how marketplaces write, and some ways nobody was seen to.
var locales = []struct {
	currency, marketplace string
	style                 reporttest.Style
	words                 []string
}{
	{"USD", "Amazon.com", reporttest.Style{Decimal: ".", Digits: 2, Date: reporttest.American}, []string{"PAWS", `12" "pan`}},
	{"GBP", "Amazon.co.uk", reporttest.Style{Decimal: ".", Digits: 2, Date: reporttest.European, Newline: "\r\n"}, []string{"£5 off"}},
	{"EUR", "Amazon.de", reporttest.Style{Decimal: ",", Digits: 2, Date: reporttest.European}, []string{"Überraschung", "Größe"}},
	{"EUR", "Amazon.fr", reporttest.Style{Decimal: ",", Group: ".", Digits: 2, Date: reporttest.European, OpenEnd: true,
		Encode: encoder(charmap.Windows1252.NewEncoder().Bytes)}, []string{"Été €3", "Noël"}},
	{"USD", "Amazon.com", reporttest.Style{Decimal: ".", Group: ",", Digits: 2, Brackets: true, Date: reporttest.American, Mark: "\xef\xbb\xbf"}, []string{"☃"}},
	{"JPY", "Amazon.co.jp", reporttest.Style{Date: reporttest.Japanese, Encode: encoder(japanese.ShiftJIS.NewEncoder().Bytes)}, []string{"ポイント", "表示"}},
	{"JPY", "Amazon.co.jp", reporttest.Style{Group: ",", Date: reporttest.Japanese}, []string{"ポイント"}},
	{"KWD", "Amazon.sa", reporttest.Style{Decimal: ".", Digits: 3, Date: reporttest.European}, []string{"عرض"}},
	{"CAD", "Amazon.ca", reporttest.Style{Decimal: ".", Digits: 4, Date: reporttest.ISO}, []string{"érable"}},
	{"AUD", "Amazon.com.au", reporttest.Style{Decimal: ".", Digits: 2, Date: "02/01/06 15:04:05 UTC"}, []string{"arvo"}},
	{"INR", "Amazon.in", reporttest.Style{Decimal: ".", Digits: 2, Date: "02-01-2006 15:04:05 UTC"}, []string{"दिवाली"}},
}

func TestRandomReportsOfEveryLocaleAddUpExactly(t *testing.T) {
	t.Parallel()
	for i, locale := range locales {
		t.Run(fmt.Sprintf("%s %d", locale.marketplace, i), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(20) {
				random := rand.New(rand.NewPCG(seed, uint64(i)))
				first := reporttest.Random(random, locale.style, locale.currency, locale.marketplace, locale.words, 30+random.IntN(200))
				second := reporttest.Random(random, locale.style, locale.currency, locale.marketplace, locale.words, random.IntN(50))
				checkReport(t, locale.currency, reporttest.V2(locale.style, first, second), report.FlatFileV2, first, second)
				checkReport(t, locale.currency, reporttest.V1(locale.style, first, second), report.FlatFile, first, second)
				style := locale.style
				style.Encode = nil
				if style.Decimal != "," {
					checkReport(t, locale.currency, reporttest.XML(style, first, second), report.XML, first, second)
				}
			}
		})
	}
}

func checkReport(t *testing.T, currency string, raw []byte, format report.Format, want ...reporttest.Settlement) {
	t.Helper()
	sink := &keeper{}
	summary, err := report.Parse(context.Background(), iotest.HalfReader(bytes.NewReader(raw)), report.Options{}, sink)
	require.NoError(t, err)
	require.Empty(t, summary.Problems)
	require.Equal(t, format, summary.Format)
	require.Len(t, summary.Settlements, len(want))
	next := 0
	for i, s := range want {
		got := summary.Settlements[i]
		require.Equal(t, []any{s.ID, money.Currency(currency), s.Start, s.End, s.End.AddDate(0, 0, 2)},
			[]any{got.ID, got.Currency, got.Start, got.End, got.DepositDate})
		require.Equal(t, s.Sum(), got.Sum)
		require.Equal(t, s.Sum(), got.Deposit)
		require.True(t, got.Balanced())
		require.Equal(t, len(s.Lines), got.Rows)
		for _, line := range s.Lines {
			l := sink.lines[next]
			next++
			require.Equal(t, i, l.Settlement)
			require.Equal(t, report.Kind{ID: l.Kind.ID, Marketplace: line.Marketplace, TransactionType: line.Transaction,
				AmountType: line.AmountType, AmountDescription: line.Description}, *l.Kind)
			require.Equal(t, []any{line.Amount, line.Posted, line.Order, line.SKU, line.Promotion, line.Fulfillment},
				[]any{l.Amount, l.PostedAt(), l.order, l.sku, l.promotion, l.Fulfillment})
		}
	}
	require.Len(t, sink.lines, next)
}
