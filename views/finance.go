package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// UnsettledList lists money that Amazon tells of before a settlement has it.
type UnsettledList struct {
	Listing
	Filter   Filter
	Sums     []UnsettledSum
	Accruals []AccrualRow
	Rows     []UnsettledRow
}

// UnsettledSum is what no settlement has yet, of one state and day.
type UnsettledSum struct {
	Connection   Link
	State        Pill
	Due          Link // the day that it is released on
	Transactions string
	Total        Amount
}

// AccrualRow is an accrual or a deferral of an ended period.
type AccrualRow struct {
	Entry                          Link
	Connection, Type, Period, Text string
	Status                         Pill
	Net                            Amount
	Compare                        Link // empty: nothing to compare
}

// UnsettledRow is a transaction.
type UnsettledRow struct {
	ID               int64
	Order            Link
	Connection, Type string
	Posted, Due      When
	Status           Pill
	Settlement       Link
	Amount           Amount
}

// UnsettledConnection is the key of the column that one connection needs not.
const UnsettledConnection = "connection"

func (p UnsettledList) table() Table {
	table := p.Listing.table("Transactions",
		Column{Key: "order", Label: "Transaction", Kind: Tight}, Column{Key: UnsettledConnection, Label: "Connection", Kind: Tight}, Column{Key: "type", Label: "Type", Kind: Tight},
		Column{Key: "posted", Label: "Posted", Kind: Tight}, Column{Key: "state", Label: "State", Kind: Tight},
		Column{Key: "due", Label: "Release", Kind: Tight}, Column{Key: "settlement", Label: "Settlement", Kind: Tight}, Column{Key: "amount", Label: "Amount", Kind: Number})
	table.Empty = Empty{Icon: "inbox", Title: "No transaction", Text: "Transactions are read from Amazon by themselves. Clear the filter to see those of settlements."}
	for _, row := range p.Rows {
		table.Rows = append(table.Rows, Row{ID: strconv.FormatInt(row.ID, 10), Name: row.Order.Text, Cells: []templ.Component{RowLink(row.Order), Soft(row.Connection), Text(row.Type),
			Moment(row.Posted), StatusPill(row.Status), Moment(row.Due), anchorOrNothing(row.Settlement), Money(row.Amount)}})
	}
	return table
}

func anchorOrNothing(l Link) templ.Component {
	if l.Href == "" {
		return Soft(l.Text)
	}
	return Anchor(l)
}

func (p UnsettledList) sums() Table { return unsettledTable(p.Sums) }

func unsettledTable(sums []UnsettledSum) Table {
	table := Table{ID: "held", Caption: "In no settlement yet", Inside: true, Columns: []Column{{Label: "Connection", Kind: Wrap}, {Label: "State", Kind: Tight},
		{Label: "Release", Kind: Tight}, {Label: "Transactions", Kind: Number}, {Label: "Amount", Kind: Number}}, Empty: Empty{Icon: "inbox", Title: "Settlements have everything"}}
	for _, s := range sums {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Anchor(s.Connection), StatusPill(s.State), anchorOrNothing(s.Due), Text(s.Transactions), Money(s.Total)}})
	}
	return table
}

func (p UnsettledList) accruals() Table {
	table := Table{ID: "accruals", Caption: "Accruals and deferrals", Inside: true, Columns: []Column{{Label: "Entry", Kind: Tight}, {Label: "Connection", Kind: Tight}, {Label: "Type", Kind: Tight},
		{Label: "Period", Kind: Tight}, {Label: "State", Kind: Tight}, {Label: "Transactions", Kind: Number}, {Label: "Net", Kind: Number}, {Label: "Actual", Kind: Tight}},
		Empty: Empty{Icon: "book-open-text", Title: "No accrual yet", Text: "When a period ends within a cycle, what was earned by then is drafted as an accrual."}}
	for _, a := range p.Accruals {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Anchor(a.Entry), Soft(a.Connection), Text(a.Type), Text(a.Period), StatusPill(a.Status), Text(a.Text), Money(a.Net), anchorOrNothing(a.Compare)}})
	}
	return table
}

// TransactionPage is one transaction with what it is made of.
type TransactionPage struct {
	Status   Pill
	Facts    []Fact
	Parts    []TransactionPart
	Versions []TransactionVersion
	Raw      []byte
	RawOf    string // which version the bytes are of
}

// TransactionPart is a leaf of Amazon's breakdown and the settlement amount that it becomes.
type TransactionPart struct {
	Path, SKU, Kind string
	Known           bool
	Amount          Amount
}

// TransactionVersion is what Amazon said at a time.
type TransactionVersion struct {
	Seen   When
	Status string
	Total  Amount
	Bytes  Link
}

func (p TransactionPage) parts() Table {
	table := Table{ID: "parts", Caption: "Parts", Summary: "What it is made of", Inside: true, Columns: []Column{{Label: "As Amazon breaks it down", Kind: Wrap}, {Label: "SKU", Kind: Tight},
		{Label: "As settlements have it", Kind: Wrap}, {Label: "Amount", Kind: Number}}, Empty: Empty{Icon: "inbox", Title: "Nothing: its amount is zero"}}
	for _, x := range p.Parts {
		kind := Text(x.Kind)
		if !x.Known {
			kind = StatusPill(Pill{State: Wrong, Text: "Not known: a rule must take it"})
		}
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Text(x.Path), Code(x.SKU), kind, Money(x.Amount)}})
	}
	return table
}

func (p TransactionPage) versions() Table {
	table := Table{ID: "versions", Caption: "History", Summary: "What Amazon said", Inside: true, Columns: []Column{{Label: "Read", Kind: Tight}, {Label: "Status", Kind: Tight}, {Label: "Amount", Kind: Number}, {Label: "Bytes", Kind: Tight}}}
	for _, v := range p.Versions {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Moment(v.Seen), Text(v.Status), Money(v.Total), Anchor(v.Bytes)}})
	}
	return table
}

// AccrualPage holds an accrual beside what was settled.
type AccrualPage struct {
	Status   Pill
	Pending  bool // it was not compared yet
	Facts    []Fact
	Export   []Choice
	Accounts []AccrualDifference
	Total    AccrualDifference
	Orders   []AccrualDifference
	More     string // orders that are not shown
}

// AccrualDifference is an account, or an order on an account.
type AccrualDifference struct {
	Account                       string
	Order                         Link
	Accrued, Open, Actual, Differ Amount
	Tie                           Tie
}

func (p AccrualPage) accounts() Table {
	table := Table{ID: "accounts", Caption: "By account", Inside: true, Columns: []Column{{Label: "Account", Kind: Tight}, {Label: "Accrued", Kind: Number}, {Label: "Not settled yet", Kind: Number},
		{Label: "Settled", Kind: Number}, {Label: "Difference", Kind: Number}}, Empty: Empty{Icon: "inbox", Title: "Nothing was accrued"}}
	if p.Pending {
		table.Empty = Empty{Icon: "clock", Title: "Not compared yet", Text: "Accruals are held beside settlements whenever transactions are read."}
		return table
	}
	for _, d := range p.Accounts {
		table.Rows = append(table.Rows, d.row(Code(d.Account)))
	}
	if len(p.Accounts) > 0 {
		table.Foot = []Row{p.Total.row(Strong("Total"))}
	}
	return table
}

func (d AccrualDifference) row(name templ.Component) Row {
	return Row{Cells: []templ.Component{name, Money(d.Accrued), Money(d.Open), Money(d.Actual), TieOut(d.Tie)}}
}

func (p AccrualPage) orders() Table {
	table := Table{ID: "orders", Caption: "What differs", Summary: p.More, Inside: true, Columns: []Column{{Label: "Order", Kind: Tight}, {Label: "Account", Kind: Tight}, {Label: "Accrued", Kind: Number},
		{Label: "Not settled yet", Kind: Number}, {Label: "Settled", Kind: Number}, {Label: "Difference", Kind: Number}}, Empty: Empty{Icon: "circle-check", Title: "Nothing differs"}}
	if p.Pending {
		table.Empty = Empty{Icon: "clock", Title: "Not compared yet"}
	}
	for _, d := range p.Orders {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{anchorOrNothing(d.Order), Code(d.Account), Money(d.Accrued), Money(d.Open), Money(d.Actual), Money(d.Differ)}})
	}
	return table
}
