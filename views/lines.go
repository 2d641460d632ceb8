package views

import "github.com/a-h/templ"

// LinesPage is the Lines tab of a settlement: millions of lines behind
// filters, thirty to a screen.
type LinesPage struct {
	Listing
	Head   SettlementHead
	Filter Filter // see LineFilter
	Rows   []LineRow
	Totals []LineTotal // set when they were asked for; else Listing.FootURL loads them
}

// LineRow is one line of a settlement report.
type LineRow struct {
	Number      string // position in the document: "1,204"
	Href        string // the line's own page
	Posted      When
	Type        string // transaction type
	AmountType  string
	Description string
	Order       string
	SKU         string
	Quantity    string
	Marketplace string
	Account     Link // where it goes; no text while nothing maps it
	Amount      Amount
	Problem     string // why it has no account: "No account", "In review"
}

// LineTotal sums the filtered lines.
type LineTotal struct {
	Label    string // "12,040 lines"
	Quantity string
	Amount   Amount
}

// LineFilter builds the filter bar of the lines; values holds what the query
// says under the same names: q (order id, SKU or text), type, amount_type,
// description, min, max, from, to, kind.
func LineFilter(action string, values map[string]string, types, amountTypes []Option, keep []Hidden) Filter {
	field := func(name, label string) Field {
		return Field{Name: name, Label: label, Value: values[name]}
	}
	search := field("q", "Order, SKU or text")
	search.Type, search.Width = "search", "wide"
	kind := field("type", "Type")
	kind.Options = types
	amountType := field("amount_type", "Amount type")
	amountType.Options = amountTypes
	from, to := field("from", "Posted from"), field("to", "to")
	from.Type, to.Type = "date", "date"
	least, most := field("min", "At least"), field("max", "At most")
	least.Mono, most.Mono = true, true
	least.Width, most.Width = "short", "short"
	filter := Filter{
		Action: action,
		Fields: []Field{search, kind, amountType, least, most},
		More:   []Field{field("order", "Order id"), field("sku", "SKU"), field("description", "Description"), from, to},
		Keep:   keep,
		Slim:   true,
	}
	for _, value := range values {
		if value != "" {
			filter.Clear = action
		}
	}
	return filter
}

// Keys of the line list's columns.
const (
	LineNumber      = "line"
	LinePosted      = "posted"
	LineType        = "type"
	LineAmountType  = "amount_type"
	LineDescription = "description"
	LineOrder       = "order"
	LineSKU         = "sku"
	LineQuantity    = "quantity"
	LineMarketplace = "marketplace"
	LineAccount     = "account"
	LineAmount      = "amount"
)

func (l LinesPage) table() Table {
	table := l.Listing.table("Lines of the settlement",
		Column{Key: LineNumber, Label: "Line", Kind: Number},
		Column{Key: LinePosted, Label: "Posted", Kind: Tight},
		Column{Key: LineType, Label: "Type", Kind: Tight},
		Column{Key: LineAmountType, Label: "Amount type", Kind: Tight},
		Column{Key: LineDescription, Label: "Description", Kind: Clip},
		Column{Key: LineOrder, Label: "Order", Kind: Tight},
		Column{Key: LineSKU, Label: "SKU", Kind: Tight},
		Column{Key: LineQuantity, Label: "Qty", Kind: Number},
		Column{Key: LineMarketplace, Label: "Marketplace", Kind: Tight},
		Column{Key: LineAccount, Label: "Account", Kind: Tight},
		Column{Key: LineAmount, Label: "Amount", Kind: Number},
	)
	table.Dense = true
	if table.Empty.Title == "" {
		table.Empty = Empty{Icon: "search", Title: "No line matches", Text: "Take a filter away, or search for less of the order id or SKU."}
	}
	for _, row := range l.Rows {
		table.Rows = append(table.Rows, row.row())
	}
	if len(l.Totals) > 0 {
		table.FootURL = ""
	}
	for _, total := range l.Totals {
		table.Foot = append(table.Foot, Row{Cells: []templ.Component{
			Text(total.Label), nil, nil, nil, nil, nil, nil, Text(total.Quantity), nil, nil, Money(total.Amount),
		}})
	}
	return table
}

func (l LineRow) row() Row {
	row := Row{ID: l.Number, Name: "line " + l.Number, Cells: []templ.Component{
		RowLink(Link{Text: l.Number, Href: l.Href}), Moment(l.Posted), Text(l.Type), Text(l.AmountType), Text(l.Description),
		Code(l.Order), Code(l.SKU), Text(l.Quantity), Text(l.Marketplace), Anchor(l.Account), Money(l.Amount),
	}}
	if l.Problem != "" {
		row.State = Waiting
		row.Cells[9] = StatusPill(Pill{State: Waiting, Text: l.Problem})
	}
	return row
}

// LinePage is one line: what it says, where it went and the bytes it came
// from.
type LinePage struct {
	Facts    []Fact // posted, order, SKU, quantity, amount, ...
	Amount   Amount
	Path     []PathStep // kind -> rule -> account -> entry line, in order
	Document Link       // the raw line within its document
	Raw      RawLine
	Related  []LineRow // the order's other lines, this one among them
	Sum      Amount    // of Related
	Note     string    // "The first 200 of 1,204 lines of this order"
}

// PathStep is one station between a report line and the ledger.
type PathStep struct {
	Name  string // "Kind", "Rule", "Account", "Journal entry"
	Value Link
	Note  string
	State State // Waiting where the way ends for now
}

func (l LinePage) related() Table {
	page := LinesPage{Rows: l.Related}
	page.Without = map[string]bool{LineOrder: true, LineMarketplace: true}
	if l.Sum.Text != "" {
		page.Totals = []LineTotal{{Label: "Together", Amount: l.Sum}}
	}
	table := page.table()
	table.ID, table.Caption, table.Inside = "related", "Lines of the same order", true
	return table
}

// ChangesPage is what a re-issued report has otherwise than the one before.
type ChangesPage struct {
	Head  SettlementHead
	First bool // nothing was before it
	Count string
	Total Amount // by how much the sum of the lines changed
	Rows  []ChangeRow
}

// ChangeRow is a line that only one of the two reports has.
type ChangeRow struct {
	Change           string // "Added", "Gone × 2"
	Gone             bool
	Line             Link
	Kind, Order, SKU string
	Posted           When
	Amount           Amount
}

func (c ChangesPage) table() Table {
	empty := Empty{Icon: "receipt-text", Title: "No line differs", Text: "The re-issued report has the lines of the one before it, at most in another order."}
	if c.First {
		empty = Empty{Icon: "receipt-text", Title: "There was no report before this one", Text: "When Amazon issues it again, the lines that changed stand here."}
	}
	table := Table{Caption: "Lines that only one of the two reports has", Empty: empty, Summary: c.Count, Columns: []Column{
		{Label: "Change", Kind: Tight}, {Label: "Row", Kind: TightNumber, Hint: "In the report that has it"}, {Label: "Kind", Kind: Wrap}, {Label: "Order", Kind: Tight}, {Label: "SKU", Kind: Tight},
		{Label: "Date", Kind: Tight}, {Label: "Amount", Kind: Number}}}
	for _, r := range c.Rows {
		state := Done
		if r.Gone {
			state = Wrong
		}
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{StatusPill(Pill{State: state, Text: r.Change}), Anchor(r.Line), Text(r.Kind), Code(r.Order), Code(r.SKU), Moment(r.Posted), Money(r.Amount)}})
	}
	if len(c.Rows) > 0 {
		table.Foot = []Row{{Cells: []templ.Component{Text("The sum changed by"), nil, nil, nil, nil, nil, Money(c.Total)}}}
	}
	return table
}
