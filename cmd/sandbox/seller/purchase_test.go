package seller_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/cmd/sandbox/seller"
)

func TestPurchasesAreTheSameWheneverTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	for _, a := range seller.Accounts(7, now, 12) {
		again := seller.NewOrderBook(a)
		for n := 300; n < 320; n++ {
			one := a.Purchases(n)
			require.Equal(t, one, again.Day(n))
			for i := range one {
				require.Equal(t, one[i].Buyer(), again.Day(n)[i].Buyer())
			}
		}
	}
}

func TestSomePurchasesAreCancelledAndSomeReduced(t *testing.T) {
	t.Parallel()
	all, cancelled, reduced, unpaid := 0, 0, 0, 0
	ids := map[string]bool{}
	a := seller.Accounts(7, now, 200)[0]
	for n := range 60 {
		for _, p := range a.Purchases(n) {
			require.False(t, ids[p.ID], "%s twice", p.ID)
			ids[p.ID] = true
			all++
			if p.Cancelled {
				cancelled++
				if p.Ended.Before(p.Paid) {
					unpaid++
				}
			}
			if !p.Reduced.IsZero() {
				reduced++
			}
		}
	}
	require.InDelta(t, 0.02, float64(cancelled)/float64(all), 0.005)
	require.InDelta(t, 0.01, float64(reduced)/float64(all), 0.005)
	require.Positive(t, unpaid)
}

func TestEveryPurchaseIsFoundByItsID(t *testing.T) {
	t.Parallel()
	for _, a := range seller.Accounts(7, now, 300) {
		book := seller.NewOrderBook(a)
		for _, n := range []int{0, 1, 123, 250, 361} {
			for _, p := range a.Purchases(n) {
				found, ok := book.Find(p.ID, now)
				require.True(t, ok, "%s of day %d", p.ID, n)
				require.Equal(t, p, *found)
				_, ok = book.Find(p.ID, p.Placed.Add(-time.Second))
				require.False(t, ok, "nobody has ordered it yet")
			}
		}
		for _, id := range []string{"", "1", "abc-1234567-abcdefg", "111-0000000-0999999"} {
			_, ok := book.Find(id, now)
			require.False(t, ok, id)
		}
	}
}

func TestABookForgetsDaysAndWorksThemOutAgain(t *testing.T) {
	t.Parallel()
	a := seller.Accounts(7, now, 6_000)[0]
	book := seller.NewOrderBook(a)
	first := book.Day(0)[0]
	for n := range 14 { // more than it keeps
		require.NotEmpty(t, book.Day(n))
	}
	require.Equal(t, first, book.Day(0)[0])
	_, last := book.Days(a.First.AddDate(-1, 0, 0), a.First.AddDate(0, 0, -30))
	require.Negative(t, last, "before the history there is nothing")
}

func TestBuyersLiveWhereTheyBuy(t *testing.T) {
	t.Parallel()
	countries, companies := map[string]int{}, 0
	for _, a := range seller.Accounts(7, now, 100) {
		for _, p := range a.Purchases(200) {
			b := p.Buyer()
			countries[b.Country]++
			for _, field := range []string{b.Name, b.Email, b.Phone, b.Line1, b.City, b.Region, b.PostalCode} {
				require.NotEmpty(t, field)
			}
			if b.Company != "" {
				require.NotEmpty(t, b.PurchaseOrder)
				companies++
			}
			switch b.Country {
			case "GB":
				require.Regexp(t, `^[A-Z]{1,2}\d{1,2} \d[A-Z]{2}$`, b.PostalCode)
				require.Regexp(t, `^\d+ `, b.Line1)
			case "DE", "IT":
				require.Regexp(t, `^\d{5}$`, b.PostalCode)
				require.Regexp(t, ` \d+$`, b.Line1)
			default:
				require.Regexp(t, `^\d{5}$`, b.PostalCode)
				require.Regexp(t, `^\d+ `, b.Line1)
			}
		}
	}
	require.Len(t, countries, 5)
	require.Positive(t, companies)
}

// BenchmarkBook works out the days that a search over the last hour looks at,
// of a seller with 10,000 orders a day.
func BenchmarkBook(b *testing.B) {
	a := seller.Accounts(7, now, 10_000)[0]
	for b.Loop() {
		book := seller.NewOrderBook(a)
		first, last := book.Days(now.Add(-time.Hour), now)
		for n := first; n <= last; n++ {
			require.NotEmpty(b, book.Day(n))
		}
	}
}
