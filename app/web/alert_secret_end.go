package web

import (
	"net/http"
	"time"

	"tieout/views"
)

// alertSecretEnd keeps when Amazon's client secret of a connection ends.
func (s *server) alertSecretEnd(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	day := in.date("ends_on")
	if len(in.wrong) > 0 {
		return s.showAlerts(r, http.StatusUnprocessableEntity, id, in.wrong)
	}
	var ends time.Time
	if in.text("ends_on", 20) != "" {
		ends = day.Time()
	}
	if err := s.Alerts.SetSecretEnd(r.ctx(), id, ends, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Saved.", "")
	return r.goTo("/admin/alerts")
}
