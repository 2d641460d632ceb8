package mapping_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/mapping"
)

// reference returns a path below the reference folder beside the repository,
// and skips the test where that folder is absent.
func reference(t *testing.T, elements ...string) string {
	t.Helper()
	root, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(root)
		require.NotEqual(t, root, parent, "no go.mod above the test")
		root = parent
	}
	folder := filepath.Join(root, "..", "shared", "reference")
	if _, err := os.Stat(folder); os.IsNotExist(err) {
		t.Skip("the reference folder is not beside the repository")
	}
	return filepath.Join(append([]string{folder}, elements...)...)
}

// vocabulary is one known combination with the category people give it.
type vocabulary struct {
	transactionType, amountType, amountDescription, category, typicalSign string
}

func readVocabulary(t *testing.T) []vocabulary {
	t.Helper()
	file, err := os.Open(reference(t, "settlement", "amount-types.csv"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	var all []vocabulary
	for _, row := range rows[1:] {
		v := vocabulary{realistic(row[0]), realistic(row[1]), realistic(row[2]), row[4], row[5]}
		require.NotContains(t, v.transactionType+v.amountType+v.amountDescription, "<", "a placeholder without a realistic text")
		all = append(all, v)
	}
	require.Greater(t, len(all), 300)
	return all
}

// realistic puts what Amazon sends where the list has a placeholder.
func realistic(text string) string {
	return strings.NewReplacer(
		"<free text: coupon title>", "Save 15% on Trail Runner – Summer",
		"<free text: product title>", "Stainless Bottle 750 ml, \"Glacier\" Blue",
		"<suffix: for ASIN: ...>", "for ASIN: B0CXYZ1234",
		"<suffix varies>", "- Box label missing",
		"<varies>", "FBA15ABCDEFG",
		"<truncated at 100 in source>", "ot meet the minimum. Please check your account.",
		"<free text>", "Backup withholding 24%",
		"<not given>", "Storage Fee Reversal",
	).Replace(text)
}

func summaryTemplate(t testing.TB) mapping.Template {
	t.Helper()
	template, ok, err := mapping.FindTemplate("amazon-summary")
	require.NoError(t, err)
	require.True(t, ok)
	return template
}

func summaryMatcher(t testing.TB) *mapping.Matcher {
	t.Helper()
	return mapping.Compile(mapping.RuleSet{Rules: summaryTemplate(t).Rules})
}

func (v vocabulary) subject(sign int) mapping.Subject {
	return mapping.Subject{Kind: mapping.Kind{
		Marketplace: "Amazon.com", TransactionType: v.transactionType, AmountType: v.amountType,
		AmountDescription: v.amountDescription, Sign: sign,
	}}
}

func TestTemplateGivesEveryKnownAmountItsCategory(t *testing.T) {
	t.Parallel()
	matcher := summaryMatcher(t)
	signs := map[string][]int{"+": {1}, "-": {-1}, "either": {-1, 1}}
	for _, v := range readVocabulary(t) {
		require.Contains(t, signs, v.typicalSign)
		for _, sign := range signs[v.typicalSign] {
			subject := v.subject(sign)
			rule, ok := matcher.Match(subject)
			require.True(t, ok, "unmapped: %s (%+d)", subject.Kind, sign)
			require.Equal(t, v.category, string(rule.Category), "%s (%+d) by rule %d", subject.Kind, sign, rule.Position)
		}
	}
}

func TestTemplateKeepsTheCategoryWhenTheSignIsUnusual(t *testing.T) {
	t.Parallel()
	matcher := summaryMatcher(t)
	for _, v := range readVocabulary(t) {
		for _, sign := range []int{-1, 0, 1} {
			rule, ok := matcher.Match(v.subject(sign))
			require.True(t, ok, "unmapped: %v (%+d)", v, sign)
			require.Equal(t, v.category, string(rule.Category), "%v (%+d)", v, sign)
			require.NotEqual(t, mapping.SlotNone, rule.Slot, "%v (%+d)", v, sign)
		}
	}
}

func TestTemplateHasNoCatchAll(t *testing.T) {
	t.Parallel()
	matcher := summaryMatcher(t)
	for _, kind := range []mapping.Kind{
		{TransactionType: "Order", AmountType: "ItemFees", AmountDescription: "SomethingNewFee", Sign: -1},
		{TransactionType: "Order", AmountType: "ItemPrice", AmountDescription: "SomethingNew", Sign: 1},
		{TransactionType: "other-transaction", AmountType: "other-transaction", AmountDescription: "SomethingNew", Sign: -1},
		{TransactionType: "AmazonFees", AmountType: "Something New", AmountDescription: "Base fee", Sign: -1},
		{TransactionType: "FBAFees", AmountType: "Something New", AmountDescription: "Base fee", Sign: -1},
		{TransactionType: "ServiceFee", AmountType: "Something New", AmountDescription: "TransactionTotalAmount", Sign: -1},
		{TransactionType: "SomethingNew", AmountType: "SomethingNew", AmountDescription: "SomethingNew", Sign: 1},
		{Sign: 1}, {Sign: -1},
	} {
		rule, ok := matcher.Match(mapping.Subject{Kind: kind})
		require.False(t, ok, "%s is taken by rule %d", kind, rule.Position)
	}
	for _, rule := range summaryTemplate(t).Rules {
		require.Empty(t, rule.Validate(), "rule %d: %s %s %s", rule.Position, rule.TransactionType, rule.AmountType, rule.AmountDescription)
	}
}

func TestEveryTemplateRuleIsUsedOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	rules := summaryTemplate(t).Rules
	matcher := summaryMatcher(t)
	subjects := []mapping.Subject{{Kind: mapping.Kind{TransactionType: "Order"}}}
	for _, v := range readVocabulary(t) {
		for _, sign := range []int{-1, 1} {
			subjects = append(subjects, v.subject(sign))
		}
	}
	for i, shadow := range mapping.Shadows(matcher, subjects) {
		rule := rules[i]
		name := fmt.Sprintf("rule %d: %s / %s / %s", rule.Position, rule.TransactionType, rule.AmountType, rule.AmountDescription)
		require.False(t, shadow.Dead(), "%s is covered by rule %d", name, shadow.CoveredBy+1)
		if shadow.Wins == 0 {
			require.Truef(t, strings.HasPrefix(rule.Note, "Also: "), "%s is used by nothing", name)
		}
	}
}

func TestTemplateTellsReimbursementsFromThoseTakenBack(t *testing.T) {
	t.Parallel()
	matcher := summaryMatcher(t)
	kind := mapping.Kind{TransactionType: "other-transaction", AmountType: "FBA Inventory Reimbursement", AmountDescription: "COMPENSATED_CLAWBACK", Sign: -1}
	rule, ok := matcher.Match(mapping.Subject{Kind: kind})
	require.True(t, ok)
	require.Equal(t, mapping.SlotClawbacks, rule.Slot)
	kind.Sign = 1
	rule, ok = matcher.Match(mapping.Subject{Kind: kind})
	require.True(t, ok)
	require.Equal(t, string(mapping.Reimbursements), rule.Slot)
}

func TestTemplateSendsBalanceMovementsToTheirAccounts(t *testing.T) {
	t.Parallel()
	matcher := summaryMatcher(t)
	for description, slot := range map[string]string{
		"Current Reserve Amount":                        mapping.SlotReserve,
		"Previous Reserve Amount Balance":               mapping.SlotReserve,
		"Payable to Amazon":                             mapping.SlotClearing,
		"Successful charge":                             mapping.SlotCard,
		"Transfer of funds unsuccessful: bank says no.": mapping.SlotClearing,
		"Failed Disbursement":                           mapping.SlotClearing,
	} {
		rule, ok := matcher.Match(mapping.Subject{Kind: mapping.Kind{
			TransactionType: "other-transaction", AmountType: "other-transaction", AmountDescription: description, Sign: 1}})
		require.True(t, ok, description)
		require.Equal(t, slot, rule.Slot, description)
	}
}

func TestTemplateNeedsAbout25Picks(t *testing.T) {
	t.Parallel()
	set := mapping.RuleSet{Rules: summaryTemplate(t).Rules}
	required := 0
	for _, slot := range set.Slots() {
		require.NotEmpty(t, slot.Hint, "slot %s is not on the pick list", slot.Name)
		if slot.Like == "" {
			required++
		}
	}
	receivable, _, err := mapping.FindTemplate("amazon-invoiced")
	require.NoError(t, err)
	set.Rules = append(set.Rules, receivable.Rules...)
	require.Len(t, set.Slots(), len(mapping.AllSlots()), "a slot on the pick list is used by no rule")
	require.LessOrEqual(t, required, 25)
}

func TestMemoTakesNoMoney(t *testing.T) {
	t.Parallel()
	matcher := summaryMatcher(t)
	rule, ok := matcher.Match(mapping.Subject{Kind: mapping.Kind{TransactionType: "Order"}})
	require.True(t, ok)
	require.Equal(t, mapping.Memo, rule.Category)
	for _, sign := range []int{-1, 1} {
		_, ok := matcher.Match(mapping.Subject{Kind: mapping.Kind{TransactionType: "Order", Sign: sign}})
		require.False(t, ok)
	}
}
