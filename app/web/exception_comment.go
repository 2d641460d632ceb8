package web

// exceptionComment adds a remark to an exception.
func (s *server) exceptionComment(r *request) error {
	e, in, err := s.exceptionInput(r)
	if err != nil {
		return err
	}
	body := in.needed("body", 4000, "Write something first.")
	if err := in.err(); err != nil {
		return err
	}
	if err := s.Exceptions.Comment(r.ctx(), e.ID, body, r.actor()); err != nil {
		return err
	}
	return r.backToException(e)
}
