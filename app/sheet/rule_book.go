package sheet

import (
	"context"
	"fmt"
	"io"

	"tieout/app/mapping"
)

const (
	rulesSheet = "Rules"
	picksSheet = "Accounts"
	helpSheet  = "How to edit"
)

// Columns of the sheet of rules, in the order in which they are written.
const (
	colRule        = "Rule"
	colTransaction = "Transaction type"
	colAmountType  = "Amount type"
	colDescription = "Description"
	colMarketplace = "Marketplace"
	colSign        = "Sign"
	colGroup       = "Product group"
	colFulfillment = "Fulfilment"
	colCategory    = "Category"
	colPick        = "Account pick"
	colAccount     = "Account"
	colBranch      = "Branch"
	colPerMarket   = "Line per marketplace"
	colGross       = "Debits and credits apart"
	colNote        = "Note"
)

// Columns of the sheet of account picks.
const (
	colSlot  = "Pick"
	colTitle = "For"
)

func ruleColumns() []column {
	return []column{{colRule, 9}, {colTransaction, 24}, {colAmountType, 26}, {colDescription, 34}, {colMarketplace, 16}, {colSign, 10}, {colGroup, 14},
		{colFulfillment, 11}, {colCategory, 26}, {colPick, 20}, {colAccount, 14}, {colBranch, 9}, {colPerMarket, 18}, {colGross, 22}, {colNote, 40}}
}

// Rules writes a rule set for editing in Excel: its rules in order, its account
// picks, and how to edit them. ReadRules reads the file back.
func (k *Book) Rules(ctx context.Context, w io.Writer, setID int64) error {
	set, err := k.rules.Load(ctx, setID)
	if err != nil {
		return err
	}
	b, err := newWorkbook()
	if err != nil {
		return err
	}
	for _, write := range []func(*mapping.RuleSet) error{b.ruleRows, b.pickRows, b.ruleHelp} {
		if err := write(set); err != nil {
			return fmt.Errorf("workbook of rule set %d: %w", set.Number, err)
		}
	}
	return b.write(w)
}

func (b *workbook) ruleRows(set *mapping.RuleSet) error {
	p, err := b.page(rulesSheet, ruleColumns()...)
	if err != nil {
		return err
	}
	for _, r := range set.Rules {
		err := p.add(b.str(fmt.Sprint(r.Lineage)), b.str(r.TransactionType.String()), b.str(r.AmountType.String()), b.str(r.AmountDescription.String()), b.str(r.Marketplace.String()),
			b.str(signWord(r.Sign)), b.str(r.ProductGroup), b.str(r.Fulfillment), b.str(r.Category.Title()), b.str(r.Slot), b.str(r.Account), b.str(r.Branch),
			b.str(yes(r.ByMarketplace)), b.str(yes(r.Gross)), b.str(r.Note))
		if err != nil {
			return err
		}
	}
	return p.close()
}

func (b *workbook) pickRows(set *mapping.RuleSet) error {
	p, err := b.page(picksSheet, column{colSlot, 24}, column{colTitle, 34}, column{colAccount, 18})
	if err != nil {
		return err
	}
	for _, slot := range set.Slots() {
		if err := p.add(b.str(slot.Name), b.str(slot.Title), b.str(set.Accounts[slot.Name])); err != nil {
			return err
		}
	}
	return p.close()
}

func (b *workbook) ruleHelp(set *mapping.RuleSet) error {
	p, err := b.page(helpSheet)
	if err != nil {
		return err
	}
	if err := p.stream.SetColWidth(1, 1, 110); err != nil {
		return fmt.Errorf("set width: %w", err)
	}
	for _, line := range []string{
		fmt.Sprintf("Rule set %d, %s, %d rules. The first rule that matches wins; the order of the rows is the order of the rules.", set.Number, set.State, len(set.Rules)),
		"Edit the rows, move them, delete them, add new ones with an empty cell under \"Rule\"; then upload the file into a draft. You see what changes before anything is saved.",
		"Leave the numbers under \"Rule\" as they are: they say which rule a row was.",
		"Conditions: * or an empty cell is anything, Text* begins with Text, \"\" is the empty text. Case, blanks, hyphens and underscores do not count.",
		"Sign: positive, negative, or empty for both. Fulfilment: AFN, MFN or empty. Yes or empty in the two columns about journal lines.",
		"A rule names an account of its own, or one of the picks of the sheet \"Accounts\". Amounts of zero use the pick \"none\".",
	} {
		if err := p.add(b.str(line)); err != nil {
			return err
		}
	}
	return p.close()
}

func signWord(sign int) string {
	switch sign {
	case 1:
		return "positive"
	case -1:
		return "negative"
	}
	return ""
}

func yes(set bool) string {
	if set {
		return "yes"
	}
	return ""
}
