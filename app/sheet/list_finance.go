package sheet

import (
	"io"
	"iter"

	"github.com/shopspring/decimal"

	"tieout/app/finances"
	"tieout/app/period"
)

// UnsettledList writes filtered transactions.
func (k *Book) UnsettledList(w io.Writer, about [][2]string, rows iter.Seq2[finances.Transaction, error]) error {
	l, err := newList("Transactions", []string{"Amount"}, column{"Transaction", 46}, column{"Order", 22}, column{"Connection", 18}, column{"Type", 22}, column{"Words", 28}, column{"Posted", 12},
		column{"State", 12}, column{"Release", 12}, column{"Held because", 14}, column{"Settlement", 18}, column{"Amount", 16}, column{currencyKey, 9})
	if err != nil {
		return err
	}
	return writeList(w, l, about, rows, func(t finances.Transaction) ([]any, error) {
		b, currency := l.book, string(t.Total.Currency)
		amount, err := l.amount(t.Total.Value, currency)
		if err != nil {
			return nil, err
		}
		var due any
		if t.Due != (period.Date{}) {
			due = b.day(t.Due.Time())
		}
		return []any{b.str(t.AmazonID), b.str(t.Order), b.str(t.ConnectionName), b.str(t.Type), b.str(t.Description), b.day(t.Posted.Time()), b.str(string(t.State)), due, b.str(t.Deferral),
			b.str(t.Settlement), amount, b.str(currency)}, nil
	})
}

// Accrual writes an accrual beside what was settled: by account, and by order
// where they differ. Part tells the two apart; the totals are of both.
func (k *Book) Accrual(w io.Writer, c finances.Compared, orders iter.Seq2[finances.Difference, error]) error {
	l, err := newList("Accrued and settled", nil, column{"Part", 12}, column{"Account", 18}, column{"Order", 24}, column{"Accrued", 16}, column{"Not settled yet", 16}, column{"Settled", 16},
		column{"Difference", 16}, column{currencyKey, 9})
	if err != nil {
		return err
	}
	currency := string(c.Net.Currency)
	about := [][2]string{{"Accrual", c.Reference}, {"Connection", c.ConnectionName}, {"Period", c.Period}, {"Earned by", c.On.String()}}
	rows := func(yield func(finances.Difference, error) bool) {
		for _, d := range c.Accounts {
			if !yield(d, nil) {
				return
			}
		}
		orders(yield)
	}
	n := 0
	return writeList(w, l, about, rows, func(d finances.Difference) ([]any, error) {
		b, part, order := l.book, "Account", ""
		if n++; n > len(c.Accounts) {
			part, order = "Differs", d.Order
			if order == "" {
				order = "of no order"
			}
		}
		cells := []any{b.str(part), b.str(d.Account), b.str(order)}
		for _, value := range []decimal.Decimal{d.Accrued, d.Open, d.Actual, d.Value()} {
			cell, err := l.amount(value, currency)
			if err != nil {
				return nil, err
			}
			cells = append(cells, cell)
		}
		return append(cells, b.str(currency)), nil
	})
}
