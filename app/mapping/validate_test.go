package mapping_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/mapping"
)

func TestValidateNamesTheFieldThatIsWrong(t *testing.T) {
	t.Parallel()
	sound := described(1, 1, "Commission")
	require.Empty(t, sound.Validate())
	for name, test := range map[string]struct {
		change func(*mapping.Rule)
		field  string
	}{
		"takes everything": {func(r *mapping.Rule) { r.AmountDescription = mapping.Anything }, "amount_description"},
		"only a marketplace": {func(r *mapping.Rule) {
			r.AmountDescription = mapping.Anything
			r.Marketplace = mapping.Exactly("Amazon.de")
		}, "amount_description"},
		"unknown match":          {func(r *mapping.Rule) { r.AmountType = mapping.Condition{Match: "contains", Text: "x"} }, "amount_type"},
		"no match":               {func(r *mapping.Rule) { r.TransactionType = mapping.Condition{} }, "transaction_type"},
		"text beside any":        {func(r *mapping.Rule) { r.Marketplace.Text = "Amazon.de" }, "marketplace"},
		"prefix of nothing":      {func(r *mapping.Rule) { r.AmountDescription = mapping.StartsWith(" - ") }, "amount_description"},
		"text too long":          {func(r *mapping.Rule) { r.AmountDescription = mapping.Exactly(strings.Repeat("x", 1001)) }, "amount_description"},
		"NUL":                    {func(r *mapping.Rule) { r.AmountDescription = mapping.Exactly("a\x00b") }, "amount_description"},
		"sign":                   {func(r *mapping.Rule) { r.Sign = 2 }, "sign"},
		"fulfilment":             {func(r *mapping.Rule) { r.Fulfillment = "FBA" }, "fulfillment"},
		"category":               {func(r *mapping.Rule) { r.Category = "sundry" }, "category"},
		"no target":              {func(r *mapping.Rule) { r.Slot = "" }, "account"},
		"money into nothing":     {func(r *mapping.Rule) { r.Slot = mapping.SlotNone }, "slot"},
		"memo with a slot":       {func(r *mapping.Rule) { r.Category = mapping.Memo }, "slot"},
		"blanks around account":  {func(r *mapping.Rule) { r.Account = " 4000" }, "account"},
		"branch too long":        {func(r *mapping.Rule) { r.Branch = strings.Repeat("1", 33) }, "branch"},
		"note too long":          {func(r *mapping.Rule) { r.Note = strings.Repeat("x", 1001) }, "note"},
		"product group too long": {func(r *mapping.Rule) { r.ProductGroup = strings.Repeat("x", 1001) }, "product_group"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule := sound
			test.change(&rule)
			wrong := rule.Validate()
			require.Len(t, wrong, 1, "%v", wrong)
			require.NotEmpty(t, wrong[test.field], "%v", wrong)
		})
	}
}

func TestCheckHoldsTheSetAgainstTheChart(t *testing.T) {
	t.Parallel()
	own := described(2, 2, "Own")
	own.Account = "1200"
	set := mapping.RuleSet{
		Rules:    []mapping.Rule{described(1, 1, "a"), own},
		Accounts: map[string]string{"clearing": "1100", "rounding": "6900", "sales": "4000"},
	}
	chart := []mapping.Account{
		{Number: "1100", Active: true}, {Number: "6900", Active: true}, {Number: "4000", Active: true},
		{Number: "1200", Active: true, Control: true},
	}
	require.Empty(t, mapping.Check(set, chart, "1200"), "the configured receivable may be booked to")

	problems := mapping.Check(set, chart, "")
	require.Len(t, problems, 1)
	require.Equal(t, 2, problems[0].Position)
	require.Contains(t, problems[0].Message, "control account")

	chart[2].Active = false
	set.Accounts["clearing"] = "1999"
	delete(set.Accounts, "rounding")
	problems = mapping.Check(set, chart, "1200")
	require.Len(t, problems, 3)
	messages := map[string]string{}
	for _, p := range problems {
		messages[p.Slot] = p.Message
	}
	require.Contains(t, messages["clearing"], "not in the chart")
	require.Contains(t, messages["rounding"], "Pick an account")
	require.Contains(t, messages["sales"], "not active")

	set.Rules[0].Sign = 5
	problems = mapping.Check(set, chart, "1200")
	require.Equal(t, mapping.Problem{Position: 1, Field: "sign", Message: "Choose positive, negative or either."}, problems[0])
}

func TestMissingListsUsedSlotsWithoutAnAccount(t *testing.T) {
	t.Parallel()
	rule := described(1, 1, "a")
	rule.Slot = "own_slot"
	set := mapping.RuleSet{Rules: []mapping.Rule{rule}, Accounts: map[string]string{"clearing": "1100"}}
	missing := set.Missing()
	require.Len(t, missing, 2)
	require.Equal(t, "rounding", missing[0].Name)
	require.Equal(t, mapping.Slot{Name: "own_slot", Title: "own_slot"}, missing[1])
}
