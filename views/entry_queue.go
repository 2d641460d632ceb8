package views

import "github.com/a-h/templ"

// EntryQueue lists journal entries by state, to open one after the other in
// the side panel or to decide many at once.
type EntryQueue struct {
	Listing
	Tabs     []Tab
	Filter   Filter
	Rows     []EntryRow
	Totals   []EntryTotal // of everything filtered, one per currency
	Bulk     []Button     // what this person may do with the selected rows; they post "entry"
	Outcomes []Outcome    // of the bulk action before this page
}

// EntryRow is one journal entry of a list.
type EntryRow struct {
	Value      string // posted for it by a bulk action; "" cannot be selected
	Reference  Link
	Reversal   bool
	Settlement Link
	Connection string
	Period     string
	Date       When
	Total      Amount
	Clearing   Amount
	Status     Pill
	Submitted  string // by whom; "" for drafts
	Note       string // of a draft: why it was sent back
	Number     string // in P21
	State      State
}

// EntryTotal sums the filtered entries of one currency.
type EntryTotal struct {
	Label    string // "12 entries in USD"
	Total    Amount
	Clearing Amount
}

// Outcome is what a bulk action came to for one of its rows.
type Outcome struct {
	State State
	Link  Link
	Text  string // "submitted", or why it was not
}

// EntryFilter builds the filter bar of the entries; values holds what the
// query says under the names q and period.
func EntryFilter(action string, values map[string]string, periods []Option, keep []Hidden) Filter {
	filter := Filter{
		Action: action, Keep: keep, Slim: true,
		Fields: []Field{
			{Name: "q", Label: "Reference or P21 number", Type: "search", Width: "wide", Value: values["q"]},
			{Name: "period", Label: "Period", Options: periods, Value: values["period"]},
		},
	}
	return filter
}

// Keys of the entry list's columns.
const (
	EntryReference  = "reference"
	EntryConnection = "connection"
	EntrySettlement = "settlement"
	EntryPeriod     = "period"
	EntryDate       = "date"
	EntryTotalOf    = "total"
	EntryClearing   = "clearing"
	EntrySubmitted  = "submitted"
	EntryStatus     = "status"
)

func (q EntryQueue) table(p Page) Table {
	table := q.Listing.table("Journal entries",
		Column{Key: EntryReference, Label: "Reference", Kind: Tight},
		Column{Key: EntryConnection, Label: "Connection", Kind: Tight},
		Column{Key: EntrySettlement, Label: "Settlement", Kind: Tight},
		Column{Key: EntryPeriod, Label: "Period", Kind: Tight},
		Column{Key: EntryDate, Label: "Date", Kind: Tight},
		Column{Key: EntryTotalOf, Label: "Debits", Kind: Number, Hint: "Sum of the debits, which equals the credits"},
		Column{Key: EntryClearing, Label: "Clearing", Kind: Number, Hint: "Share of the deposit, on the clearing account"},
		Column{Key: EntrySubmitted, Label: "Submitted by"},
		Column{Key: EntryStatus, Label: "State, P21 number", Kind: Tight},
	)
	if table.Empty.Title == "" {
		table.Empty = Empty{Icon: "book-open-text", Title: "No journal entry here", Text: "Entries are drafted as soon as a settlement ties out and every kind has an account.", Action: Link{Text: "Settlements", Href: "/settlements"}}
	}
	for _, row := range q.Rows {
		table.Rows = append(table.Rows, row.row())
	}
	for _, total := range q.Totals {
		table.Foot = append(table.Foot, Row{Cells: []templ.Component{
			Text(total.Label), nil, nil, nil, nil, Money(total.Total), Money(total.Clearing), nil, nil,
		}})
	}
	if len(q.Bulk) > 0 {
		table.Bulk = &Bulk{Field: "entry", Return: p.Path, Actions: q.Bulk}
	}
	return table
}

func (r EntryRow) row() Row {
	row := Row{
		ID: r.Value, Name: r.Reference.Text, State: r.State, Fixed: r.Value == "", Plain: r.Total.Plain, Currency: r.Total.Currency,
		Cells: []templ.Component{
			PanelLink(r.Reference), Text(r.Connection), Anchor(r.Settlement), Text(r.Period), Moment(r.Date),
			Money(r.Total), Money(r.Clearing), Text(r.Submitted + r.Note), entryState(r.Status, r.Number),
		},
	}
	if r.Reversal {
		row.Cells[0] = Together(PanelLink(r.Reference), Tag("reversal"))
	}
	return row
}
