package sheet

import (
	"io"
	"iter"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/receivable"
)

// ItemList writes filtered open items; title names a cause.
func (k *Book) ItemList(w io.Writer, about [][2]string, rows iter.Seq2[receivable.Item, error], title func(receivable.Cause) string) error {
	l, err := newList("Receivable", []string{"Due", "Settled", "Difference"}, column{"Order", 22}, column{"Connection", 18}, column{"Invoices", 24}, column{"Invoiced on", 12}, column{"State", 12},
		column{"Cause", 22}, column{"Reason", 60}, column{"Due", 16}, column{"Settled", 16}, column{"Difference", 16}, column{currencyKey, 9})
	if err != nil {
		return err
	}
	return writeList(w, l, about, rows, func(i receivable.Item) ([]any, error) {
		b, currency := l.book, string(i.Currency)
		due, err := l.amount(i.Due(), currency)
		if err != nil {
			return nil, err
		}
		settled, err := l.amount(i.Paid.Total(), currency)
		if err != nil {
			return nil, err
		}
		difference, err := l.amount(i.Difference(), currency)
		if err != nil {
			return nil, err
		}
		var day any
		if len(i.Invoices) > 0 {
			day = b.day(i.Date.Time())
		}
		cause, why := "", ""
		if reason, ok := receivable.Explain(i); ok {
			cause, why = title(reason.Cause), reason.Text
		}
		return []any{b.str(i.Order), b.str(i.ConnectionName), b.str(strings.Join(i.Invoices, ", ")), day, b.str(string(i.State())), b.str(cause), b.str(why), due, settled, difference, b.str(currency)}, nil
	})
}

// Cash writes the cash application sheet of a settlement: what it pays of each
// order, and everything else, so that the amounts add up to the deposit.
func (k *Book) Cash(w io.Writer, about [][2]string, currency string, rows iter.Seq2[receivable.Applied, error], title func(receivable.Cause) string) error {
	l, err := newList("Cash application", []string{"Amount", "Entered"}, column{"Order", 22}, column{"Customer", 14}, column{"Invoices", 24}, column{"What", 34}, column{"Due", 16}, column{"Amount", 16},
		column{"Left on the receivable", 20}, column{"Cause", 22},
		column{"Entered", 16}, column{"Reference in P21", 22}, column{currencyKey, 9})
	if err != nil {
		return err
	}
	return writeList(w, l, about, rows, func(x receivable.Applied) ([]any, error) {
		b := l.book
		amount, err := l.amount(x.Amount, currency)
		if err != nil {
			return nil, err
		}
		if x.Order == "" {
			return []any{nil, nil, nil, b.str(x.Title), nil, amount, nil, nil, nil, nil, b.str(currency)}, nil
		}
		due, err := l.amount(x.Due, currency)
		if err != nil {
			return nil, err
		}
		left, err := l.amount(x.Difference, currency)
		if err != nil {
			return nil, err
		}
		entered, err := l.amount(x.Entered, currency)
		if err != nil {
			return nil, err
		}
		return []any{b.str(x.Order), b.str(x.Customer), b.str(strings.Join(x.Invoices, ", ")), b.str("Order"), due, amount, left, b.str(title(x.Cause)), entered, b.str(x.Reference), b.str(currency)}, nil
	})
}

// DepositList writes filtered deposits with what is left of them to enter in P21.
func (k *Book) DepositList(w io.Writer, about [][2]string, rows iter.Seq2[receivable.Deposit, error]) error {
	l, err := newList("Deposits", []string{"Deposit", "Applied", "Entered", "To enter"}, column{"Settlement", 18}, column{"Connection", 18}, column{"Ends", 12}, column{"Orders", 10}, column{"Deposit", 16},
		column{"Applied", 16}, column{"Entered", 16}, column{"To enter", 16}, column{"Orders to enter", 16}, column{currencyKey, 9})
	if err != nil {
		return err
	}
	return writeList(w, l, about, rows, func(d receivable.Deposit) ([]any, error) {
		b, currency := l.book, string(d.Currency)
		row := []any{b.str(d.AmazonID), b.str(d.ConnectionName), b.day(d.End), d.Orders}
		for _, x := range []decimal.Decimal{d.Amount, d.Total.Amount, d.Entered, d.Left()} {
			amount, err := l.amount(x, currency)
			if err != nil {
				return nil, err
			}
			row = append(row, amount)
		}
		return append(row, d.ToEnter, b.str(currency)), nil
	})
}
