package p21

import (
	"net/http"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/period"
)

// rateDays is how far back rates are known.
const rateDays = 420

// euros are units of each currency for one euro, in ten-thousandths, around
// which the demo's rates move.
func euros() map[string]int64 {
	return map[string]int64{"USD": 10_800, "GBP": 8_450, "CAD": 14_900, "MXN": 200_000, "BRL": 58_000, "JPY": 1_620_000, "AUD": 16_400, "SEK": 113_000,
		"PLN": 43_000, "TRY": 370_000, "AED": 39_700, "SAR": 40_500, "INR": 905_000, "SGD": 14_500, "EGP": 520_000, "ZAR": 198_000}
}

// EuroRate is what one euro is worth on a day, as the demo has it: about what it
// was in life, moving by less than two percent from day to day.
func EuroRate(currency string, on period.Date) (decimal.Decimal, bool) {
	if currency == "EUR" {
		return decimal.New(1, 0), true
	}
	base, known := euros()[currency]
	if !known {
		return decimal.Decimal{}, false
	}
	days := on.Time().Unix() / 86_400
	wave := (days*17 + base) % 400 // 0 to 399
	if wave > 200 {
		wave = 400 - wave
	}
	return decimal.New(base, -4).Mul(decimal.New(9_900+wave, -4)).Round(4), true
}

// Rated reports whether rates are published on a day: on working days.
func Rated(on period.Date) bool {
	day := on.Time().Weekday()
	return day != time.Saturday && day != time.Sunday
}

// ratedDays are the days that have rates, the oldest first.
func (s *Server) ratedDays() []period.Date {
	today := period.DateOf(s.config.Clock.Now())
	var days []period.Date
	for back := rateDays; back >= 0; back-- {
		if day := today.AddDays(-back); Rated(day) {
			days = append(days, day)
		}
	}
	return days
}

// rateOf is units of to for one of from.
func rateOf(from, to string, on period.Date) (decimal.Decimal, bool) {
	through, known := EuroRate(from, on)
	by, also := EuroRate(to, on)
	if !known || !also || from == to {
		return decimal.Decimal{}, false
	}
	return by.DivRound(through, 6), true
}

// traded are the currencies that P21 of the demo keeps rates for.
func traded() []string { return []string{"CAD", "EUR", "GBP", "MXN", "USD"} }

func (s *Server) listRates(w http.ResponseWriter, r *http.Request) {
	t := table{columns: []string{"CompanyId", "FromCurrency", "ToCurrency", "RateDate", "Rate"}}
	for _, c := range s.books.companies {
		for _, day := range s.ratedDays() {
			for _, from := range traded() {
				if rate, ok := rateOf(from, c.Currency, day); ok {
					t.rows = append(t.rows, row{"CompanyId": c.ID, "FromCurrency": from, "ToCurrency": c.Currency, "RateDate": day.String(), "Rate": number{rate}})
				}
			}
		}
	}
	list(w, r, t, plain)
}

// nativeRate is a record of /api/accounting/exchangerates/.
type nativeRate struct {
	FromCurrencyId, ToCurrencyId int64
	ExchangeRate                 number
	EffectiveDate                string
}

// serveRates answers with the whole table, whatever $top says.
func (s *Server) serveRates(w http.ResponseWriter, _ *http.Request) {
	rates := []nativeRate{}
	for _, day := range s.ratedDays() {
		for _, from := range traded() {
			for _, to := range traded() {
				if rate, ok := rateOf(from, to, day); ok && slices.ContainsFunc(s.books.companies, func(c Company) bool { return c.Currency == to }) {
					rates = append(rates, nativeRate{currencyID(from), currencyID(to), number{rate}, day.String() + "T00:00:00"})
				}
			}
		}
	}
	writeJSON(w, http.StatusOK, rates)
}
