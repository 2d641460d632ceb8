package web

import (
	"net/http"
	"strconv"

	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/views"
)

// exceptionResolve adds the rule that maps a kind and has the entries that wait
// for it drafted.
func (s *server) exceptionResolve(r *request) error {
	e, in, err := s.exceptionInput(r)
	if err != nil {
		return err
	}
	if e.Class != exception.UnmappedKind || e.State != stateOpen {
		return fault.New(fault.Conflict, "This exception does not wait for an account any more.")
	}
	resolution := mapping.Resolution{
		KindID: e.KindID, Category: mapping.Category(in.needed("category", 40, "Choose a category.")), Account: in.text("account", 60),
		Note: in.text("note", 500), AnyMarketplace: in.checked("any_marketplace"),
	}
	problem := in.err()
	if problem == nil {
		_, problem = s.Rules.Resolve(r.ctx(), r.actor(), e.ConnectionID, []mapping.Resolution{resolution})
	}
	if wrong := fault.FieldsOf(problem); len(wrong) > 0 {
		return s.exceptionPage(r, e, http.StatusUnprocessableEntity, safePath(in.values.Get("return")), in.typed(), wrong)
	}
	if problem != nil {
		return problem
	}
	if err := s.Redraft(r.ctx(), e.ConnectionID); err != nil {
		return err
	}
	r.flash(views.Done, "The rule is in use.", "The entries that waited for it are being drafted; the exception closes with them.")
	return r.backToException(e)
}

func exceptionID(e exception.Exception) string { return strconv.FormatInt(e.ID, 10) }
