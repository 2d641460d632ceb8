package web

import (
	"tieout/app/closing"
	"tieout/views"
)

// closeRequest asks for the close of a period with reasons for what is waived.
func (s *server) closeRequest(r *request) error {
	w, err := s.closePeriod(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	note, waivers := in.text("note", 2000), map[string]string{}
	for _, i := range w.Now.InTheWay() {
		waivers[i.Key] = in.text(closing.WaiverField(i.Key), 2000)
	}
	problem := in.err()
	if problem == nil {
		problem = s.Closing.Request(r.ctx(), w.Key, note, waivers, r.actor())
	}
	if problem != nil {
		return s.closeFormAgain(r, in, problem, requestForm)
	}
	r.flash(views.Done, "Asked for.", "An approver closes the period.")
	return r.goTo("%s", closePath(w.Key, ""))
}

// closeWithdraw takes a request back.
func (s *server) closeWithdraw(r *request) error {
	key, err := r.closeKey()
	if err != nil {
		return err
	}
	if err := s.Closing.Withdraw(r.ctx(), key, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Withdrawn.", "The period is as it was before.")
	return r.goTo("%s", closePath(key, ""))
}
