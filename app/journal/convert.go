package journal

import (
	"fmt"

	"github.com/shopspring/decimal"

	"tieout/app/period"
	"tieout/app/rates"
)

// byPostedDate begins the note of an entry whose days have rates of their own.
const byPostedDate = "each amount at the rate of its posted date"

// conversion returns how amounts become functional amounts: not at all within
// one currency, at one rate of the deposit's day, or at each day's own rate.
// used is told of every rate that was asked for.
func conversion(b Books, used func(rates.Quotation)) (func(decimal.Decimal, period.Date) (decimal.Decimal, *Problem), *Problem) {
	if b.Currency == b.FunctionalCurrency {
		return func(amount decimal.Decimal, _ period.Date) (decimal.Decimal, *Problem) { return amount, nil }, nil
	}
	if b.RateByPostedDate {
		return func(amount decimal.Decimal, on period.Date) (decimal.Decimal, *Problem) {
			q, ok := b.Rates(on)
			if !ok {
				return decimal.Zero, b.noRate(on)
			}
			used(q)
			return amount.Mul(q.Rate), nil
		}, nil
	}
	q, ok := b.Rates(b.DepositOn)
	if !ok {
		return nil, b.noRate(b.DepositOn)
	}
	used(q)
	return func(amount decimal.Decimal, _ period.Date) (decimal.Decimal, *Problem) {
		return amount.Mul(q.Rate), nil
	}, nil
}

func (b Books) noRate(on period.Date) *Problem {
	return &Problem{Class: MissingRate, Subject: fmt.Sprintf("%s/%s %s", b.Currency, b.FunctionalCurrency, on),
		Sentence: fmt.Sprintf("There is no exchange rate from %s to %s for %s. Enter it under Administration, Exchange rates.", b.Currency, b.FunctionalCurrency, on)}
}

// rateShown is the rate written on the entry, with where it comes from and, when
// it was derived, from what.
func (b Books) rateShown(entryOn period.Date) (decimal.Decimal, string) {
	if b.Currency == b.FunctionalCurrency {
		return decimal.New(1, 0), ""
	}
	on, note := b.DepositOn, "rate of the deposit date"
	if b.RateByPostedDate {
		on, note = entryOn, byPostedDate+"; shown is the last day's"
	}
	q, _ := b.Rates(on)
	note = fmt.Sprintf("%s, %s", note, q.On)
	if q.Note != "" {
		note += "; " + q.Note
	}
	return q.Rate, note
}
