package amazon

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/cmd/sandbox/seller"
)

// listed is an order as a search sees it before it is written out.
type listed struct {
	id               string
	status           amazon.FulfillmentStatus
	by               amazon.Fulfiller
	marketplace      string
	created, updated time.Time
	order            func() amazon.Order
}

// listing returns a purchase at an instant; ok is false before it was placed.
func (a *account) listing(p *seller.Purchase, now time.Time) (l listed, ok bool) {
	stage, updated := p.At(now)
	if stage == seller.Unplaced {
		return l, false
	}
	return listed{p.ID, statusOf(stage), amazon.ByAmazon, p.Market.ID, p.Placed, updated,
		func() amazon.Order { return a.order(p, now) }}, true
}

func statusOf(stage seller.Stage) amazon.FulfillmentStatus {
	switch stage {
	case seller.Pending:
		return amazon.OrderPending
	case seller.Shipped:
		return amazon.OrderShipped
	case seller.Cancelled:
		return amazon.OrderCancelled
	}
	return amazon.OrderUnshipped
}

// order returns a purchase at an instant with everything that is known of it.
func (a *account) order(p *seller.Purchase, now time.Time) amazon.Order {
	stage, updated := p.At(now)
	level := levelOf(p.ID)
	o := amazon.Order{
		ID: p.ID, Created: p.Placed, Updated: updated,
		Channel: amazon.SalesChannel{Name: amazon.ChannelAmazon, MarketplaceID: p.Market.ID, MarketplaceName: p.Market.Name},
		Fulfillment: amazon.OrderFulfillment{Status: statusOf(stage), By: amazon.ByAmazon, ServiceLevel: level,
			ShipBy:    amazon.TimeRange{Earliest: p.Placed, Latest: p.Placed.Add(48 * time.Hour)},
			DeliverBy: amazon.TimeRange{Earliest: p.Placed.Add(48 * time.Hour), Latest: p.Placed.Add(120 * time.Hour)}},
	}
	if p.MultiChannel {
		o.Channel.Name, o.Channel.MarketplaceName = amazon.ChannelNonAmazon, a.seller().NonAmazon
		o.Aliases = []amazon.OrderAlias{{ID: p.MerchantID, Type: amazon.AliasSellerOrder}}
	}
	a.addressed(&o, p)
	if level != "STANDARD" && !p.MultiChannel {
		o.Programs = append(o.Programs, amazon.ProgramPrime)
	}
	for i := range p.Items {
		o.Items = append(o.Items, a.item(p, &p.Items[i], now))
	}
	total(&o, a.seller().Currency)
	return o
}

// levelOf chooses how fast an order is to come.
func levelOf(id string) string {
	return []string{"STANDARD", "SECOND_DAY", "NEXT_DAY", "EXPEDITED"}[(int(id[len(id)-1])+int(id[6]))%4]
}

// addressed fills in who bought and where it goes.
func (a *account) addressed(o *amazon.Order, p *seller.Purchase) {
	b := p.Buyer()
	o.Buyer = amazon.Buyer{Name: b.Name, Company: b.Company, PurchaseOrder: b.PurchaseOrder}
	o.Recipient.Address = amazon.DeliveryAddress{Name: b.Name, Company: b.Company, Line1: b.Line1, Line2: b.Line2, City: b.City, County: b.County,
		Region: b.Region, PostalCode: b.PostalCode, Country: b.Country, Phone: b.Phone, Type: "RESIDENTIAL"}
	if o.Fulfillment.By == amazon.ByMerchant {
		o.Buyer.Email = b.Email
	}
	if b.Company != "" {
		o.Programs, o.Recipient.Address.Type = append(o.Programs, amazon.ProgramBusiness), "COMMERCIAL"
	}
}

func (a *account) item(p *seller.Purchase, x *seller.PurchaseItem, now time.Time) amazon.OrderItem {
	stage, _ := p.At(now)
	units, amounts := x.Quantity, x.Whole
	dropped := x.Dropped > 0 && (p.IsReduced(now) || stage == seller.Cancelled)
	item := amazon.OrderItem{ID: x.Code, Ordered: x.Quantity, Product: amazon.ItemProduct{ASIN: x.ASIN, Title: x.Title, SKU: x.SKU}}
	if dropped || stage == seller.Shipped {
		units, amounts = x.Quantity-x.Dropped, x.Kept
	}
	if dropped {
		cancelItem(&item, "BUYER", "Ordered by mistake")
	}
	ship(&item, units, stage == seller.Shipped)
	if x.Promotion != "" {
		item.Promotion.Breakdowns = []amazon.PromotionBreakdown{{ID: x.Promotion}}
	}
	if units == 0 || p.MultiChannel {
		return item
	}
	if a.seller().Tax != seller.SellerOwed && amounts.TaxTotal() != 0 {
		item.Tax.Collections = []amazon.TaxCollection{{Model: amazon.MarketplaceFacilitator, Responsible: "Amazon Services, Inc."}}
	}
	if amounts.Wrap > 0 {
		item.Fulfillment.Packing.Gift = amazon.GiftOption{Message: "With love from all of us", Level: "STANDARD"}
	}
	item.Proceeds = proceeds(amounts, a.seller().Currency)
	item.Product.Price.Unit = amazon.Money{Amount: cents(amounts.Price / units), Currency: a.seller().Currency}
	return item
}

// ship says how many units have gone out, or are still to go.
func ship(item *amazon.OrderItem, units int64, gone bool) {
	item.Fulfillment.Fulfilled, item.Fulfillment.Unfulfilled = 0, units
	if gone {
		item.Fulfillment.Fulfilled, item.Fulfillment.Unfulfilled = units, 0
	}
}

func cancelItem(item *amazon.OrderItem, by, reason string) {
	item.Cancellation.Execution = amazon.CancellationExecution{By: by, Reason: reason}
	if by == "BUYER" {
		item.Cancellation.Request = amazon.CancellationRequest{Requester: by, Reason: reason}
	}
}

func cents(n int64) decimal.Decimal { return decimal.New(n, -2) }

// proceeds states amounts as Amazon does, discounts below zero.
func proceeds(m seller.Amounts, currency string) amazon.ItemProceeds {
	money := func(n int64) amazon.Money { return amazon.Money{Amount: cents(n), Currency: currency} }
	p := amazon.ItemProceeds{Total: money(m.Total())}
	details := func(pairs ...amazon.Detail) []amazon.Detail {
		return slices.DeleteFunc(pairs, func(d amazon.Detail) bool { return d.Value.Amount.IsZero() })
	}
	add := func(kind string, n int64, parts ...amazon.Detail) {
		if n != 0 || kind == amazon.MoneyItem {
			p.Breakdowns = append(p.Breakdowns, amazon.Breakdown{Type: kind, Subtotal: money(n), Details: details(parts...)})
		}
	}
	add(amazon.MoneyItem, m.Price)
	add(amazon.MoneyShipping, m.Shipping)
	add(amazon.MoneyGiftWrap, m.Wrap)
	add(amazon.MoneyDiscount, -m.Discount-m.ShippingDiscount, amazon.Detail{Subtype: amazon.MoneyShipping, Value: money(-m.ShippingDiscount)})
	add(amazon.MoneyTax, m.TaxTotal(), amazon.Detail{Subtype: amazon.MoneyItem, Value: money(m.Tax)},
		amazon.Detail{Subtype: amazon.MoneyShipping, Value: money(m.ShippingTax)}, amazon.Detail{Subtype: amazon.MoneyGiftWrap, Value: money(m.WrapTax)},
		amazon.Detail{Subtype: amazon.MoneyDiscount, Value: money(-m.DiscountTax)})
	return p
}

// total adds the items up.
func total(o *amazon.Order, currency string) {
	o.Proceeds = amazon.OrderProceeds{}
	sum, stated := decimal.Zero, false
	for _, kind := range []string{amazon.MoneyItem, amazon.MoneyShipping, amazon.MoneyGiftWrap, amazon.MoneyDiscount, amazon.MoneyTax} {
		part, there := decimal.Zero, false
		for _, i := range o.Items {
			part = part.Add(i.Subtotal(kind))
			there = there || slices.ContainsFunc(i.Proceeds.Breakdowns, func(b amazon.Breakdown) bool { return b.Type == kind })
		}
		if there {
			o.Proceeds.Breakdowns = append(o.Proceeds.Breakdowns, amazon.Breakdown{Type: kind, Subtotal: amazon.Money{Amount: part, Currency: currency}})
			sum, stated = sum.Add(part), true
		}
	}
	if stated {
		o.Proceeds.GrandTotal = amazon.Money{Amount: sum, Currency: currency}
	}
}

// shown returns what Amazon tells about an order: no money and no buyer while
// it is pending, nothing personal without a role.
func shown(o amazon.Order, personal bool) amazon.Order {
	if !o.Firm() {
		o.Buyer, o.Recipient, o.Proceeds = amazon.Buyer{}, amazon.Recipient{}, amazon.OrderProceeds{}
		o.Items = slices.Clone(o.Items)
		for k := range o.Items {
			o.Items[k].Proceeds, o.Items[k].Product.Price = amazon.ItemProceeds{}, amazon.ItemPrice{}
		}
	}
	if !personal {
		return o.Redacted()
	}
	return o
}
