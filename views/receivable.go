package views

import "github.com/a-h/templ"

// ReceivablePage lists the orders that P21 has invoiced or Amazon has settled.
type ReceivablePage struct {
	Listing
	Filter Filter
	Rows   []ItemRow
	Ages   []AgeRow
	Causes []CauseRow
}

// ItemRow is an order in one currency.
type ItemRow struct {
	Order                 Link
	Connection            string
	Invoices              string
	Date                  When
	Age                   string // days
	Due, Paid, Difference Amount
	Status                Pill
	Cause                 string
}

// AgeRow is what is open by age.
type AgeRow struct {
	Label, Items string
	Amount       Amount
}

// CauseRow is the variances of one cause.
type CauseRow struct {
	Cause         Link
	Items         string
	Amount, Stake Amount
}

// Keys of the columns of open items.
const (
	ItemOrder      = "order"
	ItemConnection = "connection"
	ItemInvoices   = "invoices"
	ItemDate       = "date"
	ItemAge        = "age"
	ItemStatus     = "status"
	ItemCause      = "cause"
	ItemDue        = "due"
	ItemPaid       = "paid"
	ItemDifference = "difference"
)

func (p ReceivablePage) table() Table {
	table := p.Listing.table("Open items",
		Column{Key: ItemOrder, Label: "Order", Kind: Tight},
		Column{Key: ItemConnection, Label: "Connection", Kind: Tight},
		Column{Key: ItemInvoices, Label: "Invoices", Kind: Clip},
		Column{Key: ItemDate, Label: "Invoiced", Kind: Tight},
		Column{Key: ItemAge, Label: "Days", Kind: Number},
		Column{Key: ItemStatus, Label: "State", Kind: Tight},
		Column{Key: ItemCause, Label: "Cause", Kind: Tight},
		Column{Key: ItemDue, Label: "Invoiced", Kind: Number},
		Column{Key: ItemPaid, Label: "Settled", Kind: Number},
		Column{Key: ItemDifference, Label: "Difference", Kind: Number},
	)
	table.Empty = Empty{Icon: "scale", Title: "Nothing is open here", Text: "Invoices of Prophet 21 and settlements are brought together every few minutes."}
	for _, row := range p.Rows {
		table.Rows = append(table.Rows, Row{ID: row.Order.Text, Name: row.Order.Text, Cells: []templ.Component{
			RowLink(row.Order), Soft(row.Connection), textOrNothing(row.Invoices), momentOrNothing(row.Date), textOrNothing(row.Age), StatusPill(row.Status), textOrNothing(row.Cause),
			Money(row.Due), Money(row.Paid), Money(row.Difference)}})
	}
	return table
}

func momentOrNothing(at When) templ.Component {
	if at == (When{}) {
		return Nothing()
	}
	return Moment(at)
}

func (p ReceivablePage) ages() Table {
	table := Table{ID: "ages", Caption: "Open by age", Summary: "Open by age", Inside: true, Columns: []Column{{Label: "Invoiced", Kind: Tight}, {Label: "Orders", Kind: Number}, {Label: "Amount", Kind: Number}},
		Empty: Empty{Icon: "circle-check", Title: "Nothing is open"}}
	for _, a := range p.Ages {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Text(a.Label), Text(a.Items), Money(a.Amount)}})
	}
	return table
}

func (p ReceivablePage) causes() Table {
	table := Table{ID: "causes", Caption: "Variances by cause", Summary: "Variances by cause", Inside: true,
		Columns: []Column{{Label: "Cause", Kind: Tight}, {Label: "Orders", Kind: Number}, {Label: "Net", Kind: Number}, {Label: "At stake", Kind: Number}},
		Empty:   Empty{Icon: "circle-check", Title: "Both sides agree"}}
	for _, c := range p.Causes {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Anchor(c.Cause), Text(c.Items), Money(c.Amount), Money(c.Stake)}})
	}
	return table
}

// ItemPage is one order on the receivable.
type ItemPage struct {
	Status   Pill
	Items    []ItemSides // one per currency
	Bills    []BillRow
	Payments []PaymentRow
}

// ItemSides are both sides of an order in one currency, and why they differ.
type ItemSides struct {
	Facts  []Fact
	Reason string
}

// BillRow is an invoice or a credit memo.
type BillRow struct {
	Number, Order, Customer, Type string
	Date                          When
	Total                         Amount
}

// PaymentRow is what a settlement pays of the order.
type PaymentRow struct {
	Settlement                                         Link // to its lines of the order
	End                                                When
	Principal, Shipping, Tax, Promotion, Refund, Total Amount
}

func (p ItemPage) bills() Table {
	table := Table{ID: "bills", Caption: "Invoices", Summary: "Invoices in Prophet 21", Inside: true, Columns: []Column{{Label: "Number", Kind: Tight}, {Label: "P21 order", Kind: Tight},
		{Label: "Customer", Kind: Tight}, {Label: "Type", Kind: Tight}, {Label: "Date", Kind: Tight}, {Label: "Total", Kind: Number}}, Empty: Empty{Icon: "inbox", Title: "Prophet 21 has invoiced nothing of it"}}
	for _, b := range p.Bills {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Code(b.Number), Code(b.Order), Text(b.Customer), Text(b.Type), Moment(b.Date), Money(b.Total)}})
	}
	return table
}

func (p ItemPage) payments() Table {
	table := Table{ID: "payments", Caption: "Settlements", Summary: "Settled by Amazon", Inside: true, Columns: []Column{{Label: "Settlement", Kind: Tight}, {Label: "Ends", Kind: Tight}, {Label: "Principal", Kind: Number},
		{Label: "Shipping", Kind: Number}, {Label: "Tax", Kind: Number}, {Label: "Promotion", Kind: Number}, {Label: "Refund", Kind: Number}, {Label: "Total", Kind: Number}},
		Empty: Empty{Icon: "inbox", Title: "No settlement pays it yet"}}
	for _, x := range p.Payments {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Anchor(x.Settlement), Moment(x.End), Money(x.Principal), Money(x.Shipping), Money(x.Tax), Money(x.Promotion), Money(x.Refund), Money(x.Total)}})
	}
	return table
}

// CashPage is the cash application of a settlement.
type CashPage struct {
	Listing
	Head SettlementHead
	Why  string // why there is nothing to see yet
	Sums []CashSum
	Rows []CashRow

	Filter  Filter
	Entries []CashEntryRow
	Form    *AdminForm // says that all was entered; nil: nothing is left, or the person may only look
	Marks   bool       // the person may say so of single orders
	Enter   string     // posts "order" of each
}

// CashSum is a line from the orders to the deposit.
type CashSum struct {
	Title  string
	Amount Amount
	Wrong  bool
}

// CashRow is what a settlement pays of an order.
type CashRow struct {
	Order                    Link
	Customer, Invoices       string
	Due, Applied, Difference Amount
	Cause                    string

	Left            Amount // to be entered in P21
	Plain, Currency string
	Done            bool
	Entry           Link // the last time that it was entered; zero: never
}

// CashEntryRow is what somebody entered in P21 at once.
type CashEntryRow struct {
	Reference  Link
	Orders, By string
	Amount     Amount
	At         When
	Status     Pill
	Reason     string
}

// CashEntryPage is one of them with its orders.
type CashEntryPage struct {
	Listing
	Status Pill
	Facts  []Fact
	Orders []CashEntryOrder
	Form   *AdminForm // undoes it; nil: undone already, or the person may only look
}

// CashEntryOrder is an order's part.
type CashEntryOrder struct {
	Order  Link
	Amount Amount
}

func (p CashEntryPage) table() Table {
	table := p.Listing.table("Orders", Column{Label: "Order", Kind: Tight}, Column{Label: "Amount", Kind: Number})
	for _, x := range p.Orders {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{RowLink(x.Order), Money(x.Amount)}})
	}
	return table
}

// DepositList lists deposits with what is left of them to enter in P21.
type DepositList struct {
	Listing
	Filter Filter
	Rows   []DepositRow
}

// DepositRow is a deposit.
type DepositRow struct {
	Settlement                      Link
	Connection, Orders              string
	End                             When
	Deposit, Applied, Entered, Left Amount
	Status                          Pill
}

// DepositConnection is the key of the column that one connection needs not.
const DepositConnection = "connection"

func (p DepositList) table() Table {
	table := p.Listing.table("Deposits", Column{Key: "settlement", Label: "Settlement", Kind: Tight}, Column{Key: DepositConnection, Label: "Connection", Kind: Tight}, Column{Key: "end", Label: "Ends", Kind: Tight},
		Column{Key: "orders", Label: "Orders", Kind: Number}, Column{Key: "deposit", Label: "Deposit", Kind: Number}, Column{Key: "applied", Label: "Applied to orders", Kind: Number},
		Column{Key: "entered", Label: "Entered", Kind: Number}, Column{Key: "left", Label: "To enter", Kind: Number}, Column{Key: "state", Label: "State", Kind: Tight})
	table.Empty = Empty{Icon: "circle-check", Title: "Nothing is left to enter here", Text: "A deposit stands here until its cash is applied in Prophet 21 and somebody has said so."}
	for _, row := range p.Rows {
		table.Rows = append(table.Rows, Row{ID: row.Settlement.Text, Name: row.Settlement.Text, Cells: []templ.Component{RowLink(row.Settlement), Soft(row.Connection), Moment(row.End), Text(row.Orders),
			Money(row.Deposit), Money(row.Applied), Money(row.Entered), Money(row.Left), StatusPill(row.Status)}})
	}
	return table
}

// Keys of the columns of a cash application.
const (
	CashOrder    = "order"
	CashCustomer = "customer"
	CashInvoices = "invoices"
	CashDue      = "due"
	CashApplied  = "applied"
	CashLeft     = "left"
	CashCause    = "cause"
	CashToEnter  = "to_enter"
	CashEntered  = "entered"
)

func (p CashPage) entries() Table {
	table := Table{ID: "entries", Caption: "Entered in Prophet 21", Summary: "Entered in Prophet 21", Inside: true, Columns: []Column{{Label: "Reference", Kind: Tight}, {Label: "Orders", Kind: Number}, {Label: "Amount", Kind: Number},
		{Label: "By", Kind: Tight}, {Label: "At", Kind: Tight}, {Label: "State", Kind: Tight}, {Label: "Why undone", Kind: Clip}}}
	for _, x := range p.Entries {
		table.Rows = append(table.Rows, Row{Muted: x.Reason != "", Cells: []templ.Component{RowLink(x.Reference), Text(x.Orders), Money(x.Amount), Text(x.By), Moment(x.At), StatusPill(x.Status), textOrNothing(x.Reason)}})
	}
	return table
}

func (p CashPage) sums() Table {
	table := Table{ID: "sums", Caption: "From the orders to the deposit", Summary: "From the orders to the deposit", Inside: true, Columns: []Column{{Label: "What", Kind: Wrap}, {Label: "Amount", Kind: Number}}}
	for _, x := range p.Sums {
		what := Text(x.Title)
		if x.Wrong {
			what = StatusPill(Pill{State: Wrong, Text: x.Title})
		}
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{what, Money(x.Amount)}})
	}
	return table
}

func (p CashPage) table() Table {
	table := p.Listing.table("Orders",
		Column{Key: CashOrder, Label: "Order", Kind: Tight},
		Column{Key: CashCustomer, Label: "Customer", Kind: Tight},
		Column{Key: CashInvoices, Label: "Invoices", Kind: Clip},
		Column{Key: CashDue, Label: "Invoiced", Kind: Number},
		Column{Key: CashApplied, Label: "Paid by this deposit", Kind: Number},
		Column{Key: CashLeft, Label: "Left", Kind: Number, Hint: "What stays on the receivable after all settlements"},
		Column{Key: CashCause, Label: "Cause", Kind: Tight},
		Column{Key: CashToEnter, Label: "To enter", Kind: Number, Hint: "What this deposit pays less what was entered of it; below zero it is to be taken back in Prophet 21"},
		Column{Key: CashEntered, Label: "Entered under", Kind: Tight},
	)
	table.Empty = Empty{Icon: "scale", Title: "It pays no order", Text: p.Why}
	if p.Filter.Clear != "" {
		table.Empty = Empty{Icon: "circle-check", Title: "No order is in this state"}
	}
	if p.Marks {
		table.Bulk = &Bulk{Field: "order", Actions: []Button{{Label: "Entered in Prophet 21", Icon: "check", Action: p.Enter}}}
	}
	for _, row := range p.Rows {
		entry := Nothing()
		if row.Entry.Text != "" {
			entry = Anchor(row.Entry)
		}
		table.Rows = append(table.Rows, Row{ID: row.Order.Text, Name: row.Order.Text, Plain: row.Plain, Currency: row.Currency, Fixed: row.Done, Cells: []templ.Component{
			RowLink(row.Order), textOrNothing(row.Customer), textOrNothing(row.Invoices), Money(row.Due), Money(row.Applied), Money(row.Difference), textOrNothing(row.Cause), Money(row.Left), entry}})
	}
	return table
}
