package web

import "tieout/app/identity"

// ruleRoutes are the screens of mapping rules.
func (s *server) ruleRoutes() []Route {
	if s.Rules == nil || s.Connections == nil || s.Insight == nil {
		return nil
	}
	routes := []Route{
		{GET, "/rules", identity.ViewBooks, s.ruleList, 0},
		{POST, "/rules/begin", identity.EditRules, s.ruleBegin, 0},
		{POST, "/rules/add", identity.EditRules, s.ruleAdd, 0},
		{GET, "/rules/:id/edit", identity.ViewBooks, s.ruleShow, 0},
		{POST, "/rules/edit", identity.EditRules, s.ruleEdit, 0},
		{POST, "/rules/order", identity.EditRules, s.ruleOrder, 0},
		{GET, "/rules/versions/:id", identity.ViewBooks, s.ruleVersion, 0},
		{GET, "/rules/backtest", identity.ViewBooks, s.ruleBacktest, 0},
		{GET, "/rules/backtest/kinds/:id", identity.ViewBooks, s.ruleBacktestKind, 0},
		{POST, "/rules/:id/delete", identity.EditRules, s.ruleDelete, 0},
		{POST, "/rules/accounts", identity.EditRules, s.ruleAccounts, 0},
		{POST, "/rules/submit", identity.EditRules, s.ruleSubmit, 0},
		{POST, "/rules/withdraw", identity.EditRules, s.ruleWithdraw, 0},
		{POST, "/rules/discard", identity.EditRules, s.ruleDiscard, 0},
		{POST, "/rules/publish", identity.PublishRules, s.rulePublish, 0},
	}
	if s.Workbooks != nil {
		routes = append(routes, []Route{
			{GET, "/rules/export.xlsx", identity.Export, s.ruleExport, 0},
			{GET, "/rules/backtest/export.xlsx", identity.Export, s.ruleBacktestExport, 0},
			{POST, "/rules/:connection/upload", identity.EditRules, s.ruleUpload, ruleFileBody},
			{POST, "/rules/workbook", identity.EditRules, s.ruleUploadApply, ruleFileBody},
		}...)
	}
	return routes
}
