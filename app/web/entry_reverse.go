package web

import "tieout/views"

// entryReverse drafts the mirror of a posted entry and shows it.
func (s *server) entryReverse(r *request) error {
	id, in, err := r.entryInput()
	if err != nil {
		return err
	}
	entry, err := s.Entries.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	reason := in.needed("reason", 200, "Say why; it stands on the reversal in Prophet 21.")
	reversal, problem := int64(0), in.err()
	if problem == nil {
		reversal, problem = s.Entries.Reverse(r.ctx(), id, reason, r.actor())
	}
	if problem != nil {
		return s.entryFormAgain(r, entry, in, problem, reverseForm)
	}
	r.flash(views.Done, "Reversal drafted", "Submit it to have it approved and posted.")
	return r.goTo("/entries/%d", reversal)
}
