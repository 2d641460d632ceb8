package closing_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/closing"
	"tieout/app/money"
	"tieout/app/period"
)

func usd(text string) money.Amount { return money.New(decimal.RequireFromString(text), "USD") }

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

func cycle(currency, start, end, deposit string) closing.Cycle {
	return closing.Cycle{Currency: money.Currency(currency), Start: at(start), End: at(end), Deposit: decimal.RequireFromString(deposit)}
}

// ready are the facts of an October with nothing in the way.
func ready() closing.Facts {
	return closing.Facts{
		Key: closing.Key{ConnectionID: 3, FiscalYear: 2026, Number: 10}, Connection: "us", Functional: "USD",
		Period: period.Period{FiscalYear: 2026, Number: 10, Starts: period.Date{Year: 2026, Month: 10, Day: 1}, Ends: period.Date{Year: 2026, Month: 10, Day: 31}},
		Begins: at("2026-10-01 00:00"), Until: at("2026-11-01 00:00"), Today: period.Date{Year: 2026, Month: 11, Day: 3},
		Cycles: []closing.Cycle{cycle("USD", "2026-09-24 00:00", "2026-10-08 00:00", "100"), cycle("USD", "2026-10-08 00:00", "2026-10-22 00:00", "50.25"),
			cycle("USD", "2026-10-22 00:00", "2026-11-05 00:00", "-7")},
		Entries: []closing.Sum{{Status: "posted", Count: 3, Amount: usd("500")}},
	}
}

func TestTheChecklistIsComputedFromTheBooks(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		upset func(*closing.Facts)
		item  string
		why   string
		count int64
		money []money.Amount
		fixed bool // it cannot be waived
	}{
		{"the period runs", func(f *closing.Facts) { f.Today = f.Period.Ends }, "over", "It ends on 2026-10-31.", 0, nil, true},
		{"no settlement", func(f *closing.Facts) { f.Cycles = nil }, "covered", "No settlement reaches into the period.", 0, nil, false},
		{"a cycle is missing", func(f *closing.Facts) { f.Cycles = append(f.Cycles[:1:1], f.Cycles[2]) }, "covered", "No settlement covers USD from 8 Oct 00:00 to 22 Oct 00:00.", 1, nil, false},
		{"the first cycle begins late", func(f *closing.Facts) { f.Cycles = f.Cycles[1:] }, "covered", "USD from 1 Oct 00:00 to 8 Oct 00:00.", 1, nil, false},
		{"a report is overdue", func(f *closing.Facts) { f.Cycles = f.Cycles[:1] }, "covered", "USD from 8 Oct 00:00 to 1 Nov 00:00.", 1, nil, false},
		{"another currency stops", func(f *closing.Facts) {
			f.Cycles = append(f.Cycles, cycle("CAD", "2026-08-27 00:00", "2026-09-10 00:00", "9"))
		}, "covered", "CAD from 1 Oct 00:00 to 1 Nov 00:00.", 1, nil, false},
		{"out of balance", func(f *closing.Facts) { f.Cycles[1].Difference = decimal.RequireFromString("-1.05") }, "ties", "1 settlement misses its deposit.", 1, []money.Amount{usd("-1.05")}, false},
		{"a re-issue waits", func(f *closing.Facts) { f.Reissued = []closing.Sum{{Count: 2, Amount: usd("80")}} }, "reissued", "post their reversals", 2, []money.Amount{usd("80")}, false},
		{"amounts without an entry", func(f *closing.Facts) { f.Undrafted = []closing.Sum{{Count: 1, Amount: usd("12.10")}} }, "drafted", "1 settlement has amounts of the period that no entry carries.", 1, []money.Amount{usd("12.10")}, false},
		{"drafts of whatever kind", func(f *closing.Facts) {
			f.Entries = append(f.Entries, closing.Sum{Status: "draft", Count: 2, Amount: usd("10")}, closing.Sum{Status: "submitted", Count: 1, Amount: usd("5")})
		}, "posted", "3 entries are not posted: 2 draft, 1 submitted.", 3, []money.Amount{usd("15")}, false},
		{"an entry under way", func(f *closing.Facts) {
			f.Entries = append(f.Entries, closing.Sum{Status: "unknown", Count: 1, Amount: usd("5")})
		}, "posted", "1 unknown", 1, []money.Amount{usd("5")}, true},
		{"a cycle spans the end", func(f *closing.Facts) { f.Cycles = f.Cycles[:2] }, "accrued", "The cycle in USD runs across the end", 1, nil, false},
		{"a rate is missing", func(f *closing.Facts) {
			f.Rates = []closing.RateGap{{"CAD", 31, 2, period.Date{Year: 2026, Month: 10, Day: 9}}}
		}, "rates", "CAD to USD: 2 days, the first is 2026-10-09.", 2, nil, false},
		{"exceptions with money", func(f *closing.Facts) { f.Exceptions, f.Others = []closing.Sum{{Count: 4, Amount: usd("33")}}, 7 }, "exceptions", "4 open exceptions hold money of the period.", 4, []money.Amount{usd("33")}, false},
		{"a reconciliation differs", func(f *closing.Facts) {
			f.Standings = []closing.Standing{{Key: "deposits", Title: "Deposits and bank", Difference: []money.Amount{usd("-3.10")}, Open: 1}}
		}, "reconciled/deposits", "1 difference is not explained.", 1, []money.Amount{usd("-3.10")}, false},
		{"open items without a difference", func(f *closing.Facts) {
			f.Standings = []closing.Standing{{Key: "deposits", Title: "Deposits", Open: 2}}
		}, "reconciled/deposits", "2 differences are not explained.", 2, nil, false},
		{"costs are not posted", func(f *closing.Facts) { f.Costs = &closing.Costs{Counts: 2, Waiting: 1} }, "costed", "2 counts have units that no posted entry has; 1 unit waits for an item or a cost.", 2, nil, false},
		{"a settlement is not counted", func(f *closing.Facts) { f.Costs = &closing.Costs{Uncounted: 1} }, "costed", "1 settlement is not counted yet.", 1, nil, false},
		{"nothing was compared", func(f *closing.Facts) {
			f.Standings = []closing.Standing{{Key: "deposits", Problem: "No statement was read."}}
		}, "reconciled/deposits", "No statement was read.", 0, nil, false},
	}
	require.Empty(t, closing.Compute(ready()).InTheWay())
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := ready()
			c.upset(&f)
			stopped := closing.Compute(f).InTheWay()
			require.Len(t, stopped, 1, "%v", stopped)
			i := stopped[0]
			require.Equal(t, c.item, i.Key)
			require.Contains(t, i.Why, c.why)
			require.Equal(t, c.count, i.Count)
			require.Equal(t, len(c.money), len(i.Money), "%v", i.Money)
			for n := range c.money {
				require.True(t, c.money[n].Equal(i.Money[n]), "%v", i.Money)
			}
			require.Equal(t, !c.fixed, i.Waivable)
			i.Waiver = "Agreed with the auditor."
			require.Equal(t, c.fixed, i.InTheWay(), "waived")
		})
	}
}

func TestWhatStandsInNobodysWay(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*closing.Facts){
		"costs that are posted":    func(f *closing.Facts) { f.Costs = &closing.Costs{} },
		"closed in P21":            func(f *closing.Facts) { f.ClosedInP21 = true },
		"exceptions without money": func(f *closing.Facts) { f.Others = 3 },
		"an explained difference": func(f *closing.Facts) {
			f.Standings = []closing.Standing{{Key: "d", Explained: 2}}
		},
		"a posted accrual":            func(f *closing.Facts) { f.Cycles, f.Accrued = f.Cycles[:2], map[money.Currency]bool{"USD": true} },
		"cycles a few hours apart":    func(f *closing.Facts) { f.Cycles[1].Start = at("2026-10-08 07:00") },
		"a cycle that ends with it":   func(f *closing.Facts) { f.Cycles[2].End = at("2026-10-31 23:59") },
		"rates where they are needed": func(f *closing.Facts) { f.Rates = []closing.RateGap{{Currency: "CAD", Days: 31}} },
		"an entry that was reversed": func(f *closing.Facts) {
			f.Entries = append(f.Entries, closing.Sum{Status: "reversed", Count: 1, Amount: usd("1")})
		},
		"books that begin with a settlement": func(f *closing.Facts) {
			f.Cycles, f.BooksFrom = f.Cycles[1:], period.DateOf(f.Cycles[1].Start)
		},
		"books that begin after the period": func(f *closing.Facts) {
			f.Cycles, f.BooksFrom = nil, period.Date{Year: 2026, Month: 11, Day: 3}
		},
		"a currency that begins later": func(f *closing.Facts) {
			f.Cycles = append(f.Cycles, cycle("CAD", "2026-10-01 00:00", "2026-11-02 00:00", "1"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := ready()
			change(&f)
			require.Empty(t, closing.Compute(f).InTheWay())
		})
	}
}

// The first day of the books excuses what was before it, and nothing after.
func TestBooksThatBeginInThePeriodExpectSettlementsFromThen(t *testing.T) {
	t.Parallel()
	f := ready()
	f.Cycles, f.BooksFrom = f.Cycles[1:], period.DateOf(f.Cycles[1].Start).AddDays(-2)
	stopped := closing.Compute(f).InTheWay()
	require.Len(t, stopped, 1)
	require.Equal(t, "covered", stopped[0].Key)
	require.NotContains(t, stopped[0].Why, "Where the books begin later")
	f.BooksFrom = period.Date{}
	require.Contains(t, closing.Compute(f).InTheWay()[0].Why, "Where the books begin later")
}

func TestAChecklistIsFrozenAndHeldAgainstWhatHasComeUpSince(t *testing.T) {
	t.Parallel()
	f := ready()
	f.Exceptions = []closing.Sum{{Count: 1, Amount: usd("4")}}
	frozen := closing.Compute(f)
	require.NotEmpty(t, closing.Worse(frozen, closing.Compute(f)), "nobody waived it")
	for i := range frozen.Items {
		if frozen.Items[i].State == closing.Blocks {
			frozen.Items[i].Waiver = "Claimed at Amazon."
		}
	}
	text, hash, err := frozen.Freeze()
	require.NoError(t, err)
	again, hashAgain, err := frozen.Freeze()
	require.NoError(t, err)
	require.Equal(t, text, again)
	require.Equal(t, hash, hashAgain)
	thawed, err := closing.Thaw(text)
	require.NoError(t, err)
	require.Equal(t, frozen.Starts, thawed.Starts)
	require.Len(t, thawed.Waived(), 1)
	require.Empty(t, closing.Worse(thawed, closing.Compute(f)))

	f.Exceptions[0].Amount = usd("5")
	require.Len(t, closing.Worse(thawed, closing.Compute(f)), 1, "it was waived for 4")
	f.Exceptions = nil
	require.Empty(t, closing.Worse(thawed, closing.Compute(f)))
	f.Entries = append(f.Entries, closing.Sum{Status: "draft", Count: 1, Amount: usd("9")})
	require.Contains(t, closing.Worse(thawed, closing.Compute(f))[0], "1 draft")
}

func TestAPeriodIsNamedByItsKey(t *testing.T) {
	t.Parallel()
	k, err := closing.ParseKey(4, "2026-03")
	require.NoError(t, err)
	require.Equal(t, closing.Key{ConnectionID: 4, FiscalYear: 2026, Number: 3}, k)
	for _, wrong := range []string{"", "2026", "2026-3", "2026-03x", "x-03", "2026--3"} {
		_, err := closing.ParseKey(4, wrong)
		require.Error(t, err, wrong)
	}
}
