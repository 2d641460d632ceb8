package web

import "tieout/app/identity"

// refundRoutes are the screens of refunds and returns without the other.
func (s *server) refundRoutes() []Route {
	if s.Refunds == nil {
		return nil
	}
	routes := []Route{
		{GET, "/refunds", identity.ViewBooks, s.refundList, 0},
		{GET, "/refunds/:id", identity.ViewBooks, s.refundShow, 0},
		{POST, "/refunds/:id/settle", identity.ResolveExceptions, s.refundSettle, 0},
		{POST, "/refunds/:id/reopen", identity.ResolveExceptions, s.refundReopen, 0},
	}
	if s.Workbooks != nil {
		routes = append(routes, Route{GET, "/refunds/export.xlsx", identity.Export, s.refundExport, 0})
	}
	return routes
}
