package fulfilment

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tieout/app/exception"
	"tieout/app/expression"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/notify"
	"tieout/app/outbound"
)

// NewsName is the name of the flow that tells channels.
const NewsName = "fulfilment_news"

// newsType is what a channel's webhook is told under.
const newsType = "fulfilment.updated"

// Channels tells channels by webhook.
type Channels interface {
	// HasChannel reports whether there is a webhook of that name for news of orders
	// of a connection, and whether it is on.
	HasChannel(ctx context.Context, connectionID int64, name string) (bool, error)
	// TellChannel posts an event once. The same id is the same event.
	TellChannel(ctx context.Context, connectionID int64, name string, e notify.Event) (notify.Answer, error)
}

// NewsLine is what formulas see of one of Amazon's lines.
type NewsLine struct {
	Order Tracked `expr:"order"`
	Line  Told    `expr:"line"`
}

// Told is one of Amazon's lines.
type Told struct {
	ID            string `expr:"id"`
	SKU           string `expr:"sku"`
	Quantity      int    `expr:"quantity"`
	Cancelled     int    `expr:"cancelled"`
	Unfulfillable int    `expr:"unfulfillable"`
}

// NewsPackage is what formulas see of a package.
type NewsPackage struct {
	Order   Tracked `expr:"order"`
	Package Package `expr:"package"`
}

// Package is one parcel on its way.
type Package struct {
	Shipment  string `expr:"shipment"` // Amazon's id
	ID        string `expr:"id"`
	Carrier   string `expr:"carrier"`
	Tracking  string `expr:"tracking"`
	URL       string `expr:"url"`
	Status    string `expr:"status"`
	Shipped   string `expr:"shipped"` // RFC 3339; empty: not known
	Delivered string `expr:"delivered"`
	Contents  string `expr:"contents"` // Amazon's lines with quantities: "1:2 3:1"
}

// packages is the name of the list.
const packages = "packages"

// News is the flow that tells channels how their orders stand; see flow.Flow.
type News struct {
	teller
	channels Channels
}

// NewNews returns the flow that tells channels.
func NewNews(sides Sides, requests func() Requests, channels Channels) *News {
	return &News{teller{sides, requests}, channels}
}

// Definition implements flow.Flow. None of its fields tells of a person.
func (f *News) Definition() flow.Definition {
	return flow.Definition{
		Name: NewsName, Title: "Fulfilment news", From: "Amazon fulfilment orders", To: "Channels by webhook", Key: "Amazon fulfilment order", Remote: "Event",
		Every: 10 * time.Minute, Overlap: time.Hour, First: 24 * time.Hour,
		Environments: map[string]any{"": Tracked{}, lines: NewsLine{}, packages: NewsPackage{}},
		Fields: []flow.Field{
			{Name: "channel", Type: expression.Text, Formula: `source`, Help: "Name of the webhook under Alerts that is told: shipped, the order source of P21. Empty: nobody."},
			{Name: "order", Type: expression.Text, Formula: `reference`, Help: "The channel's own number of the order."},
			{Name: "p21_order", Type: expression.Text, Formula: `number`},
			{Name: "status", Type: expression.Text, Formula: `status`},
			{List: lines, Name: "line", Type: expression.Text, Formula: `line.id`},
			{List: lines, Name: "sku", Type: expression.Text, Formula: `line.sku`},
			{List: lines, Name: "quantity", Type: expression.Integer, Formula: `line.quantity`},
			{List: lines, Name: "cancelled", Type: expression.Integer, Formula: `line.cancelled`},
			{List: lines, Name: "unfulfillable", Type: expression.Integer, Formula: `line.unfulfillable`},
			{List: packages, Name: "shipment", Type: expression.Text, Formula: `package.shipment`},
			{List: packages, Name: "package", Type: expression.Text, Formula: `package.id`},
			{List: packages, Name: "carrier", Type: expression.Text, Formula: `package.carrier`},
			{List: packages, Name: "tracking", Type: expression.Text, Formula: `package.tracking`},
			{List: packages, Name: "url", Type: expression.Text, Formula: `package.url`},
			{List: packages, Name: "status", Type: expression.Text, Formula: `package.status`},
			{List: packages, Name: "shipped", Type: expression.Text, Formula: `package.shipped`},
			{List: packages, Name: "delivered", Type: expression.Text, Formula: `package.delivered`},
			{List: packages, Name: "contents", Type: expression.Text, Formula: `package.contents`, Help: `Lines with quantities: "1:2 3:1".`},
		},
	}
}

// Extract implements flow.Flow.
func (f *News) Extract(ctx context.Context, connectionID int64, w flow.Window, take flow.Take) (time.Time, error) {
	return f.extract(ctx, connectionID, w, take)
}

// Fetch implements flow.Flow; the key is Amazon's id of the order.
func (f *News) Fetch(ctx context.Context, connectionID int64, key string, take flow.Take) error {
	return f.fetch(ctx, connectionID, key, take)
}

// Read implements flow.Flow.
func (f *News) Read(raw json.RawMessage) (flow.Source, error) {
	c, err := readTold(raw)
	if err != nil {
		return flow.Source{}, err
	}
	o := Tracked{ID: c.Amazon.ID, Number: c.Order, Reference: c.Reference, Source: c.Source, Status: string(c.Amazon.Status)}
	s := flow.Source{Header: o, Lists: map[string][]any{lines: {}, packages: {}}, Title: c.Reference + ": " + state(progress(&c.Amazon))}
	for _, i := range c.Amazon.Items {
		s.Lists[lines] = append(s.Lists[lines], NewsLine{o, Told{i.ID, i.SKU, i.Quantity, i.Cancelled, i.Unfulfillable}})
	}
	for _, shipment := range c.shippedOf() {
		for _, p := range shipment.Packages {
			s.Lists[packages] = append(s.Lists[packages], NewsPackage{o, Package{Shipment: shipment.ID, ID: p.ID, Carrier: p.Carrier, Tracking: p.Tracking, URL: p.URL, Status: p.Status,
				Shipped: instant(shipment.Shipped), Delivered: instant(p.Delivered), Contents: parcelOf(shipment).Contents}})
		}
	}
	return s, nil
}

// Complete implements flow.Flow.
func (f *News) Complete(ctx context.Context, r flow.Record, m flow.Mapped) (flow.Mapped, error) {
	name := m.Text("channel")
	has, err := f.channels.HasChannel(ctx, r.ConnectionID, name)
	switch {
	case err != nil:
		return m, err
	case has:
		return m, nil
	case r.RemoteKey == "":
		return m, &flow.Nothing{Reason: fmt.Sprintf("No webhook named %q is told of orders that Amazon ships.", name)}
	}
	return m, &flow.Obstacle{Class: exception.DeliveryRefused, Cause: NewsName + "/channel/" + name, Title: fmt.Sprintf("Fulfilment news: there is no webhook %q any more", name),
		Words: fmt.Sprintf("The webhook %q is off or gone. Put it back under Alerts, or ignore this.", name)}
}

// news is what a channel is told, as its webhook gets it in data.
type news struct {
	Order    string         `json:"order"`
	P21Order string         `json:"p21_order"`
	ID       string         `json:"fulfilment_order"`
	Status   string         `json:"status"`
	Lines    []flow.Element `json:"lines"`
	Packages []flow.Element `json:"packages"`
}

// newsPayload is a message of the write protocol.
type newsPayload struct {
	Channel string    `json:"channel"`
	At      time.Time `json:"at"`
	News    news      `json:"news"`
}

// Message implements flow.Flow. Each state that Amazon tells of is an event of
// its own; an event that is sent again keeps its id.
func (f *News) Message(r flow.Record, m flow.Mapped) (flow.Message, error) {
	p := newsPayload{Channel: m.Text("channel"), At: r.ChangedAt.UTC(), News: news{Order: m.Text("order"), P21Order: m.Text("p21_order"), ID: r.Key, Status: m.Text("status"),
		Lines: m.Elements(lines), Packages: m.Elements(packages)}}
	raw, err := json.Marshal(p)
	if err != nil {
		return flow.Message{}, fmt.Errorf("write news of %s: %w", r.Key, err)
	}
	return flow.Message{Kind: NewsName, Target: p.Channel, Reference: fmt.Sprintf("%d/%s/%d", r.ConnectionID, r.Key, r.Deliveries+1), Payload: raw}, nil
}

// Target implements flow.Flow.
func (f *News) Target(_ context.Context, r flow.Record) (outbound.Target, error) {
	return &hook{f.channels, r.ConnectionID, r.Key}, nil
}

// hook is a channel as a target of the write protocol. Nobody can ask a webhook
// what it has; an event is sent until it is taken, always under the same id, by
// which the receiver knows one that it has.
type hook struct {
	channels   Channels
	connection int64
	key        string
}

func (h *hook) CanLookUp() bool         { return true }
func (h *hook) RefusesDuplicates() bool { return true }

func (h *hook) Find(context.Context, outbound.Message) ([]outbound.Found, error) { return nil, nil }

func (h *hook) Read(_ context.Context, _ outbound.Message, key string) (outbound.Found, error) {
	return outbound.Found{Key: key}, nil
}

func (h *hook) Send(ctx context.Context, m outbound.Message) (string, error) {
	var p newsPayload
	if err := json.Unmarshal(m.Payload, &p); err != nil {
		return "", fmt.Errorf("read payload of %s: %w", m.Reference, err)
	}
	answer, err := h.channels.TellChannel(ctx, h.connection, p.Channel, notify.Event{ID: NewsName + "/" + m.Reference, Type: newsType, At: p.At, Data: p.News})
	switch {
	case err != nil:
		return "", err
	case answer.Outcome == notify.Later:
		return "", fault.New(fault.Unavailable, "The webhook %q does not take it now: %s", p.Channel, answer.Words)
	case answer.Outcome != notify.Delivered:
		return "", fault.New(fault.Invalid, "The webhook %q refuses it: %s", p.Channel, answer.Words)
	}
	return h.key, nil
}

func (h *hook) Outcome(err error) (outbound.Outcome, string) {
	if fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Internal) {
		return outbound.Ambiguous, fault.MessageOf(err)
	}
	return outbound.Refused, fault.MessageOf(err)
}
