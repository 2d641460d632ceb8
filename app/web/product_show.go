package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/views"
)

const (
	suggestionsShown = 6
	partsShown       = 3
	itemsOffered     = 100
)

// productDesk is what the page of an SKU is about.
type productDesk struct {
	connection int64
	name, sku  string
	listings   []catalog.Listing
	history    []catalog.Mapping
}

// productDesk reads the SKU of the path; NotFound when nobody knows it.
func (s *server) productDesk(r *request, connection int64) (productDesk, error) {
	sku := r.Param("sku")
	id, name, err := s.productConnection(r, connection)
	d := productDesk{connection: id, name: name, sku: sku}
	if err != nil {
		return d, err
	}
	if d.connection == 0 {
		return d, fault.New(fault.NotFound, "This connection does not exist.")
	}
	if d.listings, err = s.Catalog.Listings(r.ctx(), d.connection, sku); err != nil {
		return d, err
	}
	if d.history, err = s.Catalog.History(r.ctx(), d.connection, sku); err != nil {
		return d, err
	}
	return d, nil
}

// path is the page's address.
func (d productDesk) path(pairs ...string) string { return productPath(d.connection, d.sku, pairs...) }

// productShow shows an SKU: what it stands for, what it may stand for, and the
// form that maps it. The query may fill the form.
func (s *server) productShow(r *request) error {
	d, err := s.productDesk(r, r.connection())
	if err != nil {
		return err
	}
	draft, err := s.productDraft(r, d)
	if err != nil {
		return err
	}
	return s.showProduct(r, http.StatusOK, d, r.returnPath(), draft)
}

func (s *server) showProduct(r *request, status int, d productDesk, back string, draft productDraft) error {
	page := r.page(d.sku, views.Products, views.Link{Text: "Products", Href: fmt.Sprintf("/products?connection=%d", d.connection)})
	page.Path = back
	model := views.ProductPage{Facts: d.facts(), Listings: d.listingTable(), Current: s.productMaps(r, d), Past: r.pastMaps(d, s.Catalog.Today())}
	model.Status = productPill(d.state(s.Catalog))
	if !r.person.Can(identity.MapProducts) {
		model.Why = "Operations people and accountants map SKUs; you may read them."
		return r.showAs(status, views.ProductView(page, model))
	}
	if d.state(s.Catalog) != catalog.Mapped {
		if err := s.suggest(r, d, draft, &model); err != nil {
			return err
		}
	}
	items, err := s.Catalog.SearchItems(r.ctx(), d.connection, "", itemsOffered)
	if err != nil {
		return err
	}
	form := d.form(draft)
	form.Items = itemOptions(items)
	model.Form = &form
	return r.showAs(status, views.ProductView(page, model))
}

// suggest ranks what the SKU may stand for; a suggestion fills in the form.
func (s *server) suggest(r *request, d productDesk, draft productDraft, model *views.ProductPage) error {
	suggestions, err := s.Catalog.Suggest(r.ctx(), d.connection, draft.marketplace, d.sku, suggestionsShown)
	if err != nil {
		return err
	}
	for _, x := range suggestions {
		text := catalog.Parts{{Code: x.ProductCode, Quantity: x.Quantity}}.String()
		model.Suggestions = append(model.Suggestions, views.ProductSuggestion{Text: strings.TrimSuffix(text+", "+x.Description, ", "), Reason: x.Reason + ".",
			Use: views.Link{Text: "Fill in", Href: d.path("code", x.ProductCode, "quantity", strconv.Itoa(x.Quantity), "marketplace", draft.marketplace, "map", draft.mapKey()) + "#map"}})
	}
	return nil
}

// productItems answers with the items of what is typed into a form.
func (s *server) productItems(r *request) error {
	in, text := r.query(), ""
	for name := range in.values {
		if strings.HasPrefix(name, "code.") {
			text = in.text(name, 120)
		}
	}
	if err := in.err(); err != nil {
		return err
	}
	items, err := s.Catalog.SearchItems(r.ctx(), r.connection(), text, itemsOffered)
	if err != nil {
		return err
	}
	return r.show(views.AccountList("items", itemOptions(items)))
}

func itemOptions(items []catalog.Item) []views.Account {
	options := make([]views.Account, len(items))
	for i, item := range items {
		options[i] = views.Account{Number: item.Code, Name: item.Description}
		if !item.Active {
			options[i].Note = "inactive"
		}
	}
	return options
}

func (d productDesk) facts() []views.Fact {
	facts := []views.Fact{{Name: "Connection", Value: views.Text(d.name)}}
	for _, l := range d.listings {
		if l.Title != "" {
			facts = append(facts, views.Fact{Name: "Title", Value: views.Text(l.Title)})
			break
		}
	}
	return facts
}

// state is how it stands today: unmapped as long as one listing is.
func (d productDesk) state(c *catalog.Service) catalog.State {
	shops := []string{}
	for _, l := range d.listings {
		shops = append(shops, l.Marketplace)
	}
	if len(shops) == 0 {
		for _, m := range d.history {
			shops = append(shops, m.Marketplace)
		}
	}
	state := catalog.Unmapped
	for _, shop := range shops {
		m, ok := d.inForce(shop, c)
		switch {
		case !ok:
			return catalog.Unmapped
		case !m.Parts.Active():
			state = catalog.Inactive
		case state != catalog.Inactive:
			state = catalog.Mapped
		}
	}
	return state
}

// inForce is the map that holds in a marketplace today.
func (d productDesk) inForce(marketplace string, c *catalog.Service) (found catalog.Mapping, ok bool) {
	for _, m := range d.history {
		if m.In(c.Today()) && (m.Marketplace == marketplace || (m.Marketplace == catalog.EveryMarketplace && !ok)) {
			found, ok = m, true
		}
	}
	return found, ok
}

func (d productDesk) listingTable() *views.Table {
	if len(d.listings) == 0 {
		return nil
	}
	t := &views.Table{ID: "listings", Caption: "Where Amazon lists it", Inside: true, Passed: true, Columns: []views.Column{{Label: "Marketplace", Kind: views.Tight}, {Label: "Title", Kind: views.Wrap},
		{Label: "ASIN", Kind: views.Tight}, {Label: "FNSKU", Kind: views.Tight}, {Label: "UPC, EAN", Kind: views.Wrap}, {Label: "Channel", Kind: views.Tight}, {Label: "Listing", Kind: views.Tight}}}
	for _, l := range d.listings {
		t.Rows = append(t.Rows, views.Row{Cells: []templ.Component{views.Text(shopOf(l.Marketplace)), textOrNothing(l.Title), textOrNothing(l.ASIN), textOrNothing(l.FNSKU),
			textOrNothing(strings.Join(l.Identifiers, ", ")), views.Text(string(l.Channel)), textOrNothing(l.Status)}})
	}
	return t
}

// shops are the marketplaces that a map may be for: those of the listings and
// of the maps so far.
func (d productDesk) shops() []views.Option {
	options := []views.Option{{Value: catalog.EveryMarketplace, Label: "All marketplaces"}}
	for _, m := range amazon.Marketplaces("") {
		known := false
		for _, l := range d.listings {
			known = known || l.Marketplace == m.ID
		}
		for _, h := range d.history {
			known = known || h.Marketplace == m.ID
		}
		if known {
			options = append(options, views.Option{Value: m.ID, Label: m.Domain})
		}
	}
	return options
}
