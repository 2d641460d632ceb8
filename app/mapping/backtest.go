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
	// Clearing is the account that balances entries: Old and New differ when the
	// pick changed. Its amounts stand in no other list.
	Clearing    AccountChange
	Settlements int64 // looked at
	Lines       int64 // looked at
	MovedLines  int64
	// UnmappedOld and UnmappedNew count the lines that no rule matches.
	UnmappedOld, UnmappedNew int64
}

// Totals adds up the accounts: per currency, and for every account together.
// Old and New are equal, because whatever leaves one account arrives on another.
func (b Backtest) Totals() []AccountDelta {
	return b.summed(func(AccountDelta) string { return "" })
}

// Sums adds up each account over all periods, those that stay as well.
func (b Backtest) Sums() []AccountDelta {
	return b.summed(func(d AccountDelta) string { return d.Account })
}

func (b Backtest) summed(name func(AccountDelta) string) []AccountDelta {
	at := map[place]int{}
	var sums []AccountDelta
	for _, d := range b.Accounts {
		key := place{account: name(d), currency: d.Currency}
		i, known := at[key]
		if !known {
			i = len(sums)
			at[key] = i
			sums = append(sums, AccountDelta{Account: key.account, Currency: d.Currency})
		}
		sums[i].Old, sums[i].New = sums[i].Old.Add(d.Old), sums[i].New.Add(d.New)
	}
	slices.SortFunc(sums, func(a, b AccountDelta) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Currency, b.Currency))
	})
	return sums
}

// Changed reports whether the two rule sets differ anywhere.
func (b Backtest) Changed() bool { return len(b.Moved) > 0 || b.Clearing.Old != b.Clearing.New }

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

// Difference is what the new rule set adds.
func (d AccountDelta) Difference() decimal.Decimal { return d.New.Sub(d.Old) }

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

// Moved is one subject that goes elsewhere, in one currency.
type Moved struct {
	KindID int32
	Subject
	Old, New Target
	Lines    int64
	Amount   money.Amount
}

// Target returns where m sends s.
func (m *Matcher) Target(s Subject) Target {
	rule, ok := m.Match(s)
	if !ok {
		return Target{}
	}
	account, _ := m.set.Account(rule)
	return Target{Rule: rule.Position, Category: rule.Category, Account: account, Branch: rule.Branch}
}

// Range is which settlements a backtest replays: those that end on or between
// two days in the books' time zone, and of their amounts the ones posted on or
// between two others. The zero day leaves a side open.
type Range struct {
	From, To             period.Date
	PostedFrom, PostedTo period.Date
}

// Replay compares what two rule sets make of the same amounts: per account and
// fiscal period, and subject by subject.
func Replay(old, new *Matcher, amounts []Amount, calendar period.Calendar) Backtest {
	r := replay{
		old: old, new: new, calendar: calendar, periods: map[period.Date]string{},
		targets: map[Subject][2]Target{},
		deltas:  map[place]*AccountDelta{},
		moved:   map[movedKey]*Moved{},
	}
	r.result.Clearing = AccountChange{SlotClearing, old.set.Accounts[SlotClearing], new.set.Accounts[SlotClearing]}
	for _, a := range amounts {
		r.add(a)
	}
	return r.finish()
}

// replay is a comparison under way.
type replay struct {
	old, new *Matcher
	calendar period.Calendar
	periods  map[period.Date]string // by day
	targets  map[Subject][2]Target  // old and new
	deltas   map[place]*AccountDelta
	moved    map[movedKey]*Moved
	result   Backtest
}

// place is what amounts are summed up by.
type place struct {
	account, period string
	currency        money.Currency
}

type movedKey struct {
	kind     int32
	subject  Subject
	currency money.Currency
}

func (r *replay) add(a Amount) {
	pair, ok := r.targets[a.Subject]
	if !ok {
		pair = [2]Target{r.old.Target(a.Subject), r.new.Target(a.Subject)}
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
		key := r.period(a.PostedOn)
		before, after := r.delta(pair[0].Account, key, a.Currency), r.delta(pair[1].Account, key, a.Currency)
		before.Old = before.Old.Add(a.Value)
		after.New = after.New.Add(a.Value)
	}
	if pair[0].same(pair[1]) {
		return
	}
	at := movedKey{a.KindID, a.Subject, a.Currency}
	m := r.moved[at]
	if m == nil {
		m = &Moved{KindID: a.KindID, Subject: a.Subject, Old: pair[0], New: pair[1], Amount: money.New(decimal.Zero, a.Currency)}
		r.moved[at] = m
	}
	m.Lines += a.Lines
	m.Amount.Value = m.Amount.Value.Add(a.Value)
	r.result.MovedLines += a.Lines
}

// period returns the key of the day's fiscal period, empty when there is none.
func (r *replay) period(day period.Date) string {
	key, known := r.periods[day]
	if known {
		return key
	}
	if p, ok := r.calendar.Find(day); ok {
		key = p.Key()
	}
	r.periods[day] = key
	return key
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
	for _, m := range r.moved {
		r.result.Moved = append(r.result.Moved, *m)
	}
	slices.SortFunc(r.result.Moved, func(a, b Moved) int {
		return cmp.Or(cmp.Compare(b.Lines, a.Lines), cmp.Compare(a.KindID, b.KindID),
			cmp.Compare(a.ProductGroup, b.ProductGroup), cmp.Compare(a.Fulfillment, b.Fulfillment), cmp.Compare(a.Amount.Currency, b.Amount.Currency))
	})
	return r.result
}
