// Package sheet writes Excel workbooks: amounts are numbers with a currency's
// decimals, dates are dates, ids are text, and what ties out does so by live
// formulas over the other sheets. Workbooks stream: memory stays flat.
package sheet

import (
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"tieout/app/catalog"
	"tieout/app/clock"
	"tieout/app/deposit"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/settlement"
)

// Book makes workbooks of what the database holds.
type Book struct {
	settlements *settlement.Service
	entries     *journal.Service
	rules       *mapping.Service
	catalog     *catalog.Service
	deposits    *deposit.Service
}

// NewBook returns a Book that reads from pool.
func NewBook(pool *pgxpool.Pool) *Book {
	c := clock.System{}
	return &Book{settlement.NewService(pool, c, nil, nil), journal.NewService(journal.Needs{Pool: pool, Clock: c}), mapping.NewService(pool, c), catalog.NewService(pool, c, nil), deposit.NewService(pool, c)}
}

// rowLimit is how many rows Excel takes on one sheet.
const rowLimit = 1_048_576

// workbook is a workbook in the making with its cell styles.
type workbook struct {
	file                     *excelize.File
	head, title, money, date int
	total, text              int
	sheets                   int
	rows                     *stream // nil: excelize keeps the rows until the end
}

// newStream is newWorkbook whose rows leave while they are made.
func newStream() (*workbook, error) {
	b, err := newWorkbook()
	if err != nil {
		return nil, err
	}
	b.rows = &stream{sheets: map[string]bool{}}
	return b, nil
}

func newWorkbook() (*workbook, error) {
	b := &workbook{file: excelize.NewFile()}
	amount, day, text := `#,##0.00;[Red]-#,##0.00`, "yyyy-mm-dd", "@"
	styles := []struct {
		id    *int
		style *excelize.Style
	}{ // in this order, so that the same content makes the same file
		{&b.title, &excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}}},
		{&b.head, &excelize.Style{Font: &excelize.Font{Bold: true}, Border: []excelize.Border{{Type: "bottom", Style: 1, Color: "808080"}}, CustomNumFmt: &text}},
		{&b.money, &excelize.Style{CustomNumFmt: &amount}},
		{&b.total, &excelize.Style{CustomNumFmt: &amount, Font: &excelize.Font{Bold: true}, Border: []excelize.Border{{Type: "top", Style: 1, Color: "808080"}}}},
		{&b.date, &excelize.Style{CustomNumFmt: &day}},
		{&b.text, &excelize.Style{CustomNumFmt: &text}},
	}
	for _, x := range styles {
		made, err := b.file.NewStyle(x.style)
		if err != nil {
			return nil, fmt.Errorf("make style: %w", err)
		}
		*x.id = made
	}
	return b, nil
}

// column is a column's heading and width in characters.
type column struct {
	name  string
	width float64
}

// page is one sheet that is written row by row.
type page struct {
	book    *workbook
	name    string
	stream  rowWriter
	columns []column
	row     int
}

// page begins a sheet with a frozen header and a filter over it.
func (b *workbook) page(name string, columns ...column) (*page, error) {
	if b.sheets == 0 {
		if err := b.file.SetSheetName("Sheet1", name); err != nil {
			return nil, fmt.Errorf("name sheet: %w", err)
		}
	} else if _, err := b.file.NewSheet(name); err != nil {
		return nil, fmt.Errorf("make sheet %s: %w", name, err)
	}
	b.sheets++
	stream, err := b.writer(name)
	if err != nil {
		return nil, err
	}
	p := &page{book: b, name: name, stream: stream, columns: columns}
	for i, c := range columns {
		if err := stream.SetColWidth(i+1, i+1, c.width); err != nil {
			return nil, fmt.Errorf("set width: %w", err)
		}
	}
	if len(columns) == 0 {
		return p, nil
	}
	if err := stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, fmt.Errorf("freeze header: %w", err)
	}
	heads := make([]any, len(columns))
	for i, c := range columns {
		heads[i] = excelize.Cell{StyleID: b.head, Value: c.name}
	}
	return p, p.add(heads...)
}

// writer takes the rows of the newest sheet.
func (b *workbook) writer(name string) (rowWriter, error) {
	if b.rows != nil {
		return b.rows.sheet(fmt.Sprintf("xl/worksheets/sheet%d.xml", b.sheets)), nil
	}
	stream, err := b.file.NewStreamWriter(name)
	if err != nil {
		return nil, fmt.Errorf("make sheet %s: %w", name, err)
	}
	return stream, nil
}

// add writes the next row.
func (p *page) add(cells ...any) error {
	p.row++
	cell, err := excelize.CoordinatesToCellName(1, p.row)
	if err != nil {
		return fmt.Errorf("place row %d: %w", p.row, err)
	}
	if err := p.stream.SetRow(cell, cells); err != nil {
		return fmt.Errorf("write row %d of %s: %w", p.row, p.name, err)
	}
	return nil
}

// close ends the sheet, with a filter over its rows.
func (p *page) close() error {
	cells, err := p.filtered()
	if err != nil {
		return err
	}
	if rows, ok := p.stream.(*rowStream); ok {
		rows.filter = cells
	}
	if err := p.stream.Flush(); err != nil {
		return fmt.Errorf("finish sheet %s: %w", p.name, err)
	}
	if cells == "" {
		return nil
	}
	if err := p.book.file.AutoFilter(p.name, cells, nil); err != nil {
		return fmt.Errorf("filter sheet %s: %w", p.name, err)
	}
	return nil
}

// filtered are the cells that the filter stands over, empty where there are no rows.
func (p *page) filtered() (string, error) {
	if len(p.columns) == 0 || p.row < 2 {
		return "", nil
	}
	last, err := excelize.CoordinatesToCellName(len(p.columns), p.row)
	if err != nil {
		return "", fmt.Errorf("place filter: %w", err)
	}
	return "A1:" + last, nil
}

// text is an id or a name: always a string cell, never a number or a formula.
func (b *workbook) str(s string) excelize.Cell { return excelize.Cell{StyleID: b.text, Value: s} }

// amount is exact to the cell's double: amounts have at most four decimals.
func (b *workbook) amount(d decimal.Decimal) excelize.Cell {
	value, _ := d.Round(4).Float64()
	return excelize.Cell{StyleID: b.money, Value: value}
}

func (b *workbook) day(t time.Time) excelize.Cell {
	if t.IsZero() {
		return excelize.Cell{}
	}
	return excelize.Cell{StyleID: b.date, Value: time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)}
}

func (b *workbook) formula(f string, style int) excelize.Cell {
	return excelize.Cell{StyleID: style, Formula: f}
}

// write sends the workbook off.
func (b *workbook) write(w io.Writer) error {
	defer func() { _ = b.file.Close() }() // its temporary files go either way
	if b.rows != nil {
		return b.rows.finish(b.file)
	}
	if err := b.file.Write(w); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return nil
}
