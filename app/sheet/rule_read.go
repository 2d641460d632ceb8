package sheet

import (
	"strconv"
	"strings"

	"tieout/app/fault"
	"tieout/app/mapping"
)

// ruleRowLimit is far more than people write, and far less than what would hurt.
const ruleRowLimit = 5000

// ReadRules is the function of the same name, for those who hold a Book.
func (*Book) ReadRules(content []byte) (mapping.Written, error) { return ReadRules(content) }

// ReadRules reads a workbook of rules that Rules wrote and a person edited. The
// error says why the file is no such workbook; what is wrong in its cells
// stands in Problems, all of it.
func ReadRules(content []byte) (mapping.Written, error) {
	book, err := openBook(content, "Export the rules, edit that file and upload it.")
	if err != nil {
		return mapping.Written{}, err
	}
	read := ruleReader{rowReader: rowReader{book: book, limit: ruleRowLimit}, file: mapping.Written{Accounts: map[string]string{}}}
	read.report = func(cell, message string) {
		read.file.Problems = append(read.file.Problems, mapping.CellProblem{Sheet: read.sheet, Cell: cell, Message: message})
	}
	if err := read.rules(); err != nil {
		return mapping.Written{}, err
	}
	if err := read.picks(); err != nil {
		return mapping.Written{}, err
	}
	return read.file, nil
}

// ruleReader collects the rules that it reads.
type ruleReader struct {
	rowReader
	file mapping.Written
}

func (x *ruleReader) rules() error {
	var headings []string
	for _, c := range ruleColumns() {
		headings = append(headings, c.name)
	}
	rows, err := x.open(rulesSheet, headings...)
	if err != nil {
		return err
	}
	first := map[int64]int{}
	for i, cells := range rows {
		if i == 0 || !x.enter(i, cells) {
			continue
		}
		rule := x.rule()
		if rule.Lineage != 0 {
			if row, twice := first[rule.Lineage]; twice {
				x.wrong(colRule, "Row %d is this rule already. Empty this cell in a copied row.", row)
			}
			first[rule.Lineage] = x.row
		}
		rule.Position = len(x.file.Rules) + 1
		x.file.Rules = append(x.file.Rules, rule)
	}
	if len(x.file.Rules) == 0 {
		return fault.New(fault.Invalid, "The sheet %q holds no rules.", rulesSheet)
	}
	return nil
}

// rule reads the row.
func (x *ruleReader) rule() mapping.Rule {
	r := mapping.Rule{
		Lineage: x.lineage(), TransactionType: mapping.ParseCondition(x.text(colTransaction)), AmountType: mapping.ParseCondition(x.text(colAmountType)),
		AmountDescription: mapping.ParseCondition(x.text(colDescription)), Marketplace: mapping.ParseCondition(x.text(colMarketplace)), Sign: x.sign(),
		ProductGroup: x.text(colGroup), Fulfillment: strings.ToUpper(x.text(colFulfillment)), Category: x.category(), Slot: strings.ToLower(x.text(colPick)),
		Account: x.text(colAccount), Branch: x.text(colBranch), ByMarketplace: x.yes(colPerMarket), Gross: x.yes(colGross), Note: x.text(colNote),
	}
	problems := r.Validate()
	if x.text(colCategory) != "" {
		delete(problems, "category") // said already, with the names to choose from
	}
	for _, c := range ruleColumns() {
		if message := problems[fieldOf(c.name)]; message != "" {
			x.wrong(c.name, "%s", message)
		}
	}
	return r
}

// fieldOf is the field of a rule that a column holds, as Validate names it.
func fieldOf(column string) string {
	return map[string]string{
		colMarketplace: "marketplace", colTransaction: "transaction_type", colAmountType: "amount_type", colDescription: "amount_description", colSign: "sign",
		colGroup: "product_group", colFulfillment: "fulfillment", colCategory: "category", colPick: "slot", colAccount: "account", colBranch: "branch", colNote: "note",
	}[column]
}

func (x *ruleReader) lineage() int64 {
	text := x.text(colRule)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		x.wrong(colRule, "%q is not the number of a rule. Leave the cell empty for a new rule.", text)
		return 0
	}
	return n
}

func (x *ruleReader) sign() int {
	switch text := strings.ToLower(x.text(colSign)); text {
	case "positive", "+", "1":
		return 1
	case "negative", "-", "-1":
		return -1
	case "", "either", "*", "0":
		return 0
	default:
		x.wrong(colSign, "%q is no sign. Write positive, negative, or nothing for both.", text)
		return 0
	}
}

func (x *ruleReader) category() mapping.Category {
	text := x.text(colCategory)
	var titles []string
	for _, info := range mapping.Categories() {
		if strings.EqualFold(text, info.Title) || strings.EqualFold(text, string(info.Category)) {
			return info.Category
		}
		titles = append(titles, info.Title)
	}
	if text != "" {
		x.wrong(colCategory, "%q is no category. There are: %s.", text, strings.Join(titles, ", "))
	}
	return ""
}

func (x *ruleReader) yes(column string) bool {
	switch text := strings.ToLower(x.text(column)); text {
	case "yes", "y", "x", "true", "1":
		return true
	case "", "no", "n", "false", "0":
		return false
	default:
		x.wrong(column, "%q is neither yes nor no.", text)
		return false
	}
}

func (x *ruleReader) picks() error {
	rows, err := x.open(picksSheet, colSlot, colAccount)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, cells := range rows {
		if i == 0 || !x.enter(i, cells) {
			continue
		}
		slot, account := strings.ToLower(x.text(colSlot)), x.text(colAccount)
		if slot == "" {
			x.wrong(colSlot, "Say which pick this account is for.")
			continue
		}
		if seen[slot] {
			x.wrong(colSlot, "%s stands above already.", slot)
			continue
		}
		seen[slot] = true
		if wrong := mapping.ValidatePick(slot, account); wrong != "" {
			x.wrong(colAccount, "%s", wrong)
		}
		if account != "" {
			x.file.Accounts[slot] = account
		}
	}
	return nil
}
