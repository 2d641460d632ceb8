package native

import (
	"cmp"
	"context"
	"slices"

	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
	"tieout/app/period"
)

// exchangeRate is a record of /api/accounting/exchangerates/. The route is known
// to answer; the names of its fields are taken from the style of its neighbours
// and are to be confirmed at a site. Rates are not a company's own.
type exchangeRate struct {
	FromCurrencyId *rest.Number
	ToCurrencyId   *rest.Number
	ExchangeRate   *rest.Number
	EffectiveDate  string
}

// ExchangeRates implements p21.Rates. The bare collection is the whole table,
// so the days are chosen here.
func (s *System) ExchangeRates(ctx context.Context, since period.Date) ([]p21.ExchangeRate, error) {
	const operation = "read exchange rates"
	var rows []exchangeRate
	if err := s.rest.Get(ctx, operation, "/api/accounting/exchangerates/", &rows); err != nil {
		return nil, read(err, operation, "exchange rates")
	}
	known, err := s.readCurrencies(ctx)
	if err != nil {
		return nil, err
	}
	iso := map[string]money.Currency{}
	for _, c := range known {
		iso[id(c.CurrencyID)] = c.iso()
	}
	var rates []p21.ExchangeRate
	for _, r := range rows {
		if r.FromCurrencyId == nil || r.ToCurrencyId == nil || r.ExchangeRate == nil {
			return nil, rest.Broken(operation, "a record lacks FromCurrencyId, ToCurrencyId or ExchangeRate")
		}
		on, err := day(r.EffectiveDate)
		if err != nil {
			return nil, rest.Broken(operation, "%v", err)
		}
		from, to := iso[id(*r.FromCurrencyId)], iso[id(*r.ToCurrencyId)]
		if from == "" || to == "" || on.Before(since) {
			continue // of a currency without an ISO code nothing can be said
		}
		rates = append(rates, p21.ExchangeRate{From: from, To: to, On: on, Rate: r.ExchangeRate.Decimal})
	}
	slices.SortStableFunc(rates, func(a, b p21.ExchangeRate) int {
		return cmp.Or(a.On.Time().Compare(b.On.Time()), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return rates, nil
}
