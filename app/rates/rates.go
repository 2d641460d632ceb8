// Package rates keeps daily exchange rates: read from P21 or from a daily file,
// or entered by people, each with its history. A Table answers what one unit of
// a currency was worth on a day, and says how it came by the answer: a rate is
// turned around, or two are joined through a third currency, only where the
// connection's settings say so.
package rates

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// Origin is how a rate came into the table.
type Origin string

// The origins.
const (
	ByHand Origin = "hand"
	Upload Origin = "upload"
	P21    Origin = "p21"
	Daily  Origin = "daily" // a daily file
)

// Age is how many days a rate stands for the days after it: none is published
// on weekends and holidays.
const Age = 7

// Scale is the decimals of a rate.
const Scale = 10

// Pair is a direction: units of Quote for one of Base.
type Pair struct{ Base, Quote money.Currency }

// Day is the rate of a pair on a day, as it is in force.
type Day struct {
	ID           int64
	ConnectionID int64 // 0: for every connection
	Pair
	On    period.Date
	Value decimal.Decimal
}

// String is "1 EUR = 1.0492 USD of 2026-11-27".
func (d Day) String() string {
	return fmt.Sprintf("1 %s = %s %s of %s", d.Base, d.Value, d.Quote, d.On)
}

// Settings are what an administrator decides about a connection's rates.
type Settings struct {
	ConnectionID   int64
	ConnectionName string
	Title          string
	Functional     money.Currency
	FromP21        bool
	DailyURL       string          // empty: no daily file
	Inverse        bool            // the rate of the other direction may be turned around
	Pivot          money.Currency  // two rates may be joined through it; empty: never
	MostMove       decimal.Decimal // percent against the day before; more needs a person's word
	Version        int32
}

// Quotation is the answer of a Table.
type Quotation struct {
	Rate  decimal.Decimal
	On    period.Date // the day that it is really of
	Note  string      // how it was derived; empty for a rate as it stands
	Parts []Day       // what it rests on
}

// Table answers for one connection.
type Table struct {
	inverse bool
	pivot   money.Currency
	days    map[Pair][]Day // newest first, one per day
}

// NewTable returns the table of rates in force under settings. A connection's
// own rate of a day goes before one that is for all.
func NewTable(s Settings, list []Day) Table {
	t := Table{inverse: s.Inverse, pivot: s.Pivot, days: map[Pair][]Day{}}
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b Day) int {
		if a.On != b.On {
			return b.On.Time().Compare(a.On.Time())
		}
		return int(min(b.ConnectionID, 1) - min(a.ConnectionID, 1))
	})
	for _, d := range sorted {
		of := t.days[d.Pair]
		if len(of) > 0 && of[len(of)-1].On == d.On {
			continue
		}
		t.days[d.Pair] = append(of, d)
	}
	return t
}

// Find returns the rate of a pair on a day: as it stands, else turned around,
// else through the pivot, each the last one of the Age days before.
func (t Table) Find(p Pair, on period.Date) (Quotation, bool) {
	if p.Base == p.Quote {
		return Quotation{Rate: decimal.New(1, 0), On: on}, true
	}
	for age := 0; age <= Age; age++ {
		if d, ok := t.day(p, on.AddDays(-age)); ok {
			return Quotation{Rate: d.Value, On: d.On, Parts: []Day{d}}, true
		}
	}
	for age := 0; age <= Age; age++ {
		if l, ok := t.leg(p, on.AddDays(-age)); ok {
			return Quotation{Rate: l.exact(), On: l.day.On, Note: "inverse of " + l.day.String(), Parts: []Day{l.day}}, true
		}
	}
	if t.pivot == "" || t.pivot == p.Base || t.pivot == p.Quote {
		return Quotation{}, false
	}
	for age := 0; age <= Age; age++ {
		if q, ok := t.joined(p, on.AddDays(-age)); ok {
			return q, true
		}
	}
	return Quotation{}, false
}

func (t Table) day(p Pair, on period.Date) (Day, bool) {
	of := t.days[p]
	i, ok := slices.BinarySearchFunc(of, on, func(d Day, on period.Date) int { return on.Time().Compare(d.On.Time()) })
	if !ok {
		return Day{}, false
	}
	return of[i], true
}

// leg is a rate of a day, as it stands or turned around.
type leg struct {
	day    Day
	turned bool
}

func (t Table) leg(p Pair, on period.Date) (leg, bool) {
	if d, ok := t.day(p, on); ok {
		return leg{d, false}, true
	}
	if !t.inverse {
		return leg{}, false
	}
	d, ok := t.day(Pair{p.Quote, p.Base}, on)
	return leg{d, true}, ok
}

// factor is the leg as a fraction: it is multiplied by one and divided by the other.
func (l leg) factor() (by, through decimal.Decimal) {
	one := decimal.New(1, 0)
	if l.turned {
		return one, l.day.Value
	}
	return l.day.Value, one
}

func (l leg) exact() decimal.Decimal {
	by, through := l.factor()
	return by.DivRound(through, Scale)
}

// joined goes through the pivot with two rates of the same day, divided once.
func (t Table) joined(p Pair, on period.Date) (Quotation, bool) {
	first, ok := t.leg(Pair{p.Base, t.pivot}, on)
	if !ok {
		return Quotation{}, false
	}
	second, ok := t.leg(Pair{t.pivot, p.Quote}, on)
	if !ok {
		return Quotation{}, false
	}
	byFirst, throughFirst := first.factor()
	bySecond, throughSecond := second.factor()
	rate := byFirst.Mul(bySecond).DivRound(throughFirst.Mul(throughSecond), Scale)
	if !rate.IsPositive() {
		return Quotation{}, false // too small for the decimals of a rate
	}
	return Quotation{Rate: rate, On: on, Note: fmt.Sprintf("through %s: %s, %s", t.pivot, first.day, second.day), Parts: []Day{first.day, second.day}}, true
}

// Entry is what a person or a source says of a day.
type Entry struct {
	ConnectionID int64 // 0: for every connection
	Pair
	On     period.Date
	Value  decimal.Decimal
	Reason string
}

// Problem says what is wrong with an entry; empty when nothing is.
func (e Entry) Problem() (field, words string) {
	switch {
	case !e.Base.Valid():
		return "base", fmt.Sprintf("%q is no currency. Write a code such as GBP.", e.Base)
	case !e.Quote.Valid():
		return "quote", fmt.Sprintf("%q is no currency. Write a code such as USD.", e.Quote)
	case e.Base == e.Quote:
		return "quote", "A rate leads from one currency to another."
	case e.On.Year < 1990 || e.On.Year > 2200:
		return "on", "Write the day as 2026-11-30."
	case !e.Value.IsPositive():
		return "rate", "Write a rate above zero."
	case e.Value.GreaterThanOrEqual(decimal.New(1, 9)):
		return "rate", "Write a rate below 1,000,000,000."
	case !e.Value.Equal(e.Value.Round(Scale)):
		return "rate", "Write a rate of at most 10 decimals."
	case len(e.Reason) > 500:
		return "reason", "At most 500 characters."
	}
	return "", ""
}

// Sort is what storing an entry would do.
type Sort string

// The sorts.
const (
	New     Sort = "new"
	Changed Sort = "changed"
	Same    Sort = "same"
)

// Change is an entry beside what is in force.
type Change struct {
	Entry
	Sort   Sort
	Before decimal.Decimal // the rate in force of the same day; zero when there is none
	Since  period.Date     // the last rate before the day
	Last   decimal.Decimal // its value; zero when there is none
	Most   decimal.Decimal // percent that need no word
	id     int64           // in force now
	last   int32           // version
	origin Origin          // of what is in force
}

// Move is the percent by which the rate differs from the one before it, zero
// when none is known.
func (c Change) Move() decimal.Decimal { return Move(c.Last, c.Value) }

// Move is the percent from one rate to another.
func Move(from, to decimal.Decimal) decimal.Decimal {
	if from.IsZero() {
		return decimal.Zero
	}
	return to.Sub(from).Mul(decimal.New(100, 0)).DivRound(from, 2)
}

// Unusual reports whether the rate moves more than it may without a person's word.
func (c Change) Unusual() bool { return c.Sort != Same && c.Move().Abs().GreaterThan(c.Most) }

// Words say what an unusual change is.
func (c Change) Words() string {
	return fmt.Sprintf("%s moves %s %% against %s of %s", Day{Pair: c.Pair, On: c.On, Value: c.Value}, c.Move().StringFixed(1), c.Last, c.Since)
}

// CellProblem is a cell of an uploaded file that cannot be used.
type CellProblem struct{ Sheet, Cell, Message string }

// Written is an uploaded file as it was read.
type Written struct {
	Entries  []Entry
	Cells    []string // of each entry's rate
	Problems []CellProblem
}

// Rate is a rate in the list.
type Rate struct {
	Day
	ConnectionName string
	Version        int
	Origin         Origin
	Source         string
	Reason         string
	By             string
	At             time.Time
	EndedAt        time.Time // zero: in force
	DocumentID     int64
	Before         decimal.Decimal // the rate before it, within Age days; zero: none
	Entries        int64           // submitted entries that rest on it
}

// Gap is a day that settlements are converted at and that has no rate.
type Gap struct {
	ConnectionID int64
	Pair
	On           period.Date
	Settlements  int64
	SettlementID int64 // the first of them
}

// Reading is what the last look at a source came to.
type Reading struct {
	ConnectionID int64
	Origin       Origin
	At           time.Time
	DocumentID   int64
	Rates        int // of the currencies in use
	Stored       int // new or changed among them
	Problem      string
}

// Filter selects rates in force.
type Filter struct {
	ConnectionID int64 // 0: all; else its own and those for all
	Base, Quote  money.Currency
	From, To     period.Date // zero: open
	After        Place
	PageSize     int
}

// Place is a rate's place in the list, the newest first.
type Place struct {
	On period.Date
	ID int64
}

// Place of the rate.
func (r Rate) Place() Place { return Place{r.On, r.ID} }

// Resting is an entry that rests on a version of a rate.
type Resting struct {
	ID                int64
	Reference, Status string
	Version           int
	Value             decimal.Decimal
}
