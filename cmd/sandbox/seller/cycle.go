package seller

import (
	"fmt"
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
// released and a debt is settled in the cycle after.
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
		b.done = append(b.done, b.compute(len(b.done)))
	}
	return b.done[n]
}

func (b *Books) compute(n int) Settlement {
	a := b.account
	s := Settlement{ID: fmt.Sprintf("%d%08d", 10+a.Seed%80, int64(n)*7_919+int64(int(a.Key[0])+2*int(a.Key[1]))*104_729), Number: n, Start: a.Start(n), End: a.End(n)}
	before := b.before(n)
	// The reserve is two days of sales; it is part of the sum, so it comes last.
	s.held = a.reserve(n)
	_ = b.each(n, before, s.held, func(l Line) error {
		s.Deposit += l.Cents
		s.Lines++
		return nil
	})
	return s
}

func (b *Books) before(n int) Settlement {
	if n == 0 {
		return Settlement{}
	}
	return b.done[n-1]
}

// reserve is what Amazon holds back at the end of a cycle.
func (a *Account) reserve(n int) int64 {
	if a.Key == "uk" {
		return 0 // some accounts have no reserve at all
	}
	last := int(a.End(n).Sub(a.First.Truncate(day)) / day)
	held := int64(0)
	for _, o := range a.ordersOf(last - 1) {
		for _, l := range a.lines(o) {
			held += l.Cents
		}
	}
	return max(held, 0)
}

// Lines calls yield for every line of cycle n in the report's order. Memory
// stays at a day's orders whatever the volume.
func (b *Books) Lines(n int, yield func(Line) error) error {
	s := b.Settlement(n)
	before := Settlement{}
	if n > 0 {
		before = b.Settlement(n - 1)
	}
	return b.each(n, before, s.held, yield)
}

func (b *Books) each(n int, before Settlement, held int64, yield func(Line) error) error {
	a := b.account
	if err := opening(a, n, before, yield); err != nil {
		return err
	}
	base := a.First.Truncate(day)
	first, last := int(a.Start(n).Sub(base)/day), int(a.End(n).Sub(base)/day)
	inCycle := func(t time.Time) bool { return !t.Before(a.Start(n)) && t.Before(a.End(n)) }
	for d := first; d <= last; d++ {
		for _, o := range a.ordersOf(d) {
			if inCycle(o.placed) {
				if err := all(a.lines(o), yield); err != nil {
					return err
				}
			}
		}
	}
	// Orders of the 40 days before may come back now.
	for d := max(first-40, 0); d <= last; d++ {
		for _, o := range a.ordersOf(d) {
			if o.refundAfter > 0 && inCycle(o.placed.Add(o.refundAfter)) {
				if err := all(a.refund(o), yield); err != nil {
					return err
				}
			}
		}
	}
	if err := all(a.period(n), yield); err != nil {
		return err
	}
	if held == 0 {
		return nil
	}
	return yield(account(other, "Current Reserve Amount", -held, a.End(n).Add(time.Duration(7+n%60)*time.Second)))
}

// opening is how a cycle begins: the reserve of the last one comes back, and a
// debt is charged to the seller's card, or stays owed when the card refuses.
func opening(a *Account, n int, before Settlement, yield func(Line) error) error {
	if before.held > 0 {
		if err := yield(account(other, "Previous Reserve Amount Balance", before.held, a.Start(n).Add(95*time.Second))); err != nil {
			return err
		}
	}
	if before.Deposit >= 0 {
		return nil
	}
	if err := yield(account(other, "Payable to Amazon", before.Deposit, a.Start(n))); err != nil {
		return err
	}
	if n%4 == 2 {
		return nil // the charge failed; the debt goes on
	}
	return yield(account(other, "Successful charge", -before.Deposit, a.Start(n).Add(26*time.Hour)))
}

func all(lines []Line, yield func(Line) error) error {
	for _, l := range lines {
		if err := yield(l); err != nil {
			return err
		}
	}
	return nil
}
