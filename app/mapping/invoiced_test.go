package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/mapping"
)

func TestInvoicedTemplatePostsWhatAnInvoiceHoldsToTheReceivable(t *testing.T) {
	t.Parallel()
	template, ok, err := mapping.FindTemplate("amazon-invoiced")
	require.NoError(t, err)
	require.True(t, ok)
	matcher := mapping.Compile(mapping.RuleSet{Rules: template.Rules})
	for _, c := range []struct{ transaction, amount, description, slot string }{
		{"Order", "ItemPrice", "Principal", mapping.SlotReceivable},
		{"Order", "ItemPrice", "Tax", mapping.SlotReceivable},
		{"Order", "ItemPrice", "Shipping", mapping.SlotReceivable},
		{"Order", "ItemPrice", "GiftWrap", mapping.SlotReceivable},
		{"Order", "Promotion", "Principal", mapping.SlotReceivable},
		{"Order", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal", mapping.SlotReceivable},
		{"Refund", "ItemPrice", "Principal", mapping.SlotReceivable},
		{"Refund", "ItemPrice", "Tax", mapping.SlotReceivable},
		{"Order", "ItemFees", "Commission", "selling_fees"},
		{"Liquidations", "ItemPrice", "Tax", "sales_tax_collected"},
		{"Liquidations", "ItemPrice", "Principal", "other_income"},
		{"A-to-z Guarantee Refund", "ItemPrice", "Principal", "chargeback"},
	} {
		rule, ok := matcher.Match(mapping.Subject{Kind: mapping.Kind{TransactionType: c.transaction, AmountType: c.amount, AmountDescription: c.description, Sign: 1}})
		require.True(t, ok, c)
		require.Equal(t, c.slot, rule.Slot, c)
	}
}

func TestInvoicedTemplateKeepsEveryCategory(t *testing.T) {
	t.Parallel()
	template, _, err := mapping.FindTemplate("amazon-invoiced")
	require.NoError(t, err)
	summary, invoiced := summaryMatcher(t), mapping.Compile(mapping.RuleSet{Rules: template.Rules})
	for _, v := range readVocabulary(t) {
		for _, sign := range []int{-1, 0, 1} {
			before, _ := summary.Match(v.subject(sign))
			after, ok := invoiced.Match(v.subject(sign))
			require.True(t, ok, "%v (%+d)", v, sign)
			require.Equal(t, before.Category, after.Category, "%v (%+d)", v, sign)
		}
	}
}
