package sheet

import (
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"tieout/app/revaluation"
)

// Revaluation writes what is open in other currencies, account by account.
func (k *Book) Revaluation(w io.Writer, about [][2]string, list []revaluation.Computation) error {
	l, err := newList("Revaluation", []string{"Carried", "Revalued", "Difference"}, column{"Connection", 18}, column{"Period", 10}, column{"Of", 8}, column{"Account", 14}, column{"Open", 18}, column{"Closing rate", 16},
		column{"Carried", 18}, column{"Revalued", 18}, column{"Difference", 16}, column{currencyKey, 9}, column{"Entry", 32})
	if err != nil {
		return err
	}
	shown := "0.0000######"
	style, err := l.book.file.NewStyle(&excelize.Style{CustomNumFmt: &shown})
	if err != nil {
		return fmt.Errorf("make style: %w", err)
	}
	type row struct {
		c revaluation.Computation
		b revaluation.Balance
	}
	rows := func(yield func(row, error) bool) {
		for _, c := range list {
			for _, b := range c.Balances {
				if !yield(row{c, b}, nil) {
					return
				}
			}
		}
	}
	return writeList(w, l, about, rows, func(x row) ([]any, error) {
		b, own := l.book, string(x.c.Functional)
		foreign, err := l.other(x.b.Foreign, string(x.c.Currency))
		if err != nil {
			return nil, err
		}
		carried, err := l.amount(x.b.Carried, own)
		if err != nil {
			return nil, err
		}
		cells := []any{b.str(x.c.ConnectionName), b.str(x.c.Period.Key()), b.str(string(x.c.Currency)), b.str(x.b.Account), foreign, nil, carried, nil, nil, b.str(own), b.str(x.c.Entry.Reference)}
		if !x.c.Rated {
			return cells, nil
		}
		cells[5] = rateCell(x.c.Closing.Rate, style)
		if cells[7], err = l.amount(x.b.Revalued, own); err != nil {
			return nil, err
		}
		cells[8], err = l.amount(x.b.Difference(), own)
		return cells, err
	})
}
