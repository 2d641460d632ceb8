package web

import (
	"tieout/app/fault"
	"tieout/views"
)

// refundSettle takes a case off the list with a note.
func (s *server) refundSettle(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	note := in.text("note", 2000)
	if err := in.err(); err != nil {
		return err
	}
	err = s.Refunds.Settle(r.ctx(), id, note, r.actor())
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.showRefund(r, 422, id, wrong)
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, "Settled.", "It stays in the list of what is settled.")
	return r.goTo("/refunds")
}

// refundReopen puts a settled case back on the list.
func (s *server) refundReopen(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Refunds.Reopen(r.ctx(), id, r.actor()); err != nil {
		return err
	}
	return r.goTo("/refunds/%d", id)
}
