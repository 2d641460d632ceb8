package web

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tieout/app/bank"
	"tieout/app/deposit"
	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/views"
)

// statementShow shows what became of a file: its statements, and what could not
// be read.
func (s *server) statementShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	file, err := s.Deposits.File(r.ctx(), id)
	if err != nil {
		return err
	}
	page, model, err := s.depositPage(r, file.Name, "Statements")
	if err != nil {
		return err
	}
	if r.person.Can(identity.Export) {
		model.Buttons = []views.Button{{Label: "Download", Icon: "download", Href: statementPath(id) + "/file"}}
	}
	listing := views.Listing{Summary: "Read in", Empty: views.Empty{Icon: "inbox", Title: "Nothing of this file was read in", Text: "Add the account that it is of, or choose what its columns are, and upload it again."}}
	model.Tables = []views.Table{views.StatementTable(listing, r.statementRows(file.Statements))}
	if len(file.Problems) > 0 {
		model.Alerts = []views.Alert{{State: views.Waiting, Title: "Not all of the file could be read.", Text: "What could be read is kept. Ask the bank for the file again, and upload it: lines that are known do not double."}}
		model.Tables = append(model.Tables, views.FileProblemTable(fileProblems(file.Problems)))
	}
	for _, x := range file.Statements {
		lines, err := s.Deposits.Lines(r.ctx(), deposit.LineFilter{Statement: x.ID, State: deposit.LineAll, PageSize: bankPageSize})
		if err != nil {
			return err
		}
		table := views.BankLineTable(views.Listing{Summary: "First told here: " + x.AccountName, Without: map[string]bool{"account": true, "reference": true}, Empty: views.Empty{Icon: "inbox", Title: "Every line had come before"}}, r.bankLineRows(lines))
		table.ID, table.Inside = "lines-"+strconv.FormatInt(x.ID, 10), true
		model.Tables = append(model.Tables, table)
	}
	return r.show(views.DepositView(page, model))
}

func fileProblems(list []bank.Problem) []views.FileProblem {
	var rows []views.FileProblem
	for _, p := range list {
		row := views.FileProblem{Message: p.Message}
		if p.Line > 0 {
			row.Line = strconv.Itoa(p.Line)
		}
		rows = append(rows, row)
	}
	return rows
}

// statementFile sends the file as it came.
func (s *server) statementFile(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	data, name, err := s.Deposits.Bytes(r.ctx(), id)
	if err != nil {
		return err
	}
	return r.download(name, int64(len(data)), io.NopCloser(bytes.NewReader(data)))
}

// statementColumns suggests what the columns of a CSV file are.
func (s *server) statementColumns(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	data, _, err := s.Deposits.Bytes(r.ctx(), id)
	if err != nil {
		return err
	}
	if bank.Detect(data) != bank.CSV {
		return fault.New(fault.Invalid, "Only CSV files have columns to choose.")
	}
	account, err := s.Deposits.Account(r.ctx(), parseID(r.QueryParam("account")))
	if err != nil {
		return err
	}
	found := bank.Sniff(data)
	return s.showColumns(r, http.StatusOK, id, account, data, found.Mapping, found.Doubts, nil)
}

// shownRows is how many lines of a file are shown while its columns are chosen.
const shownRows = 8

func (s *server) showColumns(r *request, status int, id int64, account deposit.Account, data []byte, m bank.Mapping, doubts []string, wrong map[string]string) error {
	page := r.page("Columns of "+account.Name, views.Reconciling, views.Link{Text: "Statements", Href: statementBase})
	model := views.ColumnsPage{Sample: bank.Rows(data, m, shownRows), Doubts: doubts, Form: columnsForm(id, account, m, widest(bank.Rows(data, m, 50)), wrong)}
	if len(m.Check()) == 0 {
		trial := bank.Read(data, m)
		lines := 0
		for _, x := range trial.Statements {
			lines += len(x.Lines)
			first, last := x.Days()
			model.Trial = append(model.Trial, views.Fact{Name: strings.TrimSpace("Read " + x.Account), Value: views.Text(fmt.Sprintf("%s, %s to %s, sum %s", views.Counted(len(x.Lines), "line", "lines"), first, last, x.Sum()))})
		}
		for _, l := range firstLines(trial) {
			model.Trial = append(model.Trial, views.Fact{Name: "Such as", Value: views.Text(fmt.Sprintf("%s  %s  %s", l.Booked, l.Amount, l.Description))})
		}
		model.Wrong = fileProblems(trial.Problems[:min(len(trial.Problems), shownRows)])
	}
	return r.showAs(status, views.ColumnsView(page, model))
}

func firstLines(f bank.File) []bank.Line {
	if len(f.Statements) == 0 {
		return nil
	}
	return f.Statements[0].Lines[:min(2, len(f.Statements[0].Lines))]
}

func widest(rows [][]string) []string {
	var names []string
	for _, r := range rows {
		for i := len(names); i < len(r); i++ {
			names = append(names, r[i])
		}
	}
	return names
}

// columnField is a field of the form that names one column.
type columnField struct {
	name, label, hint string
	at                func(*bank.Mapping) *int
}

func columnFields() []columnField {
	return []columnField{
		{"booked", "Booking date", "", func(m *bank.Mapping) *int { return &m.Booked }},
		{"value", "Value date", "", func(m *bank.Mapping) *int { return &m.Value }},
		{"amount", "Amount", "One column with a sign; or choose Debit and Credit.", func(m *bank.Mapping) *int { return &m.Amount }},
		{"debit", "Debit", "", func(m *bank.Mapping) *int { return &m.Debit }},
		{"credit", "Credit", "", func(m *bank.Mapping) *int { return &m.Credit }},
		{"direction", "Debit or credit", "A column with D or C, S or H.", func(m *bank.Mapping) *int { return &m.Direction }},
		{"balance", "Balance after the line", "", func(m *bank.Mapping) *int { return &m.Balance }},
		{"currency", "Currency", "", func(m *bank.Mapping) *int { return &m.Currency }},
		{"number", "Account number", "", func(m *bank.Mapping) *int { return &m.Account }},
		{"bank_id", "Bank's id of the line", "", func(m *bank.Mapping) *int { return &m.BankID }},
	}
}

// severalColumns is how many columns texts and references may be made of.
const severalColumns = 3

func columnsForm(id int64, account deposit.Account, m bank.Mapping, names []string, wrong map[string]string) views.AdminForm {
	columns := []views.Option{{Value: "0", Label: "None"}}
	for i, name := range names {
		label := strconv.Itoa(i + 1)
		if name != "" {
			label += ": " + clipped(name)
		}
		columns = append(columns, views.Option{Value: strconv.Itoa(i + 1), Label: label})
	}
	form := views.AdminForm{Action: statementPath(id) + "/columns", Hidden: []views.Hidden{{Name: "account", Value: strconv.FormatInt(account.ID, 10)}}, Submit: views.Button{Label: "Remember, and read the file", Icon: "check", Look: views.Primary}}
	for _, c := range columnFields() {
		form.Fields = append(form.Fields, views.Field{Name: c.name, Label: c.label, Hint: c.hint, Value: strconv.Itoa(*c.at(&m)), Options: columns, Error: wrong[c.name]})
	}
	form.Fields = append(form.Fields, several("description", "Text", m.Description, columns, wrong["description"])...)
	form.Fields = append(form.Fields, several("reference", "Reference", m.References, columns, "")...)
	var dates []views.Option
	for _, f := range bank.DateFormats {
		dates = append(dates, views.Option{Value: f.Name, Label: f.Name})
	}
	form.Groups = []views.FieldGroup{{Legend: "How the file is written", Fields: []views.Field{
		{Name: "delimiter", Label: "Between columns", Value: delimiterName(m.Delimiter), Error: wrong["delimiter"], Options: []views.Option{{Value: ",", Label: "Comma"}, {Value: ";", Label: "Semicolon"}, {Value: "tab", Label: "Tab"}, {Value: "|", Label: "Bar |"}}},
		{Name: "comma", Label: "Decimal sign", Value: strconv.FormatBool(m.Comma), Options: []views.Option{{Value: "false", Label: "Point: 1,234.50"}, {Value: "true", Label: "Comma: 1.234,50"}}},
		{Name: "dates", Label: "Dates", Value: m.Dates, Options: dates, Error: wrong["dates"]},
		{Name: "charset", Label: "Charset", Value: m.Charset, Place: "found by itself", Error: wrong["charset"]},
		{Name: "skip", Label: "Lines before the header", Value: strconv.Itoa(m.Skip), Type: "number", Error: wrong["skip"]},
		{Name: "header", Label: "The first line names the columns", Type: "checkbox", Value: on(m.Header)},
		{Name: "negate", Label: "Amounts have the opposite sign", Type: "checkbox", Value: on(m.Negate)},
	}}}
	return form
}

func on(set bool) string {
	if set {
		return "on"
	}
	return ""
}

func clipped(text string) string {
	runes := []rune(text)
	if len(runes) > 24 {
		return string(runes[:24]) + "…"
	}
	return text
}

func delimiterName(d string) string {
	if d == "\t" {
		return "tab"
	}
	return d
}

func several(name, label string, chosen []int, columns []views.Option, wrong string) []views.Field {
	var fields []views.Field
	for i := range severalColumns {
		f := views.Field{Name: fmt.Sprintf("%s-%d", name, i+1), Label: label, Value: "0", Options: columns}
		if i > 0 {
			f.Label += " " + strconv.Itoa(i+1)
		} else {
			f.Error = wrong
		}
		if i < len(chosen) {
			f.Value = strconv.Itoa(chosen[i])
		}
		fields = append(fields, f)
	}
	return fields
}

// maxColumns bounds the number of a column.
const maxColumns = 500

// columnsMapping reads the form.
func (in *input) columnsMapping() bank.Mapping {
	m := bank.Mapping{Delimiter: in.choice("delimiter", ",", ";", "tab", "|"), Comma: in.choice("comma", "false", "true") == "true", Dates: in.text("dates", 20), Charset: in.text("charset", 40),
		Skip: in.number("skip", 0, 100), Header: in.checked("header"), Negate: in.checked("negate")}
	if m.Delimiter == "tab" {
		m.Delimiter = "\t"
	}
	for _, c := range columnFields() {
		*c.at(&m) = in.number(c.name, 0, maxColumns)
	}
	for i := range severalColumns {
		if n := in.number(fmt.Sprintf("description-%d", i+1), 0, maxColumns); n > 0 && !slices.Contains(m.Description, n) {
			m.Description = append(m.Description, n)
		}
		if n := in.number(fmt.Sprintf("reference-%d", i+1), 0, maxColumns); n > 0 && !slices.Contains(m.References, n) {
			m.References = append(m.References, n)
		}
	}
	return m
}

// statementColumnsSave remembers the columns for the account and reads the file.
func (s *server) statementColumnsSave(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	m, accountID := in.columnsMapping(), in.id("account")
	if err := in.err(); err != nil {
		return err
	}
	account, err := s.Deposits.Account(r.ctx(), accountID)
	if err != nil {
		return err
	}
	data, name, err := s.Deposits.Bytes(r.ctx(), id)
	if err != nil {
		return err
	}
	if m.Header {
		if first := bank.Rows(data, m, 1); len(first) > 0 {
			m.Head = first[0]
		}
	}
	err = s.Deposits.SaveMapping(r.ctx(), accountID, m, r.actor())
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.showColumns(r, http.StatusUnprocessableEntity, id, account, data, m, nil, wrong)
	}
	if err != nil {
		return err
	}
	if _, err := s.readStatement(r, id, name, accountID); err != nil {
		return err
	}
	return r.goTo("%s", statementPath(id))
}
