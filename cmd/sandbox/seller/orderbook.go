package seller

import (
	"strconv"
	"sync"
	"time"
)

// OrderBook gives an account's purchases and keeps those of the days that were
// asked for last. Several goroutines may read it.
type OrderBook struct {
	account *Account

	mu   sync.Mutex
	days map[int]*bookDay
	held int // purchases in days
	uses int
}

type bookDay struct {
	list []Purchase
	byID map[string]int
	used int
}

// bookHolds is how many purchases a book keeps, beside the day in use.
const bookHolds = 60_000

// NewOrderBook returns an account's purchases.
func NewOrderBook(a *Account) *OrderBook { return &OrderBook{account: a, days: map[int]*bookDay{}} }

// Day returns Account.Purchases of a day; nobody may change them.
func (b *OrderBook) Day(n int) []Purchase { return b.day(n).list }

func (b *OrderBook) day(n int) *bookDay {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.uses++
	if d := b.days[n]; d != nil {
		d.used = b.uses
		return d
	}
	d := &bookDay{list: b.account.Purchases(n), byID: map[string]int{}, used: b.uses}
	for i := range d.list {
		d.byID[d.list[i].ID] = i
	}
	b.held += len(d.list)
	for b.held > bookHolds && len(b.days) > 0 {
		b.forget()
	}
	b.days[n] = d
	return d
}

// forget drops the day whose last use is longest ago.
func (b *OrderBook) forget() {
	oldest := -1
	for n, d := range b.days {
		if oldest < 0 || d.used < b.days[oldest].used {
			oldest = n
		}
	}
	b.held -= len(b.days[oldest].list)
	delete(b.days, oldest)
}

// Days returns the first and the last day whose purchases can have changed in
// a span of time.
func (b *OrderBook) Days(after, before time.Time) (first, last int) {
	base := b.account.First.Truncate(day)
	if before.Before(base.Add(-longestLead)) {
		return 0, -1
	}
	return max(int(after.Sub(base)/day), 0), int((before.Sub(base)+longestLead)/day) + 1
}

// Find returns a purchase that was placed until now by its id, whose last
// digits tell the days that it can be of.
func (b *OrderBook) Find(id string, now time.Time) (*Purchase, bool) {
	const digits, cycle = 7, 10_000_000
	if len(id) < digits {
		return nil, false
	}
	serial, err := strconv.Atoi(id[len(id)-digits:])
	if err != nil {
		return nil, false
	}
	if p := b.recall(id); p != nil {
		return p, !now.Before(p.Placed)
	}
	_, last := b.Days(now, now)
	for n := last; n >= 0; n-- {
		number := ((serial-n*1_000_003)%cycle + cycle) % cycle
		if !b.account.numbered(number) {
			continue
		}
		d := b.day(n)
		if i, ok := d.byID[id]; ok && !now.Before(d.list[i].Placed) {
			return &d.list[i], true
		}
	}
	return nil, false
}

// recall returns a purchase of the days that are kept, or nil.
func (b *OrderBook) recall(id string) *Purchase {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range b.days {
		if i, ok := d.byID[id]; ok {
			return &d.list[i]
		}
	}
	return nil
}

// numbered reports whether a day's orders can reach a number.
func (a *Account) numbered(number int) bool {
	most := 3*a.OrdersPerDay + 2 // seasons and chance make it twice the mean at most
	return number < most || number >= surplus && number < surplus+most
}
