package sheet

import (
	"io"
	"iter"

	"github.com/shopspring/decimal"

	"tieout/app/fee"
)

// FeeList writes a summary of fees.
func (k *Book) FeeList(w io.Writer, about [][2]string, rows iter.Seq2[fee.Row, error]) error {
	totals := []string{"Units", "Sales", "Sales before"}
	columns := []column{{"SKU", 22}, {"Marketplace", 18}, {"From month", 12}, {"Connection", 18}, {"Units", 10}, {"Sales", 16}, {"Sales before", 16}}
	for _, part := range fee.Fees() {
		totals, columns = append(totals, part.Title()), append(columns, column{part.Title(), 16})
	}
	totals = append(totals, "Fees", "Fees before")
	columns = append(columns, column{"Fees", 16}, column{"Fees before", 16}, column{"Per unit", 12}, column{"% of sales", 12}, column{"Points more", 12}, column{currencyKey, 9})
	l, err := newList("Fees", totals, columns...)
	if err != nil {
		return err
	}
	l.counts = []string{"Units"}
	return writeList(w, l, about, rows, func(r fee.Row) ([]any, error) {
		b, currency := l.book, string(r.Currency)
		cells := []any{b.str(r.SKU), b.str(r.Marketplace), b.day(r.Month.Time()), b.str(r.ConnectionName), r.Units}
		amounts := []decimal.Decimal{r.Sales, r.PriorSales}
		for _, part := range fee.Fees() {
			amounts = append(amounts, r.Charged[part])
		}
		for _, value := range append(amounts, r.Fees, r.PriorFees) {
			cell, err := l.amount(value, currency)
			if err != nil {
				return nil, err
			}
			cells = append(cells, cell)
		}
		var each any
		if unit, ok := r.PerUnit(); ok {
			if each, err = l.amount(unit.Round(2), currency); err != nil {
				return nil, err
			}
		}
		return append(cells, each, figure(r.Share()), figure(r.ShareChange()), b.str(currency)), nil
	})
}

// figure is a plain number, or an empty cell where there is none.
func figure(value decimal.Decimal, known bool) any {
	if !known {
		return nil
	}
	return value.InexactFloat64()
}
