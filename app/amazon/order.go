package amazon

import (
	"strings"
	"time"
)

// FulfillmentStatus is how far an order is; unknown values may come.
type FulfillmentStatus string

// Statuses of orders, as version 2026-01-01 writes them. InvoiceUnconfirmed is
// in no model of that version, but in Amazon's samples (Brazil).
const (
	OrderPendingAvailability FulfillmentStatus = "PENDING_AVAILABILITY"
	OrderPending             FulfillmentStatus = "PENDING"
	OrderUnshipped           FulfillmentStatus = "UNSHIPPED"
	OrderPartiallyShipped    FulfillmentStatus = "PARTIALLY_SHIPPED"
	OrderShipped             FulfillmentStatus = "SHIPPED"
	OrderCancelled           FulfillmentStatus = "CANCELLED"
	OrderUnfulfillable       FulfillmentStatus = "UNFULFILLABLE"
	OrderInvoiceUnconfirmed  FulfillmentStatus = "INVOICE_UNCONFIRMED"
)

// Fulfiller is who ships an order; unknown values may come.
type Fulfiller string

// Who ships.
const (
	ByAmazon   Fulfiller = "AMAZON"
	ByMerchant Fulfiller = "MERCHANT"
)

// Values of fields that are plain text, because Amazon adds to them.
const (
	ChannelAmazon    = "AMAZON"
	ChannelNonAmazon = "NON_AMAZON" // a multi-channel order of the seller's own shop

	AliasSellerOrder = "SELLER_ORDER_ID"

	ProgramBusiness = "AMAZON_BUSINESS"
	ProgramPrime    = "PRIME"
	ProgramPremium  = "PREMIUM"
	ProgramPickUp   = "IN_STORE_PICK_UP"
	ProgramPreorder = "PREORDER"

	ReplacementOf = "REPLACEMENT_ORIGINAL_ID"
	ExchangeFor   = "EXCHANGE_ORIGINAL_ID"

	MarketplaceFacilitator = "MARKETPLACE_FACILITATOR" // Amazon withholds the tax and remits it
)

// Order is an order of a customer in the shape of Orders 2026-01-01, as far as
// a sales order needs it. What was not asked for (see Include) is empty. The
// expr tags give mapping expressions Amazon's names.
type Order struct {
	ID          string            `json:"orderId" expr:"orderId"`
	Aliases     []OrderAlias      `json:"orderAliases,omitempty" expr:"orderAliases"`
	Created     time.Time         `json:"createdTime" expr:"createdTime"` // when the customer placed it
	Updated     time.Time         `json:"lastUpdatedTime" expr:"lastUpdatedTime"`
	Programs    []string          `json:"programs,omitempty" expr:"programs"`
	Associated  []AssociatedOrder `json:"associatedOrders,omitempty" expr:"associatedOrders"`
	Channel     SalesChannel      `json:"salesChannel" expr:"salesChannel"`
	Buyer       Buyer             `json:"buyer,omitzero" expr:"buyer"`
	Recipient   Recipient         `json:"recipient,omitzero" expr:"recipient"`
	Proceeds    OrderProceeds     `json:"proceeds,omitzero" expr:"proceeds"`
	Fulfillment OrderFulfillment  `json:"fulfillment,omitzero" expr:"fulfillment"`
	Items       []OrderItem       `json:"orderItems" expr:"orderItems"`
	Packages    []OrderPackage    `json:"packages,omitempty" expr:"packages"` // merchant-fulfilled orders only
}

// OrderAlias is another id of an order.
type OrderAlias struct {
	ID   string `json:"aliasId" expr:"aliasId"`
	Type string `json:"aliasType" expr:"aliasType"`
}

// AssociatedOrder is the order that this one replaces or exchanges.
type AssociatedOrder struct {
	ID   string `json:"orderId,omitempty" expr:"orderId"`
	Type string `json:"associationType,omitempty" expr:"associationType"`
}

// SalesChannel is where an order was placed.
type SalesChannel struct {
	Name            string `json:"channelName" expr:"channelName"`
	MarketplaceID   string `json:"marketplaceId,omitempty" expr:"marketplaceId"` // multi-channel orders carry odd values
	MarketplaceName string `json:"marketplaceName,omitempty" expr:"marketplaceName"`
}

// Buyer is who ordered; Amazon gives names and addresses out by role.
type Buyer struct {
	Name          string `json:"buyerName,omitempty" expr:"buyerName"`
	Email         string `json:"buyerEmail,omitempty" expr:"buyerEmail"` // an alias of Amazon's; merchant-fulfilled orders only
	Company       string `json:"buyerCompanyName,omitempty" expr:"buyerCompanyName"`
	PurchaseOrder string `json:"buyerPurchaseOrderNumber,omitempty" expr:"buyerPurchaseOrderNumber"`
}

// Recipient is who gets the goods.
type Recipient struct {
	Address DeliveryAddress `json:"deliveryAddress,omitzero" expr:"deliveryAddress"`
}

// DeliveryAddress is where the goods go. City, region and country come without
// a restricted role too.
type DeliveryAddress struct {
	Name         string         `json:"name,omitempty" expr:"name"`
	Company      string         `json:"companyName,omitempty" expr:"companyName"`
	Line1        string         `json:"addressLine1,omitempty" expr:"addressLine1"`
	Line2        string         `json:"addressLine2,omitempty" expr:"addressLine2"`
	Line3        string         `json:"addressLine3,omitempty" expr:"addressLine3"`
	City         string         `json:"city,omitempty" expr:"city"`
	County       string         `json:"districtOrCounty,omitempty" expr:"districtOrCounty"`
	Region       string         `json:"stateOrRegion,omitempty" expr:"stateOrRegion"`
	Municipality string         `json:"municipality,omitempty" expr:"municipality"`
	PostalCode   string         `json:"postalCode,omitempty" expr:"postalCode"`
	Country      string         `json:"countryCode,omitempty" expr:"countryCode"` // ISO 3166-1 alpha-2; GB, never UK
	Phone        string         `json:"phone,omitempty" expr:"phone"`
	Extended     ExtendedFields `json:"extendedFields,omitzero" expr:"extendedFields"`
	Type         string         `json:"addressType,omitempty" expr:"addressType"`
}

// ExtendedFields are the parts of a street address that Brazil asks for.
type ExtendedFields struct {
	StreetName   string `json:"streetName,omitempty" expr:"streetName"`
	StreetNumber string `json:"streetNumber,omitempty" expr:"streetNumber"`
	Complement   string `json:"complement,omitempty" expr:"complement"`
	Neighborhood string `json:"neighborhood,omitempty" expr:"neighborhood"`
}

// OrderProceeds is what the seller gets for the order.
type OrderProceeds struct {
	GrandTotal Money       `json:"grandTotal,omitzero" expr:"grandTotal"`
	Breakdowns []Breakdown `json:"breakdowns,omitempty" expr:"breakdowns"`
}

// OrderFulfillment is how far an order is and until when it must go out.
type OrderFulfillment struct {
	Status       FulfillmentStatus `json:"fulfillmentStatus" expr:"fulfillmentStatus"`
	By           Fulfiller         `json:"fulfilledBy,omitempty" expr:"fulfilledBy"`
	ServiceLevel string            `json:"fulfillmentServiceLevel,omitempty" expr:"fulfillmentServiceLevel"`
	ShipBy       TimeRange         `json:"shipByWindow,omitzero" expr:"shipByWindow"`
	DeliverBy    TimeRange         `json:"deliverByWindow,omitzero" expr:"deliverByWindow"`
}

// TimeRange is a promise of Amazon's; either end may be zero.
type TimeRange struct {
	Earliest time.Time `json:"earliestDateTime,omitzero" expr:"earliestDateTime"`
	Latest   time.Time `json:"latestDateTime,omitzero" expr:"latestDateTime"`
}

// OrderPackage is a parcel of a merchant-fulfilled order.
type OrderPackage struct {
	Reference string        `json:"packageReferenceId" expr:"packageReferenceId"`
	Created   time.Time     `json:"createdTime,omitzero" expr:"createdTime"`
	Status    PackageStatus `json:"packageStatus,omitzero" expr:"packageStatus"`
	Carrier   string        `json:"carrier,omitempty" expr:"carrier"`
	Shipped   time.Time     `json:"shipTime,omitzero" expr:"shipTime"`
	Service   string        `json:"shippingService,omitempty" expr:"shippingService"`
	Tracking  string        `json:"trackingNumber,omitempty" expr:"trackingNumber"`
	Items     []PackageItem `json:"packageItems,omitempty" expr:"packageItems"`
}

// PackageStatus is where a parcel is.
type PackageStatus struct {
	Status   string `json:"status" expr:"status"`
	Detailed string `json:"detailedStatus,omitempty" expr:"detailedStatus"`
}

// PackageItem is what a parcel holds of an item.
type PackageItem struct {
	ItemID   string `json:"orderItemId" expr:"orderItemId"`
	Quantity int64  `json:"quantity" expr:"quantity"`
}

// Alias returns the order's other id of a kind, "" for none.
func (o Order) Alias(kind string) string {
	for _, a := range o.Aliases {
		if a.Type == kind {
			return a.ID
		}
	}
	return ""
}

// Firm reports whether amounts and quantities may be booked: while an order
// is pending Amazon promises neither.
func (o Order) Firm() bool {
	switch o.Fulfillment.Status {
	case "", OrderPending, OrderPendingAvailability, OrderInvoiceUnconfirmed:
		return false
	}
	return true
}

// Cancelled reports that nothing of the order will be delivered.
func (o Order) Cancelled() bool {
	return strings.EqualFold(string(o.Fulfillment.Status), string(OrderCancelled))
}
