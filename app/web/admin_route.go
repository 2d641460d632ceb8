package web

import (
	"context"

	"github.com/a-h/templ"

	"tieout/app/audit"
	"tieout/app/identity"
	"tieout/views"
)

// Steward does the work behind the administration's buttons and reads its log.
type Steward interface {
	// FindReports looks at Amazon's list of reports in the background.
	FindReports(ctx context.Context, connectionID int64) error
	// Events searches the audit log, the newest first.
	Events(ctx context.Context, f audit.Filter) ([]audit.Recorded, error)
	// Chain recomputes the audit chain.
	Chain(ctx context.Context) (events int64, breaks []audit.Break, err error)
}

// adminRoutes are the screens of administration.
func (s *server) adminRoutes() []Route {
	if s.Connections == nil || s.Steward == nil {
		return nil
	}
	return append(append(append(s.noticeRoutes(), s.referenceRoutes()...), s.rateRoutes()...), []Route{
		{GET, "/admin", identity.ViewBooks, s.adminStart, 0},
		{GET, "/admin/connections", identity.ViewAdministration, s.connectionList, 0},
		{GET, "/admin/connections/new", identity.ManageConnections, s.connectionNew, 0},
		{POST, "/admin/connections/new", identity.ManageConnections, s.connectionCreate, 0},
		{GET, "/admin/connections/:id", identity.ViewAdministration, s.connectionShow, 0},
		{POST, "/admin/connections/:id", identity.ManageConnections, s.connectionSave, 0},
		{POST, "/admin/connections/:id/test", identity.ManageConnections, s.connectionTest, 0},
		{POST, "/admin/connections/:id/sync", identity.ManageConnections, s.connectionSync, 0},
		{POST, "/admin/connections/:id/find", identity.RunFlows, s.connectionFind, 0},
		{POST, "/admin/connections/:id/pause", identity.RunFlows, s.connectionPause, 0},
		{GET, "/admin/people", identity.ViewAdministration, s.peopleList, 0},
		{POST, "/admin/people/groups", identity.ManagePeople, s.groupSave, 0},
		{GET, scopePath, identity.ManagePeople, s.scopePage, 0},
		{POST, scopePath, identity.ManagePeople, s.scopeSave, 0},
		{POST, "/admin/people/:id/:what", identity.ManagePeople, s.personChange, 0},
		{GET, "/admin/policies", identity.ViewAdministration, s.policyList, 0},
		{POST, "/admin/policies/:id", identity.ManagePolicies, s.policySave, 0},
		{GET, "/admin/periods", identity.ViewBooks, s.periodList, 0},
		{GET, "/admin/audit", identity.ViewAudit, s.auditList, 0},
		{POST, "/admin/audit/verify", identity.ViewAudit, s.auditVerify, 0},
	}...)
}

// adminStart leads to the first page of administration that the person may see.
func (s *server) adminStart(r *request) error {
	switch {
	case r.person.Can(identity.ViewAdministration):
		return r.goTo("/admin/connections")
	case r.person.Can(identity.ViewAudit):
		return r.goTo("/admin/audit")
	}
	return r.goTo("/admin/periods")
}

func (r *request) admin(section views.Section, title string, model views.AdminPage) error {
	return r.adminAs(200, section, title, model)
}

func (r *request) adminAs(status int, section views.Section, title string, model views.AdminPage) error {
	return r.showAs(status, views.AdminView(r.page(title, section, views.Link{Text: "Administration", Href: "/admin"}), model))
}

func cells(list ...templ.Component) views.Row { return views.Row{Cells: list} }
