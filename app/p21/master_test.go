package p21_test

import (
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/p21"
	"tieout/cmd/sandbox/misbehave"
	sandbox "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
)

func all[T any](t *testing.T, seq iter.Seq2[T, error]) []T {
	t.Helper()
	var list []T
	for one, err := range seq {
		require.NoError(t, err)
		list = append(list, one)
	}
	return list
}

func firstError[T any](seq iter.Seq2[T, error]) error {
	for _, err := range seq {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestEveryMarketplaceHasACustomer(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		found, err := s.system.FindCustomer(t.Context(), "AMAZON-US")
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, amazonUS, found[0].Number)
		require.EqualValues(t, "USD", found[0].Currency)
		require.True(t, found[0].Active)
		none, err := s.system.FindCustomer(t.Context(), "AMAZON-DE")
		require.NoError(t, err)
		require.Empty(t, none, "it belongs to another company")

		one, err := s.system.Customer(t.Context(), amazonUS)
		require.NoError(t, err)
		require.Equal(t, "Amazon.com", one.Name)
		for _, number := range []string{"100199", "4711", "x'y"} {
			_, err = s.system.Customer(t.Context(), number)
			require.Equal(t, p21.NotFound, p21.TypeOf(err), number)
		}
	})
}

func TestACustomerIsCreatedOnce(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		c := p21.Customer{Company: "ACME", Name: strings.Repeat("Buyer ", 10), Reference: "BUYER-1", Currency: "EUR", Terms: "1", Email: "b@example.com"}
		held, err := s.system.CreateCustomer(t.Context(), c)
		require.NoError(t, err)
		require.Equal(t, c.Name[:50], held.Name+strings.Repeat(" ", 50-len(held.Name)), "cut to P21's width")
		require.Contains(t, strings.Join(held.Notes, ""), "the name was cut from 60 to 50")
		found, err := s.system.FindCustomer(t.Context(), "BUYER-1")
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, held.Number, found[0].Number)
		require.EqualValues(t, "EUR", found[0].Currency)

		s.fail(t, misbehave.Rule{Operation: sandbox.OpCreateCustomer, Kind: misbehave.ResetAfter})
		c.Reference = "BUYER-2"
		_, err = s.system.CreateCustomer(t.Context(), c)
		require.Equal(t, p21.Unknown, p21.OutcomeOf(err))
		found, err = s.system.FindCustomer(t.Context(), "BUYER-2")
		require.NoError(t, err)
		require.Len(t, found, 1)

		for label, change := range map[string]func(*p21.Customer){
			"company": func(c *p21.Customer) { c.Company = "ACMEUK" }, "name": func(c *p21.Customer) { c.Name = "" },
			"currency": func(c *p21.Customer) { c.Currency = "" }, "email": func(c *p21.Customer) { c.Email = strings.Repeat("e", 256) },
		} {
			wrong := c
			change(&wrong)
			_, err = s.system.CreateCustomer(t.Context(), wrong)
			require.Equal(t, p21.Validation, p21.TypeOf(err), label)
		}
	})
}

func TestTheProductMasterComesWhole(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		items := all(t, s.system.Items(t.Context(), time.Time{}))
		require.Len(t, items, len(seller.Products())+2)
		byCode := map[string]p21.Item{}
		last := ""
		for _, i := range items {
			require.Less(t, last, i.Code, "by code")
			last, byCode[i.Code] = i.Code, i
		}
		for _, p := range seller.Products() {
			require.Equal(t, p.Title, byCode[sandbox.ProductCode(p.SKU)].Extended)
		}
		pour := byCode["BRW-POUR-01"]
		require.Equal(t, "EA", pour.Unit)
		require.Equal(t, "34.99", pour.ListPrice.String())
		require.True(t, pour.Active)
		require.False(t, byCode[sandbox.InactiveItem].Active)

		carton, err := s.system.Item(t.Context(), strings.ToLower(sandbox.CartonItem))
		require.NoError(t, err, "a slash in a code is part of it")
		require.Equal(t, byCode[sandbox.CartonItem], carton)
		_, err = s.system.Item(t.Context(), "NONSENSE")
		require.Equal(t, p21.NotFound, p21.TypeOf(err))
	})
}

func TestOnlyWhatHasChangedIsRead(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		since := s.clock.Now()
		require.Empty(t, all(t, s.system.Items(t.Context(), since)))
		s.clock.Advance(2 * time.Hour)
		require.NoError(t, s.server.ChangeItem(sandbox.Item{Code: "OUT-LANT", Description: "Lantern", ListPrice: d("41.50"), Active: true}))
		changed := all(t, s.system.Items(t.Context(), since))
		require.Len(t, changed, 1)
		require.Equal(t, "41.5", changed[0].ListPrice.String())
		require.Equal(t, s.clock.Now(), changed[0].ChangedAt)
		s.clock.Advance(2 * time.Hour)
		require.Empty(t, all(t, s.system.Items(t.Context(), s.clock.Now())))
		require.Empty(t, all(t, s.system.Stock(t.Context(), since, "")))
		s.entered(t, "112-1")
		require.Len(t, all(t, s.system.Stock(t.Context(), since, "20")), 2, "two items are allocated now")
		require.Empty(t, all(t, s.system.Stock(t.Context(), since, "10")))
	})
}

func TestChangesAreAskedForInTheServersOwnTime(t *testing.T) {
	t.Parallel()
	newYork, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	s := open(t, p21.Native, func(_ *sandbox.Config, here *p21.Config) { here.Zone = newYork })
	// The stand-in's clock shows UTC: read as New York's it is five hours later.
	s.clock.Advance(6 * time.Hour)
	require.NoError(t, s.server.ChangeItem(sandbox.Item{Code: "OUT-LANT", Description: "Lantern", ListPrice: d("41.50"), Active: true}))
	changed := all(t, s.system.Items(t.Context(), s.clock.Now().Add(5*time.Hour)))
	require.Len(t, changed, 1)
	require.Equal(t, s.clock.Now().Add(5*time.Hour), changed[0].ChangedAt)
	require.Empty(t, all(t, s.system.Items(t.Context(), s.clock.Now().Add(6*time.Hour+time.Second))))
}

func TestNoChangeIsMissedWhileTheServersTimeIsNotKnown(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native, func(_ *sandbox.Config, here *p21.Config) { here.Zone = nil })
	s.clock.Advance(24 * time.Hour)
	require.NoError(t, s.server.ChangeItem(sandbox.Item{Code: "OUT-LANT", Description: "Lantern", ListPrice: d("41.50"), Active: true}))
	require.Len(t, all(t, s.system.Items(t.Context(), s.clock.Now().Add(12*time.Hour))), 1, "it may have been twelve hours later")
	require.Empty(t, all(t, s.system.Items(t.Context(), s.clock.Now().Add(14*time.Hour))))
}

func TestSequencesEndAtTheirFirstErrorAndWhenNobodyListens(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		for range s.system.Items(t.Context(), time.Time{}) {
			break
		}
		for range s.system.Stock(t.Context(), time.Time{}, "") {
			break
		}
		s.fail(t, misbehave.Rule{Operation: sandbox.OpReadItems, Kind: misbehave.Status, Status: 500})
		require.Equal(t, p21.Unavailable, p21.TypeOf(firstError(s.system.Items(t.Context(), time.Time{}))))
		s.fail(t, misbehave.Rule{Operation: sandbox.OpReadStock, Kind: misbehave.Status, Status: 500})
		require.Equal(t, p21.Unavailable, p21.TypeOf(firstError(s.system.Stock(t.Context(), time.Time{}, ""))))
	})
}

func TestStockIsToldByLocation(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		s.entered(t, "112-1")
		levels := all(t, s.system.Stock(t.Context(), time.Time{}, "20"))
		require.Len(t, levels, len(s.server.Items()))
		for _, level := range levels {
			require.Equal(t, "20", level.Location)
			require.Equal(t, "ACME", level.Company)
			want, ok := s.server.StockOf(level.Item, "20")
			require.True(t, ok, level.Item)
			require.True(t, want.OnHand.Equal(level.OnHand))
			require.True(t, want.Cost.Equal(level.UnitCost))
			require.True(t, level.Available.Equal(level.OnHand.Sub(level.Allocated)))
			require.True(t, want.InTransit.Equal(level.InTransit))
		}
		require.Len(t, all(t, s.system.Stock(t.Context(), time.Time{}, "")), 2*len(s.server.Items()), "both locations of the company, no others")
		require.Empty(t, all(t, s.system.Stock(t.Context(), time.Time{}, "30")), "another company's")
		one, err := s.system.StockOf(t.Context(), strings.ToLower(levels[0].Item))
		require.NoError(t, err)
		require.Len(t, one, 2, "each location of the company")
		i := slices.IndexFunc(one, func(level p21.Stock) bool { return level.Location == "20" })
		require.Equal(t, levels[0], one[i])
		one, err = s.system.StockOf(t.Context(), "NO-SUCH-ITEM")
		require.NoError(t, err)
		require.Empty(t, one)
	})
}

func TestStockIsAdjustedByADifference(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		for _, item := range []string{"out-lant", sandbox.CartonItem} {
			before, _ := s.server.StockOf(strings.ToUpper(item), "20")
			held, err := s.system.AdjustStock(t.Context(), p21.Adjustment{Reference: "ADJ-" + item, Item: item, Location: "20", Delta: d("-7"), Reason: "AMZ"})
			require.NoError(t, err)
			require.True(t, held.OnHand.Equal(before.OnHand.Sub(d("7"))))
			after, _ := s.server.StockOf(strings.ToUpper(item), "20")
			require.True(t, after.OnHand.Equal(held.OnHand))
		}
		for label, a := range map[string]p21.Adjustment{
			"unknown reason":   {Reference: "ADJ-2", Item: "OUT-LANT", Location: "20", Delta: d("1"), Reason: "WHY"},
			"unknown item":     {Reference: "ADJ-2", Item: "NONSENSE", Location: "20", Delta: d("1"), Reason: "AMZ"},
			"other's location": {Reference: "ADJ-2", Item: "OUT-LANT", Location: "30", Delta: d("1"), Reason: "AMZ"},
			"nothing":          {Reference: "ADJ-2", Item: "OUT-LANT", Location: "20", Reason: "AMZ"},
			"five decimals":    {Reference: "ADJ-2", Item: "OUT-LANT", Location: "20", Delta: d("0.00001"), Reason: "AMZ"},
		} {
			_, err := s.system.AdjustStock(t.Context(), a)
			require.Equal(t, p21.Refused, p21.OutcomeOf(err), "%s: %v", label, err)
		}
	})
}

func TestALostAnswerToAnAdjustmentIsUnknownAndNotSentAgain(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		before, _ := s.server.StockOf("OUT-LANT", "20")
		s.fail(t, misbehave.Rule{Operation: sandbox.OpAdjustStock, Kind: misbehave.ResetAfter})
		_, err := s.system.AdjustStock(t.Context(), p21.Adjustment{Reference: "ADJ-1", Item: "OUT-LANT", Location: "20", Delta: d("5"), Reason: "AMZ"})
		require.Equal(t, p21.Unknown, p21.OutcomeOf(err))
		after, _ := s.server.StockOf("OUT-LANT", "20")
		require.True(t, after.OnHand.Equal(before.OnHand.Add(d("5"))), "once")
	})
}

func TestSeedRefusesAnAdjustmentThatItHas(t *testing.T) {
	t.Parallel()
	s := open(t, p21.SeedV2)
	a := p21.Adjustment{Reference: "ADJ-1", Item: "OUT-LANT", Location: "20", Delta: d("5"), Reason: "AMZ"}
	_, err := s.system.AdjustStock(t.Context(), a)
	require.NoError(t, err)
	_, err = s.system.AdjustStock(t.Context(), a)
	require.Equal(t, p21.Duplicate, p21.TypeOf(err))
}

func TestNativeNoticesAnAdjustmentThatDidNothing(t *testing.T) {
	t.Parallel()
	for label, body := range map[string]string{"success": `{"ResponseMessage":"success"}`, "nothing": " ", "a page": "<html></html>"} {
		s := open(t, p21.Native)
		s.fail(t, misbehave.Rule{Operation: sandbox.OpAdjustStock, Kind: misbehave.Status, Status: 200, Body: body})
		_, err := s.system.AdjustStock(t.Context(), p21.Adjustment{Reference: "ADJ-1", Item: "OUT-LANT", Location: "20", Delta: d("5"), Reason: "AMZ"})
		require.Equal(t, p21.Unknown, p21.OutcomeOf(err), "%s: %v", label, err)
		require.Equal(t, p21.Malformed, p21.TypeOf(err), label)
	}
}

func TestSeedReadsStockAnewWhenSomebodyWasFaster(t *testing.T) {
	t.Parallel()
	s := open(t, p21.SeedV2)
	stale := misbehave.Rule{Operation: sandbox.OpAdjustStock, Kind: misbehave.Status, Status: 409, Body: `{"ErrorMessage":"stale","ErrorType":"Conflict"}`, Count: 2}
	s.fail(t, stale)
	a := p21.Adjustment{Reference: "ADJ-1", Item: "OUT-LANT", Location: "20", Delta: d("5"), Reason: "AMZ"}
	_, err := s.system.AdjustStock(t.Context(), a)
	require.NoError(t, err)
	require.Equal(t, 2, s.faults.Rules()[0].Struck)

	stale.Count = 0
	s.fail(t, stale)
	a.Reference = "ADJ-2"
	_, err = s.system.AdjustStock(t.Context(), a)
	require.Equal(t, p21.Conflict, p21.TypeOf(err))
	require.Equal(t, 5, s.faults.Rules()[1].Struck, "not forever")
}
