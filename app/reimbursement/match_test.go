package reimbursement_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/period"
	"tieout/app/reimbursement"
)

func day(n int) period.Date {
	return period.DateOf(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n))
}

func paid(sku string, cause reimbursement.Cause, on, units int, amount string) reimbursement.Payment {
	return reimbursement.Payment{SKU: sku, Cause: cause, On: day(on), Units: units, Amount: decimal.RequireFromString(amount)}
}

func lost(sku string, on, units int) reimbursement.Loss {
	return reimbursement.Loss{SKU: sku, Cause: reimbursement.Lost, Day: day(on), Units: units}
}

func TestPaymentsPayTheOldestLossesAndWhatIsTakenBackIsOpenAgainUnlessItWasFound(t *testing.T) {
	t.Parallel()
	losses := []reimbursement.Loss{lost("CUP", 10, 2), lost("CUP", 5, 1), {SKU: "CUP", Cause: reimbursement.Damaged, Day: day(5), Units: 1}, lost("POT", 5, 3)}
	m := reimbursement.Match(losses, []reimbursement.Find{{"CUP", day(20), 1}, {"POT", day(30), 2}},
		[]reimbursement.Payment{paid("CUP", reimbursement.Lost, 12, 2, "20.01"), paid("CUP", reimbursement.Lost, 4, 1, "9"), paid("POT", reimbursement.Lost, 20, 3, "30"),
			paid("POT", reimbursement.Reversed, 40, 3, "-30"), paid("CUP", reimbursement.Damaged, 200, 1, "5")})
	require.Equal(t, 1, m.Of[1].Paid(), "the oldest one first")
	require.Equal(t, []int{1, 1}, []int{m.Of[0].Paid(), m.Of[0].Found})
	require.Zero(t, m.Of[2].Paid(), "paid too late to be for it")
	require.Equal(t, []int{0, 2}, []int{m.Of[3].Paid(), m.Of[3].Found}, "paid, found, taken back: one is open again")
	require.Equal(t, []int{0, 1, 0, 0, 1}, m.Rest, "a payment before the loss is not for it")
	require.Equal(t, "20.01", m.Of[1].Shares[0].Amount.Add(m.Of[0].Shares[0].Amount).String(), "to the cent")
}

func TestWhatIsMatchedAndWhatIsOpenIsWhatCameIn(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		chance := rand.New(rand.NewPCG(seed, 7))
		sku := func() string { return []string{"CUP", "POT"}[chance.IntN(2)] }
		causes := []reimbursement.Cause{reimbursement.Lost, reimbursement.Damaged, reimbursement.Reversed}
		var losses []reimbursement.Loss
		var finds []reimbursement.Find
		var payments []reimbursement.Payment
		for range chance.IntN(12) {
			losses = append(losses, reimbursement.Loss{SKU: sku(), Cause: causes[chance.IntN(2)], Day: day(chance.IntN(250)), Units: 1 + chance.IntN(4)})
		}
		for range chance.IntN(6) {
			finds = append(finds, reimbursement.Find{SKU: sku(), Day: day(chance.IntN(250)), Units: 1 + chance.IntN(3)})
		}
		for range chance.IntN(12) {
			p := reimbursement.Payment{SKU: sku(), Cause: causes[chance.IntN(3)], On: day(chance.IntN(400)), Units: chance.IntN(5), Amount: decimal.New(int64(1+chance.IntN(5000)), -2)}
			if p.Cause == reimbursement.Reversed || chance.IntN(6) == 0 {
				p.Amount = p.Amount.Neg()
			}
			payments = append(payments, p)
		}
		m := reimbursement.Match(losses, finds, payments)
		used, amounts, found := make([]int, len(payments)), make([]decimal.Decimal, len(payments)), 0
		for i, o := range m.Of {
			open := losses[i].Units - o.Found - o.Paid()
			require.True(t, open >= 0 && o.Found >= 0 && o.Paid() >= 0, "seed %d: found %d, paid %d of %d", seed, o.Found, o.Paid(), losses[i].Units)
			require.True(t, losses[i].Cause == reimbursement.Lost || o.Found == 0, "what is damaged is not found")
			found += o.Found
			for _, s := range o.Shares {
				p := payments[s.Payment]
				require.Equal(t, losses[i].SKU, p.SKU)
				require.False(t, p.On.Before(losses[i].Day))
				require.Equal(t, p.Amount.IsNegative(), s.Units < 0)
				used[s.Payment] += max(s.Units, -s.Units)
				amounts[s.Payment] = amounts[s.Payment].Add(s.Amount)
			}
		}
		for i, p := range payments {
			require.Equal(t, p.Units, used[i]+m.Rest[i], "seed %d: every unit of a payment once", seed)
			if m.Rest[i] == 0 && p.Units > 0 {
				require.True(t, p.Amount.Equal(amounts[i]), "seed %d: all of the amount", seed)
			}
		}
		for i, f := range finds {
			found += m.FindRest[i] - f.Units
		}
		require.Zero(t, found, "seed %d: every found unit once", seed)
		require.Equal(t, m, reimbursement.Match(losses, finds, payments), "the same again")
	}
}
