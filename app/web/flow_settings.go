package web

import (
	"fmt"
	"net/http"

	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/identity"
	"tieout/views"
)

// settingsSheet is the form of what a flow asks of an administrator; nil when
// it asks nothing.
func settingsSheet(r *request, d flow.Definition, state flow.State, values, wrong map[string]string) (*views.AdminSheet, error) {
	if len(d.Settings) == 0 {
		return nil, nil
	}
	chosen, err := flow.Chosen(d, state)
	if err != nil {
		return nil, err
	}
	form := &views.AdminForm{Action: flowPath(state, "settings"), Submit: views.Button{Label: "Save", Icon: "check"}, Hidden: []views.Hidden{{Name: "version", Value: fmt.Sprint(state.Version)}}}
	for _, setting := range d.Settings {
		field := views.Field{Name: setting.Name, Label: setting.Title, Hint: setting.Help, Value: chosen[setting.Name]}
		for _, c := range setting.Choices {
			field.Options = append(field.Options, views.Option{Value: c.Value, Label: c.Title})
		}
		form.Fields = append(form.Fields, typed(field, values, wrong))
	}
	if !r.person.Can(identity.RunFlows) {
		form.Why = "Operations people and administrators change this."
	}
	return &views.AdminSheet{Title: "Settings", Form: form}, nil
}

// flowSettings stores what was chosen.
func (s *server) flowSettings(r *request) error {
	d, state, err := s.flowOf(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	version, chosen := in.version(), map[string]string{}
	for _, setting := range d.Settings {
		chosen[setting.Name] = in.text(setting.Name, 60)
	}
	problem := in.err()
	if problem == nil {
		problem = s.Flows.Configure(r.ctx(), state.ConnectionID, state.Name, version, chosen, r.actor())
	}
	if wrong := fault.FieldsOf(problem); wrong != nil {
		return s.showFlow(r, http.StatusUnprocessableEntity, in.typed(), wrong)
	}
	if problem != nil {
		return problem
	}
	r.flash(views.Done, "Saved.", "It counts from now on.")
	return r.goTo("%s", flowPath(state, ""))
}
