package web

import (
	"net/http"

	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/views"
)

// exceptionIgnore closes an exception with a reason.
func (s *server) exceptionIgnore(r *request) error {
	e, in, err := s.exceptionInput(r)
	if err != nil {
		return err
	}
	version := in.version()
	reason := in.needed("reason", 2000, "Say why nobody has to decide this.")
	problem := in.err()
	if problem == nil {
		problem = s.Exceptions.Ignore(r.ctx(), e.ID, version, reason, r.actor())
	}
	if problem != nil {
		return s.exceptionFormAgain(r, e, in, problem, func(values, wrong map[string]string) views.ActionForm { return ignoreForm(e, values, wrong) })
	}
	r.flash(views.Done, "Ignored", e.Title)
	return r.backToException(e)
}

// exceptionFormAgain shows a form with what was wrong; any other error goes on.
func (s *server) exceptionFormAgain(r *request, e exception.Exception, in *input, problem error, form func(values, wrong map[string]string) views.ActionForm) error {
	wrong := fault.FieldsOf(problem)
	if len(wrong) == 0 {
		return problem
	}
	page := r.page(e.Title, views.Exceptions, exceptionsLink())
	page.Path = safePath(in.values.Get("return"))
	return r.showAs(http.StatusUnprocessableEntity, views.ActionFormView(page, form(in.typed(), wrong)))
}

// typed is what a person typed, by field.
func (in *input) typed() map[string]string {
	values := map[string]string{}
	for name := range in.values {
		values[name] = in.values.Get(name)
	}
	return values
}
