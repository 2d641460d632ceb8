package amazon

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
)

// OrderStatus is how far Amazon is with an order; unknown values may come.
type OrderStatus string

// Order states of version 2026-01-01.
const (
	OrderPendingAvailability OrderStatus = "PENDING_AVAILABILITY"
	OrderPending             OrderStatus = "PENDING"
	OrderUnshipped           OrderStatus = "UNSHIPPED"
	OrderPartlyShipped       OrderStatus = "PARTIALLY_SHIPPED"
	OrderShipped             OrderStatus = "SHIPPED"
	OrderCancelled           OrderStatus = "CANCELLED"
	OrderUnfulfillable       OrderStatus = "UNFULFILLABLE"
)

// FulfilledByAmazon is what an order says that ships from Amazon's warehouses.
const FulfilledByAmazon = "AMAZON"

// Money is an amount as Amazon writes it: a string with its currency.
type Money struct {
	Amount   decimal.Decimal `json:"amount"`
	Currency string          `json:"currencyCode"`
}

// Order is an order in the shape of version 2026-01-01, as far as a sales order
// needs it. Which parts are filled depends on what was asked for.
type Order struct {
	ID      string    `json:"orderId"`
	Created time.Time `json:"createdTime"`
	Updated time.Time `json:"lastUpdatedTime"`
	Aliases []struct {
		ID   string `json:"aliasId"`
		Type string `json:"aliasType"`
	} `json:"orderAliases"`
	Programs   []string `json:"programs"`
	Associated []struct {
		ID   string `json:"orderId"`
		Type string `json:"associationType"`
	} `json:"associatedOrders"`
	Channel struct {
		Name            string `json:"channelName"`
		MarketplaceID   string `json:"marketplaceId"`
		MarketplaceName string `json:"marketplaceName"`
	} `json:"salesChannel"`
	Buyer struct {
		Company       string `json:"buyerCompanyName"`
		PurchaseOrder string `json:"buyerPurchaseOrderNumber"`
	} `json:"buyer"`
	Recipient struct {
		Address Address `json:"deliveryAddress"`
	} `json:"recipient"`
	Proceeds struct {
		Total Money `json:"grandTotal"`
	} `json:"proceeds"`
	Fulfillment struct {
		Status       OrderStatus `json:"fulfillmentStatus"`
		By           string      `json:"fulfilledBy"`
		ServiceLevel string      `json:"fulfillmentServiceLevel"`
		ShipBy       struct {
			Latest time.Time `json:"latestDateTime"`
		} `json:"shipByWindow"`
	} `json:"fulfillment"`
	Items []OrderItem `json:"orderItems"`
}

// Address is where an order goes. Without the right to personal data Amazon
// tells city, state and country alone.
type Address struct {
	Name       string `json:"name"`
	Company    string `json:"companyName"`
	Line1      string `json:"addressLine1"`
	Line2      string `json:"addressLine2"`
	Line3      string `json:"addressLine3"`
	City       string `json:"city"`
	State      string `json:"stateOrRegion"`
	PostalCode string `json:"postalCode"`
	Country    string `json:"countryCode"`
	Phone      string `json:"phone"`
}

// OrderItem is one line of an order.
type OrderItem struct {
	ID       string `json:"orderItemId"`
	Quantity int    `json:"quantityOrdered"`
	Product  struct {
		ASIN  string `json:"asin"`
		SKU   string `json:"sellerSku"`
		Title string `json:"title"`
	} `json:"product"`
	Proceeds struct {
		Total      Money             `json:"proceedsTotal"`
		Breakdowns []ProceedsPartial `json:"breakdowns"`
	} `json:"proceeds"`
	Fulfillment struct {
		Fulfilled   int `json:"quantityFulfilled"`
		Unfulfilled int `json:"quantityUnfulfilled"`
	} `json:"fulfillment"`
	Tax struct {
		Collections []struct {
			Model string `json:"model"`
		} `json:"taxCollections"`
	} `json:"tax"`
}

// ProceedsPartial is one kind of money of an item's line, for all its units.
type ProceedsPartial struct {
	Type     string `json:"type"` // ITEM, SHIPPING, GIFT_WRAP, TAX, DISCOUNT …
	Subtotal Money  `json:"subtotal"`
}

// part sums what the line has of one type.
func (i OrderItem) part(kind string) decimal.Decimal {
	sum := decimal.Zero
	for _, b := range i.Proceeds.Breakdowns {
		if b.Type == kind {
			sum = sum.Add(b.Subtotal.Amount)
		}
	}
	return sum
}

// Price is what the goods of the line cost, all units together: Amazon's ITEM
// subtotal is already price times quantity and must never be multiplied again.
func (i OrderItem) Price() decimal.Decimal { return i.part("ITEM") }

// Shipping is what the buyer pays for shipping the line.
func (i OrderItem) Shipping() decimal.Decimal { return i.part("SHIPPING") }

// GiftWrap is what the buyer pays for wrapping the line.
func (i OrderItem) GiftWrap() decimal.Decimal { return i.part("GIFT_WRAP") }

// TaxAmount is the tax of the line.
func (i OrderItem) TaxAmount() decimal.Decimal { return i.part("TAX") }

// Discount is what the buyer got off, never negative: Amazon does not say with
// which sign it writes discounts.
func (i OrderItem) Discount() decimal.Decimal { return i.part("DISCOUNT").Abs() }

// TaxIsAmazons reports whether Amazon collects and remits the line's tax.
func (i OrderItem) TaxIsAmazons() bool {
	for _, c := range i.Tax.Collections {
		if c.Model == "MARKETPLACE_FACILITATOR" {
			return true
		}
	}
	return false
}

// Balances reports whether the parts of the line make up its total, with tax or
// without: Amazon does not say which in every country.
func (i OrderItem) Balances() bool {
	sum := i.Price().Add(i.Shipping()).Add(i.GiftWrap()).Add(i.part("COD_FEE")).Sub(i.Discount())
	total := i.Proceeds.Total.Amount
	return sum.Equal(total) || sum.Add(i.TaxAmount()).Equal(total)
}

// Alias returns the order's id of another kind, such as SELLER_ORDER_ID; "" for none.
func (o Order) Alias(kind string) string {
	for _, a := range o.Aliases {
		if a.Type == kind {
			return a.ID
		}
	}
	return ""
}

// Replaces returns the order that this one replaces free of charge; "" for none.
func (o Order) Replaces() string {
	for _, a := range o.Associated {
		if a.Type == "REPLACEMENT_ORIGINAL_ID" || a.Type == "EXCHANGE_ORIGINAL_ID" {
			return a.ID
		}
	}
	return ""
}

// ReadOrder decodes an order of version 2026-01-01.
func ReadOrder(raw json.RawMessage) (Order, error) {
	var o Order
	if err := json.Unmarshal(raw, &o); err != nil {
		return o, fault.Wrap(err, fault.Invalid, "Amazon's order cannot be read: %s.", strings.TrimSuffix(err.Error(), "."))
	}
	if o.ID == "" {
		return o, fault.New(fault.Invalid, "Amazon's order has no id.")
	}
	return o, nil
}

// String names the order without what is in it.
func (o Order) String() string { return fmt.Sprintf("order %s", o.ID) }
