package web

import (
	"net/http"

	"tieout/app/notify"
	"tieout/views"
)

// alertTry sends a test and shows what the other side answered.
func (s *server) alertTry(r *request) error {
	c, err := s.channelOf(r)
	if err != nil {
		return err
	}
	answer, err := s.Alerts.Test(r.ctx(), c.ID, r.actor())
	if err != nil {
		return err
	}
	shown := views.Check{State: views.Wrong, Name: "The test was not taken", Reason: answer.Words}
	if answer.Outcome == notify.Delivered {
		shown.State, shown.Name = views.Done, "The test was taken"
	}
	return s.alertForm(r, http.StatusOK, c, nil, views.AdminPage{Sheets: []views.AdminSheet{{Title: "Test", Checks: []views.Check{shown}}}})
}
