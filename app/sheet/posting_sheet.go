package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"tieout/app/journal"
	"tieout/app/money"
)

// Headings of a posting sheet: one row per journal line, the entries one below
// the other. The last column is typed in.
const (
	postingSheet    = "Entries"
	colPostRef      = "reference"
	colPostDebit    = "debit"
	colPostFunction = "functional_debit"
	colPostNumber   = "p21_number"
)

func postingColumns() []column {
	return []column{{"company_id", 11}, {"journal_id", 10}, {"fiscal_year", 10}, {"period", 8}, {"transaction_date", 15}, {colPostRef, 32}, {"currency_id", 11}, {"line_no", 8}, {"account_no", 14},
		{"account_name", 28}, {"branch_id", 10}, {colPostDebit, 14}, {"credit", 14}, {colPostFunction, 16}, {"functional_credit", 16}, {"line_description", 40}, {colPostNumber, 16}}
}

// PostingSheet writes entries for entering them in P21 by hand, with a column for
// the number that each gets there.
func (k *Book) PostingSheet(w io.Writer, entries []journal.SheetEntry) error {
	b, err := newWorkbook()
	if err != nil {
		return err
	}
	defer func() { _ = b.file.Close() }() // its temporary files go either way
	page, err := b.page(postingSheet, postingColumns()...)
	if err != nil {
		return err
	}
	for _, x := range entries {
		for i, l := range x.Lines {
			e := x.Entry
			number := any(excelize.Cell{StyleID: b.text})
			if i > 0 {
				number = nil // typed once, in the entry's first row
			}
			err := page.add(b.str(e.Company), b.str(e.Journal), int(e.FiscalYear), int(e.Period), b.day(e.EntryOn), b.str(e.Reference), b.str(e.Currency), int(l.LineNo), b.str(l.Account), b.str(l.AccountName),
				b.str(l.Branch), b.amount(l.Debit), b.amount(l.Credit), b.amount(l.FunctionalDebit), b.amount(l.FunctionalCredit), b.str(l.Description), number)
			if err != nil {
				return err
			}
		}
	}
	if err := page.close(); err != nil {
		return err
	}
	return b.write(w)
}

// PostingCSV is PostingSheet as CSV.
func (k *Book) PostingCSV(w io.Writer, entries []journal.SheetEntry) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true // spreadsheets on Windows read it
	var heads []string
	for _, c := range postingColumns() {
		heads = append(heads, c.name)
	}
	rows := [][]string{heads}
	for _, x := range entries {
		for _, l := range x.Lines {
			e := x.Entry
			rows = append(rows, []string{harmless(e.Company), harmless(e.Journal), strconv.Itoa(int(e.FiscalYear)), strconv.Itoa(int(e.Period)), e.EntryOn.Format(time.DateOnly), harmless(e.Reference), e.Currency, strconv.Itoa(int(l.LineNo)),
				harmless(l.Account), harmless(l.AccountName), harmless(l.Branch), l.Debit.StringFixed(2), l.Credit.StringFixed(2), l.FunctionalDebit.StringFixed(2), l.FunctionalCredit.StringFixed(2), harmless(l.Description), ""})
		}
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write posting sheet: %w", err)
	}
	return nil
}

// postingRowLimit is more lines than anybody types into P21.
const postingRowLimit = 50_000

// ReadPostingSheet reads a posting sheet that came back, Excel or CSV. The error
// says why it is none; what is wrong in its cells stands in Problems, all of it.
func (*Book) ReadPostingSheet(content []byte) (journal.TypedNumbers, error) {
	book, err := openTable(content, postingSheet, postingRowLimit, "Take the posting sheet from the page of entries by hand, and upload that.")
	if err != nil {
		return journal.TypedNumbers{}, err
	}
	x := postingReader{rowReader: rowReader{book: book, limit: postingRowLimit}, place: map[string]int{}}
	x.report = func(cell, message string) {
		x.file.Problems = append(x.file.Problems, journal.CellProblem{Sheet: x.sheet, Cell: cell, Message: message})
	}
	rows, err := x.open(postingSheet, colPostRef, colPostDebit, colPostFunction, colPostNumber)
	if err != nil {
		return journal.TypedNumbers{}, err
	}
	for i, cells := range rows {
		if i > 0 && x.enter(i, cells) {
			x.take()
		}
	}
	x.settle()
	return x.file, nil
}

// postingReader gathers the rows of each entry.
type postingReader struct {
	rowReader
	file  journal.TypedNumbers
	all   []journal.TypedNumber
	place map[string]int // reference -> index into all
}

// take reads the row.
func (x *postingReader) take() {
	reference, number := x.text(colPostRef), x.text(colPostNumber)
	if reference == "" {
		x.wrong(colPostRef, "The reference is missing: it says which entry the row is of.")
		return
	}
	at, known := x.place[reference]
	if !known {
		at = len(x.all)
		x.place[reference] = at
		x.all = append(x.all, journal.TypedNumber{Reference: reference, Sheet: x.sheet, ReferenceCell: x.cell(colPostRef), NumberCell: x.cell(colPostNumber)})
	}
	t := &x.all[at]
	t.Debits, t.FunctionalDebits = t.Debits.Add(x.money(colPostDebit)), t.FunctionalDebits.Add(x.money(colPostFunction))
	switch {
	case number == "":
	case t.Number != "" && t.Number != number:
		x.wrong(colPostNumber, "The entry has number %s in a row above. Write one number per entry.", t.Number)
	case t.Number == "":
		t.Number, t.NumberCell = number, x.cell(colPostNumber)
	}
}

// money reads an amount as spreadsheets store it.
func (x *postingReader) money(column string) decimal.Decimal {
	text := x.text(column)
	if text == "" {
		return decimal.Zero
	}
	value, err := money.ParseNumber(text)
	if err != nil || len(text) > 40 || value.Exponent() > 12 {
		x.wrong(column, "%q is no amount.", text)
		return decimal.Zero
	}
	return value.Round(4)
}

// settle leaves out the entries that have no number yet.
func (x *postingReader) settle() {
	for _, t := range x.all {
		if t.Number == "" {
			x.file.Empty++
			continue
		}
		x.file.Numbers = append(x.file.Numbers, t)
	}
	if len(x.all) == 0 && len(x.file.Problems) == 0 {
		x.report("A2", "The sheet holds no entries.")
	}
}
