// Package shipments tells Amazon of the parcels that P21 sent for
// merchant-fulfilled orders: carrier, tracking number and units of each line,
// one parcel for each shipment of P21's.
package shipments

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tieout/app/amazon"
	"tieout/app/connection"
	"tieout/app/document"
	"tieout/app/expression"
	"tieout/app/flow"
	"tieout/app/outbound"
	"tieout/app/p21"
)

// Name of the flow.
const Name = "shipments"

// ordersFlow is the flow whose records say what Amazon sold.
const ordersFlow = "orders"

// Sides are both sides of a connection.
type Sides interface {
	Get(ctx context.Context, connectionID int64) (connection.Connection, error)
	Amazon(ctx context.Context, connectionID int64) (*amazon.Client, error)
	P21(ctx context.Context, connectionID int64) (p21.System, error)
}

// Orders knows the records of the flow of orders.
type Orders interface {
	// KeysOf returns Amazon's ids of orders that P21 holds under numbers of its own.
	KeysOf(ctx context.Context, connectionID int64, flow string, remote []string) (map[string]string, error)
	// SourcesOf returns what Amazon last told of orders.
	SourcesOf(ctx context.Context, connectionID int64, flow string, keys []string) (map[string]json.RawMessage, error)
	// TargetOf returns what an order was mapped to; nil: never.
	TargetOf(ctx context.Context, connectionID int64, flow, key string) (json.RawMessage, error)
}

// Flow is the flow of shipments; see flow.Flow.
type Flow struct {
	sides  Sides
	orders func() Orders
}

// New returns the flow of shipments.
func New(sides Sides, orders func() Orders) *Flow { return &Flow{sides, orders} }

// Definition implements flow.Flow.
func (f *Flow) Definition() flow.Definition {
	return flow.Definition{
		Name: Name, Title: "Shipments", From: "P21 shipments", To: "Amazon orders", Key: "P21 shipment", Remote: "Amazon parcel",
		Every: 10 * time.Minute, Overlap: time.Hour, First: 24 * time.Hour,
		Environments: map[string]any{"": Shipment{}},
		Fields: []flow.Field{
			{Name: "reference", Type: expression.Text, Formula: `number`, Help: "Names the parcel within the order. Amazon takes positive numbers alone."},
			{Name: "carrier", Type: expression.Text, Formula: `"Other"`, Help: `Amazon's code of the carrier, for instance carrier == "100123" ? "UPS" : "Other".`},
			{Name: "carrier_name", Type: expression.Text, Formula: `either(carrier, "Other")`, Help: "Amazon wants it where the code is Other."},
			{Name: "method", Type: expression.Text, Formula: `""`, Help: "The carrier's service, as in UPS Ground."},
			{Name: "tracking", Type: expression.Text, Formula: `tracking`, Help: "While it is empty the shipment waits."},
		},
		Checks: []flow.Check{
			{Name: "a number", Formula: `number matches "^[1-9][0-9]*$"`, Message: "P21's number of the shipment is no positive number; change the formula of reference and this check.", Severity: flow.Stops},
			{Name: "something in it", Formula: `units > 0`, Message: "The shipment is empty.", Severity: flow.Stops},
		},
	}
}

// Read implements flow.Flow.
func (f *Flow) Read(raw json.RawMessage) (flow.Source, error) { return read(raw) }

// Extract implements flow.Flow: P21's shipments of orders that Amazon has the
// merchant fulfil.
func (f *Flow) Extract(ctx context.Context, connectionID int64, w flow.Window, take flow.Take) (time.Time, error) {
	return w.Until, f.take(ctx, connectionID, p21.Selection{Since: w.Since}, take)
}

// Fetch implements flow.Flow. P21 finds shipments by order alone, so that all of
// the order's are read.
func (f *Flow) Fetch(ctx context.Context, connectionID int64, key string, take flow.Take) error {
	known, err := f.orders().SourcesOf(ctx, connectionID, Name, []string{key})
	if err != nil {
		return err
	}
	c, err := readContent(known[key])
	if err != nil {
		return err
	}
	return f.take(ctx, connectionID, p21.Selection{Order: c.Shipment.Order}, take)
}

func (f *Flow) take(ctx context.Context, connectionID int64, of p21.Selection, take flow.Take) error {
	system, err := f.sides.P21(ctx, connectionID)
	if err != nil {
		return err
	}
	has, err := system.Features(ctx)
	if err != nil || !has.Shipments {
		return err // this P21 tells of none
	}
	shipments, err := system.Shipments(ctx, of)
	if err != nil {
		return fmt.Errorf("read P21's shipments: %w", err)
	}
	for some := range slices.Chunk(shipments, 200) {
		if err := f.takeSome(ctx, connectionID, some, take); err != nil {
			return err
		}
	}
	return nil
}

func (f *Flow) takeSome(ctx context.Context, connectionID int64, shipments []p21.Shipment, take flow.Take) error {
	sold, err := f.sold(ctx, connectionID, shipments)
	if err != nil || len(sold) == 0 {
		return err
	}
	page := flow.Page{Kind: "p21_shipments", Name: "shipments of Amazon's orders", ContentType: "application/json", Source: document.FromP21}
	var contents []json.RawMessage
	for _, s := range shipments {
		order, ok := sold[s.Order]
		if !ok {
			continue
		}
		raw, err := json.Marshal(content{s, order})
		if err != nil {
			return fmt.Errorf("write shipment %s: %w", s.Number, err)
		}
		page.Arrivals = append(page.Arrivals, flow.Arrival{Key: s.Number, At: s.ChangedAt, Content: raw, Position: len(contents)})
		contents = append(contents, raw)
	}
	if page.Raw, err = json.Marshal(contents); err != nil {
		return fmt.Errorf("write shipments: %w", err)
	}
	return take(ctx, page)
}

// sold are Amazon's merchant-fulfilled orders of shipments, by P21's number and
// without what changes.
func (f *Flow) sold(ctx context.Context, connectionID int64, shipments []p21.Shipment) (map[string]amazon.Order, error) {
	var numbers, ids []string
	for _, s := range shipments {
		numbers = append(numbers, s.Order)
	}
	keys, err := f.orders().KeysOf(ctx, connectionID, ordersFlow, numbers)
	if err != nil {
		return nil, err
	}
	for _, id := range keys {
		ids = append(ids, id)
	}
	sources, err := f.orders().SourcesOf(ctx, connectionID, ordersFlow, ids)
	if err != nil {
		return nil, err
	}
	sold := map[string]amazon.Order{}
	for number, id := range keys {
		o, err := amazon.ReadOrder(sources[id])
		if err != nil {
			return nil, fmt.Errorf("read order %s: %w", id, err)
		}
		if o.Fulfillment.By == amazon.ByMerchant {
			sold[number] = amazon.Order{ID: o.ID, Created: o.Created, Channel: o.Channel, Fulfillment: amazon.OrderFulfillment{By: o.Fulfillment.By, ServiceLevel: o.Fulfillment.ServiceLevel}}
		}
	}
	return sold, nil
}

// patience is how long P21 is given between two looks for a tracking number.
const patience = 15 * time.Minute

// Complete implements flow.Flow: it finds Amazon's lines in the shipment.
func (f *Flow) Complete(ctx context.Context, r flow.Record, m flow.Mapped) (flow.Mapped, error) {
	if m.Text("tracking") == "" {
		return m, &flow.Pause{Words: "P21 has no tracking number of this shipment yet.", Least: patience}
	}
	sources, err := f.orders().SourcesOf(ctx, r.ConnectionID, Name, []string{r.Key})
	if err != nil {
		return m, err
	}
	c, err := readContent(sources[r.Key])
	if err != nil {
		return m, err
	}
	seller, err := f.sides.Get(ctx, r.ConnectionID)
	if err != nil {
		return m, err
	}
	parts, err := f.parts(ctx, r.ConnectionID, c)
	if err != nil {
		return m, err
	}
	if len(parts) == 0 {
		return m, &flow.Nothing{Reason: "It completes no unit of Amazon's order; the rest of the set follows with another shipment."}
	}
	m.Header["seller"], m.Header["order"], m.Header["marketplace"], m.Header["shipped"] = seller.SellerID, c.Order.ID, c.Order.Channel.MarketplaceID, leaves(c).Format(time.RFC3339)
	m.Lists["items"] = nil
	for _, p := range parts {
		m.Lists["items"] = append(m.Lists["items"], map[string]any{"item": p.ItemID, "quantity": int(p.Quantity)})
	}
	return m, nil
}

// Message implements flow.Flow. What P21 corrects later is told again, under the
// same reference at Amazon.
func (f *Flow) Message(r flow.Record, m flow.Mapped) (flow.Message, error) {
	shipped, err := time.Parse(time.RFC3339, m.Text("shipped"))
	if err != nil {
		return flow.Message{}, fmt.Errorf("read when %s left: %w", r.Key, err)
	}
	p := parcel{Order: m.Text("order"), Shipment: amazon.Shipment{MarketplaceID: m.Text("marketplace"), Reference: m.Text("reference"), Carrier: m.Text("carrier"),
		CarrierName: m.Text("carrier_name"), Method: m.Text("method"), Tracking: m.Text("tracking"), Shipped: shipped}}
	for _, e := range m.Elements("items") {
		p.Shipment.Items = append(p.Shipment.Items, amazon.PackageItem{ItemID: e.Text("item"), Quantity: int64(e.Integer("quantity"))})
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return flow.Message{}, fmt.Errorf("write parcel %s: %w", r.Key, err)
	}
	return flow.Message{Kind: kindParcel, Target: m.Text("seller"), Reference: fmt.Sprintf("%s/%s/%d", p.Order, p.Shipment.Reference, r.Deliveries+1), Payload: raw}, nil
}

// Target implements flow.Flow.
func (f *Flow) Target(ctx context.Context, r flow.Record) (outbound.Target, error) {
	client, err := f.sides.Amazon(ctx, r.ConnectionID)
	if err != nil {
		return nil, err
	}
	return &side{client}, nil
}
