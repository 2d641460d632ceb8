package sheet

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"tieout/app/fault"
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
