// Package inventory tells Amazon how many units of each merchant-fulfilled SKU
// P21 can deliver. Quantities are absolute, go together in one feed, and only
// where they changed.
package inventory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/clock"
	"tieout/app/connection"
	"tieout/app/document"
	"tieout/app/expression"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/period"
)

// Name of the flow.
const Name = "inventory"

// Sides are both sides of a connection.
type Sides interface {
	Get(ctx context.Context, connectionID int64) (connection.Connection, error)
	Amazon(ctx context.Context, connectionID int64) (*amazon.Client, error)
	P21(ctx context.Context, connectionID int64) (p21.System, error)
}

// Listings is told which SKUs are the seller's own to ship.
type Listings func(ctx context.Context, connectionID int64, listings []catalog.Listing) error

// Flow is the flow of stock to Amazon; see flow.Flow.
type Flow struct {
	sides    Sides
	shelf    *Shelf
	listings Listings
	clock    clock.Clock
	linger   time.Duration

	asking  sync.Mutex
	mu      sync.Mutex
	posts   map[int64]*post   // by connection: what gathers for the next feed
	reports map[string]report // of feeds that are done, by connection and feed
}

// New returns the flow. A feed leaves when nothing joined it for linger.
func New(sides Sides, shelf *Shelf, listings Listings, c clock.Clock, linger time.Duration) *Flow {
	return &Flow{sides: sides, shelf: shelf, listings: listings, clock: c, linger: linger, posts: map[int64]*post{}, reports: map[string]report{}}
}

// Batch implements flow.Batched: they share a feed.
func (f *Flow) Batch() int { return 1000 }

// SKU is what formulas see.
type SKU struct {
	SKU   string `expr:"sku"`
	Items string `expr:"items"` // P21's, with quantities: "2 x KIT-01, 1 x MUG"
	Parts int    `expr:"parts"`
}

// Place is what formulas of locations see.
type Place struct {
	SKU      SKU    `expr:"sku"`
	Location string `expr:"location"`
	Units    int    `expr:"units"` // whole ones that could be made of what is there
}

// places is the name of the list.
const places = "locations"

// Definition implements flow.Flow.
func (f *Flow) Definition() flow.Definition {
	return flow.Definition{
		Name: Name, Title: "Inventory", From: "P21 stock", To: "Amazon listings", Key: "SKU", Remote: "Amazon listing",
		// Amazon takes few feeds, with many SKUs in each.
		Every: 10 * time.Minute, Overlap: time.Hour, First: 24 * time.Hour, Renews: true,
		Environments: map[string]any{"": SKU{}, places: Place{}},
		Fields: []flow.Field{
			{Name: "sku", Type: expression.Text, Formula: `sku`},
			{Name: "buffer", Type: expression.Integer, Formula: `0`, Help: "Units that are kept back for other channels."},
			{Name: "floor", Type: expression.Integer, Formula: `1`, Help: "With fewer units than this Amazon is told zero."},
			{Name: "most", Type: expression.Integer, Formula: `9999`, Help: "Amazon is never told more."},
			{List: places, Name: "units", Type: expression.Integer, Formula: `units`},
			{List: places, Name: "counts", Type: expression.Flag, Formula: `location != "20"`, Help: "Which of P21's locations ship to Amazon's buyers: not the one that stands for Amazon's own warehouses."},
		},
		Checks: []flow.Check{
			{Name: "stands for something", Formula: `parts > 0`, Message: "The SKU stands for no item.", Severity: flow.Stops},
		},
	}
}

// Extract implements flow.Flow: SKUs whose items' stock changed in P21, or that
// were mapped since. The first reading takes all of them.
func (f *Flow) Extract(ctx context.Context, connectionID int64, w flow.Window, take flow.Take) (time.Time, error) {
	system, err := f.sides.P21(ctx, connectionID)
	if err != nil {
		return time.Time{}, err
	}
	has, err := system.Features(ctx)
	if err != nil || !has.Stock {
		return w.Until, err // this P21 tells of none
	}
	since := w.Since
	if w.Read.IsZero() {
		since = time.Time{}
	}
	items, err := f.changed(ctx, connectionID, system, since)
	if err != nil {
		return time.Time{}, err
	}
	list, err := f.shelf.touched(ctx, connectionID, items, w.Since, w.Read.IsZero(), period.DateOf(f.clock.Now()))
	if err != nil {
		return time.Time{}, err
	}
	for some := range slices.Chunk(list, 500) {
		if err := f.channels(ctx, connectionID, some); err != nil {
			return time.Time{}, err
		}
		if err := hand(ctx, some, take); err != nil {
			return time.Time{}, err
		}
	}
	return w.Until, nil
}

// changed keeps what P21 says of stock and returns the items it is about.
func (f *Flow) changed(ctx context.Context, connectionID int64, system p21.System, since time.Time) (items []string, err error) {
	var page []p21.Stock
	for one, err := range system.Stock(ctx, since, "") {
		if err != nil {
			return nil, fmt.Errorf("read P21's stock: %w", err)
		}
		items, page = append(items, one.Item), append(page, one)
		if len(page) == 1000 {
			if err := f.shelf.Keep(ctx, connectionID, page); err != nil {
				return nil, err
			}
			page = page[:0]
		}
	}
	slices.Sort(items)
	return slices.Compact(items), f.shelf.Keep(ctx, connectionID, page)
}

func hand(ctx context.Context, list []found, take flow.Take) error {
	page := flow.Page{Kind: "p21_stock", Name: "stock of SKUs", ContentType: "application/json", Source: document.FromP21}
	contents := make([]json.RawMessage, len(list))
	for i, one := range list {
		raw, err := json.Marshal(one.content)
		if err != nil {
			return fmt.Errorf("write stock of %s: %w", one.SKU, err)
		}
		contents[i] = raw
		page.Arrivals = append(page.Arrivals, flow.Arrival{Key: one.SKU, At: one.at, Content: raw, Position: i})
	}
	var err error
	if page.Raw, err = json.Marshal(contents); err != nil {
		return fmt.Errorf("write stock: %w", err)
	}
	return take(ctx, page)
}

// Fetch implements flow.Flow: the SKU with the stock that is known.
func (f *Flow) Fetch(ctx context.Context, connectionID int64, key string, take flow.Take) error {
	one, ok, err := f.shelf.one(ctx, connectionID, key, period.DateOf(f.clock.Now()))
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.NotFound, "SKU %s is not mapped.", key)
	}
	list := []found{one}
	if err := f.channels(ctx, connectionID, list); err != nil {
		return err
	}
	return hand(ctx, list, take)
}

// Read implements flow.Flow.
func (f *Flow) Read(raw json.RawMessage) (flow.Source, error) {
	var c content
	if err := json.Unmarshal(raw, &c); err != nil {
		return flow.Source{}, fault.Wrap(err, fault.Invalid, "The stock cannot be read: %v.", err)
	}
	sku := SKU{SKU: c.SKU, Parts: len(c.Parts)}
	for i, p := range c.Parts {
		if i > 0 {
			sku.Items += ", "
		}
		sku.Items += fmt.Sprintf("%d x %s", p.Quantity, p.Item)
	}
	s := flow.Source{Header: sku, Lists: map[string][]any{places: {}}, Title: sku.Items}
	for _, location := range c.locations() {
		s.Lists[places] = append(s.Lists[places], Place{SKU: sku, Location: location, Units: int(c.units(location))})
	}
	switch c.Channel {
	case amazon.MerchantChannel:
	case "":
		s.Skip = "Amazon has no listing of this SKU."
	default:
		s.Skip = "Amazon fulfils this SKU (" + c.Channel + ")."
	}
	return s, nil
}

func (c content) locations() []string {
	var list []string
	for _, h := range c.Stock {
		list = append(list, h.Location)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// units is how many whole units of the SKU a location could ship: as many as its
// scarcest item allows.
func (c content) units(location string) int64 {
	least := int64(-1)
	for _, p := range c.Parts {
		available := decimal.Zero
		for _, h := range c.Stock {
			if h.Location == location && h.Item == p.Item {
				available = available.Add(h.Available)
			}
		}
		units := max(available.Div(decimal.NewFromInt(p.Quantity)).Floor().IntPart(), 0)
		if least < 0 || units < least {
			least = units
		}
	}
	return max(least, 0)
}

// Complete implements flow.Flow: it adds the locations up and applies buffer and
// floor.
func (f *Flow) Complete(ctx context.Context, r flow.Record, m flow.Mapped) (flow.Mapped, error) {
	c, err := f.sides.Get(ctx, r.ConnectionID)
	if err != nil {
		return m, err
	}
	quantity := min(max(counted(m)-intOf(m, "buffer"), 0), intOf(m, "most"))
	if quantity < intOf(m, "floor") {
		quantity = 0
	}
	m.Header["seller"], m.Header["quantity"] = c.SellerID, quantity
	return m, nil
}

// counted adds the units up of the locations that count.
func counted(m flow.Mapped) (units int) {
	for _, e := range m.Elements(places) {
		if e["counts"] == true {
			units += e.Integer("units")
		}
	}
	return units
}

func intOf(m flow.Mapped, name string) int {
	n, _ := m.Header[name].(int)
	return n
}

// channels asks Amazon who fulfils the SKUs of which that is not known: a
// quantity for what Amazon fulfils would turn it into a second offer. What is the
// seller's own is remembered.
func (f *Flow) channels(ctx context.Context, connectionID int64, list []found) error {
	client, err := f.sides.Amazon(ctx, connectionID)
	if err != nil {
		return err
	}
	c, err := f.sides.Get(ctx, connectionID)
	if err != nil {
		return err
	}
	var own []catalog.Listing
	for i := range list {
		if list[i].Channel != "" {
			continue
		}
		if list[i].Channel, err = channel(ctx, client, c, list[i].SKU); err != nil {
			return err
		}
		if list[i].Channel == amazon.MerchantChannel && len(c.MarketplaceIDs) > 0 {
			own = append(own, catalog.Listing{Marketplace: c.MarketplaceIDs[0], SKU: list[i].SKU, Channel: catalog.MFN})
		}
	}
	return f.listings(ctx, connectionID, own)
}

func channel(ctx context.Context, client *amazon.Client, c connection.Connection, sku string) (string, error) {
	offered, err := client.Availability(ctx, c.SellerID, sku, c.MarketplaceIDs)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read listing of %s: %w", sku, err)
	}
	for _, o := range offered {
		if o.Channel != amazon.MerchantChannel {
			return o.Channel, nil
		}
	}
	return amazon.MerchantChannel, nil
}

// told is what Amazon is told of an SKU.
type told struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// Message implements flow.Flow. Each quantity is a message of its own.
func (f *Flow) Message(r flow.Record, m flow.Mapped) (flow.Message, error) {
	raw, err := json.Marshal(told{m.Text("sku"), intOf(m, "quantity")})
	if err != nil {
		return flow.Message{}, fmt.Errorf("write quantity of %s: %w", r.Key, err)
	}
	return flow.Message{Kind: kindQuantity, Target: m.Text("seller"), Reference: fmt.Sprintf("%s/%d", r.Key, r.Deliveries+1), Payload: raw}, nil
}

// Target implements flow.Flow.
func (f *Flow) Target(ctx context.Context, r flow.Record) (outbound.Target, error) {
	client, err := f.sides.Amazon(ctx, r.ConnectionID)
	if err != nil {
		return nil, err
	}
	c, err := f.sides.Get(ctx, r.ConnectionID)
	if err != nil {
		return nil, err
	}
	return &side{flow: f, client: client, connection: c}, nil
}

// Heard implements flow.Hinted.
func (f *Flow) Heard() []string { return []string{amazon.FeedProcessingFinished} }

// Hints implements flow.Hinted: Amazon is done with a feed.
func (f *Flow) Hints(kind string, _ json.RawMessage) ([]flow.Hint, error) {
	if kind != amazon.FeedProcessingFinished {
		return nil, nil
	}
	return []flow.Hint{{}}, nil
}
