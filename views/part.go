package views

import "github.com/a-h/templ"

// Fact is one entry of a definition list: a name and what stands for it.
type Fact struct {
	Name  string
	Value templ.Component
}

// Figure is a number at the head of a page.
type Figure struct {
	Name     string
	Value    string
	Currency string
	Note     string
	Href     string
	Pill     Pill
}

// Tab is one view of an object.
type Tab struct {
	Label   string
	Href    string
	Count   string // "" shows none
	Current bool
}

// Event is an entry of a Timeline.
type Event struct {
	State State
	Icon  string
	Who   string
	What  string // "approved version 2"
	When  When
	Quote string // a reason or a comment, as the person wrote it
	Link  Link
}

// Check is a condition with its outcome and the reason for it.
type Check struct {
	State  State // Done, Wrong or Waiting
	Name   string
	Reason string
	Fix    Link // where it can be put right
}

// Progress is how far long work has come. Percent is 0 to 100; below zero
// means that the total is not known yet.
type Progress struct {
	Title   string
	Percent int
	Done    string // "412,000 of 1,000,000 lines"
	Rate    string // "38,000 lines/s"
	Left    string // "16 s left"
	State   State  // Info while running, Done, or Wrong
	Message string // the outcome, or what went wrong
	Link    Link   // where the result is
	Cancel  string // posts here; "" cannot be cancelled
}

// Live is a Progress with the address that streams it.
type Live struct {
	ID       string
	Stream   string // text/event-stream; messages hold ProgressBody, event "done" ends it
	Reload   string // this page, for people without scripts and for the end
	Progress Progress
}

// Signature is one place of a signed-by block on paper.
type Signature struct {
	Role string // "Prepared by"
	Name string // "" leaves the line to sign on
	When When
}

// RawLine is one line of a report as it arrived.
type RawLine struct {
	Columns []RawColumn
	Bytes   []byte // the line itself, without its end
	Offset  string // "byte 10,442 of the document"
}

// RawColumn is one field of a RawLine under the report's own heading.
type RawColumn struct {
	Position string // "14"
	Name     string
	Bytes    []byte
	Problem  string // what is wrong with it
}

// rawPart is a run of bytes that print alike.
type rawPart struct {
	text  string
	class string
}

func (e Event) icon() string {
	if e.Icon != "" {
		return e.Icon
	}
	return e.State.icon()
}

func (c Check) word() string {
	switch c.State {
	case Done:
		return "Passed"
	case Wrong:
		return "Failed"
	}
	return "Waiting"
}

func (p Progress) outcome() string {
	switch p.State {
	case Done:
		return "Done"
	case Wrong:
		return "Failed"
	case Waiting:
		return "Waiting"
	}
	return "Stopped"
}

// rawTable lists the fields of a report line.
func rawTable(line RawLine) Table {
	table := Table{
		Caption: "Fields of the line",
		Inside:  true,
		Columns: []Column{{Label: "No.", Kind: TightNumber}, {Label: "Column", Kind: Tight}, {Label: "Value"}},
		Empty:   Empty{Title: "The line has no fields"},
	}
	for _, column := range line.Columns {
		state := Neutral
		if column.Problem != "" {
			state = Wrong
		}
		table.Rows = append(table.Rows, Row{
			State: state,
			Cells: []templ.Component{Soft(column.Position), Code(column.Name), rawValue(column)},
		})
	}
	return table
}
