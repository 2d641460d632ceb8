package p21

import (
	"github.com/shopspring/decimal"

	"tieout/app/period"
)

// AccountLine is a line of the general ledger as P21 holds it, of one account
// and fiscal period, whoever wrote it.
type AccountLine struct {
	Number      string // of the journal, P21's
	Reference   string // ours, or what the other writer gave as its source
	JournalID   string
	Date        period.Date
	Description string
	Amount      decimal.Decimal // debit less credit, in the functional currency
}

// Movement is what lines add to an account: debits less credits.
func Movement(lines []AccountLine) decimal.Decimal {
	sum := decimal.Zero
	for _, l := range lines {
		sum = sum.Add(l.Amount)
	}
	return sum
}
