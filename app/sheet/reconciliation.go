package sheet

import (
	"fmt"
	"io"
	"iter"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/reconcile"
)

// itemsSheet holds the items of a reconciliation, open and explained.
const itemsSheet = "Items"

// Reconciliation writes the workbook of one reconciliation: its items, and a
// summary that proves by formulas that the sides differ by exactly what is open
// and what is explained; state names an item's.
func (k *Book) Reconciliation(w io.Writer, about [][2]string, name reconcile.Name, totals []reconcile.Total, rows iter.Seq2[reconcile.Item, error], state func(reconcile.Item) string) error {
	l, err := newList(itemsSheet, []string{name.Left(), name.Right(), "Difference"}, column{"Item", 34}, column{"Connection", 18}, column{"Cause", 24}, column{"Since", 12}, column{name.Left(), 18}, column{name.Right(), 18},
		column{"Difference", 16}, column{currencyKey, 9}, column{"Units", 10}, column{"Counts as", 12}, column{"State", 12}, column{"Reason", 50}, column{"Signed by", 20}, column{"Signed (UTC)", 19}, column{"Detail", 70})
	if err != nil {
		return err
	}
	defer func() { _ = l.book.file.Close() }() // its temporary files go either way
	l.book.rows.to(w)
	for i, err := range rows {
		if err != nil {
			return err
		}
		cells, err := l.openCells(i, state(i))
		if err != nil {
			return err
		}
		if err := l.add(cells...); err != nil {
			return err
		}
	}
	if err := l.page.close(); err != nil {
		return err
	}
	l.last = append(l.last, l.page.row)
	if err := l.summary(about); err != nil {
		return err
	}
	if err := l.proof(name, totals); err != nil {
		return err
	}
	return l.book.write(w)
}

// What an item counts as.
const (
	countsOpen      = "Open"
	countsExplained = "Explained"
)

func (l *list) openCells(i reconcile.Item, state string) ([]any, error) {
	b, currency := l.book, string(i.Currency)
	left, err := l.amount(i.Left, currency)
	if err != nil {
		return nil, err
	}
	right, err := l.amount(i.Right, currency)
	if err != nil {
		return nil, err
	}
	row := l.page.row + 1
	difference := b.formula(fmt.Sprintf("ROUND(E%d-F%d,4)", row, row), left.StyleID)
	var units, signed any
	if i.Units.Valid {
		units = b.amount(i.Units.Decimal).Value
	}
	counts, reason, by := countsOpen, "", ""
	if i.Explained() {
		counts, reason, by = countsExplained, i.Note.Reason, i.Note.By
		signed = l.at(&i.Note.At)
	}
	return []any{b.str(i.Key), b.str(i.ConnectionName), b.str(i.Cause), b.day(i.Since.Time()), left, right, difference, b.str(currency), units, b.str(counts), b.str(state), b.str(reason), b.str(by), signed, b.str(i.Detail)}, nil
}

// proof is the summary: both sides, their difference, and what it is made of.
func (l *list) proof(name reconcile.Name, totals []reconcile.Total) error {
	b := l.book
	p, err := b.page("Summary")
	if err != nil {
		return err
	}
	if err := p.stream.SetColWidth(1, 9, 20); err != nil {
		return fmt.Errorf("set width: %w", err)
	}
	heads := []any{}
	for _, head := range []string{currencyKey, "Compared", name.Left(), name.Right(), "Difference", "Explained", "Unexplained", "Open items", "Not accounted for"} {
		heads = append(heads, excelCell(b.head, head))
	}
	rows := [][]any{{excelCell(b.title, name.Title())}, nil, heads}
	for i, t := range totals {
		left, err := l.other(t.Left, string(t.Currency))
		if err != nil {
			return err
		}
		right, err := l.other(t.Right, string(t.Currency))
		if err != nil {
			return err
		}
		n, style := i+4, l.styles[string(t.Currency)].total
		rows = append(rows, []any{b.str(string(t.Currency)), t.Compared, left, right, b.formula(fmt.Sprintf("ROUND(C%d-D%d,4)", n, n), style),
			b.formula(l.countingAs(countsExplained, string(t.Currency)), style), b.formula(fmt.Sprintf("ROUND(E%d-F%d,4)", n, n), style),
			b.formula(l.countingAs(countsOpen, string(t.Currency)), style), b.formula(fmt.Sprintf("ROUND(G%d-H%d,4)", n, n), style)})
	}
	for _, row := range rows {
		if err := p.add(row...); err != nil {
			return err
		}
	}
	return p.close()
}

func (l *list) countingAs(what, currency string) string {
	return "ROUND(" + l.over(func(s string, last int) string {
		return fmt.Sprintf("SUMIFS(%s,%s,%q,%s,%q)", l.span(s, "Difference", last), l.span(s, currencyKey, last), currency, l.span(s, "Counts as", last), what)
	}) + ",4)"
}

// Reconciliations writes how all reconciliations stand, one row per currency;
// state names a standing.
func (k *Book) Reconciliations(w io.Writer, about [][2]string, list []reconcile.Standing, state func(reconcile.Standing) string) error {
	l, err := newList("Reconciliations", []string{"Unexplained", "Explained"}, column{"Reconciliation", 28}, column{"Connection", 18}, column{"What", 24}, column{"Against", 24}, column{"Unexplained", 18}, column{"Explained", 18},
		column{currencyKey, 9}, column{"State", 14}, column{"Open items", 11}, column{"Explained items", 14}, column{"Oldest open", 12}, column{"Compared (UTC)", 19}, column{"What is known to (UTC)", 21}, column{"Against is known to (UTC)", 23}, column{"Note", 60})
	if err != nil {
		return err
	}
	return writeList(w, l, about, standingLines(list), func(x standingLine) ([]any, error) {
		b, currency := l.book, string(x.unexplained.Currency)
		var unexplained, explained, oldest any
		if currency != "" {
			open, err := l.amount(x.unexplained.Value, currency)
			if err != nil {
				return nil, err
			}
			noted, err := l.amount(x.explained, currency)
			if err != nil {
				return nil, err
			}
			unexplained, explained = open, noted
		}
		if x.OpenCount > 0 {
			oldest = b.day(x.Oldest.Time())
		}
		return []any{b.str(x.Name.Title()), b.str(x.ConnectionName), b.str(x.Name.Left()), b.str(x.Name.Right()), unexplained, explained, b.str(currency), b.str(state(x.Standing)), x.OpenCount, x.ExplainedCount,
			oldest, l.at(&x.Checked), l.at(&x.LeftAt), l.at(&x.RightAt), b.str(x.Problem)}, nil
	})
}

// standingLine is a standing in one currency; in none when it is not compared.
type standingLine struct {
	reconcile.Standing
	unexplained money.Amount
	explained   decimal.Decimal
}

func standingLines(list []reconcile.Standing) iter.Seq2[standingLine, error] {
	return func(yield func(standingLine, error) bool) {
		for _, st := range list {
			amounts := st.Unexplained
			if len(amounts) == 0 {
				amounts = []money.Amount{{}}
			}
			for _, open := range amounts {
				line := standingLine{Standing: st, unexplained: open}
				for _, noted := range st.Explained {
					if noted.Currency == open.Currency {
						line.explained = noted.Value
					}
				}
				if !yield(line, nil) {
					return
				}
			}
		}
	}
}
