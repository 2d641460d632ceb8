package sheet

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/app/settlement"
)

func excelCell(style int, value any) excelize.Cell {
	return excelize.Cell{StyleID: style, Value: value}
}

// Settlement writes the workbook of one settlement: summary with live
// tie-outs, kinds with their accounts, all lines, provenance.
func (k *Book) Settlement(ctx context.Context, w io.Writer, id int64) error {
	d, err := k.settlements.Get(ctx, id)
	if err != nil {
		return err
	}
	rollups, err := k.settlements.Rollups(ctx, id)
	if err != nil {
		return err
	}
	set, err := k.rules.Published(ctx, d.ConnectionID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	kinds := sumKinds(rollups, set)
	b, err := newWorkbook()
	if err != nil {
		return err
	}
	steps := []func() error{
		func() error { return b.settlementSummary(d, kinds) },
		func() error { return b.settlementKinds(kinds) },
		func() error { return k.lineSheets(ctx, b, d, true, nil) },
		func() error { return k.settlementSource(ctx, b, d) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("workbook of settlement %s: %w", d.AmazonID, err)
		}
	}
	return b.write(w)
}

// kindSum is one kind of a settlement with where the rules send it.
type kindSum struct {
	kind              mapping.Kind
	category, account string
	lines             int64
	amount            decimal.Decimal
}

func sumKinds(rollups []settlement.Rollup, set *mapping.RuleSet) []kindSum {
	var matcher *mapping.Matcher
	if set != nil {
		matcher = mapping.Compile(*set)
	}
	index := map[int32]int{}
	var kinds []kindSum
	for _, x := range rollups {
		i, known := index[x.KindID]
		if !known {
			i = len(kinds)
			index[x.KindID] = i
			k := kindSum{kind: mapping.Kind{Marketplace: x.Marketplace, TransactionType: x.TransactionType, AmountType: x.AmountType,
				AmountDescription: x.AmountDescription, Sign: int(x.Sign)}, category: notMapped}
			if matcher != nil {
				if rule, ok := matcher.Match(mapping.Subject{Kind: k.kind, ProductGroup: x.ProductGroup, Fulfillment: x.Fulfillment}); ok {
					k.category = rule.Category.Title()
					k.account, _ = set.Account(rule)
				}
			}
			kinds = append(kinds, k)
		}
		kinds[i].lines += int64(x.Lines)
		kinds[i].amount = kinds[i].amount.Add(x.Amount)
	}
	return kinds
}

func (b *workbook) settlementSummary(d settlement.Detail, kinds []kindSum) error {
	p, err := b.page("Summary")
	if err != nil {
		return err
	}
	if err := p.stream.SetColWidth(1, 4, 26); err != nil {
		return fmt.Errorf("set width: %w", err)
	}
	last, present, lines := len(kinds)+1, map[string]bool{}, int64(0)
	for _, x := range kinds {
		present[x.category] = true
		lines += x.lines
	}
	rows := [][]any{
		{excelCell(b.title, "Settlement "+d.AmazonID)}, {"Connection", b.str(d.ConnectionName)}, {"Currency", b.str(d.Currency)},
		{"Cycle starts", b.day(d.StartAt)}, {"Cycle ends", b.day(d.EndAt)}, {"Deposit", b.amount(d.Deposit)}, {"Correction", b.amount(d.Correction)}, {},
		{excelCell(b.head, "Tie-out"), excelCell(b.head, "One side"), excelCell(b.head, "Other side"), excelCell(b.head, "Difference")},
		{"Deposit = sum of the kinds", b.formula("B6", b.money), b.formula(kindsTotal(last), b.money), b.formula("ROUND(B10-C10,2)", b.total)},
		{"Sum of the kinds = sum of the lines", b.formula(kindsTotal(last), b.money), b.formula(linesTotal(lines), b.money), b.formula("ROUND(B11-C11,2)", b.total)},
	}
	rows = append(rows, b.waterfall(present, "A", last)...)
	for _, row := range rows {
		if err := p.add(row...); err != nil {
			return err
		}
	}
	return p.close()
}

func (b *workbook) settlementKinds(kinds []kindSum) error {
	p, err := b.page(kindsSheet, column{"Category", 24}, column{"Account", 14}, column{"Transaction type", 22}, column{"Amount type", 26}, column{"Description", 36},
		column{"Marketplace", 18}, column{"Sign", 6}, column{"Lines", 10}, column{"Amount", 14})
	if err != nil {
		return err
	}
	for _, x := range kinds {
		err := p.add(b.str(x.category), b.str(x.account), b.str(x.kind.TransactionType), b.str(x.kind.AmountType), b.str(x.kind.AmountDescription), b.str(x.kind.Marketplace),
			x.kind.Sign, x.lines, b.amount(x.amount))
		if err != nil {
			return err
		}
	}
	return p.close()
}

func (k *Book) settlementSource(ctx context.Context, b *workbook, d settlement.Detail) error {
	doc, err := k.settlements.Document(ctx, d.DocumentID)
	if err != nil {
		return err
	}
	p, err := b.page(sourceSheet, column{"What", 28}, column{"Value", 80})
	if err != nil {
		return err
	}
	for _, row := range [][2]string{{"Settlement", d.AmazonID}, {"Report", doc.Meta.Name}, {"SHA-256", hex.EncodeToString(doc.SHA256[:])}, {"Source", doc.Meta.Source},
		{"Format", d.Format}, {"Bytes", fmt.Sprint(doc.Size)}, {"Stored", doc.CreatedAt.UTC().Format("2006-01-02 15:04:05 UTC")}} {
		if err := p.add(b.str(row[0]), b.str(row[1])); err != nil {
			return err
		}
	}
	return p.close()
}
