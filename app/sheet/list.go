package sheet

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"tieout/app/money"
)

const (
	filterSheet = "Filter"
	currencyKey = "Currency" // heading of the column that totals go by
)

// list is the workbook of a filtered list: its rows on as many sheets as they
// take, and a sheet that says what was filtered and adds them up.
type list struct {
	book    *workbook
	name    string
	columns []column
	totals  []string // headings of what is added up
	counts  []string // those of totals that are no money
	limit   int      // rows of one sheet

	page       *page
	filter     *page
	last       []int // last row of each full sheet
	rows       int64
	currencies []string
	styles     map[string]listStyles
	moment     int
}

// listStyles are the cells of one currency.
type listStyles struct{ amount, total int }

func newList(name string, totals []string, columns ...column) (*list, error) {
	b, err := newStream()
	if err != nil {
		return nil, err
	}
	l := &list{book: b, name: name, columns: columns, totals: totals, limit: rowLimit, styles: map[string]listStyles{}}
	at := "yyyy-mm-dd hh:mm:ss"
	if l.moment, err = b.file.NewStyle(&excelize.Style{CustomNumFmt: &at}); err != nil {
		return nil, fmt.Errorf("make style: %w", err)
	}
	if l.page, err = b.page(name, columns...); err != nil {
		return nil, err
	}
	l.filter, err = b.page(filterSheet)
	if err != nil {
		return nil, err
	}
	if err := l.filter.stream.SetColWidth(1, 2+len(totals), 24); err != nil {
		return nil, fmt.Errorf("set width: %w", err)
	}
	return l, nil
}

// writeList writes a list whose rows are made by cells.
func writeList[T any](w io.Writer, l *list, about [][2]string, rows iter.Seq2[T, error], cells func(T) ([]any, error)) error {
	defer func() { _ = l.book.file.Close() }() // its temporary files go either way
	l.book.rows.to(w)
	for row, err := range rows {
		if err != nil {
			return err
		}
		made, err := cells(row)
		if err != nil {
			return err
		}
		if err := l.add(made...); err != nil {
			return err
		}
	}
	if err := l.page.close(); err != nil {
		return err
	}
	l.last = append(l.last, l.page.row)
	if err := l.summary(about); err != nil {
		return err
	}
	return l.book.write(w)
}

func (l *list) add(cells ...any) error {
	if l.page.row == l.limit {
		if err := l.page.close(); err != nil {
			return err
		}
		l.last = append(l.last, l.page.row)
		var err error
		if l.page, err = l.book.page(l.sheet(len(l.last)), l.columns...); err != nil {
			return err
		}
	}
	l.rows++
	return l.page.add(cells...)
}

// next is the row that add writes, below the heading of a further sheet where one
// is full.
func (l *list) next() int {
	if l.page.row == l.limit {
		return 2
	}
	return l.page.row + 1
}

// sheet names the sheets of rows: "Lines", "Lines 2", ...
func (l *list) sheet(i int) string {
	if i == 0 {
		return l.name
	}
	return fmt.Sprintf("%s %d", l.name, i+1)
}

// summary says what was filtered and adds up each currency by itself.
func (l *list) summary(about [][2]string) error {
	b := l.book
	rows := [][]any{{excelCell(b.title, l.name)}}
	for _, pair := range about {
		rows = append(rows, []any{b.str(pair[0]), b.str(pair[1])})
	}
	rows = append(rows, []any{b.str("Rows"), l.rows})
	if len(l.totals) > 0 {
		rows = append(rows, nil, l.totalHeads())
	}
	slices.Sort(l.currencies)
	for _, currency := range l.currencies {
		line := []any{b.str(currency), excelize.Cell{Formula: l.over(func(s string, last int) string {
			return fmt.Sprintf("COUNTIF(%s,%q)", l.span(s, currencyKey, last), currency)
		})}}
		for _, heading := range l.totals {
			sum := l.over(func(s string, last int) string {
				return fmt.Sprintf("SUMIFS(%s,%s,%q)", l.span(s, heading, last), l.span(s, currencyKey, last), currency)
			})
			if slices.Contains(l.counts, heading) {
				line = append(line, excelize.Cell{Formula: sum})
				continue
			}
			line = append(line, b.formula("ROUND("+sum+",4)", l.styles[currency].total))
		}
		rows = append(rows, line)
	}
	for _, row := range rows {
		if err := l.filter.add(row...); err != nil {
			return err
		}
	}
	return l.filter.close()
}

func (l *list) totalHeads() []any {
	heads := []any{excelCell(l.book.head, currencyKey), excelCell(l.book.head, "Rows")}
	for _, heading := range l.totals {
		heads = append(heads, excelCell(l.book.head, heading))
	}
	return heads
}

// over adds up a formula's part for each sheet of rows.
func (l *list) over(part func(sheet string, last int) string) string {
	parts := make([]string, len(l.last))
	for i, last := range l.last {
		parts[i] = part(l.sheet(i), last)
	}
	return strings.Join(parts, "+")
}

// span is a column's cells on one sheet.
func (l *list) span(sheet, heading string, last int) string {
	i := slices.IndexFunc(l.columns, func(c column) bool { return c.name == heading })
	letter, err := excelize.ColumnNumberToName(i + 1)
	if err != nil {
		return "#REF!" // a total of a column that is not there
	}
	return fmt.Sprintf("'%s'!$%s$2:$%s$%d", sheet, letter, letter, last)
}

// amount is money with its currency's decimals and name, in a column whose
// currency is the row's.
func (l *list) amount(d decimal.Decimal, currency string) (excelize.Cell, error) {
	if money.Currency(currency).Valid() && !slices.Contains(l.currencies, currency) {
		l.currencies = append(l.currencies, currency)
	}
	return l.other(d, currency)
}

// other is money of a currency that totals do not go by.
func (l *list) other(d decimal.Decimal, currency string) (excelize.Cell, error) {
	styles, known := l.styles[currency]
	if !known {
		var err error
		if styles, err = l.newStyles(currency); err != nil {
			return excelize.Cell{}, err
		}
		l.styles[currency] = styles
	}
	cell := l.book.amount(d)
	cell.StyleID = styles.amount
	return cell, nil
}

func (l *list) newStyles(currency string) (s listStyles, err error) {
	number := "#,##0"
	if digits := money.Currency(currency).MinorDigits(); digits > 0 {
		number += "." + strings.Repeat("0", int(digits))
	}
	unit := ""
	if money.Currency(currency).Valid() {
		unit = "[$" + currency + "] "
	}
	format := unit + number + ";[Red]-" + unit + number
	if s.amount, err = l.book.file.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
		return s, fmt.Errorf("make style: %w", err)
	}
	if s.total, err = l.book.file.NewStyle(&excelize.Style{CustomNumFmt: &format, Font: &excelize.Font{Bold: true}}); err != nil {
		return s, fmt.Errorf("make style: %w", err)
	}
	return s, nil
}

// at is a moment in UTC; nil is an empty cell.
func (l *list) at(t *time.Time) excelize.Cell {
	if t == nil || t.IsZero() {
		return excelize.Cell{}
	}
	return excelize.Cell{StyleID: l.moment, Value: t.UTC().Truncate(time.Second)}
}

// dayOf is a day; nil is an empty cell.
func (l *list) dayOf(t *time.Time) excelize.Cell {
	if t == nil {
		return excelize.Cell{}
	}
	return l.book.day(*t)
}
