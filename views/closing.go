package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// CloseList lists periods with how far their close is.
type CloseList struct {
	Listing
	Filter Filter
	Rows   []CloseRow
}

// CloseRow is a period of a connection.
type CloseRow struct {
	Period       Link
	Connection   string
	From, To     When
	Status, P21  Pill
	Open, Posted int64 // entries
	By           string
	At           When
}

// CloseConnection is the key of the column that one connection needs not.
const CloseConnection = "connection"

func (p CloseList) table() Table {
	table := p.Listing.table("Periods",
		Column{Key: "period", Label: "Period", Kind: Tight}, Column{Key: CloseConnection, Label: "Connection", Kind: Clip}, Column{Key: "from", Label: "From", Kind: Tight}, Column{Key: "to", Label: "To", Kind: Tight},
		Column{Key: "open", Label: "Open entries", Kind: Number}, Column{Key: "posted", Label: "Posted entries", Kind: Number}, Column{Key: "p21", Label: "In Prophet 21", Kind: Tight},
		Column{Key: "state", Label: "Here", Kind: Tight}, Column{Key: "by", Label: "By", Kind: Tight}, Column{Key: "at", Label: "On", Kind: Tight})
	table.Empty = Empty{Icon: "calendar-check", Title: "No period", Text: "Periods are read from Prophet 21; those that settlements reach into are listed here."}
	for _, row := range p.Rows {
		table.Rows = append(table.Rows, Row{ID: row.Period.Href, Name: row.Period.Text, Cells: []templ.Component{RowLink(row.Period), Soft(row.Connection), Moment(row.From), Moment(row.To),
			numberOrNothing(row.Open), numberOrNothing(row.Posted), StatusPill(row.P21), StatusPill(row.Status), textOrNothing(row.By), momentOrNothing(row.At)}})
	}
	return table
}

func numberOrNothing(n int64) templ.Component {
	if n == 0 {
		return Nothing()
	}
	return Text(Count(int(n)))
}

// ClosePage is a period with its checklist.
type ClosePage struct {
	Status     Pill
	Actions    []Button
	Forms      []ActionForm
	Alerts     []Alert
	Why        []string // why the person cannot do more
	Facts      []Fact
	Frozen     string // when the checklist is not that of this moment
	Items      []CloseItem
	History    []Event
	Signatures []Signature
}

// CloseItem is one thing that must be true.
type CloseItem struct {
	Status Pill
	Title  string
	Why    string
	Waiver string
	Count  int64
	Money  []Amount
	Fix    Link
}

func (p ClosePage) table() Table {
	table := Table{ID: "checklist", Caption: "Checklist", Inside: true,
		Columns: []Column{{Label: "State", Kind: Tight}, {Label: "What must be true", Kind: Wrap}, {Label: "Count", Kind: Number}, {Label: "Amount", Kind: Number}, {Label: "Where", Kind: Tight, Quiet: true}}}
	for i, item := range p.Items {
		state := Neutral
		if item.Status.State == Wrong {
			state = Wrong
		}
		what := Stacked(Text(item.Title), item.Why)
		if item.Waiver != "" {
			what = waivedItem(item)
		}
		fix := Nothing()
		if item.Fix.Href != "" {
			fix = Anchor(item.Fix)
		}
		money := Nothing()
		if len(item.Money) > 0 {
			money = Amounts(item.Money)
		}
		table.Rows = append(table.Rows, Row{ID: strconv.Itoa(i), Name: item.Title, State: state, Cells: []templ.Component{StatusPill(item.Status), what, numberOrNothing(item.Count), money, fix}})
	}
	return table
}
