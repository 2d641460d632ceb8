package seller

import (
	"fmt"
	"time"
)

// Sold is an order as a marketplace tells of it at an instant. The same order's
// settlement lines are posted when it ships.
type Sold struct {
	ID, MerchantID   string
	Market           *Market
	Currency         string
	MultiChannel     bool
	Created, Updated time.Time
	Ships            time.Time // when it ships, or was to
	Status           string    // as Amazon's Orders API of 2026-01-01 writes it
	Buyer            Buyer
	Items            []SoldItem
}

// SoldItem is one line of an order; amounts are of the whole line, in cents.
type SoldItem struct {
	Code, SKU, ASIN, Title               string
	Quantity, Fulfilled                  int64
	Price, Shipping, Wrap, Discount, Tax int64
	TaxByAmazon                          bool
}

// Total is what the buyer pays for the line, tax included.
func (i SoldItem) Total() int64 { return i.Price + i.Shipping + i.Wrap - i.Discount + i.Tax }

// Buyer is who ordered. Nobody of that name lives there.
type Buyer struct{ Name, Street, City, State, PostalCode, Country, Phone string }

// States of an order.
const (
	Pending   = "PENDING"
	Unshipped = "UNSHIPPED"
	Shipped   = "SHIPPED"
	Cancelled = "CANCELLED"
)

const (
	longestWait = 30 * time.Hour // from an order until it ships
	cancelRate  = 50             // one order in so many is cancelled before it ships
)

// SoldOn returns the orders that ship on one day of the account's history, and
// those that would have but were cancelled, as they stand at an instant. Orders
// of the future are not among them.
func (a *Account) SoldOn(n int, now time.Time) []Sold {
	var list []Sold
	orders := a.ordersOf(n)
	chance := a.chance("sold", n)
	for i := range orders {
		if s, ok := a.stands(&orders[i], now, time.Duration(chance.Int64N(int64(longestWait-2*time.Hour)))+2*time.Hour, false); ok {
			list = append(list, s)
		}
	}
	cancelled := len(orders) / cancelRate
	if chance.IntN(cancelRate) < len(orders)%cancelRate {
		cancelled++
	}
	for i := range cancelled {
		o := a.order(chance, n, 900_000+i, a.First.Truncate(day).Add(time.Duration(n)*day+time.Duration(chance.Int64N(int64(day)))))
		if s, ok := a.stands(&o, now, longestWait-time.Hour, true); ok {
			list = append(list, s)
		}
	}
	return list
}

// DaysFor returns the days of the history whose orders may have changed in a
// stretch of time.
func (a *Account) DaysFor(since, until time.Time) (first, last int) {
	base := a.First.Truncate(day)
	return max(int(since.Sub(base)/day)-1, 0), int(until.Add(longestWait).Sub(base) / day)
}

// stands is how an order stands at an instant; ok is false before it was placed.
func (a *Account) stands(o *order, now time.Time, wait time.Duration, cancelled bool) (s Sold, ok bool) {
	created := o.placed.Add(-wait)
	confirmed := created.Add(4*time.Minute + wait/60)
	if now.Before(created) {
		return s, false
	}
	s = Sold{ID: o.id, MerchantID: o.merchantID, Market: o.market, Currency: a.Currency, MultiChannel: o.multiChannel, Created: created, Updated: created, Ships: o.placed,
		Status: Pending, Buyer: a.buyer(o)}
	switch {
	case cancelled && !now.Before(created.Add(wait/4)):
		s.Status, s.Updated = Cancelled, created.Add(wait/4)
	case !cancelled && !now.Before(o.placed):
		s.Status, s.Updated = Shipped, o.placed
	case !now.Before(confirmed):
		s.Status, s.Updated = Unshipped, confirmed
	}
	for i := range o.items {
		s.Items = append(s.Items, a.soldItem(o, &o.items[i], s.Status))
	}
	return s, true
}

func (a *Account) soldItem(o *order, x *orderItem, status string) SoldItem {
	item := SoldItem{Code: x.code, SKU: x.SKU, ASIN: x.ASIN, Title: x.Title, Quantity: x.quantity, TaxByAmazon: a.Tax != SellerOwed}
	if status == Shipped {
		item.Fulfilled = x.quantity
	}
	if o.multiChannel {
		return item
	}
	t := a.buyersTax(o, x)
	item.Price, item.Shipping, item.Wrap, item.Discount = x.price, x.shipping, x.wrap, x.discount
	if x.shipFree {
		item.Discount += x.shipping
	}
	item.Tax = t.principal + t.shipping + t.wrap - t.discount
	return item
}

var (
	firstNames = [...]string{"Ada", "Bram", "Chiara", "Dora", "Emil", "Femke", "Gus", "Hana", "Ivo", "Juno", "Kees", "Lena", "Milo", "Nora", "Otis", "Pia"}
	lastNames  = [...]string{"Archer", "Bergmann", "Colombo", "Dubois", "Ellis", "Fontaine", "Greco", "Hughes", "Imhof", "Jansen", "Keller", "Lambert", "Moretti", "Novak", "Owens", "Price"}
	places     = map[string][]Buyer{
		"Amazon.com": {{City: "Columbus", State: "OH", PostalCode: "43215", Country: "US"}, {City: "Austin", State: "TX", PostalCode: "78701", Country: "US"},
			{City: "Portland", State: "OR", PostalCode: "97204", Country: "US"}, {City: "Tampa", State: "FL", PostalCode: "33602", Country: "US"}},
		"Amazon.co.uk": {{City: "Leeds", PostalCode: "LS1 4AP", Country: "GB"}, {City: "Bristol", PostalCode: "BS1 5TY", Country: "GB"}},
		"Amazon.de":    {{City: "Kassel", PostalCode: "34117", Country: "DE"}, {City: "Freiburg", PostalCode: "79098", Country: "DE"}},
		"Amazon.fr":    {{City: "Nantes", PostalCode: "44000", Country: "FR"}, {City: "Lille", PostalCode: "59800", Country: "FR"}},
		"Amazon.it":    {{City: "Bologna", State: "BO", PostalCode: "40121", Country: "IT"}, {City: "Torino", State: "TO", PostalCode: "10121", Country: "IT"}},
	}
)

// buyer follows from the order's id.
func (a *Account) buyer(o *order) Buyer {
	chance := a.chance(o.id, 0)
	towns := places[o.market.Name]
	b := towns[chance.IntN(len(towns))]
	b.Name = firstNames[chance.IntN(len(firstNames))] + " " + lastNames[chance.IntN(len(lastNames))]
	b.Street, b.Phone = fmt.Sprintf("%d Mill Street", 1+chance.IntN(240)), fmt.Sprintf("+0 555 %07d", chance.IntN(10_000_000))
	return b
}
