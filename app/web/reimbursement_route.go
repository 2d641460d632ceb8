package web

import "tieout/app/identity"

// reimbursementRoutes are the screens of what Amazon lost or damaged.
func (s *server) reimbursementRoutes() []Route {
	if s.Reimbursements == nil {
		return nil
	}
	routes := []Route{
		{GET, "/reimbursements", identity.ViewBooks, s.reimbursementList, 0},
		{GET, "/reimbursements/:id", identity.ViewBooks, s.reimbursementShow, 0},
		{POST, "/reimbursements/:id/claim", identity.ResolveExceptions, s.reimbursementClaim, 0},
		{POST, "/reimbursements/:id/settle", identity.ResolveExceptions, s.reimbursementSettle, 0},
		{POST, "/reimbursements/:id/reopen", identity.ResolveExceptions, s.reimbursementReopen, 0},
	}
	if s.Workbooks != nil {
		routes = append(routes, Route{GET, "/reimbursements/export.xlsx", identity.Export, s.reimbursementExport, 0})
	}
	return routes
}
