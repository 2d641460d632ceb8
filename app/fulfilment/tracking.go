package fulfilment

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tieout/app/amazon"
	"tieout/app/expression"
	"tieout/app/flow"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/tracking"
)

// TrackingName is the name of the flow of tracking numbers.
const TrackingName = "fulfilment_tracking"

// Tracked is what formulas see of an order of which parcels are on their way.
type Tracked struct {
	ID        string `expr:"id"`     // Amazon's
	Number    string `expr:"number"` // P21's
	Reference string `expr:"reference"`
	Source    string `expr:"source"`
	Status    string `expr:"status"`
}

// Parcel is a shipment of Amazon's.
type Parcel struct {
	ID             string `expr:"id"`
	Carrier        string `expr:"carrier"` // Amazon's code
	Tracking       string `expr:"tracking"`
	AmazonTracking string `expr:"amazonTracking"`
	URL            string `expr:"url"`
	Packages       int    `expr:"packages"`
	Contents       string `expr:"contents"` // Amazon's lines with quantities: "1:2 3:1"
}

// ParcelLine is what formulas of shipments see.
type ParcelLine struct {
	Order    Tracked `expr:"order"`
	Shipment Parcel  `expr:"shipment"`
}

// parcels is the name of the list; placed is the one that Complete adds.
const (
	parcels = "shipments"
	placed  = "tracking"
)

// Tracking is the flow of tracking numbers from Amazon to P21; see flow.Flow.
type Tracking struct{ teller }

// NewTracking returns the flow of tracking numbers.
func NewTracking(sides Sides, requests func() Requests) *Tracking {
	return &Tracking{teller{sides, requests}}
}

// Definition implements flow.Flow.
func (f *Tracking) Definition() flow.Definition {
	return flow.Definition{
		Name: TrackingName, Title: "Fulfilment tracking", From: "Amazon fulfilment orders", To: "P21 shipments", Key: "Amazon fulfilment order", Remote: "P21 order",
		Every: 10 * time.Minute, Overlap: time.Hour, First: 24 * time.Hour,
		Environments: map[string]any{"": Tracked{}, parcels: ParcelLine{}},
		Fields: []flow.Field{
			{Name: "order", Type: expression.Text, Formula: `number`, Help: "P21's order."},
			{List: parcels, Name: "number", Type: expression.Text, Formula: `cut(either(shipment.tracking, shipment.amazonTracking), 40)`, Help: "P21 keeps one tracking number of at most 40 characters per shipment: that of the first package."},
			{List: parcels, Name: "carrier", Type: expression.Text, Formula: `""`, Help: `P21's id of the carrier, for instance shipment.carrier == "UPS" ? "100123" : ""; empty leaves what P21 has.`},
			{List: parcels, Name: "contents", Type: expression.Text, Formula: `shipment.contents`, Help: "By what a shipment is found again in P21."},
		},
		Checks: []flow.Check{
			{Name: "has a number", List: parcels, Formula: `shipment.tracking != "" || shipment.amazonTracking != ""`, Message: "Amazon tells no tracking number.", Severity: flow.Warns},
		},
	}
}

// Extract implements flow.Flow.
func (f *Tracking) Extract(ctx context.Context, connectionID int64, w flow.Window, take flow.Take) (time.Time, error) {
	return f.extract(ctx, connectionID, w, take)
}

// Fetch implements flow.Flow; the key is Amazon's id of the order.
func (f *Tracking) Fetch(ctx context.Context, connectionID int64, key string, take flow.Take) error {
	return f.fetch(ctx, connectionID, key, take)
}

// Read implements flow.Flow.
func (f *Tracking) Read(raw json.RawMessage) (flow.Source, error) {
	c, err := readTold(raw)
	if err != nil {
		return flow.Source{}, err
	}
	o := Tracked{ID: c.Amazon.ID, Number: c.Order, Reference: c.Reference, Source: c.Source, Status: string(c.Amazon.Status)}
	s := flow.Source{Header: o, Lists: map[string][]any{parcels: {}}}
	for _, shipment := range c.shippedOf() {
		s.Lists[parcels] = append(s.Lists[parcels], ParcelLine{o, parcelOf(shipment)})
	}
	s.Title = fmt.Sprintf("%d of %d shipments sent", len(s.Lists[parcels]), len(c.Amazon.Shipments))
	switch {
	case len(s.Lists[parcels]) > 0:
	case c.Amazon.Status == amazon.FulfillmentProcessing || c.Amazon.Status == "":
		s.Wait = "Amazon has not sent anything yet."
	default:
		s.Skip = "Amazon sends none of it: " + strings.ToLower(string(c.Amazon.Status)) + "."
	}
	return s, nil
}

func parcelOf(s amazon.FulfillmentShipment) Parcel {
	p := Parcel{ID: s.ID, Packages: len(s.Packages)}
	if len(s.Packages) > 0 {
		first := s.Packages[0]
		p.Carrier, p.Tracking, p.AmazonTracking, p.URL = first.Carrier, first.Tracking, first.Amazon, first.URL
	}
	var parts []string
	for _, i := range s.Items {
		parts = append(parts, i.LineID+":"+strconv.Itoa(i.Quantity))
	}
	p.Contents = strings.Join(parts, " ")
	return p
}

// patience is how long P21 is given between two looks for its shipment.
const patience = 15 * time.Minute

// Complete implements flow.Flow: it finds P21's shipments of what Amazon sent.
func (f *Tracking) Complete(ctx context.Context, r flow.Record, m flow.Mapped) (flow.Mapped, error) {
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
	sentOut, err := f.parcels(ctx, r, m)
	if err != nil {
		return m, err
	}
	order, err := tracking.Read(ctx, system, m.Text("order"))
	if err != nil {
		return m, err
	}
	if order.Behind(sentOut) {
		return m, &flow.Pause{Words: fmt.Sprintf("P21 has not shipped of order %s yet what Amazon has sent.", order.Number), Least: patience}
	}
	list := order.Place(sentOut)
	if order.Late(list) && r.RemoteKey == "" {
		return m, &flow.Nothing{Reason: "P21 had invoiced it before Amazon's numbers came, and takes none after that."}
	}
	m.Header["company"] = order.Company
	m.Lists[placed] = nil
	for _, t := range list {
		m.Lists[placed] = append(m.Lists[placed], map[string]any{"shipment": t.Shipment, "carrier": t.Carrier, "number": t.Number})
	}
	return m, nil
}

// parcels are Amazon's shipments with P21's items in them, as the request says.
func (f *Tracking) parcels(ctx context.Context, r flow.Record, m flow.Mapped) ([]tracking.Parcel, error) {
	target, err := f.requests().TargetOf(ctx, r.ConnectionID, Name, m.Text("order"))
	if err != nil {
		return nil, err
	}
	asked, err := stored(target)
	if err != nil {
		return nil, err
	}
	given, err := linesOf(asked)
	if err != nil {
		return nil, err
	}
	var list []tracking.Parcel
	for _, e := range m.Elements(parcels) {
		p := tracking.Parcel{Number: e.Text("number"), Carrier: e.Text("carrier"), Items: map[string]int{}}
		for _, part := range strings.Fields(e.Text("contents")) {
			id, text, _ := strings.Cut(part, ":")
			quantity, err := strconv.Atoi(text)
			if err != nil {
				return nil, fmt.Errorf("read contents %q: %w", part, err)
			}
			for _, l := range given {
				if l.ID == id {
					p.Items[strings.ToUpper(l.Item)] += quantity * l.Pack
				}
			}
		}
		list = append(list, p)
	}
	return list, nil
}

// Message implements flow.Flow. Later parcels are messages of their own.
func (f *Tracking) Message(r flow.Record, m flow.Mapped) (flow.Message, error) {
	p := tracking.Payload{Order: m.Text("order")}
	for _, e := range m.Elements(placed) {
		p.Tracking = append(p.Tracking, p21.Tracking{Shipment: e.Text("shipment"), Carrier: e.Text("carrier"), Number: e.Text("number")})
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return flow.Message{}, fmt.Errorf("write tracking of %s: %w", r.Key, err)
	}
	return flow.Message{Kind: TrackingName, Target: m.Text("company"), Reference: fmt.Sprintf("%s/%d", r.Key, r.Deliveries+1), Payload: raw}, nil
}

// Target implements flow.Flow.
func (f *Tracking) Target(ctx context.Context, r flow.Record) (outbound.Target, error) {
	system, err := f.sides.P21(ctx, r.ConnectionID)
	if err != nil {
		return nil, err
	}
	return &tracking.Shelf{System: system}, nil
}
