package sheet_test

import (
	"bytes"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/audit"
	"tieout/app/catalog"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/fault"
	"tieout/app/period"
	"tieout/app/sheet"
)

func each[T any](values ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// skuBook is a workbook of SKU maps that a person edits.
func skuBook(t testing.TB, rows ...[]any) []byte {
	t.Helper()
	book := excelize.NewFile()
	require.NoError(t, book.SetSheetName("Sheet1", "SKU maps"))
	all := append([][]any{{"Marketplace", "SKU", "Title", "P21 item", "Quantity", "Share of price", "Valid from", "Valid to", "Note"}}, rows...)
	for i, row := range all {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		require.NoError(t, err)
		require.NoError(t, book.SetSheetRow("SKU maps", cell, &row))
	}
	var out bytes.Buffer
	require.NoError(t, book.Write(&out))
	return out.Bytes()
}

func TestSKUMapsGoOutToExcelAndComeBackTheSame(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	var connection int64
	require.NoError(t, pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na') RETURNING id`).Scan(&connection))
	products := catalog.NewService(pool, clock.System{}, nil)
	_, err := products.UpsertItems(t.Context(), connection, each(catalog.Item{Code: "0012", Description: "=Mug", Active: true}, catalog.Item{Code: "BOX", Active: true}, catalog.Item{Code: "CARD", Active: true}))
	require.NoError(t, err)
	_, err = products.UpsertListings(t.Context(), connection, each(catalog.Listing{Marketplace: "A1PA6795UKMFR9", SKU: "1E17", Title: "Not mapped", Channel: catalog.FBA}))
	require.NoError(t, err)
	today := products.Today()
	share := func(text string) decimal.NullDecimal { return catalog.ShareOf(decimal.RequireFromString(text)) }
	for _, n := range []catalog.New{
		{SKU: "0012-2PK", From: today.AddDays(-30), Parts: catalog.Parts{{Code: "0012", Quantity: 2}}},
		{SKU: "KIT", Marketplace: "A1PA6795UKMFR9", From: today.AddDays(-9), To: today.AddDays(400), Note: "gift",
			Parts: catalog.Parts{{Code: "0012", Quantity: 1, Share: share("0.3")}, {Code: "BOX", Quantity: 1, Share: share("0.33333334")}, {Code: "CARD", Quantity: 3, Share: share("0.36666666")}}},
		{SKU: "LATER", From: today.AddDays(20), Parts: catalog.Parts{{Code: "BOX", Quantity: 1}, {Code: "CARD", Quantity: 1}}},
	} {
		n.ConnectionID = connection
		_, err := products.Map(t.Context(), audit.Job("test"), n)
		require.NoError(t, err)
	}
	var out bytes.Buffer
	require.NoError(t, sheet.NewBook(pool).SKUMaps(t.Context(), &out, connection, "acme"))
	file, err := sheet.ReadSKUMaps(out.Bytes())
	require.NoError(t, err)
	require.Empty(t, file.Problems)
	require.Len(t, file.Maps, 4)
	plan, err := products.Plan(t.Context(), connection, file)
	require.NoError(t, err)
	require.Empty(t, plan.Problems)
	require.Empty(t, plan.Steps)
	require.Equal(t, 3, plan.Unchanged)

	i := slices.IndexFunc(file.Maps, func(m catalog.WrittenMap) bool { return m.SKU == "1E17" })
	require.GreaterOrEqual(t, i, 0, "an SKU that looks like a number stays what it is")
	require.Equal(t, "A1PA6795UKMFR9", file.Maps[i].Marketplace)
}

func TestRowsOfAWorkbookBecomeMaps(t *testing.T) {
	t.Parallel()
	file, err := sheet.ReadSKUMaps(skuBook(t,
		[]any{"Amazon.com", "A", "", "X", 2, nil, "2026-11-30", nil, "n"},
		[]any{"all", "K", "", "X", nil, 0.25, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)},
		[]any{"", "K", "", "Y", 1, "0.75", "2026-12-01"},
		[]any{nil, nil, nil}, []any{"germany", "N"}))
	require.NoError(t, err)
	require.Empty(t, file.Problems)
	require.Len(t, file.Maps, 3)
	a, k, n := file.Maps[0], file.Maps[1], file.Maps[2]
	require.Equal(t, period.Date{Year: 2026, Month: time.November, Day: 30}, a.From)
	require.Equal(t, "ATVPDKIKX0DER 2 x X n", a.Marketplace+" "+a.Parts.String()+" "+a.Note)
	require.Equal(t, "D2", a.Cells["code.1"])
	require.Equal(t, "X + Y", k.Parts.String())
	require.Equal(t, "F4", k.Cells["share.2"])
	require.Empty(t, k.Validate())
	require.Equal(t, "A1PA6795UKMFR9", n.Marketplace)
	require.Empty(t, n.Parts)
}

func TestWhatIsWrongInASheetOfSKUMapsIsSaidPerCell(t *testing.T) {
	t.Parallel()
	for cell, row := range map[string][]any{
		"A3": {"Amazon.xx", "A", "", "X"}, "B3": {"", "", "", "X"}, "D3": {"", "A", "", "", 2}, "E3": {"", "A", "", "X", 1.5}, "F3": {"", "A", "", "X", 1, "half"},
		"G3": {"", "A", "", "X", 1, nil, "soon"}, "H3": {"", "OK", "", "Y", 1, nil, nil, "2027-01-01"},
	} {
		file, err := sheet.ReadSKUMaps(skuBook(t, []any{"", "OK", "", "X"}, row))
		require.NoError(t, err)
		require.Len(t, file.Problems, 1, cell)
		require.Equal(t, "SKU maps "+cell, file.Problems[0].Sheet+" "+file.Problems[0].Cell, file.Problems[0].Message)
	}
	for _, content := range [][]byte{nil, []byte("SKU,Item"), skuBook(t)} {
		_, err := sheet.ReadSKUMaps(content)
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
	}
}

func FuzzReadSKUMaps(f *testing.F) {
	f.Add(skuBook(f, []any{"Amazon.com", "A", "", "X", 2, nil, "2026-11-30", nil, "n"}, []any{"all", "K", "", "X", 1, 0.25, 46000}, []any{"", "K", "", "Y", "1e3", "1e-9999999", 46000}))
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := sheet.ReadSKUMaps(content)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.CodeOf(err))
			return
		}
		for _, m := range file.Maps {
			require.NotEmpty(t, strings.TrimSpace(m.SKU))
			m.Validate()
		}
	})
}
