package web

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"

	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/money"
	"tieout/app/rates"
	"tieout/views"
)

// handUpload shows which numbers a posting sheet records, or what is wrong in its
// cells. Nothing is recorded.
func (s *server) handUpload(r *request) error {
	part, err := r.uploaded("file")
	if wrong := fault.FieldsOf(err); wrong != nil {
		r.flash(views.Wrong, "Nothing was read.", wrong["file"])
		return r.goTo("/entries/by-hand")
	}
	if err != nil {
		return err
	}
	content, err := io.ReadAll(part)
	if err != nil {
		return fmt.Errorf("read upload: %w", err)
	}
	return s.handPreview(r, http.StatusOK, content)
}

// handUploadApply records what was previewed.
func (s *server) handUploadApply(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	content, err := base64.StdEncoding.DecodeString(in.values.Get("book"))
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "The form is damaged. Upload the sheet again.")
	}
	file, err := s.Workbooks.ReadPostingSheet(content)
	if err != nil {
		return err
	}
	if len(file.Problems) > 0 || len(file.Numbers) == 0 {
		return s.handPreview(r, http.StatusUnprocessableEntity, content)
	}
	err = s.Entries.RecordNumbers(r.ctx(), file.Numbers, r.actor())
	if fault.Is(err, fault.Conflict) {
		r.flash(views.Waiting, "Nothing was recorded.", fault.MessageOf(err))
		return s.handPreview(r, http.StatusUnprocessableEntity, content)
	}
	if err != nil {
		return err
	}
	r.flash(views.Waiting, views.Counted(len(file.Numbers), "number is recorded.", "numbers are recorded."), "Somebody else confirms them.")
	return r.goTo("/entries/by-hand")
}

func (s *server) handPreview(r *request, status int, content []byte) error {
	file, err := s.Workbooks.ReadPostingSheet(content)
	if err != nil {
		return err
	}
	good, problems, err := s.Entries.CheckNumbers(r.ctx(), file.Numbers)
	if err != nil {
		return err
	}
	back := views.Link{Text: "Entries by hand", Href: "/entries/by-hand"}
	page := r.page("What the sheet records", views.JournalEntries, views.Link{Text: "Journal entries", Href: "/entries"}, back)
	if problems = append(file.Problems, problems...); len(problems) > 0 {
		cells := make([]rates.CellProblem, len(problems))
		for i, p := range problems {
			cells[i] = rates.CellProblem(p)
		}
		return r.showAs(http.StatusUnprocessableEntity, views.AdminView(page, wrongCells(back, cells)))
	}
	if len(good) == 0 {
		return r.showAs(status, views.AdminView(page, views.AdminPage{Alerts: []views.Alert{{State: views.Info, Title: "The sheet holds no number.",
			Text: views.Counted(file.Empty, "entry has", "entries have") + " none yet. Type them into the last column.", Action: back}}}))
	}
	model := views.AdminPage{Alerts: []views.Alert{{State: views.Info, Title: "Nothing is recorded yet.", Text: fmt.Sprintf("%s, %d entries without one.", views.Counted(len(good), "number", "numbers"), file.Empty)}},
		Sheets: []views.AdminSheet{
			{Title: "Record the numbers", Form: &views.AdminForm{Action: "/entries/by-hand/upload/apply", Submit: views.Button{Label: "Record " + views.Counted(len(good), "number", "numbers"), Icon: "check", Look: views.Primary},
				Hidden: []views.Hidden{{Name: "book", Value: base64.StdEncoding.EncodeToString(content)}}}},
			{Title: "Numbers", Table: r.numberTable(good)}}}
	return r.showAs(status, views.AdminView(page, model))
}

func (r *request) numberTable(numbers []journal.TypedNumber) *views.Table {
	table := &views.Table{ID: "numbers", Caption: "Numbers", Columns: []views.Column{{Label: "Entry", Kind: views.Tight}, {Label: "Debits", Kind: views.Number}, {Label: "P21 number", Kind: views.Tight}, {Label: "Cell", Kind: views.Tight}}}
	for _, n := range numbers {
		table.Rows = append(table.Rows, cells(views.Anchor(views.Link{Text: n.Reference, Href: fmt.Sprintf("/entries/%d", n.EntryID)}), views.Money(r.format().Money(money.New(n.Total, money.Currency(n.Currency)))), views.Code(n.Number), views.Code(n.NumberCell)))
	}
	return table
}
