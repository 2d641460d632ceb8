package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tieout/app/catalog"
	"tieout/app/money"
	"tieout/views"
)

// productDraft is what the form holds.
type productDraft struct {
	changes     *catalog.Mapping // nil: a new map
	marketplace string
	from, to    string
	note        string
	parts       []draftPart
	rows        int
	wrong       map[string]string
	problem     string
}

type draftPart struct{ code, quantity, share string }

func (p productDraft) mapKey() string {
	if p.changes == nil {
		return ""
	}
	return mapKey(*p.changes)
}

// productDraft fills the form from the address: with the map that is changed,
// or with a suggestion.
func (s *server) productDraft(r *request, d productDesk) (productDraft, error) {
	in := r.query()
	draft := productDraft{marketplace: in.text("marketplace", 20), from: s.Catalog.Today().String(), rows: in.number("parts", 0, 50)}
	if key := in.text("map", 40); key != "" {
		m, err := d.find(key)
		if err != nil {
			return draft, err
		}
		draft.take(m)
	} else if _, general := d.inForce(catalog.EveryMarketplace, s.Catalog); general && draft.marketplace == catalog.EveryMarketplace && len(d.listings) > 0 {
		draft.marketplace = d.listings[0].Marketplace // all of them is taken
	}
	if code := in.text("code", 60); code != "" {
		draft.parts = []draftPart{{code: code, quantity: in.text("quantity", 10)}}
	}
	return draft, in.err()
}

// take fills the form with a map.
func (p *productDraft) take(m catalog.Mapping) {
	p.changes, p.marketplace, p.note, p.to = &m, m.Marketplace, m.Note, dateText(m.To)
	for _, part := range m.Parts {
		x := draftPart{code: part.Code, quantity: strconv.Itoa(part.Quantity)}
		if part.Share.Valid {
			x.share = part.Share.Decimal.String()
		}
		p.parts = append(p.parts, x)
	}
}

// form draws the draft.
func (d productDesk) form(p productDraft) views.ProductForm {
	rows := max(partsShown, p.rows, len(p.parts))
	f := views.ProductForm{Title: "Map it", Action: strings.Replace(d.path(), "?", "/map?", 1), Problem: p.problem, KitLabel: "A kit of several items, or a share of the price",
		Search: fmt.Sprintf("/products/items/search?connection=%d", d.connection), Submit: views.Button{Label: "Map the SKU", Icon: "check", Look: views.Primary},
		KitOpen: len(p.parts) > 1 || p.rows > 0, More: d.path("marketplace", p.marketplace, "map", p.mapKey(), "parts", strconv.Itoa(min(rows+5, 50))) + "#map"}
	f.Fields = []views.Field{{Name: "from", Label: "Valid from", Type: "date", Value: p.from, Required: true, Error: p.wrong["from"]},
		{Name: "to", Label: "Valid to", Type: "date", Value: p.to, Hint: "The first day without it. Empty: open.", Error: p.wrong["to"]}, {Name: "note", Label: "Note", Value: p.note, Error: p.wrong["note"]}}
	if len(d.history) > 0 {
		f.Title = "Map it anew, or in one marketplace otherwise"
	}
	if p.changes == nil {
		f.Fields = append([]views.Field{{Name: "marketplace", Label: "Marketplace", Value: p.marketplace, Options: d.shops(), Error: p.wrong["sku"]}}, f.Fields...)
	} else {
		f.Title, f.Submit.Label = "Change what it stands for in "+inWords(p.marketplace), "Change from that day"
		f.Hidden = []views.Hidden{{Name: "map", Value: p.mapKey()}, {Name: "marketplace", Value: p.marketplace}}
	}
	for i := range rows {
		var x draftPart
		if i < len(p.parts) {
			x = p.parts[i]
		}
		if i == 0 && x.quantity == "" {
			x.quantity = "1"
		}
		code, quantity, share := catalog.Field("code", i), catalog.Field("quantity", i), catalog.Field("share", i)
		f.Parts = append(f.Parts, views.ProductPart{
			Code:     views.Field{Name: code, Label: "P21 item", Value: x.code, Required: i == 0, Error: p.wrong[code]},
			Quantity: views.Field{Name: quantity, Label: "Quantity", Value: x.quantity, Type: "number", Error: p.wrong[quantity]},
			Share:    views.Field{Name: share, Label: "Share", Value: x.share, Place: "0.25", Error: p.wrong[share]}})
	}
	return f
}

// inWords names where a map holds.
func inWords(marketplace string) string {
	if marketplace == catalog.EveryMarketplace {
		return "all marketplaces"
	}
	return shopOf(marketplace)
}

// readDraft reads the form as it was typed and the map that it asks for. Rows
// without anything in them are passed over.
func (in *input) readDraft(d productDesk) (productDraft, catalog.New, error) {
	draft := productDraft{marketplace: in.text("marketplace", 20), from: in.text("from", 10), to: in.text("to", 10), note: in.text("note", 1000), wrong: map[string]string{}}
	n := catalog.New{ConnectionID: d.connection, Marketplace: draft.marketplace, SKU: d.sku, From: in.date("from"), To: in.date("to"), Note: draft.note}
	shops := d.shops()
	if !slices.ContainsFunc(shops, func(o views.Option) bool { return o.Value == draft.marketplace }) {
		in.refuse("sku", "Choose one of the marketplaces.")
	}
	for i := range 50 {
		x := draftPart{in.text(catalog.Field("code", i), 60), in.text(catalog.Field("quantity", i), 10), in.text(catalog.Field("share", i), 20)}
		if x.code == "" && x.share == "" && (i > 0 || x.quantity == "") {
			continue
		}
		at := len(draft.parts)
		draft.parts = append(draft.parts, x)
		n.Parts = append(n.Parts, x.part(in, at))
	}
	if key := in.text("map", 40); key != "" {
		m, err := d.find(key)
		if err != nil {
			return draft, n, err
		}
		draft.changes = &m
	}
	return draft, n, nil
}

// part reads a row; what is wrong is said at its place among the rows in use.
func (x draftPart) part(in *input, at int) catalog.Part {
	part := catalog.Part{Code: x.code, Quantity: 1}
	if x.quantity != "" {
		n, err := strconv.Atoi(x.quantity)
		if err != nil {
			in.refuse(catalog.Field("quantity", at), "%q is no whole number.", x.quantity)
		}
		part.Quantity = n
	}
	if x.share != "" {
		share, err := money.ParseNumber(x.share)
		if err != nil || share.Exponent() > 0 || share.Exponent() < -20 {
			in.refuse(catalog.Field("share", at), "%q is no share. Write a number from 0 to 1, such as 0.25.", x.share)
		} else {
			part.Share = catalog.ShareOf(share)
		}
	}
	return part
}
