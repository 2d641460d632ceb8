package amazon

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tieout/app/fault"
)

const pathOutbound2020 = "/fba/outbound/2020-07-01/fulfillmentOrders"

var (
	opFulfillmentPreview  = Operation{"getFulfillmentPreview", 2, 30}
	opCreateFulfillment   = Operation{"createFulfillmentOrder", 2, 30}
	opGetFulfillment      = Operation{"getFulfillmentOrder", 2, 30}
	opListFulfillments    = Operation{"listAllFulfillmentOrders", 2, 30}
	opUpdateFulfillment   = Operation{"updateFulfillmentOrder", 2, 30}
	opCancelFulfillment   = Operation{"cancelFulfillmentOrder", 2, 30}
	opPackageTrackingInfo = Operation{"getPackageTrackingDetails", 2, 30}
)

// outbound2020 is version 2020-07-01.
type outbound2020 struct{ client *Client }

type item2020 struct {
	SKU      string `json:"sellerSku"`
	ID       string `json:"sellerFulfillmentOrderItemId"`
	Quantity int    `json:"quantity"`
}

func items2020(r FulfillmentRequest) []item2020 {
	items := make([]item2020, len(r.Items))
	for i, item := range r.Items {
		items[i] = item2020{item.SKU, item.ID, item.Quantity}
	}
	return items
}

// camel writes a word of version 2026 as the older one does: FILL_OR_KILL is FillOrKill.
func camel(word string) string {
	var b strings.Builder
	for _, part := range strings.Split(strings.ToLower(word), "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// speed2020 is a service level in the older version's words.
func speed2020(tier string) string {
	if tier == "SCHEDULED" {
		return "ScheduledDelivery"
	}
	return camel(tier)
}

// address2020 is a recipient without what the older version has no place for.
func address2020(r FulfillmentAddress) FulfillmentAddress {
	r.Email = ""
	return r
}

func (v outbound2020) Create(ctx context.Context, r FulfillmentRequest) error {
	action := "Ship"
	if r.Hold {
		action = "Hold"
	}
	body := map[string]any{"sellerFulfillmentOrderId": r.ID, "displayableOrderId": r.DisplayID, "displayableOrderDate": r.Date.UTC().Format(time.RFC3339),
		"displayableOrderComment": r.Comment, "shippingSpeedCategory": speed2020(r.Speed), "destinationAddress": address2020(r.ShipTo), "fulfillmentAction": action,
		"items": items2020(r)}
	if r.Policy != "" {
		body["fulfillmentPolicy"] = camel(r.Policy)
	}
	if r.MarketplaceID != "" {
		body["marketplaceId"] = r.MarketplaceID
	}
	if r.ShipTo.Email != "" {
		body["notificationEmails"] = []string{r.ShipTo.Email}
	}
	return v.client.call(ctx, request{op: opCreateFulfillment, method: http.MethodPost, path: pathOutbound2020, body: body}, &struct{}{})
}

type order2020 struct {
	ID       string    `json:"sellerFulfillmentOrderId"`
	Status   string    `json:"fulfillmentOrderStatus"`
	Action   string    `json:"fulfillmentAction"`
	Received time.Time `json:"receivedDate"`
	Updated  time.Time `json:"statusUpdatedDate"`
}

type held2020 struct {
	Order order2020 `json:"fulfillmentOrder"`
	Items []struct {
		item2020
		Cancelled     int `json:"cancelledQuantity"`
		Unfulfillable int `json:"unfulfillableQuantity"`
	} `json:"fulfillmentOrderItems"`
	Shipments []struct {
		ID       string     `json:"amazonShipmentId"`
		Status   string     `json:"fulfillmentShipmentStatus"`
		Shipped  time.Time  `json:"shippingDate"`
		Items    []item2020 `json:"fulfillmentShipmentItem"`
		Packages []struct {
			Number   int    `json:"packageNumber"`
			Carrier  string `json:"carrierCode"`
			Tracking string `json:"trackingNumber"`
			Amazon   string `json:"amazonFulfillmentTrackingNumber"`
		} `json:"fulfillmentShipmentPackage"`
	} `json:"fulfillmentShipments"`
}

// Get implements Fulfillments. The older version does not tell with the order
// where its packages are: they are asked for one by one.
func (v outbound2020) Get(ctx context.Context, id string) (Fulfillment, error) {
	var answer struct{ Payload held2020 }
	if err := v.client.call(ctx, request{op: opGetFulfillment, method: http.MethodGet, path: pathOutbound2020 + "/" + url.PathEscape(id)}, &answer); err != nil {
		return Fulfillment{}, err
	}
	if answer.Payload.Order.ID != id {
		return Fulfillment{}, misread(id, fmt.Errorf("it is about %q", answer.Payload.Order.ID))
	}
	f := answer.Payload.held()
	for i := range f.Shipments {
		for j := range f.Shipments[i].Packages {
			if err := v.locate(ctx, &f.Shipments[i].Packages[j]); err != nil {
				return f, err
			}
		}
	}
	return f, nil
}

// locate adds what is known of a package; that Amazon does not know it yet is
// no failure.
func (v outbound2020) locate(ctx context.Context, p *FulfillmentPackage) error {
	progress, err := v.Track(ctx, *p)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("track package %s: %w", p.ID, err)
	}
	p.Status, p.URL = progress.Status, progress.URL
	if progress.Status == "DELIVERED" {
		p.Delivered = progress.At
	}
	return nil
}

// states2020 are the older version's words for an order in those of the newer one.
var states2020 = map[string]FulfillmentState{"New": FulfillmentProcessing, "Received": FulfillmentProcessing, "Planning": FulfillmentProcessing,
	"Processing": FulfillmentProcessing, "Cancelled": FulfillmentCancelled, "Complete": FulfillmentComplete, "CompletePartialled": FulfillmentPartial,
	"Unfulfillable": FulfillmentUnfulfillable, "Invalid": FulfillmentInvalid}

func status2020(word string) FulfillmentState {
	if known, ok := states2020[word]; ok {
		return known
	}
	return FulfillmentState(strings.ToUpper(word))
}

func (h held2020) held() Fulfillment {
	f := Fulfillment{ID: h.Order.ID, Status: status2020(h.Order.Status), Held: h.Order.Action == "Hold", Received: h.Order.Received, Updated: h.Order.Updated}
	if f.Updated.IsZero() {
		f.Updated = f.Received
	}
	for _, i := range h.Items {
		f.Items = append(f.Items, FulfillmentItem{ID: i.ID, SKU: i.SKU, Quantity: i.Quantity, Cancelled: i.Cancelled, Unfulfillable: i.Unfulfillable})
	}
	for _, s := range h.Shipments {
		shipment := FulfillmentShipment{ID: s.ID, Status: ShipmentProcessing, Shipped: s.Shipped}
		switch {
		case s.Status == "SHIPPED":
			shipment.Status = ShipmentShipped
		case strings.HasPrefix(s.Status, "CANCELLED"):
			shipment.Status = ShipmentCancelled
		}
		for _, i := range s.Items {
			shipment.Items = append(shipment.Items, ShipmentItem{i.ID, i.SKU, i.Quantity})
		}
		for _, p := range s.Packages {
			shipment.Packages = append(shipment.Packages, FulfillmentPackage{ID: strconv.Itoa(p.Number), Carrier: p.Carrier, Tracking: p.Tracking, Amazon: p.Amazon})
		}
		f.Shipments = append(f.Shipments, shipment)
	}
	return f
}

// List implements Fulfillments. The older list tells neither lines nor
// shipments, so every order is asked for.
func (v outbound2020) List(ctx context.Context, since time.Time) ([]Fulfillment, error) {
	var list []Fulfillment
	query := url.Values{"queryStartDate": {since.UTC().Format(time.RFC3339)}}
	for {
		var page struct {
			Payload struct {
				NextToken string
				Orders    []order2020 `json:"fulfillmentOrders"`
			}
		}
		if err := v.client.call(ctx, request{op: opListFulfillments, method: http.MethodGet, path: pathOutbound2020, query: query}, &page); err != nil {
			return nil, err
		}
		for _, o := range page.Payload.Orders {
			held, err := v.Get(ctx, o.ID)
			if err != nil {
				return nil, err
			}
			list = append(list, held)
		}
		next := page.Payload.NextToken
		if next == "" {
			return list, nil
		}
		if next == query.Get("nextToken") {
			return nil, fault.New(fault.Unavailable, "Amazon repeats the same page of fulfilment orders.")
		}
		query.Set("nextToken", next)
	}
}

func (v outbound2020) Release(ctx context.Context, id string) error {
	return v.client.call(ctx, request{op: opUpdateFulfillment, method: http.MethodPut, path: pathOutbound2020 + "/" + url.PathEscape(id),
		body: map[string]string{"fulfillmentAction": "Ship"}}, &struct{}{})
}

func (v outbound2020) Cancel(ctx context.Context, id string) error {
	return v.client.call(ctx, request{op: opCancelFulfillment, method: http.MethodPut, path: pathOutbound2020 + "/" + url.PathEscape(id) + "/cancel"}, &struct{}{})
}

// Track implements Fulfillments.
func (v outbound2020) Track(ctx context.Context, p FulfillmentPackage) (PackageProgress, error) {
	var answer struct {
		Payload struct {
			Status      string `json:"currentStatus"`
			Description string `json:"currentStatusDescription"`
			URL         string `json:"customerTrackingLink"`
			Events      []struct {
				At time.Time `json:"eventDate"`
			} `json:"trackingEvents"`
		}
	}
	err := v.client.call(ctx, request{op: opPackageTrackingInfo, method: http.MethodGet, path: "/fba/outbound/2020-07-01/tracking", query: url.Values{"packageNumber": {p.ID}}}, &answer)
	progress := PackageProgress{Status: answer.Payload.Status, Description: answer.Payload.Description, URL: answer.Payload.URL}
	for _, e := range answer.Payload.Events {
		if e.At.After(progress.At) {
			progress.At = e.At
		}
	}
	return progress, err
}

type preview2020 struct {
	Speed       string `json:"shippingSpeedCategory"`
	Fulfillable bool   `json:"isFulfillable"`
	Fees        []struct {
		Amount struct {
			Currency string `json:"currencyCode"`
			Value    exact  `json:"value"`
		} `json:"amount"`
	} `json:"estimatedFees"`
	Shipments []struct {
		Earliest time.Time  `json:"earliestArrivalDate"`
		Latest   time.Time  `json:"latestArrivalDate"`
		Items    []item2020 `json:"fulfillmentPreviewItems"`
	} `json:"fulfillmentPreviewShipments"`
	Reasons []string `json:"orderUnfulfillableReasons"`
}

func (v outbound2020) Preview(ctx context.Context, r FulfillmentRequest) (FulfillmentPreview, error) {
	body := map[string]any{"address": address2020(r.ShipTo), "items": items2020(r)}
	if r.Speed != "" {
		body["shippingSpeedCategories"] = []string{speed2020(r.Speed)}
	}
	if r.MarketplaceID != "" {
		body["marketplaceId"] = r.MarketplaceID
	}
	var answer struct {
		Payload struct {
			Previews []preview2020 `json:"fulfillmentPreviews"`
		}
	}
	err := v.client.call(ctx, request{op: opFulfillmentPreview, method: http.MethodPost, path: pathOutbound2020 + "/preview", body: body}, &answer)
	if err != nil {
		return FulfillmentPreview{}, err
	}
	for _, p := range answer.Payload.Previews {
		if r.Speed == "" || p.Speed == speed2020(r.Speed) {
			return p.preview(r), nil
		}
	}
	return FulfillmentPreview{Reasons: []string{fmt.Sprintf("Amazon does not offer %s for it.", r.Speed)}}, nil
}

func (p preview2020) preview(r FulfillmentRequest) FulfillmentPreview {
	out := FulfillmentPreview{Reasons: p.Reasons}
	for _, fee := range p.Fees {
		out.add(Money{Amount: fee.Amount.Value.Decimal, Currency: fee.Amount.Currency}, time.Time{}, time.Time{})
	}
	planned := map[string]int{}
	for _, s := range p.Shipments {
		out.add(Money{Currency: out.Fee.Currency}, s.Earliest, s.Latest)
		for _, i := range s.Items {
			planned[i.SKU] += i.Quantity
		}
	}
	out.Missing = missing(r.Items, planned)
	if !p.Fulfillable && out.Fulfillable() {
		out.Reasons = []string{"Amazon cannot send it."}
	}
	return out
}
