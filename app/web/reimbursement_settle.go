package web

import (
	"tieout/app/audit"
	"tieout/app/fault"
	"tieout/views"
)

// reimbursementClaim notes that a case was opened at Amazon.
func (s *server) reimbursementClaim(r *request) error {
	return s.changeReimbursement(r, "claim", "Claimed.", func(id int64, text string, actor audit.Actor) error {
		return s.Reimbursements.ClaimIt(r.ctx(), id, text, actor)
	})
}

// reimbursementSettle takes a case off the list with a note.
func (s *server) reimbursementSettle(r *request) error {
	return s.changeReimbursement(r, "note", "Settled.", func(id int64, text string, actor audit.Actor) error {
		return s.Reimbursements.Settle(r.ctx(), id, text, actor)
	})
}

// reimbursementReopen takes back that a case was claimed or settled.
func (s *server) reimbursementReopen(r *request) error {
	return s.changeReimbursement(r, "", "It is open again.", func(id int64, _ string, actor audit.Actor) error {
		return s.Reimbursements.Reopen(r.ctx(), id, actor)
	})
}

func (s *server) changeReimbursement(r *request, field, done string, change func(id int64, text string, actor audit.Actor) error) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	text := ""
	if field != "" {
		text = in.text(field, 2000)
	}
	if err := in.err(); err != nil {
		return err
	}
	err = change(id, text, r.actor())
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.showReimbursement(r, 422, id, wrong)
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, done, "")
	return r.goTo("%s", reimbursementPath(id))
}
