package seller

import (
	"math/rand/v2"
	"time"
)

// Purchase is an order over its life: placed by a buyer, released for shipment
// when it is paid, and shipped or cancelled. Settlements know those only that
// were shipped.
type Purchase struct {
	ID, MerchantID string
	Market         *Market
	MultiChannel   bool
	Items          []PurchaseItem
	Placed, Paid   time.Time
	Reduced        time.Time // when some of its units were cancelled; zero: never
	Ended          time.Time // the end of its story here
	Cancelled      bool      // it ends by being cancelled
}

// PurchaseItem is a line of a purchase.
type PurchaseItem struct {
	*Product
	Code      string
	Quantity  int64 // what the buyer ordered
	Dropped   int64 // units of it that are cancelled when the purchase is reduced
	Promotion string
	Whole     Amounts // of all units
	Kept      Amounts // without the units that are dropped; what is settled
}

// Amounts are in cents of a whole line; discounts are what the buyer got off.
type Amounts struct {
	Price, Shipping, Wrap, Discount, ShippingDiscount int64
	Tax, ShippingTax, WrapTax, DiscountTax            int64
}

// Total is what the buyer pays.
func (m Amounts) Total() int64 {
	return m.Price + m.Shipping + m.Wrap - m.Discount - m.ShippingDiscount + m.TaxTotal()
}

// TaxTotal is the tax in Total.
func (m Amounts) TaxTotal() int64 { return m.Tax + m.ShippingTax + m.WrapTax - m.DiscountTax }

// Stage is how far a purchase is.
type Stage int

// Stages of a purchase, in order of time.
const (
	Unplaced Stage = iota
	Pending
	Released
	Shipped
	Cancelled
)

// At returns how far a purchase is at an instant and when it last changed.
func (p *Purchase) At(now time.Time) (Stage, time.Time) {
	switch {
	case now.Before(p.Placed):
		return Unplaced, time.Time{}
	case !now.Before(p.Ended) && p.Cancelled:
		return Cancelled, p.Ended
	case !now.Before(p.Ended):
		return Shipped, p.Ended
	case p.IsReduced(now):
		return Released, p.Reduced
	case !now.Before(p.Paid):
		return Released, p.Paid
	}
	return Pending, p.Placed
}

// IsReduced reports whether some units were cancelled at an instant.
func (p *Purchase) IsReduced(now time.Time) bool {
	return !p.Reduced.IsZero() && !now.Before(p.Reduced)
}

const (
	shortestLead = 2 * time.Hour
	longestLead  = 30 * time.Hour
	// surplus is what the numbers of cancelled purchases of a day begin with.
	surplus = 500_000
)

// Purchases returns what is shipped on a day of the account's history, and the
// purchases that would have been had they not been cancelled: two in a hundred.
func (a *Account) Purchases(n int) []Purchase {
	orders := a.ordersOf(n)
	chance := a.chance("purchases", n)
	var list []Purchase
	for i := range orders {
		p := a.purchase(&orders[i], chance)
		if chance.IntN(100) == 0 && !p.MultiChannel {
			a.reduce(&p, &orders[i], chance)
		}
		list = append(list, p)
	}
	begin := a.First.Truncate(day).Add(time.Duration(n) * day)
	for k := range (len(orders)*2 + chance.IntN(100)) / 100 {
		o := a.order(chance, n, surplus+k, begin.Add(time.Duration(chance.IntN(86400))*time.Second))
		p := a.purchase(&o, chance)
		a.cancel(&p, chance)
		list = append(list, p)
	}
	kept := list[:0]
	for _, p := range list {
		if !p.Ended.Before(a.First) { // older ones are in no settlement
			kept = append(kept, p)
		}
	}
	return kept
}

func (a *Account) purchase(o *order, chance *rand.Rand) Purchase {
	lead := shortestLead + time.Duration(chance.Int64N(int64((longestLead-shortestLead)/time.Second)))*time.Second
	p := Purchase{ID: o.id, MerchantID: o.merchantID, Market: o.market, MultiChannel: o.multiChannel,
		Placed: o.placed.Add(-lead), Ended: o.placed}
	p.Paid = p.Placed.Add(time.Duration(5*60+chance.IntN(40*60)) * time.Second)
	for i := range o.items {
		x := &o.items[i]
		all := a.amounts(o, x)
		p.Items = append(p.Items, PurchaseItem{Product: x.Product, Code: x.code, Quantity: x.quantity, Promotion: x.promotion, Whole: all, Kept: all})
	}
	return p
}

func (a *Account) amounts(o *order, x *orderItem) Amounts {
	if o.multiChannel { // the seller's own shop has the money
		return Amounts{}
	}
	t := a.buyersTax(o, x)
	m := Amounts{Price: x.price, Shipping: x.shipping, Wrap: x.wrap, Discount: x.discount,
		Tax: t.principal, ShippingTax: t.shipping, WrapTax: t.wrap, DiscountTax: t.discount}
	if x.shipFree {
		m.ShippingDiscount = x.shipping
	}
	return m
}

// reduce lets the buyer have ordered more than was shipped: one unit more of
// the first item, or one item more.
func (a *Account) reduce(p *Purchase, o *order, chance *rand.Rand) {
	p.Reduced = p.Paid.Add(p.Ended.Sub(p.Paid) / 2).Truncate(time.Second)
	if chance.IntN(2) == 0 {
		x := a.orderItem(chance)
		p.Items = append(p.Items, PurchaseItem{Product: x.Product, Code: x.code, Quantity: x.quantity, Dropped: x.quantity,
			Promotion: x.promotion, Whole: a.amounts(o, &x)})
		return
	}
	x := o.items[0]
	x.price += x.price / x.quantity
	x.discount += x.discount / x.quantity
	x.quantity++
	p.Items[0].Quantity, p.Items[0].Dropped, p.Items[0].Whole = x.quantity, 1, a.amounts(o, &x)
}

// cancel ends a purchase before it is shipped, now and then before it is paid.
func (a *Account) cancel(p *Purchase, chance *rand.Rand) {
	p.Cancelled = true
	if chance.IntN(4) == 0 {
		p.Ended = p.Placed.Add(p.Paid.Sub(p.Placed) / 2).Truncate(time.Second)
	} else {
		p.Ended = p.Paid.Add(p.Ended.Sub(p.Paid) / 3).Truncate(time.Second)
	}
	for i := range p.Items {
		p.Items[i].Dropped, p.Items[i].Kept = p.Items[i].Quantity, Amounts{}
	}
}
