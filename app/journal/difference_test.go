package journal_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/journal"
)

func TestOnlyAccountsThatDifferAreNamed(t *testing.T) {
	t.Parallel()
	line := func(account, debit, credit string) journal.EntryLine {
		return journal.EntryLine{Account: account, Debit: decimal.RequireFromString(debit), Credit: decimal.RequireFromString(credit)}
	}
	before := []journal.EntryLine{line("4000", "0", "60"), line("4000", "0", "40"), line("6100", "20", "0"), line("1200", "80", "0"), line("6200", "1", "0")}
	now := []journal.EntryLine{line("4000", "0", "100"), line("6100", "15", "0"), line("1200", "85.5", "0"), line("2300", "0", ".5")}
	var got []string
	for _, c := range journal.Compare(before, now) {
		got = append(got, c.Account+" "+c.Before.String()+" "+c.Now.String()+" "+c.By().String())
	}
	require.Equal(t, []string{"1200 80 85.5 5.5", "2300 0 -0.5 -0.5", "6100 20 15 -5", "6200 1 0 -1"}, got)
	require.Empty(t, journal.Compare(before, before))
}
