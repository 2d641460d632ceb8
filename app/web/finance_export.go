package web

import (
	"io"

	"tieout/app/finances"
)

// accrualExport sends the workbook of an accrual beside what was settled.
func (s *server) accrualExport(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	c, err := s.Finances.Compared(r.ctx(), id)
	if err != nil {
		return err
	}
	after := int32(0)
	orders := rowsOf(func() ([]finances.Difference, error) { return s.Finances.Orders(r.ctx(), id, after, exportPageSize) }, func(last finances.Difference) { after = last.Position })
	return r.workbook("accrual-"+c.Reference, func(w io.Writer) error { return s.Workbooks.Accrual(w, c, orders) })
}
