package seller

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Damage makes a report wrong in one way, for tests.
type Damage string

const (
	Whole         Damage = ""
	MissingLine   Damage = "missing-line" // the line before the last is left out: out of balance
	UnreadableRow Damage = "bad-row"      // an amount that is no number
)

const header = "settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount\tcurrency\ttransaction-type\torder-id\t" +
	"merchant-order-id\tadjustment-id\tshipment-id\tmarketplace-name\tamount-type\tamount-description\tamount\tfulfillment-id\tposted-date\t" +
	"posted-date-time\torder-item-code\tmerchant-order-item-id\tmerchant-adjustment-item-id\tsku\tquantity-purchased\tpromotion-id\n"

// WriteReport writes the V2 flat file of cycle n in the marketplace's own style.
func (b *Books) WriteReport(out io.Writer, n int, damage Damage) error {
	s := b.Settlement(n)
	w := &writer{Writer: bufio.NewWriterSize(out, 256<<10), style: b.account.Style, id: s.ID}
	if _, err := w.WriteString(header); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	deposited := s.End.Add(48 * time.Hour)
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s%s\n", s.ID, w.instant(s.Start), w.instant(s.End), w.instant(deposited), w.amount(s.Deposit), b.account.Currency, strings.Repeat("\t", 18))
	row := 0
	err := b.Lines(n, func(l Line) error {
		row++
		if damage == MissingLine && row == s.Lines-1 {
			return nil
		}
		return w.line(l, damage == UnreadableRow && row == s.Lines/2)
	})
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

type writer struct {
	*bufio.Writer
	style Style
	id    string
	buf   []byte
}

func (w *writer) line(l Line, bad bool) error {
	amount := w.amount(l.Cents)
	if bad {
		amount = "n/a"
	}
	b := w.buf[:0]
	b = append(b, w.id...)
	b = append(b, "\t\t\t\t\t"...)
	for _, field := range [...]string{l.Type, l.OrderID, l.MerchantOrderID, l.AdjustmentID, l.ShipmentID, l.Market, l.AmountType, l.Description, amount,
		l.Fulfillment, w.date(l.Posted), w.instant(l.Posted), l.ItemCode, "", l.AdjustmentItemID, l.SKU} {
		b = append(b, '\t')
		b = append(b, field...)
	}
	b = append(b, '\t')
	if l.Quantity > 0 {
		b = strconv.AppendInt(b, int64(l.Quantity), 10)
	}
	if !l.Short {
		b = append(b, '\t')
		b = append(b, l.Promotion...)
	}
	b = append(b, '\n')
	w.buf = b
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (w *writer) date(t time.Time) string {
	if w.style.Dotted {
		return t.UTC().Format("02.01.2006")
	}
	return t.UTC().Format("2006-01-02")
}

func (w *writer) instant(t time.Time) string { return w.date(t) + t.UTC().Format(" 15:04:05") + " UTC" }

func (w *writer) amount(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	mark := "."
	if w.style.Comma {
		mark = ","
	}
	return fmt.Sprintf("%s%d%s%02d", sign, cents/100, mark, cents%100)
}
