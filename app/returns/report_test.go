package returns_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/returns"
)

const header = "return-date\torder-id\tsku\tasin\tfnsku\tproduct-name\tquantity\tfulfillment-center-id\tdetailed-disposition\treason\tstatus\tlicense-plate-number\tcustomer-comments"

// row is a return with a plate.
func row(plate string) string {
	return "2026-11-20T08:15:00-08:00\t111-1\tTEA-1\tB01\tX01\t12\" kettle\t1\tPHX3\tSELLABLE\tUNWANTED_ITEM\tUnit returned to inventory\t" + plate + "\ttoo \"big\""
}

func file(rows ...string) string { return header + "\r\n" + strings.Join(rows, "\r\n") + "\r\n" }

func keys(list []returns.Return) []string {
	var all []string
	for _, r := range list {
		all = append(all, r.Key())
	}
	return all
}

func TestARowIsReadWithQuotesInIt(t *testing.T) {
	t.Parallel()
	list, problems := returns.Read(file(row("LPN1")))
	require.Empty(t, problems)
	require.Equal(t, []returns.Return{{
		Line: 2, Date: time.Date(2026, 11, 20, 16, 15, 0, 0, time.UTC), OrderID: "111-1", SKU: "TEA-1", ASIN: "B01", FNSKU: "X01",
		Title: `12" kettle`, Quantity: 1, Warehouse: "PHX3", Disposition: "SELLABLE", Reason: "UNWANTED_ITEM",
		Status: "Unit returned to inventory", Plate: "LPN1", Running: 1,
	}}, list)
	require.True(t, list[0].Sellable())
}

func TestTheSameReturnHasOneKeyInOverlappingReports(t *testing.T) {
	t.Parallel()
	first, _ := returns.Read(file(row("LPN1"), row("LPN2")))
	second, _ := returns.Read(file(row("LPN3"), row("LPN2"), row("LPN1")))
	require.Equal(t, first[0].Key(), second[2].Key())
	require.Equal(t, first[1].Key(), second[1].Key())
	elsewhere, _ := returns.Read(file(strings.Replace(row("LPN1"), "08:15:00-08:00", "16:15:00+00:00", 1)))
	require.Equal(t, first[0].Key(), elsewhere[0].Key(), "the same moment in another zone")
}

func TestTwoIdenticalRowsAreTwoReturns(t *testing.T) {
	t.Parallel()
	list, problems := returns.Read(file(row(""), row(""), row("LPN1")))
	require.Empty(t, problems)
	require.Equal(t, []int{1, 2, 1}, []int{list[0].Running, list[1].Running, list[2].Running})
	again, _ := returns.Read(file(row("LPN1"), row(""), row("")))
	require.ElementsMatch(t, keys(list), keys(again))
}

func TestABadRowDoesNotRenameTheOthers(t *testing.T) {
	t.Parallel()
	bad := strings.Replace(row(""), "\t1\tPHX3", "\tone\tPHX3", 1)
	list, problems := returns.Read(file(bad, row("")))
	require.Len(t, problems, 1)
	whole, _ := returns.Read(file(row(""), row("")))
	require.Equal(t, whole[1].Key(), list[0].Key())
}

func TestKeysStayApartWhateverIsInTheirParts(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	a := returns.Return{OrderID: "1", SKU: "a|b", FNSKU: "c", Date: day, Running: 1}
	b := returns.Return{OrderID: "1", SKU: "a", FNSKU: "b|c", Date: day, Running: 1}
	require.NotEqual(t, a.Key(), b.Key())
}

func TestAllProblemsOfAFileAreCollected(t *testing.T) {
	t.Parallel()
	list, problems := returns.Read(file("yesterday\t111-1\tS\tA\tF\t\t0\t\tSELLABLE", row("LPN1"), "2026-11-20\t\tS\tA\tF\t\t1\t\t"))
	require.Len(t, list, 1)
	var words []string
	for _, p := range problems {
		words = append(words, p.String())
	}
	require.Equal(t, []string{
		`line 2, return-date: "yesterday" is no date`,
		`line 2, quantity: "0" is no number of units`,
		"line 4, order-id: is empty",
		"line 4, detailed-disposition: is empty",
	}, words)
}

func TestMissingColumnsAreAllNamed(t *testing.T) {
	t.Parallel()
	_, problems := returns.Read("sku\tfnsku\torder-id\n")
	require.Equal(t, []returns.Problem{
		{Line: 1, Column: "return-date", Words: "the column is missing"}, {Line: 1, Column: "quantity", Words: "the column is missing"},
		{Line: 1, Column: "detailed-disposition", Words: "the column is missing"},
	}, problems)
}

func TestColumnsAreFoundByNameAlsoJapans(t *testing.T) {
	t.Parallel()
	list, problems := returns.Read("Extra\tOrder ID\tReturned Date\tSKU\tFNSKU\tQuantity\tDetailed Disposition\nx\t250-1\t2026-11-20\tS\t\t2\tCUSTOMER_DAMAGED\n")
	require.Empty(t, problems)
	require.Equal(t, "250-1", list[0].OrderID)
	require.Equal(t, 2, list[0].Quantity)
	require.False(t, list[0].Sellable())
}

func FuzzRead(f *testing.F) {
	f.Add(file(row("LPN1"), row(""), row("")))
	f.Add("Order ID\tReturned Date\tSKU\tFNSKU\tQuantity\tDetailed Disposition\n\t\t\t\t-1\t")
	f.Fuzz(func(t *testing.T, text string) {
		list, problems := returns.Read(text)
		seen := map[string]bool{}
		for _, r := range list {
			require.False(t, seen[r.Key()], "two returns share the key %q", r.Key())
			seen[r.Key()] = true
			require.Positive(t, r.Quantity)
			require.False(t, r.Date.IsZero() && r.OrderID == "")
		}
		bad := map[int]bool{}
		for _, p := range problems {
			bad[p.Line] = true
		}
		for _, r := range list {
			require.False(t, bad[r.Line], "line %d is a return and a problem", r.Line)
		}
	})
}
