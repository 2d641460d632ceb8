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

// Sales are the sales orders of one P21 company. Reads are tried again when
// the server is busy or broken; writes are sent at most once, and OutcomeOf
// tells what a failed one left behind.
type Sales interface {
	// FindOrders returns every order with this reference, cancelled ones
	// included: several where the server does not refuse duplicates.
	FindOrders(ctx context.Context, reference string) ([]SalesOrder, error)
	// ReadOrder returns the order with this number; Type NotFound when there is none.
	ReadOrder(ctx context.Context, number string) (SalesOrder, error)
	// PostOrder enters an order, reads it back and returns it as P21 holds it.
	// When P21 holds something else than was sent the error is of Type
	// Malformed, its outcome Unknown and ExistingKey the order's number.
	PostOrder(ctx context.Context, order SalesOrder) (SalesOrder, error)
	// ChangeOrder changes the quantities of an open order's lines, zero cancels
	// one; with Status Cancelled the whole order is cancelled and its lines stay as
	// they are. The order is one that was read: Type Conflict when P21 holds a newer RowVersion.
	ChangeOrder(ctx context.Context, order SalesOrder) (SalesOrder, error)
}

// OrderStatus is how far an order is; empty where P21 does not tell this user.
type OrderStatus string

// Order statuses.
const (
	Open      OrderStatus = "Open"
	Shipped   OrderStatus = "Shipped"
	Invoiced  OrderStatus = "Invoiced"
	Cancelled OrderStatus = "Cancelled"
)

// SalesOrder is an order of one customer in one currency.
type SalesOrder struct {
	Company   string
	Customer  string // number
	Reference string // the channel's order id; P21's customer PO number
	Source    string // e.g. AMAZON-FBA; P21's taker where it has no better place
	Date      period.Date
	Requested period.Date // P21 wants a later day than Date
	Currency  money.Currency
	Location  string // id of the location that sells and ships
	ShipTo    Address
	Lines     []SalesLine

	// What P21 adds.
	Number     string
	Status     OrderStatus
	CreatedAt  time.Time // UTC, like ChangedAt; zero when P21 does not say
	ChangedAt  time.Time
	RowVersion string   // what ChangeOrder compares
	Notes      []string // what did not fit into P21 and was cut or rounded
}

// SalesLine is one line of an order.
type SalesLine struct {
	Number    int
	Reference string // the channel's id of the line; not every server keeps it
	Item      string // P21's product code
	Quantity  decimal.Decimal
	Unit      string          // unit of measure; empty: the item's own
	UnitPrice decimal.Decimal // see UnitPrice
	Total     decimal.Decimal // of the line, without tax
	Tax       decimal.Decimal
}

// Address is where goods go. Marketplaces may tell no more than the region.
type Address struct {
	Name, Line1, Line2, City, State, PostalCode string
	Country                                     string // ISO 3166, two letters
	Phone, Email                                string
}

// priceDigits is the scale of P21's unit prices.
const priceDigits = 9

// UnitPrice returns the price of one that makes up a line's total, to the nine
// decimals that P21 keeps; zero for a quantity of zero.
func UnitPrice(total, quantity decimal.Decimal) decimal.Decimal {
	if quantity.IsZero() {
		return decimal.Zero
	}
	return total.DivRound(quantity, priceDigits)
}

// Total adds the lines up, without tax.
func (o SalesOrder) Total() decimal.Decimal {
	sum := decimal.Zero
	for _, l := range o.Lines {
		sum = sum.Add(l.Total)
	}
	return sum
}

// Widths of P21's columns, in characters. What identifies is refused when it is
// longer; what describes is cut, and Notes says so.
const (
	numberWidth    = 19
	orderReference = 50
	sourceWidth    = 30
	locationWidth  = 19
	itemWidth      = 40
	unitWidth      = 8
)

// Validate returns an *Error of type Validation when no P21 could take the order.
func (o SalesOrder) Validate() error { return o.validate("post order", false) }

func (o SalesOrder) validate(operation string, change bool) error {
	c := complaints{}
	c.text(o.Company, companyWidth, "Company")
	c.text(o.Customer, numberWidth, "Customer")
	c.text(o.Reference, orderReference, "Reference")
	c.optional(o.Source, sourceWidth, "Source")
	c.text(o.Location, locationWidth, "Location")
	c.require(o.Date.Year > 0, "Date", "is missing")
	c.require(o.Currency.Valid(), "Currency", "is not an ISO 4217 code")
	c.require(len(o.Lines) > 0, "Lines", "are missing")
	numbers := map[int]bool{}
	for i, l := range o.Lines {
		field := fmt.Sprintf("Lines[%d]", i)
		c.problem(field, l.problem(o.Currency, change))
		c.require(l.Number > 0 && !numbers[l.Number], field, "the line number is missing or not the only one")
		numbers[l.Number] = true
	}
	return c.err(operation, "the order is not complete")
}

// ValidateChange returns an *Error of type Validation when the order cannot
// have been read from P21 or its quantities make no sense.
func (o SalesOrder) ValidateChange() error {
	if o.Number == "" || o.RowVersion == "" {
		return &Error{Operation: "change order", Type: Validation, Message: "the order was not read from P21: its number or version is missing"}
	}
	if o.Status != Cancelled && !slices.ContainsFunc(o.Lines, func(l SalesLine) bool { return l.Quantity.IsPositive() }) {
		return &Error{Operation: "change order", Type: Validation, Message: "nothing is left of the order: cancel it as a whole"}
	}
	return o.validate("change order", true)
}

// problem says what is wrong with a line; zero is a quantity in a change only.
func (l SalesLine) problem(currency money.Currency, change bool) string {
	switch {
	case !fits(l.Item, itemWidth):
		return "the item is missing or longer than 40 characters"
	case len([]rune(l.Unit)) > unitWidth:
		return "the unit is longer than 8 characters"
	case l.Quantity.IsNegative() || l.Quantity.IsZero() && !change:
		return "the quantity is not positive"
	case !l.Quantity.Equal(l.Quantity.Truncate(4)) || !l.Total.Equal(l.Total.Truncate(4)) || !l.Tax.Equal(l.Tax.Truncate(4)):
		return "a quantity or amount has more than four decimals"
	case l.UnitPrice.IsNegative() || l.Total.IsNegative() || l.Tax.IsNegative():
		return "an amount is negative"
	case !l.UnitPrice.Equal(l.UnitPrice.Truncate(priceDigits)):
		return "the unit price has more than nine decimals"
	case !l.addsUp(currency):
		return fmt.Sprintf("%s at %s are not %s", l.Quantity, l.UnitPrice, l.Total)
	}
	return ""
}

// addsUp allows for a unit price that was rounded to four decimals.
func (l SalesLine) addsUp(currency money.Currency) bool {
	allowed := l.Quantity.Mul(decimal.New(5, -5)).Add(decimal.New(5, -1-currency.MinorDigits()))
	return l.UnitPrice.Mul(l.Quantity).Sub(l.Total).Abs().LessThanOrEqual(allowed)
}

// near reports whether two amounts are the same in the currency's smallest coin.
func near(a, b decimal.Decimal, currency money.Currency) bool {
	digits := currency.MinorDigits()
	return a.Round(digits).Equal(b.Round(digits))
}

// OrderDifference says in words what P21 holds otherwise than intended; empty
// when it is the same order. The address, line references, taxes and the
// requested day do not count: P21 cuts, drops, computes and moves them its own
// way. Prices count by their totals.
func OrderDifference(intended, held SalesOrder) string {
	d := differences{}
	d.text("the company", intended.Company, held.Company)
	d.text("the customer", intended.Customer, held.Customer)
	d.text("the reference", intended.Reference, held.Reference)
	d.text("the date", intended.Date.String(), held.Date.String())
	if held.Currency != "" {
		d.text("the currency", string(intended.Currency), string(held.Currency))
	}
	if held.Location != "" {
		d.text("the location", intended.Location, held.Location)
	}
	if (intended.Status == Cancelled) != (held.Status == Cancelled) {
		d.text("the status", statusWord(intended.Status), string(held.Status))
	}
	d.text("the number of lines", fmt.Sprint(len(intended.Lines)), fmt.Sprint(len(held.Lines)))
	d.text("the total", intended.coins(intended.Currency), held.coins(intended.Currency))
	if len(d.words) > 0 {
		return d.String()
	}
	return orderLinesDifference(intended, held)
}

// coins is the sum of the lines as people pay them: P21 keeps line totals with
// four decimals.
func (o SalesOrder) coins(currency money.Currency) string {
	sum := decimal.Zero
	for _, l := range o.Lines {
		sum = sum.Add(l.Total.Round(currency.MinorDigits()))
	}
	return money.Plain(sum, currency)
}

func statusWord(s OrderStatus) string {
	if s == "" {
		return string(Open)
	}
	return string(s)
}

// orderLinesDifference compares the lines as bags.
func orderLinesDifference(intended, held SalesOrder) string {
	left := slices.Clone(held.Lines)
	for _, want := range intended.Lines {
		i := slices.IndexFunc(left, func(got SalesLine) bool {
			return strings.EqualFold(want.Item, got.Item) && want.Quantity.Equal(got.Quantity) && near(want.Total, got.Total, intended.Currency)
		})
		if i < 0 {
			return fmt.Sprintf("line %d (%s of %s for %s) is not there", want.Number, want.Quantity, want.Item, money.Plain(want.Total, intended.Currency))
		}
		left = slices.Delete(left, i, i+1)
	}
	return ""
}

func (s OrderStatus) words() string {
	if s == "" {
		return "not known to be open"
	}
	return strings.ToLower(string(s))
}

// line returns the line with this number.
func (o SalesOrder) line(number int) (SalesLine, bool) {
	i := slices.IndexFunc(o.Lines, func(l SalesLine) bool { return l.Number == number })
	if i < 0 {
		return SalesLine{}, false
	}
	return o.Lines[i], true
}

// CheckChange returns an *Error when P21 cannot turn held into o: the version
// is old (Conflict), the order has left (Business), or more than quantities and
// prices would change (Validation).
func (o SalesOrder) CheckChange(held SalesOrder) error {
	refuse := func(kind Type, format string, args ...any) error {
		return &Error{Operation: "change order", Type: kind, Message: fmt.Sprintf(format, args...)}
	}
	switch {
	case held.RowVersion != o.RowVersion:
		return refuse(Conflict, "order %s has changed since it was read", o.Number)
	case held.Status != Open:
		return refuse(Business, "order %s is %s", o.Number, held.Status.words())
	case len(o.Lines) != len(held.Lines):
		return refuse(Validation, "order %s has %d lines, not %d", o.Number, len(held.Lines), len(o.Lines))
	}
	for _, l := range o.Lines {
		known, ok := held.line(l.Number)
		if !ok || !strings.EqualFold(known.Item, l.Item) {
			return refuse(Validation, "line %d of order %s is not for %s", l.Number, o.Number, l.Item)
		}
	}
	return nil
}
