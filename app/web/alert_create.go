package web

import (
	"net/http"

	"tieout/app/alert"
	"tieout/app/fault"
	"tieout/views"
)

// alertCreate makes a channel. The secret of a webhook is on this one answer
// and nowhere else, so that it is not kept for another page.
func (s *server) alertCreate(r *request) error {
	c, wrong, err := s.channelInput(r, alert.Channel{})
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return s.alertForm(r, http.StatusUnprocessableEntity, c, wrong, views.AdminPage{})
	}
	id, secret, err := s.Alerts.Create(r.ctx(), c, r.actor())
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.alertForm(r, http.StatusUnprocessableEntity, c, wrong, views.AdminPage{})
	}
	if err != nil {
		return err
	}
	if secret == "" {
		r.flash(views.Done, "The channel is created.", "Send a test to see whether it arrives.")
		return r.goTo("%s", channelPath(id))
	}
	return s.showSecret(r, id, "The webhook is created.", secret)
}

// showSecret shows a channel with its new secret, once.
func (s *server) showSecret(r *request, id int64, title, secret string) error {
	c, err := s.Alerts.Channel(r.ctx(), id)
	if err != nil {
		return err
	}
	table := &views.Table{ID: "secret", Caption: "Secret", Columns: []views.Column{{Label: "Secret"}}, Rows: []views.Row{cells(views.Copyable(secret, secret))}}
	return s.alertForm(r, http.StatusOK, c, nil, views.AdminPage{Alerts: []views.Alert{{State: views.Done, Title: title, Text: "Copy its secret now: it is not shown again."}},
		Sheets: []views.AdminSheet{{Title: "The signing secret", Lead: "The receiver checks with it that a message is from here and was not changed.", Table: table}}})
}
