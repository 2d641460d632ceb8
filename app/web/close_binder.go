package web

import (
	"fmt"
	"io"
)

// closeBinder streams the binder of a closed period; it is written while the
// browser takes it.
func (s *server) closeBinder(r *request) error {
	key, err := r.closeKey()
	if err != nil {
		return err
	}
	w, err := s.Binders.Closed(r.ctx(), key)
	if err != nil {
		return err
	}
	return r.file(fmt.Sprintf("binder-%s-%s.zip", w.Connection, key), "application/zip", func(out io.Writer) error {
		_, err := s.Binders.Write(r.ctx(), out, key, r.actor())
		return err
	})
}
