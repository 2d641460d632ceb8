package seller

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// order is one customer order; everything about it was decided when it was made.
type order struct {
	id, merchantID string
	shipment       string
	placed         time.Time // when Amazon posts it
	market         *Market
	multiChannel   bool
	taxRate        int64 // in hundredths of a percent
	items          []orderItem
	back           comeback
	retrocharge    time.Duration // until its tax is corrected; 0: never
}

// orderItem is one line of an order. Amounts are of the whole line, in cents.
type orderItem struct {
	*Product
	code      string
	quantity  int64
	price     int64
	shipping  int64
	wrap      int64
	discount  int64
	promotion string
	shipFree  bool // shipping is charged and given back by a promotion
}

// seasons is the volume of each month in percent of the year's mean.
var seasons = [...]int{85, 85, 90, 90, 95, 100, 115, 95, 95, 100, 115, 135}

// stateTaxes are rates of sales tax, in hundredths of a percent; some states have none.
var stateTaxes = [...]int64{0, 0, 400, 475, 600, 625, 635, 700, 725, 825, 887, 950, 1025}

// ordersOf returns the orders of one day of the account's history, in order of time.
func (a *Account) ordersOf(n int) []order {
	chance := a.chance("orders", n)
	begin := a.First.Truncate(day).Add(time.Duration(n) * day)
	count := a.OrdersPerDay
	if !a.Steady {
		count = max(count*seasons[begin.Month()-1]/100, 1)
	}
	if count > 4 {
		count += chance.IntN(count/2+1) - count/4
	}
	orders := make([]order, count)
	for i := range orders {
		at := begin.Add(time.Duration((float64(i)+chance.Float64())/float64(count)*86400) * time.Second)
		orders[i] = a.order(chance, n, i, at)
	}
	return orders
}

func (a *Account) order(chance *rand.Rand, n, i int, at time.Time) order {
	serial := int64(n)*1_000_003 + int64(i)
	o := order{shipment: word(chance, 9), placed: at, market: a.pick(chance)}
	o.taxRate = o.market.VAT
	if a.Tax == Facilitator {
		o.taxRate = stateTaxes[chance.IntN(len(stateTaxes))]
	}
	number := fmt.Sprintf("-%07d-%07d", chance.IntN(10_000_000), serial%10_000_000)
	if chance.IntN(25) == 0 {
		o.multiChannel, o.id, o.merchantID = true, a.Channel+number, fmt.Sprintf("#%d", 1000+serial%1_000_000)
	} else {
		prefix := o.market.Prefix
		o.id = fmt.Sprintf("%03d", prefix[chance.IntN(len(prefix))]) + number
		o.merchantID = o.id
	}
	for k := 0; k <= chance.IntN(10)/8; k++ {
		o.items = append(o.items, a.orderItem(chance))
	}
	if o.multiChannel {
		return o
	}
	o.back = newComeback(chance)
	if a.Tax == Facilitator && o.taxRate > 0 && chance.IntN(300) == 0 {
		o.retrocharge = time.Duration(3+chance.IntN(20)) * day
	}
	return o
}

func (a *Account) orderItem(chance *rand.Rand) orderItem {
	// The smaller of two throws: some products sell better than others.
	p := &products[min(chance.IntN(len(products)), chance.IntN(len(products)))]
	x := orderItem{Product: p, code: fmt.Sprintf("%015d", chance.Int64N(1e15)), quantity: 1}
	if chance.IntN(12) == 0 {
		x.quantity = 2 + chance.Int64N(2)
	}
	x.price = a.price(p) * x.quantity
	if chance.IntN(4) == 0 {
		x.shipping = 499 + chance.Int64N(500)
		x.shipFree = chance.IntN(2) == 0
	}
	if a.Tax == Facilitator && chance.IntN(40) == 0 {
		x.wrap = 399
	}
	if chance.IntN(9) == 0 {
		x.discount = part(x.price, 1000)
		x.promotion = "PLM-" + word(chance, 8) + "-10 % off"
	} else if x.shipFree {
		x.promotion = "Free shipping " + word(chance, 6)
	}
	return x
}

// price returns what one unit costs at this account's marketplaces, without tax.
func (a *Account) price(p *Product) int64 {
	if a.Prices == 100 {
		return p.cents
	}
	cents := p.cents * a.Prices / 100
	return cents - cents%100 + 99
}

func (a *Account) pick(chance *rand.Rand) *Market {
	dice := chance.IntN(100)
	for i := range a.Markets {
		if dice -= a.Markets[i].Share; dice < 0 {
			return &a.Markets[i]
		}
	}
	return &a.Markets[0]
}

const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"

func word(chance *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[chance.IntN(len(letters))]
	}
	return string(b)
}
