package web

import "io"

// accrualExport sends the workbook of an accrual beside what was settled.
func (s *server) accrualExport(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	c, err := s.Finances.Compare(r.ctx(), id)
	if err != nil {
		return err
	}
	return r.workbook("accrual-"+c.Reference, func(w io.Writer) error { return s.Workbooks.Accrual(w, c) })
}
