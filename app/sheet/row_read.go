package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"tieout/app/fault"
	"tieout/app/period"
)

// Limits of an uploaded workbook: far more than people write, far less than
// what would hurt.
const (
	bookLimit  = 8 << 20
	unzipLimit = 64 << 20
)

// openBook opens an uploaded workbook; hint says how to come by the right one.
func openBook(content []byte, hint string) (*excelize.File, error) {
	if len(content) > bookLimit {
		return nil, fault.New(fault.Invalid, "The file is larger than 8 MB, which no such list is.")
	}
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{RawCellValue: true, UnzipSizeLimit: unzipLimit, UnzipXMLSizeLimit: unzipLimit})
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "This is not an Excel workbook (.xlsx). %s", hint)
	}
	return book, nil
}

// rowReader reads an edited sheet row by row and reports what is wrong in its
// cells.
type rowReader struct {
	book    *excelize.File
	limit   int // rows
	report  func(cell, message string)
	sheet   string
	columns map[string]int // heading -> index
	row     int            // 1 is the heading
	cells   []string
}

func (x *rowReader) wrong(column, format string, args ...any) {
	x.report(x.cell(column), fmt.Sprintf(format, args...))
}

// cell is the address of the row's cell in a column.
func (x *rowReader) cell(column string) string {
	cell, err := excelize.CoordinatesToCellName(x.columns[column]+1, x.row)
	if err != nil {
		return fmt.Sprintf("row %d", x.row)
	}
	return cell
}

// open reads a sheet and finds its columns by their headings.
func (x *rowReader) open(sheet string, headings ...string) ([][]string, error) {
	if index, err := x.book.GetSheetIndex(sheet); err != nil || index < 0 {
		return nil, fault.New(fault.Invalid, "The workbook has no sheet %q. Export it here, edit that file and upload it.", sheet)
	}
	rows, err := x.limited(sheet)
	if err != nil {
		return nil, err
	}
	x.sheet, x.columns, x.row = sheet, map[string]int{}, 1
	var missing []string
	for _, heading := range headings {
		at := -1
		if len(rows) > 0 {
			at = slices.IndexFunc(rows[0], func(cell string) bool { return strings.EqualFold(strings.TrimSpace(cell), heading) })
		}
		if at < 0 {
			missing = append(missing, heading)
		}
		x.columns[heading] = at
	}
	if len(missing) > 0 {
		return nil, fault.New(fault.Invalid, "The sheet %q lacks the columns: %s. Their headings stand in row 1.", sheet, strings.Join(missing, ", "))
	}
	return rows, nil
}

// limited reads the rows of a sheet, but not more than anybody writes: a file
// may claim a million of them in a few bytes.
func (x *rowReader) limited(sheet string) ([][]string, error) {
	unreadable := func(err error) error {
		return fault.Wrap(err, fault.Invalid, "The sheet %q cannot be read. Save the workbook again as .xlsx.", sheet)
	}
	source, err := x.book.Rows(sheet)
	if err != nil {
		return nil, unreadable(err)
	}
	defer func() { _ = source.Close() }() // it was only read
	var rows [][]string
	for source.Next() {
		if len(rows) == x.limit {
			return nil, fault.New(fault.Invalid, "The sheet %q has more than %d rows.", sheet, x.limit)
		}
		cells, err := source.Columns()
		if err != nil {
			return nil, unreadable(err)
		}
		rows = append(rows, cells)
	}
	if err := source.Error(); err != nil {
		return nil, unreadable(err)
	}
	return rows, nil
}

// enter begins a row; false when it is empty.
func (x *rowReader) enter(index int, cells []string) bool {
	x.row, x.cells = index+1, cells
	return slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

// text is a cell's text without the blanks around it. A formula is refused:
// its value would depend on the program that saved the file last.
func (x *rowReader) text(column string) string {
	at := x.columns[column]
	cell, err := excelize.CoordinatesToCellName(at+1, x.row)
	if err == nil {
		if formula, err := x.book.GetCellFormula(x.sheet, cell); err == nil && formula != "" {
			x.wrong(column, "This is a formula. Paste its value instead.")
			return ""
		}
	}
	if at >= len(x.cells) {
		return ""
	}
	return strings.TrimSpace(x.cells[at])
}

// optional finds a column that need not be there.
func (x *rowReader) optional(rows [][]string, heading string) {
	x.columns[heading] = len(rows[0])
	if at := slices.IndexFunc(rows[0], func(cell string) bool { return strings.EqualFold(strings.TrimSpace(cell), heading) }); at >= 0 {
		x.columns[heading] = at
	}
}

// openTable opens an uploaded table, Excel or CSV; a CSV file becomes the sheet
// of that name.
func openTable(content []byte, sheet string, limit int, hint string) (*excelize.File, error) {
	if bytes.HasPrefix(content, []byte("PK")) {
		return openBook(content, hint)
	}
	if len(content) > bookLimit {
		return nil, fault.New(fault.Invalid, "The file is larger than 8 MB, which no such list is.")
	}
	if !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return nil, fault.New(fault.Invalid, "This is neither an Excel workbook (.xlsx) nor a CSV file in UTF-8. %s", hint)
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	reader := csv.NewReader(bytes.NewReader(content))
	reader.FieldsPerRecord = -1
	first, _, _ := bytes.Cut(content, []byte("\n"))
	if bytes.Contains(first, []byte(";")) && !bytes.Contains(first, []byte(",")) {
		reader.Comma = ';' // as spreadsheets of some countries write it
	}
	book := excelize.NewFile()
	if err := book.SetSheetName(book.GetSheetName(0), sheet); err != nil {
		return nil, fmt.Errorf("name sheet: %w", err)
	}
	for row := 1; ; row++ {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return book, nil
		}
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "The file is no CSV that can be read: %v.", err)
		}
		line, _ := reader.FieldPos(0) // what is wrong is said by the line it stands in
		if row > limit || line > excelize.TotalRows {
			return nil, fault.New(fault.Invalid, "The file has more than %d rows.", limit)
		}
		if err := book.SetSheetRow(sheet, fmt.Sprintf("A%d", max(line, row)), &cells); err != nil {
			return nil, fmt.Errorf("take row %d: %w", row, err)
		}
	}
}

// day reads a date cell, or a day written as 2026-11-30; zero when empty.
func (x *rowReader) day(column string) period.Date {
	text := x.text(column)
	if text == "" {
		return period.Date{}
	}
	if d, err := period.ParseDate(text); err == nil && sensible(d.Time()) {
		return d
	}
	if serial, err := strconv.ParseFloat(text, 64); err == nil && serial >= 1 && serial < 2_958_466 {
		t, err := excelize.ExcelDateToTime(serial, false)
		if err == nil && sensible(t) {
			return period.DateOf(t)
		}
	}
	x.wrong(column, "%q is no day. Write it as 2026-11-30.", text)
	return period.Date{}
}

// sensible tells a day from a number in a column of days.
func sensible(t time.Time) bool { return t.Year() >= 1990 && t.Year() < 2200 }
