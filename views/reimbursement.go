package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// ReimbursementList lists what Amazon lost or damaged.
type ReimbursementList struct {
	Listing
	Filter Filter
	Sums   []LossSum
	Rows   []LossRow
}

// LossSum is what is missing by cause.
type LossSum struct {
	Cause                    Link
	Cases, Units, Soon, Late string
	Cost                     Amount
}

// LossRow is units of an SKU that were lost or damaged on a day.
type LossRow struct {
	ID                          int64
	SKU                         Link
	Connection, Country, Cause  string
	Day, Due                    When
	Units, Found, Paid, Missing string
	Left                        string // how many days there are to claim it
	Cost, Price                 Amount
	Status                      Pill
	Claim                       string
}

// LossConnection is the key of the column that one connection needs not.
const LossConnection = "connection"

func (p ReimbursementList) table() Table {
	table := p.Listing.table("Lost and damaged units",
		Column{Key: "sku", Label: "SKU", Kind: Tight}, Column{Key: LossConnection, Label: "Connection", Kind: Tight}, Column{Key: "country", Label: "Country", Kind: Tight},
		Column{Key: "cause", Label: "Cause", Kind: Tight}, Column{Key: "day", Label: "On", Kind: Tight}, Column{Key: "due", Label: "Claim until", Kind: Tight}, Column{Key: "left", Label: "Time left", Kind: Tight},
		Column{Key: "units", Label: "Units", Kind: Number}, Column{Key: "found", Label: "Found", Kind: Number}, Column{Key: "paid", Label: "Paid", Kind: Number}, Column{Key: "missing", Label: "Missing", Kind: Number},
		Column{Key: "cost", Label: "At cost", Kind: Number}, Column{Key: "price", Label: "At sale price", Kind: Number}, Column{Key: "state", Label: "State", Kind: Tight}, Column{Key: "claim", Label: "Case", Kind: Clip})
	table.Empty = Empty{Icon: "circle-check", Title: "Nothing is missing", Text: "Amazon's ledger of its warehouses is held against the settlements every few minutes. It is read by the flow FBA ledger."}
	for _, row := range p.Rows {
		table.Rows = append(table.Rows, Row{ID: strconv.FormatInt(row.ID, 10), Name: row.SKU.Text, Cells: []templ.Component{RowLink(row.SKU), Soft(row.Connection), Soft(row.Country), Text(row.Cause),
			Moment(row.Day), Moment(row.Due), textOrNothing(row.Left), Text(row.Units), textOrNothing(row.Found), textOrNothing(row.Paid), textOrNothing(row.Missing),
			moneyOrNothing(row.Cost), moneyOrNothing(row.Price), StatusPill(row.Status), textOrNothing(row.Claim)}})
	}
	return table
}

func (p ReimbursementList) sums() Table {
	table := Table{ID: "sums", Caption: "Missing", Summary: "Neither found nor paid", Inside: true, Columns: []Column{{Label: "Cause", Kind: Tight}, {Label: "Cases", Kind: Number}, {Label: "Units", Kind: Number},
		{Label: "To claim within 14 days", Kind: Number}, {Label: "Too late to claim", Kind: Number}, {Label: "At cost", Kind: Number}}, Empty: Empty{Icon: "circle-check", Title: "Nothing is missing"}}
	for _, s := range p.Sums {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Anchor(s.Cause), Text(s.Cases), Text(s.Units), Text(s.Soon), Text(s.Late), moneyOrNothing(s.Cost)}})
	}
	return table
}

// ReimbursementPage is one case with its evidence.
type ReimbursementPage struct {
	Status   Pill
	Facts    []Fact
	Payments []LossPart
	Days     []LossDay
	Forms    []LossForm
}

// LossPart is a line of a settlement that paid units of the case.
type LossPart struct {
	Link   Link
	On     When
	Units  string
	Amount Amount
}

// LossDay is a day of Amazon's ledger.
type LossDay struct {
	Link                 Link
	On                   When
	Lost, Found, Damaged string
}

// LossForm is something that can be done with a case.
type LossForm struct {
	Title string
	Form  AdminForm
}

func (p ReimbursementPage) payments() Table {
	table := Table{ID: "payments", Caption: "Payments", Summary: "Paid by Amazon", Inside: true, Columns: []Column{{Label: "Settlement line", Kind: Tight}, {Label: "Posted", Kind: Tight}, {Label: "Units", Kind: Number}, {Label: "Amount", Kind: Number}},
		Empty: Empty{Icon: "inbox", Title: "No settlement pays for it"}}
	for _, x := range p.Payments {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Anchor(x.Link), Moment(x.On), Text(x.Units), Money(x.Amount)}})
	}
	return table
}

func (p ReimbursementPage) days() Table {
	table := Table{ID: "days", Caption: "Amazon's ledger", Summary: "Amazon's ledger from that day on", Inside: true, Columns: []Column{{Label: "Day", Kind: Tight}, {Label: "Lost", Kind: Number}, {Label: "Found", Kind: Number}, {Label: "Damaged", Kind: Number}, {Label: "Evidence", Kind: Tight}},
		Empty: Empty{Icon: "inbox", Title: "The ledger shows nothing of it any more"}}
	for _, x := range p.Days {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Moment(x.On), textOrNothing(x.Lost), textOrNothing(x.Found), textOrNothing(x.Damaged), Anchor(x.Link)}})
	}
	return table
}
