package web

import (
	"slices"

	"tieout/app/fault"
	"tieout/app/identity"
)

// receivableRoutes are the screens of orders that P21 invoices.
func (s *server) receivableRoutes() []Route {
	if s.Receivable == nil || s.Settlements == nil {
		return nil
	}
	routes := []Route{
		{GET, "/receivable", identity.ViewBooks, s.receivableList, 0},
		{GET, "/receivable/:connection/:order", identity.ViewBooks, s.receivableShow, 0},
		{GET, "/receivable/cash", identity.ViewBooks, s.depositList, 0},
		{GET, "/settlements/:id/cash", identity.ViewBooks, s.cashShow, 0},
		{GET, "/settlements/:id/cash/:entry", identity.ViewBooks, s.cashEntryShow, 0},
		{POST, "/settlements/:id/cash/enter", identity.PrepareEntries, s.cashEnter, 0},
		{POST, "/settlements/:id/cash/:entry/undo", identity.PrepareEntries, s.cashUndo, 0},
	}
	if s.Workbooks != nil {
		routes = append(routes, Route{GET, "/receivable/export.xlsx", identity.Export, s.receivableExport, 0}, Route{GET, "/receivable/cash/export.xlsx", identity.Export, s.depositExport, 0},
			Route{GET, "/settlements/:id/cash/export.xlsx", identity.Export, s.cashExport, 0})
	}
	return routes
}

// invoices reports whether P21 invoices the orders of a connection; not when
// that cannot be read.
func (s *server) invoices(r *request, connectionID int64) bool {
	if s.Receivable == nil {
		return false
	}
	ids, err := s.Receivable.Connections(r.ctx(), connectionID)
	return err == nil && slices.Contains(ids, connectionID)
}

// invoicing are the connections that a page of the receivable is about.
func (s *server) invoicing(r *request) ([]int64, error) {
	ids, err := s.Receivable.Connections(r.ctx(), r.connection())
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 && r.connection() != 0 {
		return nil, fault.New(fault.NotFound, "Prophet 21 invoices no orders of this connection: its revenue comes from settlements.")
	}
	return ids, nil
}
