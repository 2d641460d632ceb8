package web

import (
	"fmt"

	"tieout/app/identity"
	"tieout/views"
)

// alertRoutes are the page "Webhooks and alerts" and its actions.
func (s *server) alertRoutes() []Route {
	if s.Alerts == nil {
		return nil
	}
	return []Route{
		{GET, "/admin/alerts", identity.ViewAdministration, s.alertList, 0},
		{GET, "/admin/alerts/new", identity.ManageAlerts, s.alertNew, 0},
		{POST, "/admin/alerts/new", identity.ManageAlerts, s.alertCreate, 0},
		{GET, "/admin/alerts/:id", identity.ManageAlerts, s.alertShow, 0},
		{POST, "/admin/alerts/:id", identity.ManageAlerts, s.alertSave, 0},
		{POST, "/admin/alerts/:id/test", identity.ManageAlerts, s.alertTry, 0},
		{POST, "/admin/alerts/:id/rotate", identity.ManageAlerts, s.alertRotate, 0},
		{POST, "/admin/alerts/:id/switch", identity.ManageAlerts, s.alertSwitch, 0},
		{POST, "/admin/alerts/:id/delete", identity.ManageAlerts, s.alertDelete, 0},
		{POST, "/admin/alerts/messages/:id/retry", identity.ManageAlerts, s.alertRetry, 0},
		{POST, "/admin/alerts/secrets", identity.ManageAlerts, s.alertSecretEnd, 0},
	}
}

// alertPage is a page below the list of channels.
func (r *request) alertPage(status int, title string, model views.AdminPage) error {
	return r.showAs(status, views.AdminView(r.page(title, views.Alerts, views.Link{Text: "Administration", Href: "/admin"}, views.Link{Text: "Webhooks and alerts", Href: "/admin/alerts"}), model))
}

func channelPath(id int64) string { return fmt.Sprintf("/admin/alerts/%d", id) }
