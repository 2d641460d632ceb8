package web

import (
	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/reconcile"
)

// reconciliationRoutes are the screens of what must agree.
func (s *server) reconciliationRoutes() []Route {
	if s.Reconcile == nil {
		return nil
	}
	routes := []Route{
		{GET, "/reconciliation", identity.ViewBooks, s.reconciliationList, 0},
		{POST, "/reconciliation/check", identity.ResolveExceptions, s.reconciliationCheck, 0},
		{GET, "/reconciliation/:name", identity.ViewBooks, s.reconciliationShow, 0},
		{GET, "/reconciliation/items/:id", identity.ViewBooks, s.reconciliationItem, 0},
		{POST, "/reconciliation/items/:id/explain", identity.ResolveExceptions, s.reconciliationExplain, 0},
		{POST, "/reconciliation/items/explain", identity.ResolveExceptions, s.reconciliationExplainMany, 0},
		{POST, "/reconciliation/:name/pairs", identity.ResolveExceptions, s.reconciliationPairs, 0},
		{POST, "/reconciliation/items/:id/match", identity.ResolveExceptions, s.reconciliationMatch, 0},
		{POST, "/reconciliation/notes/:id/withdraw", identity.ResolveExceptions, s.reconciliationWithdraw, 0},
	}
	if s.Workbooks != nil {
		routes = append(routes, Route{GET, "/reconciliation/export.xlsx", identity.Export, s.reconciliationsExport, 0},
			Route{GET, "/reconciliation/:name/export.xlsx", identity.Export, s.reconciliationExport, 0})
	}
	return routes
}

// reconciliation is the one that the path names.
func (r *request) reconciliation() (reconcile.Name, error) {
	for _, n := range reconcile.Names() {
		if string(n) == r.Param("name") {
			return n, nil
		}
	}
	return "", fault.New(fault.NotFound, "There is no reconciliation %q.", r.Param("name"))
}
