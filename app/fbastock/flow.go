// Package fbastock compares what Amazon has in its warehouses with what P21
// believes is there, item by item, and adjusts P21 where somebody approved it.
//
// Quantities of both sides are absolute, so that nothing hangs on an adjustment
// having arrived: what is left over is the next difference.
package fbastock

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	"tieout/app/p21"
	"tieout/app/period"
)

// Name of the flow.
const Name = "fba_stock"

// Sides are both sides of a connection.
type Sides interface {
	Get(ctx context.Context, connectionID int64) (connection.Connection, error)
	Amazon(ctx context.Context, connectionID int64) (*amazon.Client, error)
	P21(ctx context.Context, connectionID int64) (p21.System, error)
}

// Maps finds the items that the SKUs of a marketplace stand for on a day.
type Maps func(ctx context.Context, connectionID int64, marketplace string, skus []string, day period.Date) (map[string]catalog.Mapping, error)

// Shelf keeps what P21 last said of stock.
type Shelf interface {
	Keep(ctx context.Context, connectionID int64, list []p21.Stock) error
}

// Settings reads what an administrator chose for the flow.
type Settings interface {
	Setting(ctx context.Context, connectionID int64, flow, setting string) (string, error)
}

// Flow is the flow of FBA inventory; see flow.Flow.
type Flow struct {
	sides    Sides
	store    *Store
	shelf    Shelf
	maps     Maps
	settings func() Settings
	clock    clock.Clock
}

// New returns the flow.
func New(sides Sides, store *Store, shelf Shelf, maps Maps, settings func() Settings, c clock.Clock) *Flow {
	return &Flow{sides, store, shelf, maps, settings, c}
}

// Lists of the formulas.
const (
	skus   = "skus"
	places = "locations"
)

// Choices of the setting.
const (
	pool       = "stock"
	poolShared = "shared"
	poolEach   = "each"
)

// Item is what formulas see.
type Item struct {
	Item string `expr:"item"` // P21's
	SKUs string `expr:"skus"` // Amazon's, with commas
}

// SKU is what formulas of SKUs see, in units of the SKU.
type SKU struct {
	Item          string `expr:"item"`
	SKU           string `expr:"sku"`
	Condition     string `expr:"condition"`
	Fulfillable   int    `expr:"fulfillable"`
	Working       int    `expr:"inbound_working"`
	Shipped       int    `expr:"inbound_shipped"`
	Receiving     int    `expr:"inbound_receiving"`
	Orders        int    `expr:"orders"`
	Transfers     int    `expr:"transfers"`
	Processing    int    `expr:"processing"`
	Unfulfillable int    `expr:"unfulfillable"`
	Researching   int    `expr:"researching"`
	Per           int    `expr:"per"` // of the item in one unit
}

// Place is what formulas of P21's locations see.
type Place struct {
	Item      string          `expr:"item"`
	Location  string          `expr:"location"`
	OnHand    decimal.Decimal `expr:"on_hand"`
	Allocated decimal.Decimal `expr:"allocated"`
	Available decimal.Decimal `expr:"available"`
}

// Definition implements flow.Flow.
func (f *Flow) Definition() flow.Definition {
	return flow.Definition{
		Name: Name, Title: "FBA inventory", From: "Amazon's warehouses", To: "P21 stock", Key: "Item", Remote: "P21 item",
		Every: 30 * time.Minute, Overlap: time.Hour, First: 24 * time.Hour,
		Environments: map[string]any{"": Item{}, skus: SKU{}, places: Place{}},
		Fields: []flow.Field{
			{Name: "wanted", Type: expression.Flag, Formula: `true`, Help: "Which items are compared."},
			{Name: "location", Type: expression.Text, Formula: `"20"`, Help: "P21's id of the location that stands for Amazon's warehouses; adjustments go there."},
			{Name: "reason", Type: expression.Text, Formula: `"AMZ"`, Help: "P21's reason id of adjustments; it must be active there."},
			{Name: "patience", Type: expression.Integer, Formula: `60`, Help: "Minutes that a difference must stand before anybody is asked: orders that Amazon ships reach P21 a little later."},
			{Name: "limit", Type: expression.Number, Formula: `0`, Help: "Adjustments worth no more than this at P21's unit cost need no approval; 0: all of them do."},
			{List: skus, Name: "units", Type: expression.Integer, Formula: `fulfillable + transfers + processing`, Help: "Units that Amazon could promise to buyers. What buyers have ordered is allocated in P21 or shipped there; what cannot be sold is left out."},
			{List: places, Name: "counts", Type: expression.Flag, Formula: `location == "20"`, Help: "Which of P21's locations stand for Amazon's warehouses."},
			{List: places, Name: "units", Type: expression.Number, Formula: `available`, Help: "What P21 believes could be promised: on hand less allocated."},
		},
		Checks: []flow.Check{
			{Name: "has a place", Formula: `item != ""`, Message: "The record names no item.", Severity: flow.Stops},
		},
		Settings: []flow.Setting{{Name: pool, Title: "Stock of several marketplaces", Help: "Amazon tells of its stock by marketplace. Where marketplaces share one stock, as within North America or Europe, each tells of the same units.",
			Choices: []flow.Choice{{Value: poolShared, Title: "One stock: the first marketplace tells it"}, {Value: poolEach, Title: "Stocks of their own: all are added up"}}}},
	}
}

// content is an item with what both sides have of it, or an SKU that stands for
// none.
type content struct {
	Item     string  `json:"item,omitempty"`
	SKUs     []held  `json:"skus,omitempty"`
	Stock    []place `json:"stock,omitempty"`
	Unmapped string  `json:"unmapped,omitempty"` // SKU
	Title    string  `json:"title,omitempty"`
}

// unmapped is the key of an SKU's record. No item is called so: P21's codes are
// in capitals.
const unmapped = "sku "

// Extract implements flow.Flow: items of which either side changed, or that were
// mapped since. Once a day, and at first, all of them: Amazon does not say what
// is only on its way.
func (f *Flow) Extract(ctx context.Context, connectionID int64, w flow.Window, take flow.Take) (time.Time, error) {
	whole := w.Read.IsZero() || day(w.Read) != day(w.Until)
	touched := map[string]bool{}
	changed, err := f.readAmazon(ctx, connectionID, w, whole, take)
	if err != nil {
		return time.Time{}, err
	}
	made, err := f.store.mapped(ctx, connectionID, w.Since)
	if err != nil {
		return time.Time{}, err
	}
	for _, sku := range slices.Concat(changed, made) {
		touched[unmapped+sku] = true
	}
	items, err := f.readP21(ctx, connectionID, w, whole)
	if err != nil {
		return time.Time{}, err
	}
	for _, item := range items {
		touched[item] = true
	}
	list, err := f.compared(ctx, connectionID, func(key string) bool { return whole || touched[key] }, changed)
	if err != nil {
		return time.Time{}, err
	}
	for some := range slices.Chunk(list, 500) {
		if err := hand(ctx, some, take); err != nil {
			return time.Time{}, err
		}
	}
	return w.Until, nil
}

// readAmazon keeps what Amazon tells and returns the SKUs that it told of, or
// tells of no more.
func (f *Flow) readAmazon(ctx context.Context, connectionID int64, w flow.Window, whole bool, take flow.Take) (told []string, err error) {
	client, err := f.sides.Amazon(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	marketplaces, err := f.marketplaces(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	begun, since := f.clock.Now(), w.Since
	if whole {
		since = time.Time{}
	}
	for _, marketplace := range marketplaces {
		for page, err := range client.InventorySummaries(ctx, marketplace, since) {
			if err != nil {
				return nil, fmt.Errorf("read FBA inventory of %s: %w", marketplace, err)
			}
			if err := f.keepPage(ctx, connectionID, marketplace, page, take); err != nil {
				return nil, err
			}
			for _, one := range page.Summaries {
				told = append(told, one.SKU)
			}
		}
	}
	if whole {
		gone, err := f.store.drop(ctx, connectionID, begun)
		return append(told, gone...), err
	}
	return told, nil
}

func (f *Flow) keepPage(ctx context.Context, connectionID int64, marketplace string, page amazon.InventoryPage, take flow.Take) error {
	raw := flow.Page{Kind: "amazon_inventory", Name: "FBA inventory of " + marketplace, ContentType: "application/json", Raw: page.Raw}
	if err := take(ctx, raw); err != nil {
		return err
	}
	return f.store.keep(ctx, connectionID, marketplace, page.Summaries, f.clock.Now())
}

// marketplaces are those whose stock counts.
func (f *Flow) marketplaces(ctx context.Context, connectionID int64) ([]string, error) {
	c, err := f.sides.Get(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	if len(c.MarketplaceIDs) == 0 {
		return nil, fault.New(fault.Invalid, "The connection names no marketplace.")
	}
	how, err := f.settings().Setting(ctx, connectionID, Name, pool)
	if err != nil {
		return nil, err
	}
	if how == poolEach {
		return c.MarketplaceIDs, nil
	}
	return c.MarketplaceIDs[:1], nil
}

// readP21 keeps what P21 says of stock and returns the items it is about.
func (f *Flow) readP21(ctx context.Context, connectionID int64, w flow.Window, whole bool) (items []string, err error) {
	system, err := f.sides.P21(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	has, err := system.Features(ctx)
	if err != nil {
		return nil, err
	}
	if !has.Stock {
		return nil, fault.New(fault.Invalid, "This P21 tells of no stock, so that there is nothing to compare with.")
	}
	since := w.Since
	if whole {
		since = time.Time{}
	}
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
	return items, f.shelf.Keep(ctx, connectionID, page)
}

// found is a record's content as both sides were known at an instant.
type found struct {
	key string
	content
	at time.Time
}

// compared returns what both sides have of each item that Amazon has SKUs of, or
// had until now, as far as one of the record's keys is wanted.
func (f *Flow) compared(ctx context.Context, connectionID int64, wanted func(key string) bool, told []string) ([]found, error) {
	now := f.clock.Now() // what is kept from here on is newer
	marketplaces, err := f.marketplaces(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	rows, err := f.store.all(ctx, connectionID, marketplaces)
	if err != nil {
		return nil, err
	}
	names := slices.Clone(told)
	for _, r := range rows {
		names = append(names, r.SKU)
	}
	slices.Sort(names)
	mapped, err := f.maps(ctx, connectionID, marketplaces[0], slices.Compact(names), day(now))
	if err != nil {
		return nil, err
	}
	items, list := gather(rows, told, mapped, wanted)
	codes := slices.Sorted(maps.Keys(items))
	stock, err := f.store.stocked(ctx, connectionID, codes)
	if err != nil {
		return nil, err
	}
	for _, code := range codes {
		one := *items[code]
		one.Stock = stock[code]
		list = append(list, one)
	}
	for i := range list {
		list[i].at = now
	}
	return list, nil
}

// gather sorts SKUs by the items that they stand for; what stands for none and
// is there becomes a record of its own.
func gather(rows []row, told []string, mapped map[string]catalog.Mapping, wanted func(string) bool) (items map[string]*found, loose []found) {
	items = map[string]*found{}
	want := map[string]bool{}
	of := func(code string) *found {
		if items[code] == nil {
			items[code] = &found{key: code, content: content{Item: code}}
		}
		return items[code]
	}
	for _, sku := range told { // what is gone altogether leaves its items behind
		for _, part := range mapped[sku].Parts {
			of(part.Code)
			want[part.Code] = true
		}
	}
	for _, r := range rows {
		m, ok := mapped[r.SKU]
		if key := unmapped + r.SKU; !ok && r.units() > 0 && wanted(key) {
			loose = append(loose, found{key: key, content: content{Unmapped: r.SKU, Title: r.title, SKUs: []held{r.held}}})
		}
		for _, part := range m.Parts {
			one := of(part.Code)
			h := r.held
			h.Per = part.Quantity
			one.SKUs = append(one.SKUs, h)
			want[part.Code] = want[part.Code] || wanted(part.Code) || wanted(unmapped+r.SKU)
		}
	}
	maps.DeleteFunc(items, func(code string, _ *found) bool { return !want[code] })
	return items, loose
}

func hand(ctx context.Context, list []found, take flow.Take) error {
	page := flow.Page{Kind: "fba_stock", Name: "FBA inventory beside P21's stock", ContentType: "application/json", Source: document.FromP21}
	contents := make([]json.RawMessage, len(list))
	for i, one := range list {
		raw, err := json.Marshal(one.content)
		if err != nil {
			return fmt.Errorf("write stock of %s: %w", one.key, err)
		}
		contents[i] = raw
		page.Arrivals = append(page.Arrivals, flow.Arrival{Key: one.key, At: one.at, Content: raw, Position: i})
	}
	var err error
	if page.Raw, err = json.Marshal(contents); err != nil {
		return fmt.Errorf("write stock: %w", err)
	}
	return take(ctx, page)
}

// Fetch implements flow.Flow: an item as it was last read on both sides, or an
// SKU that Amazon is asked for anew, with the items that it stands for.
func (f *Flow) Fetch(ctx context.Context, connectionID int64, key string, take flow.Take) error {
	var told []string
	if sku, ok := strings.CutPrefix(key, unmapped); ok {
		if err := f.readSKU(ctx, connectionID, sku, take); err != nil {
			return err
		}
		told = []string{sku}
	}
	list, err := f.compared(ctx, connectionID, func(k string) bool { return k == key }, told)
	if err != nil {
		return err
	}
	if len(list) == 0 && len(told) == 0 {
		return fault.New(fault.NotFound, "Amazon has no SKU of item %s.", key)
	}
	return hand(ctx, list, take)
}

func (f *Flow) readSKU(ctx context.Context, connectionID int64, sku string, take flow.Take) error {
	client, err := f.sides.Amazon(ctx, connectionID)
	if err != nil {
		return err
	}
	marketplaces, err := f.marketplaces(ctx, connectionID)
	if err != nil {
		return err
	}
	for _, marketplace := range marketplaces {
		page, err := client.InventorySummary(ctx, marketplace, sku)
		if err != nil {
			return fmt.Errorf("read FBA inventory of %s: %w", sku, err)
		}
		if err := f.keepPage(ctx, connectionID, marketplace, page, take); err != nil {
			return err
		}
	}
	return nil
}

// Read implements flow.Flow.
func (f *Flow) Read(raw json.RawMessage) (flow.Source, error) {
	var c content
	if err := json.Unmarshal(raw, &c); err != nil {
		return flow.Source{}, fault.Wrap(err, fault.Invalid, "The stock cannot be read: %v.", err)
	}
	if c.Unmapped != "" {
		return flow.Source{Header: Item{Item: c.Unmapped, SKUs: c.Unmapped}, Lists: map[string][]any{}, Title: c.Title}, nil
	}
	s := flow.Source{Lists: map[string][]any{}}
	var names []string
	for _, h := range c.SKUs {
		names = append(names, h.SKU)
		s.Lists[skus] = append(s.Lists[skus], SKU{c.Item, h.SKU, h.Condition, h.Fulfillable, h.Working, h.Shipped, h.Receiving, h.Orders, h.Transfers, h.Processing, h.Unfulfillable, h.Researching, h.Per})
	}
	for _, p := range c.Stock {
		s.Lists[places] = append(s.Lists[places], Place{c.Item, p.Location, p.OnHand, p.Allocated, p.Available})
	}
	names = slices.Compact(names)
	s.Title = strings.Join(names, ", ")
	s.Header = Item{Item: c.Item, SKUs: s.Title}
	return s, nil
}

// Heard implements flow.Hinted.
func (f *Flow) Heard() []string { return []string{amazon.InventoryChange} }

// Hints implements flow.Hinted: FBA_INVENTORY_AVAILABILITY_CHANGES names an SKU.
// Source: reference of the notification type, payload version 1.0.
func (f *Flow) Hints(kind string, payload json.RawMessage) ([]flow.Hint, error) {
	if kind != amazon.InventoryChange {
		return nil, nil
	}
	var p struct{ SKU string }
	if err := json.Unmarshal(payload, &p); err != nil {
		return nil, fmt.Errorf("read %s: %w", kind, err)
	}
	if p.SKU == "" {
		return nil, fmt.Errorf("%s names no SKU", kind)
	}
	return []flow.Hint{{Key: unmapped + p.SKU}}, nil
}
