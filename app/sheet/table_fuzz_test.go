package sheet_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/fault"
	"tieout/app/rates"
	"tieout/app/sheet"
)

// table is a workbook of one sheet.
func table(t testing.TB, name string, rows ...[]any) []byte {
	t.Helper()
	book := excelize.NewFile()
	require.NoError(t, book.SetSheetName("Sheet1", name))
	for i, row := range rows {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		require.NoError(t, err)
		require.NoError(t, book.SetSheetRow(name, at, &row))
	}
	out, err := book.WriteToBuffer()
	require.NoError(t, err)
	return out.Bytes()
}

func FuzzReadRates(f *testing.F) {
	f.Add(table(f, "Rates", []any{"Day", "From", "To", "Rate", "Reason"}, []any{"2026-11-20", "GBP", "USD", 1.27, "=1+1"}, []any{46000, "EUR", "USD", "1e-9999999"}))
	f.Add([]byte("Day,From,To,Rate\n2026-11-20,GBP,USD,1.27\n2026-11-21,gbp,usd,1E999999999\n"))
	f.Add([]byte("\ufeffDay;From;To;Rate;Reason\r\n2026-11-20;GBP;USD;1,27;\"a\nb\"\r\n"))
	f.Add([]byte("\xff\xfeD\x00a\x00y\x00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := new(sheet.Book).ReadRates(content)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.CodeOf(err))
			return
		}
		require.Len(t, file.Cells, len(file.Entries))
		for _, e := range file.Entries {
			_, words := e.Problem()
			require.Empty(t, words)
			require.LessOrEqual(t, -e.Value.Exponent(), int32(rates.Scale))
		}
	})
}

func FuzzReadPostingSheet(f *testing.F) {
	f.Add(table(f, "Entries", []any{"reference", "debit", "functional_debit", "p21_number"}, []any{"AMZ-1", 12.5, "12.50", "77"}, []any{"AMZ-1", nil, nil, nil}))
	f.Add([]byte("reference,debit,functional_debit,p21_number\nAMZ-1,1e12,-5,42\nAMZ-1,1e13,,\n,,,\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := new(sheet.Book).ReadPostingSheet(content)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.CodeOf(err))
			return
		}
		for _, n := range file.Numbers {
			require.NotEmpty(t, n.Reference)
			require.NotEmpty(t, n.Number)
			require.Less(t, len(n.Debits.String()), 100)
		}
	})
}
