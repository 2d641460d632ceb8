package catalog_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/catalog"
	"tieout/app/database"
	"tieout/app/fault"
)

func TestAMapHoldsFromItsDayUntilItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.mapped(t, w.new("MUG-2PK", "2026-01-01", part("MUG-01", 2)))
	require.Empty(t, w.resolve(t, us, "MUG-2PK", "2025-12-31"))
	require.Equal(t, "2 x MUG-01", w.resolve(t, us, "MUG-2PK", "2026-01-01"))
	require.NoError(t, w.service.End(t.Context(), w.olga, id, 1, day("2026-06-01")))
	require.Equal(t, "2 x MUG-01", w.resolve(t, us, "MUG-2PK", "2026-05-31"))
	require.Empty(t, w.resolve(t, us, "MUG-2PK", "2026-06-01"))
	require.Equal(t, [][]string{{"MUG-2PK"}, {"MUG-2PK"}}, w.told)
	require.Equal(t, int64(2), w.id(t, `SELECT count(*) FROM audit_event WHERE object_type = 'sku_map' AND actor = 'Olga'`))
}

func TestAMarketplacesOwnMapComesBeforeTheGeneralOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mapped(t, w.new("GIFT", "2026-01-01", part("MUG-01", 1)))
	own := w.new("GIFT", "2026-03-01", part("MUG-01", 1), part("BOX-03", 1))
	own.Marketplace = ca
	w.mapped(t, own)
	require.Equal(t, "MUG-01", w.resolve(t, us, "GIFT", "2026-04-01"))
	require.Equal(t, "MUG-01", w.resolve(t, ca, "GIFT", "2026-02-01"))
	require.Equal(t, "MUG-01 + BOX-03", w.resolve(t, ca, "GIFT", "2026-04-01"))
}

func TestManySKUsAreResolvedAtOnceAndUnknownOnesAreMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mapped(t, w.new("A", "2026-01-01", part("MUG-01", 1)))
	w.mapped(t, w.new("B", "2026-01-01", shared("MUG-01", 2, "0.8"), shared("BOX-03", 1, "0.2")))
	all, err := catalog.ResolveAll(t.Context(), w.pool, w.connection, us, []string{"A", "B", "C"}, day("2026-11-01"))
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "2 x MUG-01 + BOX-03", all["B"].Parts.String())
	require.Equal(t, "0.8", all["B"].Parts[0].Share.Decimal.String())
	require.True(t, all["B"].Parts.Active())
}

func TestAChangeEndsTheOldMapOnTheDayTheNewOneBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.mapped(t, w.new("GIFT", "2026-01-01", part("MUG-01", 1)))
	_, err := w.service.Change(t.Context(), w.olga, id, 1, w.new("", "2026-05-01", part("MUG-01", 1), part("CARD", 1)))
	require.NoError(t, err)
	require.Equal(t, "MUG-01", w.resolve(t, us, "GIFT", "2026-04-30"))
	require.Equal(t, "MUG-01 + CARD", w.resolve(t, us, "GIFT", "2026-05-01"))

	_, err = w.service.Change(t.Context(), w.olga, id, 1, w.new("", "2026-07-01", part("CARD", 1)))
	require.Equal(t, fault.Conflict, fault.CodeOf(err), "it changed since")
	history, err := w.service.History(t.Context(), w.connection, "GIFT")
	require.NoError(t, err)
	require.Len(t, history, 2)
	require.True(t, history[0].Open())
	require.Equal(t, day("2026-05-01"), history[1].To)
	require.Equal(t, "Olga", history[0].MadeBy)
}

func TestAMapMadeByMistakeIsReplacedFromItsFirstDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.mapped(t, w.new("GIFT", "2026-05-01", part("MUG-01", 1)))
	_, err := w.service.Change(t.Context(), w.olga, id, 1, w.new("", "2026-05-01", part("CARD", 1)))
	require.NoError(t, err)
	require.Equal(t, "CARD", w.resolve(t, us, "GIFT", "2026-05-01"))
	old, err := w.service.Get(t.Context(), id)
	require.NoError(t, err)
	require.True(t, old.Void())
}

func TestMapsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mapped(t, w.new("TAKEN", "2026-01-01", part("MUG-01", 1)))
	for name, c := range map[string]struct {
		n     catalog.New
		field string
	}{
		"no item":           {w.new("X", "2026-01-01"), "code.1"},
		"unknown item":      {w.new("X", "2026-01-01", part("NO-SUCH", 1)), "code.1"},
		"item out of sale":  {w.new("X", "2026-01-01", part("MUG-01", 1), part("OLD-9", 1)), "code.2"},
		"the same twice":    {w.new("X", "2026-01-01", part("MUG-01", 1), part("MUG-01", 2)), "code.2"},
		"no quantity":       {w.new("X", "2026-01-01", part("MUG-01", 0)), "quantity.1"},
		"shares of some":    {w.new("X", "2026-01-01", shared("MUG-01", 1, "1"), part("CARD", 1)), "share.2"},
		"shares not one":    {w.new("X", "2026-01-01", shared("MUG-01", 1, "0.5"), shared("CARD", 1, "0.4")), "share.1"},
		"blanks around SKU": {w.new(" X", "2026-01-01", part("MUG-01", 1)), "sku"},
	} {
		_, err := w.service.Map(t.Context(), w.olga, c.n)
		require.Contains(t, fault.FieldsOf(err), c.field, name)
	}
	_, err := w.service.Map(t.Context(), w.olga, w.new("TAKEN", "2026-09-01", part("CARD", 1)))
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.Contains(t, fault.MessageOf(err), "mapped already")
	require.Len(t, w.told, 1, "nobody is told of what did not happen")
}

func TestNothingIsMappedWhenWhatWaitsCannotBeReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	failing := catalog.NewService(w.pool, w.clock, func(context.Context, *database.Tx, int64, []string) error { return errors.New("queue is gone") })
	_, err := failing.Map(t.Context(), w.olga, w.new("X", "2026-01-01", part("MUG-01", 1)))
	require.ErrorContains(t, err, "queue is gone")
	require.Empty(t, w.resolve(t, us, "X", "2026-11-01"))
	require.Zero(t, w.id(t, `SELECT count(*) FROM audit_event WHERE object_type = 'sku_map'`))
}
