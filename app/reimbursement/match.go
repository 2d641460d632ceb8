package reimbursement

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"

	"tieout/app/period"
)

// Cause is why units are missing, or that what was paid for them was taken back.
type Cause string

// The causes.
const (
	Lost     Cause = "lost"
	Damaged  Cause = "damaged"
	Reversed Cause = "reversed" // of payments only
)

// Loss is units of an SKU that Amazon lost or damaged on a day.
type Loss struct {
	SKU, Country string
	Cause        Cause
	Day          period.Date
	Units        int
}

// Find is units of an SKU that Amazon found again.
type Find struct {
	SKU   string
	Day   period.Date
	Units int
}

// Payment is a line of a settlement that pays for units, or takes that back.
type Payment struct {
	SettlementID int64
	Line         int32
	Part         int16
	SKU          string
	Cause        Cause
	On           period.Date
	Units        int             // 0: the line does not say
	Amount       decimal.Decimal // below zero: taken back
}

// Share is the part of a payment that belongs to a loss; below zero where it was
// taken back.
type Share struct {
	Payment int // index
	Units   int
	Amount  decimal.Decimal
}

// Outcome is what became of a loss.
type Outcome struct {
	Found  int
	Shares []Share
}

// Paid is how many units are paid.
func (o Outcome) Paid() int {
	n := 0
	for _, s := range o.Shares {
		n += s.Units
	}
	return n
}

// Matched is losses beside what was found and paid, each by its index. What is
// found of a loss, paid and open is its units; what a payment pays and its rest
// are its own.
type Matched struct {
	Of       []Outcome
	Rest     []int // units of a payment that belong to no loss
	FindRest []int // units found that were not missing
}

// matchDays is how long after a loss a payment may still be for it: Amazon's
// claim window and the time that it takes to decide.
const matchDays = 180

// event is something that happens on a day.
type event struct {
	day   period.Date
	order int // of a day: losses, what is found, payments, what is taken back
	index int
}

// Match goes through time, SKU by SKU. What is found again counts against the
// oldest loss that is still open. A payment pays the oldest open losses of its
// cause. What is taken back leaves the loss that was paid last: found, where
// more was found than was missing, and open again otherwise.
func Match(losses []Loss, finds []Find, payments []Payment) Matched {
	m := matcher{losses: losses, finds: finds, payments: payments, spare: map[string][]int{},
		Matched: Matched{make([]Outcome, len(losses)), make([]int, len(payments)), make([]int, len(finds))}}
	for _, e := range m.events() {
		switch e.order {
		case 1:
			m.find(e.index)
		case 2:
			m.pay(e.index)
		case 3:
			m.takeBack(e.index)
		}
	}
	return m.Matched
}

type matcher struct {
	Matched
	losses   []Loss
	finds    []Find
	payments []Payment
	oldest   []int            // losses by day
	spare    map[string][]int // finds with a rest, by SKU
}

func (m *matcher) events() []event {
	var list []event
	for i := range m.losses {
		m.oldest = append(m.oldest, i)
	}
	slices.SortStableFunc(m.oldest, func(a, b int) int { return m.losses[a].Day.Time().Compare(m.losses[b].Day.Time()) })
	for i, f := range m.finds {
		list = append(list, event{f.Day, 1, i})
	}
	for i, p := range m.payments {
		m.Rest[i] = p.Units
		order := 2
		if p.Cause == Reversed || p.Amount.IsNegative() {
			order = 3
		}
		list = append(list, event{p.On, order, i})
	}
	slices.SortStableFunc(list, func(a, b event) int {
		return cmp.Or(a.day.Time().Compare(b.day.Time()), cmp.Compare(a.order, b.order))
	})
	return list
}

// open is how many units of a loss are neither found nor paid.
func (m *matcher) open(loss int) int {
	return m.losses[loss].Units - m.Of[loss].Found - m.Of[loss].Paid()
}

func (m *matcher) find(index int) {
	f := m.finds[index]
	rest := f.Units
	for _, i := range m.oldest {
		l := m.losses[i]
		if l.SKU != f.SKU || l.Cause != Lost || f.Day.Before(l.Day) {
			continue
		}
		n := min(rest, m.open(i))
		m.Of[i].Found += n
		rest -= n
	}
	if m.FindRest[index] = rest; rest > 0 {
		m.spare[f.SKU] = append(m.spare[f.SKU], index)
	}
}

func (m *matcher) pay(index int) {
	p := m.payments[index]
	for _, i := range m.oldest {
		l := m.losses[i]
		if l.SKU != p.SKU || l.Cause != p.Cause || p.On.Before(l.Day) || l.Day.AddDays(matchDays).Before(p.On) {
			continue
		}
		if n := min(m.Rest[index], m.open(i)); n > 0 {
			m.share(i, index, n, 1)
		}
	}
}

// takeBack goes from the youngest loss to the oldest.
func (m *matcher) takeBack(index int) {
	p := m.payments[index]
	for _, i := range slices.Backward(m.oldest) {
		l := m.losses[i]
		if l.SKU != p.SKU || p.On.Before(l.Day) || p.Cause != Reversed && l.Cause != p.Cause {
			continue
		}
		n := min(m.Rest[index], m.Of[i].Paid())
		if n <= 0 {
			continue
		}
		m.share(i, index, n, -1)
		if l.Cause == Lost {
			m.useSpare(i, n)
		}
	}
}

// share gives a loss units of a payment; the last ones take what is left of the
// amount, so that nothing is lost by rounding.
func (m *matcher) share(loss, payment, units, sign int) {
	p := m.payments[payment]
	upTo := func(n int) decimal.Decimal {
		return p.Amount.Mul(decimal.NewFromInt(int64(n))).DivRound(decimal.NewFromInt(int64(p.Units)), 2)
	}
	used := p.Units - m.Rest[payment]
	m.Of[loss].Shares = append(m.Of[loss].Shares, Share{payment, sign * units, upTo(used + units).Sub(upTo(used))})
	m.Rest[payment] -= units
}

// useSpare counts units that were found before they were taken back.
func (m *matcher) useSpare(loss, units int) {
	for _, f := range m.spare[m.losses[loss].SKU] {
		n := min(units, m.FindRest[f])
		m.Of[loss].Found += n
		m.FindRest[f] -= n
		units -= n
	}
}
