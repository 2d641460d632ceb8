package settlement_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/invariant"
	"tieout/app/money"
	"tieout/app/settlement"
	"tieout/app/settlement/report/reporttest"
)

// TestWhatAReissueChangesIsFoundOnce has reports re-issued with lines that are
// gone, added, repeated and in another order, and counts beside.
func TestWhatAReissueChangesIsFoundOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for seed := range uint64(20) {
		chance := rand.New(rand.NewPCG(seed, 1))
		old, new := reissued(chance, fmt.Sprintf("9%07d", seed), 5+chance.IntN(60))
		if seed == 0 {
			old, new = reissued(chance, "90000000", 700) // more than are kept
		}
		want, total := map[reporttest.Line]int64{}, money.Units(0)
		for _, l := range old.Lines {
			want[l]--
			total -= l.Amount
		}
		for _, l := range new.Lines {
			want[l]++
			total += l.Amount
		}
		kinds := int64(0)
		for _, n := range want {
			if n != 0 {
				kinds++
			}
		}
		_, err := b.load(t.Context(), "old", reporttest.V2(american, old))
		require.NoError(t, err)
		imported, err := b.load(t.Context(), "new", reporttest.V2(american, new))
		require.NoError(t, err)
		d, err := b.service.Get(t.Context(), imported.Settlements[0].ID)
		require.NoError(t, err)
		for range 2 { // found, and read again
			changes, err := b.service.Changes(t.Context(), d)
			require.NoError(t, err)
			require.Equal(t, kinds, changes.Count, "seed %d", seed)
			require.True(t, total.Decimal().Equal(changes.Total), "seed %d: %s and %s", seed, total, changes.Total)
			require.Len(t, changes.Lines, int(min(kinds, 500)))
			require.NoError(t, b.service.CompareLines(t.Context(), d))
			for _, l := range changes.Lines { // the row is one of the report that has more of it
				of := d.ID
				if l.Lines < 0 {
					of = *d.ReplacesID
				}
				line, err := b.service.GetLine(t.Context(), of, l.LineNo, 0)
				require.NoError(t, err, "seed %d: row %d of settlement %d", seed, l.LineNo, of)
				require.Equal(t, l.OrderID, line.OrderID)
				require.Equal(t, l.KindID, line.KindID)
				require.True(t, l.Amount.Equal(line.Amount), "seed %d: row %d: %s and %s", seed, l.LineNo, l.Amount, line.Amount)
			}
			if kinds <= 500 {
				require.True(t, changes.Total.Equal(added(changes)))
			}
		}
	}
	for _, change := range []string{`UPDATE line_change SET lines = 7`, `DELETE FROM line_change`, `TRUNCATE line_change`, `UPDATE line_comparison SET total = 7`, `DELETE FROM line_comparison`, `TRUNCATE line_comparison CASCADE`} {
		_, err := b.pool.Exec(t.Context(), change)
		require.ErrorContains(t, err, "cannot be changed or deleted", change)
	}
	checks, err := invariant.Verify(t.Context(), b.pool)
	require.NoError(t, err)
	for _, c := range checks {
		require.True(t, c.Holds(), "%s: %v", c.Name, c.Examples)
	}
}

// reissued returns a settlement twice: as it was, and with some lines otherwise.
func reissued(chance *rand.Rand, id string, lines int) (old, new reporttest.Settlement) {
	old = reporttest.Random(chance, american, "USD", "Amazon.com", []string{"A-1", "B-2"}, lines)
	old.ID = id
	new = old
	new.Lines = slices.Clone(old.Lines)
	for i := range new.Lines {
		switch chance.IntN(4) {
		case 0:
			new.Lines[i].Amount += 100_00
		case 1:
			new.Lines[i].Order = "113-0000000-0000000"
		case 2:
			new.Lines = append(new.Lines, new.Lines[chance.IntN(lines)])
		}
	}
	new.Lines = new.Lines[1+chance.IntN(2):]
	chance.Shuffle(len(new.Lines), func(i, j int) { new.Lines[i], new.Lines[j] = new.Lines[j], new.Lines[i] })
	return old, new
}

var american = reporttest.Style{Decimal: ".", Digits: 2, Date: reporttest.American}

func added(c settlement.Changes) (sum decimal.Decimal) {
	for _, l := range c.Lines {
		sum = sum.Add(l.Amount.Mul(decimal.NewFromInt(l.Lines)))
	}
	return sum
}
