package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/mapping"
)

func TestSuggestRanksByLikeness(t *testing.T) {
	t.Parallel()
	set := mapping.RuleSet{Rules: summaryTemplate(t).Rules, Accounts: map[string]string{"inbound_fees": "6100", "storage_fees": "6200"}}
	matcher := mapping.Compile(set)
	for name, test := range map[string]struct {
		kind     mapping.Kind
		category mapping.Category
		reason   string
	}{
		"words in common": {
			kindOf("other-transaction", "other-transaction", "FBAInboundConvenienceFee", -1), mapping.InboundFees, "inbound"},
		"words of the amount type": {
			kindOf("FBAFees", "FBA Peak Inventory Storage Fee", "Base fee", -1), mapping.StorageFees, "storage"},
		"same description elsewhere": {
			kindOf("Retrocharge", "ItemFees ", "VariableClosingFee 2", -1), mapping.SellingFees, "VariableClosingFee"},
		"reimbursement": {
			kindOf("other-transaction", "AWD Inventory Reimbursement", "WAREHOUSE_LOST", 1), mapping.Reimbursements, "Reimbursement"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, mapped := matcher.Match(mapping.Subject{Kind: test.kind})
			require.False(t, mapped, "the example is mapped already")
			suggestions := mapping.Suggest(test.kind, matcher, nil, nil)
			require.NotEmpty(t, suggestions)
			require.Equal(t, test.category, suggestions[0].Category, "%+v", suggestions)
			require.Contains(t, suggestions[0].Reason, test.reason)
			for i, s := range suggestions {
				require.Positive(t, s.Score)
				require.NotEmpty(t, s.Reason)
				require.True(t, i == 0 || s.Score <= suggestions[i-1].Score)
			}
		})
	}
}

func TestSuggestPrefersTheSameNameOfAnotherMarketplace(t *testing.T) {
	t.Parallel()
	rule := mapping.Rule{Position: 1, Marketplace: mapping.Exactly("Amazon.de"), TransactionType: mapping.Anything, AmountType: mapping.Anything,
		AmountDescription: mapping.Exactly("NewFee"), Category: mapping.OtherExpense, Account: "6999"}
	matcher := mapping.Compile(mapping.RuleSet{Rules: append([]mapping.Rule{rule}, summaryTemplate(t).Rules...)})
	german := mapping.Kind{Marketplace: "Amazon.de", TransactionType: "Order", AmountType: "ItemFees", AmountDescription: "NewFee", Sign: -1}
	french := german
	french.Marketplace = "Amazon.fr"
	best := mapping.Suggest(french, matcher, nil, []mapping.Kind{german})[0]
	require.Equal(t, "6999", best.Account)
	require.Equal(t, mapping.OtherExpense, best.Category)
	require.Contains(t, best.Reason, "Amazon.de")
}

func TestSuggestKnowsTheShippedTemplate(t *testing.T) {
	t.Parallel()
	matcher := mapping.Compile(mapping.RuleSet{Rules: []mapping.Rule{described(1, 1, "something")}, Accounts: map[string]string{"refund_admin_fee": "6050"}})
	suggestions := mapping.Suggest(kindOf("Refund", "ItemFees", "RefundCommission", -1), matcher, summaryMatcher(t), nil)
	require.Equal(t, mapping.RefundAdminFee, suggestions[0].Category)
	require.Equal(t, "6050", suggestions[0].Account)
	require.Contains(t, suggestions[0].Reason, "template")
}

func TestSuggestSaysNothingAboutTheUnlike(t *testing.T) {
	t.Parallel()
	matcher := mapping.Compile(mapping.RuleSet{Rules: []mapping.Rule{described(1, 1, "Principal")}})
	require.Empty(t, mapping.Suggest(kindOf("Xyz", "Qwv", "Zzz", 1), matcher, nil, nil))
}

func TestSuggestIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	matcher := summaryMatcher(t)
	kind := kindOf("other-transaction", "other-transaction", "FBA Inbound Handling Fee Correction", -1)
	first := mapping.Suggest(kind, matcher, nil, nil)
	for range 20 {
		require.Equal(t, first, mapping.Suggest(kind, matcher, nil, nil))
	}
}
