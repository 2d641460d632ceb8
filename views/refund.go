package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// RefundList lists refunds without a return, and returns without a refund.
type RefundList struct {
	Listing
	Filter Filter
	Sums   []RefundSum
	Rows   []RefundRow
}

// RefundSum is what is open of one finding.
type RefundSum struct {
	Finding Link
	Cases   string
	Amount  Amount
}

// RefundRow is an SKU of an order.
type RefundRow struct {
	ID                       int64
	Order                    Link
	SKU, Connection, Finding string
	Since                    When
	Age, Units               string
	Amount                   Amount
	Status                   Pill
	Note                     string
}

// RefundConnection is the key of the column that one connection needs not.
const RefundConnection = "connection"

func (p RefundList) table() Table {
	table := p.Listing.table("Refunds and returns",
		Column{Key: "order", Label: "Order", Kind: Tight}, Column{Key: "sku", Label: "SKU", Kind: Tight}, Column{Key: RefundConnection, Label: "Connection", Kind: Tight},
		Column{Key: "finding", Label: "Finding", Kind: Tight}, Column{Key: "since", Label: "Since", Kind: Tight}, Column{Key: "age", Label: "Days", Kind: Number},
		Column{Key: "units", Label: "Units back", Kind: Number}, Column{Key: "amount", Label: "Refunded", Kind: Number}, Column{Key: "state", Label: "State", Kind: Tight}, Column{Key: "note", Label: "Note", Kind: Clip})
	table.Empty = Empty{Icon: "circle-check", Title: "Nothing is missing", Text: "Refunds of settlements and returns are held against each other every few minutes."}
	for _, row := range p.Rows {
		table.Rows = append(table.Rows, Row{ID: strconv.FormatInt(row.ID, 10), Name: row.Order.Text, Cells: []templ.Component{RowLink(row.Order), Code(row.SKU), Soft(row.Connection), Text(row.Finding), Moment(row.Since),
			Text(row.Age), textOrNothing(row.Units), moneyOrNothing(row.Amount), StatusPill(row.Status), textOrNothing(row.Note)}})
	}
	return table
}

func (p RefundList) sums() Table {
	table := Table{ID: "sums", Caption: "Open", Summary: "Open", Inside: true, Columns: []Column{{Label: "Finding", Kind: Tight}, {Label: "Cases", Kind: Number}, {Label: "Refunded", Kind: Number}},
		Empty: Empty{Icon: "circle-check", Title: "Nothing is missing"}}
	for _, s := range p.Sums {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Anchor(s.Finding), Text(s.Cases), moneyOrNothing(s.Amount)}})
	}
	return table
}

// RefundPage is one case with its evidence.
type RefundPage struct {
	Status  Pill
	Facts   []Fact
	Refunds []RefundPart
	Returns []RefundPart
	Form    *AdminForm // nil: the person may only look
}

// RefundPart is what a settlement gave back, or what came back at once.
type RefundPart struct {
	Link               Link
	On                 When
	Units              string
	Amount, Reimbursed Amount
}

func (p RefundPage) refunds() Table {
	table := Table{ID: "refunds", Caption: "Settlements", Summary: "Settled by Amazon", Inside: true, Columns: []Column{{Label: "Settlement", Kind: Tight}, {Label: "Posted", Kind: Tight},
		{Label: "Refunded", Kind: Number}, {Label: "Reimbursed to you", Kind: Number}}, Empty: Empty{Icon: "inbox", Title: "No settlement refunds it"}}
	for _, x := range p.Refunds {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Anchor(x.Link), Moment(x.On), moneyOrNothing(x.Amount), moneyOrNothing(x.Reimbursed)}})
	}
	return table
}

func (p RefundPage) returns() Table {
	table := Table{ID: "returns", Caption: "Returns", Summary: "Came back to Amazon", Inside: true, Columns: []Column{{Label: "Return", Kind: Tight}, {Label: "On", Kind: Tight}, {Label: "Units", Kind: Number}},
		Empty: Empty{Icon: "inbox", Title: "Nothing came back"}}
	for _, x := range p.Returns {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Anchor(x.Link), Moment(x.On), Text(x.Units)}})
	}
	return table
}
