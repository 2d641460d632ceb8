package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// FlowStep is one of the five steps of a flow with what stands there.
type FlowStep struct {
	Name   string // "Extract"
	Note   string // "every 5 minutes"
	Count  string
	Unit   string // "waiting"
	Failed string // "" nothing failed here
	State  State
	Href   string // "" leads nowhere
}

// FlowCard is a flow of one connection in the list.
type FlowCard struct {
	Title      Link
	Connection string
	Way        string // "Amazon orders to P21 sales orders"
	Status     Pill
	Steps      []FlowStep
	Facts      []Fact
}

// FlowsPage is the page of all flows.
type FlowsPage struct {
	Cards []FlowCard
	Empty Empty
}

// FlowPage is one flow of one connection.
type FlowPage struct {
	Card     FlowCard
	Alert    *Alert
	Buttons  []Button
	Forms    []ActionForm
	Schedule AdminSheet
	Again    AdminSheet
	Settings *AdminSheet // nil: the flow has none
	Runs     Table
	Versions Table
}

// FlowMapping is the editor of a flow's formulas and checks.
type FlowMapping struct {
	Lead     string
	Action   string // previews, tries or saves, by the button's name
	Preview  string // answers MappingValue for one field
	Record   Link   // on which formulas are tried
	Key      string // of that record; "" when there is none
	Base     string // the version it began from
	Fields   []MappingField
	Checks   []MappingCheck
	Note     Field
	Why      string // why this person may not change it; "" when they may
	Trial    *Table // what the newest records would become
	Outcome  *Alert
	Warnings []Alert
}

// MappingField is a target field with its formula and what it comes to.
type MappingField struct {
	Input  string // name of the form field
	List   string // "" or "each line"
	Name   string
	Type   string
	Text   string // the formula
	Help   string
	Values []string
	Error  string
}

// MappingCheck is a business rule in the editor.
type MappingCheck struct {
	Row      int
	Name     string
	List     string
	Lists    []Option
	Formula  string
	Message  string
	Severity string
	Result   Pill
	Error    string
}

func (c MappingCheck) input(what string) string { return "check-" + strconv.Itoa(c.Row) + "-" + what }

func (c MappingCheck) severities() []Option {
	return []Option{{Value: "error", Label: "stops the record", Current: c.Severity != "warning"}, {Value: "warning", Label: "warns only", Current: c.Severity == "warning"}}
}

// RecordsPage is the list of a flow's records.
type RecordsPage struct {
	Listing
	Caption string
	Filter  Filter
	Rows    []RecordRow
	Remote  string // name of the other side's key: "P21 order"
	Key     string // "Amazon order"
}

// RecordRow is one record in a list.
type RecordRow struct {
	Key        Link
	Title      string
	Connection string
	Changed    When
	Status     Pill
	Remote     string
	Words      string // why it waits, stands aside or is ignored
	Amount     Amount
	Muted      bool
}

// Keys of the record list's columns.
const (
	RecordKey        = "key"
	RecordTitle      = "title"
	RecordConnection = "connection"
	RecordChanged    = "changed"
	RecordStatus     = "status"
	RecordRemote     = "remote"
	RecordWords      = "words"
	RecordAmount     = "amount"
)

func (p RecordsPage) table() Table {
	table := p.Listing.table(p.Caption,
		Column{Key: RecordKey, Label: p.Key, Kind: Tight},
		Column{Key: RecordTitle, Label: "What", Kind: Clip},
		Column{Key: RecordConnection, Label: "Connection", Kind: Tight},
		Column{Key: RecordChanged, Label: "Changed", Kind: Tight},
		Column{Key: RecordStatus, Label: "Status", Kind: Tight},
		Column{Key: RecordRemote, Label: p.Remote, Kind: Tight},
		Column{Key: RecordWords, Label: "Why", Kind: Clip},
		Column{Key: RecordAmount, Label: "Amount", Kind: Number},
	)
	for _, row := range p.Rows {
		table.Rows = append(table.Rows, Row{ID: row.Key.Text, Name: row.Key.Text, Muted: row.Muted, Cells: []templ.Component{
			RowLink(row.Key), Text(row.Title), Soft(row.Connection), Moment(row.Changed), StatusPill(row.Status), Code(row.Remote), Soft(row.Words), Money(row.Amount),
		}})
	}
	return table
}

// RecordPage is one record with everything that is known of it.
type RecordPage struct {
	Status  Pill
	Alert   *Alert
	Facts   []Fact
	Links   []Link
	Target  Table // what it was mapped to
	Lists   []Table
	Sources []RecordSource
	History []Event
}

// RecordSource is a content as the source told it.
type RecordSource struct {
	Title    string
	Document Link
	Text     string // indented JSON
	Current  bool
}

// where says what a field is about and of which type it is.
func (f MappingField) where() string {
	if f.List == "" {
		return f.Type
	}
	return f.Type + ", for each of " + f.List
}
