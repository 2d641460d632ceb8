package web

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/identity"
	"tieout/app/period"
	"tieout/views"
)

const productPageSize = 100

// productList lists SKUs with what they stand for.
func (s *server) productList(r *request) error {
	f, err := r.productFilter()
	if err != nil {
		return err
	}
	list, err := s.Catalog.Products(r.ctx(), f)
	if err != nil {
		return err
	}
	counts, err := s.Catalog.Counts(r.ctx(), f)
	if err != nil {
		return err
	}
	model := views.ProductList{Filter: r.productFilterBar(f)}
	model.Summary, model.Export = productSummary(counts), r.listExport()
	if model.Chooser, err = s.chooser(r, listProducts); err != nil {
		return err
	}
	page := r.page("Products", views.Products)
	model.Without = map[string]bool{views.ProductConnection: oneConnection(page, f.ConnectionID)}
	for _, p := range list {
		model.Rows = append(model.Rows, productRow(p))
	}
	if len(list) == productPageSize {
		last := list[len(list)-1]
		model.Pager.Next = r.link("after", nextKey(last.SKU, last.Marketplace, strconv.FormatInt(last.ConnectionID, 10)))
	}
	if f.After != (catalog.Key{}) {
		model.Pager.First = r.link("after", "")
	}
	if err := s.productWorkbook(r, &model); err != nil {
		return err
	}
	return r.show(views.ProductListView(page, model))
}

// productWorkbook offers the workbook of the connection: the chosen one, or the
// first.
func (s *server) productWorkbook(r *request, model *views.ProductList) error {
	if s.Workbooks == nil {
		return nil
	}
	id, name, err := s.productConnection(r, r.connection())
	if err != nil || id == 0 {
		return err
	}
	if r.person.Can(identity.Export) {
		model.Buttons = append(model.Buttons, views.Button{Label: "SKU maps for Excel", Icon: "download", Href: fmt.Sprintf("/products/sku-map.xlsx?connection=%d", id)})
	}
	if r.person.Can(identity.MapProducts) {
		model.Upload = &views.AdminForm{Action: fmt.Sprintf("/products/workbook/%d/upload", id), Files: true, Submit: views.Button{Label: "Show what it changes", Icon: "upload"},
			Fields: []views.Field{{Name: "file", Label: "Workbook of SKU maps of " + name + " (.xlsx)", Type: "file", Accept: ".xlsx", Required: true}}}
	}
	return nil
}

// productConnection names a connection, the first one for 0; 0 when there is none.
func (s *server) productConnection(r *request, id int64) (int64, string, error) {
	connections, err := s.Insight.Connections(r.ctx())
	if err != nil {
		return 0, "", err
	}
	for _, c := range connections {
		if id == 0 || id == c.ID {
			return c.ID, cmp.Or(c.Title, c.Name), nil
		}
	}
	return 0, "", nil
}

func (r *request) productFilter() (catalog.Filter, error) {
	in := r.query()
	f := catalog.Filter{ConnectionID: r.connection(), Marketplace: in.text("marketplace", 20), Text: in.text("q", 120), PageSize: productPageSize,
		State: catalog.State(in.choice("state", "", string(catalog.Unmapped), string(catalog.Mapped), string(catalog.Inactive)))}
	if key := in.key("after", 3); key != nil {
		f.After = catalog.Key{SKU: key[0], Marketplace: key[1], ConnectionID: parseID(key[2])}
	}
	return f, in.err()
}

func (r *request) productFilterBar(f catalog.Filter) views.Filter {
	shops := []views.Option{{Label: "Any"}}
	for _, m := range amazon.Marketplaces("") {
		shops = append(shops, views.Option{Value: m.ID, Label: m.Domain})
	}
	bar := views.Filter{Action: "/products", Slim: true, Fields: []views.Field{
		{Name: "q", Label: "SKU, title, ASIN or item", Type: "search", Value: f.Text, Width: "wide"},
		{Name: "state", Label: "State", Value: string(f.State), Options: []views.Option{{Label: "Any"}, {Value: string(catalog.Unmapped), Label: "Unmapped"},
			{Value: string(catalog.Mapped), Label: "Mapped"}, {Value: string(catalog.Inactive), Label: "Inactive item"}}},
		{Name: "marketplace", Label: "Marketplace", Value: f.Marketplace, Options: shops},
	}}
	if f.ConnectionID != 0 {
		bar.Keep = []views.Hidden{{Name: "connection", Value: strconv.FormatInt(f.ConnectionID, 10)}}
	}
	if f.Text != "" || f.State != "" || f.Marketplace != "" {
		bar.Clear = r.link("q", "", "state", "", "marketplace", "", "after", "")
	}
	return bar
}

func productSummary(counts map[catalog.State]int64) string {
	text := views.Count(int(counts[catalog.Mapped])) + " mapped, " + views.Count(int(counts[catalog.Unmapped])) + " unmapped"
	if n := counts[catalog.Inactive]; n > 0 {
		text += ", " + views.Count(int(n)) + " with an inactive item"
	}
	return text
}

func productRow(p catalog.Product) views.ProductRow {
	return views.ProductRow{SKU: views.Link{Text: p.SKU, Href: productPath(p.ConnectionID, p.SKU)}, Title: p.Title, Connection: p.ConnectionName,
		Marketplace: shopOf(p.Marketplace), Items: p.Parts.String(), From: dateText(p.From), To: dateText(p.To), Channel: string(p.Channel), Status: productPill(p.State)}
}

// productPath is the address of an SKU; a pair of name and value may follow.
func productPath(connection int64, sku string, pairs ...string) string {
	query := url.Values{"connection": {strconv.FormatInt(connection, 10)}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	return address("/products/"+url.PathEscape(sku), query)
}

func shopOf(marketplace string) string {
	if marketplace == catalog.EveryMarketplace {
		return "All"
	}
	if m, ok := amazon.MarketplaceByID(marketplace); ok {
		return m.Domain
	}
	return marketplace
}

func dateText(d period.Date) string {
	if d == (period.Date{}) {
		return ""
	}
	return d.String()
}

func productPill(state catalog.State) views.Pill {
	switch state {
	case catalog.Mapped:
		return views.Pill{State: views.Done, Text: "Mapped"}
	case catalog.Inactive:
		return views.Pill{State: views.Wrong, Text: "Inactive item", Hint: "P21 no longer sells an item of it"}
	case catalog.Unmapped:
	}
	return views.Pill{State: views.Waiting, Text: "Unmapped"}
}
