package web

import (
	"io"

	"tieout/app/settlement"
)

// settlementListExport sends the workbook of the filtered settlements.
func (s *server) settlementListExport(r *request) error {
	f, err := r.settlementFilter()
	if err != nil {
		return err
	}
	about, err := s.about(r, r.settlementFilterBar(f))
	if err != nil {
		return err
	}
	f.PageSize, f.AfterEnd, f.AfterID = exportPageSize, nil, 0
	rows := rowsOf(func() ([]settlement.Item, error) { return s.Settlements.List(r.ctx(), f) },
		func(last settlement.Item) { f.AfterEnd, f.AfterID = &last.EndAt, last.ID })
	return r.workbook("settlements", func(w io.Writer) error { return s.Workbooks.SettlementList(w, about, rows) })
}
