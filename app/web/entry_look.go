package web

import "tieout/views"

// entryLook asks Prophet 21 once more for an entry whose outcome is unknown.
func (s *server) entryLook(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	found, err := s.Entries.LookAgain(r.ctx(), id, r.actor())
	if err != nil {
		return err
	}
	if found {
		r.flash(views.Done, "Found", "Prophet 21 holds it; the entry is posted.")
	} else {
		r.flash(views.Waiting, "Not found", "Prophet 21 answered and does not show it. It may still appear; look in Prophet 21 itself before you send it again.")
	}
	return r.backToEntry(id)
}
