package views

import "github.com/a-h/templ"

// ExceptionPage is one exception with what a person needs to decide it.
type ExceptionPage struct {
	Status   Pill
	Class    string
	Advice   string // what it means and what helps
	Actions  []Button
	Why      []string // why an action is not there for this person
	Facts    []Fact
	Links    []Link // settlement, entry, lines
	Resolve  *ExceptionResolve
	Problems *ExceptionProblems
	Payload  *ExceptionPayload
	Records  *Table // what waits on it
	Map      *ExceptionMap
	Comments []Event
	Comment  string // posts "body"; "" for those who may only read
	History  []Event
	Forms    []ActionForm
	Released *ExceptionReleased // nil: it let nothing go
}

// ExceptionReleased is what an exception let go when its cause was gone.
type ExceptionReleased struct {
	Progress Progress
	Table    Table
	Follow   string // read again every two seconds; "" when nothing is on its way
}

// ExceptionResolve maps the kind that an exception is about.
type ExceptionResolve struct {
	Action      string // posts category, account, any_marketplace, note, return
	Suggestions []ExceptionSuggestion
	Accounts    []Account
	Categories  []Option
	Values      map[string]string // what is filled in
	Errors      map[string]string
	Why         string // why this person cannot; "" when they can
}

// ExceptionSuggestion is a target with the reason for it, best first.
type ExceptionSuggestion struct {
	Category    string // its value
	Title       string
	Account     string
	AccountName string
	Reason      string
}

// ExceptionProblems are rows of a report that could not be read.
type ExceptionProblems struct {
	Rows []ExceptionProblem
	Next string // the page after this one
}

// ExceptionProblem is one field that could not be read.
type ExceptionProblem struct {
	Line   Link // the row as it came
	Column string
	Value  string
	Rule   string // what was expected
}

// ExceptionPayload is the beginning of a file that could not be read.
type ExceptionPayload struct {
	Facts    []Fact
	Bytes    []byte
	Download Link
}

func (e ExceptionProblems) table() Table {
	table := Table{
		ID: "problems", Caption: "Rows that could not be read", Summary: "Rows that could not be read", Inside: true, Pager: Pager{Next: e.Next},
		Columns: []Column{{Label: "Line", Kind: Number}, {Label: "Column", Kind: Tight}, {Label: "Value", Kind: Wrap}, {Label: "What was expected", Kind: Wrap}},
		Empty:   Empty{Icon: "circle-check", Title: "No problem is recorded"},
	}
	for _, row := range e.Rows {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Anchor(row.Line), Code(row.Column), Code(row.Value), Text(row.Rule)}})
	}
	return table
}

func (r ExceptionResolve) field(name, label string) Field {
	return Field{Name: name, Label: label, Value: r.Values[name], Error: r.Errors[name], Suffix: "-resolve"}
}

func (r ExceptionResolve) account() Field {
	f := r.field("account", "Account")
	f.List, f.Mono, f.Hint = "accounts", true, "Empty takes the account picked for the category."
	return f
}

func (r ExceptionResolve) category() Field {
	f := r.field("category", "Category")
	f.Options, f.Required = r.Categories, true
	return f
}

func (r ExceptionResolve) anyMarketplace() Field {
	f := r.field("any_marketplace", "In every marketplace")
	f.Hint = "The rule then takes the same names wherever they come from."
	return f
}

func (s ExceptionSuggestion) about() string {
	if s.Account == "" {
		return s.Title + " · no account is picked for it yet"
	}
	about := s.Title + " · " + s.Account
	if s.AccountName != "" {
		about += " " + s.AccountName
	}
	return about
}

// fields are what using the suggestion posts.
func (s ExceptionSuggestion) fields(p Page) []Hidden {
	return []Hidden{{Name: "category", Value: s.Category}, {Name: "account", Value: s.Account}, {Name: "return", Value: p.Path}}
}

// ExceptionMap says which P21 item an unknown SKU stands for.
type ExceptionMap struct {
	Action      string // posts code, quantity, return
	SKU         Link   // its own page, for kits and dates
	Suggestions []ItemSuggestion
	Items       []Account
	Values      map[string]string
	Errors      map[string]string
	Why         string // why this person cannot; "" when they can
}

// ItemSuggestion is an item with the reason for it, best first.
type ItemSuggestion struct {
	Code     string
	Quantity string
	Text     string // "2 x MUG-01, Stoneware mug"
	Reason   string
}

func (m ExceptionMap) code() Field {
	return Field{Name: "code", Label: "P21 item", Value: m.Values["code"], Error: m.Errors["code"], List: "items", Mono: true, Required: true, Suffix: "-map"}
}

func (m ExceptionMap) quantity() Field {
	f := Field{Name: "quantity", Label: "How many of it in one unit", Value: m.Values["quantity"], Error: m.Errors["quantity"], Type: "number", Required: true, Suffix: "-map", Hint: "More than one for a multipack."}
	if f.Value == "" {
		f.Value = "1"
	}
	return f
}
