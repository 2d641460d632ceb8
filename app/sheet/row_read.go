package sheet

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"tieout/app/fault"
	"tieout/app/period"
)

// rowReader reads an edited sheet row by row and reports what is wrong in its
// cells.
type rowReader struct {
	book    *table
	limit   int // rows
	report  func(cell, message string)
	sheet   string
	columns map[string]int // heading -> index
	row     int            // 1 is the heading
	cells   []cell
	wrongs  int
	last    string // cell that is wrong; the first complaint about it stands
}

// Of what is wrong in a file, so much is told.
const (
	mostWrong  = 1000
	wrongWords = 400 // characters
)

func (x *rowReader) wrong(column, format string, args ...any) {
	at := x.cell(column)
	if at == x.last {
		return
	}
	x.last = at
	switch x.wrongs++; {
	case x.wrongs > mostWrong+1:
	case x.wrongs > mostWrong:
		x.report(at, "From here on, more is wrong. Correct what is listed and upload the file again.")
	default:
		words := []rune(fmt.Sprintf(format, args...))
		if len(words) > wrongWords {
			words = append(words[:wrongWords], '…')
		}
		x.report(at, string(words))
	}
}

// cell is the address of the row's cell in a column.
func (x *rowReader) cell(column string) string { return cellName(x.columns[column]+1, x.row) }

// open reads a sheet and finds its columns by their headings.
func (x *rowReader) open(sheet string, headings ...string) ([][]cell, error) {
	if !x.book.has(sheet) {
		return nil, fault.New(fault.Invalid, "The workbook has no sheet %q. Export it here, edit that file and upload it.", sheet)
	}
	rows, err := x.book.rows(sheet, x.limit)
	if err != nil {
		return nil, err
	}
	x.sheet, x.columns, x.row, x.last = sheet, map[string]int{}, 1, ""
	var missing []string
	for _, heading := range headings {
		at := headed(rows, heading)
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

// headed is the column with a heading, -1: none.
func headed(rows [][]cell, heading string) int {
	if len(rows) == 0 {
		return -1
	}
	return slices.IndexFunc(rows[0], func(c cell) bool { return strings.EqualFold(strings.TrimSpace(c.text), heading) })
}

// enter begins a row; false when it is empty.
func (x *rowReader) enter(index int, cells []cell) bool {
	x.row, x.cells = index+1, cells
	return slices.ContainsFunc(cells, func(c cell) bool { return !c.blank() })
}

// text is a cell's text without the blanks around it. A formula is refused.
func (x *rowReader) text(column string) string {
	at := x.columns[column]
	if at >= len(x.cells) {
		return ""
	}
	if x.cells[at].formula {
		x.wrong(column, "This is a formula. Paste its value instead.")
		return ""
	}
	return strings.TrimSpace(x.cells[at].text)
}

// optional finds a column that need not be there.
func (x *rowReader) optional(rows [][]cell, heading string) {
	x.columns[heading] = len(rows[0])
	if at := headed(rows, heading); at >= 0 {
		x.columns[heading] = at
	}
}

// day reads a date cell, or a day written as 2026-11-30; zero when empty.
func (x *rowReader) day(column string) period.Date {
	text := x.text(column)
	if text == "" {
		return period.Date{}
	}
	plain, midnight := strings.CutSuffix(text, "T00:00:00") // as a workbook writes a day that is no number
	if d, err := period.ParseDate(plain); err == nil && sensible(d.Time()) && (midnight || plain == text) {
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
