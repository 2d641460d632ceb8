package web

import (
	"time"

	"tieout/views"
)

// exceptionSnooze hides an exception until the beginning of a day.
func (s *server) exceptionSnooze(r *request) error {
	e, in, err := s.exceptionInput(r)
	if err != nil {
		return err
	}
	version := in.version()
	in.needed("until", 10, "Choose a day.")
	day := in.date("until")
	if !r.today().Before(day) {
		in.refuse("until", "Choose a day after today.")
	}
	until := time.Date(day.Year, day.Month, day.Day, 0, 0, 0, 0, r.person.Location())
	problem := in.err()
	if problem == nil {
		problem = s.Exceptions.Snooze(r.ctx(), e.ID, version, until, r.actor())
	}
	if problem != nil {
		return s.exceptionFormAgain(r, e, in, problem, func(values, wrong map[string]string) views.ActionForm { return snoozeForm(e, values, wrong) })
	}
	r.flash(views.Done, "Snoozed", "It comes back on "+r.format().Day(day).Text+".")
	return r.backToException(e)
}
