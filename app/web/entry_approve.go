package web

import (
	"encoding/hex"

	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/views"
)

// entryApprove approves the content that the person saw, named by its hash.
func (s *server) entryApprove(r *request) error {
	id, in, err := r.entryInput()
	if err != nil {
		return err
	}
	hash, err := hex.DecodeString(in.needed("hash", 64, "The form does not say which content it is about."))
	if err != nil {
		in.refuse("hash", "This is no content hash.")
	}
	if err := in.err(); err != nil {
		return err
	}
	entry, err := s.Entries.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	outcome, err := s.approve(r, entry, hash)
	if err != nil {
		return err
	}
	r.flash(views.Done, "Approved", outcome)
	return r.backToEntry(id)
}

// approve records the person's approval and says what follows. Whoever prepared
// the entry is refused here in words; the database refuses the same.
func (s *server) approve(r *request, e journal.Entry, hash []byte) (outcome string, err error) {
	preparers, err := s.Entries.Preparers(r.ctx(), e.ID)
	if err != nil {
		return "", err
	}
	approvals, err := s.Entries.Approvals(r.ctx(), e.ID)
	if err != nil {
		return "", err
	}
	if obstacle := journal.Obstacle(e, r.person.ID, preparers, approvals); obstacle != "" {
		return "", fault.New(fault.Forbidden, "%s", obstacle)
	}
	done, err := s.Entries.Approve(r.ctx(), e.ID, hash, r.signedInAt(), r.actor())
	if err != nil {
		return "", err
	}
	if !done {
		return "Your approval is recorded; it waits for one more person.", nil
	}
	return "Approved; it is on its way to Prophet 21.", nil
}
