// Package fulfilment has what Amazon ships for other channels: P21's orders that
// are flagged for it become orders of Amazon's multi-channel fulfilment, and what
// Amazon tells of them goes back to P21 and to the channel they came from. It is
// three flows, because each of them can fail and be tried again alone.
package fulfilment

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/connection"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/money"
	"tieout/app/p21"
)

// content is what a record of requests keeps: P21's order and, once there is
// one, Amazon's.
type content struct {
	Order        p21.SalesOrder      `json:"order"`
	Marketplaces []string            `json:"marketplaces,omitempty"` // of the connection
	Amazon       *amazon.Fulfillment `json:"amazon,omitempty"`
}

// changed is when either side last changed.
func (c content) changed() time.Time {
	if c.Amazon == nil {
		return c.Order.ChangedAt
	}
	return later(c.Order.ChangedAt, c.Amazon.Updated)
}

// Order is what formulas see of a request.
type Order struct {
	Number        string          `expr:"number"`
	Reference     string          `expr:"reference"` // the customer's PO number
	Source        string          `expr:"source"`    // P21's order source, or its taker
	Company       string          `expr:"company"`
	Customer      string          `expr:"customer"`
	Location      string          `expr:"location"`
	Date          string          `expr:"date"` // 2006-01-02, like requested; empty: none
	Requested     string          `expr:"requested"`
	Status        string          `expr:"status"` // Open, Shipped, Invoiced, Cancelled; empty: not known
	Currency      string          `expr:"currency"`
	Total         decimal.Decimal `expr:"total"`
	Units         int             `expr:"units"` // of all lines
	MarketplaceID string          `expr:"marketplaceId"`
	ShipTo        ShipTo          `expr:"shipTo"`
	Amazon        Progress        `expr:"amazon"`
	Lines         []OrderLine     `expr:"lines"`
}

// ShipTo is where the order goes. All of it is personal.
type ShipTo struct {
	Name       string `expr:"name"`
	Line1      string `expr:"line1"`
	Line2      string `expr:"line2"`
	City       string `expr:"city"`
	State      string `expr:"state"`
	PostalCode string `expr:"postalCode"`
	Country    string `expr:"country"`
	Phone      string `expr:"phone"`
	Email      string `expr:"email"`
}

// Progress is how far Amazon is.
type Progress struct {
	Status        string `expr:"status"` // empty: it is not asked yet
	Shipments     int    `expr:"shipments"`
	Sent          int    `expr:"sent"` // units that left
	Cancelled     int    `expr:"cancelled"`
	Unfulfillable int    `expr:"unfulfillable"`
}

// OrderLine is a line of P21's order.
type OrderLine struct {
	Number    int             `expr:"number"`
	Reference string          `expr:"reference"` // the channel's; not every P21 keeps it
	Item      string          `expr:"item"`
	Quantity  decimal.Decimal `expr:"quantity"`
	Units     int             `expr:"units"` // the quantity, where it is whole
	Whole     bool            `expr:"whole"`
	Unit      string          `expr:"unit"`
	Price     decimal.Decimal `expr:"price"`
	Total     decimal.Decimal `expr:"total"`
}

// Line is what formulas of lines see.
type Line struct {
	Order Order     `expr:"order"`
	Line  OrderLine `expr:"line"`
}

// lines is the name of the list.
const lines = "lines"

// read makes a content readable for formulas.
func read(raw json.RawMessage) (flow.Source, error) {
	var c content
	if err := json.Unmarshal(raw, &c); err != nil {
		return flow.Source{}, fault.Wrap(err, fault.Invalid, "The order cannot be read: %v.", err)
	}
	o := orderOf(c)
	s := flow.Source{Header: o, Lists: map[string][]any{lines: {}}, Title: title(o)}
	for _, l := range o.Lines {
		s.Lists[lines] = append(s.Lists[lines], Line{o, l})
	}
	if o.Currency != "" {
		s.Amount = money.New(o.Total, money.Currency(o.Currency))
	}
	return s, nil
}

func orderOf(c content) Order {
	from, a := c.Order, c.Order.ShipTo
	o := Order{Number: from.Number, Reference: from.Reference, Source: from.Source, Company: from.Company, Customer: from.Customer, Location: from.Location,
		Status: string(from.Status), Currency: string(from.Currency), Total: from.Total(), MarketplaceID: marketplace(c.Marketplaces, a.Country),
		ShipTo: ShipTo{a.Name, a.Line1, a.Line2, a.City, a.State, a.PostalCode, a.Country, a.Phone, a.Email}, Amazon: progress(c.Amazon)}
	if from.Date.Year > 0 {
		o.Date = from.Date.String()
	}
	if from.Requested.Year > 0 {
		o.Requested = from.Requested.String()
	}
	for _, l := range from.Lines {
		if l.Quantity.IsZero() {
			continue // cancelled
		}
		line := OrderLine{Number: l.Number, Reference: l.Reference, Item: l.Item, Quantity: l.Quantity, Unit: l.Unit, Price: l.UnitPrice, Total: l.Total}
		if l.Quantity.IsInteger() && l.Quantity.LessThan(decimal.NewFromInt(1_000_000)) {
			line.Units, line.Whole = int(l.Quantity.IntPart()), true
		}
		o.Units += line.Units
		o.Lines = append(o.Lines, line)
	}
	return o
}

// marketplace is the connection's of the country that the order goes to, or its
// first one.
func marketplace(ids []string, country string) string {
	of := func(id string) bool {
		shop, ok := amazon.MarketplaceByID(id)
		return ok && shop.Country == country
	}
	if i := slices.IndexFunc(ids, of); i >= 0 {
		return ids[i]
	}
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}

func progress(f *amazon.Fulfillment) Progress {
	if f == nil {
		return Progress{}
	}
	p := Progress{Status: string(f.Status)}
	for _, i := range f.Items {
		p.Cancelled, p.Unfulfillable = p.Cancelled+i.Cancelled, p.Unfulfillable+i.Unfulfillable
	}
	for _, s := range f.Shipments {
		if s.Status != amazon.ShipmentShipped {
			continue
		}
		p.Shipments++
		for _, i := range s.Items {
			p.Sent += i.Quantity
		}
	}
	return p
}

// title says what is to be sent: "2 x KET-1 and 1 more", and how far Amazon is.
func title(o Order) string {
	text := ""
	if len(o.Lines) > 0 {
		text = o.Lines[0].Item
		if first := o.Lines[0].Quantity; !first.Equal(decimal.NewFromInt(1)) {
			text = first.String() + " x " + text
		}
	}
	if more := len(o.Lines) - 1; more > 0 {
		text += " and " + strconv.Itoa(more) + " more"
	}
	if o.Amazon.Status != "" {
		text += " (" + state(o.Amazon) + ")"
	}
	return text
}

// state is how far Amazon is, for people.
func state(p Progress) string {
	switch amazon.FulfillmentState(p.Status) {
	case amazon.FulfillmentProcessing:
		if p.Sent > 0 {
			return fmt.Sprintf("%d sent", p.Sent)
		}
		return "at Amazon"
	case amazon.FulfillmentComplete:
		return "sent"
	case amazon.FulfillmentPartial:
		return fmt.Sprintf("%d sent, %d cannot be", p.Sent, p.Unfulfillable)
	case amazon.FulfillmentCancelled:
		return "cancelled at Amazon"
	case amazon.FulfillmentUnfulfillable:
		return "Amazon cannot send it"
	case amazon.FulfillmentInvalid:
		return "refused by Amazon"
	}
	return p.Status
}

// seller names the seller account that orders are given to.
func seller(c connection.Connection) string {
	if c.SellerID != "" {
		return c.SellerID
	}
	return "connection " + c.Name
}
