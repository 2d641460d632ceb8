package web

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tieout/app/catalog"
	"tieout/app/identity"
	"tieout/app/period"
	"tieout/views"
)

// productMaps are the maps that hold today or later.
func (s *server) productMaps(r *request, d productDesk) []views.ProductMap {
	today := s.Catalog.Today()
	var list []views.ProductMap
	for _, m := range d.history {
		if m.Over(today) {
			continue
		}
		x := views.ProductMap{Items: m.Parts.String(), Detail: describe(m.Parts), Where: whereOf(m.Marketplace), When: daysOf(m), Note: m.Note, Made: r.madeBy(m),
			Status: mapPill(m, today), Version: mapKey(m)}
		if r.person.Can(identity.MapProducts) {
			x.Change = views.Link{Text: "Change", Href: d.path("map", x.Version) + "#map"}
			x.End = strings.Replace(d.path(), "?", "/end?", 1)
			x.Until = []views.Field{{Name: "to", Label: "No longer from", Value: today.AddDays(1).String(), Suffix: "-" + strconv.FormatInt(m.ID, 10)}}
		}
		list = append(list, x)
	}
	return list
}

// whereOf begins a sentence with where a map holds.
func whereOf(marketplace string) string {
	if marketplace == catalog.EveryMarketplace {
		return "All marketplaces"
	}
	return shopOf(marketplace)
}

// mapKey is a map in the version that the page shows.
func mapKey(m catalog.Mapping) string { return fmt.Sprintf("%d.%d", m.ID, m.Version) }

func mapPill(m catalog.Mapping, today period.Date) views.Pill {
	switch {
	case !m.Parts.Active():
		return productPill(catalog.Inactive)
	case !m.In(today):
		return views.Pill{State: views.Waiting, Text: "Later"}
	}
	return views.Pill{State: views.Done, Text: "In force"}
}

// describe says what the items are, and what share of the price each has.
func describe(parts catalog.Parts) string {
	var texts []string
	for _, p := range parts {
		text := p.Description
		if text == "" {
			text = p.Code
		}
		if p.Share.Valid && len(parts) > 1 {
			text += " (" + p.Share.Decimal.Shift(2).String() + "% of the price)"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

func daysOf(m catalog.Mapping) string {
	switch {
	case m.Void():
		return "never valid"
	case m.Open():
		return "from " + m.From.String() + " on"
	}
	return "from " + m.From.String() + " to before " + m.To.String()
}

func (r *request) madeBy(m catalog.Mapping) string {
	who := m.MadeBy
	if who == "" {
		who = "the program"
	}
	return "Made by " + who + ", " + r.format().Time(m.MadeAt).Text
}

// pastMaps are the maps that are over or never held.
func (r *request) pastMaps(d productDesk, today period.Date) *views.Table {
	t := &views.Table{ID: "past", Caption: "What it stood for", Inside: true, Passed: true, Columns: []views.Column{{Label: "Marketplace", Kind: views.Tight}, {Label: "P21 item", Kind: views.Wrap},
		{Label: "Valid from", Kind: views.Tight}, {Label: "Valid to", Kind: views.Tight}, {Label: "Note", Kind: views.Wrap}, {Label: "Made by", Kind: views.Tight}}}
	for _, m := range d.history {
		if !m.Over(today) {
			continue
		}
		to := views.Text(m.To.String())
		if m.Void() {
			to = views.Soft("never valid")
		}
		t.Rows = append(t.Rows, views.Row{Muted: true, Cells: []templ.Component{views.Text(shopOf(m.Marketplace)), views.Code(m.Parts.String()), views.Text(m.From.String()), to,
			textOrNothing(m.Note), textOrNothing(m.MadeBy)}})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}
