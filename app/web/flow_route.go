package web

import (
	"tieout/app/flow"
	"tieout/app/identity"
	"tieout/views"
)

// flowRoutes are the screens of flows and their records.
func (s *server) flowRoutes() []Route {
	if s.Flows == nil {
		return nil
	}
	routes := []Route{
		{GET, "/flows", identity.ViewBooks, s.flowList, 0},
		{GET, "/flows/:name/:connection", identity.ViewBooks, s.flowShow, 0},
		{POST, "/flows/:name/:connection/run", identity.RunFlows, s.flowRun, 0},
		{POST, "/flows/:name/:connection/pause", identity.RunFlows, s.flowPause, 0},
		{POST, "/flows/:name/:connection/resume", identity.RunFlows, s.flowResume, 0},
		{POST, "/flows/:name/:connection/schedule", identity.RunFlows, s.flowSchedule, 0},
		{POST, "/flows/:name/:connection/again", identity.RunFlows, s.flowAgain, 0},
		{POST, "/flows/:name/:connection/settings", identity.RunFlows, s.flowSettings, 0},
		{GET, "/flows/:name/:connection/mapping", identity.ViewBooks, s.flowMappingShow, 0},
		{POST, "/flows/:name/:connection/mapping", identity.RunFlows, s.flowMappingSave, 0},
		{POST, "/flows/:name/:connection/mapping/preview", identity.RunFlows, s.flowMappingPreview, 0},
		{POST, "/flows/:name/:connection/mapping/use", identity.RunFlows, s.flowMappingUse, 0},
		{GET, "/records/:id", identity.ViewBooks, s.recordShow, 0},
		{GET, "/records/:id/documents/:document", identity.ViewBooks, s.recordDocument, 0},
		{GET, "/records/:id/personal", identity.SeePersonal, s.personalAsk, 0},
		{POST, "/records/:id/personal", identity.SeePersonal, s.personalShow, 0},
		{GET, "/records/:id/erase", identity.ErasePersonal, s.personalEraseAsk, 0},
		{POST, "/records/:id/erase", identity.ErasePersonal, s.personalErase, 0},
		{GET, "/admin/personal", identity.ViewAudit, s.personalAccesses, 0},
	}
	for _, d := range s.Flows.Definitions() {
		routes = append(routes, Route{GET, "/" + d.Name, identity.ViewBooks, func(r *request) error { return s.recordList(r, d) }, 0})
	}
	return routes
}

// recordExports are the workbooks of records, one list per flow.
func (s *server) recordExports() (routes []Route) {
	if s.Flows == nil {
		return nil
	}
	routes = append(routes, Route{GET, "/admin/personal/export.xlsx", identity.ViewAudit, s.personalAccessesExport, 0})
	for _, d := range s.Flows.Definitions() {
		routes = append(routes, Route{GET, "/" + d.Name + "/export.xlsx", identity.Export, func(r *request) error { return s.recordListExport(r, d) }, 0})
	}
	return routes
}

func flowsLink() views.Link { return views.Link{Text: "Flows", Href: "/flows"} }

// flowOf returns the flow and the connection that the path names.
func (s *server) flowOf(r *request) (flow.Definition, flow.State, error) {
	id, err := r.pathID("connection")
	if err != nil {
		return flow.Definition{}, flow.State{}, err
	}
	d, err := s.Flows.Definition(r.Param("name"))
	if err != nil {
		return d, flow.State{}, err
	}
	state, err := s.Flows.Get(r.ctx(), id, d.Name)
	return d, state, err
}
