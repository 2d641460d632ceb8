package web

// entryComment adds a remark to an entry.
func (s *server) entryComment(r *request) error {
	id, in, err := r.entryInput()
	if err != nil {
		return err
	}
	body := in.needed("body", 4000, "Write something first.")
	if err := in.err(); err != nil {
		return err
	}
	if _, err := s.Entries.Get(r.ctx(), id); err != nil {
		return err
	}
	if err := s.Entries.Comment(r.ctx(), id, body, r.actor()); err != nil {
		return err
	}
	return r.backToEntry(id)
}
