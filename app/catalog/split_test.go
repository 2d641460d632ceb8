package catalog_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/catalog"
	"tieout/app/money"
)

func amount(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func priced(code string, quantity int, price string, currency money.Currency) catalog.Part {
	return catalog.Part{Code: code, Quantity: quantity, ListPrice: catalog.ShareOf(amount(price)), Currency: currency}
}

func TestALineIsSplitBySharesListPricesOrQuantities(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		parts    catalog.Parts
		quantity int64
		price    string
		currency money.Currency
		prices   []string
		units    []int64
	}{
		{"a multipack keeps the price", catalog.Parts{part("A", 6)}, 2, "35.98", "USD", []string{"35.98"}, []int64{12}},
		{"shares", catalog.Parts{shared("A", 1, "0.75"), shared("B", 2, "0.25")}, 3, "100", "USD", []string{"75", "25"}, []int64{3, 6}},
		{"list price times quantity", catalog.Parts{priced("A", 1, "30", "USD"), priced("B", 2, "5", "USD")}, 1, "20", "USD", []string{"15", "5"}, []int64{1, 2}},
		{"rounding cents go to the largest", catalog.Parts{shared("A", 1, "0.3"), shared("B", 1, "0.4"), shared("C", 1, "0.3")}, 1, "0.05", "USD", []string{"0.01", "0.03", "0.01"}, []int64{1, 1, 1}},
		{"a refund", catalog.Parts{shared("A", 1, "0.5"), shared("B", 1, "0.5")}, 1, "-0.01", "USD", []string{"-0.01", "0"}, []int64{1, 1}},
		{"yen have no minor unit", catalog.Parts{shared("A", 1, "0.5"), shared("B", 1, "0.5")}, 1, "101", "JPY", []string{"51", "50"}, []int64{1, 1}},
		{"a list price is missing", catalog.Parts{priced("A", 1, "30", "USD"), part("B", 3)}, 1, "8", "USD", []string{"2", "6"}, []int64{1, 3}},
		{"list prices of two currencies", catalog.Parts{priced("A", 1, "30", "USD"), priced("B", 1, "1", "EUR")}, 1, "8", "USD", []string{"4", "4"}, []int64{1, 1}},
		{"no price", catalog.Parts{shared("A", 1, "1"), shared("B", 1, "0")}, 1, "0", "USD", []string{"0", "0"}, []int64{1, 1}},
	} {
		lines, err := c.parts.Split(c.quantity, amount(c.price), c.currency)
		require.NoError(t, err, c.name)
		for i, line := range lines {
			require.Equal(t, c.units[i], line.Quantity, c.name)
			require.True(t, amount(c.prices[i]).Equal(line.Price), "%s: part %d gets %s", c.name, i, line.Price)
		}
	}
}

func TestWhatCannotBeSplitIsRefused(t *testing.T) {
	t.Parallel()
	_, err := catalog.Parts{}.Split(1, amount("1"), "USD")
	require.ErrorContains(t, err, "no item")
	_, err = catalog.Parts{part("A", 2)}.Split(math.MaxInt64, amount("1"), "USD")
	require.ErrorContains(t, err, "no quantity")
	_, err = catalog.Parts{part("A", 2)}.Split(-1, amount("1"), "USD")
	require.ErrorContains(t, err, "no quantity")
}

// splitHolds checks what every split keeps: the exact sum, no part of the other
// sign, whole minor units but on the largest part.
func splitHolds(t *testing.T, parts catalog.Parts, quantity int64, price decimal.Decimal, currency money.Currency) {
	t.Helper()
	lines, err := parts.Split(quantity, price, currency)
	require.NoError(t, err)
	require.Len(t, lines, len(parts))
	sum, uneven := decimal.Zero, 0
	for i, line := range lines {
		sum = sum.Add(line.Price)
		require.Equal(t, quantity*int64(parts[i].Quantity), line.Quantity)
		require.GreaterOrEqual(t, line.Price.Sign()*price.Sign(), 0, "%s of %s", line.Price, price)
		if !line.Price.Equal(line.Price.Truncate(currency.MinorDigits())) {
			uneven++
		}
	}
	require.True(t, sum.Equal(price), "%s instead of %s", sum, price)
	if price.Equal(price.Truncate(currency.MinorDigits())) {
		require.Zero(t, uneven)
	}
	require.LessOrEqual(t, uneven, 1)
}

// anyParts makes parts from a seed: with shares, list prices or neither.
func anyParts(r *rand.Rand) catalog.Parts {
	parts := make(catalog.Parts, 1+r.IntN(8))
	rest := int64(100_000_000)
	sort := r.IntN(3)
	for i := range parts {
		parts[i] = catalog.Part{Code: string(rune('A' + i)), Quantity: 1 + r.IntN(20)}
		switch sort {
		case 0:
			share := rest
			if i < len(parts)-1 {
				share = r.Int64N(rest + 1)
			}
			rest -= share
			parts[i].Share = catalog.ShareOf(decimal.New(share, -8))
		case 1:
			parts[i].ListPrice, parts[i].Currency = catalog.ShareOf(decimal.New(r.Int64N(100_000), -2)), "USD"
		}
	}
	return parts
}

func TestEverySplitSumsToThePriceExactly(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(21, 4))
	for range 5000 {
		price := decimal.New(r.Int64N(2_000_000)-1_000_000, -int32(r.IntN(5)))
		splitHolds(t, anyParts(r), r.Int64N(1000), price, []money.Currency{"USD", "JPY", "KWD"}[r.IntN(3)])
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(uint64(1), int64(5), int64(1), int32(2))
	f.Add(uint64(9), int64(-99999), int64(40), int32(4))
	f.Fuzz(func(t *testing.T, seed uint64, value, quantity int64, digits int32) {
		if quantity < 0 || quantity > 1_000_000 || digits < 0 || digits > 12 {
			t.Skip("no order line")
		}
		splitHolds(t, anyParts(rand.New(rand.NewPCG(seed, 1))), quantity, decimal.New(value, -digits), "USD")
	})
}
