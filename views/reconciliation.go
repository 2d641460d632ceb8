package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// Reconciliations lists what must agree with what, one row each.
type Reconciliations struct {
	Buttons []Button
	Rows    []ReconciliationRow
	Export  []Choice
	One     bool // one connection: its column is not needed
}

// ReconciliationRow is one reconciliation of a connection.
type ReconciliationRow struct {
	Name        Link
	Connection  string
	Left, Right string
	Numbers     []Amount // unexplained, by currency; none: not compared
	Units       string   // that differ, where units are compared
	Status      Pill
	Open        string
	Oldest      string // days
	Explained   string
	LeftAt      When
	RightAt     When
	Export      Link
}

func (p Reconciliations) table() Table {
	table := Table{Caption: "Reconciliations", Summary: "What must agree", Export: p.Export, Columns: []Column{{Label: "Reconciliation", Kind: Tight}, {Key: "connection", Label: "Connection", Kind: Tight, Hidden: p.One},
		{Label: "What", Kind: Tight}, {Label: "Against", Kind: Tight}, {Label: "Unexplained", Kind: Number}, {Label: "State", Kind: Tight}, {Label: "Open", Kind: Number}, {Label: "Oldest, days", Kind: Number},
		{Label: "Explained", Kind: Number}, {Label: "Workbook", Kind: Tight, Quiet: true}},
		Empty: Empty{Icon: "scale", Title: "No connection yet", Text: "Reconciliations begin with the first connection.", Action: Link{Text: "Connections", Href: "/admin/connections"}}}
	for i, r := range p.Rows {
		number := templ.Component(Nothing())
		if len(r.Numbers) > 0 {
			number = Stacked(Amounts(r.Numbers), r.Units)
		}
		table.Rows = append(table.Rows, Row{ID: strconv.Itoa(i), Name: r.Name.Text, Cells: []templ.Component{RowLink(r.Name), Soft(r.Connection), Stacked(Text(r.Left), r.LeftAt.known()), Stacked(Text(r.Right), r.RightAt.known()),
			number, StatusPill(r.Status), textOrNothing(r.Open), textOrNothing(r.Oldest), textOrNothing(r.Explained), linkOrNothing(r.Export)}})
	}
	return table
}

// known is up to when a side is known, in small print.
func (w When) known() string {
	if w.Text == "" {
		return "nothing read yet"
	}
	return "to " + w.Text
}

func linkOrNothing(l Link) templ.Component {
	if l.Href == "" {
		return Nothing()
	}
	return Anchor(l)
}

// Reconciliation is the page of one reconciliation.
type Reconciliation struct {
	Listing
	Left, Right string
	Lead        string
	Status      Pill
	Problem     *Alert
	Buttons     []Button
	Figures     []Figure
	Causes      []ReconciliationSum
	Ages        []ReconciliationSum
	Filter      Filter
	Outcomes    []Outcome // of the bulk action before this page
	Bulk        []Button  // what this person may do with the selected rows; they post "item"
	Rows        []ReconciliationItemRow
}

// ReconciliationSum is what is open of one cause or age.
type ReconciliationSum struct {
	Name   Link
	Items  string
	Oldest string // days
	Amount Amount
}

// ReconciliationItemRow is an item in the list.
type ReconciliationItemRow struct {
	Mark          string // names it with the difference that is shown; "" where nobody signs for it
	Key           Link
	Connection    string
	Cause, Detail string
	Since         When
	Age           string
	Left, Right   Amount
	Difference    Amount
	Units         string
	Status        Pill
	Reason, By    string
}

// ReconciliationConnection is the key of the column that one connection needs not.
const ReconciliationConnection = "connection"

func (p Reconciliation) table(at Page) Table {
	table := p.Listing.table("Items", Column{Key: "key", Label: "Item", Kind: Tight}, Column{Key: ReconciliationConnection, Label: "Connection", Kind: Tight}, Column{Key: "cause", Label: "Cause", Kind: Tight},
		Column{Key: "since", Label: "Since", Kind: Tight}, Column{Key: "age", Label: "Days", Kind: Number}, Column{Key: "left", Label: p.Left, Kind: Number}, Column{Key: "right", Label: p.Right, Kind: Number},
		Column{Key: "difference", Label: "Difference", Kind: Number}, Column{Key: "units", Label: "Units", Kind: Number}, Column{Key: "state", Label: "State", Kind: Tight}, Column{Key: "detail", Label: "Detail", Kind: Clip})
	if len(p.Bulk) > 0 {
		table.Bulk = &Bulk{Field: "item", Return: at.Path, Actions: p.Bulk}
	}
	for _, r := range p.Rows {
		detail := r.Detail
		if r.Reason != "" {
			detail = r.By + ": " + r.Reason
		}
		table.Rows = append(table.Rows, Row{ID: r.Mark, Name: r.Key.Text, Fixed: r.Mark == "", Plain: r.Difference.Plain, Currency: r.Difference.Currency, Cells: []templ.Component{RowLink(r.Key), Soft(r.Connection), Text(r.Cause), Moment(r.Since), Text(r.Age), Money(r.Left), Money(r.Right),
			Money(r.Difference), textOrNothing(r.Units), StatusPill(r.Status), textOrNothing(detail)}})
	}
	return table
}

func (p Reconciliation) causes() Table { return sumTable("causes", "By cause", "Cause", p.Causes) }

func (p Reconciliation) ages() Table { return sumTable("ages", "By age", "Open for", p.Ages) }

func sumTable(id, summary, label string, sums []ReconciliationSum) Table {
	table := Table{ID: id, Caption: summary, Summary: summary, Inside: true, Columns: []Column{{Label: label, Kind: Tight}, {Label: "Items", Kind: Number}, {Label: "Oldest, days", Kind: Number, Hidden: id == "ages"}, {Label: "Difference", Kind: Number}}}
	for _, s := range sums {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Anchor(s.Name), Text(s.Items), Text(s.Oldest), Money(s.Amount)}})
	}
	return table
}

// ReconciliationItem is one item.
type ReconciliationItem struct {
	Status      Pill
	Detail      string
	Facts       []Fact
	Suggestions []ReconciliationMatch
	Movements   []ReconciliationMove
	Form        *AdminForm // nil: explained, or the person may only look
	Notes       []ReconciliationNote
}

// ReconciliationMatch is an item that would come to nothing together with this one.
type ReconciliationMatch struct {
	Key        Link
	Cause      string
	Since      When
	Difference Amount
	Why        string
	Match      *Button // nil: the person may only look
}

// ReconciliationMove is what moved units of an item on a day.
type ReconciliationMove struct {
	Day  Link
	What string
}

// ReconciliationNote is what somebody wrote about an item.
type ReconciliationNote struct {
	Status Pill
	Amount Amount
	Reason string
	By     string
	At     When
	Ended  string // who withdrew it, and when
	Undo   *Button
}

func buttonOrNothing(b *Button) templ.Component {
	if b == nil {
		return Nothing()
	}
	return PostButton(*b)
}

func (p ReconciliationItem) suggestions() Table {
	table := Table{ID: "suggestions", Caption: "Suggested matches", Summary: "Suggested matches", Inside: true, Columns: []Column{{Label: "Item", Kind: Tight}, {Label: "Cause", Kind: Tight}, {Label: "Since", Kind: Tight},
		{Label: "Difference", Kind: Number}, {Label: "Why", Kind: Wrap}, {Label: "Match", Kind: Tight, Quiet: true}}}
	for _, s := range p.Suggestions {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Anchor(s.Key), Text(s.Cause), Moment(s.Since), Money(s.Difference), Text(s.Why), buttonOrNothing(s.Match)}})
	}
	return table
}

func (p ReconciliationItem) movements() Table {
	table := Table{ID: "movements", Caption: "Movements", Summary: "Movements in Amazon's ledger", Inside: true, Columns: []Column{{Label: "Day and SKU", Kind: Tight}, {Label: "Units", Kind: Wrap}}}
	for _, m := range p.Movements {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Anchor(m.Day), Text(m.What)}})
	}
	return table
}

func (p ReconciliationItem) notes() Table {
	table := Table{ID: "notes", Caption: "Notes", Summary: "Notes", Inside: true, Columns: []Column{{Label: "State", Kind: Tight}, {Label: "Difference", Kind: Number}, {Label: "Reason", Kind: Wrap}, {Label: "Signed by", Kind: Tight},
		{Label: "On", Kind: Tight}, {Label: "Withdrawn", Kind: Tight}, {Label: "Undo", Kind: Tight, Quiet: true}}, Empty: Empty{Icon: "message-square", Title: "Nobody has explained it"}}
	for _, n := range p.Notes {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{StatusPill(n.Status), Money(n.Amount), Text(n.Reason), Text(n.By), Moment(n.At), textOrNothing(n.Ended), buttonOrNothing(n.Undo)}})
	}
	return table
}
