package web

import "tieout/views"

// entrySend lets an entry be sent once more, because a person looked and it is
// not in Prophet 21.
func (s *server) entrySend(r *request) error {
	id, in, err := r.entryInput()
	if err != nil {
		return err
	}
	entry, err := s.Entries.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	reason := in.needed("reason", 2000, "Say where you looked and that it is not there.")
	problem := in.err()
	if problem == nil {
		problem = s.Entries.SendAgain(r.ctx(), id, reason, r.actor())
	}
	if problem != nil {
		return s.entryFormAgain(r, entry, in, problem, sendForm)
	}
	r.flash(views.Done, "To be sent again", "Prophet 21 is asked once more before anything leaves.")
	return r.backToEntry(id)
}
