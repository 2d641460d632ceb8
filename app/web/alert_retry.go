package web

import "tieout/views"

// alertRetry sends a failed or refused message again.
func (s *server) alertRetry(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Alerts.Retry(r.ctx(), id, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "It is sent again.", "With everything that was in the same message.")
	return r.goTo("/admin/alerts")
}
