package web

import "tieout/views"

// filterDelete removes a filter that the person keeps.
func (s *server) filterDelete(r *request) error {
	list, err := r.listName()
	if err != nil {
		return err
	}
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Identity.DeleteFilter(r.ctx(), r.person.ID, list, id); err != nil {
		return err
	}
	r.flash(views.Done, "Filter deleted.", "")
	return r.goBack()
}
