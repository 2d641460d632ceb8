// Package fbashipments brings the carriers and tracking numbers of orders that
// Amazon sold and sent itself to P21's shipments of those orders.
package fbashipments

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/clock"
	"tieout/app/connection"
	"tieout/app/exception"
	"tieout/app/expression"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/app/tracking"
)

// Name of the flow.
const Name = "fba_shipments"

// ordersFlow is the flow whose records say what Amazon sold.
const ordersFlow = "orders"

// Sides are both sides of a connection.
type Sides interface {
	Get(ctx context.Context, connectionID int64) (connection.Connection, error)
	Amazon(ctx context.Context, connectionID int64) (*amazon.Client, error)
	P21(ctx context.Context, connectionID int64) (p21.System, error)
}

// Orders knows the records of flows.
type Orders interface {
	// RemoteOf returns P21's numbers of Amazon's orders; "" while there is none.
	RemoteOf(ctx context.Context, connectionID int64, flow string, keys []string) (map[string]string, error)
	// TargetOf returns what an order was mapped to; nil: never.
	TargetOf(ctx context.Context, connectionID int64, flow, key string) (json.RawMessage, error)
	// SourcesOf returns the newest contents.
	SourcesOf(ctx context.Context, connectionID int64, flow string, keys []string) (map[string]json.RawMessage, error)
}

// Maps finds the items that the SKUs of a marketplace stand for on a day.
type Maps func(ctx context.Context, connectionID int64, marketplace string, skus []string, day period.Date) (map[string]catalog.Mapping, error)

// Flow is the flow of FBA shipments; see flow.Flow.
type Flow struct {
	sides  Sides
	orders func() Orders
	maps   Maps
	clock  clock.Clock
}

// New returns the flow.
func New(sides Sides, orders func() Orders, maps Maps, c clock.Clock) *Flow {
	return &Flow{sides, orders, maps, c}
}

// content is what Amazon sent of an order so far, or a row that cannot be read.
type content struct {
	Order    string   `json:"order"`
	Rows     []Row    `json:"rows,omitempty"`
	Problems []string `json:"problems,omitempty"`
	Row      string   `json:"row,omitempty"` // as Amazon wrote it, without what tells of the buyer
}

// Sold is what formulas see of an order.
type Sold struct {
	Order   string `expr:"order"` // Amazon's
	Channel string `expr:"channel"`
}

// Parcel is what formulas see of a shipment.
type Parcel struct {
	Order    Sold      `expr:"order"`
	Shipment string    `expr:"shipment"`
	Carrier  string    `expr:"carrier"`
	Tracking string    `expr:"tracking"`
	Sent     time.Time `expr:"sent"`
}

// Names of the lists; placed is the one that Complete adds.
const (
	parcels = "shipments"
	placed  = "tracking"
)

// Definition implements flow.Flow.
func (f *Flow) Definition() flow.Definition {
	return flow.Definition{
		Name: Name, Title: "FBA shipments", From: "Amazon's report of shipments", To: "P21 shipments", Key: "Amazon order", Remote: "P21 order",
		// Rows come a day after the parcel at the latest.
		Every: time.Hour, Overlap: 48 * time.Hour, First: 48 * time.Hour,
		Environments: map[string]any{"": Sold{}, parcels: Parcel{}},
		Fields: []flow.Field{
			{Name: "wanted", Type: expression.Flag, Formula: `true`, Help: "Of which orders P21 takes tracking numbers."},
			{List: parcels, Name: "number", Type: expression.Text, Formula: `cut(tracking, 40)`, Help: "P21 keeps one tracking number of at most 40 characters per shipment."},
			{List: parcels, Name: "carrier", Type: expression.Text, Formula: `""`, Help: `P21's id of the carrier, for instance carrier == "UPS" ? "100123" : ""; empty leaves what P21 has.`},
		},
		Checks: []flow.Check{
			{Name: "has a number", List: parcels, Formula: `tracking != ""`, Message: "Amazon tells no tracking number.", Severity: flow.Warns},
		},
	}
}

// Extract implements flow.Flow: it asks Amazon for the report up to now, and
// reads it when it is there.
func (f *Flow) Extract(ctx context.Context, connectionID int64, w flow.Window, take flow.Take) (time.Time, error) {
	report, ready, err := f.report(ctx, connectionID, w)
	switch {
	case err != nil:
		return w.Read, err
	case !ready:
		return w.Read, nil // the next look, or Amazon's notification, finds it
	case report.Raw == nil:
		return report.Report.DataEnd, nil
	}
	page, err := f.page(ctx, connectionID, report)
	if err != nil {
		return w.Read, err
	}
	return report.Report.DataEnd, take(ctx, page)
}

func (f *Flow) report(ctx context.Context, connectionID int64, w flow.Window) (amazon.Content, bool, error) {
	client, err := f.sides.Amazon(ctx, connectionID)
	if err != nil {
		return amazon.Content{}, false, err
	}
	c, err := f.sides.Get(ctx, connectionID)
	if err != nil {
		return amazon.Content{}, false, err
	}
	if len(c.MarketplaceIDs) == 0 {
		return amazon.Content{}, false, fault.New(fault.Invalid, "The connection names no marketplace.")
	}
	const longest = 30 * 24 * time.Hour // Amazon takes a month
	begin, end := w.Since.UTC().Truncate(time.Hour), w.Until.UTC().Truncate(time.Second)
	if end.Sub(begin) > longest {
		end = begin.Add(longest)
	}
	asked := amazon.NewReport{Type: ReportType, MarketplaceIDs: c.MarketplaceIDs, DataStart: &begin, DataEnd: &end}
	content, ready, err := client.RequestedContent(ctx, asked, w.Read)
	if err != nil {
		return content, false, fmt.Errorf("get report of FBA shipments: %w", err)
	}
	return content, ready, nil
}

// page makes a page of a report: each order with what was known to be sent of it
// before, and each row that cannot be read.
func (f *Flow) page(ctx context.Context, connectionID int64, from amazon.Content) (flow.Page, error) {
	text := Strip(amazon.Text(from.Raw, from.Charset, japanese(from.Report)))
	page := flow.Page{Kind: "amazon_fba_shipments", Name: "FBA shipments " + from.Report.ID, ContentType: "text/tab-separated-values", Raw: []byte(text)}
	list, problems := Read(text)
	byOrder, lines := map[string][]Row{}, map[string]int{}
	for _, r := range list {
		byOrder[r.Order] = append(byOrder[r.Order], r)
		lines[r.Order] = r.Line
	}
	ids := slices.Sorted(maps.Keys(byOrder))
	known, err := f.orders().SourcesOf(ctx, connectionID, Name, ids)
	if err != nil {
		return page, err
	}
	for _, id := range ids {
		c, err := merge(id, known[id], byOrder[id])
		if err != nil {
			return page, err
		}
		if err := put(&page, id, from.Report.DataEnd, lines[id], c); err != nil {
			return page, err
		}
	}
	return page, unreadable(&page, from.Report.DataEnd, strings.Split(text, "\n"), problems)
}

func japanese(r amazon.Report) bool {
	return slices.ContainsFunc(r.MarketplaceIDs, func(id string) bool {
		shop, ok := amazon.MarketplaceByID(id)
		return ok && shop.Country == "JP"
	})
}

// merge adds rows to what was known of an order. A row that was known is what
// the newer report says.
func merge(id string, known json.RawMessage, rows []Row) (content, error) {
	c := content{Order: id}
	if len(known) > 0 {
		if err := json.Unmarshal(known, &c); err != nil {
			return c, fmt.Errorf("read what was sent of %s: %w", id, err)
		}
	}
	for _, r := range rows {
		i := slices.IndexFunc(c.Rows, func(k Row) bool { return k.Shipment == r.Shipment && k.Item == r.Item })
		if i >= 0 {
			c.Rows[i] = r
		} else {
			c.Rows = append(c.Rows, r)
		}
	}
	slices.SortFunc(c.Rows, func(x, y Row) int {
		return strings.Compare(x.Sent.Format(time.RFC3339)+x.Shipment+x.Item, y.Sent.Format(time.RFC3339)+y.Shipment+y.Item)
	})
	return c, nil
}

func put(page *flow.Page, key string, at time.Time, line int, c content) error {
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write shipments of %s: %w", key, err)
	}
	page.Arrivals = append(page.Arrivals, flow.Arrival{Key: key, At: at, Content: raw, Position: line})
	return nil
}

// unreadable adds the rows that cannot be read, with what is wrong with each.
func unreadable(page *flow.Page, at time.Time, rows []string, problems []Problem) error {
	wrong := map[int][]string{}
	for _, p := range problems {
		wrong[p.Line] = append(wrong[p.Line], p.String())
	}
	for _, line := range slices.Sorted(maps.Keys(wrong)) {
		sum := sha256.Sum256([]byte(rows[line-1]))
		if err := put(page, "unreadable|"+hex.EncodeToString(sum[:8]), at, line, content{Problems: wrong[line], Row: rows[line-1]}); err != nil {
			return err
		}
	}
	return nil
}

// Fetch implements flow.Flow. Amazon tells of no single order's shipments.
func (f *Flow) Fetch(context.Context, int64, string, flow.Take) error {
	return fault.New(fault.Invalid, "Amazon tells of its shipments in reports only; run the flow instead.")
}

// Read implements flow.Flow.
func (f *Flow) Read(raw json.RawMessage) (flow.Source, error) {
	var c content
	if err := json.Unmarshal(raw, &c); err != nil {
		return flow.Source{}, fault.Wrap(err, fault.Invalid, "The shipments cannot be read: %v.", err)
	}
	if len(c.Problems) > 0 {
		return flow.Source{}, fault.New(fault.Invalid, "The row of the report cannot be read: %s.", strings.Join(c.Problems, "; "))
	}
	o := Sold{Order: c.Order}
	if len(c.Rows) > 0 {
		o.Channel = c.Rows[0].Channel
	}
	s := flow.Source{Header: o, Lists: map[string][]any{parcels: {}}}
	for _, p := range c.parcels() {
		s.Lists[parcels] = append(s.Lists[parcels], Parcel{o, p[0].Shipment, p[0].Carrier, p[0].Tracking, p[0].Sent})
	}
	s.Title = fmt.Sprintf("%d shipments", len(s.Lists[parcels]))
	if len(s.Lists[parcels]) == 1 {
		s.Title = "1 shipment"
	}
	return s, nil
}

// parcels are the rows by shipment and tracking number, in order.
func (c content) parcels() (list [][]Row) {
	for _, r := range c.Rows {
		i := slices.IndexFunc(list, func(p []Row) bool { return p[0].Shipment == r.Shipment && p[0].Tracking == r.Tracking })
		if i < 0 {
			list = append(list, nil)
			i = len(list) - 1
		}
		list[i] = append(list[i], r)
	}
	return list
}

// patience is how long P21 is given between two looks for an order or its
// shipment.
const patience = time.Hour

// late is how long the flow of orders is given to bring an order that Amazon has
// sent.
const late = 72 * time.Hour

// Complete implements flow.Flow: it finds P21's shipments of what Amazon sent.
func (f *Flow) Complete(ctx context.Context, r flow.Record, m flow.Mapped) (flow.Mapped, error) {
	if m.Header["wanted"] != true {
		return m, &flow.Nothing{Reason: "The mapping does not want it."}
	}
	system, err := f.sides.P21(ctx, r.ConnectionID)
	if err != nil {
		return m, err
	}
	has, err := system.Features(ctx)
	if err != nil {
		return m, err
	}
	if !has.Shipments || !has.TrackingWrite {
		return m, &flow.Nothing{Reason: "This P21 takes no tracking numbers."}
	}
	known, err := f.orders().RemoteOf(ctx, r.ConnectionID, ordersFlow, []string{r.Key})
	if err != nil {
		return m, err
	}
	number, told := known[r.Key]
	switch {
	case !told && f.clock.Now().Sub(r.ChangedAt) > late:
		return m, &flow.Nothing{Reason: "The flow of orders did not bring it: another channel sold it, or it is older."}
	case !told || number == "":
		return m, &flow.Pause{Words: "The order has not reached P21 yet.", Least: patience}
	}
	return f.pair(ctx, system, r, m, number)
}

// pair finds the shipments of P21's order that Amazon's parcels are.
func (f *Flow) pair(ctx context.Context, system p21.System, r flow.Record, m flow.Mapped, number string) (flow.Mapped, error) {
	order, err := tracking.Read(ctx, system, number)
	if err != nil {
		return m, err
	}
	sent, err := f.sent(ctx, r, m, order)
	if err != nil {
		return m, err
	}
	if order.Behind(sent) {
		return m, &flow.Pause{Words: fmt.Sprintf("P21 has not shipped of order %s yet what Amazon has sent.", number), Least: patience}
	}
	list := order.Place(sent)
	if r.RemoteKey == "" && (len(list) == 0 || order.Late(list)) {
		return m, &flow.Nothing{Reason: "P21 had invoiced it before Amazon's numbers came, and takes none after that."}
	}
	m.Header["company"], m.Header["p21_order"] = order.Company, number
	m.Lists[placed] = nil
	for _, t := range list {
		m.Lists[placed] = append(m.Lists[placed], map[string]any{"shipment": t.Shipment, "carrier": t.Carrier, "number": t.Number})
	}
	return m, nil
}

// sent are Amazon's parcels in P21's items, by the maps of the order's day.
func (f *Flow) sent(ctx context.Context, r flow.Record, m flow.Mapped, order tracking.Order) ([]tracking.Parcel, error) {
	var c content
	if err := json.Unmarshal(r.Content, &c); err != nil {
		return nil, fmt.Errorf("read shipments of %s: %w", r.Key, err)
	}
	var skus []string
	for _, row := range c.Rows {
		skus = append(skus, row.SKU)
	}
	marketplace, err := f.marketplace(ctx, r)
	if err != nil {
		return nil, err
	}
	mapped, err := f.maps(ctx, r.ConnectionID, marketplace, skus, order.Date)
	if err != nil {
		return nil, err
	}
	var list []tracking.Parcel
	elements := m.Elements(parcels)
	for i, rows := range c.parcels() {
		p := tracking.Parcel{Number: elements[i].Text("number"), Carrier: elements[i].Text("carrier"), Items: map[string]int{}}
		for _, row := range rows {
			known, ok := mapped[row.SKU]
			if !ok {
				return nil, &flow.Obstacle{Class: exception.UnknownSKU, Cause: row.SKU, Title: "No item stands for SKU " + row.SKU, Words: "SKU " + row.SKU + " is not mapped.",
					Detail: map[string]any{"sku": row.SKU, "marketplace": marketplace}}
			}
			for _, part := range known.Parts {
				p.Items[strings.ToUpper(part.Code)] += row.Quantity * part.Quantity
			}
		}
		list = append(list, p)
	}
	return list, nil
}

// marketplace is where Amazon sold the order, as the flow of orders knows.
func (f *Flow) marketplace(ctx context.Context, r flow.Record) (string, error) {
	target, err := f.orders().TargetOf(ctx, r.ConnectionID, ordersFlow, r.Key)
	if err != nil || len(target) == 0 {
		return "", err
	}
	var sold struct{ Header struct{ Marketplace string } }
	if err := json.Unmarshal(target, &sold); err != nil {
		return "", fmt.Errorf("read the marketplace of %s: %w", r.Key, err)
	}
	return sold.Header.Marketplace, nil
}

// Message implements flow.Flow. Later parcels are messages of their own.
func (f *Flow) Message(r flow.Record, m flow.Mapped) (flow.Message, error) {
	p := tracking.Payload{Order: m.Text("p21_order")}
	for _, e := range m.Elements(placed) {
		p.Tracking = append(p.Tracking, p21.Tracking{Shipment: e.Text("shipment"), Carrier: e.Text("carrier"), Number: e.Text("number")})
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return flow.Message{}, fmt.Errorf("write tracking of %s: %w", r.Key, err)
	}
	return flow.Message{Kind: Name, Target: m.Text("company"), Reference: fmt.Sprintf("%s/%d", r.Key, r.Deliveries+1), Payload: raw}, nil
}

// Target implements flow.Flow.
func (f *Flow) Target(ctx context.Context, r flow.Record) (outbound.Target, error) {
	system, err := f.sides.P21(ctx, r.ConnectionID)
	if err != nil {
		return nil, err
	}
	return &tracking.Shelf{System: system}, nil
}

// Heard implements flow.Hinted.
func (f *Flow) Heard() []string { return []string{amazon.ReportProcessingFinished} }

// Hints implements flow.Hinted: the report that was asked for is there.
func (f *Flow) Hints(kind string, payload json.RawMessage) ([]flow.Hint, error) {
	if kind != amazon.ReportProcessingFinished {
		return nil, nil
	}
	report, err := amazon.ReadFinishedReport(payload)
	if err != nil || report.Type != ReportType {
		return nil, err
	}
	return []flow.Hint{{}}, nil
}
