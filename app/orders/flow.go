package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/connection"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/money"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/period"
)

// Sides are both sides of a connection.
type Sides interface {
	Get(ctx context.Context, connectionID int64) (connection.Connection, error)
	Amazon(ctx context.Context, connectionID int64) (*amazon.Client, error)
	P21(ctx context.Context, connectionID int64) (p21.System, error)
}

// Maps finds the items that the SKUs of a marketplace stand for on a day.
type Maps func(ctx context.Context, connectionID int64, marketplace string, skus []string, day period.Date) (map[string]catalog.Mapping, error)

// Listings is told which SKUs orders mention.
type Listings func(ctx context.Context, connectionID int64, listings []catalog.Listing) error

// Flow is the flow of orders; see flow.Flow.
type Flow struct {
	sides    Sides
	source   Source
	maps     Maps
	listings Listings

	mu        sync.Mutex
	customers map[string]customer // by connection and reference
}

// customer is a customer's number in P21 and until when it is not asked again.
type customer struct {
	number string
	until  time.Time
}

// Source is the version of Amazon's orders that is read.
type Source func(*amazon.Client) amazon.OrderSource

// New returns the flow of orders.
func New(sides Sides, source Source, maps Maps, listings Listings) *Flow {
	return &Flow{sides: sides, source: source, maps: maps, listings: listings, customers: map[string]customer{}}
}

// Definition implements flow.Flow.
func (f *Flow) Definition() flow.Definition { return definition() }

// Read implements flow.Flow.
func (f *Flow) Read(content json.RawMessage) (flow.Source, error) { return read(content) }

// Extract implements flow.Flow: orders by when they last changed.
func (f *Flow) Extract(ctx context.Context, connectionID int64, w flow.Window, take flow.Take) (time.Time, error) {
	client, err := f.sides.Amazon(ctx, connectionID)
	if err != nil {
		return time.Time{}, err
	}
	c, err := f.sides.Get(ctx, connectionID)
	if err != nil {
		return time.Time{}, err
	}
	until, since := w.Since, w.Since
	if latest := w.Until.Add(-notYet); since.After(latest) {
		since = latest
	}
	query := amazon.OrderQuery{MarketplaceIDs: c.MarketplaceIDs, UpdatedAfter: since, Before: w.Until, Include: amazon.Impersonal()}
	for page, err := range f.source(client).SearchOrders(ctx, query) {
		if err != nil {
			return time.Time{}, fmt.Errorf("search orders: %w", err)
		}
		if page.UpdatedBefore.After(until) {
			until = page.UpdatedBefore
		}
		if err := f.take(ctx, connectionID, take, "searchOrders", page.Raw, page.Orders); err != nil {
			return time.Time{}, err
		}
	}
	return until, nil
}

// notYet is what the source of orders does not tell yet.
const notYet = 3 * time.Minute

// Fetch implements flow.Flow.
func (f *Flow) Fetch(ctx context.Context, connectionID int64, key string, take flow.Take) error {
	client, err := f.sides.Amazon(ctx, connectionID)
	if err != nil {
		return err
	}
	raw, order, err := f.source(client).Order(ctx, key, amazon.Impersonal())
	if err != nil {
		return fmt.Errorf("get order %s: %w", key, err)
	}
	return f.take(ctx, connectionID, take, "getOrder "+key, raw, []amazon.FoundOrder{{Raw: raw, Order: order}})
}

func (f *Flow) take(ctx context.Context, connectionID int64, take flow.Take, name string, raw []byte, orders []amazon.FoundOrder) error {
	if len(orders) == 0 {
		return nil
	}
	page := flow.Page{Kind: "amazon_orders", Name: name, ContentType: "application/json", Raw: raw}
	var mentioned []catalog.Listing
	for i, found := range orders {
		if found.Err != nil {
			return found.Err
		}
		mentioned = append(mentioned, listingsOf(found.Order)...)
		page.Arrivals = append(page.Arrivals, flow.Arrival{Key: found.Order.ID, At: found.Order.Updated, Content: found.Raw, Position: i})
	}
	if err := f.listings(ctx, connectionID, mentioned); err != nil {
		return err
	}
	return take(ctx, page)
}

// listingsOf are the SKUs that an order mentions, as people know them who must
// say which item they are.
func listingsOf(order amazon.Order) []catalog.Listing {
	channel := catalog.MFN
	if order.Fulfillment.By == amazon.ByAmazon {
		channel = catalog.FBA
	}
	var list []catalog.Listing
	for _, item := range order.Items {
		list = append(list, catalog.Listing{Marketplace: order.Channel.MarketplaceID, SKU: item.Product.SKU, ASIN: item.Product.ASIN, Title: item.Product.Title, Channel: channel})
	}
	return list
}

// Complete implements flow.Flow: it finds the items that the SKUs stand for,
// and the customer.
func (f *Flow) Complete(ctx context.Context, r flow.Record, m flow.Mapped) (flow.Mapped, error) {
	order, err := f.order(ctx, r, m)
	if err != nil {
		return m, err
	}
	if order.Customer, err = f.customer(ctx, r.ConnectionID, m.Text("customer")); err != nil {
		return m, err
	}
	m.Header["customer_number"], m.Header["company"] = order.Customer, order.Company
	var items []map[string]any
	for _, l := range order.Lines {
		items = append(items, map[string]any{"number": l.Number, "item": l.Item, "quantity": l.Quantity, "unit_price": l.UnitPrice, "total": l.Total, "tax": l.Tax, "reference": l.Reference})
	}
	m.Lists["order_lines"] = items
	return m, nil
}

// order makes P21's order of what the formulas came to.
func (f *Flow) order(ctx context.Context, r flow.Record, m flow.Mapped) (p21.SalesOrder, error) {
	order, err := header(m)
	if err != nil {
		return order, err
	}
	c, err := f.sides.Get(ctx, r.ConnectionID)
	if err != nil {
		return order, err
	}
	if order.Company = c.P21Company; m.Header["cancelled"] == true {
		return order, nil // whatever its lines are
	}
	elements := m.Elements(lines)
	var skus []string
	for _, e := range elements {
		skus = append(skus, e.Text("sku"))
	}
	shop := m.Text("marketplace")
	mapped, err := f.maps(ctx, r.ConnectionID, shop, skus, order.Date)
	if err != nil {
		return order, err
	}
	charges := decimal.Zero
	for _, e := range elements {
		mapping, ok := mapped[e.Text("sku")]
		if !ok {
			return order, unknown(e.Text("sku"), shop)
		}
		charge := e.Number("charges")
		if m.Text("charges_item") != "" {
			charges, charge = charges.Add(charge), decimal.Zero
		}
		if err := addLines(&order, e, charge, mapping); err != nil {
			return order, err
		}
	}
	if !charges.IsZero() {
		add(&order, m.Text("charges_item"), 1, charges, decimal.Zero, "charges")
	}
	return order, nil
}

func unknown(sku, shop string) *flow.Obstacle {
	return &flow.Obstacle{Class: exception.UnknownSKU, Cause: sku, Title: "No item stands for SKU " + sku, Words: "SKU " + sku + " is not mapped.",
		Detail: map[string]any{"sku": sku, "marketplace": shop}}
}

// header makes all of an order but its lines.
func header(m flow.Mapped) (p21.SalesOrder, error) {
	o := p21.SalesOrder{Reference: m.Text("reference"), Source: m.Text("source"), Location: m.Text("location"), Currency: money.Currency(m.Text("currency")),
		Customer: m.Text("customer_number"), Company: m.Text("company"),
		ShipTo: p21.Address{Name: m.Text("ship_name"), Line1: m.Text("ship_line1"), Line2: m.Text("ship_line2"), City: m.Text("ship_city"), State: m.Text("ship_state"),
			PostalCode: m.Text("ship_postal_code"), Country: m.Text("ship_country")}}
	var err error
	if o.Date, err = period.ParseDate(m.Text("date")); err != nil {
		return o, fmt.Errorf("read the order's date: %w", err)
	}
	if o.Requested, err = period.ParseDate(m.Text("requested")); err != nil {
		return o, fmt.Errorf("read the requested date: %w", err)
	}
	return o, nil
}

// addLines adds the items that one line of Amazon's stands for. Tax goes with
// the first of them.
func addLines(o *p21.SalesOrder, e flow.Element, charge decimal.Decimal, mapping catalog.Mapping) error {
	parts, err := mapping.Parts.Split(int64(e.Integer("quantity")), e.Number("total").Add(charge), o.Currency)
	if err != nil {
		return fmt.Errorf("split SKU %s: %w", e.Text("sku"), err)
	}
	tax := e.Number("tax")
	for _, part := range parts {
		add(o, part.Code, part.Quantity, part.Price, tax, e.Text("reference"))
		tax = decimal.Zero
	}
	return nil
}

func add(o *p21.SalesOrder, item string, quantity int64, total, tax decimal.Decimal, reference string) {
	units := decimal.NewFromInt(quantity)
	o.Lines = append(o.Lines, p21.SalesLine{Number: len(o.Lines) + 1, Reference: reference, Item: item, Quantity: units, UnitPrice: p21.UnitPrice(total, units), Total: total, Tax: tax})
}

// customerFor is how long a customer's number is not asked again.
const customerFor = 10 * time.Minute

// customer returns the number of P21's customer with a reference of ours.
func (f *Flow) customer(ctx context.Context, connectionID int64, reference string) (string, error) {
	key := fmt.Sprintf("%d/%s", connectionID, reference)
	f.mu.Lock()
	known, ok := f.customers[key]
	f.mu.Unlock()
	if ok && time.Now().Before(known.until) {
		return known.number, nil
	}
	system, err := f.sides.P21(ctx, connectionID)
	if err != nil {
		return "", err
	}
	found, err := system.FindCustomer(ctx, reference)
	if err != nil {
		return "", fmt.Errorf("look for customer %s: %w", reference, err)
	}
	if len(found) != 1 {
		return "", &flow.Obstacle{Class: exception.DeliveryRefused, Cause: Name + "/customer/" + reference, Title: fmt.Sprintf("P21 has %d customers with the reference %s", len(found), reference),
			Words: fmt.Sprintf("One customer is needed with the reference %s; there are %d.", reference, len(found))}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.customers[key] = customer{found[0].Number, time.Now().Add(customerFor)}
	return found[0].Number, nil
}

// Message implements flow.Flow. The payload is P21's order; a change has a
// reference of its own, because it is another request.
func (f *Flow) Message(r flow.Record, m flow.Mapped) (flow.Message, error) {
	order, err := intended(m)
	if err != nil {
		return flow.Message{}, err
	}
	kind, reference := kindOrder, order.Reference
	if r.RemoteKey != "" {
		kind, reference = kindChange, fmt.Sprintf("%s/%d", order.Reference, r.Deliveries+1)
		order.Number = r.RemoteKey
	}
	payload, err := json.Marshal(order)
	if err != nil {
		return flow.Message{}, fmt.Errorf("write order %s: %w", order.Reference, err)
	}
	return flow.Message{Kind: kind, Target: order.Company, Reference: reference, Payload: payload}, nil
}

// intended is P21's order as Complete left it.
func intended(m flow.Mapped) (p21.SalesOrder, error) {
	o, err := header(m)
	if err != nil {
		return o, err
	}
	for _, e := range m.Elements("order_lines") {
		o.Lines = append(o.Lines, p21.SalesLine{Number: e.Integer("number"), Reference: e.Text("reference"), Item: e.Text("item"), Quantity: e.Number("quantity"),
			UnitPrice: e.Number("unit_price"), Total: e.Number("total"), Tax: e.Number("tax")})
	}
	if m.Header["cancelled"] == true {
		o.Status = p21.Cancelled
	}
	return o, nil
}

// Target implements flow.Flow.
func (f *Flow) Target(ctx context.Context, r flow.Record) (outbound.Target, error) {
	system, err := f.sides.P21(ctx, r.ConnectionID)
	if err != nil {
		return nil, err
	}
	features, err := system.Features(ctx)
	if err != nil {
		return nil, err
	}
	if !features.Orders {
		return nil, fault.New(fault.Invalid, "Sales orders are not available from this P21.")
	}
	return &side{system, features, r.RemoteKey != ""}, nil
}
