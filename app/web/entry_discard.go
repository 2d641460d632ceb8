package web

import (
	"fmt"

	"tieout/views"
)

// entryDiscard drops the draft of a reversal and shows the entry that stays.
func (s *server) entryDiscard(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	entry, err := s.Entries.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	if err := s.Entries.DiscardReversal(r.ctx(), id, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Discarded", "The entry that it would have reversed stays posted.")
	return r.goTo("%s", fmt.Sprintf("/entries/%d", *entry.ReversesID))
}
