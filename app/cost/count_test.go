package cost

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/mapping"
)

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func TestUnitsAreCountedOnOneAmountOfAnItem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind    mapping.Kind
		counted bool
	}{
		{mapping.Kind{Marketplace: "Amazon.com", TransactionType: "Order", AmountType: "ItemPrice", AmountDescription: "Principal"}, true},
		{mapping.Kind{Marketplace: "Amazon.de", TransactionType: "order", AmountType: "Item_Price", AmountDescription: "principal"}, true},
		{mapping.Kind{TransactionType: "Order", AmountType: "ItemPrice", AmountDescription: "Principal"}, true},
		{mapping.Kind{Marketplace: "Amazon.com", TransactionType: "Order", AmountType: "ItemPrice", AmountDescription: "Tax"}, false},
		{mapping.Kind{Marketplace: "Amazon.com", TransactionType: "Order", AmountType: "ItemFees", AmountDescription: "Commission"}, false},
		{mapping.Kind{Marketplace: "Amazon.com", TransactionType: "Refund", AmountType: "ItemPrice", AmountDescription: "Principal"}, false},
		{mapping.Kind{Marketplace: "Non-Amazon US", TransactionType: "Order", AmountType: "ItemPrice", AmountDescription: "Principal"}, false},
		{mapping.Kind{Marketplace: "non-amazon", TransactionType: "Order", AmountType: "ItemPrice", AmountDescription: "Principal"}, false},
	} {
		require.Equal(t, c.counted, shipped(c.kind), "%v", c.kind)
	}
}

func TestWhatCannotBeSoldAgainStaysInTheCost(t *testing.T) {
	t.Parallel()
	stock, lost := kept(3, true)
	require.Equal(t, []int{3, 0}, []int{stock, lost})
	stock, lost = kept(3, false)
	require.Equal(t, []int{0, 3}, []int{stock, lost})
}

func TestAKitCostsWhatItsPartsCost(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 10, 3, 0, 0, 0, 0, time.UTC)
	e, missing := each([]part{{"CUP", 2, dec("3.4567"), "20", day}, {"LID", 1, dec("0.25"), "", day}}, day)
	require.Empty(t, missing)
	require.Equal(t, "7.1634", e.Cost.String())
	require.Equal(t, "2 x CUP at 3.4567, location 20, 2026-10-03 + 1 x LID at 0.25, the item, 2026-10-03", e.Source)
	for _, cost := range []string{"0", "-1"} {
		_, missing = each([]part{{"CUP", 1, dec("1"), "20", day}, {"LID", 1, dec(cost), "", day}}, day)
		require.Equal(t, "LID", missing, "a cost of %s is none", cost)
	}
}

func TestAPieceIsRoundedOnceAndBothSidesAreTheSumOfTheirEvidence(t *testing.T) {
	t.Parallel()
	costs := func(m move) (Each, bool) { return Each{Cost: dec("0.335"), Source: "x"}, m.sku != "POT" }
	pieces, waiting := weigh([]move{{id: 1, count: 1, sku: "CUP", quantity: 2, skuMap: 1}, {id: 2, count: 1, sku: "CUP", quantity: 1, skuMap: 1}, {id: 3, count: 1, sku: "POT", quantity: 5}}, costs, 2)
	require.Len(t, waiting, 1)
	require.Len(t, pieces, 1)
	require.Equal(t, "1.01", pieces[0].amount.String(), "3 x 0.335, not 0.67 + 0.34")
	list, evidence := lines(pieces, accounts{"5020", "1320"})
	require.Equal(t, "5020 1.01 0", list[0].Account+" "+list[0].Debit.String()+" "+list[0].Credit.String())
	require.Equal(t, "1320 0 1.01", list[1].Account+" "+list[1].Debit.String()+" "+list[1].Credit.String())
	require.Len(t, evidence, 2)

	yen, _ := weigh([]move{{id: 1, sku: "CUP", quantity: 3}}, costs, 0)
	require.Equal(t, "1", yen[0].amount.String())
	back, _ := weigh([]move{{id: 1, sku: "CUP", quantity: -2}}, costs, 2)
	list, _ = lines(back, accounts{"5020", "1320"})
	require.Equal(t, "0.67", list[0].Credit.String(), "what came back is taken out of the cost")
	both, _ := weigh([]move{{id: 1, count: 1, sku: "CUP", quantity: -2}, {id: 2, count: 2, sku: "CUP", quantity: 2}}, costs, 2)
	list, evidence = lines(both, accounts{"5020", "1320"})
	require.Empty(t, list, "nothing to book")
	require.Empty(t, evidence)
}

// TestNoUnitIsLostOrCountedTwice weighs random moves: what is in pieces and what
// waits is what went in, and each amount is quantity times cost.
func TestNoUnitIsLostOrCountedTwice(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		chance := rand.New(rand.NewPCG(seed, 7))
		digits := int32(chance.IntN(4))
		prices := map[int64]decimal.Decimal{}
		for id := range int64(6) {
			prices[id] = decimal.New(1+chance.Int64N(1_000_000), -5)
		}
		moves := make([]move, chance.IntN(60))
		for i := range moves {
			moves[i] = move{id: int64(i + 1), count: chance.Int64N(3), marketplace: []string{"", "Amazon.com", "Amazon.ca"}[chance.IntN(3)], sku: string(rune('A' + chance.IntN(5))),
				quantity: chance.Int64N(9) - 4, skuMap: chance.Int64N(8)}
		}
		pieces, waiting := weigh(moves, func(m move) (Each, bool) {
			price, known := prices[m.skuMap]
			return Each{Cost: price, Source: "x"}, known
		}, digits)
		in, out, seen := int64(0), int64(0), map[int64]int{}
		for _, m := range moves {
			in += m.quantity
		}
		for _, m := range waiting {
			out += m.quantity
			seen[m.id]++
		}
		for _, p := range pieces {
			out += p.quantity
			units := int64(0)
			for _, id := range p.moves {
				seen[id]++
				units += moves[id-1].quantity
				require.Equal(t, p.held, moves[id-1].held())
			}
			require.Equal(t, units, p.quantity)
			require.True(t, p.amount.Equal(prices[p.skuMap].Mul(decimal.NewFromInt(p.quantity)).Round(digits)))
		}
		require.Equal(t, in, out)
		for _, m := range moves {
			require.Equal(t, 1, seen[m.id])
		}
		list, evidence := lines(pieces, accounts{"c", "s"})
		net := map[int]decimal.Decimal{}
		for _, e := range evidence {
			net[e.Line] = net[e.Line].Add(e.Amount)
		}
		for _, l := range list {
			require.True(t, net[l.Number].Equal(l.Credit.Sub(l.Debit)))
		}
	}
}
