package sheet

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// ImportSheet writes an entry as a CSV file, one row per journal line, for
// P21's journal import or for typing it in while P21 cannot be reached.
func (k *Book) ImportSheet(ctx context.Context, w io.Writer, entryID int64) error {
	e, err := k.entries.Get(ctx, entryID)
	if err != nil {
		return err
	}
	lines, err := k.entries.Lines(ctx, entryID)
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true // spreadsheets on Windows read it
	rows := [][]string{{"company_id", "journal_id", "fiscal_year", "period", "transaction_date", "reference", "currency_id", "line_no", "account_no", "branch_id",
		"debit", "credit", "functional_debit", "functional_credit", "line_description"}}
	for _, l := range lines {
		rows = append(rows, []string{harmless(e.Company), harmless(e.Journal), strconv.Itoa(int(e.FiscalYear)), strconv.Itoa(int(e.Period)), e.EntryOn.Format(time.DateOnly), harmless(e.Reference), e.Currency,
			strconv.Itoa(int(l.LineNo)), harmless(l.Account), harmless(l.Branch), l.Debit.StringFixed(2), l.Credit.StringFixed(2), l.FunctionalDebit.StringFixed(2), l.FunctionalCredit.StringFixed(2), harmless(l.Description)})
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("import sheet of %s: %w", e.Reference, err)
	}
	return nil
}

// harmless keeps a text from being taken for a formula by a spreadsheet, which
// may leave out the blanks before it.
func harmless(text string) string {
	if first := strings.TrimLeft(text, " \t\r\n\u00a0"); first != "" && strings.ContainsAny(first[:1], "=+-@") {
		return "'" + text
	}
	return text
}
