package web

import (
	"net/http"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/views"
)

// preferencesPage shows what a person may choose for themselves.
func (s *server) preferencesPage(r *request) error {
	return r.preferences(http.StatusOK, r.person.Preferences, "")
}

func (r *request) preferences(status int, p identity.Preferences, zoneError string) error {
	return r.showAs(status, views.PreferencesView(r.page("Preferences", views.Overview), views.PreferencesPage{
		Theme: views.Theme(p.Theme), Negatives: p.Negatives, Zone: p.Zone, ZoneError: zoneError, Zones: commonZones()}))
}

// commonZones are suggestions; any IANA name is taken.
func commonZones() []string {
	return []string{"UTC", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Toronto", "America/Mexico_City",
		"Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Rome", "Europe/Madrid", "Asia/Tokyo", "Asia/Kolkata", "Australia/Sydney"}
}

func (s *server) preferencesSave(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	p := identity.Preferences{Theme: in.text("theme", 20), Negatives: in.text("negatives", 20), Zone: in.text("zone", 60)}
	err = s.Identity.SetPreferences(r.ctx(), r.person.ID, p)
	if wrong := fault.FieldsOf(err); wrong != nil {
		return r.preferences(http.StatusUnprocessableEntity, p, wrong["zone"])
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, "Saved.", "")
	return r.goTo("/preferences")
}
