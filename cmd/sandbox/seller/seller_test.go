package seller_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/settlement/report"
	"tieout/cmd/sandbox/seller"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func TestEverySettlementTiesOutToTheCent(t *testing.T) {
	t.Parallel()
	negative := 0
	for _, a := range seller.Accounts(7, now, 12) {
		books := seller.NewBooks(a)
		for n := range a.Finished(now) {
			var text bytes.Buffer
			require.NoError(t, books.WriteReport(&text, n, seller.Whole))
			d, err := report.Describe(t.Context(), &text, report.Options{})
			require.NoError(t, err)
			require.Empty(t, d.Problems)
			require.Len(t, d.Settlements, 1)
			require.Equal(t, "0.00", d.Settlements[0].Difference, "%s cycle %d", a.Key, n)
			require.Equal(t, books.Settlement(n).Lines, d.Settlements[0].Lines)
			if books.Settlement(n).Deposit < 0 {
				negative++
			}
		}
	}
	require.Positive(t, negative, "some cycles end below zero")
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	write := func(seed uint64) []byte {
		var text bytes.Buffer
		require.NoError(t, seller.NewBooks(seller.Accounts(seed, now, 12)[0]).WriteReport(&text, 3, seller.Whole))
		return text.Bytes()
	}
	require.Equal(t, write(1), write(1))
	require.NotEqual(t, write(1), write(2))
}

func TestReservesAreReleasedInTheNextCycle(t *testing.T) {
	t.Parallel()
	for _, a := range seller.Accounts(7, now, 12) {
		books := seller.NewBooks(a)
		held := int64(0)
		for n := range a.Finished(now) {
			released, next := int64(0), int64(0)
			require.NoError(t, books.Lines(n, func(l seller.Line) error {
				switch l.Description {
				case "Previous Reserve Amount Balance":
					released += l.Cents
				case "Current Reserve Amount":
					next -= l.Cents
				}
				return nil
			}))
			require.Equal(t, held, released, "%s cycle %d", a.Key, n)
			held = next
		}
	}
}

func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	books := seller.NewBooks(seller.Accounts(7, now, 12)[0])
	var missing, bad bytes.Buffer
	require.NoError(t, books.WriteReport(&missing, 2, seller.MissingLine))
	require.NoError(t, books.WriteReport(&bad, 2, seller.UnreadableRow))
	d, err := report.Describe(t.Context(), &missing, report.Options{})
	require.NoError(t, err)
	require.NotEqual(t, "0.00", d.Settlements[0].Difference)
	d, err = report.Describe(t.Context(), &bad, report.Options{})
	require.NoError(t, err)
	require.Len(t, d.Problems, 1)
}
