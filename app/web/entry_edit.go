package web

import "tieout/views"

// entryEdit changes an entry's description and date.
func (s *server) entryEdit(r *request) error {
	id, in, err := r.entryInput()
	if err != nil {
		return err
	}
	entry, err := s.Entries.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	version := in.version()
	description := in.needed("description", 255, "Between 1 and 255 characters.")
	in.needed("date", 10, "A date such as 2026-11-30.")
	on := in.date("date")
	problem := in.err()
	if problem == nil {
		problem = s.Entries.Edit(r.ctx(), id, version, description, on, r.actor())
	}
	if problem != nil {
		return s.entryFormAgain(r, entry, in, problem, editForm)
	}
	r.flash(views.Done, "Saved", "The entry is a draft.")
	return r.backToEntry(id)
}
