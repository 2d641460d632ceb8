package mapping_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
)

func kindOf(transactionType, amountType, description string, sign int) mapping.Kind {
	return mapping.Kind{Marketplace: "Amazon.com", TransactionType: transactionType, AmountType: amountType, AmountDescription: description, Sign: sign}
}

func amountOf(id int32, kind mapping.Kind, day int, currency money.Currency, lines int64, value string) mapping.Amount {
	return mapping.Amount{
		KindID: id, Subject: mapping.Subject{Kind: kind}, Currency: currency, Lines: lines, Value: decimal.RequireFromString(value),
		PostedOn: period.Date{Year: 2026, Month: time.October, Day: day},
	}
}

// requireAmounts compares amounts by value.
func requireAmounts(t *testing.T, want []string, got []money.Amount) {
	t.Helper()
	var texts []string
	for _, a := range got {
		texts = append(texts, a.String())
	}
	require.Equal(t, want, texts)
}

func TestCoverCountsWhatFallsToEachRuleAndToNone(t *testing.T) {
	t.Parallel()
	template := summaryTemplate(t)
	matcher := mapping.Compile(mapping.RuleSet{Rules: template.Rules})
	principal := kindOf("Order", "ItemPrice", "Principal", 1)
	german := principal
	german.Marketplace = "Amazon.de"
	toys := amountOf(1, principal, 1, "USD", 2, "20.00")
	toys.ProductGroup = "Toys"
	coverage := mapping.Cover(matcher, []mapping.Amount{
		amountOf(1, principal, 1, "USD", 3, "30.10"), toys,
		amountOf(2, german, 1, "EUR", 1, "9.99"),
		amountOf(3, kindOf("Order", "ItemFees", "BrandNewFee", -1), 1, "USD", 4, "-4.00"),
		amountOf(4, kindOf("Order", "ItemFees", "OtherNewFee", -1), 1, "USD", 7, "-1.00"),
	})
	rule, ok := matcher.Match(mapping.Subject{Kind: principal})
	require.True(t, ok)
	count := coverage.Rules[rule.Position-1]
	require.Equal(t, 2, count.Kinds)
	require.EqualValues(t, 6, count.Lines)
	requireAmounts(t, []string{"9.99 EUR", "50.10 USD"}, count.Amounts)
	require.Equal(t, 3, coverage.Shadows[rule.Position-1].Wins, "three subjects: one per product group and marketplace")
	require.Len(t, coverage.Unmapped, 2)
	require.EqualValues(t, 4, coverage.Unmapped[0].KindID, "the most lines first")
	require.Equal(t, "OtherNewFee", coverage.Unmapped[0].Kind.AmountDescription)
	requireAmounts(t, []string{"-1.00 USD"}, coverage.Unmapped[0].Amounts)
}

func TestReplayShowsAccountsPeriodsAndWhatMoved(t *testing.T) {
	t.Parallel()
	sales := mapping.Rule{Position: 1, Marketplace: mapping.Anything, TransactionType: mapping.Exactly("Order"), AmountType: mapping.Anything,
		AmountDescription: mapping.Anything, Category: mapping.Sales, Slot: "sales"}
	shipping := sales
	shipping.AmountDescription, shipping.Category, shipping.Account = mapping.Exactly("Shipping"), mapping.ShippingIncome, "4050"
	later := sales
	later.Position = 2
	accounts := map[string]string{"sales": "4000"}
	old := mapping.Compile(mapping.RuleSet{Rules: []mapping.Rule{sales}, Accounts: accounts})
	new := mapping.Compile(mapping.RuleSet{Rules: []mapping.Rule{shipping, later}, Accounts: accounts})
	calendar := period.Calendar{
		{FiscalYear: 2026, Number: 10, Starts: period.Date{Year: 2026, Month: 10, Day: 1}, Ends: period.Date{Year: 2026, Month: 10, Day: 15}},
		{FiscalYear: 2026, Number: 11, Starts: period.Date{Year: 2026, Month: 10, Day: 16}, Ends: period.Date{Year: 2026, Month: 10, Day: 30}},
	}
	result := mapping.Replay(old, new, []mapping.Amount{
		amountOf(1, kindOf("Order", "ItemPrice", "Principal", 1), 2, "USD", 10, "100.00"),
		amountOf(2, kindOf("Order", "ItemPrice", "Shipping", 1), 2, "USD", 3, "9.00"),
		amountOf(2, kindOf("Order", "ItemPrice", "Shipping", 1), 20, "USD", 1, "4.00"),
		amountOf(3, kindOf("Refund", "ItemPrice", "Principal", -1), 31, "USD", 1, "-5.00"),
		amountOf(4, kindOf("Order", "ItemPrice", "Shipping", 0), 2, "USD", 1, "0.00"),
	}, calendar)

	var lines []string
	for _, d := range result.Accounts {
		lines = append(lines, d.Account+" "+d.Period+" "+string(d.Currency)+" "+d.Old.StringFixed(2)+" "+d.New.StringFixed(2))
	}
	require.Equal(t, []string{
		"  USD -5.00 -5.00",
		"4000 2026-10 USD 109.00 100.00",
		"4000 2026-11 USD 4.00 0.00",
		"4050 2026-10 USD 0.00 9.00",
		"4050 2026-11 USD 0.00 4.00",
	}, lines)
	require.False(t, result.Accounts[0].Changed())
	require.True(t, result.Accounts[1].Changed())
	require.EqualValues(t, 16, result.Lines)
	require.EqualValues(t, 1, result.UnmappedOld)
	require.EqualValues(t, 1, result.UnmappedNew)
	require.Len(t, result.Moved, 2)
	require.EqualValues(t, 2, result.Moved[0].KindID)
	require.EqualValues(t, 4, result.Moved[0].Lines)
	require.Equal(t, "13.00 USD", result.Moved[0].Amount.String())
	require.EqualValues(t, 5, result.MovedLines)
	require.Len(t, result.Totals(), 1)
	require.False(t, result.Totals()[0].Changed(), "what leaves one account arrives on another")
	require.Equal(t, "108.00", result.Totals()[0].New.StringFixed(2))
	require.Len(t, result.Sums(), 3)
	require.Equal(t, "-13.00", result.Sums()[1].Difference().StringFixed(2))
	require.Equal(t, mapping.Target{Rule: 1, Category: mapping.Sales, Account: "4000"}, result.Moved[0].Old)
	require.Equal(t, mapping.Target{Rule: 1, Category: mapping.ShippingIncome, Account: "4050"}, result.Moved[0].New)
	require.EqualValues(t, 4, result.Moved[1].KindID, "also an amount of zero names its account")
}

func TestReplayNamesTheClearingAccountThatChanges(t *testing.T) {
	t.Parallel()
	rules := summaryTemplate(t).Rules
	old := mapping.Compile(mapping.RuleSet{Rules: rules, Accounts: map[string]string{mapping.SlotClearing: "1250"}})
	new := mapping.Compile(mapping.RuleSet{Rules: rules, Accounts: map[string]string{mapping.SlotClearing: "1260"}})
	result := mapping.Replay(old, new, []mapping.Amount{amountOf(1, kindOf("Order", "ItemPrice", "Principal", 1), 2, "USD", 10, "100.00")}, nil)
	require.Empty(t, result.Moved)
	require.True(t, result.Changed())
	require.Equal(t, mapping.AccountChange{Slot: mapping.SlotClearing, Old: "1250", New: "1260"}, result.Clearing)
}

func TestReplayKeepsCurrenciesApart(t *testing.T) {
	t.Parallel()
	rules := summaryTemplate(t).Rules
	old := mapping.Compile(mapping.RuleSet{Rules: rules, Accounts: map[string]string{"sales": "4000"}})
	new := mapping.Compile(mapping.RuleSet{Rules: rules, Accounts: map[string]string{"sales": "4001"}})
	principal := kindOf("Order", "ItemPrice", "Principal", 1)
	result := mapping.Replay(old, new, []mapping.Amount{amountOf(1, principal, 2, "USD", 10, "100.00"), amountOf(1, principal, 2, "CAD", 3, "7.00")}, nil)
	require.Len(t, result.Moved, 2)
	require.Equal(t, "100.00 USD", result.Moved[0].Amount.String(), "the most lines first")
	require.Equal(t, "7.00 CAD", result.Moved[1].Amount.String())
	require.Len(t, result.Totals(), 2)
}

func TestReplayOfTheSameRulesMovesNothing(t *testing.T) {
	t.Parallel()
	matcher := summaryMatcher(t)
	result := mapping.Replay(matcher, matcher, []mapping.Amount{amountOf(1, kindOf("Order", "ItemPrice", "Principal", 1), 2, "USD", 10, "100.00")}, nil)
	require.Empty(t, result.Moved)
	require.False(t, result.Changed())
	require.Len(t, result.Accounts, 1)
	require.False(t, result.Accounts[0].Changed())
	require.Empty(t, result.Accounts[0].Period, "no calendar, no period")
}

func TestSamplesAreReportRowsOrNames(t *testing.T) {
	t.Parallel()
	row := "9000\t\t\t\t\t\tOrder\t111-1\t\t\ts1\tAmazon.de\tItemPrice\tPrincipal\t%s\tAFN\t01.10.2026\t01.10.2026 10:00:00 UTC\t1\t\t\tSKU-1\t1\t"
	with := func(amount string) string { return fmt.Sprintf(row, amount) }
	for amount, sign := range map[string]int{"12,50": 1, "-12,50": -1, "0,00": 0, "": 0, "1.234,56": 1, "(5.00)": -1} {
		samples, err := mapping.ParseSamples("settlement-id\tx\n" + with(amount) + "\r\n\n")
		require.NoError(t, err, amount)
		require.Equal(t, []mapping.Sample{{
			Subject: mapping.Subject{Kind: mapping.Kind{Marketplace: "Amazon.de", TransactionType: "Order", AmountType: "ItemPrice", AmountDescription: "Principal", Sign: sign}, Fulfillment: "AFN"},
			SKU:     "SKU-1",
		}}, samples, amount)
	}
	for _, names := range []string{"Order / ItemFees / Commission", "Order|ItemFees|Commission", "Order\tItemFees\tCommission"} {
		samples, err := mapping.ParseSamples(names)
		require.NoError(t, err)
		require.Len(t, samples, 2, "both signs")
		require.Equal(t, "Order / ItemFees / Commission", samples[0].Kind.String())
		require.Equal(t, []int{1, -1}, []int{samples[0].Sign, samples[1].Sign})
	}
	samples, err := mapping.ParseSamples("Order / ItemFees / Commission / -1.20")
	require.NoError(t, err)
	require.Len(t, samples, 1)
	require.Equal(t, -1, samples[0].Sign)

	for _, text := range []string{"", "Order", "a / b / c / d / e", "a / b / c / twelve", "a / b / c / .", with("abc"),
		"9000\t2026-10-01\t2026-10-14\t2026-10-16\t55.00\tUSD\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t"} {
		_, err := mapping.ParseSamples(text)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), "%q", text)
	}
}

func TestTrialNamesTheRuleTheAccountAndWhatItShadows(t *testing.T) {
	t.Parallel()
	set := mapping.RuleSet{Rules: summaryTemplate(t).Rules, Accounts: map[string]string{"clawbacks": "7010"}}
	samples, err := mapping.ParseSamples("other-transaction / FBA Inventory Reimbursement / COMPENSATED_CLAWBACK / -3\nOrder / ItemFees / New / -1")
	require.NoError(t, err)
	trials := mapping.Compile(set).Try(samples)
	require.True(t, trials[0].Mapped())
	require.Equal(t, "7010", trials[0].Account)
	require.Len(t, trials[0].Rules, 2)
	require.Equal(t, mapping.SlotClawbacks, trials[0].Rules[0].Slot)
	require.False(t, trials[1].Mapped())
	require.Empty(t, trials[1].Account)
}

// Two years of fortnightly settlements of a large seller, by day.
func BenchmarkReplay(b *testing.B) {
	old := summaryMatcher(b)
	rules := summaryTemplate(b).Rules
	rules = append([]mapping.Rule{}, rules...)
	rules[20].Account = "4999"
	new := mapping.Compile(mapping.RuleSet{Rules: rules})
	var amounts []mapping.Amount
	for i := range 80_000 {
		rule := rules[i%len(rules)]
		kind := kindOf(rule.TransactionType.Text, rule.AmountType.Text, rule.AmountDescription.Text, 1)
		amounts = append(amounts, amountOf(int32(i%len(rules)), kind, 1+i%28, "USD", 10, "12.34"))
	}
	calendar := period.Calendar{{FiscalYear: 2026, Number: 10, Starts: period.Date{Year: 2026, Month: 10, Day: 1}, Ends: period.Date{Year: 2026, Month: 10, Day: 31}}}
	b.ReportAllocs()
	for b.Loop() {
		mapping.Replay(old, new, amounts, calendar)
	}
	b.ReportMetric(float64(len(amounts)), "sums/op")
}
