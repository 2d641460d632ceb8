package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// HandPage is entries that people enter in P21 while it does not answer.
type HandPage struct {
	Buttons  []Button
	Alerts   []Alert
	Outcomes []Outcome
	Waiting  *AdminForm // takes what waits; nil: nothing waits
	Lead     string     // how many wait
	Open     []HandRow  // without a number
	Sheets   []Choice
	Upload   *AdminForm // nil: the person may only look
	Recorded []HandRow
	Confirm  bool // the person may confirm
	Posted   []HandRow
}

// HandRow is an entry by hand.
type HandRow struct {
	ID         int64
	Entry      Link
	Connection string
	Date       When
	Total      Amount
	Number     string
	Taken      string
	Recorded   string
	Confirmed  string
	Status     Pill
	Note       string
	Own        bool // recorded by the person who looks
}

// confirmed says who confirmed the number.
func (r HandRow) confirmed() string {
	if r.Confirmed == "" {
		return ""
	}
	return "confirmed by " + r.Confirmed
}

func (p HandPage) open() Table {
	table := Table{ID: "open", Caption: "Entries without a number", Summary: Counted(len(p.Open), "entry to be entered", "entries to be entered"), Inside: true, Export: p.Sheets,
		Columns: []Column{{Label: "Entry", Kind: Tight}, {Label: "Connection", Kind: Tight}, {Label: "Date", Kind: Tight}, {Label: "Debits", Kind: Number}, {Label: "Taken by"}},
		Empty:   Empty{Icon: "circle-check", Title: "Nothing is to be entered", Text: "Entries that wait for Prophet 21 are taken with the button above; until then they go on by themselves."}}
	for _, r := range p.Open {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{RowLink(r.Entry), Soft(r.Connection), Moment(r.Date), Money(r.Total), Text(r.Taken)}})
	}
	return table
}

func (p HandPage) recorded() Table {
	table := Table{ID: "recorded", Caption: "Numbers to be confirmed", Summary: Counted(len(p.Recorded), "number to be confirmed by a second person", "numbers to be confirmed by a second person"), Inside: true,
		Columns: []Column{{Label: "Entry", Kind: Tight}, {Label: "P21 number", Kind: Tight}, {Label: "Connection", Kind: Tight}, {Label: "Date", Kind: Tight}, {Label: "Debits", Kind: Number}, {Label: "Recorded by"}},
		Empty:   Empty{Icon: "circle-check", Title: "No number waits", Text: "Numbers come with the uploaded sheet."}}
	if p.Confirm && len(p.Recorded) > 0 {
		table.Bulk = &Bulk{Field: "entry", Return: "/entries/by-hand", Actions: []Button{{Label: "Confirm the numbers", Icon: "check", Look: Primary, Action: "/entries/by-hand/confirm"}}}
	}
	for _, r := range p.Recorded {
		table.Rows = append(table.Rows, Row{ID: strconv.FormatInt(r.ID, 10), Name: r.Entry.Text, Fixed: r.Own, Cells: []templ.Component{RowLink(r.Entry), Code(r.Number), Soft(r.Connection), Moment(r.Date), Money(r.Total), Text(r.Recorded)}})
	}
	return table
}

func (p HandPage) posted() Table {
	table := Table{ID: "read", Caption: "Read back from Prophet 21", Summary: "Read back from Prophet 21", Inside: true,
		Columns: []Column{{Label: "Entry", Kind: Tight}, {Label: "P21 number", Kind: Tight}, {Label: "Debits", Kind: Number}, {Label: "Recorded by", Kind: Tight}, {Label: "Prophet 21", Kind: Tight}, {Label: "What differs", Kind: Wrap}},
		Empty:   Empty{Icon: "search", Title: "Nothing to read back", Text: "As soon as Prophet 21 answers, each entry is read there by number and reference, and compared."}}
	for _, r := range p.Posted {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{RowLink(r.Entry), Code(r.Number), Money(r.Total), Stacked(Text(r.Recorded), r.confirmed()), StatusPill(r.Status), textOrNothing(r.Note)}})
	}
	return table
}
