package money_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/money"
)

func FuzzParsePlain(f *testing.F) {
	for _, seed := range []string{"", "-", "-0", "1.", ".5", "1,234.50", "-922337203685477.5808", "922337203685477.5808", "0.00001", " 12 ", "1e5", "１２"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := money.ParsePlain(text)
		if err != nil {
			return
		}
		again, err := money.ParsePlain(money.Plain(value, "USD"))
		require.NoError(t, err)
		require.True(t, again.Equal(value))
		require.NotEmpty(t, money.Format(value, "JPY"))
		units, err := money.UnitsFromDecimal(value)
		if err != nil {
			return
		}
		require.True(t, units.Decimal().Equal(value))
	})
}

// FuzzParseNumber: what is taken can be compared and written at once.
func FuzzParseNumber(f *testing.F) {
	for _, seed := range []string{"1", "-1.5", "2.5E-2", "1e999999999", "1e-999999999", "1e40", "0.1e41", "NaN", "Inf", "0x10", "1_000", "e5", "1e", "-.5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := money.ParseNumber(text)
		if err != nil {
			return
		}
		require.Less(t, len(value.String()), 1000)
		require.True(t, value.Add(decimal.NewFromInt(1)).GreaterThan(value))
		again, err := decimal.NewFromString(value.String())
		require.NoError(t, err)
		require.True(t, again.Equal(value))
	})
}
