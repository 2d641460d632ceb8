package seller

import (
	"fmt"
	"math/rand/v2"
	"time"
)

const day = 24 * time.Hour

// order is one customer order; everything about it was decided when it was made.
type order struct {
	id, shipment string
	placed       time.Time // when Amazon posts it
	market       string
	multiChannel bool
	merchantID   string
	items        []orderItem
	refundAfter  time.Duration // 0: kept
	restocked    bool          // part of the refund is kept for a damaged return
	claim        string        // transaction type of a claim instead of a refund, empty when none
	chance       *rand.Rand
}

type orderItem struct {
	item
	code      string
	quantity  int64
	price     int64 // of the line, in cents
	shipping  int64
	wrap      int64
	discount  int64
	promotion string
}

// ordersOf returns the orders of one day of the account's history, in order of time.
func (a *Account) ordersOf(n int) []order {
	chance := a.chance("orders", n)
	count := a.OrdersPerDay
	if count > 4 {
		count += chance.IntN(count/2+1) - count/4
	}
	begin := a.First.Truncate(day).Add(time.Duration(n) * day)
	orders := make([]order, count)
	for i := range orders {
		at := begin.Add(time.Duration((float64(i)+chance.Float64())/float64(count)*86400) * time.Second)
		orders[i] = a.order(chance, n, i, at)
	}
	return orders
}

func (a *Account) order(chance *rand.Rand, n, i int, at time.Time) order {
	serial := int64(n)*1_000_003 + int64(i)
	o := order{
		id:       fmt.Sprintf("%03d-%07d-%07d", 111+serial%4, chance.IntN(10_000_000), serial%10_000_000),
		shipment: word(chance, 9), placed: at, market: a.pick(chance), chance: chance,
	}
	if chance.IntN(25) == 0 {
		o.multiChannel, o.market = true, a.NonAmazon
		o.merchantID = fmt.Sprintf("WEB-%06d", serial%1_000_000)
		o.id = fmt.Sprintf("S01-%07d-%07d", chance.IntN(10_000_000), serial%10_000_000)
	} else {
		o.merchantID = o.id
	}
	for k := 0; k <= chance.IntN(10)/8; k++ {
		o.items = append(o.items, a.orderItem(chance))
	}
	a.decideReturn(&o, chance)
	return o
}

func (a *Account) orderItem(chance *rand.Rand) orderItem {
	what := catalog[chance.IntN(len(catalog))]
	x := orderItem{item: what, code: fmt.Sprintf("%015d", chance.Int64N(1e15)), quantity: 1}
	if chance.IntN(12) == 0 {
		x.quantity = 2 + chance.Int64N(2)
	}
	x.price = what.cents * x.quantity
	if chance.IntN(4) == 0 {
		x.shipping = 499 + chance.Int64N(500)
	}
	if chance.IntN(40) == 0 {
		x.wrap = 399
	}
	if chance.IntN(9) == 0 {
		x.discount = x.price / 10
		x.promotion = "PLM-" + word(chance, 8) + "-10 % off"
	}
	return x
}

// decideReturn decides at the time of the order whether it comes back.
func (a *Account) decideReturn(o *order, chance *rand.Rand) {
	dice := chance.IntN(200)
	if o.multiChannel || dice >= 15 {
		return
	}
	o.refundAfter = time.Duration(1+chance.IntN(38))*day + time.Duration(chance.IntN(86400))*time.Second
	o.restocked = dice < 2
	switch dice {
	case 13:
		o.claim = "A-to-z Guarantee Refund"
	case 14:
		o.claim = "Chargeback Refund"
	}
}

func (a *Account) pick(chance *rand.Rand) string {
	dice := chance.IntN(100)
	for _, m := range a.Markets {
		if dice -= m.Share; dice < 0 {
			return m.Name
		}
	}
	return a.Markets[0].Name
}

const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"

func word(chance *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[chance.IntN(len(letters))]
	}
	return string(b)
}

// lines returns what the settlement says about a shipped order.
func (a *Account) lines(o order) []Line {
	var lines []Line
	for _, x := range o.items {
		add := func(amountType, description string, cents int64) {
			lines = append(lines, Line{Type: "Order", OrderID: o.id, MerchantOrderID: o.merchantID, ShipmentID: o.shipment, Market: o.market,
				AmountType: amountType, Description: description, Cents: cents, Fulfillment: "AFN", Posted: o.placed, ItemCode: x.code, SKU: x.sku,
				Quantity: int(x.quantity)})
		}
		if o.multiChannel {
			add("ItemPrice", "Principal", 0)
			add("ItemFees", "FBAPerUnitFulfillmentFee", -x.fulfilmentFee()-150)
			continue
		}
		a.sale(x, add)
		if x.discount > 0 {
			lines[len(lines)-1].Promotion = x.promotion
		}
	}
	return lines
}

// sale calls add for each amount of a sold item, the discount last.
func (a *Account) sale(x orderItem, add func(amountType, description string, cents int64)) {
	add("ItemPrice", "Principal", x.price)
	a.tax(x.price, "Tax", "Principal", 1, add)
	if x.shipping > 0 {
		add("ItemPrice", "Shipping", x.shipping)
		a.tax(x.shipping, "ShippingTax", "Shipping", 1, add)
		add("ItemFees", "ShippingChargeback", -x.shipping)
	}
	if x.wrap > 0 {
		add("ItemPrice", "GiftWrap", x.wrap)
		add("ItemFees", "GiftwrapChargeback", -x.wrap)
	}
	add("ItemFees", "FBAPerUnitFulfillmentFee", -x.fulfilmentFee())
	add("ItemFees", "Commission", -x.commission())
	if a.Key == "us" && x.heavy {
		add("ItemFees", "DigitalServicesFee", -x.commission()*3/100)
	}
	if x.discount > 0 {
		add("Promotion", "Principal", -x.discount)
	}
}

// tax adds the tax lines of an amount; sign is -1 for a refund.
func (a *Account) tax(cents int64, collected, withheld string, sign int64, add func(amountType, description string, cents int64)) {
	tax := cents * a.TaxPercent / 100
	switch a.Tax {
	case Facilitator:
		add("ItemPrice", collected, sign*tax)
		add("ItemWithheldTax", "MarketplaceFacilitatorTax-"+withheld, -sign*tax)
	case SellerOwed:
		add("ItemPrice", collected, sign*tax)
	case MarketplaceVAT:
		add("ItemPrice", collected, sign*tax)
		add("ItemWithheldTax", "MarketplaceFacilitatorVAT-"+withheld, -sign*tax)
	}
}

func (x orderItem) commission() int64 { return (x.price - x.discount) * 15 / 100 }

func (x orderItem) fulfilmentFee() int64 {
	if x.heavy {
		return 745 * x.quantity
	}
	return 422 * x.quantity
}

// refund returns what the settlement says when an order comes back: the price
// and the tax go, most of the commission returns, Amazon keeps a part of it.
func (a *Account) refund(o order) []Line {
	kind := "Refund"
	if o.claim != "" {
		kind = o.claim
	}
	posted := o.placed.Add(o.refundAfter)
	adjustment := word(o.chance0(), 12)
	var lines []Line
	for _, x := range o.items {
		add := func(amountType, description string, cents int64) {
			lines = append(lines, Line{Type: kind, OrderID: o.id, MerchantOrderID: o.merchantID, AdjustmentID: adjustment, Market: o.market,
				AmountType: amountType, Description: description, Cents: cents, Fulfillment: "AFN", Posted: posted, ItemCode: x.code,
				AdjustmentItemID: x.code, SKU: x.sku})
		}
		add("ItemPrice", "Principal", -x.price)
		a.tax(x.price, "Tax", "Principal", -1, add)
		if o.restocked {
			add("ItemPrice", "RestockingFee", x.price/5)
		}
		add("ItemFees", "Commission", x.commission())
		if o.claim == "" {
			add("ItemFees", "RefundCommission", -min(x.commission()/5, 500))
		}
		if x.discount > 0 {
			add("Promotion", "Principal", x.discount)
		}
	}
	return lines
}

// chance0 is a source of the order's own, independent of what was drawn since.
func (o order) chance0() *rand.Rand {
	return rand.New(rand.NewPCG(uint64(o.placed.UnixNano()), uint64(len(o.id))))
}
