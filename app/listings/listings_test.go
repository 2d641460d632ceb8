package listings_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/listings"
	"tieout/app/p21"
	"tieout/cmd/sandbox/bothsides"
	"tieout/cmd/sandbox/misbehave"
)

func setup(kind string) bothsides.Setup {
	return bothsides.Setup{Kind: kind, Models: []string{"listingsItems_2021-08-01.json"}, Writes: 5 * time.Minute, Flows: func(w *bothsides.World) []flow.Flow {
		return []flow.Flow{listings.New(w, w.Catalog, w.Clock)}
	}}
}

// world is a connection with the flow of products.
type world struct{ *bothsides.World }

// open is a world in which Amazon lists two of the mapped SKUs.
func open(w *bothsides.World) *world {
	for _, sku := range []string{"KETTLE", "PAIR"} {
		require.NoError(w.T, w.Seller.List("us", sku, 0, ""))
	}
	return &world{w}
}

func one(t *testing.T) *world { return open(bothsides.New(t, setup(p21.SeedV2))) }

// formulas puts a version into use.
func (w *world) formulas(list map[string]string) error {
	w.T.Helper()
	v, err := w.Version(w.T.Context(), w.Connection, listings.Name, 0)
	require.NoError(w.T, err)
	for i, f := range v.Fields {
		if formula, ok := list[f.Name]; ok {
			v.Fields[i].Formula = formula
		}
	}
	actor := w.Person(fmt.Sprintf("Olga %d", len(w.Text(`SELECT repeat('x', count(*)::int) FROM person`))))
	number, err := w.Save(w.T.Context(), w.Connection, listings.Name, v, "for the test", actor)
	require.NoError(w.T, err)
	return w.Use(w.T.Context(), w.Connection, listings.Name, number, actor)
}

func (w *world) use(list map[string]string) {
	w.T.Helper()
	require.NoError(w.T, w.formulas(list))
	require.NoError(w.T, w.Work(w.T.Context(), w.Connection, listings.Name))
}

func (w *world) shown(sku, attribute string) string {
	w.T.Helper()
	value, _, err := w.Seller.Attribute("us", sku, attribute)
	require.NoError(w.T, err)
	return value
}

func (w *world) patches(sku string) int {
	w.T.Helper()
	_, n, err := w.Seller.Attribute("us", sku, "item_name")
	require.NoError(w.T, err)
	return n
}

func (w *world) state(sku string) string { return w.State(listings.Name, "US "+sku) }

func TestNothingLeavesUntilAPersonWritesAFormulaAndThenEveryProductIsToldOnce(t *testing.T) {
	bothsides.Adapters(t, setup(""), func(t *testing.T, b *bothsides.World) {
		w := open(b)
		w.Run(listings.Name)
		require.Equal(t, "ignored No formula gives Amazon anything of this product.", w.state("KETTLE"))
		require.Equal(t, "none", w.state("SET"), "a kit is no item of P21")
		require.Zero(t, w.patches("KETTLE"))

		item, err := w.System.Item(t.Context(), "BRW-POUR-01")
		require.NoError(t, err)
		w.use(map[string]string{"item_name": `item.description`, "list_price": `item.list_price * units`, "bullet_points": `"Steel\nMade in Ohio"`, "other": `'{"color": [{"value": "Red"}]}'`})
		require.Equal(t, "delivering Amazon has accepted the change and works on it.", w.state("KETTLE"))
		w.Later(listings.Name, 10*time.Minute)
		require.Equal(t, "delivered", w.state("KETTLE"))
		require.Equal(t, "delivered", w.state("PAIR"))
		require.JSONEq(t, fmt.Sprintf(`[{"value": %q, "language_tag": "en_US", "marketplace_id": "ATVPDKIKX0DER"}]`, item.Description), w.shown("KETTLE", "item_name"))
		require.JSONEq(t, fmt.Sprintf(`[{"value": %s, "currency": "USD", "marketplace_id": "ATVPDKIKX0DER"}]`, item.ListPrice), w.shown("KETTLE", "list_price"))
		require.JSONEq(t, `[{"value": "Steel", "language_tag": "en_US", "marketplace_id": "ATVPDKIKX0DER"}, {"value": "Made in Ohio", "language_tag": "en_US", "marketplace_id": "ATVPDKIKX0DER"}]`, w.shown("KETTLE", "bullet_point"))
		require.JSONEq(t, `[{"value": "Red", "marketplace_id": "ATVPDKIKX0DER"}]`, w.shown("PAIR", "color"))
		require.Equal(t, 1, w.patches("KETTLE"))

		w.Later(listings.Name, 2*time.Hour)
		require.Equal(t, 1, w.patches("KETTLE"), "nothing changed, nothing is sent")
		w.use(map[string]string{"item_name": `"KETTLE " + item.description`})
		w.Later(listings.Name, 10*time.Minute)
		require.Equal(t, "delivered", w.state("KETTLE"))
		require.Contains(t, w.shown("KETTLE", "item_name"), "KETTLE "+item.Description)
		require.Equal(t, 2, w.patches("KETTLE"))
		w.use(map[string]string{"item_name": `""`, "list_price": `0`, "bullet_points": `""`, "other": `""`})
		require.Equal(t, "delivered", w.state("KETTLE"))
		require.Contains(t, w.shown("KETTLE", "item_name"), "KETTLE "+item.Description, "what no formula gives any more is left as it is")
		require.Equal(t, 2, w.patches("KETTLE"))
	})
}

func TestAnItemThatIsMappedLaterIsToldWithoutAChangeInP21(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.use(map[string]string{"part_number": `item.code`})
	w.Run(listings.Name)
	w.Later(listings.Name, 10*time.Minute)
	w.Later(listings.Name, 24*time.Hour)
	require.NoError(t, w.Seller.List("us", "GRINDER", 0, ""))
	w.Map("GRINDER", catalog.Part{Code: "BRW-GRND-07", Quantity: 1})
	w.Later(listings.Name, time.Hour)
	w.Later(listings.Name, 10*time.Minute)
	require.Equal(t, "delivered", w.state("GRINDER"))
	require.Contains(t, w.shown("GRINDER", "part_number"), `"BRW-GRND-07"`)
}

func TestWhatAmazonRefusesIsOneExceptionInItsWordsAndGoneWhenTheFormulaIsRight(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.Run(listings.Name)
	w.use(map[string]string{"item_name": `"` + strings.Repeat("long ", 50) + `"`})
	require.Contains(t, w.state("KETTLE"), "exception 'item_name' exceeds the maximum length of 200 characters (item_name, 101205).")
	require.Equal(t, "1 2", w.Text(`SELECT count(*) || ' ' || sum(records) FROM exception WHERE state = 'open'`), "both products, one cause")
	require.Zero(t, w.patches("KETTLE"), "the preview was enough")
	w.use(map[string]string{"item_name": `"SHORT AND LOUD"`})
	w.Later(listings.Name, 10*time.Minute)
	require.Equal(t, "delivered", w.state("KETTLE"))
	require.Equal(t, "0", w.Text(`SELECT count(*)::text FROM exception WHERE state = 'open'`))
	require.Equal(t, "'item_name' is in capital letters throughout (item_name, 99300).", w.Text(`SELECT e.detail FROM flow_event e JOIN flow_record r ON r.id = e.record_id WHERE e.step = 'warning' AND r.key = 'US KETTLE'`))
}

func TestAmazonRefusesAfterThePreviewWhenTheListingBrokeMeanwhile(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.Run(listings.Name)
	w.Strike(misbehave.Rule{Side: "amazon", Operation: "patchListingsItem", Kind: misbehave.Status, Status: 503, Skip: 1, Count: 1})
	require.NoError(t, w.formulas(map[string]string{"brand": `sku == "KETTLE" ? "Tieout" : ""`}))
	require.NoError(t, w.Work(t.Context(), w.Connection, listings.Name))
	require.NoError(t, w.Seller.List("us", "KETTLE", 0, "The listing is suppressed."))
	w.Later(listings.Name, 10*time.Minute)
	require.Contains(t, w.state("KETTLE"), "exception The listing is suppressed (brand, 90220).")
	require.Zero(t, w.patches("KETTLE"))
}

func TestAChangeWhoseAnswerWasLostIsNotMadeTwice(t *testing.T) {
	bothsides.Adapters(t, setup(""), func(t *testing.T, b *bothsides.World) {
		w := open(b)
		w.Run(listings.Name)
		w.Strike(misbehave.Rule{Side: "amazon", Operation: "patchListingsItem", Kind: misbehave.ResetAfter, Skip: 1, Count: 1})
		w.use(map[string]string{"brand": `sku == "KETTLE" ? "Tieout" : ""`})
		w.Later(listings.Name, 10*time.Minute)
		w.Later(listings.Name, 10*time.Minute)
		require.Equal(t, "delivered", w.state("KETTLE"))
		require.Equal(t, 1, w.patches("KETTLE"))
	})
}

func TestPricesInAnotherCurrencyAndBrokenJSONStopBeforeAmazonHearsOfThem(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.use(map[string]string{"price": `item.list_price`, "currency": `"EUR"`})
	w.Run(listings.Name)
	require.Equal(t, "exception United States sells in USD. Give it prices of its own in the mapping, or 0.", w.state("KETTLE"))
	w.use(map[string]string{"price": `0`, "other": `"{broken"`})
	require.Contains(t, w.state("KETTLE"), `exception "other" is no JSON object of attributes`)
	w.use(map[string]string{"other": `'{"brand": [{"value": "x"}]}'`, "brand": `"Tieout"`})
	require.Contains(t, w.state("KETTLE"), `exception The attribute brand has a formula of its own and stands in "other" too.`)
	w.use(map[string]string{"price": `item.list_price`, "currency": `currency`, "other": `""`})
	w.Later(listings.Name, 10*time.Minute)
	require.Equal(t, "delivered", w.state("KETTLE"))
	item, err := w.System.Item(t.Context(), "BRW-POUR-01")
	require.NoError(t, err)
	require.JSONEq(t, fmt.Sprintf(`[{"marketplace_id": "ATVPDKIKX0DER", "currency": "USD", "our_price": [{"schedule": [{"value_with_tax": %s}]}]}]`, item.ListPrice), w.shown("KETTLE", "purchasable_offer"))
}

func TestAListingThatIsNotThereIsNoFaultAndOneThatIsFetchedGoes(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.Map("UNLISTED", catalog.Part{Code: "BRW-GRND-07", Quantity: 1})
	w.use(map[string]string{"brand": `"Tieout"`})
	w.Run(listings.Name)
	require.Equal(t, "ignored Amazon has no listing of this SKU there.", w.state("UNLISTED"))
	require.NoError(t, w.Seller.List("us", "UNLISTED", 0, ""))
	w.Clock.Advance(time.Hour)
	w.Run(listings.Name)
	require.Contains(t, w.state("UNLISTED"), "ignored")
	require.NoError(t, listings.Read(t.Context(), w, w.Catalog.UpsertListings, w.Connection))
	require.Equal(t, "MFN buyable, discoverable", w.Text(`SELECT channel || ' ' || status FROM listing WHERE sku = 'UNLISTED'`))
	require.Equal(t, "FBA B0TIEOUT03 Gooseneck Kettle 1 l", w.Text(`SELECT channel || ' ' || asin || ' ' || title FROM listing WHERE sku = 'BRW-KETL-02'`))
	w.Later(listings.Name, time.Hour)
	w.Later(listings.Name, 10*time.Minute)
	require.Equal(t, "delivered", w.state("UNLISTED"))
	require.NoError(t, w.Fetch(t.Context(), w.Connection, listings.Name, "US UNLISTED"))
	for _, key := range []string{"US SET", "DE KETTLE", "KETTLE", "US NONE"} {
		require.True(t, fault.Is(w.Fetch(t.Context(), w.Connection, listings.Name, key), fault.NotFound), key)
	}
}

func TestEveryListingIsReadHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	w := one(t)
	for i := range 1500 {
		if i%30 == 0 {
			w.Clock.Advance(time.Minute)
		}
		require.NoError(t, w.Seller.List("us", fmt.Sprintf("MANY/%04d", i), 0, ""))
	}
	seen := map[string]amazon.Listing{}
	for l, err := range w.Client.Listings(t.Context(), "A1SELLER", bothsides.Marketplace) {
		require.NoError(t, err)
		seen[l.SKU] = l
	}
	require.Len(t, seen, 1500+2+24, "Amazon pages through 1,000 at once")
	byAmazon, bySeller := seen["BRW-POUR-01"].Fulfilled()
	require.True(t, byAmazon)
	require.False(t, bySeller)
}
