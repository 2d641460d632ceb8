package web

import "tieout/app/identity"

// costRoutes are the screens of the cost of goods sold.
func (s *server) costRoutes() []Route {
	if s.Costs == nil {
		return nil
	}
	routes := []Route{
		{GET, "/cost", identity.ViewBooks, s.costList, 0},
		{GET, "/cost/:id", identity.ViewBooks, s.costShow, 0},
		{GET, "/cost/:id/units", identity.ViewBooks, s.costUnits, 0},
		{POST, "/cost/:id/again", identity.PrepareEntries, s.costAgain, 0},
	}
	if s.Workbooks != nil {
		routes = append(routes, Route{GET, "/cost/export.xlsx", identity.Export, s.costListExport, 0}, Route{GET, "/cost/:id/export.xlsx", identity.Export, s.costExport, 0})
	}
	return routes
}
