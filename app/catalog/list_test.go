package catalog_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/catalog"
	"tieout/app/fault"
)

func TestAReadingWritesWhatChangedAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	changedAt := func() int64 {
		return w.id(t, `SELECT extract(epoch FROM changed_at)::bigint FROM item WHERE code = 'MUG-01'`)
	}
	seenAt := func() int64 {
		return w.id(t, `SELECT extract(epoch FROM seen_at)::bigint FROM item WHERE code = 'MUG-01'`)
	}
	before := changedAt()
	w.clock.Advance(time.Hour)
	done, err := w.service.UpsertItems(t.Context(), w.connection, every(item("MUG-01", "Stoneware mug", "12")))
	require.NoError(t, err)
	require.Equal(t, catalog.Upserted{Seen: 1}, done)
	require.Equal(t, before, seenAt(), "a second sighting on the same day is not written")
	w.clock.Advance(30 * time.Hour)
	_, err = w.service.UpsertItems(t.Context(), w.connection, every(item("MUG-01", "Stoneware mug", "12")))
	require.NoError(t, err)
	require.Equal(t, before, changedAt())
	require.Equal(t, w.clock.Now().Unix(), seenAt())
	done, err = w.service.UpsertItems(t.Context(), w.connection, every(item("MUG-01", "x", "12"), item("MUG-01", "Mug, stoneware", "12.50"), item("MUG-02", "New", "1")))
	require.NoError(t, err)
	require.Equal(t, catalog.Upserted{Seen: 3, Changed: 2}, done)
	items, err := w.service.SearchItems(t.Context(), w.connection, "mug", 10)
	require.NoError(t, err)
	require.Equal(t, "Mug, stoneware", items[0].Description, "the later row of the same code counts")
}

func TestAReadingThatBreaksOffChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.service.UpsertItems(t.Context(), w.connection, func(yield func(catalog.Item, error) bool) {
		if yield(item("MUG-77", "Half read", "1"), nil) {
			yield(catalog.Item{}, errors.New("P21 hung up"))
		}
	})
	require.ErrorContains(t, err, "P21 hung up")
	_, err = w.service.UpsertItems(t.Context(), w.connection, every(item("MUG-77", "a", "1"), item(" ", "nameless", "1")))
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	items, err := w.service.SearchItems(t.Context(), w.connection, "MUG-77", 10)
	require.NoError(t, err)
	require.Empty(t, items)
}

func TestItemsAreFoundByCodeAndDescriptionAndSignsMeanThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	find := func(text string) (codes []string) {
		items, err := w.service.SearchItems(t.Context(), w.connection, text, 10)
		require.NoError(t, err)
		for _, i := range items {
			codes = append(codes, i.Code)
		}
		return codes
	}
	require.Equal(t, []string{"BOX-03"}, find("box"))
	require.Equal(t, []string{"BOX-03"}, find("gift b"))
	require.Empty(t, find("%"))
	require.Equal(t, []string{"BOX-03", "CARD", "MUG-01", "OLD-9"}, find(""), "those that are sold first")
}

func TestTheListJoinsListingsWithTheMapsOfTheDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listings(t, listed(us, "A", "B1", "Mug"), listed(ca, "A", "B1", "Mug"), listed(us, "B", "B2", "Box"), listed(us, "C", "B3", "50% off_card"))
	w.mapped(t, w.new("A", "2026-01-01", part("MUG-01", 2)))
	w.mapped(t, w.new("UNLISTED", "2026-01-01", part("CARD", 1)))
	w.mapped(t, w.new("C", "2027-01-01", part("CARD", 1)))
	w.mapped(t, w.new("B", "2026-01-01", part("BOX-03", 1)))
	gone := item("BOX-03", "Gift box", "3")
	gone.Active = false
	_, err := w.service.UpsertItems(t.Context(), w.connection, every(gone))
	require.NoError(t, err)

	show := func(f catalog.Filter) (rows []string) {
		f.PageSize = 2
		for {
			page, err := w.service.Products(t.Context(), f)
			require.NoError(t, err)
			for _, p := range page {
				rows = append(rows, p.SKU+" "+p.Marketplace+" "+string(p.State)+" "+p.Parts.String())
				f.After = p.Key
			}
			if len(page) < 2 {
				return rows
			}
		}
	}
	require.Equal(t, []string{"A " + ca + " mapped 2 x MUG-01", "A " + us + " mapped 2 x MUG-01", "B " + us + " inactive BOX-03", "C " + us + " unmapped ", "UNLISTED  mapped CARD"}, show(catalog.Filter{}))
	require.Equal(t, []string{"C " + us + " unmapped "}, show(catalog.Filter{State: catalog.Unmapped}))
	require.Equal(t, []string{"A " + ca + " mapped 2 x MUG-01"}, show(catalog.Filter{Marketplace: ca}))
	require.Equal(t, []string{"C " + us + " unmapped "}, show(catalog.Filter{Text: "50% off_"}))
	require.Len(t, show(catalog.Filter{Text: "mug"}), 2)
	require.Equal(t, []string{"UNLISTED  mapped CARD"}, show(catalog.Filter{Text: "card", State: catalog.Mapped}), "found by its item")
	require.Empty(t, show(catalog.Filter{ConnectionID: w.connection + 1}))

	counts, err := w.service.Counts(t.Context(), catalog.Filter{State: catalog.Mapped})
	require.NoError(t, err)
	require.Equal(t, map[catalog.State]int64{catalog.Mapped: 3, catalog.Unmapped: 1, catalog.Inactive: 1}, counts)
}
