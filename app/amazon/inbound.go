package amazon

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"

	"tieout/app/fault"
)

// InboundStatus is how far a shipment to Amazon's warehouses is; unknown values
// may come.
type InboundStatus string

// States of shipments to Amazon.
const (
	InboundWorking   InboundStatus = "WORKING"
	InboundShipped   InboundStatus = "SHIPPED"
	InboundInTransit InboundStatus = "IN_TRANSIT"
	InboundDelivered InboundStatus = "DELIVERED"
	InboundCheckedIn InboundStatus = "CHECKED_IN"
	InboundReceiving InboundStatus = "RECEIVING"
	InboundClosed    InboundStatus = "CLOSED"
	InboundCancelled InboundStatus = "CANCELLED"
	InboundDeleted   InboundStatus = "DELETED"
	InboundError     InboundStatus = "ERROR"
)

// InboundShipment is a shipment of the seller to one of Amazon's warehouses.
type InboundShipment struct {
	ID          string        `json:"ShipmentId"` // such as FBA1234ABCD; reports and settlements use it too
	Name        string        `json:"ShipmentName"`
	Destination string        `json:"DestinationFulfillmentCenterId"`
	Status      InboundStatus `json:"ShipmentStatus"`
}

// InboundItem is what is in a shipment of one SKU, in units.
type InboundItem struct {
	ShipmentID string `json:"ShipmentId"`
	SKU        string `json:"SellerSKU"`
	FNSKU      string `json:"FulfillmentNetworkSKU"`
	Shipped    int    `json:"QuantityShipped"`
	Received   int    `json:"QuantityReceived"` // 0 where Amazon says nothing
}

// InboundQuery selects shipments by when they last changed, or by state.
type InboundQuery struct {
	MarketplaceID string
	UpdatedSince  time.Time
	UpdatedUntil  time.Time
	// One of these selects shipments whenever they changed.
	Statuses []InboundStatus
	IDs      []string
}

// InboundOpen are the states in which more of a shipment may be received.
func InboundOpen() []InboundStatus {
	return []InboundStatus{InboundWorking, InboundShipped, InboundInTransit, InboundDelivered, InboundCheckedIn, InboundReceiving}
}

// InboundPage is one answer of Amazon with the shipments in it.
type InboundPage struct {
	Raw       json.RawMessage // as Amazon sent it
	Shipments []InboundShipment
}

const pathInboundShipments = "/fba/inbound/v0/shipments"

var (
	opGetShipments     = Operation{"getShipments", 2, 30}
	opGetShipmentItems = Operation{"getShipmentItemsByShipmentId", 2, 30}
)

// InboundShipments yields the shipments that q selects, page by page; after an
// error it ends. The older version is called because the newer, 2024-03-20,
// tells no received quantities.
func (c *Client) InboundShipments(ctx context.Context, q InboundQuery) iter.Seq2[InboundPage, error] {
	return func(yield func(InboundPage, error) bool) {
		query, err := q.values()
		for err == nil {
			var page InboundPage
			var next string
			if page, next, err = c.inboundPage(ctx, query); err != nil {
				break
			}
			if !yield(page, nil) || next == "" {
				return
			}
			if next == query.Get("NextToken") {
				err = fault.New(fault.Unavailable, "Amazon repeats the same page of shipments.")
				break
			}
			query = url.Values{"QueryType": {"NEXT_TOKEN"}, "MarketplaceId": {q.MarketplaceID}, "NextToken": {next}}
		}
		yield(InboundPage{}, err)
	}
}

func (q InboundQuery) values() (url.Values, error) {
	switch {
	case q.MarketplaceID == "":
		return nil, fault.New(fault.Invalid, "Shipments are asked for by a marketplace.")
	case len(q.Statuses) > 0 || len(q.IDs) > 0:
		query := url.Values{"QueryType": {"SHIPMENT"}, "MarketplaceId": {q.MarketplaceID}}
		list(query, "ShipmentStatusList", q.Statuses)
		list(query, "ShipmentIdList", q.IDs)
		return query, nil
	case q.UpdatedSince.IsZero() || !q.UpdatedSince.Before(q.UpdatedUntil):
		return nil, fault.New(fault.Invalid, "Shipments are asked for with a window of time.")
	}
	return url.Values{
		"QueryType": {"DATE_RANGE"}, "MarketplaceId": {q.MarketplaceID},
		"LastUpdatedAfter":  {q.UpdatedSince.UTC().Format(time.RFC3339)},
		"LastUpdatedBefore": {q.UpdatedUntil.UTC().Format(time.RFC3339)},
	}, nil
}

func (c *Client) inboundPage(ctx context.Context, query url.Values) (page InboundPage, next string, err error) {
	r := request{op: opGetShipments, method: http.MethodGet, path: pathInboundShipments, query: query}
	if err := c.call(ctx, r, &page.Raw); err != nil {
		return page, "", err
	}
	var answer struct {
		Payload struct {
			ShipmentData []InboundShipment
			NextToken    string
		} `json:"payload"`
	}
	if err := json.Unmarshal(page.Raw, &answer); err != nil {
		return page, "", fault.Wrap(err, fault.Unavailable, "Amazon's list of shipments cannot be read.")
	}
	page.Shipments = answer.Payload.ShipmentData
	return page, answer.Payload.NextToken, nil
}

// InboundItems returns what is in a shipment, and Amazon's answer as it came.
func (c *Client) InboundItems(ctx context.Context, shipmentID string) (raw json.RawMessage, items []InboundItem, err error) {
	path := pathInboundShipments + "/" + url.PathEscape(shipmentID) + "/items"
	if err := c.call(ctx, request{op: opGetShipmentItems, method: http.MethodGet, path: path}, &raw); err != nil {
		return nil, nil, err
	}
	var answer struct {
		Payload *struct {
			ItemData  []InboundItem
			NextToken string
		} `json:"payload"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil || answer.Payload == nil {
		return nil, nil, fault.Wrap(err, fault.Unavailable, "Amazon's answer about shipment %s cannot be read.", shipmentID)
	}
	if answer.Payload.NextToken != "" { // the operation takes no token: part of a shipment must not pass for the whole
		return nil, nil, fault.New(fault.Unavailable, "Amazon shows only part of shipment %s.", shipmentID)
	}
	return raw, answer.Payload.ItemData, nil
}
