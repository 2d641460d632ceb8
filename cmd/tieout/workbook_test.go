package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/sheet"
	"tieout/app/sheet/sheettest"
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
	parts, err := excelize.OpenReader(bytes.NewReader(book.Bytes()))
	require.NoError(t, err)
	defer func() { _ = parts.Close() }()
	provenance, err := parts.GetRows("Provenance")
	require.NoError(t, err)
	require.Contains(t, provenance, []string{"Rule set", "1"}, "an entry names its rules")
	ties, categories, sum := 0, decimal.Zero, decimal.Zero
	for _, row := range sheettest.Calculated(t, book.Bytes()) {
		switch {
		case strings.Contains(row[0], " = ") && len(row) > 3:
			ties++
			require.True(t, sheettest.Number(t, row[3]).IsZero(), "%v", row)
			if row[0] == "Debits = credits" {
				require.True(t, total.Equal(sheettest.Number(t, row[1])), "%v, the entry says %s", row, total)
			}
		case row[0] == "Sum":
			sum = sheettest.Number(t, row[1])
		case ties == 4 && sum.IsZero() && len(row) > 1 && row[1] != "" && row[1] != "Amount":
			categories = categories.Add(sheettest.Number(t, row[1]))
		}
	}
	require.Equal(t, 4, ties)
	require.True(t, clearing.Equal(sum), "%s and %s", clearing, sum)
	require.True(t, categories.Equal(sum), "the categories add up to %s, all kinds to %s", categories, sum)
}
