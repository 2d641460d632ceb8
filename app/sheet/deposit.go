package sheet

import (
	"context"
	"fmt"
	"io"
	"strings"

	"tieout/app/deposit"
	"tieout/app/money"
)

// mostDeposits bounds each sheet of the workbook of deposits.
const mostDeposits = 50_000

// Deposits writes deposits, bank lines and matches of a connection (0: all): what
// is matched and what is open are formulas over the sheet of matches.
func (k *Book) Deposits(ctx context.Context, w io.Writer, about [][2]string, connectionID int64) error {
	deposits, err := k.deposits.Deposits(ctx, deposit.Filter{Connection: connectionID, State: "all", PageSize: mostDeposits})
	if err != nil {
		return err
	}
	lines, err := k.deposits.Lines(ctx, deposit.LineFilter{Connection: connectionID, State: deposit.LineAll, PageSize: mostDeposits})
	if err != nil {
		return err
	}
	matches, err := k.deposits.Matches(ctx, deposit.MatchFilter{Connection: connectionID, PageSize: mostDeposits})
	if err != nil {
		return err
	}
	b, err := newWorkbook()
	if err != nil {
		return err
	}
	if err := b.depositSummary(about, deposits, lines); err != nil {
		return err
	}
	if err := b.depositRows(deposits); err != nil {
		return err
	}
	if err := b.bankLineRows(lines); err != nil {
		return err
	}
	if err := b.matchRows(matches); err != nil {
		return err
	}
	return b.write(w)
}

// depositSummary has a line per currency: what is open on both sides, and the
// difference.
func (b *workbook) depositSummary(about [][2]string, deposits []deposit.Deposit, lines []deposit.Line) error {
	p, err := b.page("Summary")
	if err != nil {
		return err
	}
	for _, a := range about {
		if err := p.add(b.str(a[0]), b.str(a[1])); err != nil {
			return err
		}
	}
	if err := p.add(); err != nil {
		return err
	}
	if err := p.add(heads(b, "Currency", "Deposits not received", "Amount differs", "Bank lines of Amazon without a settlement", "Unexplained")...); err != nil {
		return err
	}
	for _, currency := range currenciesOf(deposits, lines) {
		row, text := p.row+1, strings.ReplaceAll(string(currency), `"`, "")
		open := func(state string) string {
			return fmt.Sprintf(`SUMIFS(Deposits!G:G,Deposits!C:C,"%s",Deposits!H:H,"%s")`, text, state)
		}
		err := p.add(b.str(text), b.formula(open(string(deposit.Missing)), b.money), b.formula(open(string(deposit.Differs)), b.money),
			b.formula(fmt.Sprintf(`SUMIFS('Bank lines'!H:H,'Bank lines'!C:C,"%s",'Bank lines'!I:I,"amazon")+SUMIFS('Bank lines'!H:H,'Bank lines'!C:C,"%s",'Bank lines'!I:I,"differs")`, text, text), b.money),
			b.formula(fmt.Sprintf("B%d+C%d-D%d", row, row, row), b.total))
		if err != nil {
			return err
		}
	}
	return p.close()
}

func currenciesOf(deposits []deposit.Deposit, lines []deposit.Line) []money.Currency {
	var list []money.Currency
	seen := map[money.Currency]bool{}
	note := func(c money.Currency) {
		if !seen[c] {
			seen[c], list = true, append(list, c)
		}
	}
	for _, d := range deposits {
		note(d.Amount.Currency)
	}
	for _, l := range lines {
		note(l.Amount.Currency)
	}
	return list
}

func (b *workbook) depositRows(list []deposit.Deposit) error {
	p, err := b.page("Deposits", column{"Settlement", 18}, column{"Connection", 18}, column{"Currency", 9}, column{"Deposit date", 12}, column{"Deposit", 16}, column{"Matched", 16}, column{"Open", 16}, column{"State", 14})
	if err != nil {
		return err
	}
	for _, d := range list {
		row := p.row + 1
		err := p.add(b.str(d.AmazonID), b.str(d.ConnectionName), b.str(string(d.Amount.Currency)), b.day(d.Due.Time()), b.amount(d.Amount.Value),
			b.formula(fmt.Sprintf(`SUMIFS(Matches!F:F,Matches!K:K,B%d&"/"&A%d)`, row, row), b.money), b.formula(fmt.Sprintf("E%d-F%d", row, row), b.money), b.str(string(d.State)))
		if err != nil {
			return err
		}
	}
	return p.close()
}

func (b *workbook) bankLineRows(list []deposit.Line) error {
	p, err := b.page("Bank lines", column{"Line", 10}, column{"Account", 20}, column{"Currency", 9}, column{"Booked", 12}, column{"Text", 60}, column{"Amount", 16}, column{"Matched", 16}, column{"Open", 16}, column{"State", 12}, column{"Not Amazon's", 40})
	if err != nil {
		return err
	}
	for _, l := range list {
		row := p.row + 1
		err := p.add(b.str(lineName(l.ID)), b.str(l.AccountName), b.str(string(l.Amount.Currency)), b.day(l.Booked.Time()), b.str(l.Description), b.amount(l.Amount.Value),
			b.formula(fmt.Sprintf("SUMIFS(Matches!F:F,Matches!D:D,A%d)", row), b.money), b.formula(fmt.Sprintf("F%d-G%d", row, row), b.money), b.str(string(l.State())), b.str(l.Ignored))
		if err != nil {
			return err
		}
	}
	return p.close()
}

func (b *workbook) matchRows(list []deposit.Match) error {
	p, err := b.page("Matches", column{"Match", 10}, column{"Matched", 12}, column{"Settlement", 18}, column{"Line", 10}, column{"Currency", 9}, column{"Amount", 16}, column{"By", 20}, column{"Why", 60}, column{"Connection", 18}, column{"Difference", 40}, column{"Key", 30})
	if err != nil {
		return err
	}
	for _, m := range list {
		for _, part := range m.Parts {
			line := ""
			if part.LineID != 0 {
				line = lineName(part.LineID)
			}
			err := p.add(b.str(fmt.Sprint(m.ID)), b.day(m.At), b.str(part.AmazonID), b.str(line), b.str(string(m.Currency)), b.amount(part.Amount), b.str(m.By), b.str(m.Reason), b.str(part.ConnectionName), b.str(m.Difference), b.str(part.ConnectionName+"/"+part.AmazonID))
			if err != nil {
				return err
			}
		}
	}
	return p.close()
}

// lineName is what formulas find a bank line by; no number, so that Excel does
// not take it for one.
func lineName(id int64) string { return fmt.Sprintf("L%d", id) }
