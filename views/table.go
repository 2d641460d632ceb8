package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// Table is a list of things with a sticky header, sorting, selection, totals
// and paging. Pages build it from their own typed rows.
type Table struct {
	ID      string // element id; "" is "results", which filter bars refresh
	Caption string // says to a screen reader what the table lists
	Columns []Column
	Rows    []Row
	Foot    []Row  // totals of the filtered set, one row per currency
	FootURL string // loads Foot apart (answer: TableFoot) when it costs time
	Summary string // above the table: "1,204 lines"
	Empty   Empty
	Pager   Pager
	Bulk    *Bulk
	Order   *Order   // rows can be dragged into another order
	Export  []Choice // files with exactly what is filtered
	Chooser *Chooser // which columns are shown
	Dense   bool     // rows of 28 px instead of 30
	Inside  bool     // one of several tables on a page: its header does not stick
	Passed  bool     // the keys for rows pass over it
}

// Column is a table column. Rows hold one cell per column, hidden ones too.
type Column struct {
	Key    string // name in the column chooser's query
	Label  string
	Kind   Kind
	Sort   string // link that sorts by this column; "" is not sortable
	Sorted Direction
	Hint   string
	Hidden bool // chosen away
	Quiet  bool // the label is for screen readers only
}

// Kind decides a column's alignment and width.
type Kind string

// Kinds of columns.
const (
	Plain  Kind = ""       // takes the width it needs
	Number Kind = "number" // right-aligned, tabular figures
	Tight  Kind = "tight"  // as narrow as its content
	Clip   Kind = "clip"   // takes what is left and cuts off
	Wrap   Kind = "wrap"   // breaks long words rather than widen the table
	Chart  Kind = "chart-cell"

	TightNumber Kind = "number tight"
)

// Direction is how a column is sorted.
type Direction string

// Directions, in the words of aria-sort.
const (
	Unsorted   Direction = ""
	Ascending  Direction = "ascending"
	Descending Direction = "descending"
)

// Row is a table row; its first RowLink or PanelLink is what Enter opens.
type Row struct {
	ID       string // value of its checkbox
	Name     string // says to a screen reader what the checkbox selects
	Cells    []templ.Component
	State    State  // marks the row's edge
	Muted    bool   // lesser weight: reversed, ignored
	Plain    string // amount added to the running total of the selection
	Currency string
	Fixed    bool // cannot be selected
}

// Bulk acts on the selected rows. Its buttons post Field once per row.
type Bulk struct {
	Field   string // form field of the row ids; "" is "id"
	Return  string // posted as "return": where to go afterwards
	Actions []Button
}

// Order posts the rows' ids, top to bottom, as fields named "order".
type Order struct {
	Action string
	Return string // posted as "return"; "" is not
	Hidden []Hidden
}

// Chooser is what a person keeps about a list. It posts the shown columns as
// repeated fields named "col", and all it offered as "offered".
type Chooser struct {
	Action string
	Keep   []Hidden
	Away   map[string]bool // keys of the columns the person does not want to see
	Saved  []Saved         // filters they keep
	Save   *Save           // keeps the present one
}

// Hidden is a form field that is carried along.
type Hidden struct{ Name, Value string }

// Pager goes through a list by key; there are no page numbers to count.
type Pager struct {
	First    string // link to the beginning; "" when there
	Previous string
	Next     string
	Size     Link // to another number of rows; none where there is but one
}

func (p Pager) none() bool { return p == Pager{} }

func (t Table) id() string {
	if t.ID == "" {
		return "results"
	}
	return t.ID
}

func (t Table) shown() []Column {
	var columns []Column
	for i, column := range t.Columns {
		if !t.hidden(i) {
			columns = append(columns, column)
		}
	}
	return columns
}

// hidden reports whether a column is left out, by the page or by the person.
func (t Table) hidden(i int) bool {
	return t.Columns[i].Hidden || t.offered(i) && t.Chooser.Away[t.Columns[i].Key]
}

// offered reports whether the person may choose a column: not the first, which
// opens the row, and none that the page leaves out by itself.
func (t Table) offered(i int) bool {
	column := t.Columns[i]
	return t.Chooser != nil && i > 0 && column.Key != "" && !column.Hidden
}

// cells drops the cells of hidden columns.
func (t Table) cells(row Row) []cell {
	var cells []cell
	for i, column := range t.Columns {
		if t.hidden(i) {
			continue
		}
		c := cell{kind: column.Kind}
		if i < len(row.Cells) {
			c.content = row.Cells[i]
		}
		cells = append(cells, c)
	}
	return cells
}

type cell struct {
	kind    Kind
	content templ.Component
	span    int // columns that a cell of the foot takes
}

// merged lets the first cell of a foot row take the empty ones after it, so
// that its label does not widen a column.
func merged(cells []cell) []cell {
	if len(cells) == 0 {
		return nil
	}
	first := cells[0]
	first.kind, first.span = Plain, 1
	rest := cells[1:]
	for len(rest) > 0 && rest[0].content == nil {
		first.span++
		rest = rest[1:]
	}
	return append([]cell{first}, rest...)
}

// width counts the columns as drawn, for cells that span them all.
func (t Table) width() string {
	width := len(t.shown())
	if t.selectable() {
		width++
	}
	return strconv.Itoa(width)
}

func (t Table) selectable() bool { return t.Bulk != nil || t.Order != nil }

func (t Table) bulkID() string { return t.id() + "-bulk" }

func (t Table) orderID() string {
	if t.Order == nil {
		return ""
	}
	return t.id() + "-order"
}

func (b Bulk) field() string {
	if b.Field == "" {
		return "id"
	}
	return b.Field
}

// tools reports whether anything stands above the table.
func (t Table) tools() bool {
	return t.Summary != "" || len(t.Export) > 0 || t.Chooser != nil || !t.Pager.none()
}

func (c Column) sortIcon() string {
	switch c.Sorted {
	case Ascending:
		return "arrow-up"
	case Descending:
		return "arrow-down"
	}
	return ""
}
