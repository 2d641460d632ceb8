package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tieout/app/fault"
	"tieout/views"
)

// seenException is an exception in the version that a form showed.
type seenException struct {
	id      int64
	version int32
}

func (in *input) seenExceptions() []seenException {
	var all []seenException
	for _, mark := range in.values["exception"] {
		first, second, _ := strings.Cut(mark, ".")
		version, err := strconv.ParseInt(second, 10, 32)
		if err != nil || parseID(first) == 0 {
			in.refuse("exception", "%q is no exception.", mark)
			continue
		}
		all = append(all, seenException{parseID(first), int32(version)})
	}
	if len(all) == 0 {
		in.refuse("exception", "Select at least one exception.")
	}
	return all
}

// exceptionAssignMany assigns the selected exceptions to the person.
func (s *server) exceptionAssignMany(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	return s.exceptionEach(r, in, "assigned to you", func(e seenException) error {
		return s.Exceptions.Assign(r.ctx(), e.id, e.version, r.person.ID, r.actor())
	})
}

// exceptionSnoozeMany hides the selected exceptions for some days.
func (s *server) exceptionSnoozeMany(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	days := in.number("days", 1, 90)
	if days == 0 {
		in.refuse("days", "A whole number from 1 to 90.")
	}
	until := s.Clock.Now().Add(time.Duration(days) * 24 * time.Hour)
	return s.exceptionEach(r, in, "snoozed", func(e seenException) error {
		return s.Exceptions.Snooze(r.ctx(), e.id, e.version, until, r.actor())
	})
}

// exceptionIgnoreMany closes the selected exceptions with one reason, which it
// asks for first.
func (s *server) exceptionIgnoreMany(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	_, answered := in.values["reason"]
	reason := in.needed("reason", 2000, "Say why nobody has to decide these.")
	selected := in.seenExceptions()
	if wrong := in.wrong["reason"]; wrong != "" && len(selected) > 0 {
		status := http.StatusOK
		if answered {
			status = http.StatusUnprocessableEntity
		} else {
			wrong = ""
		}
		page := r.page("Ignore "+views.Counted(len(selected), "exception", "exceptions"), views.Exceptions, exceptionsLink())
		page.Path = safePath(in.values.Get("return"))
		return r.showAs(status, views.ActionFormView(page, ignoreManyForm(in, page.Path, wrong)))
	}
	return s.exceptionEach(r, in, "ignored", func(e seenException) error {
		return s.Exceptions.Ignore(r.ctx(), e.id, e.version, reason, r.actor())
	})
}

func ignoreManyForm(in *input, back, wrong string) views.ActionForm {
	form := views.ActionForm{
		ID: "ignore", Title: "Why?", Lead: ignoreLead, Action: "/exceptions/ignore", Back: back,
		Button: views.Button{Label: "Ignore them", Icon: "circle-slash", Look: views.Danger},
		Fields: []views.Field{{Name: "reason", Label: "Reason", Rows: 3, Required: true, Value: in.values.Get("reason"), Error: wrong}},
	}
	for _, mark := range in.values["exception"] {
		form.Keep = append(form.Keep, views.Hidden{Name: "exception", Value: mark})
	}
	return form
}

// exceptionEach does one thing to every selected exception and shows what
// became of each.
func (s *server) exceptionEach(r *request, in *input, done string, act func(seenException) error) error {
	selected := in.seenExceptions()
	if err := in.err(); err != nil {
		return err
	}
	var outcomes []views.Outcome
	succeeded := 0
	for _, e := range selected {
		err := act(e)
		if err != nil && fault.CodeOf(err) == fault.Internal {
			return err
		}
		outcome := views.Outcome{State: views.Done, Text: done, Link: views.Link{Text: fmt.Sprintf("Exception %d", e.id), Href: fmt.Sprintf("/exceptions/%d", e.id)}}
		if err != nil {
			outcome.State, outcome.Text = views.Wrong, fault.MessageOf(err)
		} else {
			succeeded++
		}
		if found, err := s.Exceptions.Get(r.ctx(), e.id); err == nil {
			outcome.Link.Text = found.Title
		}
		outcomes = append(outcomes, outcome)
	}
	title, state := views.Counted(succeeded, "exception", "exceptions")+" "+done, views.Done
	if succeeded < len(selected) {
		title, state = fmt.Sprintf("%d of %s %s", succeeded, views.Counted(len(selected), "exception", "exceptions"), done), views.Waiting
		s.keepOutcomes(r, outcomes)
	}
	r.flash(state, title, "")
	return r.backTo("/exceptions")
}
