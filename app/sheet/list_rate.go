package sheet

import (
	"fmt"
	"io"
	"iter"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"tieout/app/rates"
)

// Headings of a file of rates; the first four are needed in an upload.
const (
	rateSheet   = "Exchange rates"
	colRateDay  = "Day"
	colRateFrom = "From"
	colRateTo   = "To"
	colRate     = "Rate"
	colReason   = "Reason"
)

// RateList writes filtered exchange rates; the file can be edited and uploaded.
func (k *Book) RateList(w io.Writer, about [][2]string, rows iter.Seq2[rates.Rate, error]) error {
	l, err := newList(rateSheet, nil, column{colRateDay, 12}, column{colRateFrom, 8}, column{colRateTo, 8}, column{colRate, 18}, column{colReason, 40},
		column{"Move %", 10}, column{"Holds for", 18}, column{"Source", 24}, column{"By", 20}, column{"Version", 9}, column{"Entries", 9}, column{"Entered", 20})
	if err != nil {
		return err
	}
	shown := "0.0000######"
	style, err := l.book.file.NewStyle(&excelize.Style{CustomNumFmt: &shown})
	if err != nil {
		return fmt.Errorf("make style: %w", err)
	}
	return writeList(w, l, about, rows, func(r rates.Rate) ([]any, error) {
		b := l.book
		scope := r.ConnectionName
		if r.ConnectionID == 0 {
			scope = "all"
		}
		var move any
		if !r.Before.IsZero() {
			move = b.amount(rates.Move(r.Before, r.Value))
		}
		return []any{b.day(r.On.Time()), b.str(string(r.Base)), b.str(string(r.Quote)), rateCell(r.Value, style), b.str(r.Reason), move, b.str(scope), b.str(r.Source), b.str(r.By), r.Version, r.Entries, l.at(&r.At)}, nil
	})
}

// rateCell is a rate as Excel holds numbers; fifteen digits are more than it has.
func rateCell(value decimal.Decimal, style int) excelize.Cell {
	number, _ := value.Float64()
	return excelize.Cell{StyleID: style, Value: number}
}
