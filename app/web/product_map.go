package web

import (
	"fmt"
	"net/http"
	"strings"

	"tieout/app/catalog"
	"tieout/app/fault"
	"tieout/views"
)

// find is a map of the desk in the version that a form speaks of.
func (d productDesk) find(key string) (catalog.Mapping, error) {
	id, _, _ := strings.Cut(key, ".")
	for _, m := range d.history {
		if m.ID != parseID(id) {
			continue
		}
		if mapKey(m) != key {
			return m, fault.New(fault.Conflict, "This map changed while you looked at it. Open the SKU again.")
		}
		return m, nil
	}
	return catalog.Mapping{}, fault.New(fault.NotFound, "This map does not exist.")
}

// productMap maps the SKU, or changes a map from a day on.
func (s *server) productMap(r *request) error {
	d, err := s.productDesk(r, r.connection())
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	draft, n, err := in.readDraft(d)
	if err != nil {
		return err
	}
	if err = in.err(); err == nil {
		err = s.saveMap(r, draft, n)
	}
	if code := fault.CodeOf(err); code == fault.Invalid || code == fault.Conflict {
		draft.wrong, draft.problem = fault.FieldsOf(err), fault.MessageOf(err)
		return s.showProduct(r, http.StatusUnprocessableEntity, d, safePath(r.FormValue("return")), draft)
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, d.sku+" is mapped.", n.Parts.String()+" from "+n.From.String()+" on. What waited for it goes on by itself.")
	return r.goBack()
}

func (s *server) saveMap(r *request, draft productDraft, n catalog.New) error {
	if draft.changes == nil {
		_, err := s.Catalog.Map(r.ctx(), r.actor(), n)
		return err
	}
	_, err := s.Catalog.Change(r.ctx(), r.actor(), draft.changes.ID, draft.changes.Version, n)
	return err
}

// productEnd ends a map before a day.
func (s *server) productEnd(r *request) error {
	d, err := s.productDesk(r, r.connection())
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	m, err := d.find(in.needed("map", 40, "Say which map."))
	if err != nil {
		return err
	}
	before := in.date("to")
	if err := in.err(); err != nil {
		return err
	}
	if err := s.Catalog.End(r.ctx(), r.actor(), m.ID, m.Version, before); err != nil {
		return err
	}
	r.flash(views.Done, "The map is ended.", fmt.Sprintf("%s stands for %s until the day before %s.", d.sku, m.Parts, before))
	return r.goBack()
}
