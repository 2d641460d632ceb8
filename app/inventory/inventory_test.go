package inventory_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/catalog"
	"tieout/app/flow"
	"tieout/app/inventory"
	"tieout/app/p21"
	"tieout/cmd/sandbox/bothsides"
	"tieout/cmd/sandbox/misbehave"
)

// world is a connection with the flow of stock.
type world struct{ *bothsides.World }

func setup(kind string) bothsides.Setup {
	return bothsides.Setup{Kind: kind, Models: []string{"feeds_2021-06-30.json", "listingsItems_2021-08-01.json"}, Writes: 5 * time.Minute, Flows: func(w *bothsides.World) []flow.Flow {
		return []flow.Flow{inventory.New(w, inventory.NewShelf(w.Pool), w.Catalog.NoteListings, w.Clock, 200*time.Millisecond)}
	}}
}

// open is a world in which Amazon knows the mapped SKUs as the seller's own.
func open(w *bothsides.World) *world {
	for _, sku := range []string{"KETTLE", "PAIR", "SET"} {
		require.NoError(w.T, w.Seller.List("us", sku, 0, ""))
	}
	x := &world{w}
	x.stock("BRW-POUR-01", "10", 20)
	x.stock("KITWHSK01", "10", 31)
	return x
}

func adapters(t *testing.T, test func(t *testing.T, w *world)) {
	bothsides.Adapters(t, setup(""), func(t *testing.T, w *bothsides.World) { test(t, open(w)) })
}

func (w *world) stock(item, location string, onHand int64) {
	w.T.Helper()
	held, ok := w.ERP.StockOf(item, location)
	require.True(w.T, ok, item)
	require.NoError(w.T, w.ERP.SetStock(item, location, decimal.NewFromInt(onHand).Add(held.Allocated)))
}

// settle reads, sends, and looks again when Amazon is done.
func (w *world) settle() {
	w.T.Helper()
	w.Later(inventory.Name, 10*time.Minute)
	w.Later(inventory.Name, 10*time.Minute)
}

func (w *world) offered() map[string]int {
	w.T.Helper()
	list, err := w.Seller.Listed("us")
	require.NoError(w.T, err)
	return list
}

func (w *world) feeds() int {
	for _, u := range w.Seller.Usage() {
		if u.Operation == "createFeed" {
			return u.Calls
		}
	}
	return 0
}

func TestAmazonIsToldWhatCanBeDeliveredAndOnlyWhatChanged(t *testing.T) {
	adapters(t, func(t *testing.T, w *world) {
		w.settle()
		require.Equal(t, map[string]int{"KETTLE": 20, "PAIR": 15, "SET": 10}, w.offered(), "a pair needs two, a set one and three")
		require.Equal(t, "delivered", w.State(inventory.Name, "SET"))

		w.stock("BRW-POUR-01", "10", 7)
		w.settle()
		require.Equal(t, map[string]int{"KETTLE": 7, "PAIR": 15, "SET": 7}, w.offered())
		require.Equal(t, "1", w.Text(`SELECT deliveries::text FROM flow_record WHERE key = 'PAIR'`), "it has not changed")
		before := w.feeds()
		w.settle()
		require.Equal(t, before, w.feeds(), "nothing has changed")
	})
}

func TestBufferFloorAndLocationsAreFormulas(t *testing.T) {
	t.Parallel()
	w := open(bothsides.New(t, setup(p21.SeedV2)))
	v, err := w.Version(t.Context(), w.Connection, inventory.Name, 0)
	require.NoError(t, err)
	for i, f := range v.Fields {
		switch f.Name {
		case "buffer":
			v.Fields[i].Formula = `sku == "KETTLE" ? 4 : 0`
		case "floor":
			v.Fields[i].Formula = `12`
		}
	}
	actor := w.Person("Olga Ops")
	number, err := w.Save(t.Context(), w.Connection, inventory.Name, v, "buffers", actor)
	require.NoError(t, err)
	require.NoError(t, w.Use(t.Context(), w.Connection, inventory.Name, number, actor))
	w.settle()
	require.Equal(t, map[string]int{"KETTLE": 16, "PAIR": 15, "SET": 0}, w.offered(), "the formulas hold at once, whether or not the stock changes")
	w.stock("BRW-POUR-01", "20", 500)
	w.settle()
	require.Equal(t, map[string]int{"KETTLE": 16, "PAIR": 15, "SET": 0}, w.offered(), "what is with Amazon does not count, and ten sets are too few")
}

func TestWhatAmazonRefusesIsAnExceptionInItsWordsAndGoesOnLater(t *testing.T) {
	t.Parallel()
	w := open(bothsides.New(t, setup(p21.SeedV2)))
	require.NoError(t, w.Seller.List("us", "PAIR", 0, "'[batteries_required]' is required but not supplied."))
	w.settle()
	require.Equal(t, map[string]int{"KETTLE": 20, "PAIR": 0, "SET": 10}, w.offered())
	require.Contains(t, w.State(inventory.Name, "PAIR"), "exception '[batteries_required]' is required")
	require.NoError(t, w.Seller.List("us", "PAIR", 0, ""))
	w.stock("KITWHSK01", "10", 40) // the next change, or somebody's "try again"
	w.settle()
	require.Equal(t, 20, w.offered()["PAIR"])
	require.Equal(t, "0", w.Text(`SELECT count(*)::text FROM exception WHERE state = 'open'`))
}

func TestWhatAmazonFulfilsIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := &world{bothsides.New(t, setup(p21.SeedV2))}
	w.Map("BRW-POUR-01", catalog.Part{Code: "BRW-POUR-01", Quantity: 1}) // the story's own, which Amazon ships
	require.NoError(t, w.Seller.List("us", "KETTLE", 3, ""))
	w.settle()
	require.Contains(t, w.State(inventory.Name, "BRW-POUR-01"), "ignored Amazon fulfils this SKU")
	require.Contains(t, w.State(inventory.Name, "PAIR"), "ignored Amazon has no listing")
	require.Equal(t, "delivered", w.State(inventory.Name, "KETTLE"))
}

// A feed that was handed in although its answer was lost is handed in again: its
// quantities are absolute.
func TestQuantitiesAreRightWhateverAmazonAnswers(t *testing.T) {
	t.Parallel()
	for _, rule := range []misbehave.Rule{{Kind: misbehave.ResetAfter}, {Kind: misbehave.Reset}, {Kind: misbehave.Status, Status: 503}, {Kind: misbehave.StatusAfter, Status: 500}} {
		t.Run(string(rule.Kind), func(t *testing.T) {
			t.Parallel()
			w := open(bothsides.New(t, setup(p21.SeedV2)))
			rule.Side, rule.Operation, rule.Count = "amazon", "createFeed", 1
			w.Strike(rule)
			w.settle()
			w.settle()
			require.Equal(t, map[string]int{"KETTLE": 20, "PAIR": 15, "SET": 10}, w.offered())
			require.Equal(t, "3", w.Text(`SELECT count(*)::text FROM flow_record WHERE state = 'delivered'`))
		})
	}
}

func TestManySKUsShareAFeed(t *testing.T) {
	t.Parallel()
	w := open(bothsides.New(t, setup(p21.SeedV2)))
	for i := range 300 {
		sku := fmt.Sprintf("KETTLE-%03d", i)
		w.Map(sku, catalog.Part{Code: "BRW-POUR-01", Quantity: 1})
		require.NoError(t, w.Seller.List("us", sku, 0, ""))
	}
	w.settle()
	w.settle()
	require.Equal(t, "303", w.Text(`SELECT count(*)::text FROM flow_record WHERE state = 'delivered'`))
	require.Equal(t, 20, w.offered()["KETTLE-299"])
	require.Less(t, w.feeds(), 30)
}

// Amazon's own example of a report is read as Amazon means it.
func TestAmazonsExampleOfAReportIsRead(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "reference", "sp-api", "schemas", "feeds", "listings-feed-processing-report-schema-v2.example.json"))
	if err != nil {
		t.Skip("Amazon's schemas are not here")
	}
	var r inventory.Report
	require.NoError(t, json.Unmarshal(raw, &r))
	require.Empty(t, r.Refused(1))
	require.Equal(t, "'[batteries_required]' is required but not supplied (90220); '[supplier_declared_dg_hz_regulation]' is required but not supplied (90220)", r.Refused(4))
}
