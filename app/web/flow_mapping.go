package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/identity"
	"tieout/views"
)

// spareChecks are empty rows in the editor, for new checks.
const spareChecks = 2

// flowMappingShow shows a version of a flow's formulas and checks, and what
// they come to on a real record.
func (s *server) flowMappingShow(r *request) error {
	d, state, err := s.flowOf(r)
	if err != nil {
		return err
	}
	in := r.query()
	number, key := in.number("version", 0, 1_000_000), in.text("record", 60)
	if err := in.err(); err != nil {
		return err
	}
	v, err := s.Flows.Version(r.ctx(), state.ConnectionID, d.Name, int32(number))
	if err != nil {
		return err
	}
	model, err := s.mappingModel(r, d, state, v, key)
	if err != nil {
		return err
	}
	return s.showMapping(r, http.StatusOK, d, state, model)
}

func (s *server) showMapping(r *request, status int, d flow.Definition, state flow.State, model views.FlowMapping) error {
	page := r.page("Mapping of "+d.Title, views.Flows, flowsLink(), views.Link{Text: d.Title + " of " + state.ConnectionName, Href: flowPath(state, "")})
	return r.showAs(status, views.FlowMappingView(page, model))
}

// mappingModel is the editor with a version in it, tried on the record of a
// key, or on the newest one.
func (s *server) mappingModel(r *request, d flow.Definition, state flow.State, v flow.Version, key string) (views.FlowMapping, error) {
	model := views.FlowMapping{Action: flowPath(state, "mapping"), Preview: flowPath(state, "mapping/preview"), Base: strconv.Itoa(int(v.Number)), Key: key,
		Lead: fmt.Sprintf("Each field of %s is a formula over a record of %s. A version is tried on the newest records before it is used, and every older one can be taken back.", d.To, d.From),
		Note: views.Field{Name: "note", Label: "What changes, and why", Place: "PO number with the marketplace in front"}}
	if !r.person.Can(identity.RunFlows) {
		model.Why = "Operations people and administrators change mappings; you may read them and see what they come to."
	}
	record, err := s.recordToTry(r, d, state, key)
	if err != nil {
		return model, err
	}
	if record.ID != 0 {
		model.Key = record.Key
	} else if key != "" {
		model.Warnings = append(model.Warnings, views.Alert{State: views.Waiting, Title: "There is no record " + key + "."})
	}
	for i, f := range v.Fields {
		model.Fields = append(model.Fields, s.mappingField(r, i, f, record.ID))
	}
	for i, c := range v.Checks {
		model.Checks = append(model.Checks, s.mappingCheck(r, d, i, c, record.ID))
	}
	if model.Why == "" {
		for range spareChecks {
			model.Checks = append(model.Checks, views.MappingCheck{Row: len(model.Checks), Lists: listOptions(d, "")})
		}
	}
	return model, nil
}

// recordToTry is the record with this key, or else the newest one; its id is 0
// when there is none.
func (s *server) recordToTry(r *request, d flow.Definition, state flow.State, key string) (flow.Item, error) {
	list, err := s.Flows.Records(r.ctx(), d.Name, flow.Filter{ConnectionID: state.ConnectionID, Text: key, PageSize: 1})
	if err != nil || len(list) == 0 {
		return flow.Item{}, err
	}
	return list[0], nil
}

func fieldInput(i int) string { return "field-" + strconv.Itoa(i) }

func (s *server) mappingField(r *request, i int, f flow.Field, recordID int64) views.MappingField {
	field := views.MappingField{Input: fieldInput(i), List: f.List, Name: f.Name, Type: string(f.Type), Text: f.Formula, Help: f.Help}
	if recordID == 0 {
		return field
	}
	values, err := s.Flows.Preview(r.ctx(), recordID, f.List, f.Formula, f.Type)
	field.Values = values
	if err != nil {
		field.Error = fault.MessageOf(err)
	}
	return field
}

func (s *server) mappingCheck(r *request, d flow.Definition, i int, c flow.Check, recordID int64) views.MappingCheck {
	check := views.MappingCheck{Row: i, Name: c.Name, List: c.List, Lists: listOptions(d, c.List), Formula: c.Formula, Message: c.Message, Severity: c.Severity}
	if recordID == 0 {
		return check
	}
	holds, err := s.Flows.PreviewCheck(r.ctx(), recordID, c)
	switch {
	case err != nil:
		check.Error = fault.MessageOf(err)
	case holds:
		check.Result = views.Pill{State: views.Done, Text: "Holds"}
	default:
		check.Result = views.Pill{State: views.Waiting, Text: "Does not hold"}
	}
	return check
}

func listOptions(d flow.Definition, current string) []views.Option {
	options := []views.Option{{Label: "the record", Current: current == ""}}
	for _, list := range d.Lists() {
		options = append(options, views.Option{Value: list, Label: "each of " + list, Current: list == current})
	}
	return options
}

// flowMappingSave shows what edited formulas come to, tries them, or saves them
// as a new version.
func (s *server) flowMappingSave(r *request) error {
	d, state, err := s.flowOf(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	v, key, note := typedVersion(in, d), in.text("record", 60), in.text("note", 300)
	if err := in.err(); err != nil {
		return err
	}
	what := in.choice("do", "preview", "try", "save")
	if what == "save" {
		number, err := s.Flows.Save(r.ctx(), state.ConnectionID, d.Name, v, note, r.actor())
		if err == nil {
			r.flash(views.Done, fmt.Sprintf("Version %d is saved.", number), "It is not in use yet: Use puts it in.")
			return r.goTo("%s", flowPath(state, ""))
		}
		if !fault.Is(err, fault.Invalid) {
			return err
		}
		return s.mappingAgain(r, d, state, v, key, note, err)
	}
	model, err := s.mappingModel(r, d, state, v, key)
	if err != nil {
		return err
	}
	model.Note.Value = note
	if what == "try" {
		if err := s.addTrial(r, d, state, v, &model); err != nil {
			return err
		}
	}
	return s.showMapping(r, http.StatusOK, d, state, model)
}

// mappingAgain shows the editor with what was typed and what is wrong with it.
func (s *server) mappingAgain(r *request, d flow.Definition, state flow.State, v flow.Version, key, note string, problem error) error {
	model, err := s.mappingModel(r, d, state, v, key)
	if err != nil {
		return err
	}
	model.Note.Value, model.Note.Error = note, fault.FieldsOf(problem)["note"]
	model.Outcome = &views.Alert{State: views.Wrong, Title: "Nothing was saved.", Text: fault.MessageOf(problem)}
	return s.showMapping(r, http.StatusUnprocessableEntity, d, state, model)
}

// typedVersion reads the editor's form. A check without a formula is not one.
func typedVersion(in *input, d flow.Definition) flow.Version {
	var v flow.Version
	for i, f := range d.Fields {
		if in.values.Has(fieldInput(i)) {
			f.Formula = in.text(fieldInput(i), 2000)
		}
		v.Fields = append(v.Fields, f)
	}
	for row := range 100 {
		name := func(what string) string { return fmt.Sprintf("check-%d-%s", row, what) }
		if !in.values.Has(name("formula")) {
			break
		}
		c := flow.Check{Name: in.text(name("name"), 80), List: in.text(name("list"), 40), Formula: in.text(name("formula"), 2000),
			Message: in.text(name("message"), 300), Severity: in.choice(name("severity"), flow.Stops, flow.Warns)}
		if c.Formula != "" || c.Name != "" {
			v.Checks = append(v.Checks, c)
		}
	}
	return v
}

// addTrial says what the newest records would become.
func (s *server) addTrial(r *request, d flow.Definition, state flow.State, v flow.Version, model *views.FlowMapping) error {
	trial, wrong, err := s.Flows.Try(r.ctx(), state.ConnectionID, d.Name, v)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		var words []string
		for _, w := range wrong {
			words = append(words, w.Name+": "+w.Err.Error())
		}
		model.Outcome = &views.Alert{State: views.Wrong, Title: "It cannot be used as it is.", Text: strings.Join(words, " ")}
		return nil
	}
	model.Outcome = &views.Alert{State: views.Done, Title: fmt.Sprintf("Tried on %s.", views.Counted(trial.Records, "record", "records")),
		Text: fmt.Sprintf("%s otherwise than today, %d would stop, %d that stop today would go on.", views.Counted(trial.Changed, "comes out", "come out"), len(trial.Failing), trial.Healed)}
	if len(trial.Failing) > 0 {
		model.Outcome.State = views.Wrong
	}
	table := views.Table{ID: "trial", Caption: "What would change", Summary: "What would change", Inside: true,
		Columns: []views.Column{{Label: d.Key, Kind: views.Tight}, {Label: "Field", Kind: views.Tight}, {Label: "Is", Kind: views.Wrap}, {Label: "Becomes", Kind: views.Wrap}},
		Empty:   views.Empty{Icon: "circle-check", Title: "Nothing changes"}}
	for _, m := range slices.Concat(trial.Failing, trial.Moved) {
		table.Rows = append(table.Rows, cells(views.Anchor(views.Link{Text: m.Key, Href: fmt.Sprintf("/records/%d", m.RecordID)}), views.Code(m.Field), views.Text(m.Was), views.Text(m.Become)))
	}
	model.Trial = &table
	return nil
}

// flowMappingPreview answers with what one formula comes to, while it is typed.
func (s *server) flowMappingPreview(r *request) error {
	d, state, err := s.flowOf(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	name := in.text("field", 20)
	i, err := strconv.Atoi(strings.TrimPrefix(name, "field-"))
	if err != nil || i < 0 || i >= len(d.Fields) {
		return fault.New(fault.Invalid, "There is no field %q.", name)
	}
	f := d.Fields[i]
	f.Formula = in.text(name, 2000)
	key := in.text("record", 60)
	if err := in.err(); err != nil {
		return err
	}
	record, err := s.recordToTry(r, d, state, key)
	if err != nil {
		return err
	}
	return r.show(views.MappingValue(s.mappingField(r, i, f, record.ID)))
}

// flowMappingUse puts a version into use.
func (s *server) flowMappingUse(r *request) error {
	d, state, err := s.flowOf(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	number := in.number("number", 1, 1_000_000)
	if err := in.err(); err != nil {
		return err
	}
	err = s.Flows.Use(r.ctx(), state.ConnectionID, d.Name, int32(number), r.actor())
	var refused *fault.Error
	switch {
	case errors.As(err, &refused) && refused.Code != fault.Internal:
		r.flash(views.Wrong, "The version is not in use.", refused.Message)
		return r.goTo("%s?%s", flowPath(state, "mapping"), url.Values{"version": {strconv.Itoa(number)}}.Encode())
	case err != nil:
		return err
	}
	r.flash(views.Done, fmt.Sprintf("Version %d is in use.", number), "Records that waited on a formula or a check are mapped anew.")
	return r.goTo("%s", flowPath(state, ""))
}
