// Package orders is the flow of orders: what Amazon sold becomes a sales order
// in P21, one for one, by Amazon's order id; later changes and cancellations
// follow.
package orders

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/flow"
	"tieout/app/money"
)

// Order is what formulas see of an order.
type Order struct {
	ID            string          `expr:"id"`
	SellerID      string          `expr:"sellerOrderId"` // the seller's own id; empty: none
	Placed        time.Time       `expr:"placed"`
	Zone          string          `expr:"zone"`        // time zone of the marketplace
	Marketplace   string          `expr:"marketplace"` // as settlements write it: Amazon.com
	MarketplaceID string          `expr:"marketplaceId"`
	Country       string          `expr:"country"` // of the marketplace; UK as Amazon writes it
	Channel       string          `expr:"channel"` // AMAZON or NON_AMAZON
	Status        string          `expr:"status"`
	FulfilledBy   string          `expr:"fulfilledBy"` // AMAZON or MERCHANT
	ServiceLevel  string          `expr:"serviceLevel"`
	Currency      string          `expr:"currency"`
	Total         decimal.Decimal `expr:"total"` // what the buyer pays, with everything
	PurchaseOrder string          `expr:"purchaseOrder"`
	Company       string          `expr:"company"` // of a business buyer
	Programs      []string        `expr:"programs"`
	Replaces      string          `expr:"replaces"` // the order that it replaces free of charge
	ShipTo        ShipTo          `expr:"shipTo"`
	Items         []Item          `expr:"items"`
}

// ShipTo is where an order goes, as far as Amazon tells.
type ShipTo struct {
	Name       string `expr:"name"`
	Line1      string `expr:"line1"`
	Line2      string `expr:"line2"`
	City       string `expr:"city"`
	State      string `expr:"state"`
	PostalCode string `expr:"postalCode"`
	Country    string `expr:"country"`
	Phone      string `expr:"phone"`
}

// Item is a line of an order. Amounts are of the whole line.
type Item struct {
	ID          string          `expr:"id"`
	Number      int             `expr:"number"` // from 1
	SKU         string          `expr:"sku"`
	ASIN        string          `expr:"asin"`
	Title       string          `expr:"title"`
	Quantity    int             `expr:"quantity"`
	Price       decimal.Decimal `expr:"price"`
	Shipping    decimal.Decimal `expr:"shipping"`
	GiftWrap    decimal.Decimal `expr:"giftWrap"`
	Discount    decimal.Decimal `expr:"discount"` // not negative
	Tax         decimal.Decimal `expr:"tax"`
	TaxByAmazon bool            `expr:"taxByAmazon"` // Amazon collects and remits it
	TaxInside   bool            `expr:"taxInside"`   // the price includes it
	Total       decimal.Decimal `expr:"total"`
	Balances    bool            `expr:"balances"` // the parts make up the total
}

// Line is what formulas of lines see.
type Line struct {
	Order Order `expr:"order"`
	Item  Item  `expr:"item"`
}

// lines is the name of the list.
const lines = "lines"

// read makes a content readable for formulas.
func read(content json.RawMessage) (flow.Source, error) {
	from, err := amazon.ReadOrder(content)
	if err != nil {
		return flow.Source{}, err
	}
	o := orderOf(from)
	s := flow.Source{Header: o, Lists: map[string][]any{lines: nil}, Title: title(o), Amount: money.New(o.Total, money.Currency(o.Currency))}
	for _, item := range o.Items {
		if item.Quantity > 0 { // what was taken out of the order before it was sent is no line
			s.Lists[lines] = append(s.Lists[lines], Line{o, item})
		}
	}
	switch {
	case !from.Firm():
		s.Wait = "Amazon has not confirmed the order yet."
	case from.Cancelled() || len(s.Lists[lines]) == 0:
		s.Skip = "It was cancelled before it reached P21."
	case o.Channel == amazon.ChannelNonAmazon:
		s.Skip = "It came from another channel; Amazon only ships it."
	}
	return s, nil
}

func orderOf(from amazon.Order) Order {
	shop, _ := amazon.MarketplaceByID(from.Channel.MarketplaceID)
	o := Order{ID: from.ID, SellerID: from.Alias(amazon.AliasSellerOrder), Placed: from.Created, Zone: shop.Zone, Marketplace: shop.Domain, MarketplaceID: from.Channel.MarketplaceID, Country: country(shop.Country),
		Channel: from.Channel.Name, Status: string(from.Fulfillment.Status), FulfilledBy: string(from.Fulfillment.By), ServiceLevel: from.Fulfillment.ServiceLevel,
		Currency: from.Proceeds.GrandTotal.Currency, Total: from.Proceeds.GrandTotal.Amount, PurchaseOrder: from.Buyer.PurchaseOrder, Company: from.Buyer.Company,
		Programs: from.Programs, Replaces: replaces(from), ShipTo: shipTo(from.Recipient.Address)}
	for i, item := range from.Items {
		o.Items = append(o.Items, itemOf(item, i+1))
		if o.Currency == "" {
			o.Currency = item.Proceeds.Total.Currency
		}
	}
	return o
}

// replaces is the order that this one replaces free of charge; "" for none.
func replaces(o amazon.Order) string {
	for _, a := range o.Associated {
		if a.Type == amazon.ReplacementOf || a.Type == amazon.ExchangeFor {
			return a.ID
		}
	}
	return ""
}

func shipTo(a amazon.DeliveryAddress) ShipTo {
	return ShipTo{Name: a.Name, Line1: a.Line1, Line2: a.Line2, City: a.City, State: a.Region, PostalCode: a.PostalCode, Country: a.Country, Phone: a.Phone}
}

func itemOf(from amazon.OrderItem, number int) Item {
	return Item{ID: from.ID, Number: number, SKU: from.Product.SKU, ASIN: from.Product.ASIN, Title: from.Product.Title, Quantity: int(from.Units()),
		Price: from.Revenue(), Shipping: from.Shipping(), GiftWrap: from.GiftWrap(), Discount: from.Discount(), Tax: from.TaxTotal(),
		TaxByAmazon: taxIsAmazons(from), TaxInside: from.Balances() == amazon.TaxInside, Total: from.Proceeds.Total.Amount,
		Balances: from.Balances() != amazon.Unbalanced}
}

// taxIsAmazons reports whether Amazon collects and remits the line's tax.
func taxIsAmazons(i amazon.OrderItem) bool {
	return slices.ContainsFunc(i.Tax.Collections, func(c amazon.TaxCollection) bool { return c.Model == amazon.MarketplaceFacilitator })
}

// country is the marketplace's as Amazon itself abbreviates it.
func country(iso string) string {
	if iso == "GB" {
		return "UK"
	}
	return iso
}

// title says what was ordered: "2 x Kettle and 1 more".
func title(o Order) string {
	if len(o.Items) == 0 {
		return ""
	}
	first := o.Items[0]
	text := first.Title
	if text == "" {
		text = first.SKU
	}
	if first.Quantity != 1 {
		text = fmt.Sprintf("%d x %s", first.Quantity, text)
	}
	if more := len(o.Items) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
