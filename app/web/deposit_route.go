package web

import (
	"tieout/app/bank"
	"tieout/app/identity"
)

// statementBody is what one upload of statements may send.
const statementBody = 10 * bank.MaxSize

// depositRoutes are the screens of deposits beside bank statements.
func (s *server) depositRoutes() []Route {
	if s.Deposits == nil {
		return nil
	}
	routes := []Route{
		{GET, "/reconciliation/deposits", identity.ViewBooks, s.depositSuggestions, 0},
		{POST, "/reconciliation/deposits/accept", identity.PrepareEntries, s.depositAccept, 0},
		{POST, "/reconciliation/deposits/accept-all", identity.PrepareEntries, s.depositAcceptAll, 0},
		{GET, "/reconciliation/deposits/list", identity.ViewBooks, s.awaitedList, 0},
		{GET, "/reconciliation/deposits/lines", identity.ViewBooks, s.bankLineList, 0},
		{GET, "/reconciliation/deposits/lines/:id", identity.ViewBooks, s.bankLineShow, 0},
		{POST, "/reconciliation/deposits/lines/:id/ignore", identity.PrepareEntries, s.bankLineIgnore, 0},
		{POST, "/reconciliation/deposits/lines/:id/regard", identity.PrepareEntries, s.bankLineRegard, 0},
		{GET, "/reconciliation/deposits/match", identity.ViewBooks, s.depositMatchForm, 0},
		{POST, "/reconciliation/deposits/match", identity.PrepareEntries, s.depositMatchSave, 0},
		{GET, "/reconciliation/deposits/matches", identity.ViewBooks, s.depositMatches, 0},
		{GET, "/reconciliation/deposits/matches/:id", identity.ViewBooks, s.depositMatchShow, 0},
		{POST, "/reconciliation/deposits/matches/:id/unmatch", identity.PrepareEntries, s.depositUnmatch, 0},
		{POST, "/reconciliation/deposits/matches/:id/restore", identity.PrepareEntries, s.depositRestore, 0},
		{GET, "/reconciliation/statements", identity.ViewBooks, s.statementList, 0},
		{POST, "/reconciliation/statements", identity.UploadReports, s.statementUpload, statementBody},
		{GET, "/reconciliation/statements/:id", identity.ViewBooks, s.statementShow, 0},
		{GET, "/reconciliation/statements/:id/file", identity.Export, s.statementFile, 0},
		{GET, "/reconciliation/statements/:id/columns", identity.UploadReports, s.statementColumns, 0},
		{POST, "/reconciliation/statements/:id/columns", identity.UploadReports, s.statementColumnsSave, 0},
	}
	if s.Insight != nil {
		routes = append(routes, []Route{
			{GET, "/reconciliation/accounts/new", identity.PrepareEntries, s.bankAccountNew, 0},
			{GET, "/reconciliation/accounts/:id", identity.ViewBooks, s.bankAccountShow, 0},
			{POST, "/reconciliation/accounts", identity.PrepareEntries, s.bankAccountSave, 0},
		}...)
	}
	if s.Workbooks != nil {
		routes = append(routes, Route{GET, "/reconciliation/deposits/export.xlsx", identity.Export, s.bankExport, 0})
	}
	return routes
}
