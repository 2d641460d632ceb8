package web

import (
	"net/url"
	"slices"
	"strconv"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/views"
)

// Lists of which people keep columns and filters.
const (
	listSettlements    = "settlements"
	listLines          = "lines"
	listEntries        = "entries"
	listExceptions     = "exceptions"
	listProducts       = "products"
	listReceivable     = "receivable"
	listCash           = "cash"
	listDeposits       = "deposits"
	listRefunds        = "refunds"
	listFees           = "fees"
	listReimbursements = "reimbursements"
	listRates          = "rates"
	listOpen           = "reconciliation"
	listUnsettled      = "unsettled"
	listCloses         = "closes"
	listCosts          = "cost"
)

// listRoutes are what people keep about lists.
func (s *server) listRoutes() []Route {
	return []Route{
		{POST, "/lists/:list/columns", identity.ViewBooks, s.columnsSave, 0},
		{POST, "/lists/:list/filters", identity.ViewBooks, s.filterSave, 0},
		{POST, "/lists/:list/filters/:id/delete", identity.ViewBooks, s.filterDelete, 0},
	}
}

// listName is the list that the path names.
func (r *request) listName() (string, error) {
	name := r.Param("list")
	lists := []string{listSettlements, listLines, listEntries, listExceptions, listProducts, listReceivable, listCash, listDeposits, listRefunds, listRates, listFees, listReimbursements, listOpen, listUnsettled, listCloses, listCosts}
	if r.server.Flows != nil {
		for _, d := range r.server.Flows.Definitions() {
			lists = append(lists, d.Name)
		}
	}
	if !slices.Contains(lists, name) {
		return "", fault.New(fault.NotFound, "There is no list %q.", name)
	}
	return name, nil
}

// chooser is what the person keeps about the list on this page.
func (s *server) chooser(r *request, list string) (*views.Chooser, error) {
	kept, err := s.Identity.ListOf(r.ctx(), r.person.ID, list)
	if err != nil {
		return nil, err
	}
	base, here := "/lists/"+list, r.link("totals", "")
	back := "?" + url.Values{"return": {here}}.Encode()
	query := filterQuery(r.QueryParams())
	c := &views.Chooser{
		Action: base + "/columns", Keep: []views.Hidden{{Name: "return", Value: here}}, Away: map[string]bool{},
		Save: &views.Save{Action: base + "/filters" + back, Query: query},
	}
	for _, key := range kept.Hidden {
		c.Away[key] = true
	}
	for _, f := range kept.Filters {
		values, err := url.ParseQuery(f.Query)
		if err != nil {
			continue // nothing that a page could show
		}
		c.Saved = append(c.Saved, views.Saved{
			Name: f.Name, Href: address(r.Request().URL.Path, values), Current: f.Query == query,
			Delete: base + "/filters/" + strconv.FormatInt(f.ID, 10) + "/delete" + back,
		})
	}
	return c, nil
}

// filterQuery is a query without the place in the list and without what is
// empty, always in the same order.
func filterQuery(query url.Values) string {
	kept := url.Values{}
	for name, values := range query {
		if slices.Contains([]string{"after", "totals"}, name) {
			continue
		}
		for _, value := range values {
			if value != "" {
				kept.Add(name, value)
			}
		}
	}
	return kept.Encode()
}
