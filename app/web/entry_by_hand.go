package web

import "tieout/views"

// entryByHand takes an entry out of the queue while Prophet 21 does not answer:
// a person enters it there.
func (s *server) entryByHand(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Entries.ByHand(r.ctx(), id, r.actor()); err != nil {
		return err
	}
	r.flash(views.Waiting, "It is yours now", "Nothing is sent any more. Enter it in Prophet 21 from the import sheet; somebody who did not prepare it records its number here.")
	return r.backToEntry(id)
}
