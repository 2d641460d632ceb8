package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"tieout/app/catalog"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/period"
	"tieout/views"
)

// always is the day from which a first map of an SKU holds: orders of any age
// may wait for it.
func always() period.Date { return period.Date{Year: 2000, Month: 1, Day: 1} }

// mapModel offers the items that an unknown SKU may stand for.
func (s *server) mapModel(r *request, e exception.Exception, values, wrong map[string]string) (*views.ExceptionMap, error) {
	if s.Catalog == nil || e.State != stateOpen {
		return nil, nil
	}
	sku := e.Cause
	model := &views.ExceptionMap{Action: exceptionPath(e, "map"), Values: values, Errors: wrong,
		SKU: views.Link{Text: "Kits, dates and history", Href: productPath(e.ConnectionID, sku)}}
	suggestions, err := s.Catalog.Suggest(r.ctx(), e.ConnectionID, detailText(e.Detail["marketplace"]), sku, suggestionsShown)
	if err != nil {
		return nil, err
	}
	for _, x := range suggestions {
		text := catalog.Parts{{Code: x.ProductCode, Quantity: x.Quantity}}.String()
		model.Suggestions = append(model.Suggestions, views.ItemSuggestion{Code: x.ProductCode, Quantity: strconv.Itoa(x.Quantity),
			Text: strings.TrimSuffix(text+", "+x.Description, ", "), Reason: x.Reason + "."})
	}
	if !r.person.Can(identity.MapProducts) {
		model.Why = "Operations people and accountants map SKUs; you may read them."
		return model, nil
	}
	items, err := s.Catalog.SearchItems(r.ctx(), e.ConnectionID, "", itemsOffered)
	if err != nil {
		return nil, err
	}
	model.Items = itemOptions(items)
	return model, nil
}

// exceptionMap maps an unknown SKU; what waits on it goes on by itself.
func (s *server) exceptionMap(r *request) error {
	e, in, err := s.exceptionInput(r)
	if err != nil {
		return err
	}
	if !mapsSKU(e) || e.State != stateOpen || s.Catalog == nil {
		return fault.New(fault.Conflict, "This exception does not wait for an item any more.")
	}
	code, quantity := in.needed("code", 40, "Choose an item of Prophet 21."), in.number("quantity", 1, 100_000)
	problem := in.err()
	if problem == nil {
		problem = s.mapSKU(r, e, catalog.Part{Code: code, Quantity: quantity})
	}
	if wrong := fault.FieldsOf(problem); len(wrong) > 0 {
		return s.exceptionPage(r, e, http.StatusUnprocessableEntity, safePath(in.values.Get("return")), in.typed(), codeErrors(wrong))
	}
	if problem != nil {
		return problem
	}
	r.flash(views.Done, e.Cause+" is mapped.", fmt.Sprintf("%s on by itself, oldest first.", views.Counted(int(e.Records), "record goes", "records go")))
	return r.backToException(e)
}

// codeErrors brings the catalogue's complaints about the first part to the form's fields.
func codeErrors(wrong map[string]string) map[string]string {
	fields := map[string]string{}
	for name, message := range wrong {
		field, _, _ := strings.Cut(name, ".")
		fields[field] = message
	}
	return fields
}

func (s *server) mapSKU(r *request, e exception.Exception, part catalog.Part) error {
	if part.Quantity == 0 {
		part.Quantity = 1
	}
	history, err := s.Catalog.History(r.ctx(), e.ConnectionID, e.Cause)
	if err != nil {
		return err
	}
	from := always()
	if len(history) > 0 {
		from = s.Catalog.Today()
	}
	_, err = s.Catalog.Map(r.ctx(), r.actor(), catalog.New{ConnectionID: e.ConnectionID, SKU: e.Cause, From: from, Parts: catalog.Parts{part}, Note: "From the exception queue."})
	return err
}
