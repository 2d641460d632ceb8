package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/mapping"
)

func FuzzParseSamples(f *testing.F) {
	for _, seed := range []string{"Order / ItemPrice / Principal", "Order|ItemPrice|Principal|-5", "a\tb\tc\td\te\tf\tOrder\t\t\t\t\tAmazon.com\tItemPrice\tPrincipal\t(1.00)\t", "\t\t\t\t\t\t\t\t\t\t\t\t\t\t",
		"settlement-id\tx\n\r\n", "a / b / c / +", "a / b / c / \u00a0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		samples, err := mapping.ParseSamples(text)
		if err != nil {
			require.True(t, fault.Is(err, fault.Invalid), err)
			return
		}
		require.NotEmpty(t, samples)
		for _, s := range samples {
			require.Contains(t, []int{-1, 0, 1}, s.Sign)
		}
	})
}
