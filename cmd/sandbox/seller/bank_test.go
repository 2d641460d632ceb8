package seller

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A statement has most deposits as the settlements say, one with a fee kept, one
// without its name, and one not at all; nothing that was refused.
func TestTheBankHasMostDeposits(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for _, a := range Accounts(7, now, 6) {
		b := NewBooks(a)
		var out bytes.Buffer
		require.NoError(t, b.WriteBank(&out, a.First, now, now))
		newest := a.Finished(now) - 1
		for n := range newest + 1 {
			s := b.Settlement(n)
			named := strings.Contains(out.String(), s.ID)
			whole := strings.Contains(out.String(), s.ID+","+cents(s.Deposit)+",")
			arrived := !s.End.Add(time.Duration(2+n%3) * day).After(now)
			refused := a.Key == "eu" && n == bouncedCycle
			switch {
			case s.Deposit <= 0 || refused || !arrived || n == newest-missingDeposit || n == newest-unnamedDeposit:
				require.False(t, named, "%s %d", a.Key, n)
			case n == newest-chargedDeposit:
				require.True(t, named && !whole, "%s %d", a.Key, n)
			default:
				require.True(t, whole, "%s %d", a.Key, n)
			}
		}
	}
}
