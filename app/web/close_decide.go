package web

import (
	"encoding/hex"

	"tieout/app/closing"
	"tieout/views"
)

// closeApprove closes the period on the checklist that the person saw, named by
// its hash.
func (s *server) closeApprove(r *request) error {
	key, err := r.closeKey()
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	hash, err := hex.DecodeString(in.needed("hash", 64, "The form does not say which checklist it is about."))
	if err != nil {
		in.refuse("hash", "This is no hash of a checklist.")
	}
	if err := in.err(); err != nil {
		return err
	}
	if err := s.Closing.Approve(r.ctx(), key, hash, r.signedInAt(), r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Closed.", "Nothing is written into this period any more.")
	return r.goTo("%s", closePath(key, ""))
}

// closeRefuse sends the request back with a reason.
func (s *server) closeRefuse(r *request) error {
	return s.closeWithReason(r, func(key closing.Key, reason string) error { return s.Closing.Refuse(r.ctx(), key, reason, r.actor()) }, refuseForm,
		"Refused.", "The preparer reads your reason.")
}

// closeReopen lifts the close with a reason.
func (s *server) closeReopen(r *request) error {
	return s.closeWithReason(r, func(key closing.Key, reason string) error { return s.Closing.Reopen(r.ctx(), key, reason, r.actor()) }, reopenForm,
		"Reopened.", "Entries can be written into the period again.")
}

func (s *server) closeWithReason(r *request, act func(closing.Key, string) error, form func(closing.Key, map[string]string, map[string]string) views.ActionForm, title, text string) error {
	key, err := r.closeKey()
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	reason := in.needed("reason", 2000, "Say why.")
	problem := in.err()
	if problem == nil {
		problem = act(key, reason)
	}
	if problem != nil {
		return s.closeFormAgain(r, in, problem, func(w closing.Whole, values, wrong map[string]string) views.ActionForm {
			return form(w.Key, values, wrong)
		})
	}
	r.flash(views.Done, title, text)
	return r.goTo("%s", closePath(key, ""))
}
