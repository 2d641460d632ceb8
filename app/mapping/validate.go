package mapping

import (
	"fmt"
	"strings"
)

// Account is one entry of the connection's chart of accounts.
type Account struct {
	Number      string
	Description string
	Active      bool
	Control     bool // a receivables or payables control account
}

const maxText = 1000 // longer than any name or title Amazon has sent

// Validate returns a message per field that is wrong, empty when the rule is
// sound. Field names are the columns of mapping_rule.
func (r Rule) Validate() map[string]string {
	wrong := map[string]string{}
	for field, c := range map[string]Condition{
		"marketplace":        r.Marketplace,
		"transaction_type":   r.TransactionType,
		"amount_type":        r.AmountType,
		"amount_description": r.AmountDescription,
	} {
		if message := c.validate(); message != "" {
			wrong[field] = message
		}
	}
	if r.catchAll() {
		wrong["amount_description"] = "A rule that takes everything would hide what is new: name a transaction type, an amount type or a description."
	}
	if r.Sign < -1 || r.Sign > 1 {
		wrong["sign"] = "Choose positive, negative or either."
	}
	if r.Fulfillment != "" && r.Fulfillment != "AFN" && r.Fulfillment != "MFN" {
		wrong["fulfillment"] = "Choose AFN, MFN or either."
	}
	if _, ok := r.Category.Info(); !ok {
		wrong["category"] = "Choose a category."
	}
	r.validateTarget(wrong)
	return wrong
}

func (r Rule) validateTarget(wrong map[string]string) {
	switch {
	case r.Slot == "" && r.Account == "":
		wrong["account"] = "Choose an account, or the account pick it uses."
	case r.Account == "" && (r.Category == Memo) != (r.Slot == SlotNone):
		wrong["slot"] = "Only rows without an amount need no account."
	}
	for field, text := range map[string]string{"account": r.Account, "branch": r.Branch, "slot": r.Slot} {
		switch {
		case text != strings.TrimSpace(text):
			wrong[field] = "Remove the blanks around it."
		case len(text) > 32:
			wrong[field] = "Use at most 32 characters."
		}
	}
	for field, text := range map[string]string{"note": r.Note, "product_group": r.ProductGroup} {
		if len(text) > maxText {
			wrong[field] = fmt.Sprintf("Use at most %d characters.", maxText)
		}
	}
}

func (c Condition) validate() string {
	switch {
	case c.Match != Any && c.Match != Is && c.Match != Starts:
		return "Choose any, is or starts with."
	case c.Match == Any && c.Text != "":
		return "Leave the text empty when anything matches."
	case c.Match == Starts && Key(c.Text) == "":
		return "Say what it starts with."
	case len(c.Text) > maxText:
		return fmt.Sprintf("Use at most %d characters.", maxText)
	case strings.ContainsRune(c.Text, 0):
		return "Remove the control character."
	}
	return ""
}

// catchAll reports whether the rule looks at none of the three names of a kind.
func (r Rule) catchAll() bool {
	return r.TransactionType.Match == Any && r.AmountType.Match == Any && r.AmountDescription.Match == Any
}

// Problem is one reason why a set cannot be published. Position is the rule it
// is about, Slot the account pick; a problem has the one or the other.
type Problem struct {
	Position int
	Slot     string
	Field    string
	Message  string
}

// Check returns everything that stands between the set and its publication:
// unsound rules, slots without an account, and accounts that are not in the
// chart, not active, or control accounts other than the named receivable
// (empty: none is allowed).
func Check(set RuleSet, chart []Account, receivable string) []Problem {
	accounts := make(map[string]Account, len(chart))
	for _, a := range chart {
		accounts[a.Number] = a
	}
	var problems []Problem
	for _, r := range set.Rules {
		wrong := r.Validate()
		if r.Account != "" && wrong["account"] == "" {
			if message := usable(accounts, r.Account, receivable); message != "" {
				wrong["account"] = message
			}
		}
		for _, field := range ruleFields {
			if wrong[field] != "" {
				problems = append(problems, Problem{Position: r.Position, Field: field, Message: wrong[field]})
			}
		}
	}
	for _, slot := range set.Slots() {
		account := set.Accounts[slot.Name]
		message := ""
		switch {
		case account != "":
			message = usable(accounts, account, receivable)
		case !slot.Optional():
			message = "Pick an account."
		}
		if message != "" {
			problems = append(problems, Problem{Slot: slot.Name, Field: "account", Message: message})
		}
	}
	return problems
}

// ruleFields is the order in which a rule's problems are told.
var ruleFields = [...]string{
	"marketplace", "transaction_type", "amount_type", "amount_description", "sign",
	"product_group", "fulfillment", "category", "slot", "account", "branch", "note",
}

// usable returns why number may not be booked to, empty when it may.
func usable(accounts map[string]Account, number, receivable string) string {
	account, ok := accounts[number]
	switch {
	case !ok:
		return fmt.Sprintf("Account %s is not in the chart of accounts.", number)
	case !account.Active:
		return fmt.Sprintf("Account %s is not active.", number)
	case account.Control && number != receivable:
		return fmt.Sprintf("Account %s is a control account; journals may not touch it.", number)
	}
	return ""
}
