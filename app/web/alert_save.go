package web

import (
	"net/http"

	"tieout/app/fault"
	"tieout/views"
)

// alertSave changes a channel.
func (s *server) alertSave(r *request) error {
	stored, err := s.channelOf(r)
	if err != nil {
		return err
	}
	c, wrong, err := s.channelInput(r, stored)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return s.alertForm(r, http.StatusUnprocessableEntity, c, wrong, views.AdminPage{})
	}
	err = s.Alerts.Change(r.ctx(), c, r.actor())
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.alertForm(r, http.StatusUnprocessableEntity, c, wrong, views.AdminPage{})
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, "Saved.", "")
	return r.goTo("%s", channelPath(c.ID))
}
