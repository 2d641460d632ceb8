package seller

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"time"
)

// What the bank's statement has to be found out, counted back from the newest
// finished cycle.
const (
	unnamedDeposit = 2 // its text does not name the settlement
	missingDeposit = 3 // it never came
	chargedDeposit = 4 // the bank kept a fee of it
)

// bankFee is what the bank keeps of one deposit, in cents.
const bankFee = 15_00

// movement is a line of a bank statement.
type movement struct {
	on    time.Time
	text  string
	cents int64
}

// WriteBank writes the statement that the account's bank would make as CSV: the
// deposits of the cycles, and what else goes through a company's account. Up to
// told, one deposit is missing, of one a fee was kept, and one is not named;
// statements of several spans tell the same story when told is the same.
func (b *Books) WriteBank(out io.Writer, since, until, told time.Time) error {
	list := slices.DeleteFunc(append(b.deposits(told), household(since, until)...), func(m movement) bool { return m.on.Before(since) || m.on.After(until) })
	slices.SortStableFunc(list, func(x, y movement) int { return x.on.Compare(y.on) })
	w := csv.NewWriter(out)
	rows := [][]string{{"Date", "Description", "Amount", "Balance"}}
	balance := int64(48_210_77)
	for _, m := range list {
		balance += m.cents
		rows = append(rows, []string{m.on.Format("01/02/2006"), m.text, cents(m.cents), cents(balance)})
	}
	if err := w.WriteAll(rows); err != nil {
		return fmt.Errorf("write bank statement: %w", err)
	}
	return nil
}

// deposits are what arrives of the cycles: two to four days after each ends.
func (b *Books) deposits(until time.Time) []movement {
	var list []movement
	newest := b.account.Finished(until) - 1
	for n := range newest + 1 {
		s := b.Settlement(n)
		refused := b.account.Key == "eu" && n == bouncedCycle
		if s.Deposit <= 0 || refused || n == newest-missingDeposit {
			continue
		}
		m := movement{s.End.Add(time.Duration(2+n%3) * day), "AMAZON PAYMENTS DES:DISBURSEMT ID:" + s.ID, s.Deposit}
		switch n {
		case newest - unnamedDeposit:
			m.text = "AMAZON PAYMENTS DEPOSIT"
		case newest - chargedDeposit:
			m.cents -= bankFee
		}
		list = append(list, m)
	}
	return list
}

// household is what else goes through the account.
func household(since, until time.Time) []movement {
	var list []movement
	start := time.Date(since.Year(), since.Month(), since.Day(), 12, 0, 0, 0, time.UTC)
	for at, n := start, 0; at.Before(until); at, n = at.Add(day), n+1 {
		switch {
		case at.Day() == 1:
			list = append(list, movement{at, "WAREHOUSE RENT", -4_200_00})
		case at.Day() == 25:
			list = append(list, movement{at, "PAYROLL", -9_850_40})
		case n%9 == 4:
			list = append(list, movement{at, fmt.Sprintf("TRANSFER FROM CUSTOMER %d", 1000+n), int64(300_00 + n*17_31)})
		}
	}
	return append(list, movement{until.Add(-20 * day), "AMAZON MARKETPLACE REFUND OF A PURCHASE", 64_90})
}

func cents(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}
