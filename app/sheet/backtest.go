package sheet

import (
	"fmt"
	"io"
	"strconv"

	"github.com/xuri/excelize/v2"

	"tieout/app/mapping"
)

const (
	backtestSheet = "Backtest"
	accountsSheet = "Accounts"
	movedSheet    = "Lines that move"
)

// Backtest writes what another rule set makes of past settlements. Differences
// and totals are live formulas; the difference of every account is proved by
// the lines that arrive on it less the lines that leave it.
func (k *Book) Backtest(w io.Writer, about [][2]string, result mapping.Backtest, names map[string]string) error {
	b, err := newWorkbook()
	if err != nil {
		return err
	}
	defer func() { _ = b.file.Close() }() // its temporary files go either way
	for _, write := range []func() error{
		func() error { return b.backtestSummary(about, result, names) },
		func() error { return b.backtestAccounts(result, names) },
		func() error { return b.backtestMoved(result) },
	} {
		if err := write(); err != nil {
			return fmt.Errorf("workbook of backtest: %w", err)
		}
	}
	return b.write(w)
}

// noAccount stands where no rule or no pick gives an account.
const noAccount = "none"

func accountText(account string) string {
	if account == "" {
		return noAccount
	}
	return account
}

func (b *workbook) backtestSummary(about [][2]string, result mapping.Backtest, names map[string]string) error {
	p, err := b.page(backtestSheet)
	if err != nil {
		return err
	}
	if err := p.stream.SetColWidth(1, 8, 20); err != nil {
		return fmt.Errorf("set width: %w", err)
	}
	rows := [][]any{{excelCell(b.title, "Backtest of mapping rules")}}
	for _, pair := range about {
		rows = append(rows, []any{b.str(pair[0]), b.str(pair[1])})
	}
	rows = append(rows, []any{b.str("Settlements"), result.Settlements}, []any{b.str("Lines"), result.Lines},
		[]any{b.str("Lines that move"), excelize.Cell{Formula: fmt.Sprintf("SUM(%s)", backtestSpan(movedSheet, "H", len(result.Moved)))}},
		[]any{b.str("Unmapped lines before"), result.UnmappedOld}, []any{b.str("Unmapped lines after"), result.UnmappedNew},
		[]any{b.str("Clearing account before"), b.str(accountText(result.Clearing.Old))}, []any{b.str("Clearing account after"), b.str(accountText(result.Clearing.New))}, nil,
		heads(b, "Account", "Name", currencyKey, "Before", "After", "Difference", "Lines moved", "Unexplained"))
	accounts, moved := len(result.Accounts), len(result.Moved)
	first := len(rows) + 1
	for _, d := range result.Sums() {
		at := len(rows) + 1
		sum := func(column string) string {
			return fmt.Sprintf("ROUND(SUMIFS(%s,%s,$A%d,%s,$C%d),4)", backtestSpan(accountsSheet, column, accounts), backtestSpan(accountsSheet, "A", accounts), at, backtestSpan(accountsSheet, "D", accounts), at)
		}
		side := func(column string) string {
			return fmt.Sprintf("SUMIFS(%s,%s,$A%d,%s,$C%d)", backtestSpan(movedSheet, "I", moved), backtestSpan(movedSheet, column, moved), at, backtestSpan(movedSheet, "J", moved), at)
		}
		rows = append(rows, []any{b.str(accountText(d.Account)), b.str(names[d.Account]), b.str(string(d.Currency)), b.formula(sum("E"), b.money), b.formula(sum("F"), b.money),
			b.formula(fmt.Sprintf("ROUND(E%d-D%d,4)", at, at), b.money), b.formula(fmt.Sprintf("ROUND(%s-%s,4)", side("N"), side("L")), b.money), b.formula(fmt.Sprintf("ROUND(F%d-G%d,4)", at, at), b.money)})
	}
	last := len(rows)
	for _, d := range result.Totals() {
		row := []any{b.str("All accounts"), b.str(""), b.str(string(d.Currency))}
		for _, column := range []string{"D", "E", "F", "G", "H"} {
			row = append(row, b.formula(fmt.Sprintf("ROUND(SUMIFS(%s%d:%s%d,$C%d:$C%d,%q),4)", column, first, column, last, first, last, d.Currency), b.total))
		}
		rows = append(rows, row)
	}
	for _, row := range rows {
		if err := p.add(row...); err != nil {
			return err
		}
	}
	return p.close()
}

func heads(b *workbook, names ...string) []any {
	row := make([]any, len(names))
	for i, name := range names {
		row[i] = excelCell(b.head, name)
	}
	return row
}

// backtestSpan is a column of a sheet below its header.
func backtestSpan(sheet, column string, rows int) string {
	return fmt.Sprintf("'%s'!$%s$2:$%s$%d", sheet, column, column, max(rows, 1)+1)
}

func (b *workbook) backtestAccounts(result mapping.Backtest, names map[string]string) error {
	p, err := b.page(accountsSheet, column{"Account", 14}, column{"Name", 34}, column{"Period", 10}, column{currencyKey, 9}, column{"Before", 18}, column{"After", 18}, column{"Difference", 18})
	if err != nil {
		return err
	}
	for _, d := range result.Accounts {
		at := p.row + 1
		err := p.add(b.str(accountText(d.Account)), b.str(names[d.Account]), b.str(d.Period), b.str(string(d.Currency)), b.amount(d.Old), b.amount(d.New), b.formula(fmt.Sprintf("ROUND(F%d-E%d,4)", at, at), b.money))
		if err != nil {
			return err
		}
	}
	return p.close()
}

func (b *workbook) backtestMoved(result mapping.Backtest) error {
	p, err := b.page(movedSheet, column{"Transaction type", 22}, column{"Amount type", 24}, column{"Description", 34}, column{"Marketplace", 16}, column{"Sign", 10}, column{"Product group", 14}, column{"Fulfilment", 11},
		column{"Lines", 10}, column{"Amount", 18}, column{currencyKey, 9}, column{"Rule before", 12}, column{"Account before", 16}, column{"Rule after", 12}, column{"Account after", 16}, column{"Category before", 24}, column{"Category after", 24})
	if err != nil {
		return err
	}
	for _, m := range result.Moved {
		err := p.add(b.str(m.TransactionType), b.str(m.AmountType), b.str(m.AmountDescription), b.str(m.Marketplace), b.str(signWord(m.Sign)), b.str(m.ProductGroup), b.str(m.Fulfillment),
			m.Lines, b.amount(m.Amount.Value), b.str(string(m.Amount.Currency)), b.str(ruleNumber(m.Old)), b.str(accountText(m.Old.Account)), b.str(ruleNumber(m.New)), b.str(accountText(m.New.Account)),
			b.str(m.Old.Category.Title()), b.str(m.New.Category.Title()))
		if err != nil {
			return err
		}
	}
	return p.close()
}

func ruleNumber(t mapping.Target) string {
	if t.Rule == 0 {
		return noAccount
	}
	return strconv.Itoa(t.Rule)
}
