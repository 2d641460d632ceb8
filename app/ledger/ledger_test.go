package ledger

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/p21"
	"tieout/app/period"
	"tieout/sqlc"
)

func d(text string) decimal.Decimal { return decimal.RequireFromString(text) }

var (
	november = Place{"1130-000", 2026, 11}
	day      = period.Date{Year: 2026, Month: 11, Day: 20}
)

func posting(entry int64, reference, amount string) Posting {
	return Posting{entry, reference, day, "Amazon settlement", d(amount)}
}

func line(number, reference, amount string) p21.AccountLine {
	return p21.AccountLine{Number: number, Reference: reference, JournalID: "CR", Date: day, Description: "Receipt", Amount: d(amount)}
}

func TestADifferenceIsBrokenDownByJournal(t *testing.T) {
	t.Parallel()
	ours := []Posting{posting(1, "AMZ-1", "100"), posting(2, "AMZ-2", "50"), posting(3, "AMZ-3", "7"), posting(4, "AMZ-4", "0")}
	theirs := []p21.AccountLine{line("11", "AMZ-1", "60"), line("11", "AMZ-1", "40"), line("12", "AMZ-2", "49.50"), line("13", "DEP 4711", "-100"), line("14", "", "3"), line("14", "", "-3")}
	open, left, right := Compare(november, "USD", ours, theirs)
	var found []string
	for _, o := range open {
		found = append(found, fmt.Sprint(o.Key, ": ", o.Cause, " ", o.Difference(), " ", o.Object, " ", o.ObjectID))
	}
	require.Equal(t, []string{
		"1130-000 2026-11 AMZ-2: Amount differs 0.5 entry 2",
		"1130-000 2026-11 AMZ-3: Not in P21 7 entry 3",
		"1130-000 2026-11 journal 13: Not posted from here 100 account 0",
	}, found)
	require.Equal(t, "157", left.String())
	require.Equal(t, "49.5", right.String())
	require.Contains(t, open[2].Detail, `reference "DEP 4711": Receipt`)
	deposits := []sqlc.DepositsOfConnectionRow{{AmazonID: "77", Currency: "GBP", Deposit: d("100")}, {AmazonID: "88", Currency: "USD", Deposit: d("100.00")}}
	require.Contains(t, hint(open[2], deposits), "settlement 88")
	require.Empty(t, hint(open[1], deposits))
}

// TestWhatAgreesAndWhatIsOpenIsEverything compares random ledgers: sums are
// conserved whatever is missing, doubled or changed on either side.
func TestWhatAgreesAndWhatIsOpenIsEverything(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		var ours []Posting
		var theirs []p21.AccountLine
		for n := range chance.IntN(8) {
			ours = append(ours, posting(int64(n+1), fmt.Sprint("AMZ-", n), fmt.Sprint(chance.IntN(5)-2)))
		}
		for range chance.IntN(12) {
			n := chance.IntN(12)
			theirs = append(theirs, line(fmt.Sprint(n), fmt.Sprint("AMZ-", n), fmt.Sprint(chance.IntN(5)-2)))
		}
		open, left, right := Compare(november, "USD", ours, theirs)
		sum, keys := decimal.Zero, map[string]bool{}
		for _, o := range open {
			sum = sum.Add(o.Difference())
			require.False(t, keys[o.Key], "%s twice", o.Key)
			keys[o.Key] = true
			require.False(t, o.Difference().IsZero())
		}
		require.True(t, left.Sub(right).Equal(sum))
		require.True(t, right.Equal(p21.Movement(theirs)))
	}
}

func TestAnEntryIsEqualMissingTwiceOrDifferent(t *testing.T) {
	t.Parallel()
	whole := p21.Journal{Company: "ACME", Reference: "AMZ-1", JournalID: "AZ", Date: day, Period: 11, FiscalYear: 2026, Currency: "USD", FunctionalCurrency: "USD", Lines: []p21.Line{
		{Number: 1, Account: "1130-000", Debit: d("5"), FunctionalDebit: d("5")}, {Number: 2, Account: "4110-000", Credit: d("5"), FunctionalCredit: d("5")}}}
	same := p21.Posted{Journal: whole, Number: "11"}
	other := p21.Posted{Journal: whole, Number: "12"}
	other.Lines = []p21.Line{{Number: 1, Account: "1130-000", Debit: d("4"), FunctionalDebit: d("4")}, {Number: 2, Account: "4110-000", Credit: d("4"), FunctionalCredit: d("4")}}
	silent := same
	silent.FunctionalUnknown = true
	silent.Lines = []p21.Line{{Number: 1, Account: "1130-000", Debit: d("5")}, {Number: 2, Account: "4110-000", Credit: d("5")}}
	for want, found := range map[string][]p21.Posted{"equal 5": {same}, "missing 0": nil, "duplicate 9": {same, other}, "different 4": {other}} {
		outcome, detail, held := judge(whole, found)
		require.Equal(t, want, fmt.Sprint(outcome, " ", held))
		require.Equal(t, outcome == "equal", detail == "")
	}
	outcome, _, held := judge(whole, []p21.Posted{silent})
	require.Equal(t, "equal 5", fmt.Sprint(outcome, " ", held), "a server that tells no functional amounts")
}
