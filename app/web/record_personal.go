package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/identity"
	"tieout/app/personal"
	"tieout/views"
)

// personalFact says how much personal data a record has, or that it is gone.
func (r *request) personalFact(f personal.Facts) (views.Fact, bool) {
	switch {
	case f.PurgedAt != nil:
		return views.Fact{Name: "Personal data", Value: views.Stacked(views.Text("Destroyed on "+r.format().Time(*f.PurgedAt).Text), f.Reason)}, true
	case f.Fields > 0:
		return views.Fact{Name: "Personal data", Value: views.Text(fieldCount(f.Fields))}, true
	}
	return views.Fact{}, false
}

func fieldCount(n int) string {
	if n == 1 {
		return "1 field"
	}
	return fmt.Sprintf("%d fields", n)
}

// personalLinks lead to what the person may do with a record's personal data.
func (r *request) personalLinks(w flow.Whole) (links []views.Link) {
	if w.Personal.Fields == 0 || w.Personal.PurgedAt != nil {
		return nil
	}
	if r.person.Can(identity.SeePersonal) {
		links = append(links, views.Link{Text: "Personal data: " + fieldCount(w.Personal.Fields), Href: fmt.Sprintf("/records/%d/personal", w.ID)})
	}
	if r.person.Can(identity.ErasePersonal) {
		links = append(links, views.Link{Text: "Erase personal data", Href: fmt.Sprintf("/records/%d/erase", w.ID)})
	}
	return links
}

// personalAsk asks what the personal data is needed for.
func (s *server) personalAsk(r *request) error {
	record, d, err := s.personalRecord(r)
	if err != nil {
		return err
	}
	form := seeForm(record.ID, r.query().text("document", 20), nil, nil)
	return r.show(views.ActionFormView(r.page(record.Key, recordSection(d), views.Link{Text: d.Title, Href: "/" + d.Name}), form))
}

func (s *server) personalRecord(r *request) (flow.Whole, flow.Definition, error) {
	id, err := r.pathID("id")
	if err != nil {
		return flow.Whole{}, flow.Definition{}, err
	}
	record, err := s.Flows.Record(r.ctx(), id)
	if err != nil {
		return record, flow.Definition{}, err
	}
	d, err := s.Flows.Definition(record.Flow)
	return record, d, err
}

func seeForm(id int64, document string, values, wrong map[string]string) views.ActionForm {
	lead := "Who sees it, when and why is written down for good."
	if document != "" {
		lead = "The answer as it arrived may tell of other buyers too. " + lead
	}
	return views.ActionForm{ID: "personal", Title: "See personal data", Lead: lead, Action: fmt.Sprintf("/records/%d/personal", id), Back: fmt.Sprintf("/records/%d", id),
		Keep: []views.Hidden{{Name: "document", Value: document}}, Button: views.Button{Label: "Show", Icon: "eye"},
		Fields: []views.Field{typed(views.Field{Name: "reason", Label: "What do you need it for?", Rows: 2, Required: true, Hint: "At least 10 characters."}, values, wrong)}}
}

// personalShow shows a record's personal data, or sends a document that holds
// it, after writing the access down.
func (s *server) personalShow(r *request) error {
	record, d, err := s.personalRecord(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	reason, document := in.text("reason", 500), parseID(in.text("document", 20))
	if err := in.err(); err != nil {
		return err
	}
	if document != 0 {
		return s.personalDocument(r, record, document, reason)
	}
	_, part, err := s.Flows.See(r.ctx(), record.ID, reason, r.actor())
	if wrong := fault.FieldsOf(err); len(wrong) > 0 {
		return r.showAs(http.StatusUnprocessableEntity, views.ActionFormView(r.page(record.Key, recordSection(d)), seeForm(record.ID, "", in.typed(), wrong)))
	}
	if err != nil {
		return err
	}
	table := views.Table{ID: "personal", Caption: "Personal data", Columns: []views.Column{{Label: "Field", Kind: views.Tight}, {Label: "Value", Kind: views.Wrap}},
		Empty: views.Empty{Icon: "lock", Title: "The content on which the record stands holds none"}}
	slices.SortFunc(part, func(a, b personal.Field) int { return strings.Compare(a.Name(), b.Name()) })
	for _, f := range part {
		table.Rows = append(table.Rows, cells(views.Code(f.Name()), views.Text(valueText(f.Value))))
	}
	r.Response().Header().Set("Cache-Control", "no-store")
	return r.show(views.AdminView(r.page(record.Key, recordSection(d), views.Link{Text: d.Title, Href: "/" + d.Name}, views.Link{Text: record.Key, Href: fmt.Sprintf("/records/%d", record.ID)}),
		views.AdminPage{Sheets: []views.AdminSheet{{Title: "Personal data", Lead: "Your access is written down.", Table: &table}}}))
}

func (s *server) personalDocument(r *request, record flow.Whole, document int64, reason string) error {
	if !slices.ContainsFunc(record.Contents, func(c flow.Content) bool { return c.DocumentID == document }) {
		return fault.New(fault.NotFound, "This record has no document %d.", document)
	}
	if err := s.Flows.Personal.Log(r.ctx(), record.ID, document, reason, r.actor()); err != nil {
		return err
	}
	r.Response().Header().Set("Cache-Control", "no-store")
	return s.sendDocument(r, document)
}

// valueText is a personal value as people read it.
func valueText(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
