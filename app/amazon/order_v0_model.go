package amazon

import (
	"encoding/json"
	"errors"
)

// The shapes of version 0, as far as Order has a place for them.

type v0Whole struct {
	Order      v0Order
	OrderItems []v0Item
	Address    struct {
		Company  string    `json:"BuyerCompanyName"`
		Shipping v0Address `json:"ShippingAddress"`
	}
	BuyerInfo v0Buyer
}

type v0Order struct {
	ID               string `json:"AmazonOrderId"`
	SellerOrderID    string `json:"SellerOrderId"`
	Purchased        string `json:"PurchaseDate"`
	Updated          string `json:"LastUpdateDate"`
	Status           string `json:"OrderStatus"`
	Channel          string `json:"FulfillmentChannel"`
	SalesChannel     string
	Total            v0Money `json:"OrderTotal"`
	MarketplaceID    string  `json:"MarketplaceId"`
	ServiceLevel     string  `json:"ShipmentServiceLevelCategory"`
	OrderType        string
	EarliestShip     string  `json:"EarliestShipDate"`
	LatestShip       string  `json:"LatestShipDate"`
	EarliestDelivery string  `json:"EarliestDeliveryDate"`
	LatestDelivery   string  `json:"LatestDeliveryDate"`
	Business         bool    `json:"IsBusinessOrder"`
	Prime            bool    `json:"IsPrime"`
	Premium          bool    `json:"IsPremiumOrder"`
	PickUp           bool    `json:"IsISPU"`
	Replaced         string  `json:"ReplacedOrderId"`
	BuyerInfo        v0Buyer // with a restricted data token
	ShippingAddress  v0Address
}

type v0Buyer struct {
	Email         string `json:"BuyerEmail"`
	Name          string `json:"BuyerName"`
	PurchaseOrder string `json:"PurchaseOrderNumber"`
}

type v0Address struct {
	Name, CompanyName                        string
	AddressLine1, AddressLine2, AddressLine3 string
	City, County, District, StateOrRegion    string
	Municipality, PostalCode, CountryCode    string
	Phone, AddressType                       string
	ExtendedFields                           struct{ StreetName, StreetNumber, Complement, Neighborhood string }
}

type v0Item struct {
	ASIN                 string
	SKU                  string `json:"SellerSKU"`
	ID                   string `json:"OrderItemId"`
	Title                string
	Ordered              int64   `json:"QuantityOrdered"`
	Shipped              int64   `json:"QuantityShipped"`
	Price                v0Money `json:"ItemPrice"` // of the line: price times quantity
	ShippingPrice        v0Money
	Tax                  v0Money `json:"ItemTax"`
	ShippingTax          v0Money
	ShippingDiscount     v0Money
	PromotionDiscount    v0Money
	PromotionDiscountTax v0Money
	PromotionIDs         []string `json:"PromotionIds"`
	CODFee               v0Money
	PriceDesignation     string
	TaxCollection        struct{ Model, ResponsibleParty string }
	IsTransparency       bool
	BuyerInfo            struct {
		GiftWrapPrice       v0Money
		GiftWrapTax         v0Money
		GiftMessage         string `json:"GiftMessageText"`
		GiftWrapLevel       string
		BuyerCustomizedInfo struct{ CustomizedURL string }
	}
	Cancel struct {
		Requested flag   `json:"IsBuyerRequestedCancel"`
		Reason    string `json:"BuyerCancelReason"`
	} `json:"BuyerRequestedCancel"`
}

// v0Money is Money under its older names.
type v0Money struct{ Money }

// UnmarshalJSON reads the amount.
func (m *v0Money) UnmarshalJSON(raw []byte) error {
	var text struct {
		CurrencyCode string
		Amount       json.RawMessage
	}
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	amount, err := readAmount(text.Amount)
	m.Money = Money{amount, text.CurrencyCode}
	return err
}

// flag is a truth that is text in the model.
type flag bool

// UnmarshalJSON reads true and "true".
func (f *flag) UnmarshalJSON(raw []byte) error {
	*f = string(raw) == "true" || string(raw) == `"true"`
	return nil
}

func readV0(raw json.RawMessage, head *v0Order) error {
	if err := json.Unmarshal(raw, head); err != nil {
		return unreadable(err, "an order")
	}
	if head.ID == "" {
		return unreadable(errors.New("no AmazonOrderId"), "an order")
	}
	return nil
}

// readWhole reads an order and leaves out what was not asked for, so that both
// versions return the same.
func readWhole(raw json.RawMessage, include []Include) (Order, error) {
	var w v0Whole
	if err := json.Unmarshal(raw, &w); err != nil {
		return Order{}, unreadable(err, "an order")
	}
	if w.Order.ID == "" {
		return Order{}, unreadable(errors.New("no AmazonOrderId"), "an order")
	}
	return w.order().Only(include), nil
}
