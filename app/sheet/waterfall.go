package sheet

import (
	"fmt"
	"strings"

	"tieout/app/mapping"
)

// notMapped stands where no rule gives a kind a category.
const notMapped = "Not mapped"

// waterfall sums the kinds by category, from sales to the deposit, with
// formulas over the sheet of kinds: categories stand in the given column,
// amounts in column I.
func (b *workbook) waterfall(present map[string]bool, categories string, last int) [][]any {
	rows := [][]any{{}, {excelCell(b.head, "From sales to the deposit"), excelCell(b.head, "Amount")}}
	add := func(title string) {
		if present[title] {
			rows = append(rows, []any{b.str(title), b.formula(fmt.Sprintf("SUMIF('%s'!%s2:%s%d,\"%s\",'%s'!I2:I%d)", kindsSheet, categories, categories, last, title, kindsSheet, last), b.money)})
		}
	}
	for _, info := range mapping.Categories() {
		add(info.Title)
	}
	add(notMapped)
	return append(rows, []any{"Sum", b.formula(kindsTotal(last), b.total)})
}

// kindsTotal sums the sheet of kinds.
func kindsTotal(last int) string { return fmt.Sprintf("SUM('%s'!I2:I%d)", kindsSheet, last) }

// linesTotal sums the settlement lines over all sheets that so many lines take.
func linesTotal(lines int64) string {
	sums := []string{fmt.Sprintf("SUM('%s'!N:N)", settlementSheet)}
	for sheet := 2; lines > int64(sheet-1)*(rowLimit-1); sheet++ {
		sums = append(sums, fmt.Sprintf("SUM('%s'!N:N)", lineSheet(sheet)))
	}
	return strings.Join(sums, "+")
}

// lineSheet names the n-th sheet of settlement lines.
func lineSheet(n int) string {
	if n == 1 {
		return settlementSheet
	}
	return fmt.Sprintf("%s %d", settlementSheet, n)
}
