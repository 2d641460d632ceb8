package sheet

import (
	"fmt"
	"io"
	"iter"

	"github.com/xuri/excelize/v2"

	"tieout/app/cost"
)

// CostList writes filtered counts with their cost; state names how far each is.
func (k *Book) CostList(w io.Writer, about [][2]string, rows iter.Seq2[cost.Count, error], state func(cost.Count) string) error {
	units := []string{"Shipped", "Back in stock", "Not sellable", "Without a cost"}
	l, err := newList("Cost of goods", append(append([]string{}, units...), "Cost"), column{"Settlement", 20}, column{"Connection", 18}, column{"Period", 10}, column{"Shipped", 10}, column{"Back in stock", 14},
		column{"Not sellable", 13}, column{"Without a cost", 14}, column{"Cost", 16}, column{currencyKey, 9}, column{"State", 18}, column{"Entry", 40})
	if err != nil {
		return err
	}
	l.counts = units
	return writeList(w, l, about, rows, func(c cost.Count) ([]any, error) {
		b, currency := l.book, string(c.Amount.Currency)
		amount, err := l.amount(c.Amount.Value, currency)
		if err != nil {
			return nil, err
		}
		return []any{b.str(c.Of()), b.str(c.ConnectionName), b.str(c.Period), c.Shipped, c.Returned, c.Kept, c.Waiting, amount, b.str(currency), b.str(state(c)), b.str(c.Reference)}, nil
	})
}

// CostItems writes the SKUs of a count; the cost of each is a formula over its
// units and the cost of one.
func (k *Book) CostItems(w io.Writer, about [][2]string, rows iter.Seq2[cost.Item, error]) error {
	l, err := newList("By SKU", []string{"Units", "Not sellable", "Cost", "Booked"}, column{"SKU", 24}, column{"Marketplace", 18}, column{"Units", 10}, column{"Not sellable", 13}, column{"Cost of one", 16}, column{"Cost", 16},
		column{"Booked", 16}, column{currencyKey, 9}, column{"As Prophet 21 has it", 70}, column{"Taken", 20})
	if err != nil {
		return err
	}
	l.counts = []string{"Units", "Not sellable"}
	shown := "0.00######"
	style, err := l.book.file.NewStyle(&excelize.Style{CustomNumFmt: &shown})
	if err != nil {
		return fmt.Errorf("make style: %w", err)
	}
	return writeList(w, l, about, rows, func(i cost.Item) ([]any, error) {
		b, currency, row := l.book, string(i.Amount.Currency), l.next()
		cells := []any{b.str(i.SKU), b.str(i.Marketplace), i.Quantity, i.Kept, nil, nil, nil, b.str(currency), b.str(i.Each.Source), nil}
		booked, err := l.amount(i.Amount.Value, currency)
		if err != nil {
			return nil, err
		}
		if !i.Carried() {
			return cells, nil
		}
		cells[4] = rateCell(i.Each.Cost, style)
		cells[5] = b.formula(fmt.Sprintf("ROUND(C%d*E%d,%d)", row, row, i.Amount.Currency.MinorDigits()), booked.StyleID)
		cells[6], cells[9] = booked, l.at(&i.Each.TakenAt)
		return cells, nil
	})
}
