package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/catalog"
)

func TestSKUsOfAnItemAreFoundBackwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mapped(t, w.new("MUG", "2026-01-01", part("MUG-01", 1)))
	w.mapped(t, w.new("MUG-4PK", "2026-01-01", part("MUG-01", 4)))
	w.mapped(t, w.new("GIFT", "2026-01-01", part("MUG-01", 1), part("CARD", 1)))
	over := w.new("MUG-OLD", "2026-01-01", part("MUG-01", 1))
	over.To = day("2026-06-01")
	w.mapped(t, over)
	w.mapped(t, w.new("BOX", "2026-01-01", part("CARD", 1)))
	own := w.new("BOX", "2026-01-01", part("BOX-03", 1))
	own.Marketplace = us
	w.mapped(t, own)
	require.NoError(t, w.service.NoteListings(t.Context(), w.connection, []catalog.Listing{{Marketplace: us, SKU: "MUG-4PK", Channel: catalog.FBA}, {Marketplace: us, SKU: "MUG", Channel: catalog.MFN}}))

	packs, err := catalog.PacksOf(t.Context(), w.pool, w.connection, us, []string{"MUG-01", "CARD", "BOX-03", "NONE"}, day("2026-11-20"))
	require.NoError(t, err)
	require.Equal(t, map[string][]catalog.Pack{
		"MUG-01": {{SKU: "MUG", Quantity: 1, Listed: true}, {SKU: "MUG-4PK", Quantity: 4, FBA: true, Listed: true}},
		"BOX-03": {{SKU: "BOX", Quantity: 1, Own: true}},
	}, packs, "a kit, a map that is over and one that this marketplace has otherwise are none")
}
