package journal_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/app/rates"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
)

// foreign are books in dollars of a settlement in another currency, by random
// rates of each day.
func foreign(chance *rand.Rand, rule mapping.Rule, currency money.Currency, byPostedDate bool) (journal.Books, map[period.Date]rates.Day) {
	days := map[period.Date]rates.Day{}
	for n := range 31 {
		on := period.Date{Year: 2026, Month: time.October, Day: n + 1}
		days[on] = rates.Day{ID: int64(n + 1), Pair: rates.Pair{Base: currency, Quote: "USD"}, On: on, Value: decimal.New(chance.Int64N(99_999_999)+1, -int32(3+chance.IntN(7)))}
	}
	starts := period.Date{Year: 2026, Month: time.October, Day: 1}
	return journal.Books{
		AmazonID: "1", Currency: currency, FunctionalCurrency: "USD", StartAt: starts.Time(), EndAt: starts.AddDays(28).Time(), DepositOn: starts.AddDays(30), RateByPostedDate: byPostedDate,
		Calendar: period.Calendar{{FiscalYear: 2026, Number: 10, Starts: starts, Ends: starts.AddDays(14)}, {FiscalYear: 2026, Number: 11, Starts: starts.AddDays(15), Ends: starts.AddDays(60)}},
		Rules:    mapping.Compile(mapping.RuleSet{Rules: []mapping.Rule{rule}, Accounts: map[string]string{"sales": "4000", mapping.SlotClearing: "1100", mapping.SlotRounding: "6900"}}),
		Rates: func(on period.Date) (rates.Quotation, bool) {
			d, ok := days[on]
			return rates.Quotation{Rate: d.Value, On: d.On, Parts: []rates.Day{d}}, ok
		}}, days
}

// Whatever the rates and amounts: debits are credits in both currencies, the
// functional amounts are the exact ones to the minor unit, what rounding leaves
// over is within the limit or a problem, and the entry names the rates it used.
func TestConvertedEntriesBalanceWhateverTheRates(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(11, 12))
	refused := 0
	for round := range 300 {
		byPostedDate := round%2 == 0
		books, days := foreign(chance, mapping.Rule{ID: 1, Marketplace: mapping.Anything, TransactionType: mapping.Anything, AmountType: mapping.Anything, AmountDescription: mapping.Anything,
			Category: mapping.Sales, Slot: "sales", ByMarketplace: true}, "GBP", byPostedDate)
		books.RoundingLimit = decimal.New(chance.Int64N(3), -2)
		var rollups []journal.Rollup
		for n := range 1 + chance.IntN(30) {
			rollups = append(rollups, journal.Rollup{KindID: int32(n), Kind: mapping.Kind{Marketplace: fmt.Sprint("Amazon", n%5), TransactionType: "Order"}, Lines: 1,
				PostedOn: period.Date{Year: 2026, Month: time.October, Day: 1 + chance.IntN(29)}, Amount: decimal.New(chance.Int64N(2_000_000)-1_000_000, -2)})
		}
		plans, problems := journal.Build(books, rollups)
		if len(problems) > 0 {
			for _, p := range problems {
				require.Equal(t, journal.RoundingLimit, p.Class)
				require.True(t, p.Amount.Abs().GreaterThan(books.RoundingLimit))
			}
			refused++
			continue
		}
		for _, plan := range plans {
			holdsIn(t, plan, books, days, byPostedDate)
		}
	}
	require.Positive(t, refused, "limits of a cent are too small for some")
}

func holdsIn(t *testing.T, plan journal.Plan, books journal.Books, days map[period.Date]rates.Day, byPostedDate bool) {
	t.Helper()
	var debit, credit, functionalDebit, functionalCredit, exact, clearing, rounding decimal.Decimal
	used := map[int64]bool{}
	for _, l := range plan.Lines {
		debit, credit = debit.Add(l.Debit), credit.Add(l.Credit)
		functionalDebit, functionalCredit = functionalDebit.Add(l.FunctionalDebit), functionalCredit.Add(l.FunctionalCredit)
		require.True(t, l.FunctionalDebit.Sub(l.FunctionalCredit).Equal(l.FunctionalDebit.Sub(l.FunctionalCredit).Round(2)))
		switch {
		case l.Clearing:
			clearing = l.FunctionalDebit.Sub(l.FunctionalCredit)
		case l.Category == mapping.SlotRounding:
			rounding = l.FunctionalDebit.Sub(l.FunctionalCredit)
		}
	}
	require.True(t, debit.Equal(credit))
	require.True(t, functionalDebit.Equal(functionalCredit))
	for _, x := range plan.Sources {
		day := books.DepositOn
		if byPostedDate {
			day = x.Rollup.PostedOn
		}
		used[days[day].ID] = true
		exact = exact.Add(x.Rollup.Amount.Mul(days[day].Value))
	}
	require.True(t, clearing.Equal(exact.Round(2)), "%s is not %s", clearing, exact)
	require.False(t, rounding.Abs().GreaterThan(books.RoundingLimit))
	require.Len(t, plan.RateIDs, len(used))
	for _, id := range plan.RateIDs {
		require.True(t, used[id])
	}
}

// euros makes the bench's connection keep its books in euros, so that its
// settlements in dollars are converted.
func (b *bench) euros() *rates.Service {
	b.t.Helper()
	_, err := b.pool.Exec(b.t.Context(), `UPDATE connection SET functional_currency = 'EUR', p21_company = 'ACMEEU', version = version + 1`)
	require.NoError(b.t, err)
	_, _, err = b.connections.Sync(b.t.Context(), b.connection, audit.Job("test"))
	require.NoError(b.t, err)
	return rates.NewService(rates.Needs{Pool: b.pool, Clock: b.clock, Documents: document.NewStore(b.pool)})
}

// TestASettlementIsJoinedThroughAPivotAndItsRatesAreKept drafts in another
// currency through two rates, posts, and tries to change them.
func TestASettlementIsJoinedThroughAPivotAndItsRatesAreKept(t *testing.T) {
	t.Parallel()
	for _, adapter := range []string{p21.SeedV2, p21.Native} {
		t.Run(adapter, func(t *testing.T) {
			t.Parallel()
			b := setup(t, adapter)
			table := b.euros()
			var list []rates.Entry
			for n := range 120 {
				day := period.DateOf(now).AddDays(-n)
				rate, ok := p21stand.EuroRate("GBP", day)
				require.True(t, ok)
				list = append(list, rates.Entry{Pair: rates.Pair{Base: "GBP", Quote: "EUR"}, On: day, Value: decimal.New(1, 0).DivRound(rate, 6)},
					rates.Entry{Pair: rates.Pair{Base: "GBP", Quote: "USD"}, On: day, Value: decimal.New(128, -2)})
			}
			_, err := table.Store(t.Context(), list, rates.How{Origin: rates.ByHand, Source: "Amy", Confirmed: true}, b.accountant)
			require.NoError(t, err)
			settlementID, drafted := b.load(20, seller.Whole)
			require.Empty(t, drafted.Entries, "nothing is joined unless settings say so")
			require.Equal(t, journal.MissingRate, drafted.Problems[0].Class)
			require.NoError(t, table.SetSettings(t.Context(), rates.Settings{ConnectionID: b.connection, Pivot: "GBP", MostMove: decimal.New(10, 0)}, b.accountant))
			drafted, err = b.entries.Draft(t.Context(), settlementID, audit.Job("test"))
			require.NoError(t, err)
			require.NotEmpty(t, drafted.Problems, "nor turned around")
			require.NoError(t, table.SetSettings(t.Context(), rates.Settings{ConnectionID: b.connection, Pivot: "GBP", Inverse: true, MostMove: decimal.New(10, 0), Version: 1}, b.accountant))
			drafted, err = b.entries.Draft(t.Context(), settlementID, audit.Job("test"))
			require.NoError(t, err)
			require.Empty(t, drafted.Problems)
			id := drafted.Entries[0]
			e := b.get(id)
			require.Regexp(t, `^rate of the deposit date, \S+; through GBP: 1 GBP = 1\.28 USD of \S+, 1 GBP = \S+ EUR of \S+$`, e.RateNote)
			b.submit(id)
			b.approve(id)
			b.postUntilDone(id)
			b.holds()

			var rateID int64
			require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT max(rate_id) FROM journal_rate WHERE entry_id = $1`, id).Scan(&rateID))
			require.Equal(t, fault.Conflict, fault.CodeOf(table.Withdraw(t.Context(), rateID, "wrong", b.accountant)))
			one, _, resting, err := table.Get(t.Context(), rateID)
			require.NoError(t, err)
			require.True(t, slices.ContainsFunc(resting, func(x rates.Resting) bool { return x.ID == id }))
			_, err = table.Store(t.Context(), []rates.Entry{{Pair: one.Pair, On: one.On, Value: one.Value.Add(decimal.New(1, -2)), Reason: "corrected"}}, rates.How{Origin: rates.ByHand}, b.accountant)
			require.NoError(t, err)
			require.True(t, b.get(id).Rate.Equal(e.Rate))
			reversal, err := b.entries.Reverse(t.Context(), id, "by mistake", b.accountant)
			require.NoError(t, err)
			var same bool
			require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT (SELECT array_agg(rate_id ORDER BY rate_id) FROM journal_rate WHERE entry_id = $1) = (SELECT array_agg(rate_id ORDER BY rate_id) FROM journal_rate WHERE entry_id = $2)`, id, reversal).Scan(&same))
			require.True(t, same, "a reversal rests on the rates of what it reverses")
		})
	}
}
