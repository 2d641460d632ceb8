package sheet

import (
	"io"
	"iter"

	"tieout/app/money"
	"tieout/app/reimbursement"
)

// LossList writes what Amazon lost or damaged; the titles name causes and states.
func (k *Book) LossList(w io.Writer, about [][2]string, rows iter.Seq2[reimbursement.Case, error], cause func(reimbursement.Cause) string, state func(reimbursement.State) string) error {
	l, err := newList("Reimbursements", []string{"Units", "Found", "Paid", "Missing", "At cost"}, column{"SKU", 22}, column{"Connection", 18}, column{"Country", 9}, column{"Cause", 10}, column{"On", 12}, column{"Claim until", 12},
		column{"Units", 9}, column{"Found", 9}, column{"Paid", 9}, column{"Missing", 9}, column{"At cost", 14}, column{currencyKey, 9}, column{"At sale price", 14}, column{"Sale currency", 13},
		column{"State", 12}, column{"Case at Amazon", 20}, column{"Settled by", 20}, column{"Note", 60})
	if err != nil {
		return err
	}
	l.counts = []string{"Units", "Found", "Paid", "Missing"}
	worth := func(a money.Amount) (any, error) {
		if a.Currency == "" {
			return nil, nil
		}
		return l.amount(a.Value, string(a.Currency))
	}
	return writeList(w, l, about, rows, func(c reimbursement.Case) ([]any, error) {
		b := l.book
		cost, err := worth(c.Worth(c.Cost))
		if err != nil {
			return nil, err
		}
		price, err := worth(c.Worth(c.Price))
		if err != nil {
			return nil, err
		}
		return []any{b.str(c.SKU), b.str(c.ConnectionName), b.str(c.Country), b.str(cause(c.Cause)), b.day(c.Day.Time()), b.day(c.Due.Time()), c.Units, c.Found, c.Paid, c.Missing(), cost,
			b.str(string(c.Cost.Currency)), price, b.str(string(c.Price.Currency)), b.str(state(c.State())), b.str(c.Claim), b.str(c.DoneBy), b.str(c.Note)}, nil
	})
}
