package web

import (
	"net/http"
	"time"

	"tieout/app/fault"
	"tieout/views"
)

// flowRun asks for a reading of the source.
func (s *server) flowRun(r *request) error {
	_, state, err := s.flowOf(r)
	if err != nil {
		return err
	}
	if err := s.Flows.RunNow(r.ctx(), state.ConnectionID, state.Name, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Asked for.", "The source is read in a moment.")
	return r.goTo("%s", flowPath(state, ""))
}

// flowPause stops a flow until somebody resumes it.
func (s *server) flowPause(r *request) error {
	_, state, err := s.flowOf(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	version := in.version()
	reason := in.needed("reason", 300, "Say why, for those who wonder.")
	problem := in.err()
	if problem == nil {
		problem = s.Flows.Pause(r.ctx(), state.ConnectionID, state.Name, version, reason, r.actor())
	}
	if wrong := fault.FieldsOf(problem); wrong != nil {
		page := r.page("Pause", views.Flows, flowsLink())
		return r.showAs(http.StatusUnprocessableEntity, views.ActionFormView(page, pauseForm(state, in.typed(), wrong)))
	}
	if problem != nil {
		return problem
	}
	r.flash(views.Waiting, "Paused.", "What is on its way still arrives.")
	return r.goTo("%s", flowPath(state, ""))
}

// flowResume lets a paused flow go on.
func (s *server) flowResume(r *request) error {
	_, state, err := s.flowOf(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	if err := s.Flows.Resume(r.ctx(), state.ConnectionID, state.Name, in.version(), r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Resumed.", "It reads on from where it stopped.")
	return r.goTo("%s", flowPath(state, ""))
}

// flowAgain has the source read from an earlier day on.
func (s *server) flowAgain(r *request) error {
	_, state, err := s.flowOf(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	in.needed("since", 10, "A date such as 2026-11-30.")
	since, version := in.date("since"), in.version()
	problem := in.err()
	if problem == nil {
		problem = s.Flows.ReadFrom(r.ctx(), state.ConnectionID, state.Name, version, since.Time(), r.actor())
	}
	if wrong := fault.FieldsOf(problem); wrong != nil {
		return s.showFlow(r, http.StatusUnprocessableEntity, in.typed(), wrong)
	}
	if problem != nil {
		return problem
	}
	r.flash(views.Done, "Asked for.", "The source is read from that day on; what is known already is left as it is.")
	return r.goTo("%s", flowPath(state, ""))
}

// flowSchedule says how often a flow reads its source.
func (s *server) flowSchedule(r *request) error {
	_, state, err := s.flowOf(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	const week = 7 * 24 * 3600
	every, overlap, version := in.number("every", 10, week), in.number("overlap", 0, week), in.version()
	problem := in.err()
	if problem == nil {
		problem = s.Flows.Schedule(r.ctx(), state.ConnectionID, state.Name, version, time.Duration(every)*time.Second, time.Duration(overlap)*time.Second, r.actor())
	}
	if wrong := fault.FieldsOf(problem); wrong != nil {
		return s.showFlow(r, http.StatusUnprocessableEntity, in.typed(), wrong)
	}
	if problem != nil {
		return problem
	}
	r.flash(views.Done, "Saved.", "The source is read now and then at the new pace.")
	return r.goTo("%s", flowPath(state, ""))
}
