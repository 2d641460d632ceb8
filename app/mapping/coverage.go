package mapping

import (
	"cmp"
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// Amount is a sum of settlement lines of one subject and currency.
type Amount struct {
	KindID int32
	Subject
	PostedOn period.Date // the zero date where sums are over all dates
	Currency money.Currency
	Lines    int64
	Value    decimal.Decimal
}

// Count is what falls to one rule.
type Count struct {
	Kinds   int
	Lines   int64
	Amounts []money.Amount // one per currency, in the currencies' order
}

// Unmapped is one kind that no rule matches.
type Unmapped struct {
	KindID int32
	Kind   Kind
	Count
}

// Coverage is what a rule set makes of everything imported so far.
type Coverage struct {
	Rules    []Count  // by index of the rule
	Shadows  []Shadow // by index of the rule
	Unmapped []Unmapped
}

// tally sums up amounts.
type tally struct {
	kinds  map[int32]Kind
	lines  int64
	values map[money.Currency]decimal.Decimal
}

func (t *tally) add(a Amount) {
	if t.kinds == nil {
		t.kinds, t.values = map[int32]Kind{}, map[money.Currency]decimal.Decimal{}
	}
	t.kinds[a.KindID] = a.Kind
	t.lines += a.Lines
	t.values[a.Currency] = t.values[a.Currency].Add(a.Value)
}

func (t *tally) count() Count {
	c := Count{Kinds: len(t.kinds), Lines: t.lines}
	for _, currency := range slices.Sorted(maps.Keys(t.values)) {
		c.Amounts = append(c.Amounts, money.New(t.values[currency], currency))
	}
	return c
}

// Cover returns what falls to each rule of the matcher's set, how its rules
// compete, and what falls to none, the most lines first.
func Cover(m *Matcher, amounts []Amount) Coverage {
	rules := make([]tally, len(m.rules))
	unmapped := map[int32]*tally{}
	subjects := make([]Subject, 0, len(amounts))
	seen := map[Subject]bool{}
	for _, a := range amounts {
		if !seen[a.Subject] {
			seen[a.Subject] = true
			subjects = append(subjects, a.Subject)
		}
		if number, ok := m.first(a.Subject); ok {
			rules[number].add(a)
			continue
		}
		if unmapped[a.KindID] == nil {
			unmapped[a.KindID] = &tally{}
		}
		unmapped[a.KindID].add(a)
	}
	c := Coverage{Rules: make([]Count, len(rules)), Shadows: Shadows(m, subjects)}
	for i := range rules {
		c.Rules[i] = rules[i].count()
	}
	for id, t := range unmapped {
		c.Unmapped = append(c.Unmapped, Unmapped{id, t.kinds[id], t.count()})
	}
	slices.SortFunc(c.Unmapped, func(a, b Unmapped) int {
		return cmp.Or(cmp.Compare(b.Lines, a.Lines), cmp.Compare(a.KindID, b.KindID))
	})
	return c
}
