package amazon

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Shipment is a parcel that the seller has sent for a merchant-fulfilled order.
type Shipment struct {
	MarketplaceID string
	Reference     string // of the parcel, the seller's own, unique in the order
	Carrier       string // Amazon's code; "Other" takes the name from CarrierName
	CarrierName   string
	Method        string // the carrier's service
	Tracking      string
	Shipped       time.Time
	Items         []PackageItem
}

var opConfirmShipment = Operation{"confirmShipment", 2, 10}

type shipmentItem struct {
	ID       string `json:"orderItemId"`
	Quantity int64  `json:"quantity"`
}

type shipmentPackage struct {
	Reference   string         `json:"packageReferenceId"`
	Carrier     string         `json:"carrierCode"`
	CarrierName string         `json:"carrierName,omitempty"`
	Method      string         `json:"shippingMethod,omitempty"`
	Tracking    string         `json:"trackingNumber"`
	Shipped     string         `json:"shipDate"`
	Items       []shipmentItem `json:"orderItems"`
}

// ConfirmShipment tells Amazon that a parcel is under way. The newer version of
// the Orders API has no such operation. If Amazon's answer is lost the same
// parcel is confirmed again, under the same reference.
func (c *Client) ConfirmShipment(ctx context.Context, orderID string, s Shipment) error {
	parcel := shipmentPackage{s.Reference, s.Carrier, s.CarrierName, s.Method, s.Tracking, stamp(s.Shipped), []shipmentItem{}}
	for _, i := range s.Items {
		parcel.Items = append(parcel.Items, shipmentItem{i.ItemID, i.Quantity})
	}
	body := struct {
		MarketplaceID string          `json:"marketplaceId"`
		Package       shipmentPackage `json:"packageDetail"`
	}{s.MarketplaceID, parcel}
	path := pathOrdersV0 + "/" + url.PathEscape(orderID) + "/shipmentConfirmation"
	return c.call(ctx, request{op: opConfirmShipment, method: http.MethodPost, path: path, body: body}, nil)
}
