package views

import "github.com/a-h/templ"

// UploadPage takes many settlement reports at once and shows how far each is.
type UploadPage struct {
	Action      string // posts connection and files (multipart)
	Connections []Option
	Limit       string            // "Up to 50 files of 2 GB each; flat file, flat file V2 and XML; plain or gzip"
	Errors      map[string]string // by field: connection, files
	Imports     []Import          // newest first: running ones and today's
}

// Import is one uploaded file.
type Import struct {
	Live        *Live // while it runs
	Name        string
	Status      Pill
	Uploaded    When
	By          string
	Lines       string
	Settlements []Link
	Message     string        // "Known already: nothing was changed"
	Problems    []LineProblem // first of them; all on the problems' own page
	AllProblems Link          // "all 214 problems"
}

// LineProblem is one thing that is wrong in a file.
type LineProblem struct {
	Line   string
	Column string
	Value  string
	Rule   string // what the value must be
}

func (i Import) problemTable() Table {
	table := Table{
		ID: "problems", Caption: "Problems in " + i.Name, Inside: true, Dense: true,
		Columns: []Column{{Label: "Line", Kind: TightNumber}, {Label: "Column", Kind: Tight}, {Label: "Value", Kind: Tight}, {Label: "What it must be"}},
	}
	for _, p := range i.Problems {
		table.Rows = append(table.Rows, Row{State: Wrong, Cells: []templ.Component{Text(p.Line), Code(p.Column), Code(p.Value), Text(p.Rule)}})
	}
	return table
}

func (u UploadPage) connectionField() Field {
	return Field{Name: "connection", Label: "Connection", Options: u.Connections, Required: true, Error: u.Errors["connection"]}
}

func (u UploadPage) fileField() Field {
	return Field{
		Name: "files", Label: "Settlement reports", Type: "file", Multiple: true, Required: true,
		Accept: ".txt,.tsv,.csv,.xml,.gz", Hint: u.Limit, Error: u.Errors["files"],
	}
}
