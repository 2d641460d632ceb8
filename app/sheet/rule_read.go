package sheet

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"tieout/app/fault"
	"tieout/app/mapping"
)

// Limits of a file of rules: far more than people write, far less than what
// would hurt.
const (
	ruleFileLimit  = 8 << 20
	ruleUnzipLimit = 64 << 20
	ruleRowLimit   = 5000
)

// ReadRules is the function of the same name, for those who hold a Book.
func (*Book) ReadRules(content []byte) (mapping.Written, error) { return ReadRules(content) }

// ReadRules reads a workbook of rules that Rules wrote and a person edited. The
// error says why the file is no such workbook; what is wrong in its cells
// stands in Problems, all of it.
func ReadRules(content []byte) (mapping.Written, error) {
	if len(content) > ruleFileLimit {
		return mapping.Written{}, fault.New(fault.Invalid, "The file is larger than 8 MB, which no list of rules is.")
	}
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{RawCellValue: true, UnzipSizeLimit: ruleUnzipLimit, UnzipXMLSizeLimit: ruleUnzipLimit})
	if err != nil {
		return mapping.Written{}, fault.Wrap(err, fault.Invalid, "This is not an Excel workbook (.xlsx). Export the rules, edit that file and upload it.")
	}
	defer func() { _ = book.Close() }() // it was only read
	read := ruleReader{book: book, file: mapping.Written{Accounts: map[string]string{}}}
	if err := read.rules(); err != nil {
		return mapping.Written{}, err
	}
	if err := read.picks(); err != nil {
		return mapping.Written{}, err
	}
	return read.file, nil
}

// ruleReader collects what it reads and what is wrong with it.
type ruleReader struct {
	book    *excelize.File
	file    mapping.Written
	sheet   string
	columns map[string]int // heading -> index
	row     int            // 1 is the heading
	cells   []string
}

func (x *ruleReader) wrong(column, format string, args ...any) {
	cell, err := excelize.CoordinatesToCellName(x.columns[column]+1, x.row)
	if err != nil {
		cell = fmt.Sprintf("row %d", x.row)
	}
	x.file.Problems = append(x.file.Problems, mapping.CellProblem{Sheet: x.sheet, Cell: cell, Message: fmt.Sprintf(format, args...)})
}

// open reads a sheet and finds its columns by their headings.
func (x *ruleReader) open(sheet string, headings ...string) ([][]string, error) {
	if index, err := x.book.GetSheetIndex(sheet); err != nil || index < 0 {
		return nil, fault.New(fault.Invalid, "The workbook has no sheet %q. Export the rules, edit that file and upload it.", sheet)
	}
	rows, err := x.limited(sheet)
	if err != nil {
		return nil, err
	}
	x.sheet, x.columns, x.row = sheet, map[string]int{}, 1
	var missing []string
	for _, heading := range headings {
		at := -1
		if len(rows) > 0 {
			at = slices.IndexFunc(rows[0], func(cell string) bool { return strings.EqualFold(strings.TrimSpace(cell), heading) })
		}
		if at < 0 {
			missing = append(missing, heading)
		}
		x.columns[heading] = at
	}
	if len(missing) > 0 {
		return nil, fault.New(fault.Invalid, "The sheet %q lacks the columns: %s. Their headings stand in row 1.", sheet, strings.Join(missing, ", "))
	}
	return rows, nil
}

// limited reads the rows of a sheet, but not more than anybody writes: a file
// may claim a million of them in a few bytes.
func (x *ruleReader) limited(sheet string) ([][]string, error) {
	unreadable := func(err error) error {
		return fault.Wrap(err, fault.Invalid, "The sheet %q cannot be read. Save the workbook again as .xlsx.", sheet)
	}
	source, err := x.book.Rows(sheet)
	if err != nil {
		return nil, unreadable(err)
	}
	defer func() { _ = source.Close() }() // it was only read
	var rows [][]string
	for source.Next() {
		if len(rows) == ruleRowLimit {
			return nil, fault.New(fault.Invalid, "The sheet %q has more than %d rows.", sheet, ruleRowLimit)
		}
		cells, err := source.Columns()
		if err != nil {
			return nil, unreadable(err)
		}
		rows = append(rows, cells)
	}
	if err := source.Error(); err != nil {
		return nil, unreadable(err)
	}
	return rows, nil
}

// enter begins a row; false when it is empty.
func (x *ruleReader) enter(index int, cells []string) bool {
	x.row, x.cells = index+1, cells
	return slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

// text is a cell's text without the blanks around it. A formula is refused:
// its value would depend on the program that saved the file last.
func (x *ruleReader) text(column string) string {
	at := x.columns[column]
	cell, err := excelize.CoordinatesToCellName(at+1, x.row)
	if err == nil {
		if formula, err := x.book.GetCellFormula(x.sheet, cell); err == nil && formula != "" {
			x.wrong(column, "This is a formula. Paste its value instead.")
			return ""
		}
	}
	if at >= len(x.cells) {
		return ""
	}
	return strings.TrimSpace(x.cells[at])
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
