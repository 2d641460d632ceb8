package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/identity"
	"tieout/app/money"
	"tieout/views"
)

// recordShow shows one record: what the source told, what it was mapped to, and
// all that happened to it.
func (s *server) recordShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	record, err := s.Flows.Record(r.ctx(), id)
	if err != nil {
		return err
	}
	d, err := s.Flows.Definition(record.Flow)
	if err != nil {
		return err
	}
	model := views.RecordPage{Status: recordPill(record.State, record.Waits), Alert: recordAlert(record), Facts: r.recordFacts(d, record), Links: append(recordLinks(record), r.personalLinks(record)...)}
	if model.Target, model.Lists, err = targetTables(record.Target); err != nil {
		return err
	}
	for _, c := range slices.Backward(record.Contents) {
		model.Sources = append(model.Sources, r.recordSource(record, c))
	}
	model.History = r.recordHistory(record)
	return r.show(views.RecordView(r.page(record.Key, recordSection(d), views.Link{Text: d.Title, Href: "/" + d.Name}), model))
}

func recordAlert(w flow.Whole) *views.Alert {
	words := w.Why()
	if words == "" {
		return nil
	}
	alert := &views.Alert{State: views.Info, Title: "It waits.", Text: words}
	switch w.State {
	case "exception":
		alert.State, alert.Title = views.Waiting, "Somebody must decide."
	case "unknown":
		alert.State, alert.Title = views.Wrong, "Whether the other side holds it is not known."
	case "ignored":
		alert.State, alert.Title = views.Neutral, "It is ignored."
	}
	if w.ExceptionID != 0 {
		alert.Action = views.Link{Text: "Open the exception", Href: fmt.Sprintf("/exceptions/%d", w.ExceptionID)}
	}
	return alert
}

func (r *request) recordFacts(d flow.Definition, w flow.Whole) []views.Fact {
	f, now := r.format(), r.server.Clock.Now()
	facts := []views.Fact{{Name: "Connection", Value: views.Text(w.ConnectionName)}, {Name: "Changed at the source", Value: views.Moment(f.Time(w.SourceAt))}, {Name: "Received", Value: views.Moment(f.Ago(w.ReceivedAt, now))}}
	if w.Title != "" {
		facts = append(facts, views.Fact{Name: "What", Value: views.Text(w.Title)})
	}
	if w.Amount.Valid {
		facts = append(facts, views.Fact{Name: "Amount", Value: views.Money(f.Value(w.Amount.Decimal, money.Currency(w.Currency)))})
	}
	if w.RemoteKey != "" {
		facts = append(facts, views.Fact{Name: d.Remote, Value: views.Copyable(w.RemoteKey, w.RemoteKey)})
	}
	if w.DeliveredAt != nil {
		facts = append(facts, views.Fact{Name: "Delivered", Value: views.Moment(f.Time(*w.DeliveredAt))})
	}
	if w.Version != 0 {
		facts = append(facts, views.Fact{Name: "Mapped by version", Value: views.Anchor(views.Link{Text: fmt.Sprint(w.Version), Href: fmt.Sprintf("/flows/%s/%d/mapping?version=%d&record=%s", w.Flow, w.ConnectionID, w.Version, w.Key)})})
	}
	if fact, ok := r.personalFact(w.Personal); ok {
		facts = append(facts, fact)
	}
	if w.RetryAt != nil && w.RetryAt.After(now) {
		facts = append(facts, views.Fact{Name: "Tried again at", Value: views.Moment(f.Time(*w.RetryAt))})
	}
	return facts
}

func recordLinks(w flow.Whole) []views.Link {
	links := []views.Link{{Text: "The flow", Href: fmt.Sprintf("/flows/%s/%d", w.Flow, w.ConnectionID)}}
	if w.ExceptionID != 0 {
		links = append(links, views.Link{Text: "The exception", Href: fmt.Sprintf("/exceptions/%d", w.ExceptionID)})
	}
	return links
}

// targetTables lists what a record was mapped to: its fields, and each list.
func targetTables(target json.RawMessage) (fields views.Table, lists []views.Table, err error) {
	fields = views.Table{ID: "target", Caption: "Mapped fields", Inside: true, Passed: true, Columns: []views.Column{{Label: "Field", Kind: views.Tight}, {Label: "Value", Kind: views.Wrap}},
		Empty: views.Empty{Icon: "route", Title: "Not mapped yet"}}
	if target == nil {
		return fields, nil, nil
	}
	var mapped struct {
		Header map[string]any
		Lists  map[string][]map[string]any
	}
	decoder := json.NewDecoder(bytes.NewReader(target))
	decoder.UseNumber()
	if err := decoder.Decode(&mapped); err != nil {
		return fields, nil, fmt.Errorf("read mapped record: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(mapped.Header)) {
		fields.Rows = append(fields.Rows, cells(views.Code(name), textOrNothing(fmt.Sprint(mapped.Header[name]))))
	}
	for _, name := range slices.Sorted(maps.Keys(mapped.Lists)) {
		lists = append(lists, listTable(name, mapped.Lists[name]))
	}
	return fields, lists, nil
}

func listTable(name string, elements []map[string]any) views.Table {
	title := strings.ReplaceAll(strings.ToUpper(name[:1])+name[1:], "_", " ")
	table := views.Table{ID: name, Caption: title, Summary: title, Inside: true, Passed: true, Columns: []views.Column{{Label: "No.", Kind: views.TightNumber}}}
	columns := map[string]bool{}
	for _, e := range elements {
		for key := range e {
			columns[key] = true
		}
	}
	names := slices.Sorted(maps.Keys(columns))
	for _, column := range names {
		table.Columns = append(table.Columns, views.Column{Label: strings.ReplaceAll(column, "_", " "), Kind: kindOf(elements, column)})
	}
	for i, e := range elements {
		row := []templ.Component{views.Soft(fmt.Sprint(i + 1))}
		for _, column := range names {
			text := ""
			if e[column] != nil {
				text = fmt.Sprint(e[column])
			}
			row = append(row, views.Code(text))
		}
		table.Rows = append(table.Rows, cells(row...))
	}
	return table
}

// kindOf sets numbers at the right.
func kindOf(elements []map[string]any, column string) views.Kind {
	for _, e := range elements {
		text := fmt.Sprint(e[column])
		if _, err := strconv.ParseFloat(text, 64); err != nil || len(text) > 10 { // long ones are ids
			return views.Plain
		}
	}
	return views.Number
}

func (r *request) recordSource(w flow.Whole, c flow.Content) views.RecordSource {
	var text bytes.Buffer
	if json.Indent(&text, c.Source, "", "  ") != nil {
		text.Reset()
		text.Write(c.Source)
	}
	title := fmt.Sprintf("Content %d, as of %s", c.Number, r.format().Time(c.SourceAt).Text)
	if c.Number == w.Content {
		title += ", current"
	}
	return views.RecordSource{Title: title, Text: text.String(), Current: c.Number == w.Content && w.State == "exception",
		Document: views.Link{Text: fmt.Sprintf("Object %d of the answer as it arrived", c.Position+1), Href: fmt.Sprintf("/records/%d/documents/%d", w.ID, c.DocumentID)}}
}

// recordHistory tells what happened, the newest first: the record's own steps
// and those of its message.
func (r *request) recordHistory(w flow.Whole) []views.Event {
	var events []views.Event
	for _, e := range w.Events {
		who := e.Actor
		if who == "" {
			who = "Tieout"
		}
		events = append(events, views.Event{State: eventState(e.Step), Who: who, What: strings.ReplaceAll(e.Step, "_", " "), Quote: e.Detail, When: r.format().Time(e.At)})
	}
	slices.Reverse(events)
	return events
}

func eventState(step string) views.State {
	switch step {
	case "delivered", "unchanged":
		return views.Done
	case "received", "on its way":
		return views.Info
	case "ignored":
		return views.Neutral
	}
	return views.Waiting
}

// recordDocument sends the source's answer as it arrived.
func (s *server) recordDocument(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	documentID, err := r.pathID("document")
	if err != nil {
		return err
	}
	record, err := s.Flows.Record(r.ctx(), id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(record.Contents, func(c flow.Content) bool { return c.DocumentID == documentID }) {
		return fault.New(fault.NotFound, "This record has no document %d.", documentID)
	}
	document, err := s.Flows.Documents.Get(r.ctx(), documentID)
	if err != nil {
		return err
	}
	if document.Meta.Sealed && r.person.Can(identity.SeePersonal) {
		return r.goTo(fmt.Sprintf("/records/%d/personal?document=%d", id, documentID))
	}
	if document.Meta.Sealed {
		return fault.New(fault.Forbidden, "The answer as it arrived holds personal data of buyers, which you may not see.")
	}
	return s.sendDocument(r, documentID)
}

// sendDocument sends a document's bytes.
func (s *server) sendDocument(r *request, documentID int64) error {
	content, err := s.Flows.Documents.Open(r.ctx(), documentID)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	r.Response().Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="document-%d.json"`, documentID))
	return r.Stream(200, "application/octet-stream", content)
}
