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
	MissingLine   Damage = "missing-line" // the last line is left out, the reserve where there is one: out of balance
	UnreadableRow Damage = "bad-row"      // an amount that is no number
	BadRows       Damage = "bad-rows"     // and a date that does not exist, and a row cut off after its type
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
		return w.row(l, damage, row, s.Lines)
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
	buf   []string // of one row
}

// row writes a line, number row of so many, with what the damage does to it.
func (w *writer) row(l Line, damage Damage, row, of int) error {
	fields := w.fields(l)
	switch {
	case damage == MissingLine && row == of:
		return nil
	case (damage == UnreadableRow || damage == BadRows) && row == of/2:
		fields[amountField] = "n/a"
	case damage == BadRows && row == of/2+1:
		fields[instantField] = "2026-02-31 00:00:00 UTC"
	case damage == BadRows && row == of/2+2:
		fields = fields[:typeField+1]
	}
	return w.write(fields)
}

// Positions in a row.
const (
	typeField    = 6
	amountField  = 14
	instantField = 17
)

func (w *writer) fields(l Line) []string {
	quantity := ""
	if l.Quantity > 0 {
		quantity = strconv.Itoa(l.Quantity)
	}
	posted := w.instant(l.Posted)
	w.buf = append(w.buf[:0], w.id, "", "", "", "", "", l.Type, l.OrderID, l.MerchantOrderID, l.AdjustmentID, l.ShipmentID, l.Market, l.AmountType, l.Description,
		w.amount(l.Cents), l.Fulfillment, posted[:len("2006-01-02")], posted, l.ItemCode, l.MerchantItemID, l.AdjustmentItemID, l.SKU, quantity)
	if !l.Short {
		w.buf = append(w.buf, l.Promotion)
	}
	return w.buf
}

func (w *writer) write(fields []string) error {
	for i, field := range fields {
		if i > 0 {
			_ = w.WriteByte('\t') // a failure stays until the end of the row
		}
		_, _ = w.WriteString(field)
	}
	if err := w.WriteByte('\n'); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (w *writer) instant(t time.Time) string {
	if w.style.Dotted {
		return t.UTC().Format("02.01.2006 15:04:05 UTC")
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func (w *writer) amount(cents int64) string {
	sign, mark := "", "."
	if cents < 0 {
		sign, cents = "-", -cents
	}
	if w.style.Comma {
		mark = ","
	}
	return sign + strconv.FormatInt(cents/100, 10) + mark + strconv.FormatInt(100+cents%100, 10)[1:]
}
