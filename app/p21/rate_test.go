package p21_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/period"
	sandbox "tieout/cmd/sandbox/p21"
)

func TestExchangeRatesAreTheSameThroughBothAdapters(t *testing.T) {
	t.Parallel()
	since := period.DateOf(open(t, p21.SeedV2).clock.Now()).AddDays(-10)
	var told [2][]p21.ExchangeRate
	for i, name := range []string{p21.SeedV2, p21.Native} {
		all, err := open(t, name).system.ExchangeRates(t.Context(), since)
		require.NoError(t, err)
		for _, r := range all {
			require.False(t, r.On.Before(since))
			if r.To == "USD" { // the company's own currency; the native surface tells those of all companies
				told[i] = append(told[i], r)
			}
		}
	}
	require.Equal(t, len(told[0]), len(told[1]))
	require.NotEmpty(t, told[0])
	for i, r := range told[0] {
		require.True(t, r.Rate.Equal(told[1][i].Rate))
		require.Equal(t, [3]any{r.From, r.To, r.On}, [3]any{told[1][i].From, told[1][i].To, told[1][i].On})
	}
	rate, ok := sandbox.EuroRate("USD", told[0][0].On)
	require.True(t, ok)
	for _, r := range told[0] {
		if r.From == money.Currency("EUR") && r.On == told[0][0].On {
			require.True(t, r.Rate.Equal(rate))
		}
	}
}

func TestAServerWithoutExchangeRatesSaysSo(t *testing.T) {
	t.Parallel()
	s := open(t, p21.SeedV2, func(there *sandbox.Config, _ *p21.Config) { there.Without = []string{"ExchangeRates"} })
	_, err := s.system.ExchangeRates(t.Context(), period.Date{Year: 2026, Month: 11, Day: 1})
	var failure *p21.Error
	require.ErrorAs(t, err, &failure)
	require.Equal(t, p21.Unsupported, failure.Type)
}
