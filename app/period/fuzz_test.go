package period_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/period"
)

func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"", "2026-11-30", "2026-02-29", "0000-01-01", "9999-12-31", "2026-1-1", "-001-01-01", "2026-11-30T00:00:00Z", "２０２６-11-30"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		day, err := period.ParseDate(text)
		if err != nil {
			return
		}
		require.Equal(t, text, day.String())
		require.Equal(t, day, period.DateOf(day.Time()))
		require.Equal(t, day, day.AddDays(1).AddDays(-1))
		require.True(t, day.Before(day.AddDays(1)))
	})
}
