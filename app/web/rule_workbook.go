package web

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/views"
)

// ruleFileBody is what a request with a workbook of rules may send: the file,
// and the same once more as text while its preview is confirmed.
const ruleFileBody = 12 << 20

// ruleExport sends a rule set for editing in Excel: the one that the page shows.
func (s *server) ruleExport(r *request) error {
	d, err := s.ruleDesk(r, r.connection())
	if err != nil {
		return err
	}
	set := d.shown()
	if set == nil {
		return fault.New(fault.NotFound, "There are no rules yet.")
	}
	return r.workbook(fmt.Sprintf("rules-%s-%d", d.name, set.Number), func(w io.Writer) error { return s.Workbooks.Rules(r.ctx(), w, set.ID) })
}

// ruleUpload shows what an edited workbook would change, or what is wrong in
// its cells. Nothing is saved.
func (s *server) ruleUpload(r *request) error {
	part, err := r.uploaded("file")
	if err != nil {
		return err
	}
	content, err := io.ReadAll(part)
	if err != nil {
		return fmt.Errorf("read upload: %w", err)
	}
	d, err := s.ruleDesk(r, parseID(r.Param("connection")))
	if err != nil {
		return err
	}
	return s.rulePreview(r, http.StatusOK, d, content)
}

// ruleUploadApply saves what was previewed. The draft must still be the one
// that the preview was compared with.
func (s *server) ruleUploadApply(r *request) error {
	in, connection, edit, err := r.ruleForm()
	if err != nil {
		return err
	}
	content, err := base64.StdEncoding.DecodeString(in.values.Get("book"))
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "The form is damaged. Upload the workbook again.")
	}
	d, err := s.ruleDesk(r, connection)
	if err != nil {
		return err
	}
	file, err := s.Workbooks.ReadRules(content)
	if err != nil {
		return err
	}
	if len(file.Problems) > 0 || !d.editable(r) {
		return s.rulePreview(r, http.StatusUnprocessableEntity, d, content)
	}
	if _, err := s.Rules.Replace(r.ctx(), r.actor(), edit, file.In(d.prepared), file.Accounts); err != nil {
		return err
	}
	r.flash(views.Done, "The draft is what the workbook says.", "")
	return r.toRules(connection)
}

func (s *server) rulePreview(r *request, status int, d ruleDesk, content []byte) error {
	if !d.editable(r) {
		return fault.New(fault.Conflict, "Workbooks go into a draft: begin one first.")
	}
	file, err := s.Workbooks.ReadRules(content)
	if err != nil {
		return err
	}
	rules := views.Link{Text: "Mapping rules", Href: fmt.Sprintf("/rules?connection=%d", d.connection)}
	page := r.page("What the workbook changes", views.MappingRules, rules)
	if len(file.Problems) > 0 {
		return r.showAs(http.StatusUnprocessableEntity, views.AdminView(page, views.AdminPage{Alerts: []views.Alert{{State: views.Wrong,
			Title: views.Counted(len(file.Problems), "cell cannot be used.", "cells cannot be used."), Text: "Nothing was saved. Correct them in the workbook and upload it again.", Action: rules}},
			Sheets: []views.AdminSheet{{Title: "Cells", Table: cellTable(file.Problems)}}}))
	}
	diff := mapping.Compare(*d.prepared, mapping.RuleSet{Rules: file.Rules, Accounts: file.Accounts})
	if diff.Empty() {
		return r.showAs(status, views.AdminView(page, views.AdminPage{Alerts: []views.Alert{{State: views.Info, Title: "The workbook changes nothing.", Text: "It says what the draft says.", Action: rules}}}))
	}
	model := views.AdminPage{Alerts: []views.Alert{{State: views.Info, Title: "Nothing is saved yet.", Text: "Look through the changes, then put them into the draft."}}}
	model.Sheets = append(diffSheets(diff), views.AdminSheet{Title: "Put it into the draft", Form: &views.AdminForm{Action: "/rules/workbook", Submit: views.Button{Label: "Change the draft", Icon: "check", Look: views.Primary},
		Hidden: []views.Hidden{{Name: "set", Value: setKey(d.connection, d.prepared)}, {Name: "book", Value: base64.StdEncoding.EncodeToString(content)}}}})
	return r.showAs(status, views.AdminView(page, model))
}

func cellTable(problems []mapping.CellProblem) *views.Table {
	table := &views.Table{ID: "cells", Caption: "Cells that cannot be used", Columns: []views.Column{{Label: "Sheet", Kind: views.Tight}, {Label: "Cell", Kind: views.Tight}, {Label: "What to do", Kind: views.Wrap}}}
	for _, p := range problems {
		table.Rows = append(table.Rows, views.Row{State: views.Wrong, Cells: []templ.Component{views.Text(p.Sheet), views.Code(p.Cell), views.Text(p.Message)}})
	}
	return table
}

// diffSheets shows what changes from one set to another.
func diffSheets(d mapping.Diff) []views.AdminSheet {
	var sheets []views.AdminSheet
	if table := ruleDiffTable(d); len(table.Rows) > 0 {
		sheets = append(sheets, views.AdminSheet{Title: "Rules", Table: table})
	}
	if len(d.Accounts) == 0 {
		return sheets
	}
	picks := &views.Table{ID: "picks", Caption: "Accounts that change", Columns: []views.Column{{Label: "For", Kind: views.Wrap}, {Label: "Before", Kind: views.Tight}, {Label: "Now", Kind: views.Tight}}}
	for _, a := range d.Accounts {
		picks.Rows = append(picks.Rows, cells(views.Text(mapping.SlotOf(a.Slot).Title), codeOrNothing(a.Old), codeOrNothing(a.New)))
	}
	return append(sheets, views.AdminSheet{Title: "Accounts", Table: picks})
}

func ruleDiffTable(d mapping.Diff) *views.Table {
	table := &views.Table{ID: "diff", Caption: "Rules that change", Columns: []views.Column{{Label: "Change", Kind: views.Tight}, {Label: "#", Kind: views.Number}, {Label: "Rule", Kind: views.Wrap}, {Label: "Before", Kind: views.Wrap}}}
	add := func(state views.State, change string, position int, now, before string) {
		table.Rows = append(table.Rows, cells(views.StatusPill(views.Pill{State: state, Text: change}), views.Text(strconv.Itoa(position)), views.Text(now), views.Soft(before)))
	}
	for _, rule := range d.Added {
		add(views.Done, "Added", rule.Position, ruleText(rule), "")
	}
	for _, c := range d.Changed {
		add(views.Waiting, "Changed", c.New.Position, ruleText(c.New), ruleText(c.Old))
	}
	for _, m := range d.Moved {
		add(views.Info, "Moved", m.To, ruleText(m.Rule), fmt.Sprintf("was rule %d", m.From))
	}
	for _, rule := range d.Removed {
		add(views.Wrong, "Removed", rule.Position, "", ruleText(rule))
	}
	return table
}

// ruleText writes a rule in one line, with everything it says.
func ruleText(rule mapping.Rule) string {
	text := fmt.Sprintf("%s / %s / %s", rule.TransactionType, rule.AmountType, rule.AmountDescription)
	if also := alsoOf(rule); also != "" {
		text += " (" + also + ")"
	}
	text += ": " + rule.Category.Title()
	switch {
	case rule.Account != "":
		text += ", account " + rule.Account
	case rule.Slot != "":
		text += ", " + mapping.SlotOf(rule.Slot).Title
	}
	if rule.Branch != "" {
		text += ", branch " + rule.Branch
	}
	if rule.ByMarketplace {
		text += ", a line per marketplace"
	}
	if rule.Gross {
		text += ", debits and credits apart"
	}
	if rule.Note != "" {
		text += " - " + rule.Note
	}
	return text
}

func codeOrNothing(account string) templ.Component {
	if account == "" {
		return views.Soft("none")
	}
	return views.Code(account)
}

// bookSheet takes an edited workbook into the draft.
func bookSheet(d ruleDesk) views.AdminSheet {
	return views.AdminSheet{Title: "Edit in Excel", Lead: "Export the rules, edit the file and upload it. You see what changes, cell by cell, before anything is saved.", Form: &views.AdminForm{
		Action: fmt.Sprintf("/rules/%d/upload", d.connection), Files: true, Submit: views.Button{Label: "Show what it changes", Icon: "upload"},
		Fields: []views.Field{{Name: "file", Label: "Workbook of rules (.xlsx)", Type: "file"}}}}
}
