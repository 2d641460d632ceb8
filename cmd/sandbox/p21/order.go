package p21

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// States of an order.
const (
	open      = "Open"
	shipped   = "Shipped"
	invoiced  = "Invoiced"
	cancelled = "Cancelled"
)

// enterOrder checks an order against the books' rules and keeps it.
func (t *trade) enterOrder(o Order, refuseDuplicates bool) (Order, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.advance(); err != nil {
		return Order{}, err
	}
	if refuseDuplicates {
		for _, known := range t.withReference(o.Reference) {
			if known.Company == o.Company {
				return Order{}, &errRefused{kind: "Duplicate", message: o.Reference + " was entered before", existing: fmt.Sprint(known.Number)}
			}
		}
	}
	if err := t.checkOrder(o); err != nil {
		return Order{}, err
	}
	o.Number, o.Status, o.CreatedAt, o.Version = t.nextDocument(), open, t.now(), 1
	o.ModifiedAt = o.CreatedAt
	o.Lines = slices.Clone(o.Lines)
	for i, l := range o.Lines {
		item, _ := t.items.get(l.Item)
		if l.Unit == "" {
			o.Lines[i].Unit = item.Unit
		}
	}
	return o, t.commit(tradeEvent{Orders: []Order{o}, Stock: t.allocate(o, Order{})})
}

func (t *trade) checkOrder(o Order) error {
	customer, ok := t.customers.get(o.Customer)
	if !ok || customer.Company != o.Company {
		return refuseTrade("Validation", "CustomerNumber", "UnknownCustomer", "Customer ID %d is not valid for company %s", o.Customer, o.Company)
	}
	if o.Currency != customer.Currency {
		return refuseTrade("Validation", "CurrencyCode", "Currency", "Customer %d buys in %s, not in %s", o.Customer, customer.Currency, o.Currency)
	}
	if o.Reference == "" || len(o.Lines) == 0 {
		return refuseTrade("Validation", "ExternalReference", "Required", "Reference and lines are required")
	}
	if !slices.ContainsFunc(locationsOf(t.companies), func(l Location) bool { return l.ID == o.Location && l.Company == o.Company }) {
		return refuseTrade("Validation", "LocationId", "UnknownLocation", "Location %s is not valid for company %s", o.Location, o.Company)
	}
	for i, l := range o.Lines {
		field := fmt.Sprintf("LineItems[%d]", i)
		if item, ok := t.items.get(l.Item); !ok || !item.Active {
			return refuseTrade("Validation", field+".ProductCode", "UnknownProduct", "Item ID %s is not valid", l.Item)
		}
		if !l.Quantity.IsPositive() || l.Price.IsNegative() {
			return refuseTrade("Validation", field+".Quantity", "Quantity", "Quantity must be greater than zero")
		}
	}
	return nil
}

// changeOrder cancels an open order or sets quantities of its lines. versions
// below 1 are not compared.
func (t *trade) changeOrder(number, version int64, cancel bool, quantities map[int]OrderLine) (Order, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.advance(); err != nil {
		return Order{}, err
	}
	before, ok := t.orders.get(number)
	switch {
	case !ok:
		return Order{}, refuseTrade("NotFound", "", "", "Order %d does not exist", number)
	case version > 0 && version != before.Version:
		return Order{}, refuseTrade("Conflict", "RowVersion", "Stale", "Order %d has changed", number)
	case before.Status != open || slices.ContainsFunc(before.Lines, func(l OrderLine) bool { return l.Shipped.IsPositive() }):
		return Order{}, refuseTrade("Validation", "OrderStatus", "Status", "Order %d can no longer be changed: it is %s", number, strings.ToLower(before.Status))
	}
	after := before
	after.Lines = slices.Clone(before.Lines)
	for i, l := range after.Lines {
		change, named := quantities[l.Number]
		if !named {
			continue
		}
		if change.Quantity.IsNegative() || change.Item != "" && change.Item != l.Item {
			return Order{}, refuseTrade("Validation", fmt.Sprintf("LineItems[%d]", i), "Line", "Line %d cannot be changed like that", l.Number)
		}
		after.Lines[i].Quantity = change.Quantity
		if change.Price.IsPositive() {
			after.Lines[i].Price = change.Price
		}
		after.Lines[i].Total = change.Quantity.Mul(after.Lines[i].Price).Round(4)
		if change.Total.IsPositive() {
			after.Lines[i].Total = change.Total
		}
	}
	if cancel || !slices.ContainsFunc(after.Lines, func(l OrderLine) bool { return l.Quantity.IsPositive() }) {
		after.Status = cancelled
	}
	after.ModifiedAt, after.Version = t.now(), before.Version+1
	return after, t.commit(tradeEvent{Orders: []Order{after}, Stock: t.allocate(after, before)})
}

// allocate returns the stock with what an order now takes and no longer takes.
func (t *trade) allocate(after, before Order) []Stock {
	need := map[string]decimal.Decimal{}
	for _, l := range after.Lines {
		if after.Status != cancelled {
			need[l.Item] = need[l.Item].Add(l.Quantity)
		}
	}
	for _, l := range before.Lines {
		need[l.Item] = need[l.Item].Sub(l.Quantity)
	}
	return t.moved(after.Location, need, func(s *Stock, q decimal.Decimal) { s.Allocated = s.Allocated.Add(q) })
}

func (t *trade) moved(location string, quantities map[string]decimal.Decimal, change func(*Stock, decimal.Decimal)) []Stock {
	var changed []Stock
	for _, s := range t.stock.list {
		quantity := quantities[s.Item]
		if s.Location != location || quantity.IsZero() {
			continue
		}
		change(&s, quantity)
		s.ModifiedAt, s.Version = t.now(), s.Version+1
		changed = append(changed, s)
	}
	return changed
}

// advance ships and invoices what has come due; the caller holds mu.
func (t *trade) advance() error {
	now := t.now()
	if passed := now.Sub(t.advanced); passed >= 0 && passed < min(t.shipAfter, t.invoiceAfter)/100 {
		return nil // hardly anything can have come due
	}
	t.advanced = now
	for _, o := range t.orders.list {
		due := o.CreatedAt.Add(t.shipAfter)
		if t.shipAfter > 0 && o.Status == open && !due.After(now) {
			if err := t.ship(o, nil, due); err != nil {
				return err
			}
			o, _ = t.orders.get(o.Number)
			if err := t.commit(t.posted(o)); err != nil {
				return err
			}
		}
		due = o.ModifiedAt.Add(t.invoiceAfter)
		if t.invoiceAfter > 0 && o.Status == shipped && !due.After(now) {
			if err := t.invoice(o, due); err != nil {
				return err
			}
		}
	}
	return nil
}

// ship sends quantities of lines, everything that is left when nil.
func (t *trade) ship(o Order, quantities map[int]decimal.Decimal, at time.Time) error {
	if o.Status != open {
		return fmt.Errorf("order %d is %s", o.Number, strings.ToLower(o.Status))
	}
	s := Shipment{Number: int64(500_001 + len(t.shipments.list)), Order: o.Number, Company: o.Company, Location: o.Location,
		Date: at.Format(time.DateOnly), ModifiedAt: at, Version: 1}
	o.Lines = slices.Clone(o.Lines)
	left, taken := decimal.Zero, map[string]decimal.Decimal{}
	for i, l := range o.Lines {
		quantity := l.Quantity.Sub(l.Shipped)
		if quantities != nil {
			quantity = decimal.Min(quantity, quantities[l.Number])
		}
		left = left.Add(l.Quantity.Sub(l.Shipped).Sub(quantity))
		if !quantity.IsPositive() {
			continue
		}
		o.Lines[i].Shipped = l.Shipped.Add(quantity)
		taken[l.Item] = taken[l.Item].Add(quantity)
		s.Lines = append(s.Lines, ShipmentLine{l.Number, l.Item, quantity})
	}
	if len(s.Lines) == 0 {
		return fmt.Errorf("nothing of order %d is left to ship", o.Number)
	}
	if left.IsZero() {
		o.Status = shipped
	}
	o.ModifiedAt, o.Version = at, o.Version+1
	stock := t.moved(o.Location, taken, func(s *Stock, q decimal.Decimal) { s.OnHand, s.Allocated = s.OnHand.Sub(q), s.Allocated.Sub(q) })
	return t.commit(tradeEvent{Orders: []Order{o}, Shipments: []Shipment{s}, Stock: stock})
}

// invoice bills every shipment of an order that is not billed yet.
func (t *trade) invoice(o Order, at time.Time) error {
	e := tradeEvent{}
	for _, s := range t.shipments.list {
		if s.Order != o.Number || s.Invoice != 0 {
			continue
		}
		i := t.invoiceOf(o, s, int64(700_001+len(t.invoices.list)+len(e.Invoices)), at)
		s.Invoice, s.ModifiedAt, s.Version = i.Number, at, s.Version+1
		e.Invoices, e.Shipments = append(e.Invoices, i), append(e.Shipments, s)
	}
	if len(e.Invoices) == 0 {
		return fmt.Errorf("nothing of order %d is left to invoice", o.Number)
	}
	if o.Status == shipped {
		o.Status = invoiced
	}
	o.ModifiedAt, o.Version = at, o.Version+1
	e.Orders = []Order{o}
	return t.commit(e)
}

func (t *trade) invoiceOf(o Order, s Shipment, number int64, at time.Time) Invoice {
	i := Invoice{Number: number, Order: o.Number, Company: o.Company, Customer: o.Customer, Reference: o.Reference,
		Date: at.Format(time.DateOnly), Currency: o.Currency, ModifiedAt: at}
	for _, l := range s.Lines {
		line := o.Lines[slices.IndexFunc(o.Lines, func(known OrderLine) bool { return known.Number == l.Line })]
		total := line.Total
		if !l.Quantity.Equal(line.Quantity) {
			total = line.Price.Mul(l.Quantity).Round(2)
		}
		stock, _ := t.stock.get(stockKey{l.Item, s.Location})
		i.Lines = append(i.Lines, InvoiceLine{l.Line, l.Item, l.Quantity, line.Price, total, stock.Cost.Mul(l.Quantity).Round(2)})
		i.Total = i.Total.Add(total)
	}
	return i
}

// enterReturn keeps a return, of an order when it names one.
func (t *trade) enterReturn(r Return, refuseDuplicates bool) (Return, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if refuseDuplicates {
		for _, known := range t.returns.list {
			if known.Company == r.Company && known.Reference == r.Reference {
				return Return{}, &errRefused{kind: "Duplicate", message: r.Reference + " was entered before", existing: fmt.Sprint(known.Number)}
			}
		}
	}
	order, ok := t.orders.get(r.Order)
	if !ok || order.Company != r.Company {
		return Return{}, refuseTrade("Validation", "SalesOrderNumber", "UnknownOrder", "Order %d does not exist", r.Order)
	}
	for i, l := range r.Lines {
		known := slices.IndexFunc(order.Lines, func(o OrderLine) bool { return o.Number == l.OrderLine && o.Item == l.Item })
		if known < 0 || !l.Quantity.IsPositive() || l.Quantity.GreaterThan(order.Lines[known].Shipped) {
			return Return{}, refuseTrade("Validation", fmt.Sprintf("LineItems[%d]", i), "Line", "%s of %s was not shipped on line %d of order %d", l.Quantity, l.Item, l.OrderLine, r.Order)
		}
	}
	if _, err := time.Parse(time.DateOnly, r.Date); err != nil {
		return Return{}, refuseTrade("Validation", "ReturnDate", "Required", "ReturnDate must be YYYY-MM-DD")
	}
	if r.Reference == "" || len(r.Lines) == 0 {
		return Return{}, refuseTrade("Validation", "ExternalReference", "Required", "Reference and lines are required")
	}
	r.Number, r.Status, r.Customer, r.Currency, r.CreatedAt = t.nextDocument(), open, order.Customer, order.Currency, t.now()
	r.ModifiedAt = r.CreatedAt
	return r, t.commit(tradeEvent{Returns: []Return{r}})
}

// posted numbers what the company itself ships for Amazon's buyers.
func (t *trade) posted(o Order) tradeEvent {
	if o.Source != "AMAZON-MFN" {
		return tradeEvent{}
	}
	return t.numbered(o, "100123", "1Z999AA1")
}

// numbered gives shipments of an order that have no number yet one.
func (t *trade) numbered(o Order, carrier, tracking string) (e tradeEvent) {
	for _, s := range t.shipments.list {
		if s.Order == o.Number && s.Tracking == "" {
			s.Carrier, s.Tracking, s.ModifiedAt, s.Version = carrier, fmt.Sprintf("%s%d", tracking, s.Number), t.now(), s.Version+1
			e.Shipments = append(e.Shipments, s)
		}
	}
	return e
}

// track writes carrier and tracking number; version 0 is not compared.
func (t *trade) track(number, version int64, carrier, tracking string) (Shipment, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.shipments.get(number)
	switch {
	case !ok:
		return Shipment{}, refuseTrade("NotFound", "", "", "Shipment %d does not exist", number)
	case version > 0 && version != s.Version:
		return Shipment{}, refuseTrade("Conflict", "RowVersion", "Stale", "Shipment %d has changed", number)
	case s.Invoice != 0:
		return Shipment{}, refuseTrade("Validation", "TrackingNumber", "Invoiced", "Shipment %d is already invoiced", number)
	}
	s.Carrier, s.Tracking, s.ModifiedAt, s.Version = carrier, cut(tracking, 40), t.now(), s.Version+1
	return s, t.commit(tradeEvent{Shipments: []Shipment{s}})
}
