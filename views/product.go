package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// ProductList lists SKUs with the P21 items that they stand for.
type ProductList struct {
	Listing
	Filter  Filter
	Buttons []Button
	Upload  *AdminForm // nil: this person may not change maps
	Rows    []ProductRow
}

// ProductRow is an SKU in a marketplace.
type ProductRow struct {
	SKU         Link
	Title       string
	Connection  string
	Marketplace string
	Items       string // "2 x MUG-01 + BOX-03"; empty: not mapped
	From, To    string
	Channel     string
	Status      Pill
}

// Keys of the product list's columns.
const (
	ProductSKU         = "sku"
	ProductTitle       = "title"
	ProductConnection  = "connection"
	ProductMarketplace = "marketplace"
	ProductItems       = "items"
	ProductFrom        = "from"
	ProductTo          = "to"
	ProductChannel     = "channel"
	ProductStatus      = "status"
)

func (l ProductList) table() Table {
	table := l.Listing.table("Products",
		Column{Key: ProductSKU, Label: "SKU", Kind: Tight},
		Column{Key: ProductTitle, Label: "Title", Kind: Clip},
		Column{Key: ProductMarketplace, Label: "Marketplace", Kind: Tight},
		Column{Key: ProductItems, Label: "P21 item", Kind: Wrap},
		Column{Key: ProductStatus, Label: "State", Kind: Tight},
		Column{Key: ProductFrom, Label: "Valid from", Kind: Tight},
		Column{Key: ProductTo, Label: "Valid to", Kind: Tight, Hint: "The first day on which it no longer holds"},
		Column{Key: ProductChannel, Label: "Channel", Kind: Tight},
		Column{Key: ProductConnection, Label: "Connection", Kind: Tight},
	)
	if table.Empty.Title == "" {
		table.Empty = Empty{Icon: "tag", Title: "No product here", Text: "SKUs stand here when Amazon's listings have been read, or when somebody has mapped them."}
	}
	for _, row := range l.Rows {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{
			PanelLink(row.SKU), Text(row.Title), Text(row.Marketplace), codeOrNothing(row.Items), StatusPill(row.Status),
			textOrNothing(row.From), textOrNothing(row.To), textOrNothing(row.Channel), Text(row.Connection),
		}})
	}
	return table
}

func codeOrNothing(text string) templ.Component {
	if text == "" {
		return Nothing()
	}
	return Code(text)
}

func textOrNothing(text string) templ.Component {
	if text == "" {
		return Nothing()
	}
	return Text(text)
}

// ProductPage is one SKU: where it is listed, what it stood for, and the form
// that maps it.
type ProductPage struct {
	Status      Pill
	Facts       []Fact
	Listings    *Table // nil: Amazon lists it nowhere
	Suggestions []ProductSuggestion
	Form        *ProductForm // nil: this person may not map
	Why         string       // why there is no form
	Current     []ProductMap // maps that hold or will hold
	Past        *Table       // nil: none
}

// ProductSuggestion is an item that the SKU may stand for.
type ProductSuggestion struct {
	Use    Link // fills the form; nothing is mapped by it
	Text   string
	Reason string
}

// ProductMap is a map that holds now or later.
type ProductMap struct {
	Items   string
	Detail  string // descriptions of the items
	Where   string // its marketplace
	When    string // "from 2026-01-01 on"
	Note    string
	Made    string
	Status  Pill
	Change  Link    // fills the form with it; empty: not by this person
	End     string  // posts here; empty: not by this person
	Version string  // posted as "map"
	Until   []Field // the day of the end
}

// ProductForm maps an SKU, or changes a map from a day on.
type ProductForm struct {
	Title    string
	Action   string
	Hidden   []Hidden
	Parts    []ProductPart
	More     string // link to the form with more rows
	Search   string // answers with the items of what is typed
	Items    []Account
	Fields   []Field // marketplace, from, to, note
	Submit   Button
	Problem  string
	KitOpen  bool // the rows beyond the first are in use
	KitLabel string
}

// ProductPart is one row of the form: an item of the SKU.
type ProductPart struct {
	Code, Quantity, Share Field
}

func partNumber(i int) string { return "Item " + strconv.Itoa(i+1) }
