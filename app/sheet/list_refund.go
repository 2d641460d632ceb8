package sheet

import (
	"io"
	"iter"

	"tieout/app/refund"
)

// RefundList writes filtered refunds and returns without the other; title names
// a finding.
func (k *Book) RefundList(w io.Writer, about [][2]string, rows iter.Seq2[refund.Case, error], title func(refund.Finding) string) error {
	l, err := newList("Refunds and returns", []string{"Refunded"}, column{"Order", 22}, column{"SKU", 22}, column{"Connection", 18}, column{"Finding", 24}, column{"Since", 12}, column{"Units back", 11},
		column{"Refunded", 16}, column{currencyKey, 9}, column{"Settled by", 20}, column{"Note", 60})
	if err != nil {
		return err
	}
	return writeList(w, l, about, rows, func(c refund.Case) ([]any, error) {
		b, currency := l.book, string(c.Refunded.Currency)
		var amount any
		if currency != "" {
			var err error
			if amount, err = l.amount(c.Refunded.Value, currency); err != nil {
				return nil, err
			}
		}
		return []any{b.str(c.Order), b.str(c.SKU), b.str(c.ConnectionName), b.str(title(c.Finding)), b.day(c.Since.Time()), c.Units, amount, b.str(currency), b.str(c.DoneBy), b.str(c.Note)}, nil
	})
}
