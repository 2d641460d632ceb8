package mapping

import (
	"cmp"
	"maps"
	"slices"
)

// Diff is what turns one rule set into another. Rules are in order of position.
type Diff struct {
	Added    []Rule
	Removed  []Rule
	Changed  []RuleChange
	Moved    []RuleMove
	Accounts []AccountChange
}

// RuleChange is one rule with another content.
type RuleChange struct{ Old, New Rule }

// RuleMove is a rule whose place among its neighbours changed; rules that only
// make room are not moved.
type RuleMove struct {
	Rule     Rule
	From, To int
}

// AccountChange is one account pick; an empty account is no pick.
type AccountChange struct{ Slot, Old, New string }

// Empty reports whether both sets say the same.
func (d Diff) Empty() bool {
	return len(d.Added)+len(d.Removed)+len(d.Changed)+len(d.Moved)+len(d.Accounts) == 0
}

// Compare returns what changed from old to new. A rule is the same rule when
// its lineage is; rules of sets that do not descend from each other are paired
// by what they say.
func Compare(old, new RuleSet) Diff {
	var d Diff
	pairs, removed, added := pairRules(old.Rules, new.Rules)
	d.Removed, d.Added = removed, added
	for _, p := range pairs {
		if p.Old.content() != p.New.content() {
			d.Changed = append(d.Changed, p)
		}
	}
	d.Moved = moves(pairs)
	slots := map[string]bool{}
	for _, picks := range []map[string]string{old.Accounts, new.Accounts} {
		for slot := range picks {
			slots[slot] = true
		}
	}
	for _, slot := range slices.Sorted(maps.Keys(slots)) {
		if old.Accounts[slot] != new.Accounts[slot] {
			d.Accounts = append(d.Accounts, AccountChange{slot, old.Accounts[slot], new.Accounts[slot]})
		}
	}
	return d
}

// content is the rule without what the database numbers.
func (r Rule) content() Rule {
	r.ID, r.Lineage, r.Position = 0, 0, 0
	return r
}

// pairRules returns the rules of both sets that are the same rule, in the order
// of the new set, and those without a partner.
func pairRules(old, new []Rule) (pairs []RuleChange, removed, added []Rule) {
	partner := make([]int, len(new))
	taken := make([]bool, len(old))
	pair := func(same func(a, b Rule) bool) {
		for n := range new {
			if partner[n] >= 0 {
				continue
			}
			for o := range old {
				if !taken[o] && same(old[o], new[n]) {
					partner[n], taken[o] = o, true
					break
				}
			}
		}
	}
	for n := range partner {
		partner[n] = -1
	}
	pair(func(a, b Rule) bool { return a.Lineage != 0 && a.Lineage == b.Lineage })
	pair(func(a, b Rule) bool { return a.content() == b.content() })
	for n, o := range partner {
		if o < 0 {
			added = append(added, new[n])
			continue
		}
		pairs = append(pairs, RuleChange{old[o], new[n]})
	}
	for o := range old {
		if !taken[o] {
			removed = append(removed, old[o])
		}
	}
	return pairs, removed, added
}

// moves returns the fewest rules that must move to turn the old order into the
// new one: all outside the longest run that kept its order.
func moves(pairs []RuleChange) []RuleMove {
	best := make([]int, len(pairs)) // length of the longest kept run that ends here
	before := make([]int, len(pairs))
	last := -1
	for i := range pairs {
		best[i], before[i] = 1, -1
		for j := range i {
			if pairs[j].Old.Position < pairs[i].Old.Position && best[j]+1 > best[i] {
				best[i], before[i] = best[j]+1, j
			}
		}
		if last < 0 || best[i] > best[last] {
			last = i
		}
	}
	kept := make([]bool, len(pairs))
	for ; last >= 0; last = before[last] {
		kept[last] = true
	}
	var moved []RuleMove
	for i, p := range pairs {
		if !kept[i] {
			moved = append(moved, RuleMove{p.New, p.Old.Position, p.New.Position})
		}
	}
	slices.SortStableFunc(moved, func(a, b RuleMove) int { return cmp.Compare(a.To, b.To) })
	return moved
}
