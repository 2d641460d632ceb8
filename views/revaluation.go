package views

import "github.com/a-h/templ"

// RevaluationPage is the open balances in other currencies at a period's end.
type RevaluationPage struct {
	Filter   Filter
	Alerts   []Alert
	Export   []Choice
	Parts    []RevaluationPart
	Realised []RealisedRow
	Total    Amount // of the realised differences; no currency: none
	Empty    Empty
}

// RevaluationPart is one currency of one connection.
type RevaluationPart struct {
	Title   string // "GBP at the end of 2026-11, closing rate ..."
	Lead    string
	Rows    []RevaluationRow
	Total   Amount
	Draft   *AdminForm // nil: the person may only look, or nothing differs
	Entry   Link       // no text: none
	Status  Pill
	Warning string
}

// RevaluationRow is an account.
type RevaluationRow struct {
	Account, Name        string
	Foreign, Carried     Amount
	Rate                 string
	Revalued, Difference Amount
}

// RealisedRow is a deposit.
type RealisedRow struct {
	Settlement                          Link
	On                                  When
	Foreign, Carried, Value, Difference Amount
	Rate                                string
}

func (p RevaluationPart) table() Table {
	table := Table{Caption: p.Title, Inside: true, Columns: []Column{{Label: "Account", Kind: Tight}, {Label: "Name"}, {Label: "Open", Kind: Number}, {Label: "Carried at", Kind: Number}, {Label: "Closing rate", Kind: Number},
		{Label: "Revalued", Kind: Number}, {Label: "Difference", Kind: Number}}, Empty: Empty{Icon: "circle-check", Title: "Nothing is open"}}
	for _, r := range p.Rows {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Code(r.Account), Text(r.Name), Money(r.Foreign), Money(r.Carried), Text(r.Rate), moneyOrNothing(r.Revalued), moneyOrNothing(r.Difference)}})
	}
	if len(p.Rows) > 0 && p.Total.Currency != "" {
		table.Foot = []Row{{Cells: []templ.Component{Text("Unrealised"), nil, nil, nil, nil, nil, Money(p.Total)}}}
	}
	return table
}

func (p RevaluationPage) realised() Table {
	table := Table{ID: "realised", Caption: "Realised differences", Summary: "Realised: deposits of the period at the rate of their day", Inside: true, Export: p.Export,
		Columns: []Column{{Label: "Settlement", Kind: Tight}, {Label: "Deposit", Kind: Tight}, {Label: "Amount", Kind: Number}, {Label: "Carried at", Kind: Number}, {Label: "Rate", Kind: Number}, {Label: "Worth", Kind: Number}, {Label: "Difference", Kind: Number}},
		Empty:   Empty{Icon: "circle-check", Title: "No deposit of another currency came in this period"}}
	for _, r := range p.Realised {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{RowLink(r.Settlement), Moment(r.On), Money(r.Foreign), Money(r.Carried), Text(r.Rate), moneyOrNothing(r.Value), moneyOrNothing(r.Difference)}})
	}
	if len(p.Realised) > 0 && p.Total.Currency != "" {
		table.Foot = []Row{{Cells: []templ.Component{Text("Realised"), nil, nil, nil, nil, nil, Money(p.Total)}}}
	}
	return table
}
