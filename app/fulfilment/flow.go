package fulfilment

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/clock"
	"tieout/app/connection"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/p21"
	"tieout/app/period"
)

// Sides are both sides of a connection.
type Sides interface {
	Get(ctx context.Context, connectionID int64) (connection.Connection, error)
	P21(ctx context.Context, connectionID int64) (p21.System, error)
	Fulfillments(ctx context.Context, connectionID int64) (amazon.Fulfillments, error)
}

// Requests knows the records of the flow of requests.
type Requests interface {
	// KeysOf returns P21's numbers of orders that Amazon holds under ids of ours.
	KeysOf(ctx context.Context, connectionID int64, flow string, remote []string) (map[string]string, error)
	// RemoteOf returns Amazon's ids of P21's orders; "" while there is none.
	RemoteOf(ctx context.Context, connectionID int64, flow string, keys []string) (map[string]string, error)
	// TargetOf returns what a request was mapped to; nil: never.
	TargetOf(ctx context.Context, connectionID int64, flow, key string) (json.RawMessage, error)
}

// Packs finds the SKUs that stand for items alone.
type Packs func(ctx context.Context, connectionID int64, marketplace string, items []string, day period.Date) (map[string][]catalog.Pack, error)

// Flow is the flow of requests; see flow.Flow.
type Flow struct {
	sides    Sides
	requests func() Requests
	packs    Packs
	clock    clock.Clock

	mu   sync.Mutex
	seen map[string]sighting // of P21's orders, by connection and number
}

// sighting is a version of an order that was taken, and how often. P21 counts
// time in seconds: a version that was taken once may still change unseen, one
// that is the same at the next reading may not.
type sighting struct {
	version string
	times   int
}

// New returns the flow of requests.
func New(sides Sides, requests func() Requests, packs Packs, c clock.Clock) *Flow {
	return &Flow{sides: sides, requests: requests, packs: packs, clock: c, seen: map[string]sighting{}}
}

// Definition implements flow.Flow.
func (f *Flow) Definition() flow.Definition { return definition() }

// Read implements flow.Flow.
func (f *Flow) Read(content json.RawMessage) (flow.Source, error) { return read(content) }

// Extract implements flow.Flow: orders that P21 flags, and those that Amazon
// holds already, when either side changed.
func (f *Flow) Extract(ctx context.Context, connectionID int64, w flow.Window, take flow.Take) (time.Time, error) {
	g, err := f.gatherer(ctx, connectionID)
	if err != nil {
		return time.Time{}, err
	}
	told, err := g.atAmazon(ctx, w.Since)
	if err != nil {
		return time.Time{}, err
	}
	heads, err := g.system.ChangedOrders(ctx, w.Since)
	if err != nil {
		return time.Time{}, fmt.Errorf("find changed orders: %w", err)
	}
	wanted, err := g.wanted(ctx, heads, w)
	if err != nil {
		return time.Time{}, err
	}
	for number := range told {
		wanted[number] = ""
	}
	for some := range slices.Chunk(slices.Sorted(maps.Keys(wanted)), 50) {
		if err := g.take(ctx, some, told, take); err != nil {
			return time.Time{}, err
		}
	}
	f.remember(connectionID, wanted)
	return w.Until, nil
}

// Fetch implements flow.Flow. The key is P21's number of the order, or Amazon's
// id of it as notifications have it.
func (f *Flow) Fetch(ctx context.Context, connectionID int64, key string, take flow.Take) error {
	g, err := f.gatherer(ctx, connectionID)
	if err != nil {
		return err
	}
	known, err := f.requests().KeysOf(ctx, connectionID, Name, []string{key})
	if err != nil {
		return err
	}
	if number, ok := known[key]; ok {
		key = number
	}
	return g.take(ctx, []string{key}, nil, take)
}

// remember keeps which versions were taken, so that what P21 tells again and
// again is not read again and again.
func (f *Flow) remember(connectionID int64, versions map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.seen) > 50_000 {
		clear(f.seen)
	}
	for number, version := range versions {
		if version == "" {
			continue
		}
		key := fmt.Sprintf("%d/%s", connectionID, number)
		last := f.seen[key]
		if last.version != version {
			last = sighting{version: version}
		}
		last.times++
		f.seen[key] = last
	}
}

func (f *Flow) remembers(connectionID int64, head p21.SalesOrder) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	last := f.seen[fmt.Sprintf("%d/%s", connectionID, head.Number)]
	return last.version == version(head) && last.times > 1
}

// gatherer puts together what both sides say of orders of one connection.
type gatherer struct {
	*Flow
	connection connection.Connection
	system     p21.System
	amazon     amazon.Fulfillments
}

func (f *Flow) gatherer(ctx context.Context, connectionID int64) (gatherer, error) {
	g := gatherer{Flow: f}
	var err error
	if g.connection, err = f.sides.Get(ctx, connectionID); err != nil {
		return g, err
	}
	if g.system, err = f.sides.P21(ctx, connectionID); err != nil {
		return g, err
	}
	g.amazon, err = f.sides.Fulfillments(ctx, connectionID)
	return g, err
}

// atAmazon returns what changed at Amazon of the orders that are ours, by P21's
// number.
func (g gatherer) atAmazon(ctx context.Context, since time.Time) (map[string]amazon.Fulfillment, error) {
	list, err := g.amazon.List(ctx, since)
	if err != nil {
		return nil, fmt.Errorf("list Amazon's fulfilment orders: %w", err)
	}
	return ours(ctx, g.requests(), g.connection.ID, list)
}

// ours are those of Amazon's orders that the flow of requests made, by P21's number.
func ours(ctx context.Context, r Requests, connectionID int64, list []amazon.Fulfillment) (map[string]amazon.Fulfillment, error) {
	found := map[string]amazon.Fulfillment{}
	if len(list) == 0 {
		return found, nil
	}
	ids := make([]string, len(list))
	for i, one := range list {
		ids[i] = one.ID
	}
	known, err := r.KeysOf(ctx, connectionID, Name, ids)
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		if number, ok := known[one.ID]; ok {
			found[number] = one
		}
	}
	return found, nil
}

// wanted returns the orders that are to be read, with their versions: flagged
// ones, and those that were.
func (g gatherer) wanted(ctx context.Context, heads []p21.SalesOrder, w flow.Window) (map[string]string, error) {
	wanted := map[string]string{}
	var others []string
	versions := map[string]string{}
	for _, head := range heads {
		if g.remembers(g.connection.ID, head) {
			continue
		}
		raw, err := json.Marshal(content{Order: head, Marketplaces: g.connection.MarketplaceIDs})
		if err != nil {
			return nil, fmt.Errorf("write order %s: %w", head.Number, err)
		}
		flagged, err := w.Selects(raw)
		if err != nil {
			return nil, err
		}
		versions[head.Number] = version(head)
		if flagged {
			wanted[head.Number] = version(head)
		} else {
			others = append(others, head.Number)
		}
	}
	known, err := g.requests().RemoteOf(ctx, g.connection.ID, Name, others)
	if err != nil {
		return nil, err
	}
	for number := range known {
		wanted[number] = versions[number]
	}
	return wanted, nil
}

func version(o p21.SalesOrder) string { return o.RowVersion + "/" + string(o.Status) }

// take reads orders whole and hands them on as one page.
func (g gatherer) take(ctx context.Context, numbers []string, told map[string]amazon.Fulfillment, take flow.Take) error {
	known, err := g.requests().RemoteOf(ctx, g.connection.ID, Name, numbers)
	if err != nil {
		return err
	}
	page := flow.Page{Kind: "p21_orders", Name: "sales orders for Amazon to ship", ContentType: "application/json", Source: document.FromP21}
	for i, number := range numbers {
		c := content{Marketplaces: g.connection.MarketplaceIDs}
		at := time.Time{}
		switch c.Order, err = g.system.ReadOrder(ctx, number); {
		case p21.TypeOf(err) == p21.NotFound && known[number] != "": // deleted there: it is not wanted any more
			c.Order, at = p21.SalesOrder{Number: number, Company: g.connection.P21Company, Status: p21.Cancelled}, g.clock.Now()
		case err != nil:
			return fmt.Errorf("read order %s: %w", number, err)
		}
		if held, ok := told[number]; ok {
			c.Amazon = &held
		} else if id := known[number]; id != "" {
			if c.Amazon, err = g.held(ctx, id); err != nil {
				return err
			}
		}
		raw, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("write order %s: %w", number, err)
		}
		page.Arrivals = append(page.Arrivals, flow.Arrival{Key: number, At: later(at, c.changed()), Content: raw, Position: i})
	}
	contents := make([]json.RawMessage, len(page.Arrivals))
	for i, a := range page.Arrivals {
		contents[i] = a.Content
	}
	if page.Raw, err = json.Marshal(contents); err != nil {
		return fmt.Errorf("write orders: %w", err)
	}
	return take(ctx, page)
}

// held is Amazon's order; nil when Amazon no longer keeps it.
func (g gatherer) held(ctx context.Context, id string) (*amazon.Fulfillment, error) {
	f, err := g.amazon.Get(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read Amazon's order %s: %w", id, err)
	}
	return &f, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
