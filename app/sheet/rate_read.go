package sheet

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/rates"
)

// rateRowLimit is decades of days of one pair.
const rateRowLimit = 20_000

// ReadRates reads a file of exchange rates, Excel or CSV. The error says why it is
// no such file; what is wrong in its cells stands in Problems, all of it.
func (*Book) ReadRates(content []byte) (rates.Written, error) {
	book, err := openTable(content, rateSheet, rateRowLimit, "Its headings are Day, From, To, Rate and Reason.")
	if err != nil {
		return rates.Written{}, err
	}
	x := rateReader{rowReader: rowReader{book: book, limit: rateRowLimit}, seen: map[string]int{}}
	x.report = func(cell, message string) {
		x.file.Problems = append(x.file.Problems, rates.CellProblem{Sheet: x.sheet, Cell: cell, Message: message})
	}
	sheet := rateSheet
	if !book.has(rateSheet) {
		sheet = book.names[0] // somebody's own file
	}
	rows, err := x.open(sheet, colRateDay, colRateFrom, colRateTo, colRate)
	if err != nil {
		return rates.Written{}, err
	}
	x.optional(rows, colReason)
	for i, cells := range rows {
		if i > 0 && x.enter(i, cells) {
			x.take()
		}
	}
	if len(x.file.Entries) == 0 && len(x.file.Problems) == 0 {
		return rates.Written{}, fault.New(fault.Invalid, "The sheet %q holds no rates.", sheet)
	}
	return x.file, nil
}

// rateReader collects the rates of a sheet.
type rateReader struct {
	rowReader
	file rates.Written
	seen map[string]int
}

// take reads the row.
func (x *rateReader) take() {
	before := x.wrongs
	e := rates.Entry{Pair: rates.Pair{Base: x.currency(colRateFrom), Quote: x.currency(colRateTo)}, On: x.day(colRateDay), Value: x.rate(), Reason: x.text(colReason)}
	if x.text(colRateDay) == "" {
		x.wrong(colRateDay, "Write the day as 2026-11-30.")
	}
	if x.wrongs > before {
		return
	}
	if field, words := e.Problem(); words != "" {
		x.wrong(map[string]string{"base": colRateFrom, "quote": colRateTo, "on": colRateDay, "rate": colRate, "reason": colReason}[field], "%s", words)
		return
	}
	key := fmt.Sprint(e.Pair, e.On)
	if row, twice := x.seen[key]; twice {
		x.wrong(colRateDay, "Row %d is of the same day and currencies.", row)
		return
	}
	x.seen[key] = x.row
	x.file.Entries, x.file.Cells = append(x.file.Entries, e), append(x.file.Cells, x.cell(colRate))
}

func (x *rateReader) currency(column string) money.Currency {
	return money.Currency(strings.ToUpper(x.text(column)))
}

// rate reads a number as Excel stores it, "1.5E-2" too.
func (x *rateReader) rate() decimal.Decimal {
	text := x.text(colRate)
	value, err := money.ParseNumber(text)
	if err != nil || len(text) > 40 || value.Exponent() > 12 {
		x.wrong(colRate, "%q is no rate. Write a number such as 1.2715.", text)
		return decimal.Decimal{}
	}
	return value.Round(rates.Scale)
}
