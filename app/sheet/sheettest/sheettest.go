// Package sheettest has LibreOffice calculate workbooks for tests.
package sheettest

import (
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

// Calculated returns the first sheet of a workbook as LibreOffice shows it
// after calculating its formulas.
func Calculated(t *testing.T, book []byte) [][]string {
	t.Helper()
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice is not installed; `make test` installs it")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "book.xlsx"), book, 0o600))
	convert := exec.CommandContext(t.Context(), office, "--headless", "-env:UserInstallation=file://"+filepath.Join(dir, "profile"),
		"--convert-to", "csv", "--outdir", dir, filepath.Join(dir, "book.xlsx"))
	convert.Env = append(os.Environ(), "HOME="+dir)
	said, err := convert.CombinedOutput()
	require.NoError(t, err, "%s", said)
	file, err := os.Open(filepath.Join(dir, "book.csv"))
	require.NoError(t, err, "%s", said)
	defer func() { _ = file.Close() }() // it is only read
	reader := csv.NewReader(file)
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	require.NoError(t, err)
	return rows
}

// Number reads a cell that shows an amount.
func Number(t *testing.T, cell string) decimal.Decimal {
	t.Helper()
	d, err := decimal.NewFromString(strings.ReplaceAll(cell, ",", ""))
	require.NoError(t, err, cell)
	return d
}
