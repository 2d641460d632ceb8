package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// RateList lists the exchange rates in force.
type RateList struct {
	Listing
	Filter Filter
	Alerts []Alert
	Gaps   []RateGap
	Rows   []RateRow
	Sheets []AdminSheet // what adds rates
}

// RateGap is a day that settlements wait for.
type RateGap struct {
	On         When
	From, To   string
	Connection string
	Waiting    Link
}

// RateRow is a rate.
type RateRow struct {
	ID               int64
	On               Link
	From, To, Rate   string
	Move             string
	Unusual          bool
	Connection       string
	Source, By, Note string
	Version          string
	Entries          string
}

func (p RateList) gaps() Table {
	table := Table{ID: "gaps", Caption: "Days without a rate", Summary: "Days that settlements wait for", Inside: true, Columns: []Column{{Label: "Day", Kind: Tight}, {Label: "From", Kind: Tight}, {Label: "To", Kind: Tight},
		{Label: "Connection", Kind: Tight}, {Label: "Waiting"}}, Empty: Empty{Icon: "circle-check", Title: "No day lacks a rate"}}
	for _, g := range p.Gaps {
		table.Rows = append(table.Rows, Row{State: Waiting, Cells: []templ.Component{Moment(g.On), Code(g.From), Code(g.To), Soft(g.Connection), Anchor(g.Waiting)}})
	}
	return table
}

func (p RateList) table() Table {
	table := p.Listing.table("Exchange rates", Column{Key: "on", Label: "Day", Kind: Tight}, Column{Key: "from", Label: "From", Kind: Tight}, Column{Key: "to", Label: "To", Kind: Tight},
		Column{Key: "rate", Label: "Rate", Kind: Number}, Column{Key: "move", Label: "Move %", Kind: Number, Hint: "Against the rate before, within a week"}, Column{Key: "connection", Label: "Holds for", Kind: Tight},
		Column{Key: "source", Label: "Source", Kind: Tight}, Column{Key: "by", Label: "By", Kind: Tight}, Column{Key: "version", Label: "Version", Kind: Number}, Column{Key: "entries", Label: "Entries", Kind: Number, Hint: "Submitted entries that rest on it"},
		Column{Key: "note", Label: "Reason", Kind: Clip})
	table.Empty = Empty{Icon: "arrow-left-right", Title: "No exchange rates", Text: "They are needed where a settlement's currency is not the company's. Add them below, or let a source be read."}
	for _, row := range p.Rows {
		move := Text(row.Move)
		if row.Unusual {
			move = StatusPill(Pill{State: Waiting, Text: row.Move})
		}
		table.Rows = append(table.Rows, Row{ID: strconv.FormatInt(row.ID, 10), Name: row.On.Text, Cells: []templ.Component{RowLink(row.On), Code(row.From), Code(row.To), Text(row.Rate), move, Soft(row.Connection),
			Text(row.Source), textOrNothing(row.By), Text(row.Version), textOrNothing(row.Entries), textOrNothing(row.Note)}})
	}
	return table
}
