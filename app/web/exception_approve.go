package web

import (
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/views"
)

// approveButton lets Prophet 21 be adjusted by a difference of stock, by those
// who approve entries: it moves the same accounts.
func approveButton(r *request, e exception.Exception, model *views.ExceptionPage) {
	if e.Class != exception.StockDifference || e.State != stateOpen {
		return
	}
	if _, ok := e.Detail["not_from_here"]; ok {
		return
	}
	if !r.person.Can(identity.ApproveEntries) {
		model.Why = append(model.Why, "Those who approve journal entries approve adjustments of stock too.")
		return
	}
	model.Actions = append([]views.Button{{Label: "Approve the adjustment", Icon: "check", Look: views.Primary, Action: exceptionPath(e, "approve")}}, model.Actions...)
}

// exceptionApprove approves that Prophet 21's stock is adjusted.
func (s *server) exceptionApprove(r *request) error {
	e, _, err := s.exceptionInput(r)
	if err != nil {
		return err
	}
	if s.FBAStock == nil {
		return fault.New(fault.Conflict, "Nothing here waits for an approval.")
	}
	if err := s.FBAStock.Approve(r.ctx(), e, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Approved", "Prophet 21 is adjusted by exactly this difference.")
	return r.backToException(e)
}
