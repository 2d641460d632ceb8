package amazon

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
)

// Fulfillments are orders of other channels that Amazon ships from the seller's
// stock (multi-channel fulfilment), in whichever version of Amazon's API.
type Fulfillments interface {
	// Preview asks what an order would cost, when it would arrive and what of it
	// Amazon has. Nothing is ordered.
	Preview(ctx context.Context, r FulfillmentRequest) (FulfillmentPreview, error)
	// Create orders. Amazon refuses a second order with the same id; what it may
	// have accepted without an answer is found with Get.
	Create(ctx context.Context, r FulfillmentRequest) error
	// Get returns an order with its shipments; fault.NotFound when there is none.
	Get(ctx context.Context, id string) (Fulfillment, error)
	// List returns the orders that changed since an instant, with their shipments.
	List(ctx context.Context, since time.Time) ([]Fulfillment, error)
	// Release lets an order ship that was created with Hold.
	Release(ctx context.Context, id string) error
	// Cancel asks Amazon not to ship an order. Amazon refuses once it packs.
	Cancel(ctx context.Context, id string) error
	// Track asks where a package is.
	Track(ctx context.Context, p FulfillmentPackage) (PackageProgress, error)
}

// FulfillmentVersion is a version of Amazon's API.
type FulfillmentVersion string

// The versions. The older one ends when Amazon says so; nothing is announced.
const (
	Fulfillment2026 FulfillmentVersion = "2026-07-04"
	Fulfillment2020 FulfillmentVersion = "2020-07-01"
)

// Fulfillments returns the client of one version.
func (c *Client) Fulfillments(v FulfillmentVersion) (Fulfillments, error) {
	switch v {
	case Fulfillment2026:
		return outbound2026{c}, nil
	case Fulfillment2020:
		return outbound2020{c}, nil
	}
	return nil, fault.New(fault.Invalid, "Amazon's fulfilment has the versions %s and %s, not %q.", Fulfillment2026, Fulfillment2020, v)
}

// Service levels as version 2026-07-04 writes them.
const (
	SpeedStandard  = "STANDARD"
	SpeedExpedited = "EXPEDITED"
	SpeedPriority  = "PRIORITY"
)

// Policies for what Amazon does not have enough of, as version 2026-07-04 writes them.
const (
	FillOrKill       = "FILL_OR_KILL"
	FillAll          = "FILL_ALL"
	FillAllAvailable = "FILL_ALL_AVAILABLE"
)

// FulfillmentRequest is an order that Amazon is to ship.
type FulfillmentRequest struct {
	ID            string             `json:"id"` // the seller's own: letters, digits and hyphens, at most 40
	DisplayID     string             `json:"displayId"`
	Date          time.Time          `json:"date"`    // of the order, for the packing slip
	Comment       string             `json:"comment"` // on the packing slip
	Channel       string             `json:"channel,omitempty"`
	MarketplaceID string             `json:"marketplaceId"`
	Speed         string             `json:"speed"`
	Policy        string             `json:"policy"`
	Hold          bool               `json:"hold,omitempty"` // until Release
	ShipTo        FulfillmentAddress `json:"shipTo"`         // personal
	Items         []RequestedItem    `json:"items"`
}

// FulfillmentAddress is where and to whom an order goes. All of it is personal.
type FulfillmentAddress struct {
	Name       string `json:"name"`
	Line1      string `json:"addressLine1"`
	Line2      string `json:"addressLine2,omitempty"`
	Line3      string `json:"addressLine3,omitempty"`
	City       string `json:"city,omitempty"`
	State      string `json:"stateOrRegion,omitempty"`
	PostalCode string `json:"postalCode"`
	Country    string `json:"countryCode"` // ISO 3166, two letters
	Phone      string `json:"phone,omitempty"`
	Email      string `json:"email,omitempty"`
}

// RequestedItem is one line of a request.
type RequestedItem struct {
	ID       string `json:"id"` // the seller's own
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// FulfillmentState is how far Amazon is, as version 2026-07-04 writes it;
// unknown values may come.
type FulfillmentState string

// States of an order. What the older version calls new, received and planning
// is processing in the newer one.
const (
	FulfillmentProcessing    FulfillmentState = "PROCESSING"
	FulfillmentComplete      FulfillmentState = "COMPLETE"
	FulfillmentPartial       FulfillmentState = "COMPLETE_PARTIAL"
	FulfillmentCancelled     FulfillmentState = "CANCELLED"
	FulfillmentUnfulfillable FulfillmentState = "UNFULFILLABLE"
	FulfillmentInvalid       FulfillmentState = "INVALID"
)

// Fulfillment is an order as Amazon holds it.
type Fulfillment struct {
	ID        string                `json:"id"`
	Status    FulfillmentState      `json:"status"`
	Held      bool                  `json:"held,omitempty"`
	Received  time.Time             `json:"received"`
	Updated   time.Time             `json:"updated"` // when the status last changed
	Items     []FulfillmentItem     `json:"items"`
	Shipments []FulfillmentShipment `json:"shipments,omitempty"`
}

// FulfillmentItem is one line; Quantity includes what is cancelled or cannot be
// sent.
type FulfillmentItem struct {
	ID            string `json:"id"`
	SKU           string `json:"sku"`
	Quantity      int    `json:"quantity"`
	Cancelled     int    `json:"cancelled,omitempty"`
	Unfulfillable int    `json:"unfulfillable,omitempty"`
}

// Sendable is what Amazon has sent or still means to send.
func (i FulfillmentItem) Sendable() int { return i.Quantity - i.Cancelled - i.Unfulfillable }

// ShipmentStatus is how far a shipment is.
type ShipmentStatus string

// States of a shipment.
const (
	ShipmentProcessing ShipmentStatus = "PROCESSING"
	ShipmentShipped    ShipmentStatus = "SHIPPED"
	ShipmentCancelled  ShipmentStatus = "CANCELLED"
)

// FulfillmentShipment is what leaves one of Amazon's warehouses together.
type FulfillmentShipment struct {
	ID       string               `json:"id"`
	Status   ShipmentStatus       `json:"status"`
	Shipped  time.Time            `json:"shipped,omitzero"`
	Items    []ShipmentItem       `json:"items"`
	Packages []FulfillmentPackage `json:"packages,omitempty"`
}

// ShipmentItem is how much of a line is in a shipment.
type ShipmentItem struct {
	LineID   string `json:"lineId"`
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// FulfillmentPackage is one parcel.
type FulfillmentPackage struct {
	ID        string    `json:"id"`
	Carrier   string    `json:"carrier"` // Amazon's code of it
	Tracking  string    `json:"tracking,omitempty"`
	Amazon    string    `json:"amazonTracking,omitempty"` // Amazon's own number of it
	URL       string    `json:"url,omitempty"`
	Status    string    `json:"status,omitempty"` // as version 2026-07-04 writes it
	Delivered time.Time `json:"delivered,omitzero"`
}

// PackageProgress is the newest that is known of a package.
type PackageProgress struct {
	Status      string // as version 2026-07-04 writes package states, or the tracking API's milestone
	Description string
	At          time.Time
	URL         string
}

// FulfillmentPreview is what Amazon expects of an order.
type FulfillmentPreview struct {
	Fee      Money     // estimated, of all shipments; no currency: Amazon tells none
	Earliest time.Time // of arrival; zero: Amazon tells none
	Latest   time.Time
	Missing  []MissingItem
	Reasons  []string // why it cannot be sent as a whole, in Amazon's words
}

// MissingItem is what Amazon cannot send.
type MissingItem struct {
	SKU      string
	Quantity int
}

// Fulfillable reports whether Amazon can send everything.
func (p FulfillmentPreview) Fulfillable() bool { return len(p.Missing) == 0 && len(p.Reasons) == 0 }

// missing is what was asked for and is not planned, in order of the request.
func missing(asked []RequestedItem, planned map[string]int) []MissingItem {
	var list []MissingItem
	for _, item := range asked {
		has := min(planned[item.SKU], item.Quantity)
		planned[item.SKU] -= has
		if left := item.Quantity - has; left > 0 {
			list = append(list, MissingItem{item.SKU, left})
		}
	}
	return list
}

// units reads a number of pieces that Amazon writes as a decimal.
func units(d decimal.Decimal) (int, error) {
	if !d.IsInteger() || d.Abs().GreaterThan(decimal.NewFromInt(1_000_000_000)) {
		return 0, fmt.Errorf("%s is no number of pieces", d)
	}
	return int(d.IntPart()), nil
}

// misread says that an answer is not what the model promises.
func misread(what string, err error) error {
	return fault.Wrap(err, fault.Unavailable, "Amazon's answer about %s cannot be read.", what)
}
