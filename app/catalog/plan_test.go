package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/catalog"
	"tieout/app/fault"
	"tieout/app/period"
)

func written(sku, from, to string, parts ...catalog.Part) catalog.WrittenMap {
	m := catalog.WrittenMap{New: catalog.New{SKU: sku, Parts: parts}, Sheet: "S", Cells: map[string]string{"sku": sku + ":sku", "from": sku + ":from", "to": sku + ":to",
		"code.1": sku + ":code", "quantity.1": sku + ":quantity"}}
	if from != "" {
		m.From = day(from)
	}
	if to != "" {
		m.To = day(to)
	}
	return m
}

func (w *world) plan(t *testing.T, maps ...catalog.WrittenMap) catalog.Plan {
	t.Helper()
	p, err := w.service.Plan(t.Context(), w.connection, catalog.Written{Maps: maps})
	require.NoError(t, err)
	return p
}

func TestAWorkbookIsComparedAndThenCarriedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, sku := range []string{"SAME", "EDITED", "LATER", "ENDED"} {
		w.mapped(t, w.new(sku, "2026-01-01", part("MUG-01", 2)))
	}
	w.told = nil
	file := []catalog.WrittenMap{
		written("SAME", "2026-01-01", "", part("MUG-01", 2)),
		written("EDITED", "2026-01-01", "", part("CARD", 1)),
		written("LATER", "2027-01-01", "", part("BOX-03", 1)),
		written("ENDED", "2026-01-01", "2026-12-01", part("MUG-01", 2)),
		written("FRESH", "", "", part("MUG-01", 1), part("CARD", 1)),
		written("NAMED", "", ""),
	}
	p := w.plan(t, file...)
	require.Empty(t, p.Problems)
	require.Equal(t, 1, p.Unchanged)
	var said []string
	for _, s := range p.Steps {
		said = append(said, string(s.Action)+" "+s.New.SKU+" "+s.New.From.String())
	}
	require.Equal(t, []string{"replaced EDITED 2026-11-20", "replaced LATER 2027-01-01", "ended ENDED 2026-01-01", "added FRESH 2026-11-20"}, said)

	_, err := w.service.Import(t.Context(), w.olga, w.connection, catalog.Written{Maps: file}, "another plan")
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	done, err := w.service.Import(t.Context(), w.olga, w.connection, catalog.Written{Maps: file}, p.Key())
	require.NoError(t, err)
	require.Len(t, done.Steps, 4)
	require.Equal(t, [][]string{{"EDITED", "LATER", "ENDED", "FRESH"}}, w.told, "once, for all of them")
	require.Equal(t, "2 x MUG-01", w.resolve(t, us, "EDITED", "2026-11-19"), "what was stays")
	require.Equal(t, "CARD", w.resolve(t, us, "EDITED", "2026-11-20"))
	require.Equal(t, "BOX-03", w.resolve(t, us, "LATER", "2027-01-01"))
	require.Empty(t, w.resolve(t, us, "ENDED", "2026-12-01"))
	require.Equal(t, "MUG-01 + CARD", w.resolve(t, us, "FRESH", "2026-11-20"))

	again := w.plan(t, written("SAME", "", "", part("MUG-01", 2)), written("FRESH", "", "", part("CARD", 1), part("MUG-01", 1)))
	require.Empty(t, again.Steps, "without a day, a map in force is meant")
	require.Equal(t, 2, again.Unchanged)
}

func TestWhatCannotBeDoneIsSaidPerCell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mapped(t, w.new("TAKEN", "2027-03-01", part("MUG-01", 1)))
	w.mapped(t, w.new("CLEARED", "2026-01-01", part("MUG-01", 1)))
	over := w.new("OVER", "2025-01-01", part("MUG-01", 1))
	over.To = day("2026-01-01")
	w.mapped(t, over)
	for cell, m := range map[string][]catalog.WrittenMap{
		"A:code":       {written("A", "", "", part("NONE", 1))},
		"B:code":       {written("B", "", "", part("OLD-9", 1))},
		"C:quantity":   {written("C", "", "", part("CARD", 0))},
		"D:to":         {written("D", "2026-12-01", "2026-11-01", part("CARD", 1))},
		"TAKEN:from":   {written("TAKEN", "2026-12-01", "", part("CARD", 1))},
		"CLEARED:code": {written("CLEARED", "", "")},
		"OVER:code":    {written("OVER", "2025-01-01", "2026-01-01", part("CARD", 1))},
		"E:from":       {written("E", "2026-12-01", "", part("CARD", 1)), written("E", "2027-01-01", "", part("MUG-01", 1))},
	} {
		p := w.plan(t, m...)
		require.Len(t, p.Problems, 1, cell)
		require.Equal(t, cell, p.Problems[0].Cell)
		_, err := w.service.Import(t.Context(), w.olga, w.connection, catalog.Written{Maps: m}, p.Key())
		require.Equal(t, fault.Invalid, fault.CodeOf(err), cell)
	}
}

func TestAMapMayBeReopenedByAnEmptyEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.new("GIFT", "2026-01-01", part("MUG-01", 1))
	n.To = day("2026-12-01")
	w.mapped(t, n)
	m := written("GIFT", "2026-01-01", "", part("MUG-01", 1))
	m.Note = "sold on"
	p := w.plan(t, m)
	require.Equal(t, catalog.Amended, p.Steps[0].Action)
	_, err := w.service.Import(t.Context(), w.olga, w.connection, catalog.Written{Maps: []catalog.WrittenMap{m}}, p.Key())
	require.NoError(t, err)
	history, err := w.service.History(t.Context(), w.connection, "GIFT")
	require.NoError(t, err)
	require.Equal(t, period.Date{}, history[0].To)
	require.Equal(t, "sold on", history[0].Note)
}
