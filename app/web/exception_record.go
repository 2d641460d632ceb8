package web

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/a-h/templ"

	"tieout/app/exception"
	"tieout/app/identity"
	"tieout/app/mapping"
	"tieout/views"
)

const (
	problemPageSize = 100
	payloadShown    = 2048 // bytes of a file that could not be read
)

// resolveModel is the form that maps a kind, with suggestions.
func (s *server) resolveModel(r *request, e exception.Exception, values, wrong map[string]string) (*views.ExceptionResolve, error) {
	_, suggestions, err := s.Rules.Suggest(r.ctx(), e.ConnectionID, e.KindID)
	if err != nil {
		return nil, err
	}
	chart, err := s.Rules.Chart(r.ctx(), e.ConnectionID)
	if err != nil {
		return nil, err
	}
	model := &views.ExceptionResolve{Action: exceptionPath(e, "resolve"), Categories: categoryOptions(), Values: values, Errors: wrong}
	names := map[string]string{}
	for _, account := range chart {
		names[account.Number] = account.Description
		if account.Active && !account.Control {
			model.Accounts = append(model.Accounts, views.Account{Number: account.Number, Name: account.Description})
		}
	}
	for _, suggestion := range suggestions {
		model.Suggestions = append(model.Suggestions, views.ExceptionSuggestion{Category: string(suggestion.Category), Title: suggestion.Category.Title(),
			Account: suggestion.Account, AccountName: names[suggestion.Account], Reason: suggestion.Reason})
	}
	if values == nil && len(suggestions) > 0 {
		model.Values = map[string]string{"category": string(suggestions[0].Category), "account": suggestions[0].Account}
	}
	if !r.person.Can(identity.EditRules) {
		model.Why = "An accountant decides where it goes."
	}
	return model, nil
}

func categoryOptions() []views.Option {
	options := []views.Option{{Label: "Choose"}}
	for _, info := range mapping.Categories() {
		options = append(options, views.Option{Value: string(info.Category), Label: info.Title})
	}
	return options
}

// problemsModel lists the rows of a report that could not be read, each with
// the way to the row as it came.
func (s *server) problemsModel(r *request, e exception.Exception) (*views.ExceptionProblems, error) {
	settlement, err := s.Settlements.Get(r.ctx(), e.SettlementID)
	if err != nil {
		return nil, err
	}
	document, err := s.Settlements.Document(r.ctx(), settlement.DocumentID)
	if err != nil {
		return nil, err
	}
	in := r.query()
	after := in.number("problems", 0, 1<<31-1)
	if err := in.err(); err != nil {
		return nil, err
	}
	problems, err := s.Settlements.Problems(r.ctx(), settlement, int32(after), problemPageSize)
	if err != nil {
		return nil, err
	}
	model := &views.ExceptionProblems{}
	for _, p := range problems {
		line := strconv.FormatInt(int64(p.LineNo), 10)
		model.Rows = append(model.Rows, views.ExceptionProblem{
			Line:   views.Link{Text: line, Href: fmt.Sprintf("/settlements/%d/documents/%s?line=%s", settlement.ID, hex.EncodeToString(document.SHA256[:]), line)},
			Column: p.ColumnName, Value: p.Value, Rule: p.Rule,
		})
	}
	if len(problems) == problemPageSize {
		model.Next = r.link("problems", strconv.FormatInt(int64(problems[len(problems)-1].Position), 10))
	}
	return model, nil
}

// payloadModel shows the beginning of a file that is no settlement report.
func (s *server) payloadModel(r *request, e exception.Exception) (*views.ExceptionPayload, error) {
	id := documentOf(e)
	if id == 0 {
		return nil, nil
	}
	document, err := s.Settlements.Document(r.ctx(), id)
	if err != nil {
		return nil, err
	}
	content, err := s.Settlements.OpenDocument(r.ctx(), id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = content.Close() }() // it only reads
	head, err := io.ReadAll(io.LimitReader(content, payloadShown))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read document %d", id), err)
	}
	sum := hex.EncodeToString(document.SHA256[:])
	return &views.ExceptionPayload{
		Bytes: head, Download: views.Link{Text: "Download", Href: exceptionPath(e, "document")},
		Facts: []views.Fact{
			{Name: "File", Value: views.Text(document.Meta.Name)},
			{Name: "Size", Value: views.Text(views.Bytes(document.Size))},
			{Name: "SHA-256", Value: views.Copyable(views.Short(sum, 16), sum)},
		},
	}, nil
}

// documentOf is the document that an exception's detail names, 0 when none.
func documentOf(e exception.Exception) int64 {
	id, _ := e.Detail["document"].(float64)
	return int64(id)
}

func textOrNothing(text string) templ.Component {
	if text == "" {
		return views.Nothing()
	}
	return views.Text(text)
}

func textOr(text, otherwise string) templ.Component {
	if text == "" {
		text = otherwise
	}
	return views.Text(text)
}
