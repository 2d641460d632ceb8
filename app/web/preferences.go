package web

import (
	"net/http"

	"tieout/views"
)

// themeSave keeps the theme for this person and this browser.
func (s *server) themeSave(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	preferences := r.person.Preferences
	preferences.Theme = in.choice("theme", string(views.System), string(views.Light), string(views.Dark))
	if err := in.err(); err != nil {
		return err
	}
	if err := s.Identity.SetPreferences(r.ctx(), r.person.ID, preferences); err != nil {
		return err
	}
	const year = 365 * 24 * 60 * 60
	r.SetCookie(&http.Cookie{Name: themeCookie, Value: preferences.Theme, Path: "/", MaxAge: year, SameSite: http.SameSiteLaxMode, Secure: s.secure()})
	return r.goBack()
}
