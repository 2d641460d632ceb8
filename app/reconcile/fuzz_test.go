package reconcile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/period"
	"tieout/app/reconcile"
)

// FuzzReadFrozen: what is read adds up or not at once, whatever its numbers are.
func FuzzReadFrozen(f *testing.F) {
	f.Add(`{"reconciliation":"returns","connection":"a","compared_at":"2026-10-31T00:00:00Z","totals":[{"currency":"USD","compared":1,"left":"2","right":"1"}],"items":[{"item":"1","currency":"USD","left":"1","right":"0","cause":"x","since":"2026-10-03"}]}`)
	f.Add(`{"totals":[{"currency":"USD","left":"1e999999999","right":"1"}],"items":[]}`)
	f.Add(`{"totals":[],"items":[{"item":"1","currency":"USD","left":"1e-999999999","right":"1","units":"1e999999999","since":"2026-10-03"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		frozen, err := reconcile.ReadFrozen(text)
		if err != nil {
			return
		}
		_ = frozen.AddsUp()
		frozen.Unexplained(period.Date{Year: 2026, Month: 10, Day: 31})
		_, _, err = frozen.Write()
		require.NoError(t, err)
	})
}
