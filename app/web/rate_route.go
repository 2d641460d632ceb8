package web

import "tieout/app/identity"

// rateFileBody is what a request with a file of rates may send: the file, and
// the same once more as text while its preview is confirmed.
const rateFileBody = 12 << 20

// rateRoutes are the screens of exchange rates.
func (s *server) rateRoutes() []Route {
	if s.Rates == nil {
		return nil
	}
	routes := []Route{
		{GET, "/admin/rates", identity.ViewBooks, s.rateList, 0},
		{POST, "/admin/rates", identity.ManageRates, s.rateSave, 0},
		{GET, "/admin/rates/:id", identity.ViewBooks, s.rateShow, 0},
		{POST, "/admin/rates/:id", identity.ManageRates, s.rateChange, 0},
		{POST, "/admin/rates/:id/withdraw", identity.ManageRates, s.rateWithdraw, 0},
		{GET, "/admin/rates/sources", identity.ViewBooks, s.rateSources, 0},
		{POST, "/admin/rates/sources/:id", identity.ManageConnections, s.rateSourceSave, 0},
		{POST, "/admin/rates/sources/:id/read", identity.ManageRates, s.rateSourceRead, 0},
	}
	if s.Workbooks != nil {
		routes = append(routes,
			Route{GET, "/admin/rates/export.xlsx", identity.Export, s.rateExport, 0},
			Route{POST, "/admin/rates/upload", identity.ManageRates, s.rateUpload, rateFileBody},
			Route{POST, "/admin/rates/upload/apply", identity.ManageRates, s.rateUploadApply, rateFileBody})
	}
	return routes
}
