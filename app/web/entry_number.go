package web

import (
	"tieout/app/fault"
	"tieout/views"
)

// entryNumber records the number of an entry that a person found in Prophet 21.
// Whoever prepared the entry does not also say where it is.
func (s *server) entryNumber(r *request) error {
	id, in, err := r.entryInput()
	if err != nil {
		return err
	}
	entry, err := s.Entries.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	preparers, err := s.Entries.Preparers(r.ctx(), id)
	if err != nil {
		return err
	}
	if why := secondPerson(preparers, r.person.ID); why != "" {
		return fault.New(fault.Forbidden, "%s", why)
	}
	number := in.needed("p21_number", 40, "The journal's number in Prophet 21.")
	problem := in.err()
	if problem == nil {
		problem = s.Entries.MarkPosted(r.ctx(), id, number, r.actor())
	}
	if problem != nil {
		return s.entryFormAgain(r, entry, in, problem, numberForm)
	}
	r.flash(views.Done, "Posted", "The entry is recorded as journal "+number+".")
	return r.backToEntry(id)
}
