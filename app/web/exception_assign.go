package web

import (
	"slices"

	"tieout/app/exception"
	"tieout/app/identity"
	"tieout/views"
)

// exceptionAssign gives an exception to a person, to the one who asks when the
// form names none.
func (s *server) exceptionAssign(r *request) error {
	e, in, err := s.exceptionInput(r)
	if err != nil {
		return err
	}
	people, err := s.resolvers(r)
	if err != nil {
		return err
	}
	to := r.person.ID
	switch who := in.text("person", 20); who {
	case "":
	case "nobody":
		to = 0
	default:
		to = in.id("person")
		if !slices.ContainsFunc(people, func(p identity.Person) bool { return p.ID == to }) {
			in.refuse("person", "Choose somebody who works on exceptions.")
		}
	}
	version := in.version()
	problem := in.err()
	if problem == nil {
		problem = s.Exceptions.Assign(r.ctx(), e.ID, version, to, r.actor())
	}
	if problem != nil {
		return s.exceptionFormAgain(r, e, in, problem, func(values, wrong map[string]string) views.ActionForm { return assignForm(e, people, values, wrong) })
	}
	r.flash(views.Done, "Assigned", e.Title)
	return r.backToException(e)
}

// exceptionInput reads what every action on an exception sends.
func (s *server) exceptionInput(r *request) (exception.Exception, *input, error) {
	id, in, err := r.entryInput()
	if err != nil {
		return exception.Exception{}, nil, err
	}
	e, err := s.Exceptions.Get(r.ctx(), id)
	return e, in, err
}

// backToException goes to the page that the form named, otherwise to the
// exception.
func (r *request) backToException(e exception.Exception) error {
	return r.backTo("/exceptions/" + exceptionID(e))
}
