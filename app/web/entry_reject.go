package web

import "tieout/views"

// entryReject sends an entry back to draft with a reason.
func (s *server) entryReject(r *request) error {
	id, in, err := r.entryInput()
	if err != nil {
		return err
	}
	entry, err := s.Entries.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	reason := in.needed("reason", 2000, "Say why, so that the preparer knows what to change.")
	problem := in.err()
	if problem == nil {
		problem = s.Entries.Reject(r.ctx(), id, reason, r.actor())
	}
	if problem != nil {
		return s.entryFormAgain(r, entry, in, problem, rejectForm)
	}
	r.flash(views.Done, "Rejected", "The entry is a draft again.")
	return r.backToEntry(id)
}
