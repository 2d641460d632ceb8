package seller

import "time"

// The European account's second cycle is held back whole, as with new sellers;
// the transfer of its seventh comes back from the bank.
const (
	withheldCycle = 1
	bouncedCycle  = 6
)

const bounced = "Transfer of funds unsuccessful: We could not transfer funds to your bank account because the account information on file is invalid. " +
	"Please update your bank account information."

// held returns what Amazon holds back at the end of a cycle that made sum
// without it: the last day's sales, and never more than there is.
func (a *Account) held(n int, sum int64) int64 {
	if !a.Reserve || sum <= 0 {
		return 0
	}
	if a.Key == "eu" && n == withheldCycle {
		return sum
	}
	_, last := a.days(n)
	recent := int64(0)
	for _, o := range a.ordersOf(last - 1) {
		_ = a.sale(&o, func(l Line) error { // never fails
			recent += l.Cents
			return nil
		})
	}
	return min(max(recent, 0), sum)
}

// opening is how a cycle begins: the reserve of the last one comes back, a debt
// is charged to the seller's card or stays owed when the card refuses, and what
// the bank refused is in the balance again.
func (a *Account) opening(n int, before Settlement) []Line {
	start, chance := a.Start(n), a.chance("opening", n)
	var lines []Line
	if before.held > 0 {
		lines = append(lines, posting("Previous Reserve Amount Balance", before.held, start.Add(time.Duration(5+chance.IntN(170))*time.Second)))
	}
	if before.Deposit < 0 {
		lines = append(lines, posting("Payable to Amazon", before.Deposit, start))
		if n%4 != 2 { // then the card refuses
			lines = append(lines, posting("Successful charge", -before.Deposit, start.Add(26*time.Hour)))
		}
	}
	if a.Key == "eu" && n == bouncedCycle+1 && before.Deposit > 0 {
		lines = append(lines, posting(bounced, before.Deposit, start.Add(5*day)))
	}
	if a.Key == "eu" && n == 0 {
		lines = append(lines, fee("Transfers", "Micro Deposit", "Micro Deposit", -1, start.Add(day)))
	}
	return lines
}

// reserve returns the line that holds the reserve back; Amazon posts it a
// little after the cycle's end.
func (a *Account) reserve(n int, held int64) Line {
	return posting("Current Reserve Amount", -held, a.End(n).Add(time.Duration(7+a.chance("reserve", n).IntN(294))*time.Second))
}
