package web

import (
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/views"
)

func againForm(e exception.Exception, values, wrong map[string]string) views.ActionForm {
	return exceptionForm(e, "send", "It is not there", "Look at the other side first. Only when it is not there, say so: it is sent again, after one more look.",
		views.Button{Label: "Send again", Icon: "send"}, typed(views.Field{Name: "reason", Label: "Where you looked", Rows: 3}, values, wrong))
}

// exceptionSend lets what is of unknown outcome be sent once more, because a
// person looked and it is not there.
func (s *server) exceptionSend(r *request) error {
	e, in, err := s.exceptionInput(r)
	if err != nil {
		return err
	}
	if s.Flows == nil {
		return fault.New(fault.Conflict, "Nothing that could be sent again waits on this.")
	}
	reason := in.needed("reason", 2000, "Say where you looked and that it is not there.")
	problem := in.err()
	released := int64(0)
	if problem == nil {
		released, problem = s.Flows.SendAgain(r.ctx(), e, reason, r.actor())
	}
	if problem != nil {
		return s.exceptionFormAgain(r, e, in, problem, func(values, wrong map[string]string) views.ActionForm { return againForm(e, values, wrong) })
	}
	r.flash(views.Done, "To be sent again.", views.Counted(int(released), "record goes on", "records go on")+", after one more look at the other side.")
	return r.backToException(e)
}
