package journal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/mapping"
	"tieout/app/period"
	"tieout/app/rates"
)

// Build makes the entries of a settlement: one per fiscal period, each balanced
// on the clearing account in both currencies. It is a pure function of its
// arguments. When there are problems it returns no entry, because half a
// settlement ties to nothing.
func Build(b Books, rollups []Rollup) ([]Plan, []Problem) {
	mapped, problems := mapAll(b, rollups)
	groups, more := splitByPeriod(b, mapped)
	problems = append(problems, more...)
	var plans []Plan
	for _, g := range groups {
		plan, problem := buildEntry(b, g)
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		plans = append(plans, plan)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return plans, nil
}

// target is a rollup with the place that the rules give it.
type target struct {
	rollup  Rollup
	rule    mapping.Rule
	account string
}

func mapAll(b Books, rollups []Rollup) ([]target, []Problem) {
	unmapped := map[int32]*Problem{}
	missing := map[string]*Problem{}
	set := b.Rules.RuleSet()
	var mapped []target
	for _, r := range rollups {
		rule, ok := b.Rules.Match(mapping.Subject{Kind: r.Kind, ProductGroup: r.ProductGroup, Fulfillment: r.Fulfillment})
		if !ok {
			collect(unmapped, r.KindID, r, Problem{Class: UnmappedKind, Kind: r.Kind, KindID: r.KindID, Subject: r.Kind.String(),
				Sentence: "No rule matches " + r.Kind.String() + "."})
			continue
		}
		account, ok := set.Account(rule)
		if !ok && !r.Amount.IsZero() {
			slot := set.Slot(rule.Slot)
			collect(missing, rule.Slot, r, Problem{Class: AccountMissing, Subject: slot.Name,
				Sentence: fmt.Sprintf("No account is picked for %q.", slot.Title)})
			continue
		}
		mapped = append(mapped, target{r, rule, account})
	}
	if set.Accounts[mapping.SlotClearing] == "" {
		missing[mapping.SlotClearing] = &Problem{Class: AccountMissing, Subject: mapping.SlotClearing, Sentence: "No clearing account is picked."}
	}
	return mapped, append(inOrder(unmapped), inOrder(missing)...)
}

func collect[K comparable](problems map[K]*Problem, key K, r Rollup, fresh Problem) {
	p, known := problems[key]
	if !known {
		p = &fresh
		problems[key] = p
	}
	p.Lines += int64(r.Lines)
	p.Amount = p.Amount.Add(r.Amount)
}

func inOrder[K cmp.Ordered](problems map[K]*Problem) []Problem {
	keys := make([]K, 0, len(problems))
	for key := range problems {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	list := make([]Problem, len(keys))
	for i, key := range keys {
		list[i] = *problems[key]
	}
	return list
}

// group is everything that goes into one entry.
type group struct {
	period    period.Period
	movedFrom string
	targets   []target
}

func splitByPeriod(b Books, mapped []target) ([]group, []Problem) {
	groups := map[string]*group{}
	absent := map[string]*Problem{}
	closed := map[string]*Problem{}
	for _, t := range mapped {
		own, ok := b.Calendar.Find(t.rollup.PostedOn)
		if !ok {
			month := t.rollup.PostedOn.String()[:7]
			collect(absent, month, t.rollup, Problem{Class: NoPeriod, Subject: month,
				Sentence: fmt.Sprintf("P21 has no fiscal period for %s. Define it there, then read the periods again.", month)})
			continue
		}
		into, movedFrom := own, ""
		if accrued := b.Accrued[own.Key()]; own.Closed || accrued {
			open, ok := b.Calendar.FirstOpen(own.Starts)
			if accrued {
				open, ok = b.Calendar.FirstOpen(own.Ends.AddDays(1))
			}
			if !accrued && !b.MoveToFirstOpen || !ok {
				collect(closed, own.Key(), t.rollup, Problem{Class: ClosedPeriod, Subject: own.Key(),
					Sentence: fmt.Sprintf("Period %s is %s.", own.Key(), own.ClosedWhere())})
				continue
			}
			into, movedFrom = open, own.Key()
		}
		g := groups[into.Key()]
		if g == nil {
			g = &group{period: into}
			groups[into.Key()] = g
		}
		g.targets = append(g.targets, t)
		g.movedFrom = latest(g.movedFrom, movedFrom)
	}
	return ordered(groups), append(inOrder(absent), inOrder(closed)...)
}

func latest(a, b string) string { return max(a, b) }

// ordered returns the groups by period. A period whose amounts are all zero has
// nothing to post; its rollups travel with a neighbour so that none is lost.
func ordered(groups map[string]*group) []group {
	list := make([]group, 0, len(groups))
	for _, g := range groups {
		list = append(list, *g)
	}
	slices.SortFunc(list, func(x, y group) int { return cmp.Compare(x.period.Key(), y.period.Key()) })
	var kept []group
	var idle []target
	for _, g := range list {
		if allZero(g.targets) {
			idle = append(idle, g.targets...)
			continue
		}
		kept = append(kept, g)
	}
	if len(kept) > 0 {
		kept[0].targets = append(kept[0].targets, idle...)
	}
	return kept
}

func allZero(targets []target) bool {
	return !slices.ContainsFunc(targets, func(t target) bool { return !t.rollup.Amount.IsZero() })
}

// place is what one journal line stands for.
type place struct {
	account, branch, marketplace string
	side                         int // 0 netted; +1 credits and -1 debits where the rule keeps them apart
}

func buildEntry(b Books, g group) (Plan, *Problem) {
	e := entry{books: b, group: g}
	convert, problem := conversion(b, e.rest)
	if problem != nil {
		return Plan{}, problem
	}
	e.convert = convert
	buckets := map[place][]target{}
	for _, t := range g.targets {
		if t.rollup.Amount.IsZero() && t.account == "" {
			continue
		}
		buckets[placeOf(t)] = append(buckets[placeOf(t)], t)
	}
	for _, p := range sortedPlaces(buckets) {
		if problem := e.add(p, buckets[p]); problem != nil {
			return Plan{}, problem
		}
	}
	e.carryZeros()
	if problem := e.balance(); problem != nil {
		return Plan{}, problem
	}
	return e.plan(), nil
}

func placeOf(t target) place {
	p := place{account: t.account, branch: t.rule.Branch}
	if t.rule.ByMarketplace {
		p.marketplace = t.rollup.Kind.Marketplace
	}
	if t.rule.Gross {
		p.side = t.rollup.Amount.Sign()
	}
	return p
}

// sortedPlaces orders lines as the waterfall reads: by the first category they
// carry, then by account.
func sortedPlaces(buckets map[place][]target) []place {
	places, rank := make([]place, 0, len(buckets)), make(map[place]int, len(buckets))
	for p, targets := range buckets {
		places = append(places, p)
		rank[p] = targets[0].rule.Category.Order()
		for _, t := range targets[1:] {
			rank[p] = min(rank[p], t.rule.Category.Order())
		}
	}
	slices.SortFunc(places, func(x, y place) int {
		return cmp.Or(cmp.Compare(rank[x], rank[y]), cmp.Compare(x.account, y.account), cmp.Compare(x.branch, y.branch),
			cmp.Compare(x.marketplace, y.marketplace), cmp.Compare(y.side, x.side))
	})
	return places
}

// entry is an entry in the making.
type entry struct {
	books      Books
	group      group
	convert    func(amount decimal.Decimal, on period.Date) (decimal.Decimal, *Problem)
	lines      []Line
	sources    []Source
	rateIDs    []int64         // of the rates that it rests on, in order
	net        decimal.Decimal // of all lines, seller's side
	exact      decimal.Decimal // the same in functional currency, before rounding
	functional decimal.Decimal // and as rounded line by line
}

// rest notes that the entry rests on a rate.
func (e *entry) rest(q rates.Quotation) {
	for _, part := range q.Parts {
		if at, known := slices.BinarySearch(e.rateIDs, part.ID); !known {
			e.rateIDs = slices.Insert(e.rateIDs, at, part.ID)
		}
	}
}

// add makes the line of one place. Credit a positive amount, debit a negative one.
func (e *entry) add(p place, targets []target) *Problem {
	amount, exact := decimal.Zero, decimal.Zero
	for _, t := range targets {
		converted, problem := e.convert(t.rollup.Amount, t.rollup.PostedOn)
		if problem != nil {
			return problem
		}
		amount = amount.Add(t.rollup.Amount)
		exact = exact.Add(converted)
	}
	functional := exact.Round(e.books.FunctionalCurrency.MinorDigits())
	e.net, e.exact, e.functional = e.net.Add(amount), e.exact.Add(exact), e.functional.Add(functional)
	number := 0
	if !amount.IsZero() || !functional.IsZero() {
		line := Line{Number: len(e.lines) + 1, Account: p.account, Branch: p.branch, Marketplace: p.marketplace,
			Category: string(mainCategory(targets)), Description: describe(targets, p.marketplace)}
		line.Credit, line.Debit = split(amount)
		line.FunctionalCredit, line.FunctionalDebit = split(functional)
		number = line.Number
		e.lines = append(e.lines, line)
	}
	for _, t := range targets {
		e.sources = append(e.sources, Source{number, t.rule.ID, t.rollup})
	}
	return nil
}

// split returns a positive amount on the first side, a negative one on the second.
func split(amount decimal.Decimal) (positive, negative decimal.Decimal) {
	if amount.IsNegative() {
		return decimal.Zero, amount.Neg()
	}
	return amount, decimal.Zero
}

// carryZeros keeps amounts of zero that need no account among the sources.
func (e *entry) carryZeros() {
	for _, t := range e.group.targets {
		if t.rollup.Amount.IsZero() && t.account == "" {
			e.sources = append(e.sources, Source{0, t.rule.ID, t.rollup})
		}
	}
}

// balance adds the clearing line and, where rounding per line left cents over,
// the rounding line.
func (e *entry) balance() *Problem {
	set := e.books.Rules.RuleSet()
	clearing := e.exact.Round(e.books.FunctionalCurrency.MinorDigits())
	if !e.net.IsZero() || !clearing.IsZero() {
		line := Line{Number: len(e.lines) + 1, Account: set.Accounts[mapping.SlotClearing], Category: mapping.SlotClearing, Clearing: true,
			Description: "Amazon clearing, settlement " + e.books.AmazonID}
		line.Debit, line.Credit = split(e.net)
		line.FunctionalDebit, line.FunctionalCredit = split(clearing)
		e.lines = append(e.lines, line)
	}
	left := e.functional.Sub(clearing)
	if left.IsZero() {
		return nil
	}
	if left.Abs().GreaterThan(e.books.RoundingLimit) {
		return &Problem{Class: RoundingLimit, Subject: e.group.period.Key(), Amount: left,
			Sentence: fmt.Sprintf("Rounding leaves %s %s over in period %s; the policy allows %s.",
				left.String(), e.books.FunctionalCurrency, e.group.period.Key(), e.books.RoundingLimit.String())}
	}
	account := set.Accounts[mapping.SlotRounding]
	if account == "" {
		return &Problem{Class: AccountMissing, Subject: mapping.SlotRounding, Sentence: "No account is picked for rounding differences."}
	}
	line := Line{Number: len(e.lines) + 1, Account: account, Category: mapping.SlotRounding, Description: "Rounding of converted amounts"}
	line.FunctionalDebit, line.FunctionalCredit = split(left)
	e.lines = append(e.lines, line)
	return nil
}

func (e *entry) plan() Plan {
	p := Plan{
		Period: e.group.period, MovedFrom: e.group.movedFrom, EntryOn: e.entryOn(), Clearing: e.net, Lines: e.lines, Sources: e.sources,
		Description: e.description(), Rate: decimal.New(1, 0),
	}
	for _, l := range e.lines {
		p.Total = p.Total.Add(l.Debit)
		p.FunctionalTotal = p.FunctionalTotal.Add(l.FunctionalDebit)
	}
	p.Rate, p.RateNote = e.books.rateShown(p.EntryOn)
	p.RateIDs = e.rateIDs
	return p
}

// entryOn is the last day of the entry's lines; an entry that was moved out of
// a closed period is dated on the first day of the period it went to.
func (e *entry) entryOn() period.Date {
	last := e.group.targets[0].rollup.PostedOn
	for _, t := range e.group.targets {
		if last.Before(t.rollup.PostedOn) {
			last = t.rollup.PostedOn
		}
	}
	if !e.group.period.Contains(last) {
		return e.group.period.Starts
	}
	return last
}

func (e *entry) description() string {
	text := "Amazon settlement " + e.books.AmazonID
	if len(e.books.Marketplaces) > 0 {
		text += " " + strings.Join(e.books.Marketplaces, ", ")
	}
	text += fmt.Sprintf(", %s to %s", e.books.StartAt.Format("2006-01-02"), e.books.EndAt.Format("2006-01-02"))
	switch from := e.group.movedFrom; {
	case from == "":
	case e.books.Accrued[from]:
		text += ", accrued in period " + from
	default:
		text += ", from closed period " + from
	}
	return text
}

// mainCategory is the category with the most money in a line.
func mainCategory(targets []target) mapping.Category {
	weight := map[mapping.Category]decimal.Decimal{}
	for _, t := range targets {
		weight[t.rule.Category] = weight[t.rule.Category].Add(t.rollup.Amount.Abs())
	}
	var main mapping.Category
	for _, info := range mapping.Categories() {
		w, carries := weight[info.Category]
		if carries && (main == "" || w.GreaterThan(weight[main])) {
			main = info.Category
		}
	}
	if main == "" {
		return targets[0].rule.Category
	}
	return main
}

// describe names the categories in a line, in the waterfall's order.
func describe(targets []target, marketplace string) string {
	var titles []string
	for _, info := range mapping.Categories() {
		if slices.ContainsFunc(targets, func(t target) bool { return t.rule.Category == info.Category }) {
			titles = append(titles, info.Title)
		}
	}
	if len(titles) == 0 {
		titles = append(titles, targets[0].rule.Category.Title())
	}
	text := strings.Join(titles, ", ")
	if marketplace != "" {
		text += ", " + marketplace
	}
	return text
}
