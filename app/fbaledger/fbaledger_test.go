package fbaledger_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/fbaledger"
	"tieout/app/flow"
	"tieout/app/p21"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/bothsides"
	"tieout/cmd/sandbox/misbehave"
)

func setup(kind string) bothsides.Setup {
	return bothsides.Setup{Kind: kind, Writes: 10 * time.Minute, Models: []string{"reports_2021-06-30.json"}, Flows: func(w *bothsides.World) []flow.Flow {
		return []flow.Flow{fbaledger.New(w, func() fbaledger.Records { return w.Service }, w.Resolve)}
	}}
}

// day of November 2026.
func day(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }

// write has Amazon know days, and time pass until its report is read.
func write(w *bothsides.World, days ...amazonstand.LedgerDay) {
	w.T.Helper()
	for i := range days {
		days[i].Account = "us"
	}
	require.NoError(w.T, w.Seller.WriteLedger(days...))
	w.Later(fbaledger.Name, 24*time.Hour)
	w.Later(fbaledger.Name, 20*time.Minute)
}

func state(w *bothsides.World, key string) string { return w.State(fbaledger.Name, key) }

func TestUnitsThatAmazonLostOrDamagedWaitAtTheirCostUntilSomebodyHasClaimedThem(t *testing.T) {
	bothsides.Adapters(t, setup(""), func(t *testing.T, w *bothsides.World) {
		write(w, amazonstand.LedgerDay{Day: day(20), SKU: "PAIR", Starting: 50, Shipments: -3, Returns: 1},
			amazonstand.LedgerDay{Day: day(21), SKU: "PAIR", Starting: 48, Lost: -2, Damaged: -1},
			amazonstand.LedgerDay{Day: day(21), SKU: "PAIR", Disposition: "WAREHOUSE_DAMAGED", Damaged: 1},
			amazonstand.LedgerDay{Day: day(22), SKU: "PAIR", Starting: 46, Lost: -4, Found: 4})
		require.Equal(t, "ignored In order: 48 units at the end of the day.", state(w, "2026-11-20 US PAIR"))
		require.Equal(t, "exception 2026-11-21, US: 2 lost, 1 damaged.", state(w, "2026-11-21 US PAIR"))
		require.Contains(t, state(w, "2026-11-22 US PAIR"), "ignored In order: 46 units", "lost and found the same day")
		cost, err := p21.CostOf(t.Context(), w.System, "KITWHSK01")
		require.NoError(t, err)
		require.True(t, cost.IsPositive())
		require.Equal(t, "stock_lost "+cost.Add(cost).Add(cost).Add(cost).Add(cost).Add(cost).Round(2).StringFixed(2), w.Text(`SELECT class || ' ' || round(amount, 2) FROM exception WHERE state = 'open'`), "three pairs are six whisks")

		write(w, amazonstand.LedgerDay{Day: day(23), SKU: "PAIR", Starting: 46, Lost: -1})
		require.Equal(t, "1 2", w.Text(`SELECT count(*) || ' ' || sum(records) FROM exception WHERE state = 'open'`), "one claim per SKU")
	})
}

func TestALedgerThatDoesNotAddUpOrFollowIsSaidAndRightAgainWhenAmazonCorrectsIt(t *testing.T) {
	t.Parallel()
	w := bothsides.New(t, setup(p21.SeedV2))
	write(w, amazonstand.LedgerDay{Day: day(20), SKU: "KETTLE", Starting: 10, Shipments: -1, Off: 2},
		amazonstand.LedgerDay{Day: day(21), SKU: "PAIR", Starting: 10, Shipments: -1}, amazonstand.LedgerDay{Day: day(22), SKU: "PAIR", Starting: 8})
	require.Contains(t, state(w, "2026-11-20 US KETTLE"), "exception adds up: Amazon's ledger does not add up")
	require.Equal(t, "exception 2026-11-21 ended with 9 units, 2026-11-22 begins with 8.", state(w, "2026-11-22 US PAIR"))
	write(w, amazonstand.LedgerDay{Day: day(20), SKU: "KETTLE", Starting: 10, Shipments: -1}, amazonstand.LedgerDay{Day: day(22), SKU: "PAIR", Starting: 9})
	require.Contains(t, state(w, "2026-11-20 US KETTLE"), "ignored In order")
	require.Contains(t, state(w, "2026-11-22 US PAIR"), "ignored In order")
	require.Equal(t, "0", w.Text(`SELECT count(*)::text FROM exception WHERE state = 'open'`))
}

func TestADayThatIsNotOverIsReadWhenItIs(t *testing.T) {
	t.Parallel()
	w := bothsides.New(t, setup(p21.SeedV2))
	write(w, amazonstand.LedgerDay{Day: day(23), SKU: "KETTLE", Starting: 10}, amazonstand.LedgerDay{Day: day(24), SKU: "KETTLE", Starting: 10, Lost: -1})
	require.Contains(t, state(w, "2026-11-23 US KETTLE"), "ignored")
	require.Equal(t, "none", state(w, "2026-11-24 US KETTLE"))
	w.Strike(misbehave.Rule{Side: "amazon", Operation: "createReport", Kind: misbehave.ResetAfter, Count: 1})
	w.Clock.Advance(24 * time.Hour)
	require.NoError(t, w.Service.Read(t.Context(), w.Connection, fbaledger.Name, flow.OnSchedule, 0)) // the answer is lost
	w.Later(fbaledger.Name, 20*time.Minute)
	require.Contains(t, state(w, "2026-11-24 US KETTLE"), "exception 2026-11-24, US: 1 lost")
	for _, u := range w.Seller.Usage() {
		if u.Operation == "createReport" {
			require.Equal(t, 2, u.Calls, "one for each look: the one whose answer was lost is found")
		}
	}
	require.True(t, fault.Is(w.Fetch(t.Context(), w.Connection, fbaledger.Name, "2026-11-24 US KETTLE"), fault.Invalid))
}

const header = "\"Date\"\t\"FNSKU\"\t\"MSKU\"\t\"Title\"\t\"Disposition\"\t\"Starting Warehouse Balance\"\t\"Receipts\"\t\"Customer Shipments\"\t\"Customer Returns\"\t\"Found\"\t\"Lost\"\t\"Damaged\"\t\"Disposed\"\t\"Ending Warehouse Balance\"\t\"Location\"\r\n"

func TestEverythingWrongWithALedgerIsSaid(t *testing.T) {
	t.Parallel()
	list, problems := fbaledger.Read(header + "\"11/20/2026\"\t\"X\"\t\"PAN-8\"\t\"8\"\" pan\"\t\"SELLABLE\"\t\"5\"\t\"\"\t\"-1\"\t\"0\"\t\"0\"\t\"0\"\t\"0\"\t\"0\"\t\"4\"\t\"DE\"\r\n" +
		"yesterday\tX\t\t\tSELLABLE\tfew\t0\t0\t0\t0\t0\t0\t0\t4\tDE\n")
	require.Len(t, list, 1)
	require.Equal(t, `8" pan`, list[0].Title)
	require.Equal(t, -1, list[0].Moves.Sum())
	require.Equal(t, "2026-11-20", list[0].Day.String())
	var words []string
	for _, p := range problems {
		words = append(words, p.String())
	}
	require.ElementsMatch(t, []string{`line 3, date: "yesterday" is no day`, `line 3, startingwarehousebalance: "few" is no number of units`, "line 3, msku: is empty"}, words)
	_, problems = fbaledger.Read("msku\n")
	require.Len(t, problems, 11, "every missing column")
}

func FuzzRead(f *testing.F) {
	f.Add(header + "\"11/20/2026\"\t\"X\"\t\"PAN-8\"\t\"8\"\" pan\"\t\"SELLABLE\"\t\"5\"\t\"\"\t\"-1\"\t\"0\"\t\"0\"\t\"0\"\t\"0\"\t\"0\"\t\"4\"\t\"DE\"\r\n")
	f.Add("msku")
	f.Fuzz(func(t *testing.T, text string) {
		list, problems := fbaledger.Read(text)
		rows := strings.Count(text, "\n")
		require.LessOrEqual(t, len(list), rows)
		for _, p := range problems {
			require.Positive(t, p.Line)
			require.LessOrEqual(t, p.Line, rows+1)
		}
		for _, r := range list {
			require.NotEmpty(t, r.SKU)
		}
	})
}
