package web

import "tieout/app/identity"

// feeRoutes are the reports of fees.
func (s *server) feeRoutes() []Route {
	if s.Fees == nil {
		return nil
	}
	routes := []Route{
		{GET, "/reports", identity.ViewBooks, s.feeList, 0},
		{GET, "/reports/amounts", identity.ViewBooks, s.feeMade, 0},
	}
	if s.Workbooks != nil {
		routes = append(routes, Route{GET, "/reports/export.xlsx", identity.Export, s.feeExport, 0})
	}
	return routes
}
