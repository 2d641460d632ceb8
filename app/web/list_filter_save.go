package web

import (
	"net/url"

	"tieout/app/fault"
	"tieout/views"
)

// filterSave keeps the filter of a list under a name.
func (s *server) filterSave(r *request) error {
	list, err := r.listName()
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	query, err := url.ParseQuery(in.values.Get("query"))
	if err != nil {
		return fault.New(fault.Invalid, "This is no filter.")
	}
	name := in.needed("name", 60, "Give the filter a name.")
	if err := in.err(); err != nil {
		return err
	}
	if err := s.Identity.SaveFilter(r.ctx(), r.person.ID, list, name, filterQuery(query)); err != nil {
		return err
	}
	r.flash(views.Done, "Filter kept as “"+name+"”.", "")
	return r.goBack()
}
