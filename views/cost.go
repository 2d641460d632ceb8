package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// CostList lists what was counted of settlements and returns, and its cost.
type CostList struct {
	Listing
	Filter Filter
	Sums   []CostSum
	Rows   []CostRow
}

// CostSum is what the counts of a currency add up to.
type CostSum struct {
	Currency                         string
	Shipped, Returned, Kept, Waiting string
	Amount, Posted                   Amount
}

// CostRow is a settlement, or the returns, in a period.
type CostRow struct {
	ID                               int64
	Of                               Link
	Connection, Period               string
	Shipped, Returned, Kept, Waiting string
	Amount                           Amount
	Status                           Pill
	Entry                            Link
	Replaced                         bool
}

// CostConnection is the key of the column that one connection needs not.
const CostConnection = "connection"

// Words of columns that stand in several tables.
const (
	backTitle  = "Back in stock"
	backHint   = "Came back and can be sold again: taken out of the cost."
	keptTitle  = "Not sellable"
	keptHint   = "Came back and cannot be sold: stays in the cost."
	waitsTitle = "Without a cost"
)

func (p CostList) table() Table {
	table := p.Listing.table("Cost of goods",
		Column{Key: "of", Label: "Settlement", Kind: Tight}, Column{Key: CostConnection, Label: "Connection", Kind: Tight}, Column{Key: "period", Label: "Period", Kind: Tight},
		Column{Key: "shipped", Label: "Shipped", Kind: Number}, Column{Key: "returned", Label: backTitle, Kind: Number, Hint: backHint}, Column{Key: "kept", Label: keptTitle, Kind: Number, Hint: keptHint},
		Column{Key: "waiting", Label: waitsTitle, Kind: Number}, Column{Key: "amount", Label: "Cost", Kind: Number}, Column{Key: "state", Label: "State", Kind: Tight}, Column{Key: "entry", Label: "Entry", Kind: Tight})
	for _, row := range p.Rows {
		table.Rows = append(table.Rows, Row{ID: strconv.FormatInt(row.ID, 10), Name: row.Of.Text, Muted: row.Replaced, Cells: []templ.Component{RowLink(row.Of), Soft(row.Connection), Text(row.Period), textOrNothing(row.Shipped),
			textOrNothing(row.Returned), textOrNothing(row.Kept), textOrNothing(row.Waiting), moneyOrNothing(row.Amount), StatusPill(row.Status), anchorOrNothing(row.Entry)}})
	}
	return table
}

func (p CostList) sums() Table {
	table := Table{ID: "sums", Caption: "Together", Summary: "Together", Inside: true, Columns: []Column{{Label: "Currency", Kind: Tight}, {Label: "Shipped", Kind: Number}, {Label: backTitle, Kind: Number, Hint: backHint},
		{Label: keptTitle, Kind: Number, Hint: keptHint}, {Label: waitsTitle, Kind: Number}, {Label: "Cost", Kind: Number}, {Label: "Posted", Kind: Number}}}
	for _, s := range p.Sums {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Text(s.Currency), textOrNothing(s.Shipped), textOrNothing(s.Returned), textOrNothing(s.Kept), textOrNothing(s.Waiting), Money(s.Amount), Money(s.Posted)}})
	}
	return table
}

// CostPage is one count by SKU.
type CostPage struct {
	Listing
	Status  Pill
	Facts   []Fact
	Alerts  []Alert
	Entries []CostEntry
	Filter  Filter
	Rows    []CostItem
	Again   *AdminForm // nil: nothing to take again, or not for this person
}

// CostEntry is an entry of a count.
type CostEntry struct {
	Entry         Link
	Period, Units string
	Status        Pill
	Amount        Amount
}

// CostItem is an SKU at one cost.
type CostItem struct {
	SKU           Link
	Marketplace   string
	Units         Link
	Kept          string
	Each, Source  string
	Taken         When
	Amount        Amount
	Status        Pill // where it has no cost
	WithoutAmount bool
}

func (p CostPage) table() Table {
	table := p.Listing.table("By SKU",
		Column{Key: "sku", Label: "SKU", Kind: Tight}, Column{Key: "marketplace", Label: "Marketplace", Kind: Tight}, Column{Key: "units", Label: "Units", Kind: Number}, Column{Key: "kept", Label: keptTitle, Kind: Number, Hint: keptHint},
		Column{Key: "each", Label: "Cost of one", Kind: Number}, Column{Key: "source", Label: "As Prophet 21 has it", Kind: Wrap}, Column{Key: "amount", Label: "Cost", Kind: Number})
	for _, row := range p.Rows {
		cost, units := Money(row.Amount), textOrNothing("")
		if row.Units.Href != "" {
			units = Anchor(row.Units)
		}
		if row.WithoutAmount {
			cost = StatusPill(row.Status)
		}
		table.Rows = append(table.Rows, Row{Name: row.SKU.Text, Cells: []templ.Component{RowLink(row.SKU), textOrNothing(row.Marketplace), units, textOrNothing(row.Kept), textOrNothing(row.Each), textOrNothing(row.Source), cost}})
	}
	return table
}

func (p CostPage) entries() Table {
	table := Table{ID: "entries", Caption: "Entries", Summary: "Entries", Inside: true, Columns: []Column{{Label: "Entry", Kind: Tight}, {Label: "Period", Kind: Tight}, {Label: "State", Kind: Tight}, {Label: "Units", Kind: Number}, {Label: "Cost", Kind: Number}},
		Empty: Empty{Icon: "book-open-text", Title: "No entry yet", Text: "It is drafted by itself: of a settlement at once, of what came back when the period is over."}}
	for _, e := range p.Entries {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Anchor(e.Entry), Text(e.Period), StatusPill(e.Status), Text(e.Units), Money(e.Amount)}})
	}
	return table
}

// CostMoves are the days of an SKU in a count.
type CostMoves struct {
	Facts []Fact
	Rows  []CostMove
	Pager Pager
}

// CostMove is units on a day.
type CostMove struct {
	On          When
	Units, Kept string
	Evidence    Link
}

func (p CostMoves) table() Table {
	table := Table{Caption: "Day by day", Summary: "Day by day", Pager: p.Pager, Columns: []Column{{Label: "Day", Kind: Tight}, {Label: "Units", Kind: Number}, {Label: keptTitle, Kind: Number, Hint: keptHint}, {Label: "Evidence", Kind: Wrap}},
		Empty: Empty{Icon: "inbox", Title: "Nothing was counted"}}
	for _, m := range p.Rows {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Moment(m.On), textOrNothing(m.Units), textOrNothing(m.Kept), Anchor(m.Evidence)}})
	}
	return table
}
