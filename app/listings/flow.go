// Package listings tells Amazon what P21's product master says of the products
// that are listed: titles, descriptions, prices and whatever a formula gives.
// As shipped no formula gives anything, so nothing is changed.
package listings

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/clock"
	"tieout/app/connection"
	"tieout/app/document"
	"tieout/app/exception"
	"tieout/app/expression"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/period"
)

// Name of the flow.
const Name = "listings"

// Sides are both sides of a connection.
type Sides interface {
	Get(ctx context.Context, connectionID int64) (connection.Connection, error)
	Amazon(ctx context.Context, connectionID int64) (*amazon.Client, error)
	P21(ctx context.Context, connectionID int64) (p21.System, error)
}

// Maps tells what SKUs stand for.
type Maps interface {
	// PacksOf returns the SKUs that stand for one of the items alone.
	PacksOf(ctx context.Context, connectionID int64, marketplace string, items []string, day period.Date) (map[string][]catalog.Pack, error)
	// ListedSince returns the items that an SKU was mapped to since an instant, or
	// of whose SKU Amazon shows something else since.
	ListedSince(ctx context.Context, connectionID int64, since time.Time) ([]string, error)
	ResolveAll(ctx context.Context, connectionID int64, marketplace string, skus []string, day period.Date) (map[string]catalog.Mapping, error)
}

// Flow is the flow of products; see flow.Flow.
type Flow struct {
	sides Sides
	maps  Maps
	clock clock.Clock
}

// New returns the flow.
func New(sides Sides, maps Maps, c clock.Clock) *Flow { return &Flow{sides, maps, c} }

// content is an SKU in a marketplace with the item that it stands for.
type content struct {
	SKU         string   `json:"sku"`
	Marketplace string   `json:"marketplace"` // Amazon's id
	Units       int      `json:"units"`       // of the item in one of the SKU
	Item        p21.Item `json:"item"`
	Currency    string   `json:"currency"` // of P21's prices
	Listed      bool     `json:"listed"`   // as far as is known: a listing that appears is news
}

// Item is what formulas see of P21's item.
type Item struct {
	Code        string          `expr:"code"`
	Description string          `expr:"description"`
	Extended    string          `expr:"extended"`
	Unit        string          `expr:"unit"`
	ListPrice   decimal.Decimal `expr:"list_price"`
	Active      bool            `expr:"active"`
}

// Product is what formulas see.
type Product struct {
	SKU         string `expr:"sku"`
	Marketplace string `expr:"marketplace"` // country
	Language    string `expr:"language"`    // of the marketplace
	Units       int    `expr:"units"`
	Currency    string `expr:"currency"` // of P21's prices
	Item        Item   `expr:"item"`
}

// Definition implements flow.Flow.
func (f *Flow) Definition() flow.Definition {
	text := func(name, help string) flow.Field {
		return flow.Field{Name: name, Type: expression.Text, Formula: `""`, Help: help}
	}
	return flow.Definition{
		Name: Name, Title: "Products", From: "P21 items", To: "Amazon product details", Key: "Listing", Remote: "Amazon listing",
		Every: time.Hour, Overlap: time.Hour, First: 24 * time.Hour, Renews: true,
		Environments: map[string]any{"": Product{}},
		Fields: []flow.Field{
			text("item_name", "The title. What is empty or 0 is left as Amazon has it, here and below. Example: item.description"),
			text("product_description", "Example: item.extended"),
			text("bullet_points", "One a line."),
			text("brand", ""), text("manufacturer", ""), text("part_number", "Example: item.code"), text("model_number", ""), text("generic_keyword", "Search terms."),
			{Name: "list_price", Type: expression.Number, Formula: `0`, Help: "What the maker recommends. Example: item.list_price * units"},
			{Name: "price", Type: expression.Number, Formula: `0`, Help: "Your price, with tax where the marketplace shows it so."},
			{Name: "currency", Type: expression.Text, Formula: `currency`, Help: "Of both prices."},
			{Name: "language", Type: expression.Text, Formula: `language`, Help: "Of the texts, as Amazon writes it: en_US."},
			text("other", `Further attributes of the product type, as JSON: {"color": [{"value": "Red", "language_tag": "en_US"}]}. The marketplace is added.`),
		},
		Checks: []flow.Check{
			{Name: "sold", Formula: `item.active`, Message: "P21 does not sell the item any more.", Severity: flow.Warns},
		},
	}
}

// key names a listing; country codes have no blank.
func key(country, sku string) string { return country + " " + sku }

// Extract implements flow.Flow: items that changed in P21, or whose SKUs
// were mapped or listed since.
func (f *Flow) Extract(ctx context.Context, connectionID int64, w flow.Window, take flow.Take) (time.Time, error) {
	system, err := f.sides.P21(ctx, connectionID)
	if err != nil {
		return time.Time{}, err
	}
	has, err := system.Features(ctx)
	if err != nil || !has.Items {
		return w.Until, err // this P21 tells of none
	}
	since := w.Since
	if w.Read.IsZero() {
		since = time.Time{}
	}
	items := map[string]p21.Item{}
	for item, err := range system.Items(ctx, since) {
		if err != nil {
			return time.Time{}, fmt.Errorf("read P21's items: %w", err)
		}
		if items[item.Code] = item; len(items) == 500 {
			if err := f.hand(ctx, connectionID, items, take); err != nil {
				return time.Time{}, err
			}
			clear(items)
		}
	}
	if err := f.listed(ctx, connectionID, system, since, items); err != nil {
		return time.Time{}, err
	}
	return w.Until, f.hand(ctx, connectionID, items, take)
}

// listed adds the items that an SKU was mapped to since, or was listed.
func (f *Flow) listed(ctx context.Context, connectionID int64, system p21.System, since time.Time, items map[string]p21.Item) error {
	if since.IsZero() {
		return nil // all are read
	}
	codes, err := f.maps.ListedSince(ctx, connectionID, since)
	if err != nil {
		return err
	}
	for _, code := range codes {
		if _, known := items[code]; known {
			continue
		}
		item, err := system.Item(ctx, code)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read item %s: %w", code, err)
		}
		items[code] = item
	}
	return nil
}

// hand takes the listings of items.
func (f *Flow) hand(ctx context.Context, connectionID int64, items map[string]p21.Item, take flow.Take) error {
	c, err := f.sides.Get(ctx, connectionID)
	if err != nil || len(items) == 0 {
		return err
	}
	var codes []string
	for code := range items {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	var found []content
	for _, marketplace := range c.MarketplaceIDs {
		packs, err := f.maps.PacksOf(ctx, connectionID, marketplace, codes, period.DateOf(f.clock.Now()))
		if err != nil {
			return err
		}
		for _, code := range codes {
			for _, p := range packs[code] {
				found = append(found, content{p.SKU, marketplace, p.Quantity, items[code], string(c.FunctionalCurrency), p.Listed})
			}
		}
	}
	return give(ctx, found, take)
}

func give(ctx context.Context, found []content, take flow.Take) error {
	if len(found) == 0 {
		return nil
	}
	page := flow.Page{Kind: "p21_items", Name: "items of listings", ContentType: "application/json", Source: document.FromP21}
	contents := make([]json.RawMessage, len(found))
	for i, one := range found {
		raw, err := json.Marshal(one)
		if err != nil {
			return fmt.Errorf("write item %s: %w", one.Item.Code, err)
		}
		contents[i] = raw
		page.Arrivals = append(page.Arrivals, flow.Arrival{Key: key(country(one.Marketplace), one.SKU), At: one.Item.ChangedAt, Content: raw, Position: i})
	}
	var err error
	if page.Raw, err = json.Marshal(contents); err != nil {
		return fmt.Errorf("write items: %w", err)
	}
	return take(ctx, page)
}

// country of a marketplace; its id where it is not known.
func country(marketplaceID string) string {
	if m, ok := amazon.MarketplaceByID(marketplaceID); ok {
		return m.Country
	}
	return marketplaceID
}

// Fetch implements flow.Flow.
func (f *Flow) Fetch(ctx context.Context, connectionID int64, key string, take flow.Take) error {
	shop, sku, _ := strings.Cut(key, " ")
	c, err := f.sides.Get(ctx, connectionID)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(c.MarketplaceIDs, func(id string) bool { return country(id) == shop })
	if at < 0 || sku == "" {
		return fault.New(fault.NotFound, "%q names no listing: a marketplace and an SKU, such as US KETTLE.", key)
	}
	found, err := f.maps.ResolveAll(ctx, connectionID, c.MarketplaceIDs[at], []string{sku}, period.DateOf(f.clock.Now()))
	if err != nil {
		return err
	}
	parts := found[sku].Parts
	if len(parts) != 1 {
		return fault.New(fault.NotFound, "SKU %s does not stand for one item alone.", sku)
	}
	system, err := f.sides.P21(ctx, connectionID)
	if err != nil {
		return err
	}
	item, err := system.Item(ctx, parts[0].Code)
	if err != nil {
		return fmt.Errorf("read item %s: %w", parts[0].Code, err)
	}
	return f.hand(ctx, connectionID, map[string]p21.Item{item.Code: item}, take)
}

// Read implements flow.Flow.
func (f *Flow) Read(raw json.RawMessage) (flow.Source, error) {
	c, err := read(raw)
	if err != nil {
		return flow.Source{}, err
	}
	shop := country(c.Marketplace)
	i := c.Item
	return flow.Source{Title: i.Description, Header: Product{SKU: c.SKU, Marketplace: shop, Language: language(shop), Units: c.Units, Currency: c.Currency,
		Item: Item{i.Code, i.Description, i.Extended, i.Unit, i.ListPrice, i.Active}}}, nil
}

func read(raw json.RawMessage) (c content, err error) {
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, fault.Wrap(err, fault.Invalid, "The item cannot be read: %v.", err)
	}
	return c, nil
}

// Complete implements flow.Flow: it collects the attributes that formulas gave
// and asks Amazon what it thinks of those that the listing holds otherwise.
func (f *Flow) Complete(ctx context.Context, r flow.Record, m flow.Mapped) (flow.Mapped, error) {
	c, err := read(r.Content)
	if err != nil {
		return m, err
	}
	wanted, err := f.wanted(c, m)
	if err != nil {
		return m, err
	}
	if len(wanted) == 0 && r.RemoteKey == "" {
		return m, &flow.Nothing{Reason: "No formula gives Amazon anything of this product."}
	}
	side, err := f.side(ctx, r.ConnectionID)
	if err != nil {
		return m, err
	}
	listing, err := side.listing(ctx, c.SKU, c.Marketplace)
	if fault.Is(err, fault.NotFound) {
		return m, gone(r)
	}
	if err != nil {
		return m, err
	}
	missing := wanted.missing(listing.Attributes, c.Marketplace)
	if len(missing) == 0 && r.RemoteKey == "" {
		return m, &flow.Nothing{Reason: "Amazon shows this already."}
	}
	t := told{SKU: c.SKU, Marketplace: c.Marketplace, ProductType: listing.ProductType(c.Marketplace), Attributes: wanted}
	if m.Remarks, err = side.preview(ctx, t, missing); err != nil {
		return m, err
	}
	return t.fill(m, side.connection.SellerID)
}

// gone says that there is no listing, or none any more.
func gone(r flow.Record) error {
	if r.RemoteKey == "" {
		return &flow.Nothing{Reason: "Amazon has no listing of this SKU there."}
	}
	return &flow.Obstacle{Class: exception.DeliveryRefused, Cause: Name + "/gone " + r.Key, Title: "Amazon product details: the listing " + r.Key + " is gone",
		Words: "Amazon has no listing of this SKU any more. List it again, or ignore this."}
}

// wanted are the attributes that formulas gave, or what is wrong with them.
func (f *Flow) wanted(c content, m flow.Mapped) (attributes, error) {
	wanted, err := attributesOf(m, c.Marketplace)
	if err != nil {
		return nil, &flow.Obstacle{Class: exception.MappingFailed, Cause: Name + "/other", Title: "Products: the formula of other does not come out", Words: fault.MessageOf(err)}
	}
	shop, known := amazon.MarketplaceByID(c.Marketplace)
	priced := m.Number("price").IsPositive() || m.Number("list_price").IsPositive()
	if priced && known && m.Text("currency") != shop.Currency {
		return nil, &flow.Obstacle{Class: exception.CheckFailed, Cause: Name + "/currency " + shop.Country, Title: "Products: prices in " + m.Text("currency") + " for " + shop.Name,
			Words: fmt.Sprintf("%s sells in %s. Give it prices of its own in the mapping, or 0.", shop.Name, shop.Currency)}
	}
	return wanted, nil
}

// Message implements flow.Flow.
func (f *Flow) Message(r flow.Record, m flow.Mapped) (flow.Message, error) {
	t, err := toldOf(m)
	if err != nil {
		return flow.Message{}, err
	}
	raw, err := json.Marshal(t)
	if err != nil {
		return flow.Message{}, fmt.Errorf("write attributes of %s: %w", r.Key, err)
	}
	return flow.Message{Kind: kindAttributes, Target: m.Text("seller"), Reference: fmt.Sprintf("%s/%d", r.Key, r.Deliveries+1), Payload: raw}, nil
}

// Target implements flow.Flow.
func (f *Flow) Target(ctx context.Context, r flow.Record) (outbound.Target, error) {
	s, err := f.side(ctx, r.ConnectionID)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (f *Flow) side(ctx context.Context, connectionID int64) (*side, error) {
	client, err := f.sides.Amazon(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	c, err := f.sides.Get(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	return &side{client, c, f.clock}, nil
}
