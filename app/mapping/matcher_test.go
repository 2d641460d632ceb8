package mapping_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/mapping"
)

func TestKeyIgnoresCaseBlanksHyphensAndUnderscores(t *testing.T) {
	t.Parallel()
	for _, spelling := range []string{
		"FBA Pick & Pack Fee", "fba-pick-&-pack-fee", "FBAPICK&PACKFEE", "FBA_Pick_&_Pack_Fee",
		" FBA\u00a0Pick\u2009&\tPack Fee\r\n", "FBA Pick\u2013&\u2014Pack\u00adFee", "\ufeffFBA Pick & Pack\u200bFee",
	} {
		require.Equal(t, "fbapick&packfee", mapping.Key(spelling), "%q", spelling)
	}
	require.Equal(t, "größeétage", mapping.Key("GRÖßE Étage"))
	require.NotEqual(t, mapping.Key("Tax"), mapping.Key("Tax."))
	require.Empty(t, mapping.Key(" -_ "))
}

func FuzzKey(f *testing.F) {
	for _, seed := range []string{"", "Order", "FBA Pick & Pack Fee", "MarketplaceFacilitatorTax-Principal", "ſ\u212aİı", "\xff\xfe", "a\x00b"} {
		f.Add(seed, 3)
	}
	f.Fuzz(func(t *testing.T, text string, at int) {
		key := mapping.Key(text)
		require.Equal(t, key, mapping.Key(key), "a key is its own key")
		require.NotContains(t, key, "-")
		require.NotContains(t, key, "_")
		require.NotContains(t, key, " ")
		letters := strings.ToValidUTF8(text, "")
		if at < 0 || at > len(letters) || !strings.HasPrefix(letters, strings.ToValidUTF8(letters[:at], "")) {
			return
		}
		head := strings.ToValidUTF8(letters[:at], "")
		require.Equal(t, mapping.Key(letters), mapping.Key(head+" -_\t"+letters[len(head):]), "blanks and hyphens anywhere change nothing")
		require.True(t, mapping.Exactly(text).Meets(text))
		require.True(t, mapping.StartsWith(head).Meets(letters))
	})
}

func FuzzConditionText(f *testing.F) {
	for _, seed := range []string{"", "*", "Tax*", `"`, `""`, `"a*"`, " a", "a*b", `"a"*`} {
		f.Add(seed, byte(1))
	}
	f.Fuzz(func(t *testing.T, text string, kind byte) {
		condition := mapping.Exactly(text)
		if kind%2 == 0 {
			if strings.TrimSpace(text) == "" || text != strings.TrimLeft(text, " \t\r\n\v\f\u0085\u00a0") || strings.TrimSpace(text+"x") != text+"x" {
				return // a prefix has no blanks in front of it
			}
			condition = mapping.StartsWith(text)
		}
		require.Equal(t, condition, mapping.ParseCondition(condition.String()))
	})
}

func TestParseConditionReadsWhatPeopleType(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]mapping.Condition{
		"":          mapping.Anything,
		" * ":       mapping.Anything,
		"Principal": mapping.Exactly("Principal"),
		"TCS*":      mapping.StartsWith("TCS"),
		`""`:        mapping.Exactly(""),
		`"5*"`:      mapping.Exactly("5*"),
	} {
		require.Equal(t, want, mapping.ParseCondition(cell), "%q", cell)
	}
}

func TestRuleLooksAtEveryField(t *testing.T) {
	t.Parallel()
	subject := mapping.Subject{
		Kind:         mapping.Kind{Marketplace: "Amazon.de", TransactionType: "Order", AmountType: "ItemPrice", AmountDescription: "Principal", Sign: 1},
		ProductGroup: "Toys", Fulfillment: "AFN",
	}
	anything := mapping.Rule{Marketplace: mapping.Anything, TransactionType: mapping.Anything, AmountType: mapping.Anything, AmountDescription: mapping.Anything, Slot: "sales"}
	for name, test := range map[string]struct {
		change  func(*mapping.Rule)
		matches bool
	}{
		"anything":               {func(*mapping.Rule) {}, true},
		"marketplace":            {func(r *mapping.Rule) { r.Marketplace = mapping.Exactly("AMAZON.DE") }, true},
		"other marketplace":      {func(r *mapping.Rule) { r.Marketplace = mapping.Exactly("Amazon.fr") }, false},
		"marketplace prefix":     {func(r *mapping.Rule) { r.Marketplace = mapping.StartsWith("Amazon.") }, true},
		"empty marketplace":      {func(r *mapping.Rule) { r.Marketplace = mapping.Exactly("") }, false},
		"transaction type":       {func(r *mapping.Rule) { r.TransactionType = mapping.Exactly("order") }, true},
		"other transaction type": {func(r *mapping.Rule) { r.TransactionType = mapping.StartsWith("Refund") }, false},
		"amount type":            {func(r *mapping.Rule) { r.AmountType = mapping.Exactly("Item-Price") }, true},
		"other amount type":      {func(r *mapping.Rule) { r.AmountType = mapping.Exactly("ItemFees") }, false},
		"description prefix":     {func(r *mapping.Rule) { r.AmountDescription = mapping.StartsWith("princi") }, true},
		"longer description":     {func(r *mapping.Rule) { r.AmountDescription = mapping.StartsWith("Principality") }, false},
		"same sign":              {func(r *mapping.Rule) { r.Sign = 1 }, true},
		"other sign":             {func(r *mapping.Rule) { r.Sign = -1 }, false},
		"product group":          {func(r *mapping.Rule) { r.ProductGroup = "toys" }, true},
		"other product group":    {func(r *mapping.Rule) { r.ProductGroup = "Books" }, false},
		"fulfilment":             {func(r *mapping.Rule) { r.Fulfillment = "AFN" }, true},
		"other fulfilment":       {func(r *mapping.Rule) { r.Fulfillment = "MFN" }, false},
		"memo":                   {func(r *mapping.Rule) { r.Slot = mapping.SlotNone }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule := anything
			test.change(&rule)
			_, ok := mapping.Compile(mapping.RuleSet{Rules: []mapping.Rule{rule}}).Match(subject)
			require.Equal(t, test.matches, ok)
		})
	}
}

func TestAccountIsTheRulesOwnOrItsSlots(t *testing.T) {
	t.Parallel()
	set := mapping.RuleSet{Accounts: map[string]string{"sales": "4000"}}
	account, ok := set.Account(mapping.Rule{Slot: "sales"})
	require.True(t, ok)
	require.Equal(t, "4000", account)
	account, ok = set.Account(mapping.Rule{Slot: "sales", Account: "4100"})
	require.True(t, ok)
	require.Equal(t, "4100", account)
	_, ok = set.Account(mapping.Rule{Slot: "refunds"})
	require.False(t, ok)
}

func TestFillPicksProposesTheNeighboursAccount(t *testing.T) {
	t.Parallel()
	filled := mapping.FillPicks(map[string]string{"sales": "4000", "sales_tax_collected": "2200", "vat": "2300", "own": "9", "refunds": ""})
	require.Equal(t, "4000", filled["giftwrap_income"], "through shipping income")
	require.Equal(t, "2200", filled["tax_at_source"])
	require.Equal(t, "2300", filled["vat_on_fees"])
	require.Equal(t, "9", filled["own"])
	require.NotContains(t, filled, "refunds")
	require.NotContains(t, filled, "clearing")
}

// words is a small vocabulary, so that random rules and subjects meet often.
var words = []string{"", "Order", "Refund", "Item Price", "ItemFees", "Tax", "Tax on fee", "TaxOnFee CGST", "Principal", "Princ"}

func randomCondition(r *rand.Rand) mapping.Condition {
	word := words[r.IntN(len(words))]
	switch r.IntN(3) {
	case 0:
		return mapping.Exactly(word)
	case 1:
		return mapping.StartsWith(word)
	}
	return mapping.Anything
}

func randomRule(r *rand.Rand) mapping.Rule {
	return mapping.Rule{
		Marketplace: randomCondition(r), TransactionType: randomCondition(r), AmountType: randomCondition(r), AmountDescription: randomCondition(r),
		Sign:         r.IntN(3) - 1,
		ProductGroup: []string{"", "", "Toys", "Books"}[r.IntN(4)],
		Fulfillment:  []string{"", "", "AFN", "MFN"}[r.IntN(4)],
		Slot:         []string{"sales", "sales", "none"}[r.IntN(3)],
	}
}

func randomSubject(r *rand.Rand) mapping.Subject {
	word := func() string { return words[r.IntN(len(words))] }
	return mapping.Subject{
		Kind:         mapping.Kind{Marketplace: word(), TransactionType: word(), AmountType: word(), AmountDescription: word(), Sign: r.IntN(3) - 1},
		ProductGroup: []string{"", "Toys", "Books"}[r.IntN(3)], Fulfillment: []string{"", "AFN", "MFN"}[r.IntN(3)],
	}
}

// naive is the meaning of a rule set in its plainest words.
func naive(rules []mapping.Rule, s mapping.Subject) (all []int) {
	for i, r := range rules {
		if (r.Sign == 0 || r.Sign == s.Sign) && (r.Slot != mapping.SlotNone || s.Sign == 0) &&
			r.Marketplace.Meets(s.Marketplace) && r.TransactionType.Meets(s.TransactionType) &&
			r.AmountType.Meets(s.AmountType) && r.AmountDescription.Meets(s.AmountDescription) &&
			(r.ProductGroup == "" || mapping.Key(r.ProductGroup) == mapping.Key(s.ProductGroup)) &&
			(r.Fulfillment == "" || r.Fulfillment == s.Fulfillment) {
			all = append(all, i)
		}
	}
	return all
}

func TestFirstMatchWinsAsInANaiveScan(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 11))
	matched := 0
	for range 400 {
		rules := make([]mapping.Rule, 1+r.IntN(40))
		for i := range rules {
			rules[i] = randomRule(r)
			rules[i].Position = i + 1
		}
		matcher := mapping.Compile(mapping.RuleSet{Rules: rules})
		for range 50 {
			subject := randomSubject(r)
			want := naive(rules, subject)
			var got []int
			for _, rule := range matcher.Explain(subject) {
				got = append(got, rule.Position-1)
			}
			require.Equal(t, want, got)
			rule, ok := matcher.Match(subject)
			require.Equal(t, len(want) > 0, ok)
			if ok {
				matched++
				require.Equal(t, want[0], rule.Position-1)
			}
		}
	}
	require.Greater(t, matched, 2000, "the random rules hardly ever match: the test shows nothing")
}

func TestShadowsAgreeWithANaiveScan(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 5))
	dead := 0
	for range 60 {
		rules := make([]mapping.Rule, 25)
		for i := range rules {
			rules[i] = randomRule(r)
		}
		subjects := make([]mapping.Subject, 300)
		for i := range subjects {
			subjects[i] = randomSubject(r)
		}
		wins, loses := make([]int, len(rules)), make([]int, len(rules))
		takes := map[[2]int]bool{}
		for _, s := range subjects {
			for n, i := range naive(rules, s) {
				if n == 0 {
					wins[i]++
					continue
				}
				loses[i]++
				takes[[2]int{naive(rules, s)[0], i}] = true
			}
		}
		for i, shadow := range mapping.Shadows(mapping.Compile(mapping.RuleSet{Rules: rules}), subjects) {
			require.Equal(t, wins[i], shadow.Wins)
			require.Equal(t, loses[i], shadow.Loses)
			for _, winner := range shadow.LosesTo {
				require.True(t, takes[[2]int{winner, i}])
			}
			for _, loser := range shadow.Hides {
				require.True(t, takes[[2]int{i, loser}])
			}
			require.Equal(t, loses[i] > 0, len(shadow.LosesTo) > 0)
			if shadow.Dead() {
				dead++
				require.Zero(t, wins[i], "rule %d wins although rule %d covers it", i, shadow.CoveredBy)
			}
		}
	}
	require.Positive(t, dead)
}

func TestShadowsNamesWhatHidesARule(t *testing.T) {
	t.Parallel()
	rule := func(description mapping.Condition) mapping.Rule {
		return mapping.Rule{Marketplace: mapping.Anything, TransactionType: mapping.Anything, AmountType: mapping.Anything, AmountDescription: description, Slot: "vat"}
	}
	matcher := mapping.Compile(mapping.RuleSet{Rules: []mapping.Rule{
		rule(mapping.StartsWith("Tax")), rule(mapping.Exactly("Tax on fee")), rule(mapping.StartsWith("T")),
	}})
	shadows := mapping.Shadows(matcher, []mapping.Subject{
		{Kind: mapping.Kind{AmountDescription: "Tax on fee"}}, {Kind: mapping.Kind{AmountDescription: "Total"}},
	})
	require.Equal(t, []mapping.Shadow{
		{Wins: 1, Hides: []int{1, 2}, CoveredBy: -1},
		{Loses: 1, LosesTo: []int{0}, CoveredBy: 0},
		{Wins: 1, Loses: 1, LosesTo: []int{0}, CoveredBy: -1},
	}, shadows)
}

func BenchmarkMatch(b *testing.B) {
	rules := summaryTemplate(b).Rules
	for i := range 150 {
		rules = append(rules, mapping.Rule{Marketplace: mapping.Anything, TransactionType: mapping.Exactly("other-transaction"),
			AmountType: mapping.Exactly("other-transaction"), AmountDescription: mapping.Exactly(fmt.Sprintf("Own fee %d", i)), Slot: "other_expense"})
	}
	matcher := mapping.Compile(mapping.RuleSet{Rules: rules})
	subjects := make([]mapping.Subject, 5000)
	for i := range subjects {
		rule := rules[i%len(rules)]
		subjects[i] = mapping.Subject{Kind: mapping.Kind{Marketplace: "Amazon.com", TransactionType: rule.TransactionType.Text,
			AmountType: rule.AmountType.Text, AmountDescription: rule.AmountDescription.Text, Sign: -1}}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, subject := range subjects {
			matcher.Match(subject)
		}
	}
	b.ReportMetric(float64(len(rules)), "rules")
	b.ReportMetric(float64(len(subjects)), "kinds/op")
}
