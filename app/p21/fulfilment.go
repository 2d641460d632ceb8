package p21

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// Fulfilment is what follows an order: shipments, invoices and returns. What a
// server does not have is an *Error of Type Unsupported, see Features.
type Fulfilment interface {
	// Shipments returns those of an order, or at least those changed since, by number.
	Shipments(ctx context.Context, of Selection) ([]Shipment, error)
	// Invoices returns those of an order, or at least those changed since, by number.
	Invoices(ctx context.Context, of Selection) ([]Invoice, error)
	// Returns returns every return with this reference.
	Returns(ctx context.Context, reference string) ([]Return, error)
	// CreateReturn enters a return, reads it back and returns it as P21 holds it;
	// sent at most once, and answered like PostOrder.
	CreateReturn(ctx context.Context, r Return) (Return, error)
	// WriteTracking writes carrier and tracking number of a shipment that is not
	// yet invoiced, and reads them back. Writing the same again changes nothing.
	WriteTracking(ctx context.Context, t Tracking) error
}

// Selection says which: those of one order, or at least those that have changed
// since an instant. Order wins.
type Selection struct {
	Order string // number
	Since time.Time
}

// Shipment is one shipment of an order.
type Shipment struct {
	Number     string
	Order      string
	Date       period.Date // zero: not yet shipped
	Carrier    string
	Tracking   string
	Location   string
	Lines      []ShipmentLine
	ChangedAt  time.Time // UTC
	RowVersion string    // empty where the server has none
}

// ShipmentLine is how much of an order's line was shipped.
type ShipmentLine struct {
	Line     int // of the order
	Item     string
	Quantity decimal.Decimal
}

// Tracking is what a carrier says about a shipment.
type Tracking struct {
	Shipment string
	Carrier  string // id in P21
	Number   string
}

const trackingWidth = 40

// Validate returns an *Error of type Validation when no P21 could take it.
func (t Tracking) Validate() error {
	c := complaints{}
	c.text(t.Shipment, numberWidth, "Shipment")
	c.text(t.Number, trackingWidth, "Number")
	c.optional(t.Carrier, numberWidth, "Carrier")
	return c.err("write tracking", "the tracking is not complete")
}

// Invoice is one invoice to a customer. Amounts are in the invoice's currency.
type Invoice struct {
	Number     string
	Order      string
	Customer   string
	Reference  string // the customer's PO number
	Date       period.Date
	Type       string // P21's code; IN is an invoice
	Total      decimal.Decimal
	Paid       decimal.Decimal
	Balance    decimal.Decimal // Total less Paid
	Currency   money.Currency  // empty: P21 does not say
	Period     int
	FiscalYear int
	Lines      []InvoiceLine // empty where the server tells none
	ChangedAt  time.Time     // UTC
}

// InvoiceLine is one line of an invoice.
type InvoiceLine struct {
	Line      int // of the order
	Item      string
	Quantity  decimal.Decimal
	UnitPrice decimal.Decimal
	Total     decimal.Decimal
	Cost      decimal.Decimal // of the goods, functional currency
}

// ReturnStatus is how far a return is.
type ReturnStatus string

// Return statuses.
const (
	ReturnOpen      ReturnStatus = "Open"
	ReturnReceived  ReturnStatus = "Received"
	ReturnCancelled ReturnStatus = "Cancelled"
)

// Return is a return merchandise authorisation.
type Return struct {
	Company   string
	Number    string // P21's
	Reference string // ours; several returns of one order need several
	Order     string // number of the order that is returned; empty: not known
	Customer  string
	Date      period.Date
	Location  string // where the goods go
	Status    ReturnStatus
	Lines     []ReturnLine
	CreatedAt time.Time // UTC
}

// ReturnLine is one line of a return.
type ReturnLine struct {
	Number    int
	OrderLine int // of the order; 0: not known
	Item      string
	Quantity  decimal.Decimal
	Reason    string // not every server keeps it
}

// Validate returns an *Error of type Validation when no P21 could take the return.
func (r Return) Validate() error {
	c := complaints{}
	c.text(r.Company, companyWidth, "Company")
	c.text(r.Reference, orderReference, "Reference")
	c.text(r.Order, numberWidth, "Order")
	c.text(r.Customer, numberWidth, "Customer")
	c.text(r.Location, locationWidth, "Location")
	c.require(r.Date.Year > 0, "Date", "is missing")
	c.require(len(r.Lines) > 0, "Lines", "are missing")
	numbers := map[int]bool{}
	for i, l := range r.Lines {
		field := fmt.Sprintf("Lines[%d]", i)
		c.problem(field, l.problem())
		c.require(l.Number > 0 && !numbers[l.Number], field, "the line number is missing or not the only one")
		numbers[l.Number] = true
	}
	return c.err("create return", "the return is not complete")
}

func (l ReturnLine) problem() string {
	switch {
	case !fits(l.Item, itemWidth):
		return "the item is missing or longer than 40 characters"
	case !l.Quantity.IsPositive():
		return "the quantity is not positive"
	case !l.Quantity.Equal(l.Quantity.Truncate(4)):
		return "the quantity has more than four decimals"
	case l.OrderLine <= 0:
		return "the line of the order is missing"
	}
	return ""
}

// ReturnDifference says in words what P21 holds otherwise than intended; empty
// when it is the same return. Reasons do not count, and links to the order only
// where P21 tells them.
func ReturnDifference(intended, held Return) string {
	d := differences{}
	d.text("the company", intended.Company, held.Company)
	d.text("the reference", intended.Reference, held.Reference)
	d.text("the customer", intended.Customer, held.Customer)
	if held.Order != "" {
		d.text("the order", intended.Order, held.Order)
	}
	if (intended.Status == ReturnCancelled) != (held.Status == ReturnCancelled) {
		d.text("the status", string(intended.Status), string(held.Status))
	}
	d.text("the number of lines", fmt.Sprint(len(intended.Lines)), fmt.Sprint(len(held.Lines)))
	if len(d.words) > 0 {
		return d.String()
	}
	left := slices.Clone(held.Lines)
	for _, want := range intended.Lines {
		i := slices.IndexFunc(left, func(got ReturnLine) bool {
			return strings.EqualFold(want.Item, got.Item) && want.Quantity.Equal(got.Quantity) && (got.OrderLine == 0 || got.OrderLine == want.OrderLine)
		})
		if i < 0 {
			return fmt.Sprintf("line %d (%s of %s) is not there", want.Number, want.Quantity, want.Item)
		}
		left = slices.Delete(left, i, i+1)
	}
	return ""
}
