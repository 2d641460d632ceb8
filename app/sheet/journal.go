package sheet

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"tieout/app/journal"
	"tieout/app/period"
	"tieout/app/settlement"
)

// Journal writes the workbook of one entry: summary with live tie-outs,
// journal lines, lines by kind, the settlement lines behind it, provenance.
func (k *Book) Journal(ctx context.Context, w io.Writer, entryID int64) error {
	e, err := k.entries.Get(ctx, entryID)
	if err != nil {
		return err
	}
	lines, err := k.entries.Lines(ctx, entryID)
	if err != nil {
		return err
	}
	if e.SettlementID == 0 {
		return k.proposal(ctx, w, e, lines)
	}
	parts, err := k.entries.AllParts(ctx, entryID)
	if err != nil {
		return err
	}
	d, err := k.settlements.Get(ctx, e.SettlementID)
	if err != nil {
		return err
	}
	b, err := newWorkbook()
	if err != nil {
		return err
	}
	steps := []func() error{
		func() error { return b.journalSummary(e, lines, parts, d) },
		func() error { return b.journalLines(lines) },
		func() error { return b.kinds(parts) },
		func() error { return k.entryLines(ctx, b, e, d, parts) },
		func() error { return k.provenance(ctx, b, e, d) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("workbook of %s: %w", e.Reference, err)
		}
	}
	return b.write(w)
}

const (
	linesSheet      = "Journal lines"
	kindsSheet      = "Lines by kind"
	settlementSheet = "Settlement lines"
	sourceSheet     = "Provenance"
)

// journalSummary ties the other sheets to each other by formulas; every
// difference has to come out as 0.00.
func (b *workbook) journalSummary(e journal.Entry, lines []journal.EntryLine, parts []journal.Part, d settlement.Detail) error {
	p, err := b.page("Summary")
	if err != nil {
		return err
	}
	if err := p.stream.SetColWidth(1, 1, 46); err != nil {
		return fmt.Errorf("set width: %w", err)
	}
	if err := p.stream.SetColWidth(2, 4, 20); err != nil {
		return fmt.Errorf("set width: %w", err)
	}
	n, m := len(lines)+1, len(parts)+1
	sum := func(sheet, column string, last int) string {
		return fmt.Sprintf("SUM('%s'!%s2:%s%d)", sheet, column, column, last)
	}
	rows := [][]any{
		{excelCell(b.title, "Journal entry "+e.Reference)},
		{"Status", b.str(e.Status)}, {"P21 number", b.str(e.P21Number)}, {"Settlement", b.str(e.AmazonID)}, {"Currency", b.str(e.Currency)},
		{"Period", b.str(fmt.Sprintf("%04d-%02d", e.FiscalYear, e.Period))}, {"Date", b.day(e.EntryOn)}, {"Description", b.str(e.Description)}, {},
		{excelCell(b.head, "Tie-out"), excelCell(b.head, "One side"), excelCell(b.head, "Other side"), excelCell(b.head, "Difference")},
	}
	tie := func(name, one, other string) {
		row := len(rows) + 1
		rows = append(rows, []any{name, b.formula(one, b.money), b.formula(other, b.money), b.formula(fmt.Sprintf("ROUND(B%d-C%d,2)", row, row), b.total)})
	}
	tie("Debits = credits", sum(linesSheet, "H", n), sum(linesSheet, "I", n))
	tie("Debits = credits in "+e.FunctionalCurrency, sum(linesSheet, "J", n), sum(linesSheet, "K", n))
	clearing := fmt.Sprintf("SUMIF('%s'!F2:F%d,\"yes\",'%s'!H2:H%d)-SUMIF('%s'!F2:F%d,\"yes\",'%s'!I2:I%d)", linesSheet, n, linesSheet, n, linesSheet, n, linesSheet, n)
	if e.EntryType == "settlement" {
		tie("Clearing = sum of the kinds", clearing, kindsTotal(m))
		tie("Sum of the kinds = sum of the settlement lines", kindsTotal(m), linesTotal(settlementLines(parts)))
	}
	rows = append(rows, b.waterfall(categoriesOf(parts), "B", m)...)
	rows = append(rows, []any{"Deposit of the whole settlement", b.amount(d.Deposit)})
	for _, row := range rows {
		if err := p.add(row...); err != nil {
			return err
		}
	}
	return p.close()
}

func categoriesOf(parts []journal.Part) map[string]bool {
	present := map[string]bool{}
	for _, p := range parts {
		present[p.Category.Title()] = true
	}
	return present
}

func settlementLines(parts []journal.Part) (lines int64) {
	for _, p := range parts {
		lines += p.Lines
	}
	return lines
}

func (b *workbook) journalLines(lines []journal.EntryLine) error {
	p, err := b.page(linesSheet, column{"Line", 6}, column{"Account", 16}, column{"Account name", 32}, column{"Branch", 10}, column{"Category", 20}, column{"Clearing", 9},
		column{"Description", 44}, column{"Debit", 14}, column{"Credit", 14}, column{"Functional debit", 16}, column{"Functional credit", 16}, column{"Settlement lines", 15})
	if err != nil {
		return err
	}
	for _, l := range lines {
		clearing := ""
		if l.Clearing {
			clearing = "yes"
		}
		err := p.add(l.LineNo, b.str(l.Account), b.str(l.AccountName), b.str(l.Branch), b.str(l.Category), b.str(clearing), b.str(l.Description),
			b.amount(l.Debit), b.amount(l.Credit), b.amount(l.FunctionalDebit), b.amount(l.FunctionalCredit), l.SourceLines)
		if err != nil {
			return err
		}
	}
	return p.close()
}

func (b *workbook) kinds(parts []journal.Part) error {
	p, err := b.page(kindsSheet, column{"Journal line", 11}, column{"Category", 24}, column{"Transaction type", 22}, column{"Amount type", 26}, column{"Description", 36},
		column{"Marketplace", 18}, column{"Sign", 6}, column{"Lines", 10}, column{"Amount", 14}, column{"Rule", 10})
	if err != nil {
		return err
	}
	for _, x := range parts {
		err := p.add(x.Line, b.str(x.Category.Title()), b.str(x.Kind.TransactionType), b.str(x.Kind.AmountType), b.str(x.Kind.AmountDescription), b.str(x.Kind.Marketplace), x.Kind.Sign, x.Lines,
			b.amount(x.Amount), b.str(fmt.Sprint(x.RuleID)))
		if err != nil {
			return err
		}
	}
	return p.close()
}

// entryLines streams the settlement lines that the entry carries.
func (k *Book) entryLines(ctx context.Context, b *workbook, e journal.Entry, d settlement.Detail, parts []journal.Part) error {
	carried, err := k.entries.Carried(ctx, e.ID)
	if err != nil {
		return err
	}
	corrected := false
	for key := range carried {
		corrected = corrected || key.Correction
	}
	return k.lineSheets(ctx, b, d, corrected, func(l settlement.Line) bool {
		return carried[journal.CarriedKey{KindID: l.KindID, Day: period.DateOf(l.PostedOn)}]
	})
}

// lineSheets writes lines in the report's order, on as many sheets as they
// need, and after them the correction where it belongs there.
func (k *Book) lineSheets(ctx context.Context, b *workbook, d settlement.Detail, corrected bool, take func(settlement.Line) bool) error {
	lines := &linePages{book: b}
	if err := lines.next(); err != nil {
		return err
	}
	err := k.settlements.EachLine(ctx, d.ID, func(l settlement.Line) error {
		if take != nil && !take(l) {
			return nil
		}
		var quantity any
		if l.Quantity != nil {
			quantity = *l.Quantity
		}
		return lines.add(l.LineNo, b.str(l.PostedAt.UTC().Format("2006-01-02 15:04:05")), b.day(l.PostedOn), b.str(l.TransactionType), b.str(l.AmountType), b.str(l.AmountDescription),
			b.str(l.Marketplace), b.str(l.OrderID), b.str(l.MerchantOrderID), b.str(l.Sku), quantity, b.str(l.Fulfillment), b.str(l.AdjustmentID), b.amount(l.Amount), b.str(d.Currency))
	})
	if err != nil {
		return err
	}
	if corrected {
		if err := k.correctionRow(ctx, lines, d); err != nil {
			return err
		}
	}
	return lines.page.close()
}

// correctionRow writes the line that a person added, its reason where others
// have the order.
func (k *Book) correctionRow(ctx context.Context, lines *linePages, d settlement.Detail) error {
	c, found, err := k.settlements.CorrectionOf(ctx, d.ID)
	if err != nil || !found || c.ApprovedAt == nil {
		return err
	}
	b := lines.book
	return lines.add(b.str("correction"), b.str(c.WrittenAt.UTC().Format("2006-01-02 15:04:05")), b.day(c.PostedOn), b.str(c.TransactionType), b.str(c.AmountType), b.str(c.AmountDescription),
		b.str(c.Marketplace), b.str(c.Reason), nil, nil, nil, nil, nil, b.amount(c.Amount), b.str(d.Currency))
}

// linePages are sheets of settlement lines, one full one after another.
type linePages struct {
	book *workbook
	page *page
	n    int
}

func (l *linePages) next() error {
	l.n++
	var err error
	l.page, err = l.book.page(lineSheet(l.n), column{"Row", 9}, column{"Posted (UTC)", 19}, column{"Accounting date", 15}, column{"Transaction type", 20}, column{"Amount type", 22},
		column{"Description", 34}, column{"Marketplace", 16}, column{"Order id", 22}, column{"Merchant order id", 22}, column{"SKU", 18}, column{"Quantity", 9},
		column{"Fulfilment", 10}, column{"Adjustment id", 16}, column{"Amount", 14}, column{"Currency", 9})
	return err
}

func (l *linePages) add(cells ...any) error {
	if l.page.row == rowLimit {
		if err := l.page.close(); err != nil {
			return err
		}
		if err := l.next(); err != nil {
			return err
		}
	}
	return l.page.add(cells...)
}

func (k *Book) provenance(ctx context.Context, b *workbook, e journal.Entry, d settlement.Detail) error {
	p, err := b.page(sourceSheet, column{"What", 28}, column{"Value", 80})
	if err != nil {
		return err
	}
	doc, err := k.settlements.Document(ctx, d.DocumentID)
	if err != nil {
		return err
	}
	approvals, err := k.entries.Approvals(ctx, e.ID)
	if err != nil {
		return err
	}
	rows := [][2]string{
		{"Rule set", fmt.Sprint(e.RuleSetNumber)}, {"Report", doc.Meta.Name}, {"Report SHA-256", hex.EncodeToString(doc.SHA256[:])},
		{"Report source", doc.Meta.Source}, {"Report format", d.Format},
	}
	for _, row := range append(rows, lifeOf(e, approvals)...) {
		if err := p.add(b.str(row[0]), b.str(row[1])); err != nil {
			return err
		}
	}
	return p.close()
}

// lifeOf is who did what with an entry, and what it is known by.
func lifeOf(e journal.Entry, approvals []journal.Approval) [][2]string {
	rows := [][2]string{
		{"Reference", e.Reference}, {"P21 number", e.P21Number}, {"Company and journal", e.Company + " " + e.Journal},
		{"Content hash (SHA-256)", hex.EncodeToString(e.ContentHash)}, {"Drafted", e.DraftedAt.UTC().Format(time.RFC3339)},
	}
	if e.SubmittedAt != nil {
		rows = append(rows, [2]string{"Submitted", e.SubmittedName + ", " + e.SubmittedAt.UTC().Format(time.RFC3339)})
	}
	for _, a := range approvals {
		state := "Approved"
		if a.VoidedAt != nil {
			state = "Approval voided: " + a.VoidReason
		}
		rows = append(rows, [2]string{state, a.Name + ", " + a.At.UTC().Format(time.RFC3339)})
	}
	if e.PostedAt != nil {
		rows = append(rows, [2]string{"Posted", e.PostedAt.UTC().Format(time.RFC3339)})
	}
	return rows
}
