package seedv2

import (
	"context"
	"fmt"

	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
	"tieout/app/period"
)

// exchangeRate is this project's extension of the facade:
//
//	GET /api/v2/ExchangeRates?$filter=CompanyId eq 'ACME' and RateDate ge '2026-11-01'&$orderby=RateDate,FromCurrency,ToCurrency&...
//	    {"CompanyId","FromCurrency","ToCurrency","RateDate","Rate"}
type exchangeRate struct {
	CompanyId    string
	FromCurrency string
	ToCurrency   string
	RateDate     string
	Rate         rest.Number
}

// ExchangeRates implements p21.Rates.
func (s *System) ExchangeRates(ctx context.Context, since period.Date) ([]p21.ExchangeRate, error) {
	const operation = "read exchange rates"
	rows, err := list(ctx, s.rest, query[exchangeRate]{
		operation: operation, path: "/api/v2/ExchangeRates", order: "RateDate,FromCurrency,ToCurrency",
		filter:  fmt.Sprintf("CompanyId eq %s and RateDate ge %s", rest.Literal(s.company), rest.Literal(since.String())),
		matches: func(r exchangeRate) bool { return r.CompanyId == s.company && r.RateDate >= since.String() },
	})
	if err != nil {
		return nil, read(err, operation, "exchange rates")
	}
	rates := make([]p21.ExchangeRate, len(rows))
	for i, r := range rows {
		on, err := period.ParseDate(r.RateDate)
		if err != nil {
			return nil, rest.Broken(operation, "%v", err)
		}
		rates[i] = p21.ExchangeRate{From: money.Currency(r.FromCurrency), To: money.Currency(r.ToCurrency), On: on, Rate: r.Rate.Decimal}
	}
	return rates, nil
}
