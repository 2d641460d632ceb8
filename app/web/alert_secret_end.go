package web

import (
	"net/http"
	"time"

	"tieout/views"
)

// alertSecretEnd keeps when Amazon's client secrets end.
func (s *server) alertSecretEnd(r *request) error {
	connections, err := s.Alerts.Connections(r.ctx())
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	ends := map[int64]time.Time{}
	for _, c := range connections {
		if !in.values.Has(endField(c.ID)) {
			continue // a connection that came after the page
		}
		ends[c.ID] = time.Time{}
		if day := in.date(endField(c.ID)); in.text(endField(c.ID), 20) != "" {
			ends[c.ID] = day.Time()
		}
	}
	if len(in.wrong) > 0 {
		return s.showAlerts(r, http.StatusUnprocessableEntity, in.wrong)
	}
	if err := s.Alerts.SetSecretEnds(r.ctx(), ends, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Saved.", "")
	return r.goTo("/admin/alerts")
}
