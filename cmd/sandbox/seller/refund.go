package seller

import (
	"math/rand/v2"
	"time"
)

// longestReturn is how many days after an order the last money of it moves.
const longestReturn = 57

// comeback is how an order comes back. The zero value: the buyer keeps it.
type comeback struct {
	after      time.Duration
	kind       string // Refund, or a claim decided against the seller
	adjustment string
	partly     bool // half of the price; the buyer keeps the goods
	shipping   bool // what the buyer paid for shipping goes back too
	restocked  bool // part of the price stays with the seller: damaged or late
	goodwill   int64
	handling   time.Duration // until FBA charges for handling the return; 0: it does not
}

// newComeback decides at the time of an order whether it comes back.
func newComeback(chance *rand.Rand) comeback {
	dice := chance.IntN(1000)
	if dice >= 75 {
		return comeback{}
	}
	b := comeback{kind: "Refund", adjustment: word(chance, 12), shipping: chance.IntN(2) == 0}
	b.after = time.Duration(1+chance.IntN(38))*day + time.Duration(chance.IntN(86400))*time.Second
	switch {
	case dice < 3:
		b.kind = "Chargeback Refund"
	case dice < 8:
		b.kind = "A-to-z Guarantee Refund"
	case dice < 16:
		b.restocked = true
	case dice < 24:
		b.partly = true
	case dice < 28:
		b.goodwill = 500
	case dice < 40:
		b.handling = b.after + time.Duration(5+chance.IntN(12))*day
	}
	return b
}

// refund calls yield for what the settlement says when an order comes back: the
// price and the tax go, most of the commission returns, Amazon keeps a part of
// it and the whole fulfilment fee. No quantity, no shipment.
func (a *Account) refund(o *order, yield func(Line) error) error {
	line := Line{Type: o.back.kind, OrderID: o.id, MerchantOrderID: o.merchantID, AdjustmentID: o.back.adjustment, Market: o.market.Name,
		Fulfillment: "AFN", Posted: o.placed.Add(o.back.after)}
	for i := range o.items {
		x := &o.items[i]
		line.ItemCode, line.AdjustmentItemID, line.SKU = x.code, x.code+o.back.adjustment[:3], x.SKU
		add, failed := amounts(line, x.promotion, yield)
		a.refunded(o, x, add)
		if *failed != nil {
			return *failed
		}
	}
	return nil
}

// refunded adds each amount of a refunded item.
func (a *Account) refunded(o *order, x *orderItem, add adder) {
	given := o.back.of(x)
	t := a.buyersTax(o, &given)
	add("ItemPrice", "Principal", -given.price)
	nonZero(add, "ItemPrice", "Tax", -t.principal)
	nonZero(add, "ItemPrice", "Shipping", -given.shipping)
	nonZero(add, "ItemPrice", "ShippingTax", -t.shipping)
	nonZero(add, "ItemPrice", "Goodwill", -o.back.goodwill)
	if o.back.restocked {
		add("ItemPrice", "RestockingFee", given.price/5)
	}
	a.release(t, add)
	commission := given.referral(given.base())
	add("ItemFees", "Commission", commission)
	add("ItemFees", "RefundCommission", -administration(commission))
	nonZero(add, "ItemFees", "DigitalServicesFee", part(commission, o.market.Digital))
	nonZero(add, "ItemFees", "ShippingChargeback", given.shipping)
	nonZero(add, "Promotion", "Principal", given.discount)
	nonZero(add, "Promotion", "TaxDiscount", t.discount)
}

// of returns the part of an item that is given back.
func (b comeback) of(x *orderItem) orderItem {
	given := *x
	given.wrap, given.shipFree = 0, false
	if !b.shipping || x.shipFree {
		given.shipping = 0
	}
	if b.partly {
		given.price, given.discount, given.shipping = x.price/2, x.discount/2, 0
	}
	return given
}

// handled yields the fee for the return of a product that comes back too often.
func (a *Account) handled(o *order, yield func(Line) error) error {
	x := &o.items[0]
	return yield(Line{Type: other, OrderID: o.id, MerchantOrderID: o.merchantID, Market: o.market.Name, AmountType: "ItemFees",
		Description: "FBACustomerReturnPerUnitFee", Cents: -part(x.size.fulfilment(), 5500), Fulfillment: "AFN", Posted: o.placed.Add(o.back.handling),
		ItemCode: x.code, SKU: x.SKU})
}

// Comeback is units of an item that came back to Amazon's warehouse.
type Comeback struct {
	OrderID string
	Product *Product
	Units   int64
	At      time.Time
	Damaged bool
}

// Comebacks returns what came back in a span of time, in order of orders. The
// buyer gets the money some hours later; who got a part of it alone, or was paid
// for a claim, kept the goods.
func (a *Account) Comebacks(since, until time.Time) []Comeback {
	const before = 6 * time.Hour
	base := a.First.Truncate(day)
	var list []Comeback
	for d := max(int(since.Sub(base)/day)-longestReturn, 0); d <= int(until.Sub(base)/day); d++ {
		for _, o := range a.ordersOf(d) {
			at := o.placed.Add(o.back.after - before)
			if o.back.kind != "Refund" || o.back.partly || at.Before(since) || !at.Before(until) {
				continue
			}
			for _, x := range o.items {
				list = append(list, Comeback{o.id, x.Product, x.quantity, at, o.back.restocked})
			}
		}
	}
	return list
}
