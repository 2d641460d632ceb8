package views

import "github.com/a-h/templ"

// ExceptionQueue lists what people must decide, the most money first.
type ExceptionQueue struct {
	Listing
	Causes   []ExceptionCause
	Filter   Filter
	Rows     []ExceptionRow
	Bulk     []Button // what this person may do with the selected rows; they post "exception"
	Outcomes []Outcome
}

// ExceptionCause is one class of what is open.
type ExceptionCause struct {
	Name    Link // lists it alone
	Current bool
	Open    string
	Records string
	Money   []Amount // at stake, one per currency
	Oldest  When     // how long ago
}

// ExceptionRow is one exception of a list.
type ExceptionRow struct {
	Value      string // posted for it by a bulk action; "" cannot be selected
	Title      Link
	Class      string
	Connection string
	Records    string
	Money      Amount
	Opened     When
	Assigned   string
	Status     Pill
	Note       string // the kind's marketplace, or how it was resolved
	Muted      bool
}

// Keys of the exception list's columns.
const (
	ExceptionTitle      = "title"
	ExceptionClass      = "class"
	ExceptionConnection = "connection"
	ExceptionRecords    = "records"
	ExceptionMoney      = "money"
	ExceptionOpened     = "opened"
	ExceptionAssigned   = "assigned"
	ExceptionStatus     = "status"
)

func (q ExceptionQueue) table(p Page) Table {
	table := q.Listing.table("Exceptions",
		Column{Key: ExceptionTitle, Label: "What must be decided", Kind: Wrap},
		Column{Key: ExceptionClass, Label: "Cause", Kind: Tight},
		Column{Key: ExceptionConnection, Label: "Connection", Kind: Tight},
		Column{Key: ExceptionRecords, Label: "Records", Kind: Number, Hint: "Records that wait on it"},
		Column{Key: ExceptionMoney, Label: "At stake", Kind: Number},
		Column{Key: ExceptionOpened, Label: "Opened", Kind: Tight},
		Column{Key: ExceptionAssigned, Label: "Assigned to", Kind: Wrap},
		Column{Key: ExceptionStatus, Label: "State", Kind: Tight},
	)
	if table.Empty.Title == "" {
		table.Empty = Empty{Icon: "circle-check", Title: "No exception here", Text: "Whatever a person must decide will stand here, the most money first."}
	}
	for _, row := range q.Rows {
		table.Rows = append(table.Rows, Row{
			ID: row.Value, Name: row.Title.Text, Fixed: row.Value == "", Muted: row.Muted, Plain: row.Money.Plain, Currency: row.Money.Currency,
			Cells: []templ.Component{
				Stacked(PanelLink(row.Title), row.Note), Text(row.Class), Text(row.Connection), Text(row.Records), moneyOrNothing(row.Money), Moment(row.Opened), Text(row.Assigned), StatusPill(row.Status),
			},
		})
	}
	if len(q.Bulk) > 0 {
		table.Bulk = &Bulk{Field: "exception", Return: p.Path, Actions: q.Bulk}
	}
	return table
}

func moneyOrNothing(a Amount) templ.Component {
	if a.Text == "" {
		return Nothing()
	}
	return Money(a)
}

func (q ExceptionQueue) causeTable() Table {
	table := Table{
		ID: "causes", Caption: "Open exceptions by cause", Inside: true, Dense: true, Passed: true,
		Columns: []Column{{Label: "Cause", Kind: Wrap}, {Label: "Open", Kind: Number}, {Label: "Records", Kind: Number}, {Label: "At stake", Kind: Number}, {Label: "Oldest", Kind: Tight}},
	}
	for _, c := range q.Causes {
		name := RowLink(c.Name)
		if c.Current {
			name = Together(RowLink(c.Name), Tag("shown below"))
		}
		var money []templ.Component
		for _, amount := range c.Money {
			money = append(money, Money(amount))
		}
		if len(money) == 0 {
			money = append(money, Nothing())
		}
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{name, Text(c.Open), Text(c.Records), amounts(money), Moment(c.Oldest)}})
	}
	return table
}
