package sheet_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/document"
	"tieout/app/settlement"
	"tieout/app/sheet"
	"tieout/app/sheet/sheettest"
	"tieout/cmd/sandbox/seller"
)

// workbook imports a simulated settlement, with formula-like text in it, and
// returns its workbook.
func workbook(t *testing.T) (content []byte, deposit string) {
	t.Helper()
	pool := dbtest.New(t)
	var connection int64
	require.NoError(t, pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region, time_zone) VALUES ('us', 'na', 'UTC') RETURNING id`).Scan(&connection))
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	var report bytes.Buffer
	require.NoError(t, seller.NewBooks(seller.Accounts(5, now, 5)[0]).WriteReport(&report, 20, seller.Whole))
	text := bytes.Replace(report.Bytes(), []byte("\tPrincipal\t"), []byte("\t=1+1|Principal\t"), 1)
	service := settlement.NewService(pool, clock.System{}, nil, slog.New(slog.DiscardHandler))
	imported, err := service.Import(t.Context(), settlement.Source{ConnectionID: connection, Name: "r", From: document.FromUpload, Actor: audit.Job("test")}, bytes.NewReader(text))
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, sheet.NewBook(pool).Settlement(t.Context(), &out, imported.Settlements[0].ID))
	return out.Bytes(), imported.Settlements[0].Deposit.String()
}

func TestIdsAreTextAndTextIsNeverAFormula(t *testing.T) {
	t.Parallel()
	content, _ := workbook(t)
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	defer func() { _ = book.Close() }()
	found := false
	rows, err := book.GetRows("Settlement lines")
	require.NoError(t, err)
	for i, row := range rows {
		for j, value := range row {
			require.NotContains(t, value, "E+", "an id turned into a number")
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			require.NoError(t, err)
			formula, err := book.GetCellFormula("Settlement lines", cell)
			require.NoError(t, err)
			require.Empty(t, formula)
			found = found || value == "=1+1|Principal"
		}
	}
	require.True(t, found)
}

func TestTheWorkbookTiesOutInLibreOffice(t *testing.T) {
	t.Parallel()
	content, deposit := workbook(t)
	ties := 0
	for _, row := range sheettest.Calculated(t, content) {
		switch {
		case strings.HasPrefix(row[0], "Deposit = "):
			require.Equal(t, deposit, sheettest.Number(t, row[1]).StringFixed(2))
			fallthrough
		case strings.HasPrefix(row[0], "Sum of the kinds = "):
			ties++
			require.Equal(t, row[1], row[2])
			require.True(t, sheettest.Number(t, row[3]).IsZero(), row[3])
		case row[0] == "Sum":
			require.Equal(t, deposit, sheettest.Number(t, row[1]).StringFixed(2))
		}
	}
	require.Equal(t, 2, ties)
}
