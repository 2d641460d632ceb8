// Package match finds out which things of two lists are the same money, and says
// why. It is pure: it reads nothing, guesses nothing, and gives the same answer
// whatever the order of its input.
package match

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// Item is what is open of one thing on one side: a deposit on the left, a bank
// line on the right.
type Item struct {
	ID     int64
	Amount money.Amount // open; never zero
	On     period.Date
	Names  []string // left: what a text on the right may call it by, such as its settlement id
	Texts  []string // right: description and references
	Scopes []int64  // both sides share one to meet; none: meets all
	Likely bool     // right: the text looks like the other side's
}

// Rule is how a match was found.
type Rule string

// The rules, the strongest first.
const (
	Named      Rule = "named"  // the text names the other side, and the amounts agree
	SameAmount Rule = "amount" // the only one of its amount within the days on either side
	SameSum    Rule = "sum"    // the only ones whose sum agrees
	ByHand     Rule = "hand"   // a person
)

// Proposal is one or more items of either side that seem to belong together.
type Proposal struct {
	Left, Right []int64 // ascending
	Rule        Rule
	Reason      string
	Difference  decimal.Decimal // right less left
}

// Key names what is matched, whatever the rule.
func (m Proposal) Key() string { return fmt.Sprint(m.Left, m.Right) }

// Result is what the rules found.
type Result struct {
	Sure     []Proposal // nothing else could be meant
	Possible []Proposal // a person decides: equals, differing amounts, a text that says nothing
	Left     []int64    // in no sure match
	Right    []int64
}

// Window is how many days the right may come before and after the left.
type Window struct{ Before, After int }

// Bounds of the search for sums. What is larger is a person's.
const (
	sumItems      = 12 // candidates that sums are made of
	possibleItems = 20 // items of one possible match, and possible matches of one item
	shortestName  = 6  // characters: a shorter one stands in texts by chance
)

// Find matches left and right. It never guesses between equals, and gives the
// same answer whatever the order of the items.
func Find(left, right []Item, window Window) Result {
	f := &finder{left: sorted(left), right: sorted(right), window: window, taken: map[side]bool{}}
	f.named()
	f.sameAmount()
	f.sameSum()
	return f.result()
}

func sorted(items []Item) []Item {
	list := slices.Clone(items)
	slices.SortFunc(list, func(a, b Item) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// side is an item of one side.
type side struct {
	right bool
	id    int64
}

// finder holds what is found so far. All passes run over sorted items and take
// only after they have looked at all of them, so that order plays no part.
type finder struct {
	left, right []Item
	window      Window
	taken       map[side]bool
	out         Result
}

func (f *finder) open(right bool) []Item {
	items := f.left
	if right {
		items = f.right
	}
	return slices.DeleteFunc(slices.Clone(items), func(i Item) bool { return f.taken[side{right, i.ID}] })
}

// meet reports whether two items can have to do with each other at all.
func meet(l, r Item) bool {
	if l.Amount.Currency != r.Amount.Currency {
		return false
	}
	return len(l.Scopes) == 0 || len(r.Scopes) == 0 || slices.ContainsFunc(l.Scopes, func(s int64) bool { return slices.Contains(r.Scopes, s) })
}

// within reports whether the right comes when the left may come.
func (f *finder) within(l, r Item) bool {
	return !r.On.Before(l.On.AddDays(-f.window.Before)) && !l.On.AddDays(f.window.After).Before(r.On)
}

func sameSign(a, b Item) bool { return a.Amount.Value.Sign() == b.Amount.Value.Sign() }

// group is items that something connects.
type group struct{ left, right []Item }

// groups returns the connected components of a relation, in the items' order;
// edges lists for each left item the right items that it has to do with.
func groups(left, right []Item, edges [][]int) []group {
	back := make([][]int, len(right))
	for l, list := range edges {
		for _, r := range list {
			back[r] = append(back[r], l)
		}
	}
	seenLeft, seenRight := make([]bool, len(left)), make([]bool, len(right))
	var found []group
	for first := range left {
		if seenLeft[first] || len(edges[first]) == 0 {
			continue
		}
		var g group
		seenLeft[first] = true
		for open := []int{first}; len(open) > 0; {
			l := open[0]
			open, g.left = open[1:], append(g.left, left[l])
			for _, r := range edges[l] {
				if seenRight[r] {
					continue
				}
				seenRight[r], g.right = true, append(g.right, right[r])
				for _, other := range back[r] {
					if !seenLeft[other] {
						seenLeft[other], open = true, append(open, other)
					}
				}
			}
		}
		found = append(found, g)
	}
	return found
}

func (g group) difference() decimal.Decimal { return sum(g.right).Sub(sum(g.left)) }

func sum(items []Item) decimal.Decimal {
	total := decimal.Zero
	for _, i := range items {
		total = total.Add(i.Amount.Value)
	}
	return total
}

func ids(items []Item) []int64 {
	list := make([]int64, len(items))
	for i, item := range items {
		list[i] = item.ID
	}
	slices.Sort(list)
	return list
}

func (f *finder) sure(left, right []Item, rule Rule, reason string) {
	for _, l := range left {
		f.taken[side{false, l.ID}] = true
	}
	for _, r := range right {
		f.taken[side{true, r.ID}] = true
	}
	f.out.Sure = append(f.out.Sure, Proposal{ids(left), ids(right), rule, reason, decimal.Zero})
}

func (f *finder) possible(left, right []Item, rule Rule, reason string) {
	f.out.Possible = append(f.out.Possible, Proposal{ids(left), ids(right), rule, reason, sum(right).Sub(sum(left))})
}

// named matches what a text on the right calls by its name.
func (f *finder) named() {
	left, right := f.open(false), f.open(true)
	edges, spoken := namings(left, right)
	for _, g := range groups(left, right, edges) {
		name := spoken[g.left[0].ID]
		oneSided := len(g.left) == 1 || len(g.right) == 1
		switch {
		case oneSided && g.difference().IsZero():
			f.sure(g.left, g.right, Named, fmt.Sprintf("The bank's text names %s, and the amounts agree.", name))
		case len(g.left)+len(g.right) > possibleItems:
		case oneSided:
			f.possible(g.left, g.right, Named, fmt.Sprintf("The bank's text names %s; the amounts differ.", name))
		default:
			f.possible(g.left, g.right, Named, "The bank's texts name these; which belongs to which is not said.")
		}
	}
}

// namings finds which texts of the right have a name of the left as a word of
// its own, and by which name each left item is called.
func namings(left, right []Item) (edges [][]int, spoken map[int64]string) {
	called := map[string][]int{}
	for l, item := range left {
		for _, name := range item.Names {
			if word := strings.ToLower(name); len(word) >= shortestName && !slices.Contains(called[word], l) {
				called[word] = append(called[word], l)
			}
		}
	}
	edges, spoken = make([][]int, len(left)), map[int64]string{}
	for r, item := range right {
		for _, text := range item.Texts {
			for _, word := range strings.FieldsFunc(strings.ToLower(text), notInWord) {
				for _, l := range called[word] {
					if meet(left[l], item) && !slices.Contains(edges[l], r) {
						edges[l] = append(edges[l], r)
						spoken[left[l].ID] = cmp.Or(spoken[left[l].ID], word)
					}
				}
			}
		}
	}
	return edges, spoken
}

// notInWord reports whether a letter ends a word.
func notInWord(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'z') }

// sameAmount matches what is the only one of its amount on both sides.
func (f *finder) sameAmount() {
	equal := func(l, r Item) bool { return meet(l, r) && l.Amount.Equal(r.Amount) && f.within(l, r) }
	left, right := f.open(false), f.open(true)
	byAmount := map[string][]int{}
	for i, r := range right {
		byAmount[r.Amount.Value.StringFixed(4)] = append(byAmount[r.Amount.Value.StringFixed(4)], i)
	}
	edges := make([][]int, len(left))
	for i, l := range left {
		for _, r := range byAmount[l.Amount.Value.StringFixed(4)] {
			if equal(l, right[r]) {
				edges[i] = append(edges[i], r)
			}
		}
	}
	for _, g := range groups(left, right, edges) {
		switch {
		case len(g.left) == 1 && len(g.right) == 1 && g.right[0].Likely:
			f.sure(g.left, g.right, SameAmount, fmt.Sprintf("The only deposit and the only line of %s within these days.", g.left[0].Amount))
		case len(g.left) == 1 && len(g.right) == 1:
			f.possible(g.left, g.right, SameAmount, "The amounts agree; the bank's text does not say that it comes from Amazon.")
		case len(g.left)*len(g.right) > possibleItems:
		default:
			for _, l := range g.left {
				for _, r := range g.right {
					if equal(l, r) {
						f.possible([]Item{l}, []Item{r}, SameAmount, fmt.Sprintf("One of several of %s: %s and %s.", l.Amount, counted(len(g.left), "deposit"), counted(len(g.right), "line")))
					}
				}
			}
		}
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// sameSum matches one item with the only items of the other side that add up to
// it. Where two answers want the same item, none is sure.
func (f *finder) sameSum() {
	var found []group
	left := f.open(false)
	right := slices.DeleteFunc(f.open(true), func(r Item) bool { return !r.Likely })
	for _, r := range right {
		if parts := f.addends(r, left, func(l Item) bool { return meet(l, r) && f.within(l, r) }); parts != nil {
			found = append(found, group{parts, []Item{r}})
		}
	}
	for _, l := range left {
		if parts := f.addends(l, right, func(r Item) bool { return meet(l, r) && f.within(l, r) }); parts != nil {
			found = append(found, group{[]Item{l}, parts})
		}
	}
	wanted := map[side]int{}
	for _, g := range found {
		for _, l := range g.left {
			wanted[side{false, l.ID}]++
		}
		for _, r := range g.right {
			wanted[side{true, r.ID}]++
		}
	}
	contested := func(g group) bool {
		return slices.ContainsFunc(g.left, func(l Item) bool { return wanted[side{false, l.ID}] > 1 || f.suggested(false, l.ID) }) ||
			slices.ContainsFunc(g.right, func(r Item) bool { return wanted[side{true, r.ID}] > 1 || f.suggested(true, r.ID) })
	}
	for _, g := range found {
		what := fmt.Sprintf("%s and %s are the only ones that add up to %s.", counted(len(g.left), "deposit"), counted(len(g.right), "line"), g.sum())
		if contested(g) {
			f.possible(g.left, g.right, SameSum, "These add up, but other sums or amounts want the same ones.")
			continue
		}
		f.sure(g.left, g.right, SameSum, what)
	}
}

func (g group) sum() money.Amount { return money.New(sum(g.left), g.left[0].Amount.Currency) }

// suggested reports whether an item stands in a possible match already.
func (f *finder) suggested(right bool, id int64) bool {
	return slices.ContainsFunc(f.out.Possible, func(m Proposal) bool {
		if right {
			return slices.Contains(m.Right, id)
		}
		return slices.Contains(m.Left, id)
	})
}

// addends returns the only set of two or more items that adds up to the target;
// nil when there is none, more than one, or too many to look at.
func (f *finder) addends(target Item, from []Item, fits func(Item) bool) []Item {
	var candidates []Item
	for _, i := range from {
		if fits(i) && sameSign(i, target) && i.Amount.Value.Abs().LessThan(target.Amount.Value.Abs()) {
			candidates = append(candidates, i)
		}
	}
	if len(candidates) < 2 || len(candidates) > sumItems {
		return nil
	}
	want, err := money.UnitsFromDecimal(target.Amount.Value)
	if err != nil {
		return nil // finer than any bank pays
	}
	units := make([]money.Units, len(candidates))
	for i, c := range candidates {
		if units[i], err = money.UnitsFromDecimal(c.Amount.Value); err != nil {
			return nil
		}
	}
	var only uint
	sums := make([]money.Units, 1<<len(candidates)) // of each set, by the set without its lowest member
	for set := uint(1); set < uint(len(sums)); set++ {
		rest := set & (set - 1)
		total, fits := sums[rest].Add(units[bits.TrailingZeros(set)])
		if !fits {
			return nil
		}
		if sums[set] = total; total != want || rest == 0 {
			continue
		}
		if only != 0 {
			return nil
		}
		only = set
	}
	var parts []Item
	for i, c := range candidates {
		if only&(1<<i) != 0 {
			parts = append(parts, c)
		}
	}
	return parts
}

// result lists what is found in an order of its own. What became sure in a later
// pass is no longer possible in another way.
func (f *finder) result() Result {
	out := f.out
	out.Possible = slices.DeleteFunc(out.Possible, func(m Proposal) bool {
		return slices.ContainsFunc(m.Left, func(id int64) bool { return f.taken[side{false, id}] }) ||
			slices.ContainsFunc(m.Right, func(id int64) bool { return f.taken[side{true, id}] })
	})
	order := func(a, b Proposal) int {
		return cmp.Or(slices.Compare(a.Left, b.Left), slices.Compare(a.Right, b.Right))
	}
	slices.SortFunc(out.Sure, order)
	slices.SortStableFunc(out.Possible, order)
	out.Left, out.Right = ids(f.open(false)), ids(f.open(true))
	return out
}

// Share is how much of a right item belongs to a left item.
type Share struct {
	Left, Right int64
	Amount      decimal.Decimal
}

// Rest is what is left of an item when everything is shared out.
type Rest struct {
	ID     int64
	Right  bool
	Amount decimal.Decimal
}

// ShareOut gives the right items to the left ones, in order of date: lines that
// take money back come first, so that what they take is brought again by the
// others. For every item, its shares and its rest add up to its amount.
func ShareOut(left, right []Item) ([]Share, []Rest) {
	left, right = byDate(left), byDate(right)
	need := make([]decimal.Decimal, len(left))
	for i, l := range left {
		need[i] = l.Amount.Value
	}
	slices.SortStableFunc(right, func(a, b Item) int { return cmp.Compare(a.Amount.Value.Sign(), b.Amount.Value.Sign()) })
	var shares []Share
	var rests []Rest
	give := func(i int, r *Item, amount decimal.Decimal) {
		shares = append(shares, Share{left[i].ID, r.ID, amount})
		need[i], r.Amount.Value = need[i].Sub(amount), r.Amount.Value.Sub(amount)
	}
	for _, r := range right {
		for i := range left {
			if r.Amount.Value.Sign() != 0 && need[i].Sign() == r.Amount.Value.Sign() {
				give(i, &r, nearer(need[i], r.Amount.Value))
			}
		}
		if r.Amount.Value.IsNegative() { // it takes back what another line brings
			for i := range left {
				if left[i].Amount.Value.IsPositive() && !r.Amount.Value.IsZero() && brings(right).GreaterThanOrEqual(r.Amount.Value.Abs()) {
					give(i, &r, r.Amount.Value)
				}
			}
		}
		if !r.Amount.Value.IsZero() {
			rests = append(rests, Rest{r.ID, true, r.Amount.Value})
		}
	}
	for i, l := range left {
		if !need[i].IsZero() {
			rests = append(rests, Rest{l.ID, false, need[i]})
		}
	}
	return shares, rests
}

// brings is what the positive items bring.
func brings(items []Item) decimal.Decimal {
	total := decimal.Zero
	for _, i := range items {
		if i.Amount.Value.IsPositive() {
			total = total.Add(i.Amount.Value)
		}
	}
	return total
}

// nearer is the one of two amounts of one sign that is nearer to zero.
func nearer(a, b decimal.Decimal) decimal.Decimal {
	if a.Abs().LessThan(b.Abs()) {
		return a
	}
	return b
}

func byDate(items []Item) []Item {
	list := sorted(items)
	slices.SortStableFunc(list, func(a, b Item) int { return a.On.Time().Compare(b.On.Time()) })
	return list
}
