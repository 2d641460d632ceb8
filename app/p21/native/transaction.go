package native

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
)

// Services and elements of the Transaction API.
const (
	transactionPath = "/api/v2/transaction"

	orderForm  = "TABPAGE_1.order"
	orderItems = "TP_ITEMS.items"
)

// transactionSet is a request. All values are texts, Status is New for changes
// too, and IgnoreDisabled is never set: with it servers report success and write
// nothing.
type transactionSet struct {
	Name          string
	UseCodeValues bool
	Transactions  []transaction
}

type transaction struct {
	Status       string
	DataElements []element
}

// element is a form, or a list whose rows are told apart by Keys. Without them
// rows for the same item collapse into the last one.
type element struct {
	Name string
	Type string
	Keys []string
	Rows []elementRow
}

type elementRow struct {
	Edits             []edit
	RelativeDateEdits []edit
}

type edit struct {
	Name  string
	Value word
}

// word is a value that servers write as text, number or null.
type word string

// UnmarshalJSON takes each of them.
func (w *word) UnmarshalJSON(raw []byte) error {
	if bytes.Equal(raw, []byte("null")) {
		return nil
	}
	if raw[0] == '"' {
		return json.Unmarshal(raw, (*string)(w))
	}
	*w = word(raw)
	return nil
}

// edits makes a row of names and values in turn; what is empty is left out.
func edits(pairs ...string) elementRow {
	row := elementRow{Edits: []edit{}, RelativeDateEdits: []edit{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			row.Edits = append(row.Edits, edit{pairs[i], word(pairs[i+1])})
		}
	}
	return row
}

func form(name string, row elementRow) element {
	return element{Name: name, Type: "Form", Keys: []string{}, Rows: []elementRow{row}}
}

func items(rows []elementRow) element {
	return element{Name: orderItems, Type: "List", Keys: []string{"user_line_no"}, Rows: rows}
}

type transactionAnswer struct {
	Messages []string
	Results  *struct {
		Transactions []struct {
			Status       string
			DataElements []struct{ Rows []struct{ Edits []edit } }
		}
	}
	Summary *struct{ Succeeded, Failed, Other int }
}

// transact sends one transaction, once, and returns the value of an edit of the
// answer. The answer is 200 whatever happened: Summary tells.
func (s *System) transact(ctx context.Context, operation, key, service, wanted string, elements ...element) (string, error) {
	server, err := s.rest.UIServer(ctx)
	if err != nil {
		if rest.RouteMissing(err) {
			return "", p21.NotAvailable(operation, "changes of orders, returns and shipments (there is no UI server)")
		}
		return "", rest.NotSent(err)
	}
	set := transactionSet{Name: service, Transactions: []transaction{{Status: "New", DataElements: elements}}}
	var given transactionAnswer
	if err := s.rest.Post(ctx, operation, server+transactionPath, key, set, &given); err != nil {
		return "", err
	}
	if err := given.failure(operation); err != nil {
		return "", err
	}
	return given.value(wanted), nil
}

// failure reads what became of the one transaction.
func (a transactionAnswer) failure(operation string) error {
	words := a.words()
	switch {
	case a.Summary == nil:
		return rest.Broken(operation, "the answer has no summary")
	case strings.Contains(strings.ToLower(words), "unexpected response window"):
		// A window left open in the session pool: what was done is not known.
		return &p21.Error{Operation: operation, Type: p21.Unavailable, Message: words, Sent: true}
	case a.Summary.Failed == 1 && a.Summary.Succeeded == 0:
		return &p21.Error{Operation: operation, Type: p21.Business, Message: words, Sent: true}
	case a.Summary.Succeeded != 1 || a.Summary.Failed != 0 || a.Summary.Other != 0:
		return rest.Broken(operation, "one transaction was sent, %d succeeded, %d failed: %s", a.Summary.Succeeded, a.Summary.Failed, words)
	case a.Results == nil || len(a.Results.Transactions) != 1 || a.Results.Transactions[0].Status != "Passed":
		return rest.Broken(operation, "the answer does not show that the transaction passed: %s", words)
	}
	return nil
}

// words are the messages without their numbering.
func (a transactionAnswer) words() string {
	var words []string
	for _, m := range a.Messages {
		if _, text, numbered := strings.Cut(m, ":: "); numbered {
			m = text
		}
		if m = strings.TrimSpace(m); m != "" {
			words = append(words, m)
		}
	}
	if len(words) == 0 {
		return "no reason given"
	}
	return strings.Join(words, "; ")
}

func (a transactionAnswer) value(name string) string {
	for _, e := range a.Results.Transactions[0].DataElements {
		for _, r := range e.Rows {
			for _, edit := range r.Edits {
				if edit.Name == name && edit.Value != "" {
					return string(edit.Value)
				}
			}
		}
	}
	return ""
}
