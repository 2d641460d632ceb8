package web

import (
	"strconv"

	"tieout/app/exception"
	"tieout/app/identity"
	"tieout/app/period"
	"tieout/views"
)

const ignoreLead = "It leaves the queue. What it stands for keeps blocking where accounting says so, and your reason is kept."

// exceptionActions adds what the person may do, or why nothing.
func (s *server) exceptionActions(r *request, e exception.Exception, model *views.ExceptionPage) error {
	switch {
	case e.State != stateOpen:
		return nil
	case !r.person.Can(identity.ResolveExceptions):
		model.Why = append(model.Why, "Operations people and accountants work on exceptions; you may read them.")
		return nil
	}
	people, err := s.resolvers(r)
	if err != nil {
		return err
	}
	if e.AssignedTo != r.person.ID {
		model.Actions = append(model.Actions, views.Button{Label: "Assign to me", Icon: "user-round", Action: exceptionPath(e, "assign"), Name: "version", Value: exceptionVersion(e)})
	}
	forms := []views.ActionForm{assignForm(e, people, nil, nil), snoozeForm(e, nil, nil), ignoreForm(e, nil, nil)}
	if e.Class == exception.DeliveryUnknown {
		forms = append([]views.ActionForm{againForm(e, nil, nil)}, forms...)
	}
	for _, form := range forms {
		model.Forms = append(model.Forms, form)
		model.Actions = append(model.Actions, views.Button{Label: form.Title, Icon: form.Button.Icon, Look: form.Button.Look, Dialog: form.ID})
	}
	return nil
}

func exceptionForm(e exception.Exception, id, title, lead string, button views.Button, field views.Field) views.ActionForm {
	field.Suffix, field.Required = "-"+id, true
	return views.ActionForm{
		ID: id, Title: title, Lead: lead, Button: button, Fields: []views.Field{field}, Action: exceptionPath(e, id),
		Keep: []views.Hidden{{Name: "version", Value: exceptionVersion(e)}}, Back: "/exceptions/" + exceptionID(e),
	}
}

func assignForm(e exception.Exception, people []identity.Person, values, wrong map[string]string) views.ActionForm {
	options := []views.Option{{Value: "nobody", Label: "Nobody"}}
	for _, p := range people {
		options = append(options, views.Option{Value: strconv.FormatInt(p.ID, 10), Label: p.Name, Current: p.ID == e.AssignedTo})
	}
	return exceptionForm(e, "assign", "Assign", "Whoever it is assigned to finds it under “Me”.", views.Button{Label: "Assign", Icon: "user-round"},
		typed(views.Field{Name: "person", Label: "Person", Options: options}, values, wrong))
}

func snoozeForm(e exception.Exception, values, wrong map[string]string) views.ActionForm {
	return exceptionForm(e, "snooze", "Snooze", "It is hidden until the beginning of that day.", views.Button{Label: "Snooze", Icon: "bell"},
		typed(views.Field{Name: "until", Label: "Until", Type: "date"}, values, wrong))
}

func ignoreForm(e exception.Exception, values, wrong map[string]string) views.ActionForm {
	return exceptionForm(e, "ignore", "Ignore", ignoreLead, views.Button{Label: "Ignore", Icon: "circle-slash", Look: views.Danger},
		typed(views.Field{Name: "reason", Label: "Reason", Rows: 3}, values, wrong))
}

func exceptionVersion(e exception.Exception) string { return strconv.FormatInt(int64(e.Version), 10) }

// today is the day where the person is.
func (r *request) today() period.Date {
	return period.DateOf(r.server.Clock.Now().In(r.person.Location()))
}
