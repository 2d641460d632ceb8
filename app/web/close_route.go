package web

import "tieout/app/identity"

// closeRoutes are the screens of the period close.
func (s *server) closeRoutes() []Route {
	if s.Closing == nil {
		return nil
	}
	routes := []Route{
		{GET, "/close", identity.ViewBooks, s.closeList, 0},
		{GET, "/close/:connection/:period", identity.ViewBooks, s.closeShow, 0},
		{POST, "/close/:connection/:period/request", identity.PrepareCloses, s.closeRequest, 0},
		{POST, "/close/:connection/:period/withdraw", identity.PrepareCloses, s.closeWithdraw, 0},
		{POST, "/close/:connection/:period/approve", identity.ApproveCloses, s.closeApprove, 0},
		{POST, "/close/:connection/:period/refuse", identity.ApproveCloses, s.closeRefuse, 0},
		{POST, "/close/:connection/:period/reopen", identity.ApproveCloses, s.closeReopen, 0},
	}
	if s.Workbooks != nil {
		routes = append(routes, Route{GET, "/close/export.xlsx", identity.Export, s.closeListExport, 0},
			Route{GET, "/close/:connection/:period/export.xlsx", identity.Export, s.closeExport, 0})
	}
	if s.Binders != nil {
		routes = append(routes, Route{GET, "/close/:connection/:period/binder.zip", identity.Export, s.closeBinder, 0})
	}
	return routes
}
