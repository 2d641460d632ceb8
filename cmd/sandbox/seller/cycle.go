package seller

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Settlement is the summary row of a cycle.
type Settlement struct {
	ID         string
	Number     int
	Start, End time.Time
	Deposit    int64 // in cents: the sum of its lines
	Lines      int
	held       int64 // reserve that the next cycle releases
}

// Books gives the settlements of an account. They hang together: a reserve is
// released and a debt is settled in the cycle after. Several goroutines may
// read them.
type Books struct {
	account *Account
	mu      sync.Mutex
	done    []Settlement
}

// NewBooks returns an account's books.
func NewBooks(a *Account) *Books { return &Books{account: a} }

// Account returns whose books they are.
func (b *Books) Account() *Account { return b.account }

// Settlement returns the summary of cycle n, working out the chain up to it.
func (b *Books) Settlement(n int) Settlement {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.done) <= n {
		b.done = append(b.done, b.sum(len(b.done)))
	}
	return b.done[n]
}

// sum adds up cycle n; the one before it is done.
func (b *Books) sum(n int) Settlement {
	a := b.account
	// A number that no other account of the seed has.
	serial := int64(n)*7_919 + int64(int(a.Key[0])+2*int(a.Key[1]))*104_729
	s := Settlement{ID: fmt.Sprintf("%d%08d", 10+a.Seed%80, serial), Number: n, Start: a.Start(n), End: a.End(n)}
	before := Settlement{}
	if n > 0 {
		before = b.done[n-1]
	}
	_ = a.each(n, before, func(l Line) error { // never fails
		s.Deposit += l.Cents
		s.Lines++
		return nil
	})
	if s.held = a.held(n, s.Deposit); s.held > 0 {
		s.Deposit -= s.held
		s.Lines++
	}
	return s
}

// Lines calls yield for every line of cycle n in the report's order. Memory
// stays at a day's orders whatever the volume.
func (b *Books) Lines(n int, yield func(Line) error) error {
	s, before := b.Settlement(n), Settlement{}
	if n > 0 {
		before = b.Settlement(n - 1)
	}
	if err := b.account.each(n, before, yield); err != nil {
		return err
	}
	if s.held == 0 {
		return nil
	}
	return yield(b.account.reserve(n, s.held))
}

// each yields all lines of cycle n but the reserve that is held at its end.
func (a *Account) each(n int, before Settlement, yield func(Line) error) error {
	if err := all(a.opening(n, before), yield); err != nil {
		return err
	}
	first, last := a.days(n)
	for d := max(first-int((a.Hold+day-1)/day), 0); d <= last; d++ {
		for _, o := range a.ordersOf(d) {
			if o.placed.Before(a.First) || !a.within(n, a.released(&o)) {
				continue
			}
			if err := a.sale(&o, yield); err != nil {
				return err
			}
		}
	}
	for d := max(first-longestReturn, 0); d <= last; d++ {
		for _, o := range a.ordersOf(d) {
			if err := a.later(n, &o, yield); err != nil {
				return err
			}
		}
	}
	return all(a.services(n), yield)
}

// later yields what happens in cycle n to an order after it was shipped.
func (a *Account) later(n int, o *order, yield func(Line) error) error {
	for _, event := range a.events(o) {
		if !a.within(n, o.placed.Add(event.after)) {
			continue
		}
		if err := event.lines(o, yield); err != nil {
			return err
		}
	}
	return nil
}

// event is something that happens to an order after it was shipped.
type event struct {
	kind  string // of transaction
	after time.Duration
	lines func(*order, func(Line) error) error
}

// events returns what will happen to an order.
func (a *Account) events(o *order) []event {
	refund := map[string]string{"Chargeback Refund": "Chargeback", "A-to-z Guarantee Refund": "GuaranteeClaim"}[o.back.kind]
	if refund == "" {
		refund = "Refund"
	}
	list := []event{{refund, o.back.after, a.refund}, {"ServiceFee", o.back.handling, a.handled}, {"Retrocharge", o.retrocharge, a.corrected}}
	return slices.DeleteFunc(list, func(e event) bool { return e.after == 0 })
}

// released returns when Amazon lets the money of a sale go, which is when the
// settlement posts it. Orders of other channels bring none.
func (a *Account) released(o *order) time.Time {
	if o.multiChannel {
		return o.placed
	}
	return o.placed.Add(a.Hold)
}

func all(lines []Line, yield func(Line) error) error {
	for _, l := range lines {
		if err := yield(l); err != nil {
			return err
		}
	}
	return nil
}
