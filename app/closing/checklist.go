package closing

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/settlement"
)

// tail is how short of a period's end a cycle may stop without an accrual.
const tail = time.Hour

// Compute makes the checklist of a period. It is a pure function of the facts.
func Compute(f Facts) Checklist {
	c := Checklist{Connection: f.Connection, Period: f.Key.String(), Starts: f.Period.Starts, Ends: f.Period.Ends, From: f.Period.Starts.String(), To: f.Period.Ends.String()}
	c.Items = append(c.Items, f.over(), f.covered(), f.tiesOut(), f.reissues(), f.drafted(), f.posted(), f.accrued(), f.rates(), f.exceptions())
	if f.Costs != nil {
		c.Items = append(c.Items, f.costed())
	}
	for _, s := range f.Standings {
		c.Items = append(c.Items, s.item())
	}
	c.Items = append(c.Items, f.prophet())
	for i := range c.Items {
		if c.Items[i].Money == nil {
			c.Items[i].Money = []money.Amount{}
		}
	}
	return c
}

// at is a page about the connection with more of a query.
func (f Facts) at(path string, pairs ...string) string {
	query := url.Values{"connection": {strconv.FormatInt(f.Key.ConnectionID, 10)}}
	for i := 0; i+1 < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	return path + "?" + query.Encode()
}

func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (f Facts) over() Item {
	i := Item{Key: "over", Title: "The period is over", State: Done, Why: "It ended on " + f.Period.Ends.String() + "."}
	if !f.Period.Ends.Before(f.Today) {
		i.State, i.Why = Blocks, "It ends on "+f.Period.Ends.String()+"."
	}
	return i
}

// gap is a span that no settlement of a currency covers.
type gap struct {
	currency   money.Currency
	start, end time.Time
}

// chains are the cycles by currency, in order.
func (f Facts) chains() (currencies []money.Currency, chains map[money.Currency][]Cycle) {
	chains = map[money.Currency][]Cycle{}
	for _, c := range f.Cycles {
		if chains[c.Currency] == nil {
			currencies = append(currencies, c.Currency)
		}
		chains[c.Currency] = append(chains[c.Currency], c)
	}
	return currencies, chains
}

// expected is from when on settlements must follow one another: the period's first
// moment, or, where the books begin in it, the first settlement of their first day.
func (f Facts) expected(cycles []Cycle) time.Time {
	if f.BooksFrom == (period.Date{}) || f.BooksFrom.Before(f.Period.Starts) {
		return f.Begins
	}
	if f.Period.Ends.Before(f.BooksFrom) {
		return f.Until
	}
	zone := f.Begins.Location()
	from, first := midnight(f.BooksFrom, zone), cycles[0].Start
	if !first.Before(from) && first.Before(midnight(f.BooksFrom.AddDays(1), zone)) {
		return first
	}
	return from
}

// gaps are the spans of the period that settlements leave out. What comes after
// the newest one of a currency is no gap as long as its next cycle may still be
// running at the period's end: that is what an accrual is for.
func (f Facts) gaps() []gap {
	var list []gap
	currencies, chains := f.chains()
	for _, currency := range currencies {
		reached := f.expected(chains[currency])
		var length time.Duration
		for _, c := range chains[currency] {
			if c.Start.Sub(reached) > settlement.ChainTolerance && c.Start.Before(f.Until) {
				list = append(list, gap{currency, reached, c.Start})
			}
			length = c.End.Sub(c.Start)
			if c.End.After(reached) {
				reached = c.End
			}
		}
		if !reached.Add(length).After(f.Until) && f.Until.Sub(reached) > settlement.ChainTolerance {
			list = append(list, gap{currency, reached, f.Until})
		}
	}
	return list
}

func (f Facts) covered() Item {
	i := Item{Key: "covered", Title: "Settlements cover the period", State: Done, Waivable: true, Fix: f.at("/settlements")}
	var within []Cycle
	for _, c := range f.Cycles {
		if c.End.After(f.Begins) {
			within = append(within, c)
		}
	}
	i.Count, i.Money = int64(len(within)), deposits(within)
	gaps := f.gaps()
	switch {
	case f.Period.Ends.Before(f.BooksFrom):
		i.Why = "The books begin on " + f.BooksFrom.String() + "."
	case len(within) == 0 && len(gaps) == 0:
		i.State, i.Why = Blocks, "No settlement reaches into the period."
	case len(gaps) > 0:
		i.State, i.Count, i.Money = Blocks, int64(len(gaps)), nil
		zone := f.Begins.Location()
		var spans []string
		for _, g := range gaps[:min(3, len(gaps))] {
			spans = append(spans, fmt.Sprintf("%s from %s to %s", g.currency, g.start.In(zone).Format("2 Jan 15:04"), g.end.In(zone).Format("2 Jan 15:04")))
		}
		i.Why = "No settlement covers " + strings.Join(spans, "; ") + ". Reports older than 90 days are uploaded by hand."
		if f.BooksFrom == (period.Date{}) && gaps[0].start.Equal(f.Begins) {
			i.Why += " Where the books begin later, an administrator says so under Policies."
		}
	default:
		i.Why = counted(i.Count, "settlement follows", "settlements follow") + " one another without a gap."
		if i.Count == 1 {
			i.Why = "1 settlement covers it."
		}
		if f.Period.Contains(f.BooksFrom) {
			i.Why += " The books begin on " + f.BooksFrom.String() + "."
		}
	}
	return i
}

func deposits(cycles []Cycle) []money.Amount {
	var sums []Sum
	for _, c := range cycles {
		sums = append(sums, Sum{Amount: money.New(c.Deposit, c.Currency)})
	}
	_, amounts := total(sums)
	return amounts
}

// total counts and adds up by currency.
func total(sums []Sum) (count int64, amounts []money.Amount) {
	for _, s := range sums {
		count += s.Count
		if s.Amount.Currency == "" {
			continue
		}
		at := slices.IndexFunc(amounts, func(a money.Amount) bool { return a.Currency == s.Amount.Currency })
		if at < 0 {
			amounts = append(amounts, s.Amount)
			continue
		}
		amounts[at].Value = amounts[at].Value.Add(s.Amount.Value)
	}
	slices.SortFunc(amounts, func(a, b money.Amount) int { return strings.Compare(string(a.Currency), string(b.Currency)) })
	return count, amounts
}

func (f Facts) tiesOut() Item {
	i := Item{Key: "ties", Title: "Settlements tie out", State: Done, Why: "The lines of each settlement add up to its deposit.", Waivable: true, Fix: f.at("/settlements", "state", "out_of_balance")}
	var sums []Sum
	for _, c := range f.Cycles {
		if c.End.After(f.Begins) && !c.Difference.IsZero() {
			sums = append(sums, Sum{Count: 1, Amount: money.New(c.Difference, c.Currency)})
		}
	}
	if i.Count, i.Money = total(sums); i.Count > 0 {
		i.State, i.Why = Blocks, counted(i.Count, "settlement misses its deposit.", "settlements miss their deposits.")
	}
	return i
}

func (f Facts) reissues() Item {
	i := Item{Key: "reissued", Title: "No re-issued report waits", State: Done, Why: "No posted entry is of a report that Amazon re-issued.", Waivable: true, Fix: f.at("/exceptions", "class", "amended_report")}
	if i.Count, i.Money = total(f.Reissued); i.Count > 0 {
		i.State, i.Why = Blocks, counted(i.Count, "posted entry is of a report that Amazon re-issued; post its reversal.", "posted entries are of reports that Amazon re-issued; post their reversals.")
	}
	return i
}

func (f Facts) drafted() Item {
	i := Item{Key: "drafted", Title: "Every amount has an entry", State: Done, Why: "No settlement's amount of the period is left out.", Waivable: true, Fix: f.at("/exceptions")}
	if i.Count, i.Money = total(f.Undrafted); i.Count > 0 {
		i.State, i.Why = Blocks, counted(i.Count, "settlement has amounts", "settlements have amounts")+" of the period that no entry carries."
	}
	return i
}

// posted looks at every entry of the period, whatever it is made of. What is on
// its way to P21 cannot be waived: it would arrive after the close.
func (f Facts) posted() Item {
	i := Item{Key: "posted", Title: "Entries are posted", State: Done, Waivable: true, Fix: f.at("/entries", "period", f.Key.String())}
	var open []Sum
	var words []string
	done := int64(0)
	for _, s := range f.Entries {
		if s.Status == "posted" || s.Status == "reversed" {
			done += s.Count
			continue
		}
		open = append(open, s)
		if s.Status != "draft" && s.Status != "submitted" {
			i.Waivable = false
		}
	}
	i.Count, i.Money = total(open)
	if i.Count == 0 {
		i.Why = counted(done, "entry is posted.", "entries are posted.")
		i.Count, i.Money = total(f.Entries)
		return i
	}
	for _, status := range []string{"draft", "submitted", "approved", "posting", "unknown"} {
		n := int64(0)
		for _, s := range open {
			if s.Status == status {
				n += s.Count
			}
		}
		if n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, status))
		}
	}
	i.State, i.Why = Blocks, counted(i.Count, "entry is not posted: ", "entries are not posted: ")+strings.Join(words, ", ")+"."
	return i
}

// accrued looks at currencies whose cycle runs across the period's end without
// a report.
func (f Facts) accrued() Item {
	i := Item{Key: "accrued", Title: "What is earned and not settled is accrued", State: Done, Why: "Settlements reach beyond the end of the period.", Waivable: true, Fix: f.at("/entries", "period", f.Key.String())}
	var missing, there []string
	currencies, chains := f.chains()
	gaps := f.gaps()
	for _, currency := range currencies {
		cycles := chains[currency]
		last := cycles[len(cycles)-1].End
		for _, c := range cycles {
			if c.End.After(last) {
				last = c.End
			}
		}
		missed := slices.ContainsFunc(gaps, func(g gap) bool { return g.currency == currency && g.end.Equal(f.Until) })
		if f.Until.Sub(last) <= tail || missed {
			continue
		}
		if f.Accrued[currency] {
			there = append(there, string(currency))
		} else {
			missing = append(missing, string(currency))
		}
	}
	switch {
	case len(missing) > 0:
		i.State, i.Count = Blocks, int64(len(missing))
		i.Why = "The cycle in " + strings.Join(missing, ", ") + " runs across the end of the period and its report is not out: post an accrual, or wait for the report."
	case len(there) > 0:
		i.Count, i.Why = int64(len(there)), "The accrual in "+strings.Join(there, ", ")+" is posted."
	}
	return i
}

func (f Facts) rates() Item {
	i := Item{Key: "rates", Title: "Exchange rates are there", State: Done, Why: "Everything is in " + string(f.Functional) + ".", Waivable: true, Fix: "/admin/rates"}
	var words []string
	for _, g := range f.Rates {
		i.Count += g.Days
		if g.Missing > 0 {
			words = append(words, fmt.Sprintf("%s to %s: %s, the first is %s", g.Currency, f.Functional, counted(g.Missing, "day", "days"), g.First))
		}
	}
	if len(words) > 0 {
		i.State, i.Why, i.Count = Blocks, "Rates are missing. "+strings.Join(words, "; ")+".", 0
		for _, g := range f.Rates {
			i.Count += g.Missing
		}
		return i
	}
	if i.Count > 0 {
		i.Why = counted(i.Count, "day has", "days have") + " a rate."
	}
	return i
}

func (f Facts) exceptions() Item {
	i := Item{Key: "exceptions", Title: "No exception holds money of the period", State: Done, Why: "No exception is open.", Waivable: true, Fix: f.at("/exceptions")}
	if i.Count, i.Money = total(f.Exceptions); i.Count > 0 {
		i.State, i.Why = Blocks, counted(i.Count, "open exception holds", "open exceptions hold")+" money of the period."
		return i
	}
	if f.Others > 0 {
		i.Why = counted(f.Others, "exception is open and holds", "exceptions are open and hold") + " no money of the period."
	}
	return i
}

// costed looks at the cost of what the period shipped and what came back in it.
func (f Facts) costed() Item {
	i := Item{Key: "costed", Title: "The cost of goods is posted", State: Done, Why: "Everything that was shipped and came back is in a posted entry.", Waivable: true, Count: f.Costs.Counts + f.Costs.Uncounted,
		Fix: f.at("/cost", "period", f.Key.String())}
	var words []string
	if f.Costs.Counts > 0 {
		words = append(words, counted(f.Costs.Counts, "count has units that no posted entry has", "counts have units that no posted entry has"))
	}
	if f.Costs.Waiting > 0 {
		words = append(words, counted(f.Costs.Waiting, "unit waits for an item or a cost", "units wait for an item or a cost"))
	}
	if f.Costs.Uncounted > 0 {
		words = append(words, counted(f.Costs.Uncounted, "settlement is not counted yet", "settlements are not counted yet"))
	}
	if len(words) > 0 {
		i.State, i.Why = Blocks, strings.Join(words, "; ")+"."
	}
	return i
}

func (s Standing) item() Item {
	i := Item{Key: "reconciled/" + s.Key, Title: "Reconciled: " + s.Title, State: Done, Why: "It agrees.", Fix: s.Fix, Count: s.Open, Waivable: true}
	for _, d := range s.Difference {
		if !d.Value.IsZero() {
			i.Money = append(i.Money, d)
		}
	}
	switch {
	case s.Problem != "":
		i.State, i.Why = Blocks, s.Problem
	case s.Open > 0 || len(i.Money) > 0:
		i.State, i.Why = Blocks, counted(s.Open, "difference is not explained.", "differences are not explained.")
	case s.Explained > 0:
		i.Why = counted(s.Explained, "difference is explained", "differences are explained") + " by a signed note."
	}
	return i
}

// prophet shows P21's own state; closing there and here are two things.
func (f Facts) prophet() Item {
	i := Item{Key: "p21", Title: "Prophet 21", State: Note, Why: "The period is open there. Close it there too, so that nobody else posts to it.", Fix: f.at("/admin/periods")}
	if f.ClosedInP21 {
		i.Why = "The period is closed there."
	}
	return i
}
