package seller_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/cmd/sandbox/seller"
)

// Every transaction is settled later, and every settled line was a transaction.
func TestTransactionsAreWhatSettlementsWillSay(t *testing.T) {
	t.Parallel()
	for _, hold := range []time.Duration{0, 7 * 24 * time.Hour} {
		for _, a := range seller.Accounts(7, now, 4) {
			a.Hold = hold
			books, settled := seller.NewBooks(a), map[int][]seller.Line{}
			ids, held := map[string]bool{}, 0
			for _, x := range books.Transactions(a.First, now.Add(10*time.Minute)) {
				require.False(t, ids[x.ID], "%s is there once", x.ID)
				ids[x.ID] = true
				require.Equal(t, x.Released, x.Lines[0].Posted, "settlements post what is released")
				if x.Held() {
					held++
				}
				settled[x.Cycle] = append(settled[x.Cycle], x.Lines...)
			}
			require.Equal(t, hold > 0, held > 0)
			// The oldest orders are refunded before the first settlement that knows them.
			for n := 5; n < a.Finished(now); n++ {
				require.ElementsMatch(t, linesOf(t, books, n), settled[n], "%s cycle %d", a.Key, n)
			}
		}
	}
}

func TestTheSameTransactionHasTheSameIDWheneverItIsAskedFor(t *testing.T) {
	t.Parallel()
	a := seller.Accounts(7, now, 12)[0]
	books := seller.NewBooks(a)
	all := books.Transactions(now.AddDate(0, 0, -20), now)
	require.NotEmpty(t, all)
	var parts []seller.Transaction
	for at := now.AddDate(0, 0, -20); at.Before(now); at = at.AddDate(0, 0, 1) {
		parts = append(parts, books.Transactions(at, at.AddDate(0, 0, 1))...)
	}
	require.Equal(t, all, parts)
}
