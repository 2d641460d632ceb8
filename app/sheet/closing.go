package sheet

import (
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"tieout/app/closing"
)

// Checklist writes the checklist of a period: the frozen one where the period
// was asked for or is closed, with who did it.
func (k *Book) Checklist(w io.Writer, whole closing.Whole) error {
	b, err := newWorkbook()
	if err != nil {
		return err
	}
	if err := b.checklist(whole.Shown()); err != nil {
		return fmt.Errorf("workbook of period %s: %w", whole.Key, err)
	}
	if err := b.closeHistory(whole); err != nil {
		return fmt.Errorf("workbook of period %s: %w", whole.Key, err)
	}
	return b.write(w)
}

func (b *workbook) checklist(c closing.Checklist) error {
	p, err := b.page("Checklist", column{"Item", 44}, column{"State", 10}, column{"Why", 80}, column{"Waived because", 60}, column{"Count", 9}, column{"Amount", 16}, column{currencyKey, 9}, column{"Page", 50})
	if err != nil {
		return err
	}
	for _, i := range c.Items {
		cells := []any{b.str(i.Title), b.str(string(i.State)), b.str(i.Why), b.str(i.Waiver), i.Count, nil, nil, b.str(i.Fix)}
		if len(i.Money) == 0 {
			if err := p.add(cells...); err != nil {
				return err
			}
		}
		for n, m := range i.Money {
			if n > 0 {
				cells[4] = nil
			}
			cells[5], cells[6] = b.amount(m.Value), b.str(string(m.Currency))
			if err := p.add(cells...); err != nil {
				return err
			}
		}
	}
	return p.close()
}

func (b *workbook) closeHistory(whole closing.Whole) error {
	p, err := b.page("Close", column{"What", 28}, column{"Value", 80})
	if err != nil {
		return err
	}
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	rows := [][2]string{{"Connection", whole.Connection}, {"Period", whole.Key.String()}, {"From", whole.Period.Starts.String()}, {"To", whole.Period.Ends.String()}, {"State", string(whole.State)}}
	for _, a := range whole.Attempts {
		rows = append(rows, [2]string{"Asked for by", a.Preparer + ", " + at(a.RequestedAt)}, [2]string{"Checklist SHA-256", hex.EncodeToString(a.Hash)})
		if a.Note != "" {
			rows = append(rows, [2]string{"Note", a.Note})
		}
		if !a.DecidedAt.IsZero() {
			what := a.State
			if what == closing.Reopened {
				what = closing.Closed
			}
			rows = append(rows, [2]string{strings.ToUpper(string(what[:1])) + string(what[1:]) + " by", strings.TrimSpace(a.DecidedBy + ", " + at(a.DecidedAt) + " " + a.Reason)})
		}
		if !a.ReopenedAt.IsZero() {
			rows = append(rows, [2]string{"Reopened by", a.ReopenedBy + ", " + at(a.ReopenedAt) + " " + a.ReopenReason})
		}
	}
	for _, row := range rows {
		if err := p.add(b.str(row[0]), b.str(row[1])); err != nil {
			return err
		}
	}
	return p.close()
}

// CloseList writes filtered periods; title names a state.
func (k *Book) CloseList(w io.Writer, about [][2]string, rows iter.Seq2[closing.Listed, error], title func(closing.State) string) error {
	l, err := newList("Periods", nil, column{"Period", 10}, column{"Connection", 18}, column{"From", 12}, column{"To", 12}, column{"Open entries", 12}, column{"Posted entries", 14}, column{"Closed in Prophet 21", 20},
		column{"State", 18}, column{"Asked for by", 20}, column{"At (UTC)", 19}, column{"Closed by", 20}, column{"At (UTC)", 19}, column{"Reopened by", 20}, column{"At (UTC)", 19})
	if err != nil {
		return err
	}
	return writeList(w, l, about, rows, func(x closing.Listed) ([]any, error) {
		b, inP21 := l.book, "no"
		if x.ClosedInP21 {
			inP21 = "yes"
		}
		return []any{b.str(x.Key.String()), b.str(x.Connection), b.day(x.Period.Starts.Time()), b.day(x.Period.Ends.Time()), x.OpenEntries, x.PostedEntries, b.str(inP21), b.str(title(x.State)),
			b.str(x.RequestedBy), l.at(&x.RequestedAt), b.str(x.DecidedBy), l.at(&x.DecidedAt), b.str(x.ReopenedBy), l.at(&x.ReopenedAt)}, nil
	})
}
