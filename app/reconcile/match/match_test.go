package match

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/money"
	"tieout/app/period"
)

var days = Window{Before: 1, After: 7}

// item writes an item down: "12.50 USD 5" of 5 November.
func item(id int64, amount string, day int, more ...string) Item {
	i := Item{ID: id, Amount: money.New(decimal.RequireFromString(amount), "USD"), On: period.Date{Year: 2026, Month: 11, Day: day}, Likely: true}
	i.Names, i.Texts = more, more
	return i
}

func told(r Result) (lines []string) {
	for _, m := range r.Sure {
		lines = append(lines, fmt.Sprintf("sure %s %d%d", m.Rule, m.Left, m.Right))
	}
	for _, m := range r.Possible {
		lines = append(lines, fmt.Sprintf("possible %s %d%d %s", m.Rule, m.Left, m.Right, m.Difference))
	}
	return append(lines, fmt.Sprintf("open %d%d", r.Left, r.Right))
}

func TestFindSaysWhatBelongsTogetherAndNeverGuesses(t *testing.T) {
	t.Parallel()
	quiet := func(i Item) Item { i.Likely = false; return i }
	scoped := func(i Item, scope int64) Item { i.Scopes = []int64{scope}; return i }
	euro := func(i Item) Item { i.Amount.Currency = "EUR"; return i }
	for _, c := range []struct {
		name        string
		left, right []Item
		want        []string
	}{
		{"by name, whatever else has the amount", []Item{item(1, "10", 1, "17400000001"), item(2, "10", 1, "17400000002")}, []Item{item(1, "10", 3, "ID:17400000002 AMAZON"), item(2, "10", 3)},
			[]string{"sure amount [1][2]", "sure named [2][1]", "open [][]"}},
		{"a name inside a longer number says nothing", []Item{item(1, "10", 1, "17400000001")}, []Item{item(1, "11", 3, "917400000001")}, []string{"open [1][1]"}},
		{"by name with another amount", []Item{item(1, "10", 1, "17400000001")}, []Item{item(1, "9", 3, "x 17400000001")}, []string{"possible named [1][1] -1", "open [1][1]"}},
		{"one transfer names two", []Item{item(1, "10", 1, "17400000001"), item(2, "5", 1, "17400000002")}, []Item{item(1, "15", 3, "17400000001/17400000002")}, []string{"sure named [1 2][1]", "open [][]"}},
		{"the only one of its amount", []Item{item(1, "10", 1)}, []Item{item(1, "10", 3), item(2, "10", 20)}, []string{"sure amount [1][1]", "open [][2]"}},
		{"a text that says nothing", []Item{item(1, "10", 1)}, []Item{quiet(item(1, "10", 3))}, []string{"possible amount [1][1] 0", "open [1][1]"}},
		{"equals", []Item{item(1, "10", 1), item(2, "10", 2)}, []Item{item(7, "10", 3)}, []string{"possible amount [1][7] 0", "possible amount [2][7] 0", "open [1 2][7]"}},
		{"too early, too late", []Item{item(1, "10", 5)}, []Item{item(1, "10", 3), item(2, "10", 13)}, []string{"open [1][1 2]"}},
		{"another currency", []Item{euro(item(1, "10", 5))}, []Item{item(1, "10", 5)}, []string{"open [1][1]"}},
		{"another account", []Item{scoped(item(1, "10", 5), 1)}, []Item{scoped(item(1, "10", 5), 2)}, []string{"open [1][1]"}},
		{"the only sum", []Item{item(1, "10", 1), item(2, "5", 1), item(3, "3", 1)}, []Item{item(1, "15", 3)}, []string{"sure sum [1 2][1]", "open [3][]"}},
		{"one deposit in two lines", []Item{item(1, "15", 1)}, []Item{item(1, "10", 3), item(2, "5", 4)}, []string{"sure sum [1][1 2]", "open [][]"}},
		{"two sums", []Item{item(1, "10", 1), item(2, "5", 1), item(3, "12", 1), item(4, "3", 1)}, []Item{item(1, "15", 3)}, []string{"open [1 2 3 4][1]"}},
		{"two sums that want the same", []Item{item(1, "10", 1), item(2, "5", 1), item(3, "6", 1)}, []Item{item(1, "15", 3), item(2, "16", 3)},
			[]string{"possible sum [1 2][1] 0", "possible sum [1 3][2] 0", "open [1 2 3][1 2]"}},
		{"a charge", []Item{item(1, "-10", 1)}, []Item{item(1, "-10", 3)}, []string{"sure amount [1][1]", "open [][]"}},
		{"nothing", nil, nil, []string{"open [][]"}},
	} {
		require.Equal(t, c.want, told(Find(c.left, c.right, days)), c.name)
	}
}

// random makes two lists in which equal amounts, sums and names are frequent.
func random(r *rand.Rand) (left, right []Item) {
	for n := range r.IntN(12) {
		i := item(int64(n+1), strconv.Itoa(1+r.IntN(9)), 1+r.IntN(9), strconv.Itoa(17400000000+r.IntN(9)))
		if r.IntN(5) == 0 {
			i.Amount.Value = i.Amount.Value.Neg()
		}
		left = append(left, i)
	}
	for n := range r.IntN(12) {
		i := item(int64(n+1), strconv.Itoa(1+r.IntN(20)), 1+r.IntN(12))
		if r.IntN(3) == 0 {
			i.Texts = []string{"ID " + strconv.Itoa(17400000000+r.IntN(9))}
		}
		if r.IntN(5) == 0 {
			i.Amount.Value = i.Amount.Value.Neg()
		}
		if i.Likely = r.IntN(4) > 0; r.IntN(6) == 0 {
			i.Scopes = []int64{1}
		}
		right = append(right, i)
	}
	return left, right
}

// holds checks what is true of every answer: matched + open = input on both
// sides, sure matches agree to the cent and share nothing, no order matters.
func holds(t *testing.T, r *rand.Rand) {
	t.Helper()
	left, right := random(r)
	out := Find(left, right, days)
	seen := map[side]int{}
	amounts := map[side]decimal.Decimal{}
	for _, l := range left {
		amounts[side{false, l.ID}] = l.Amount.Value
	}
	for _, x := range right {
		amounts[side{true, x.ID}] = x.Amount.Value
	}
	for _, m := range out.Sure {
		total := decimal.Zero
		for _, id := range m.Left {
			seen[side{false, id}]++
			total = total.Sub(amounts[side{false, id}])
		}
		for _, id := range m.Right {
			seen[side{true, id}]++
			total = total.Add(amounts[side{true, id}])
		}
		require.True(t, total.IsZero() && m.Difference.IsZero(), "%v", m)
		require.NotEmpty(t, m.Left)
		require.NotEmpty(t, m.Right)
		require.NotEmpty(t, m.Reason)
	}
	for _, m := range out.Possible {
		total := decimal.Zero
		for _, id := range m.Left {
			require.Contains(t, out.Left, id, "what is sure is not also possible")
			total = total.Sub(amounts[side{false, id}])
		}
		for _, id := range m.Right {
			require.Contains(t, out.Right, id)
			total = total.Add(amounts[side{true, id}])
		}
		require.True(t, total.Equal(m.Difference), "%v", m)
	}
	for _, id := range out.Left {
		seen[side{false, id}]++
	}
	for _, id := range out.Right {
		seen[side{true, id}]++
	}
	require.Len(t, seen, len(left)+len(right))
	for s, n := range seen {
		require.Equal(t, 1, n, "%v", s)
	}
	r.Shuffle(len(left), func(a, b int) { left[a], left[b] = left[b], left[a] })
	r.Shuffle(len(right), func(a, b int) { right[a], right[b] = right[b], right[a] })
	require.Empty(t, cmp.Diff(out, Find(left, right, days)))
}

// shares checks that nothing is lost or made when items are shared out.
func shares(t *testing.T, r *rand.Rand) {
	t.Helper()
	left, right := random(r)
	given, rests := ShareOut(left, right)
	total := map[side]decimal.Decimal{}
	for _, s := range given {
		require.False(t, s.Amount.IsZero())
		total[side{false, s.Left}] = total[side{false, s.Left}].Add(s.Amount)
		total[side{true, s.Right}] = total[side{true, s.Right}].Add(s.Amount)
	}
	for _, x := range rests {
		require.False(t, x.Amount.IsZero())
		total[side{x.Right, x.ID}] = total[side{x.Right, x.ID}].Add(x.Amount)
	}
	for _, l := range left {
		require.True(t, l.Amount.Value.Equal(total[side{false, l.ID}]), "left %d", l.ID)
	}
	for _, x := range right {
		require.True(t, x.Amount.Value.Equal(total[side{true, x.ID}]), "right %d", x.ID)
	}
	r.Shuffle(len(right), func(a, b int) { right[a], right[b] = right[b], right[a] })
	again, _ := ShareOut(left, right)
	require.Empty(t, cmp.Diff(given, again))
}

func TestEveryAnswerConservesWhatItWasGiven(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		holds(t, rand.New(rand.NewPCG(seed, 1)))
		shares(t, rand.New(rand.NewPCG(seed, 2)))
	}
}

func FuzzFind(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		holds(t, rand.New(rand.NewPCG(a, b)))
		shares(t, rand.New(rand.NewPCG(b, a)))
	})
}

func TestShareOut(t *testing.T) {
	t.Parallel()
	text := func(left, right []Item) (list []string) {
		given, rests := ShareOut(left, right)
		for _, s := range given {
			list = append(list, fmt.Sprint(s.Left, "<", s.Right, " ", s.Amount))
		}
		for _, x := range rests {
			list = append(list, fmt.Sprint("rest ", x.ID, " ", x.Right, " ", x.Amount))
		}
		return list
	}
	require.Equal(t, []string{"1<1 10", "2<1 5"}, text([]Item{item(1, "10", 1), item(2, "5", 2)}, []Item{item(1, "15", 3)}))
	require.Equal(t, []string{"1<1 9", "rest 1 false 1"}, text([]Item{item(1, "10", 1)}, []Item{item(1, "9", 3)}))
	require.Equal(t, []string{"1<2 -10", "1<1 10", "1<3 10"}, text([]Item{item(1, "10", 1)}, []Item{item(1, "10", 2), item(2, "-10", 3), item(3, "10", 9)}), "sent, returned, sent again")
	require.Equal(t, []string{"rest 2 true -10", "rest 1 true 10"}, text(nil, []Item{item(1, "10", 2), item(2, "-10", 3)}))
}

// Lines that have nothing to do with Amazon cost little.
func TestManyItemsAreMatchedQuickly(t *testing.T) {
	t.Parallel()
	var left, right []Item
	for n := range 2000 {
		left = append(left, item(int64(n), strconv.Itoa(1000+n), 1+n%28, strconv.Itoa(17400000000+n)))
	}
	for n := range 20000 {
		i := item(int64(n), strconv.Itoa(1000+n%5000), 1+n%28, "payment of a customer with a long text")
		i.Likely = false
		right = append(right, i)
	}
	out := Find(left, right, days)
	require.Len(t, out.Left, 2000)
}
