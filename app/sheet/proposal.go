package sheet

import (
	"context"
	"fmt"
	"io"

	"tieout/app/journal"
)

const evidenceSheet = "Evidence"

// proposal writes the workbook of an entry that is not made of settlement
// lines: summary with live tie-outs, journal lines, their evidence, provenance.
func (k *Book) proposal(ctx context.Context, w io.Writer, e journal.Entry, lines []journal.EntryLine) error {
	b, err := newWorkbook()
	if err != nil {
		return err
	}
	steps := []func() error{
		func() error { return b.proposalSummary(e, len(lines)+1) },
		func() error { return b.journalLines(lines) },
		func() error { return k.evidence(ctx, b, e) },
		func() error { return k.proposalLife(ctx, b, e) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("workbook of %s: %w", e.Reference, err)
		}
	}
	return b.write(w)
}

// proposalSummary ties the lines, the last of which stands in row last, to the
// evidence.
func (b *workbook) proposalSummary(e journal.Entry, last int) error {
	p, err := b.page("Summary", column{"Journal entry " + e.Reference, 46}, column{"Value", 20}, column{"Other side", 20}, column{"Difference", 20})
	if err != nil {
		return err
	}
	of := func(column string) string { return fmt.Sprintf("'%s'!%s2:%s%d", linesSheet, column, column, last) }
	kept := fmt.Sprintf("%s,\"<>yes\",%s,\"<>rounding\"", of("F"), of("E"))
	rows := [][]any{
		{"Type", b.str(journal.EntryType(e.EntryType).Title())}, {"About", b.str(e.Subject)}, {"Status", b.str(e.Status)}, {"P21 number", b.str(e.P21Number)},
		{"Currency", b.str(e.Currency)}, {"Period", b.str(fmt.Sprintf("%04d-%02d", e.FiscalYear, e.Period))}, {"Date", b.day(e.EntryOn)}, {"Description", b.str(e.Description)},
	}
	if e.ReverseOn != nil {
		rows = append(rows, []any{"Reversed on", b.day(*e.ReverseOn)})
	}
	tie := func(name, one, other string) {
		row := len(rows) + 2
		rows = append(rows, []any{name, b.formula(one, b.money), b.formula(other, b.money), b.formula(fmt.Sprintf("ROUND(B%d-C%d,2)", row, row), b.total)})
	}
	tie("Debits = credits", "SUM("+of("H")+")", "SUM("+of("I")+")")
	tie("Debits = credits in "+e.FunctionalCurrency, "SUM("+of("J")+")", "SUM("+of("K")+")")
	if e.ReversesID == nil {
		tie("Lines = evidence", fmt.Sprintf("SUMIFS(%s,%s)-SUMIFS(%s,%s)", of("I"), kept, of("H"), kept), fmt.Sprintf("SUM('%s'!E:E)", evidenceSheet))
	}
	for _, row := range rows {
		if err := p.add(row...); err != nil {
			return err
		}
	}
	return p.close()
}

// evidence streams what the lines rest on.
func (k *Book) evidence(ctx context.Context, b *workbook, e journal.Entry) error {
	p, err := b.page(evidenceSheet, column{"Journal line", 11}, column{"What", 34}, column{"Detail", 60}, column{"Quantity", 10}, column{"Amount", 14})
	if err != nil {
		return err
	}
	id := e.ID
	if e.ReversesID != nil {
		id = *e.ReversesID
	}
	for after := (journal.Place{}); ; {
		list, err := k.entries.EvidenceOf(ctx, id, 0, after, exportStep)
		if err != nil {
			return err
		}
		for _, x := range list {
			var quantity any
			if x.Quantity.Valid {
				quantity = b.amount(x.Quantity.Decimal)
			}
			if err := p.add(x.Line, b.str(x.Subject), b.str(x.Detail), quantity, b.amount(x.Amount)); err != nil {
				return err
			}
			after = journal.Place{Line: x.Line, Position: x.Position}
		}
		if len(list) < exportStep {
			return p.close()
		}
	}
}

// exportStep is how many pieces of evidence are read at once.
const exportStep = 5000

func (k *Book) proposalLife(ctx context.Context, b *workbook, e journal.Entry) error {
	approvals, err := k.entries.Approvals(ctx, e.ID)
	if err != nil {
		return err
	}
	p, err := b.page(sourceSheet, column{"What", 28}, column{"Value", 80})
	if err != nil {
		return err
	}
	for _, row := range lifeOf(e, approvals) {
		if err := p.add(b.str(row[0]), b.str(row[1])); err != nil {
			return err
		}
	}
	return p.close()
}
