package sheet_test

import (
	"bytes"
	"encoding/csv"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/document"
	"tieout/app/settlement"
	"tieout/app/sheet"
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
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice is not installed; `make test` installs it")
	}
	content, deposit := workbook(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "book.xlsx"), content, 0o600))
	convert := exec.CommandContext(t.Context(), office, "--headless", "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--convert-to", "csv", "--outdir", dir, filepath.Join(dir, "book.xlsx"))
	convert.Env = append(os.Environ(), "HOME="+dir)
	said, err := convert.CombinedOutput()
	require.NoError(t, err, "%s", said)
	file, err := os.Open(filepath.Join(dir, "book.csv"))
	require.NoError(t, err, "%s", said)
	defer func() { _ = file.Close() }()
	reader := csv.NewReader(file)
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	require.NoError(t, err)
	ties := 0
	for _, row := range rows {
		switch {
		case strings.HasPrefix(row[0], "Deposit = "):
			require.Equal(t, deposit, strings.ReplaceAll(row[1], ",", ""))
			fallthrough
		case strings.HasPrefix(row[0], "Sum of the kinds = "):
			ties++
			require.Equal(t, row[1], row[2])
			require.True(t, decimal.RequireFromString(row[3]).IsZero(), row[3])
		}
	}
	require.Equal(t, 2, ties)
}
