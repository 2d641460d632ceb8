package mapping_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/mapping"
)

func described(lineage int64, position int, description string) mapping.Rule {
	return mapping.Rule{
		ID: lineage * 100, Lineage: lineage, Position: position,
		Marketplace: mapping.Anything, TransactionType: mapping.Anything, AmountType: mapping.Anything,
		AmountDescription: mapping.Exactly(description), Category: mapping.Sales, Slot: "sales",
	}
}

func TestCompareFindsWhatChanged(t *testing.T) {
	t.Parallel()
	old := mapping.RuleSet{
		Rules:    []mapping.Rule{described(1, 1, "a"), described(2, 2, "b"), described(3, 3, "c"), described(4, 4, "d")},
		Accounts: map[string]string{"sales": "4000", "vat": "2200"},
	}
	changed := described(3, 4, "c")
	changed.Account = "4999"
	new := mapping.RuleSet{
		Rules:    []mapping.Rule{described(9, 1, "z"), described(4, 2, "d"), described(1, 3, "a"), changed},
		Accounts: map[string]string{"sales": "4001", "refunds": "4100"},
	}
	diff := mapping.Compare(old, new)
	require.Equal(t, []mapping.Rule{described(9, 1, "z")}, diff.Added)
	require.Equal(t, []mapping.Rule{described(2, 2, "b")}, diff.Removed)
	require.Equal(t, []mapping.RuleChange{{Old: described(3, 3, "c"), New: changed}}, diff.Changed)
	require.Equal(t, []mapping.RuleMove{{Rule: described(4, 2, "d"), From: 4, To: 2}}, diff.Moved, "a and c kept their order")
	require.Equal(t, []mapping.AccountChange{{"refunds", "", "4100"}, {"sales", "4000", "4001"}, {"vat", "2200", ""}}, diff.Accounts)
	require.False(t, diff.Empty())
}

func TestCompareOfASetWithItsCopyIsEmpty(t *testing.T) {
	t.Parallel()
	rules := summaryTemplate(t).Rules
	copied := make([]mapping.Rule, len(rules))
	for i, rule := range rules {
		copied[i] = rule
		copied[i].ID, copied[i].Lineage = int64(i+1), int64(i+1)
	}
	require.True(t, mapping.Compare(mapping.RuleSet{Rules: rules}, mapping.RuleSet{Rules: copied}).Empty(), "paired by what they say")
}

func TestMovesAreExactlyWhatReordersTheRules(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 1 + r.IntN(12)
		order := r.Perm(n)
		var old, new mapping.RuleSet
		for i := range n {
			old.Rules = append(old.Rules, described(int64(i+1), i+1, "x"))
			new.Rules = append(new.Rules, described(int64(order[i]+1), i+1, "x"))
		}
		moved := map[int64]bool{}
		for _, move := range mapping.Compare(old, new).Moved {
			require.Equal(t, int(move.Rule.Lineage), move.From)
			moved[move.Rule.Lineage] = true
		}
		last := 0
		for _, rule := range new.Rules {
			if !moved[rule.Lineage] {
				require.Greater(t, int(rule.Lineage), last, "the rules that stay are in order")
				last = int(rule.Lineage)
			}
		}
		require.Less(t, len(moved), n, "at least one rule stays")
	}
}
