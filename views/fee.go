package views

import "github.com/a-h/templ"

// FeePage is what was sold and what Amazon charged for it.
type FeePage struct {
	Listing
	Filter  Filter
	Alert   *Alert // amounts that no rule names
	Monthly bool   // rows are of single months
	NoSKU   bool   // rows are of whole marketplaces
	Rows    []FeeRow
	Totals  []FeeRow
}

// FeeRow is a row of the summary; its amounts lead to what they are made of.
type FeeRow struct {
	SKU, Marketplace, Month Link
	Connection, Currency    string
	Units                   Link
	Sales                   Amount
	SalesChange             Change
	Parts                   []Amount // referral to other
	Fees, PerUnit           Amount
	Share                   string
	ShareChange             Change
}

// Change is how a figure stands against the one before: an arrow, the number
// and the word for it.
type Change struct {
	Up, Down bool
	Text     string // "1.2 points up"; empty: nothing to compare with
	Bad      bool
}

func (c Change) icon() string {
	switch {
	case c.Up:
		return "arrow-up"
	case c.Down:
		return "arrow-down"
	}
	return "minus"
}

// Keys of the columns of the fee summary.
const (
	FeeSKU         = "sku"
	FeeMarketplace = "marketplace"
	FeeMonth       = "month"
	FeeConnection  = "connection"
	FeeUnits       = "units"
	FeeSales       = "sales"
	FeeFees        = "fees"
	FeePerUnit     = "unit"
	FeeShare       = "share"
	FeeChange      = "change"
)

func (p FeePage) table() Table {
	without := map[string]bool{}
	for key, out := range p.Without {
		without[key] = out
	}
	without[FeeSKU], without[FeeMonth] = p.NoSKU, !p.Monthly
	p.Listing.Without = without
	first := []Column{{Key: FeeSKU, Label: "SKU", Kind: Tight}, {Key: FeeMarketplace, Label: "Marketplace", Kind: Tight}}
	if p.NoSKU {
		first[0], first[1] = first[1], first[0]
	}
	columns := append(first, Column{Key: FeeMonth, Label: "Month", Kind: Tight}, Column{Key: FeeConnection, Label: "Connection", Kind: Tight}, Column{Key: "currency", Label: "Currency", Kind: Tight},
		Column{Key: FeeUnits, Label: "Units", Kind: Number}, Column{Key: FeeSales, Label: "Sales", Kind: Number}, Column{Key: "sales-change", Label: "Sales change", Kind: Number},
		Column{Key: FeeFees, Label: "Fees", Kind: Number}, Column{Key: FeePerUnit, Label: "Per unit", Kind: Number}, Column{Key: FeeShare, Label: "% of sales", Kind: Number}, Column{Key: FeeChange, Label: "% change", Kind: Number},
		Column{Key: "referral", Label: "Referral", Kind: Number}, Column{Key: "fulfilment", Label: "FBA fulfilment", Kind: Number}, Column{Key: "storage", Label: "Storage", Kind: Number},
		Column{Key: "advertising", Label: "Advertising", Kind: Number}, Column{Key: "other", Label: "Other fees", Kind: Number})
	table := p.Listing.table("Fees", columns...)
	table.Dense = true
	for _, row := range p.Rows {
		table.Rows = append(table.Rows, Row{Cells: p.cells(row, RowLink)})
	}
	for _, row := range p.Totals {
		table.Foot = append(table.Foot, Row{Cells: p.cells(row, Anchor)})
	}
	return table
}

func (p FeePage) cells(row FeeRow, link func(Link) templ.Component) []templ.Component {
	first := []templ.Component{link(row.SKU), Soft(row.Marketplace.Text)}
	if p.NoSKU {
		first = []templ.Component{link(row.Marketplace), nil}
	}
	if row.Marketplace.Text == "" && !p.NoSKU {
		first[1] = nil
	}
	cells := append(first, softOrNothing(row.Month.Text), softOrNothing(row.Connection), softOrNothing(row.Currency), numberLink(row.Units), moneyOrNothing(row.Sales), ChangeMark(row.SalesChange),
		moneyOrNothing(row.Fees), moneyOrNothing(row.PerUnit), textOrNothing(row.Share), ChangeMark(row.ShareChange))
	for _, part := range row.Parts {
		cells = append(cells, moneyOrNothing(part))
	}
	return cells
}

// softOrNothing leaves the cell to its neighbour where a total has no word for it.
func softOrNothing(text string) templ.Component {
	if text == "" {
		return nil
	}
	return Soft(text)
}

func numberLink(link Link) templ.Component {
	if link.Text == "" {
		return Nothing()
	}
	return Anchor(link)
}

// FeeMade is what a number of the summary is made of.
type FeeMade struct {
	Listing
	Facts  []Fact
	Rows   []MadeRow
	Totals []MadeRow
}

// MadeRow is the amounts of a kind in a settlement.
type MadeRow struct {
	Settlement   Link // to its lines
	Cycle, Kind  string
	Marketplace  string
	Lines, Units string
	Amount       Amount
}

func (p FeeMade) table() Table {
	table := p.Listing.table("Settlements and kinds", Column{Key: "settlement", Label: "Settlement", Kind: Tight}, Column{Key: "cycle", Label: "Cycle", Kind: Tight}, Column{Key: "kind", Label: "Kind", Kind: Clip},
		Column{Key: "marketplace", Label: "Marketplace", Kind: Tight}, Column{Key: "lines", Label: "Lines", Kind: Number}, Column{Key: "units", Label: "Quantity", Kind: Number}, Column{Key: "amount", Label: "Amount", Kind: Number})
	table.Empty = Empty{Icon: "inbox", Title: "Nothing of the kind", Text: "No settlement of these months has such an amount."}
	for _, r := range p.Rows {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{RowLink(r.Settlement), Soft(r.Cycle), Text(r.Kind), Soft(r.Marketplace), Text(r.Lines), Text(r.Units), Money(r.Amount)}})
	}
	for _, r := range p.Totals {
		table.Foot = append(table.Foot, Row{Cells: []templ.Component{Strong(r.Settlement.Text), nil, nil, nil, Text(r.Lines), Text(r.Units), Money(r.Amount)}})
	}
	return table
}
