package fbaledger

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tieout/app/period"
)

// ReportType is Amazon's ledger of its warehouses: balances and movements per
// day, SKU, disposition and country.
const ReportType = "GET_LEDGER_SUMMARY_VIEW_DATA"

// Row is one day of an SKU in one disposition and country, in units. What leaves
// is below zero.
type Row struct {
	Line        int         `json:"-"`
	Day         period.Date `json:"day"`
	SKU         string      `json:"sku"`
	FNSKU       string      `json:"fnsku"`
	Title       string      `json:"title"`
	Disposition string      `json:"disposition"`
	Country     string      `json:"country"`
	Starting    int         `json:"starting"`
	Ending      int         `json:"ending"`
	Moves       Moves       `json:"moves"`
}

// Moves are what happened between both balances.
type Moves struct {
	Receipts, Shipments, Returns, Removals, Transfers, Found, Lost, Damaged, Disposed, Other, Unknown int
}

// Sum of all moves.
func (m Moves) Sum() int {
	return m.Receipts + m.Shipments + m.Returns + m.Removals + m.Transfers + m.Found + m.Lost + m.Damaged + m.Disposed + m.Other + m.Unknown
}

// Problem is what is wrong with a place of a report.
type Problem struct {
	Line   int // the header is 1
	Column string
	Words  string
}

// String implements fmt.Stringer.
func (p Problem) String() string { return fmt.Sprintf("line %d, %s: %s", p.Line, p.Column, p.Words) }

// Columns, as squeeze writes them; Amazon's pages and files differ in blanks,
// hyphens and case.
const (
	columnDate        = "date"
	columnSKU         = "msku"
	columnFNSKU       = "fnsku"
	columnTitle       = "title"
	columnDisposition = "disposition"
	columnStarting    = "startingwarehousebalance"
	columnEnding      = "endingwarehousebalance"
	columnLocation    = "location"
)

// moves are the columns of movements, with the place of each.
func moves(m *Moves) map[string]*int {
	return map[string]*int{"receipts": &m.Receipts, "customershipments": &m.Shipments, "customerreturns": &m.Returns, "vendorreturns": &m.Removals,
		"warehousetransferin/out": &m.Transfers, "found": &m.Found, "lost": &m.Lost, "damaged": &m.Damaged, "disposed": &m.Disposed, "otherevents": &m.Other, "unknownevents": &m.Unknown}
}

func required() []string {
	return []string{columnDate, columnSKU, columnDisposition, columnStarting, "receipts", "customershipments", "customerreturns", "found", "lost", "damaged", "disposed", columnEnding}
}

// squeeze makes names of columns comparable.
func squeeze(name string) string {
	return strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(strings.TrimSpace(name)))
}

// cut splits a row; ledgers are quoted, and titles hold single quotes.
func cut(row string) []string {
	fields := strings.Split(strings.TrimRight(row, "\r\n"), "\t")
	for i, f := range fields {
		f = strings.TrimSpace(f)
		if len(f) > 1 && strings.HasPrefix(f, `"`) && strings.HasSuffix(f, `"`) {
			f = strings.ReplaceAll(f[1:len(f)-1], `""`, `"`)
		}
		fields[i] = f
	}
	return fields
}

// Read returns the rows of a report in UTF-8 and everything that is wrong with
// it; a row with a problem is not among them.
func Read(text string) (list []Row, problems []Problem) {
	header, rest, _ := strings.Cut(text, "\n")
	columns := map[string]int{}
	for i, name := range cut(header) {
		if _, twice := columns[squeeze(name)]; !twice {
			columns[squeeze(name)] = i
		}
	}
	for _, name := range required() {
		if _, ok := columns[name]; !ok {
			problems = append(problems, Problem{1, name, "the column is missing"})
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	line := 1
	for row := range strings.Lines(rest) {
		line++
		if strings.TrimSpace(row) == "" {
			continue
		}
		r := reader{line: line, columns: columns, fields: cut(row)}
		if one := r.row(); len(r.problems) == 0 {
			list = append(list, one)
		}
		problems = append(problems, r.problems...)
	}
	return list, problems
}

// reader reads one row and collects what is wrong with it.
type reader struct {
	line     int
	columns  map[string]int
	fields   []string
	problems []Problem
}

func (r *reader) text(column string) string {
	i, ok := r.columns[column]
	if !ok || i >= len(r.fields) {
		return ""
	}
	return r.fields[i]
}

func (r *reader) wrong(column, words string) {
	r.problems = append(r.problems, Problem{r.line, column, words})
}

func (r *reader) row() Row {
	one := Row{Line: r.line, SKU: r.text(columnSKU), FNSKU: r.text(columnFNSKU), Title: r.text(columnTitle), Disposition: r.text(columnDisposition), Country: r.text(columnLocation),
		Day: r.day(), Starting: r.units(columnStarting), Ending: r.units(columnEnding)}
	if one.SKU == "" {
		r.wrong(columnSKU, "is empty")
	}
	for column, place := range moves(&one.Moves) {
		*place = r.units(column)
	}
	return one
}

// day reads a day; Amazon writes it in the American way, or as ISO.
func (r *reader) day() period.Date {
	text := r.text(columnDate)
	for _, layout := range []string{"01/02/2006", "2006-01-02", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return period.DateOf(at)
		}
	}
	r.wrong(columnDate, fmt.Sprintf("%q is no day", text))
	return period.Date{}
}

// units reads a number of units; an empty field is none.
func (r *reader) units(column string) int {
	text := r.text(column)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(text, ".0"), 10, 32)
	if err != nil {
		r.wrong(column, fmt.Sprintf("%q is no number of units", text))
	}
	return int(n)
}
