package web

import "tieout/views"

// alertDelete removes a channel; its history stays.
func (s *server) alertDelete(r *request) error {
	c, err := s.channelOf(r)
	if err != nil {
		return err
	}
	if err := s.Alerts.Delete(r.ctx(), c.ID, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Deleted.", c.Name+" is told nothing any more.")
	return r.goTo("/admin/alerts")
}
