package report_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/money"
	"tieout/app/settlement/report"
)

// samples returns the folder of real reports beside the repository.
func samples(t testing.TB) string {
	t.Helper()
	root, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(root)
		require.NotEqual(t, root, parent, "no go.mod above the test")
		root = parent
	}
	folder := filepath.Join(root, "..", "shared", "reference", "settlement", "samples")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the folder of real settlement reports is not beside the repository")
	}
	return folder
}

func TestRealReportsTieOutToTheCent(t *testing.T) {
	t.Parallel()
	folder := samples(t)
	for _, want := range []struct {
		file, id, currency, deposit string
		format                      report.Format
		lines                       int
		marketplaces                []string
	}{
		{"v2-usd-9464.txt", "99725599464", "USD", "1668.68", report.FlatFileV2, 273, []string{"Amazon.com", "Non-Amazon US"}},
		{"v2-gbp-6076.txt", "95286136076", "GBP", "253.43", report.FlatFileV2, 56, []string{"Amazon.co.uk", "Non-Amazon UK"}},
		{"v2-eur-0821.txt", "92216750821", "EUR", "128.84", report.FlatFileV2, 51, []string{"Amazon.de"}},
		{"v1-cad-4910.txt", "93869394910", "CAD", "-321.69", report.FlatFile, 3, []string{}},
		{"v1-cad-5138.txt", "98234725138", "CAD", "-62.31", report.FlatFile, 15, []string{"Amazon.ca"}},
		{"v1-cad-0009.txt", "99527590009", "CAD", "1016.08", report.FlatFile, 189, []string{"Amazon.ca", "Non-Amazon CA"}},
	} {
		t.Run(want.file, func(t *testing.T) {
			t.Parallel()
			file, err := os.Open(filepath.Join(folder, want.file))
			require.NoError(t, err)
			defer file.Close()
			got, err := report.Describe(context.Background(), file, report.Options{})
			require.NoError(t, err)
			require.Empty(t, got.Problems)
			require.Equal(t, want.format, got.Format)
			require.Len(t, got.Settlements, 1)
			s := got.Settlements[0]
			require.Equal(t, want.id, s.ID)
			require.Equal(t, want.currency, s.Currency)
			require.Equal(t, want.deposit, s.Deposit)
			require.Equal(t, want.deposit, s.Sum)
			require.Equal(t, "0.00", s.Difference)
			require.Equal(t, want.lines, s.Lines)
			require.Equal(t, want.marketplaces, s.Marketplaces)
			require.True(t, got.Balanced())
			require.True(t, got.Clean())
		})
	}
}

func TestTheRealDollarReportSpansTwoMonths(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(samples(t), "v2-usd-9464.txt"))
	require.NoError(t, err)
	summary, got := parse(t, raw, report.Options{})
	months := map[string]money.Units{}
	for _, l := range got.lines {
		months[l.PostedAt().Format("2006-01")] += l.Amount
		if l.Kind.AmountDescription == "Current Reserve Amount" {
			require.True(t, l.PostedAt().After(summary.Settlements[0].End), "it is posted after the end")
		}
	}
	require.Equal(t, map[string]money.Units{"2024-10": 21873600, "2024-11": -5186800}, months)
}

func TestRealV1RowsWithTwoAmountsCountBoth(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(samples(t), "v1-cad-5138.txt"))
	require.NoError(t, err)
	summary, got := parse(t, raw, report.Options{})
	require.Equal(t, 15, summary.Settlements[0].Rows)
	require.Equal(t, 16, summary.Settlements[0].Lines)
	names := map[string]money.Units{}
	for _, l := range got.lines {
		names[l.Kind.TransactionType+"/"+l.Kind.AmountType+"/"+l.Kind.AmountDescription] += l.Amount
	}
	require.Equal(t, money.Units(-11600), names["ServiceFee/Cost of Advertising/TransactionTotalAmount"])
	require.Equal(t, money.Units(-1400), names["ServiceFee/Cost of Advertising/TaxAmount"])
	require.Equal(t, money.Units(-3216900), names["other-transaction/other-transaction/Payable to Amazon"])
	require.Contains(t, names, "Order//")
}
