package mapping

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// Backtest is what another rule set would have made of past settlements.
type Backtest struct {
	Accounts []AccountDelta
	Moved    []Moved
	Lines    int64 // lines looked at
	// UnmappedOld and UnmappedNew count the lines that no rule matches.
	UnmappedOld, UnmappedNew int64
}

// AccountDelta is one account in one period: what it received and what it would
// have received. Amounts are from the seller's side, as the settlement has them.
type AccountDelta struct {
	Account  string // empty: unmapped, or no account picked
	Period   string // the fiscal period's key, empty when the calendar has none
	Currency money.Currency
	Old, New decimal.Decimal
}

// Changed reports whether the two rule sets differ here.
func (d AccountDelta) Changed() bool { return !d.Old.Equal(d.New) }

// Target is where a rule set sends a subject. Rule is its position, 0 when no
// rule matches.
type Target struct {
	Rule     int
	Category Category
	Account  string
	Branch   string
}

// same reports whether two targets put the money in the same place.
func (t Target) same(o Target) bool {
	t.Rule, o.Rule = 0, 0
	return t == o
}

// Moved is one subject that goes elsewhere.
type Moved struct {
	KindID int32
	Subject
	Old, New Target
	Lines    int64
	Amounts  []money.Amount // one per currency
}

// target returns where m sends s.
func (m *Matcher) target(s Subject) Target {
	rule, ok := m.Match(s)
	if !ok {
		return Target{}
	}
	account, _ := m.set.Account(rule)
	return Target{Rule: rule.Position, Category: rule.Category, Account: account, Branch: rule.Branch}
}

// Replay compares what two rule sets make of the same amounts: per account and
// fiscal period, and subject by subject.
func Replay(old, new *Matcher, amounts []Amount, calendar period.Calendar) Backtest {
	r := replay{
		old: old, new: new, calendar: calendar,
		targets: map[Subject][2]Target{},
		deltas:  map[place]*AccountDelta{},
		moved:   map[movedKey]*tally{},
	}
	for _, a := range amounts {
		r.add(a)
	}
	return r.finish()
}

// replay is a comparison under way.
type replay struct {
	old, new *Matcher
	calendar period.Calendar
	targets  map[Subject][2]Target // old and new
	deltas   map[place]*AccountDelta
	moved    map[movedKey]*tally
	result   Backtest
}

// place is what amounts are summed up by.
type place struct {
	account, period string
	currency        money.Currency
}

type movedKey struct {
	kind    int32
	subject Subject
}

func (r *replay) add(a Amount) {
	pair, ok := r.targets[a.Subject]
	if !ok {
		pair = [2]Target{r.old.target(a.Subject), r.new.target(a.Subject)}
		r.targets[a.Subject] = pair
	}
	r.result.Lines += a.Lines
	if pair[0].Rule == 0 {
		r.result.UnmappedOld += a.Lines
	}
	if pair[1].Rule == 0 {
		r.result.UnmappedNew += a.Lines
	}
	if !a.Value.IsZero() {
		key := ""
		if p, ok := r.calendar.Find(a.PostedOn); ok {
			key = p.Key()
		}
		before, after := r.delta(pair[0].Account, key, a.Currency), r.delta(pair[1].Account, key, a.Currency)
		before.Old = before.Old.Add(a.Value)
		after.New = after.New.Add(a.Value)
	}
	if pair[0].same(pair[1]) {
		return
	}
	at := movedKey{a.KindID, a.Subject}
	if r.moved[at] == nil {
		r.moved[at] = &tally{}
	}
	r.moved[at].add(a)
}

func (r *replay) delta(account, periodKey string, currency money.Currency) *AccountDelta {
	at := place{account, periodKey, currency}
	if r.deltas[at] == nil {
		r.deltas[at] = &AccountDelta{Account: account, Period: periodKey, Currency: currency}
	}
	return r.deltas[at]
}

func (r *replay) finish() Backtest {
	for _, d := range r.deltas {
		r.result.Accounts = append(r.result.Accounts, *d)
	}
	slices.SortFunc(r.result.Accounts, func(a, b AccountDelta) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Period, b.Period), cmp.Compare(a.Currency, b.Currency))
	})
	for at, t := range r.moved {
		count, pair := t.count(), r.targets[at.subject]
		r.result.Moved = append(r.result.Moved, Moved{at.kind, at.subject, pair[0], pair[1], count.Lines, count.Amounts})
	}
	slices.SortFunc(r.result.Moved, func(a, b Moved) int {
		return cmp.Or(cmp.Compare(b.Lines, a.Lines), cmp.Compare(a.KindID, b.KindID),
			cmp.Compare(a.ProductGroup, b.ProductGroup), cmp.Compare(a.Fulfillment, b.Fulfillment))
	})
	return r.result
}
