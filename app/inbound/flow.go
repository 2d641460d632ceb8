// Package inbound compares what was sent to Amazon's warehouses with what Amazon
// says it has received, shipment by shipment.
package inbound

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/clock"
	"tieout/app/connection"
	"tieout/app/exception"
	"tieout/app/expression"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/money"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/period"
)

// Name of the flow.
const Name = "inbound"

// Sides are both sides of a connection.
type Sides interface {
	Get(ctx context.Context, connectionID int64) (connection.Connection, error)
	Amazon(ctx context.Context, connectionID int64) (*amazon.Client, error)
	P21(ctx context.Context, connectionID int64) (p21.System, error)
}

// Maps finds the items that the SKUs of a marketplace stand for on a day.
type Maps func(ctx context.Context, connectionID int64, marketplace string, skus []string, day period.Date) (map[string]catalog.Mapping, error)

// Flow is the flow of inbound shipments; see flow.Flow. Nothing leaves through
// it: P21 offers no way to receive a transfer.
type Flow struct {
	sides Sides
	maps  Maps
	clock clock.Clock
}

// New returns the flow.
func New(sides Sides, maps Maps, c clock.Clock) *Flow { return &Flow{sides, maps, c} }

// content is a shipment with what is in it.
type content struct {
	Shipment    amazon.InboundShipment `json:"shipment"`
	Marketplace string                 `json:"marketplace"`
	Items       []amazon.InboundItem   `json:"items"`
}

// Shipment is what formulas see.
type Shipment struct {
	ID          string `expr:"id"`
	Name        string `expr:"name"`
	Destination string `expr:"destination"` // Amazon's warehouse
	Status      string `expr:"status"`
	Shipped     int    `expr:"shipped"`
	Received    int    `expr:"received"`
}

// Item is what formulas of a shipment's SKUs see.
type Item struct {
	Shipment Shipment `expr:"shipment"`
	SKU      string   `expr:"sku"`
	Shipped  int      `expr:"shipped"`
	Received int      `expr:"received"`
}

// items is the name of the list.
const items = "items"

// Definition implements flow.Flow.
func (f *Flow) Definition() flow.Definition {
	return flow.Definition{
		Name: Name, Title: "Inbound shipments", From: "shipments to Amazon's warehouses", To: "what Amazon received", Key: "Shipment", Remote: "P21 transfer",
		Every: 6 * time.Hour, Overlap: 24 * time.Hour, First: 90 * 24 * time.Hour,
		Environments: map[string]any{"": Shipment{}, items: Item{}},
		Fields: []flow.Field{
			{Name: "wanted", Type: expression.Flag, Formula: `true`, Help: "Which shipments are compared."},
			{List: items, Name: "tolerance", Type: expression.Integer, Formula: `0`, Help: "Units of an SKU that may be missing or too many without anybody being asked."},
		},
		Checks: []flow.Check{
			{Name: "something in it", Formula: `shipped > 0`, Message: "The shipment is empty.", Severity: flow.Warns},
		},
	}
}

// Extract implements flow.Flow: shipments that changed, and all that are open,
// because Amazon does not say that more was received.
func (f *Flow) Extract(ctx context.Context, connectionID int64, w flow.Window, take flow.Take) (time.Time, error) {
	client, err := f.sides.Amazon(ctx, connectionID)
	if err != nil {
		return time.Time{}, err
	}
	c, err := f.sides.Get(ctx, connectionID)
	if err != nil {
		return time.Time{}, err
	}
	seen := map[string]bool{}
	for _, marketplace := range c.MarketplaceIDs {
		for _, q := range []amazon.InboundQuery{
			{MarketplaceID: marketplace, Statuses: amazon.InboundOpen()},
			{MarketplaceID: marketplace, UpdatedSince: w.Since, UpdatedUntil: w.Until},
		} {
			if err := f.read(ctx, client, q, seen, take); err != nil {
				return time.Time{}, err
			}
		}
	}
	return w.Until, nil
}

// read takes the shipments of a query that were not seen before.
func (f *Flow) read(ctx context.Context, client *amazon.Client, q amazon.InboundQuery, seen map[string]bool, take flow.Take) error {
	for page, err := range client.InboundShipments(ctx, q) {
		if err != nil {
			return fmt.Errorf("read shipments to Amazon: %w", err)
		}
		for _, s := range page.Shipments {
			if seen[s.ID] || s.ID == "" {
				continue
			}
			seen[s.ID] = true
			if err := f.take(ctx, client, s, q.MarketplaceID, take); err != nil {
				return err
			}
		}
	}
	return nil
}

// take stores Amazon's answer about a shipment's contents, and the shipment.
func (f *Flow) take(ctx context.Context, client *amazon.Client, s amazon.InboundShipment, marketplace string, take flow.Take) error {
	now := f.clock.Now() // before it is read: what comes later is newer
	raw, list, err := client.InboundItems(ctx, s.ID)
	if err != nil {
		return fmt.Errorf("read contents of shipment %s: %w", s.ID, err)
	}
	known, err := json.Marshal(content{s, marketplace, list})
	if err != nil {
		return fmt.Errorf("write shipment %s: %w", s.ID, err)
	}
	return take(ctx, flow.Page{Kind: "amazon_inbound", Name: "shipment " + s.ID, ContentType: "application/json", Raw: raw, Arrivals: []flow.Arrival{{Key: s.ID, At: now, Content: known}}})
}

// Fetch implements flow.Flow.
func (f *Flow) Fetch(ctx context.Context, connectionID int64, key string, take flow.Take) error {
	client, err := f.sides.Amazon(ctx, connectionID)
	if err != nil {
		return err
	}
	c, err := f.sides.Get(ctx, connectionID)
	if err != nil {
		return err
	}
	for _, marketplace := range c.MarketplaceIDs {
		for page, err := range client.InboundShipments(ctx, amazon.InboundQuery{MarketplaceID: marketplace, IDs: []string{key}}) {
			if err != nil {
				return fmt.Errorf("read shipment %s: %w", key, err)
			}
			for _, s := range page.Shipments {
				if s.ID == key {
					return f.take(ctx, client, s, marketplace, take)
				}
			}
		}
	}
	return fault.New(fault.NotFound, "Amazon knows no shipment %s.", key)
}

// Read implements flow.Flow.
func (f *Flow) Read(raw json.RawMessage) (flow.Source, error) {
	var c content
	if err := json.Unmarshal(raw, &c); err != nil {
		return flow.Source{}, fault.Wrap(err, fault.Invalid, "The shipment cannot be read: %v.", err)
	}
	head := Shipment{ID: c.Shipment.ID, Name: c.Shipment.Name, Destination: c.Shipment.Destination, Status: string(c.Shipment.Status)}
	for _, i := range c.Items {
		head.Shipped, head.Received = head.Shipped+i.Shipped, head.Received+i.Received
	}
	s := flow.Source{Header: head, Lists: map[string][]any{items: {}}, Title: fmt.Sprintf("%s to %s: %d of %d units received", c.Shipment.Name, c.Shipment.Destination, head.Received, head.Shipped)}
	for _, i := range c.Items {
		s.Lists[items] = append(s.Lists[items], Item{head, i.SKU, i.Shipped, i.Received})
	}
	switch c.Shipment.Status {
	case amazon.InboundClosed:
	case amazon.InboundCancelled, amazon.InboundDeleted:
		if head.Received == 0 {
			s.Skip = "The shipment was cancelled."
		}
	case amazon.InboundError: // Complete says so
	default:
		s.Wait = fmt.Sprintf("Amazon has received %d of %d units; the shipment is %s.", head.Received, head.Shipped, strings.ToLower(strings.ReplaceAll(string(c.Shipment.Status), "_", " ")))
	}
	return s, nil
}

// Complete implements flow.Flow: a closed shipment is in order, or somebody is
// told what is missing or too much.
func (f *Flow) Complete(ctx context.Context, r flow.Record, m flow.Mapped) (flow.Mapped, error) {
	if m.Header["wanted"] != true {
		return m, &flow.Nothing{Reason: "The mapping does not want it."}
	}
	var c content
	if err := json.Unmarshal(r.Content, &c); err != nil {
		return m, fmt.Errorf("read shipment %s: %w", r.Key, err)
	}
	if c.Shipment.Status == amazon.InboundError {
		return m, &flow.Obstacle{Class: exception.InboundDifference, Cause: r.Key, Title: "Shipment " + r.Key + " failed at Amazon", Words: "Amazon reports an error and does not process it. See Seller Central."}
	}
	var differ []amazon.InboundItem
	units := 0
	for i, e := range m.Elements(items) {
		item := c.Items[i]
		units += item.Received
		if difference := item.Received - item.Shipped; max(difference, -difference) > e.Integer("tolerance") {
			differ = append(differ, item)
		}
	}
	if len(differ) == 0 {
		return m, &flow.Nothing{Reason: fmt.Sprintf("Amazon has received what was sent: %d units. Receive the transfer in P21; it takes none from here.", units)}
	}
	return m, f.obstacle(ctx, r, c, differ)
}

// obstacle says what is missing or too much, and what it is worth at P21's cost.
func (f *Flow) obstacle(ctx context.Context, r flow.Record, c content, differ []amazon.InboundItem) error {
	seller, err := f.sides.Get(ctx, r.ConnectionID)
	if err != nil {
		return err
	}
	worth, err := f.worth(ctx, r.ConnectionID, c.Marketplace, differ)
	if err != nil {
		return err
	}
	detail := map[string]any{"shipment": r.Key, "warehouse": c.Shipment.Destination}
	missing, over := 0, 0
	var words []string
	for _, i := range differ {
		difference := i.Received - i.Shipped
		words = append(words, fmt.Sprintf("%s: sent %d, received %d", i.SKU, i.Shipped, i.Received))
		if difference < 0 {
			missing -= difference
		} else {
			over += difference
		}
	}
	title := "Shipment " + r.Key + ":"
	if missing > 0 {
		title += fmt.Sprintf(" %d units missing", missing)
	}
	if over > 0 {
		title += fmt.Sprintf(" %d units too many", over)
	}
	o := &flow.Obstacle{Class: exception.InboundDifference, Cause: r.Key, Title: title, Words: strings.Join(words, "; ") + ".", Detail: detail}
	if seller.FunctionalCurrency.Valid() {
		o.Amount = money.New(worth, seller.FunctionalCurrency)
	}
	return o
}

// worth is what the units that are missing cost, less those that are too many.
// SKUs and items that P21 does not know count nothing.
func (f *Flow) worth(ctx context.Context, connectionID int64, marketplace string, differ []amazon.InboundItem) (decimal.Decimal, error) {
	system, err := f.sides.P21(ctx, connectionID)
	if err != nil {
		return decimal.Zero, err
	}
	has, err := system.Features(ctx)
	if err != nil || !has.Stock {
		return decimal.Zero, err
	}
	var skus []string
	for _, i := range differ {
		skus = append(skus, i.SKU)
	}
	mapped, err := f.maps(ctx, connectionID, marketplace, skus, period.DateOf(f.clock.Now()))
	if err != nil {
		return decimal.Zero, err
	}
	total := decimal.Zero
	for _, i := range differ {
		for _, part := range mapped[i.SKU].Parts {
			cost, err := p21.CostOf(ctx, system, part.Code)
			if err != nil {
				return decimal.Zero, err
			}
			total = total.Add(cost.Mul(decimal.NewFromInt(int64((i.Shipped - i.Received) * part.Quantity))))
		}
	}
	return total.Round(2), nil
}

// errNothing: Complete lets no record pass.
func errNothing() error { return fault.New(fault.Internal, "Nothing of an inbound shipment is sent.") }

// Message implements flow.Flow.
func (f *Flow) Message(flow.Record, flow.Mapped) (flow.Message, error) {
	return flow.Message{}, errNothing()
}

// Target implements flow.Flow.
func (f *Flow) Target(context.Context, flow.Record) (outbound.Target, error) {
	return nil, errNothing()
}
