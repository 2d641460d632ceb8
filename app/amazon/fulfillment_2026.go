package amazon

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
)

const pathOutbound2026 = "/fulfillment/outbound/2026-07-04"

var (
	opOrderPreview     = Operation{"getOrderPreview", 2, 30}
	opCreateOutbound   = Operation{"createOrder", 2, 30}
	opGetOutbound      = Operation{"outbound getOrder", 2, 30} // Orders has a getOrder too
	opListOutbound     = Operation{"listOrders", 2, 30}
	opUpdateOutbound   = Operation{"updateOrder", 2, 30}
	opCancelOutbound   = Operation{"cancelOrder", 2, 30}
	opShipmentTracking = Operation{"getShipmentTracking", 1, 5} // the model states no plan
)

// outbound2026 is version 2026-07-04.
type outbound2026 struct{ client *Client }

type amount struct {
	Unit  string `json:"unit,omitempty"`
	Value exact  `json:"value"` // a string in JSON
}

type outboundSKU struct {
	SKU string `json:"amazonSku"`
}

type outboundProduct struct {
	Identifier outboundSKU `json:"productIdentifier"`
}

type outboundLine struct {
	ID            string          `json:"lineItemId,omitempty"`
	Product       outboundProduct `json:"product"`
	Amount        amount          `json:"amount"`
	Cancelled     *amount         `json:"cancelledAmount,omitempty"`
	Unfulfillable *amount         `json:"unfulfillableAmount,omitempty"`
}

type outboundLevel struct {
	Tiers []string `json:"serviceTiers,omitempty"`
}

type outboundSlip struct {
	Attributes map[string]string `json:"templateAttributes"`
}

type outboundPackaging struct {
	Slip *outboundSlip `json:"packingSlip,omitempty"`
}

type outboundServices struct {
	Packaging *outboundPackaging `json:"packaging,omitempty"`
}

type outboundConfiguration struct {
	Level    *outboundLevel    `json:"serviceLevel,omitempty"`
	Action   string            `json:"action,omitempty"`
	Policy   string            `json:"policy,omitempty"`
	Services *outboundServices `json:"services,omitempty"`
}

type outboundCountry struct {
	Country string `json:"countryCode"`
}

type outboundDestination struct {
	Address FulfillmentAddress `json:"deliveryAddress"`
}

type outboundOrder struct {
	ID            string                 `json:"orderId,omitempty"`
	Channel       string                 `json:"channel,omitempty"`
	Configuration *outboundConfiguration `json:"fulfillmentConfiguration,omitempty"`
	Origin        *outboundCountry       `json:"origin,omitempty"`
	Destination   *outboundDestination   `json:"destination,omitempty"`
	Lines         []outboundLine         `json:"lineItems"`
}

// heldOrder2026 is an order as Amazon answers it.
type heldOrder2026 struct {
	outboundOrder
	Received  time.Time `json:"receiveTime"`
	Status    FulfillmentState
	Updated   time.Time              `json:"statusUpdateTime"`
	Shipments []outboundShipment2026 `json:"shipments"`
}

type outboundShipment2026 struct {
	ID      string         `json:"amazonShipmentId"`
	Status  ShipmentStatus `json:"status"`
	Shipped time.Time      `json:"shipTime"`
	Items   []struct {
		LineID     string      `json:"lineItemId"`
		Identifier outboundSKU `json:"productIdentifier"`
		Amount     amount      `json:"amount"`
	} `json:"items"`
	Packages []struct {
		ID        string    `json:"packageId"`
		Delivered time.Time `json:"deliveryTime"`
		Status    string    `json:"status"`
		Tracking  struct {
			Carrier struct {
				Number string `json:"trackingNumber"`
				Code   string `json:"carrierCode"`
				URL    string `json:"trackingUrl"`
			} `json:"carrier"`
			Amazon struct {
				Number string `json:"trackingNumber"`
				URL    string `json:"trackingUrl"`
			} `json:"amazon"`
		} `json:"tracking"`
	} `json:"packages"`
}

// asked is the part of a request that previews and orders share.
func (outbound2026) asked(r FulfillmentRequest) outboundOrder {
	o := outboundOrder{Configuration: &outboundConfiguration{}, Destination: &outboundDestination{Address: r.ShipTo}, Channel: r.Channel}
	if r.Speed != "" {
		o.Configuration.Level = &outboundLevel{Tiers: []string{r.Speed}}
	}
	if shop, ok := MarketplaceByID(r.MarketplaceID); ok {
		o.Origin = &outboundCountry{Country: shop.Country}
	}
	for _, item := range r.Items {
		o.Lines = append(o.Lines, outboundLine{Product: outboundProduct{outboundSKU{item.SKU}}, Amount: amount{"EACHES", exact{decimal.NewFromInt(int64(item.Quantity))}}})
	}
	return o
}

func (v outbound2026) Create(ctx context.Context, r FulfillmentRequest) error {
	o := v.asked(r)
	o.ID = r.ID
	for i, item := range r.Items {
		o.Lines[i].ID = item.ID
	}
	o.Configuration.Policy, o.Configuration.Action = r.Policy, "SHIP"
	if r.Hold {
		o.Configuration.Action = "HOLD"
	}
	slip := map[string]string{"orderId": r.DisplayID, "orderText": r.Comment}
	if !r.Date.IsZero() {
		slip["orderTime"] = r.Date.UTC().Format(time.RFC3339)
	}
	o.Configuration.Services = &outboundServices{Packaging: &outboundPackaging{Slip: &outboundSlip{slip}}}
	var created struct {
		Order   struct{ OrderID string }
		OrderID string
	}
	err := v.client.call(ctx, request{op: opCreateOutbound, method: http.MethodPost, path: pathOutbound2026 + "/orders", body: o}, &created)
	if err != nil {
		return err
	}
	if created.Order.OrderID != r.ID && created.OrderID != r.ID {
		return misread(r.ID, fmt.Errorf("it is about %q", created.Order.OrderID+created.OrderID))
	}
	return nil
}

func (v outbound2026) Get(ctx context.Context, id string) (Fulfillment, error) {
	var answer struct{ Order heldOrder2026 }
	err := v.client.call(ctx, request{op: opGetOutbound, method: http.MethodGet, path: pathOutbound2026 + "/orders/" + url.PathEscape(id), query: url.Values{"shipments": {"INCLUDE"}}}, &answer)
	if err != nil {
		return Fulfillment{}, err
	}
	if answer.Order.ID != id {
		return Fulfillment{}, misread(id, fmt.Errorf("it is about %q", answer.Order.ID))
	}
	return answer.Order.held()
}

func (v outbound2026) List(ctx context.Context, since time.Time) ([]Fulfillment, error) {
	var list []Fulfillment
	query := url.Values{"updatedAfter": {since.UTC().Format(time.RFC3339)}, "shipments": {"INCLUDE"}}
	for {
		var page struct {
			Orders     []heldOrder2026
			Pagination struct{ NextToken string }
		}
		if err := v.client.call(ctx, request{op: opListOutbound, method: http.MethodGet, path: pathOutbound2026 + "/orders", query: query}, &page); err != nil {
			return nil, err
		}
		for _, o := range page.Orders {
			held, err := o.held()
			if err != nil {
				return nil, err
			}
			list = append(list, held)
		}
		next := page.Pagination.NextToken
		if next == "" {
			return list, nil
		}
		if next == query.Get("pageToken") {
			return nil, fault.New(fault.Unavailable, "Amazon repeats the same page of fulfilment orders.")
		}
		query.Set("pageToken", next)
	}
}

func (v outbound2026) Release(ctx context.Context, id string) error {
	body := map[string]any{"fulfillmentConfiguration": outboundConfiguration{Action: "SHIP"}}
	return v.client.call(ctx, request{op: opUpdateOutbound, method: http.MethodPut, path: pathOutbound2026 + "/orders/" + url.PathEscape(id), body: body}, &struct{}{})
}

func (v outbound2026) Cancel(ctx context.Context, id string) error {
	return v.client.call(ctx, request{op: opCancelOutbound, method: http.MethodPut, path: pathOutbound2026 + "/orders/" + url.PathEscape(id) + "/cancel"}, &struct{}{})
}

// Track implements Fulfillments by the tracking API 2026-01-30.
func (v outbound2026) Track(ctx context.Context, p FulfillmentPackage) (PackageProgress, error) {
	query := url.Values{"carrierTracking.trackingNumber": {p.Tracking}, "carrierTracking.carrierCode": {p.Carrier}}
	if p.Tracking == "" {
		query = url.Values{"aftn": {p.Amazon}}
	}
	var answer struct {
		Detail struct {
			URL    string `json:"trackingUrl"`
			Latest struct {
				Status struct{ Code, Description string }
				At     time.Time `json:"occurredAt"`
			} `json:"latestMilestone"`
		} `json:"trackingDetail"`
	}
	err := v.client.call(ctx, request{op: opShipmentTracking, method: http.MethodGet, path: "/tracking/2026-01-30/shipments/track", query: query}, &answer)
	latest := answer.Detail.Latest
	return PackageProgress{Status: latest.Status.Code, Description: latest.Status.Description, At: latest.At, URL: answer.Detail.URL}, err
}

func (o heldOrder2026) held() (Fulfillment, error) {
	f := Fulfillment{ID: o.ID, Status: o.Status, Received: o.Received, Updated: o.Updated, Held: o.Configuration != nil && o.Configuration.Action == "HOLD"}
	if f.Updated.IsZero() {
		f.Updated = o.Received
	}
	var err error
	pieces := func(a *amount) int {
		if a == nil || err != nil {
			return 0
		}
		var n int
		n, err = units(a.Value.Decimal)
		return n
	}
	for _, l := range o.Lines {
		f.Items = append(f.Items, FulfillmentItem{ID: l.ID, SKU: l.Product.Identifier.SKU, Quantity: pieces(&l.Amount), Cancelled: pieces(l.Cancelled), Unfulfillable: pieces(l.Unfulfillable)})
	}
	for _, s := range o.Shipments {
		shipment := FulfillmentShipment{ID: s.ID, Status: s.Status, Shipped: s.Shipped}
		for _, i := range s.Items {
			shipment.Items = append(shipment.Items, ShipmentItem{i.LineID, i.Identifier.SKU, pieces(&i.Amount)})
		}
		for _, p := range s.Packages {
			link := p.Tracking.Carrier.URL
			if link == "" {
				link = p.Tracking.Amazon.URL
			}
			shipment.Packages = append(shipment.Packages, FulfillmentPackage{ID: p.ID, Carrier: p.Tracking.Carrier.Code, Tracking: p.Tracking.Carrier.Number,
				Amazon: p.Tracking.Amazon.Number, URL: link, Status: p.Status, Delivered: p.Delivered})
		}
		f.Shipments = append(f.Shipments, shipment)
	}
	if err != nil {
		return f, misread(o.ID, err)
	}
	return f, nil
}

type outboundPreview2026 struct {
	Shipments []struct {
		Items []struct {
			Identifier outboundSKU `json:"productIdentifier"`
			Amount     amount      `json:"amount"`
		} `json:"items"`
		Offers []struct {
			Price struct {
				Total Money `json:"totalPrice"`
			} `json:"estimatedPrice"`
			Configuration struct {
				Level struct {
					Tier     string `json:"serviceTier"`
					Delivery struct {
						Start time.Time `json:"startTime"`
						End   time.Time `json:"endTime"`
					} `json:"deliveryInterval"`
				} `json:"serviceLevel"`
			} `json:"fulfillmentConfiguration"`
		} `json:"offers"`
	} `json:"plannedShipments"`
	Constraints []struct{ Message string } `json:"constraints"`
}

func (v outbound2026) Preview(ctx context.Context, r FulfillmentRequest) (FulfillmentPreview, error) {
	var raw json.RawMessage
	err := v.client.call(ctx, request{op: opOrderPreview, method: http.MethodPost, path: pathOutbound2026 + "/previews", body: v.asked(r)}, &raw)
	if err != nil {
		return FulfillmentPreview{}, err
	}
	var answer outboundPreview2026
	if err := json.Unmarshal(raw, &answer); err != nil {
		return FulfillmentPreview{}, misread("the preview of "+r.ID, err)
	}
	return answer.preview(r)
}

func (a outboundPreview2026) preview(r FulfillmentRequest) (FulfillmentPreview, error) {
	var p FulfillmentPreview
	planned := map[string]int{}
	for _, s := range a.Shipments {
		for _, i := range s.Items {
			n, err := units(i.Amount.Value.Decimal)
			if err != nil {
				return p, misread("the preview of "+r.ID, err)
			}
			planned[i.Identifier.SKU] += n
		}
		offered := false
		for _, o := range s.Offers {
			level := o.Configuration.Level
			if offered || (r.Speed != "" && level.Tier != r.Speed) {
				continue
			}
			offered = true
			p.add(o.Price.Total, level.Delivery.Start, level.Delivery.End)
		}
		if !offered {
			p.Reasons = append(p.Reasons, fmt.Sprintf("Amazon does not offer %s for it.", r.Speed))
		}
	}
	for _, c := range a.Constraints {
		p.Reasons = append(p.Reasons, c.Message)
	}
	p.Missing = missing(r.Items, planned)
	return p, nil
}

// add counts one shipment's offer in: the first to arrive, the last to arrive
// and all fees.
func (p *FulfillmentPreview) add(fee Money, earliest, latest time.Time) {
	p.Fee = Money{Amount: p.Fee.Amount.Add(fee.Amount), Currency: fee.Currency}
	if p.Earliest.IsZero() || (!earliest.IsZero() && earliest.Before(p.Earliest)) {
		p.Earliest = earliest
	}
	if latest.After(p.Latest) {
		p.Latest = latest
	}
}
