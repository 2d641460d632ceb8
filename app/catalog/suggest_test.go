package catalog_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/catalog"
)

func listed(marketplace, sku, asin, title string, identifiers ...string) catalog.Listing {
	return catalog.Listing{Marketplace: marketplace, SKU: sku, ASIN: asin, Title: title, Identifiers: identifiers, Channel: catalog.FBA, Status: "Active"}
}

func (w *world) listings(t testing.TB, all ...catalog.Listing) {
	t.Helper()
	_, err := w.service.UpsertListings(t.Context(), w.connection, every(all...))
	require.NoError(t, err)
}

func (w *world) suggest(t testing.TB, marketplace, sku string) []catalog.Suggestion {
	t.Helper()
	list, err := w.service.Suggest(t.Context(), w.connection, marketplace, sku, 5)
	require.NoError(t, err)
	for i := 1; i < len(list); i++ {
		require.GreaterOrEqual(t, list[i-1].Score, list[i].Score)
	}
	return list
}

func TestItemsAreSuggestedWithTheReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.service.UpsertItems(t.Context(), w.connection, every(item("KETTLE 2", "Gooseneck kettle 1 l", "40", "0012345678905"), item("CAR-7", "Glass carafe", "20")))
	require.NoError(t, err)
	w.listings(t, listed(us, "ANY-1", "B1", "Something else", "0012345678905"), listed(us, "SAME", "B2", ""), listed(us, "OTHER-ASIN", "B2", ""),
		listed(us, "kettle-2-fba", "B3", ""), listed(us, "TITLED", "B4", "Glass Carafe 1 l"), listed(us, "NOTHING", "B5", "Bicycle bell, brass"))
	w.mapped(t, w.new("OTHER-ASIN", "2026-01-01", part("MUG-01", 3)))
	w.mapped(t, w.new("CUP", "2026-01-01", part("MUG-01", 1)))
	own := w.new("ELSEWHERE", "2026-01-01", part("CARD", 2))
	own.Marketplace = ca
	w.mapped(t, own)

	for _, c := range []struct {
		sku, code string
		quantity  int
		reason    string
	}{
		{"ANY-1", "KETTLE 2", 1, "0012345678905"},
		{"SAME", "MUG-01", 3, "The same ASIN is mapped to it under the SKU OTHER-ASIN"},
		{"ELSEWHERE", "CARD", 2, "in another marketplace"},
		{"kettle-2", "KETTLE 2", 1, "but for blanks, hyphens and case"},
		{"kettle-2-fba", "KETTLE 2", 1, "without its ending is its code"},
		{"CUP-4PK-NEW", "MUG-01", 4, "CUP, the same but for its ending, is mapped to it; the SKU's ending says 4 of it"},
		{"TITLED", "CAR-7", 1, "like the title"},
	} {
		list := w.suggest(t, us, c.sku)
		require.NotEmpty(t, list, c.sku)
		require.Equal(t, c.code, list[0].ProductCode, "%s: %+v", c.sku, list)
		require.Equal(t, c.quantity, list[0].Quantity, c.sku)
		require.Contains(t, list[0].Reason, c.reason, c.sku)
	}
	require.Empty(t, w.suggest(t, us, "NOTHING"))
	require.Empty(t, w.resolve(t, us, "ANY-1", "2026-11-20"), "a suggestion maps nothing")
}

func TestWhatAnotherConnectionMapsIsSuggestedWhenP21HasTheItemHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.connection
	w.mapped(t, w.new("GIFT", "2026-01-01", part("MUG-01", 2)))
	w.connection = w.id(t, `INSERT INTO connection (name, amazon_region) VALUES ('second', 'na') RETURNING id`)
	require.Empty(t, w.suggest(t, us, "GIFT"))
	_, err := w.service.UpsertItems(t.Context(), w.connection, every(item("MUG-01", "Mug", "1")))
	require.NoError(t, err)
	require.Contains(t, w.suggest(t, us, "GIFT")[0].Reason, "in the connection acme")
	require.NotEqual(t, first, w.connection)
}

func TestItemsOutOfSaleAreNotSuggested(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Empty(t, w.suggest(t, us, "OLD-9"))
	require.NotEmpty(t, w.suggest(t, us, "MUG-01"))
}

func TestTheStemOfAnSKU(t *testing.T) {
	t.Parallel()
	for sku, want := range map[string]struct {
		stem     string
		quantity int
	}{
		"MUG-01": {"MUG01", 1}, "mug-01-2PK": {"MUG01", 2}, "MUG-01-FBA": {"MUG01", 1}, "MUG 01_6-pack_NEW": {"MUG01", 6}, "MUG-01-X12-FBA": {"MUG01", 12},
		"MUG-SET-4": {"MUG", 4}, "2PK": {"2PK", 1}, "-FBA": {"FBA", 1}, "MUG-0PK": {"MUG0PK", 1}, "MUG-2PK-3PK": {"MUG2PK", 3}, "": {"", 1},
	} {
		stem, quantity := catalog.Stem(sku)
		require.Equal(t, want.stem, stem, sku)
		require.Equal(t, want.quantity, quantity, sku)
	}
}

// manyItems are n items, one like no other.
func manyItems(n int) iter.Seq2[catalog.Item, error] {
	words := strings.Fields("steel oak linen brass glass copper walnut cotton maple enamel jug tray bowl plate spoon ladle board towel basket lamp")
	return func(yield func(catalog.Item, error) bool) {
		for i := range n {
			text := fmt.Sprintf("%s %s %s no %d", words[i%20], words[i/20%20], words[i/400%20], i)
			if i == n/2 {
				text = "Rechargeable lantern 500 lm"
			}
			if !yield(item(fmt.Sprintf("IT-%06d", i), text, "1"), nil) {
				return
			}
		}
	}
}

func TestAmongAHundredThousandItemsTitlesAreFoundByTheTrigramIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 100_000
	done, err := w.service.UpsertItems(t.Context(), w.connection, manyItems(n))
	require.NoError(t, err)
	require.Equal(t, catalog.Upserted{Seen: n, Changed: n}, done)
	_, err = w.pool.Exec(t.Context(), `ANALYZE item`)
	require.NoError(t, err)

	w.listings(t, listed(us, "LIGHT", "B9", "Rechargeable Lantern, 500 lm, USB-C"))
	list := w.suggest(t, us, "LIGHT")
	require.Equal(t, "IT-050000", list[0].ProductCode)

	var plan json.RawMessage
	require.NoError(t, w.pool.QueryRow(t.Context(), `EXPLAIN (FORMAT json) SELECT code, description, similarity(description, $2::text)::float8 AS likeness
		FROM item WHERE connection_id = $1 AND active AND description % $2::text ORDER BY similarity(description, $2::text) DESC, code LIMIT 10`,
		w.connection, "Rechargeable Lantern, 500 lm, USB-C").Scan(&plan))
	require.Contains(t, string(plan), "item_description", "the plan: %s", plan)
	require.NotContains(t, string(plan), "Seq Scan")

	again, err := w.service.UpsertItems(t.Context(), w.connection, manyItems(n))
	require.NoError(t, err)
	require.Equal(t, catalog.Upserted{Seen: n}, again, "what did not change is not written")
}
