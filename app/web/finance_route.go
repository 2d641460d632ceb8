package web

import "tieout/app/identity"

// financeRoutes are the screens of money before settlements.
func (s *server) financeRoutes() []Route {
	if s.Finances == nil {
		return nil
	}
	routes := []Route{
		{GET, "/unsettled", identity.ViewBooks, s.unsettledList, 0},
		{GET, "/unsettled/:id", identity.ViewBooks, s.unsettledShow, 0},
		{GET, "/accruals/:id", identity.ViewBooks, s.accrualShow, 0},
	}
	if s.Workbooks != nil {
		routes = append(routes, Route{GET, "/unsettled/export.xlsx", identity.Export, s.unsettledExport, 0},
			Route{GET, "/accruals/:id/export.xlsx", identity.Export, s.accrualExport, 0})
	}
	return routes
}
