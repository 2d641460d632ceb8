package web

import (
	"io"

	"github.com/shopspring/decimal"

	"tieout/app/exception"
)

// exceptionListExport sends the workbook of the filtered exceptions.
func (s *server) exceptionListExport(r *request) error {
	f, err := r.exceptionFilter()
	if err != nil {
		return err
	}
	people, err := s.resolvers(r)
	if err != nil {
		return err
	}
	about, err := s.about(r, r.exceptionFilterBar(f, people))
	if err != nil {
		return err
	}
	f.PageSize, f.AfterWeight, f.AfterID = exportPageSize, decimal.NullDecimal{}, 0
	rows := rowsOf(func() ([]exception.Exception, error) { return s.Exceptions.List(r.ctx(), f) },
		func(last exception.Exception) {
			f.AfterWeight, f.AfterID = decimal.NewNullDecimal(last.Amount.Decimal.Abs()), last.ID
		})
	return r.workbook("exceptions", func(w io.Writer) error { return s.Workbooks.ExceptionList(w, about, rows, classTitle) })
}
