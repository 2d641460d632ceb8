package web

import (
	"fmt"
	"net/http"

	"tieout/app/fault"
	"tieout/views"
)

// personalEraseAsk asks why personal data is destroyed before its time.
func (s *server) personalEraseAsk(r *request) error {
	record, d, err := s.personalRecord(r)
	if err != nil {
		return err
	}
	return r.show(views.ActionFormView(r.page(record.Key, recordSection(d), views.Link{Text: d.Title, Href: "/" + d.Name}), eraseForm(record.ID, nil, nil)))
}

func eraseForm(id int64, values, wrong map[string]string) views.ActionForm {
	return views.ActionForm{ID: "erase", Title: "Erase personal data", Lead: "It cannot be brought back. What is still on its way cannot be delivered without it.",
		Action: fmt.Sprintf("/records/%d/erase", id), Back: fmt.Sprintf("/records/%d", id), Button: views.Button{Label: "Erase", Icon: "trash-2", Look: views.Danger},
		Fields: []views.Field{typed(views.Field{Name: "reason", Label: "Reason", Rows: 2, Required: true, Hint: "Where it was asked for, without naming the buyer. At least 10 characters."}, values, wrong)}}
}

// personalErase destroys a record's personal data at once.
func (s *server) personalErase(r *request) error {
	record, d, err := s.personalRecord(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	reason := in.text("reason", 500)
	if err := in.err(); err != nil {
		return err
	}
	err = s.Flows.Personal.Erase(r.ctx(), record.ID, reason, r.actor())
	if wrong := fault.FieldsOf(err); len(wrong) > 0 {
		return r.showAs(http.StatusUnprocessableEntity, views.ActionFormView(r.page(record.Key, recordSection(d)), eraseForm(record.ID, in.typed(), wrong)))
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, "Erased", "The personal data of "+record.Key+" is destroyed.")
	return r.goTo("/records/%d", record.ID)
}
