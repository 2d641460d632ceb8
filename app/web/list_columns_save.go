package web

import "slices"

// columnsSave keeps which columns of a list the person wants to see. The form
// says what it offered: a column that a page leaves out by itself stays as it
// was chosen before.
func (s *server) columnsSave(r *request) error {
	list, err := r.listName()
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	kept, err := s.Identity.ListOf(r.ctx(), r.person.ID, list)
	if err != nil {
		return err
	}
	offered, shown := in.values["offered"], in.values["col"]
	hidden := slices.DeleteFunc(kept.Hidden, func(key string) bool { return slices.Contains(offered, key) })
	for _, key := range offered {
		if !slices.Contains(shown, key) {
			hidden = append(hidden, key)
		}
	}
	if err := s.Identity.HideColumns(r.ctx(), r.person.ID, list, hidden); err != nil {
		return err
	}
	return r.goBack()
}
