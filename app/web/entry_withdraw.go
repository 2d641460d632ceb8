package web

import "tieout/views"

// entryWithdraw takes an entry back to draft before it is posted.
func (s *server) entryWithdraw(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Entries.Withdraw(r.ctx(), id, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Withdrawn", "The entry is a draft again; approvals that it had are void.")
	return r.backToEntry(id)
}
