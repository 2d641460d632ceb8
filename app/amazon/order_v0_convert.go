package amazon

import (
	"slices"
	"strings"
	"unicode"

	"github.com/shopspring/decimal"
)

// order returns the order in the newer shape. Source of the field map:
// developer-docs.amazon.com/sp-api/docs/orders-api-migration-guide.
func (w v0Whole) order() Order {
	h := w.Order
	o := Order{
		ID: h.ID, Created: v0Time(h.Purchased), Updated: v0Time(h.Updated), Programs: h.programs(),
		Channel: SalesChannel{Name: ChannelAmazon, MarketplaceID: h.MarketplaceID, MarketplaceName: h.SalesChannel},
		Fulfillment: OrderFulfillment{
			Status: v0Status(h.Status), By: v0Fulfiller(h.Channel), ServiceLevel: upperSnake(h.ServiceLevel),
			ShipBy:    TimeRange{v0Time(h.EarliestShip), v0Time(h.LatestShip)},
			DeliverBy: TimeRange{v0Time(h.EarliestDelivery), v0Time(h.LatestDelivery)},
		},
		Buyer:     w.buyer(),
		Recipient: Recipient{w.address()},
	}
	if strings.HasPrefix(h.SalesChannel, "Non-Amazon") {
		o.Channel.Name = ChannelNonAmazon
	}
	if h.SellerOrderID != "" && h.SellerOrderID != h.ID {
		o.Aliases = []OrderAlias{{h.SellerOrderID, AliasSellerOrder}}
	}
	if h.Replaced != "" {
		o.Associated = []AssociatedOrder{{h.Replaced, ReplacementOf}}
	}
	as := w.reading()
	for _, i := range w.OrderItems {
		o.Items = append(o.Items, i.item(as, o.Fulfillment))
	}
	o.Proceeds = OrderProceeds{GrandTotal: h.Total.Money, Breakdowns: totals(o.Items)}
	return o
}

func (h v0Order) programs() (list []string) {
	for _, p := range []struct {
		in   bool
		name string
	}{{h.Business, ProgramBusiness}, {h.Prime, ProgramPrime}, {h.Premium, ProgramPremium}, {h.PickUp, ProgramPickUp}, {h.OrderType == "Preorder", ProgramPreorder}} {
		if p.in {
			list = append(list, p.name)
		}
	}
	return list
}

func (w v0Whole) buyer() Buyer {
	b := w.BuyerInfo
	if b == (v0Buyer{}) {
		b = w.Order.BuyerInfo
	}
	return Buyer{Name: b.Name, Email: b.Email, Company: w.Address.Company, PurchaseOrder: b.PurchaseOrder}
}

func (w v0Whole) address() DeliveryAddress {
	a := w.Address.Shipping
	if a == (v0Address{}) {
		a = w.Order.ShippingAddress
	}
	county := a.County
	if county == "" {
		county = a.District
	}
	return DeliveryAddress{
		Name: a.Name, Company: a.CompanyName, Line1: a.AddressLine1, Line2: a.AddressLine2, Line3: a.AddressLine3,
		City: a.City, County: county, Region: a.StateOrRegion, Municipality: a.Municipality, PostalCode: a.PostalCode, Country: a.CountryCode,
		Phone: a.Phone, Extended: ExtendedFields(a.ExtendedFields), Type: upperSnake(a.AddressType),
	}
}

// reading is how the amounts of an order are to be understood, which the older
// version does not say.
type reading struct {
	apart  bool // PromotionDiscount leaves ShippingDiscount out
	inside bool // prices include the tax, as in VAT countries
}

// reading returns the way in which the items add up to the order's total. The
// first is Amazon's field map; it also stands where no way adds up.
func (w v0Whole) reading() reading {
	ways := []reading{{}, {apart: true}, {inside: true}, {apart: true, inside: true}}
	for _, way := range ways {
		sum := decimal.Zero
		for _, i := range w.OrderItems {
			sum = sum.Add(i.proceeds(way).Total.Amount)
		}
		if w.Order.Total.Stated() && sum.Equal(w.Order.Total.Amount) {
			return way
		}
	}
	return ways[0]
}

// item returns an item in the newer shape.
func (i v0Item) item(as reading, f OrderFulfillment) OrderItem {
	item := OrderItem{
		ID: i.ID, Ordered: i.Ordered, Proceeds: i.proceeds(as),
		Product:     ItemProduct{ASIN: i.ASIN, Title: i.Title, SKU: i.SKU, Price: i.price()},
		Fulfillment: ItemFulfillment{Fulfilled: i.Shipped, Packing: ItemPacking{GiftOption{i.BuyerInfo.GiftMessage, i.BuyerInfo.GiftWrapLevel}}},
	}
	item.Product.Customization.URL = i.BuyerInfo.BuyerCustomizedInfo.CustomizedURL
	if f.Status != OrderCancelled {
		item.Fulfillment.Unfulfilled = max(i.Ordered-i.Shipped, 0)
	}
	if i.IsTransparency {
		item.Programs = []string{"TRANSPARENCY"}
	}
	for _, id := range i.PromotionIDs {
		item.Promotion.Breakdowns = append(item.Promotion.Breakdowns, PromotionBreakdown{id})
	}
	if i.Cancel.Requested {
		item.Cancellation.Request = CancellationRequest{"BUYER", i.Cancel.Reason}
	}
	if t := i.TaxCollection; t.Model != "" {
		item.Tax.Collections = []TaxCollection{{upperSnake(t.Model), t.ResponsibleParty}}
	}
	return item
}

// price works the unit price out where it comes to whole cents; the older
// version does not state it.
func (i v0Item) price() ItemPrice {
	p := ItemPrice{Designation: i.PriceDesignation}
	if !i.Price.Stated() || i.Ordered <= 0 {
		return p
	}
	quantity := decimal.NewFromInt(i.Ordered)
	if unit := i.Price.Amount.DivRound(quantity, 2); unit.Mul(quantity).Equal(i.Price.Amount) {
		p.Unit = Money{unit, i.Price.Currency}
	}
	return p
}

// proceeds are the breakdowns of an item and what they come to.
func (i v0Item) proceeds(as reading) ItemProceeds {
	if !i.Price.Stated() {
		return ItemProceeds{}
	}
	var p ItemProceeds
	add := func(kind string, amount decimal.Decimal, details ...Detail) {
		if !amount.IsZero() || kind == MoneyItem {
			p.Breakdowns = append(p.Breakdowns, Breakdown{Type: kind, Subtotal: Money{amount, i.Price.Currency}, Details: details})
		}
		if kind != MoneyTax || !as.inside {
			p.Total = Money{p.Total.Amount.Add(amount), i.Price.Currency}
		}
	}
	add(MoneyItem, i.Price.Amount)
	add(MoneyShipping, i.ShippingPrice.Amount)
	add(MoneyGiftWrap, i.BuyerInfo.GiftWrapPrice.Amount)
	add(MoneyCOD, i.CODFee.Amount)
	add(MoneyDiscount, i.discount(as.apart).Neg(), stated(Detail{MoneyShipping, negative(i.ShippingDiscount)})...)
	taxes := stated(Detail{MoneyItem, i.Tax.Money}, Detail{MoneyShipping, i.ShippingTax.Money},
		Detail{MoneyGiftWrap, i.BuyerInfo.GiftWrapTax.Money}, Detail{MoneyDiscount, negative(i.PromotionDiscountTax)})
	tax := decimal.Zero
	for _, d := range taxes {
		tax = tax.Add(d.Value.Amount)
	}
	add(MoneyTax, tax, taxes...)
	return p
}

// discount is what the buyer got off, delivery included.
func (i v0Item) discount(apart bool) decimal.Decimal {
	goods, shipping := i.PromotionDiscount.Amount.Abs(), i.ShippingDiscount.Amount.Abs()
	if apart || shipping.GreaterThan(goods) {
		return goods.Add(shipping)
	}
	return goods
}

// stated leaves out details without an amount.
func stated(list ...Detail) (details []Detail) {
	for _, d := range list {
		if !d.Value.Amount.IsZero() {
			details = append(details, d)
		}
	}
	return details
}

func negative(m v0Money) Money { return Money{m.Amount.Abs().Neg(), m.Currency} }

// totals adds the items' breakdowns up by type, in the order of their types.
func totals(items []OrderItem) (list []Breakdown) {
	for _, kind := range []string{MoneyItem, MoneyShipping, MoneyGiftWrap, MoneyCOD, MoneyDiscount, MoneyTax} {
		sum := Money{}
		for _, i := range items {
			for _, b := range i.Proceeds.Breakdowns {
				if b.Type == kind {
					sum = Money{sum.Amount.Add(b.Subtotal.Amount), b.Subtotal.Currency}
				}
			}
		}
		if sum.Stated() {
			list = append(list, Breakdown{Type: kind, Subtotal: sum})
		}
	}
	return list
}

// v0Status translates a status: Canceled has one L in the older version.
func v0Status(status string) FulfillmentStatus {
	if status == "Canceled" {
		return OrderCancelled
	}
	return FulfillmentStatus(upperSnake(status))
}

// v0Statuses translates back. The older version takes Unshipped and
// PartiallyShipped together only; what was not asked for is left out later.
func v0Statuses(statuses []FulfillmentStatus) (list []string) {
	unshipped, partially := slices.Contains(statuses, OrderUnshipped), slices.Contains(statuses, OrderPartiallyShipped)
	statuses = slices.Clone(statuses)
	switch {
	case unshipped && !partially:
		statuses = append(statuses, OrderPartiallyShipped)
	case partially && !unshipped:
		statuses = append(statuses, OrderUnshipped)
	}
	for _, s := range statuses {
		if s == OrderCancelled {
			list = append(list, "Canceled")
			continue
		}
		list = append(list, upperCamel(string(s)))
	}
	return list
}

func v0Fulfiller(channel string) Fulfiller {
	switch channel {
	case "AFN":
		return ByAmazon
	case "MFN":
		return ByMerchant
	}
	return Fulfiller(channel)
}

func v0Channels(by []Fulfiller) (list []string) {
	for _, b := range by {
		switch b {
		case ByAmazon:
			list = append(list, "AFN")
		case ByMerchant:
			list = append(list, "MFN")
		}
	}
	return list
}

// upperSnake writes NextDay as NEXT_DAY, the way the newer version does.
func upperSnake(camel string) string {
	var b strings.Builder
	for i, r := range camel {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

// upperCamel writes PARTIALLY_SHIPPED as PartiallyShipped.
func upperCamel(snake string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(snake, "_") {
		if word != "" {
			b.WriteString(word[:1] + strings.ToLower(word[1:]))
		}
	}
	return b.String()
}
