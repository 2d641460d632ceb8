package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/sheet"
)

// TestAJournalWorkbookAgreesWithTheBooksInLibreOffice has LibreOffice calculate
// the workbook of an entry.
func TestAJournalWorkbookAgreesWithTheBooksInLibreOffice(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.eventually(t, `SELECT count(*) > 0 FROM journal_entry WHERE status = 'draft'`)
	s.eventually(t, `SELECT count(*) = 0 FROM river_job WHERE kind IN ('draft', 'redraft') AND state NOT IN ('completed', 'cancelled', 'discarded')`)
	entry := s.number(t, `SELECT min(id) FROM journal_entry WHERE status = 'draft'`)
	var total, clearing decimal.Decimal
	require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT total, clearing FROM journal_entry WHERE id = $1`, entry).Scan(&total, &clearing))
	var book bytes.Buffer
	require.NoError(t, sheet.NewBook(s.pool).Journal(t.Context(), &book, entry))
	ties, categories, sum := 0, decimal.Zero, decimal.Zero
	for _, row := range calculated(t, book.Bytes()) {
		switch {
		case strings.Contains(row[0], " = ") && len(row) > 3:
			ties++
			require.True(t, number(t, row[3]).IsZero(), "%v", row)
			if row[0] == "Debits = credits" {
				require.True(t, total.Equal(number(t, row[1])), "%v, the entry says %s", row, total)
			}
		case row[0] == "Sum":
			sum = number(t, row[1])
		case ties == 4 && sum.IsZero() && len(row) > 1 && row[1] != "" && row[1] != "Amount":
			categories = categories.Add(number(t, row[1]))
		}
	}
	require.Equal(t, 4, ties)
	require.True(t, clearing.Equal(sum), "%s and %s", clearing, sum)
	require.True(t, categories.Equal(sum), "the categories add up to %s, all kinds to %s", categories, sum)
}

func number(t *testing.T, cell string) decimal.Decimal {
	t.Helper()
	d, err := decimal.NewFromString(strings.ReplaceAll(cell, ",", ""))
	require.NoError(t, err, cell)
	return d
}

// calculated is the first sheet of a workbook as LibreOffice calculates it.
func calculated(t *testing.T, book []byte) [][]string {
	t.Helper()
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice is not installed; `make test` installs it")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "book.xlsx"), book, 0o600))
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
	return rows
}
