package web

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"tieout/app/fault"
	"tieout/app/rates"
	"tieout/views"
)

// rateUpload shows what a file of rates would change, or what is wrong in its
// cells. Nothing is stored.
func (s *server) rateUpload(r *request) error {
	part, err := r.uploaded("file")
	if wrong := fault.FieldsOf(err); wrong != nil {
		r.flash(views.Wrong, "Nothing was read.", wrong["file"])
		return r.goTo("/admin/rates")
	}
	if err != nil {
		return err
	}
	content, err := io.ReadAll(part)
	if err != nil {
		return fmt.Errorf("read upload: %w", err)
	}
	return s.ratePreview(r, http.StatusOK, content, "", nil)
}

// rateUploadApply stores what was previewed.
func (s *server) rateUploadApply(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	content, err := base64.StdEncoding.DecodeString(in.values.Get("book"))
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "The form is damaged. Upload the file again.")
	}
	file, err := s.Workbooks.ReadRates(content)
	if err != nil {
		return err
	}
	reason := in.text("reason", 500)
	if err := in.err(); err != nil || len(file.Problems) > 0 {
		return s.ratePreview(r, http.StatusUnprocessableEntity, content, reason, fault.FieldsOf(err))
	}
	for i := range file.Entries {
		if strings.TrimSpace(file.Entries[i].Reason) == "" {
			file.Entries[i].Reason = reason
		}
	}
	changes, err := s.Rates.Store(r.ctx(), file.Entries, rates.How{Origin: rates.Upload, Source: r.person.Name, Confirmed: in.checked("confirm")}, r.actor())
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.ratePreview(r, http.StatusUnprocessableEntity, content, reason, wrong)
	}
	if err != nil {
		return err
	}
	stored := 0
	for _, c := range changes {
		if c.Sort != rates.Same {
			stored++
		}
	}
	r.flash(views.Done, "Stored.", views.Counted(stored, "rate", "rates")+"; drafts that waited for them are built again.")
	return r.goTo("/admin/rates")
}

func (s *server) ratePreview(r *request, status int, content []byte, reason string, wrong map[string]string) error {
	file, err := s.Workbooks.ReadRates(content)
	if err != nil {
		return err
	}
	back := views.Link{Text: "Exchange rates", Href: "/admin/rates"}
	page := r.page("What the file changes", views.Rates, back)
	if len(file.Problems) > 0 {
		return r.showAs(http.StatusUnprocessableEntity, views.AdminView(page, wrongCells(back, file.Problems)))
	}
	changes, err := s.Rates.Preview(r.ctx(), file.Entries)
	if err != nil {
		return err
	}
	table, counts, unusual := ratePlan(changes)
	if len(table.Rows) == 0 {
		return r.showAs(status, views.AdminView(page, views.AdminPage{Alerts: []views.Alert{{State: views.Info, Title: "The file changes nothing.", Text: "Its rates are in force as they stand there.", Action: back}}}))
	}
	form := &views.AdminForm{Action: "/admin/rates/upload/apply", Hidden: []views.Hidden{{Name: "book", Value: base64.StdEncoding.EncodeToString(content)}},
		Submit: views.Button{Label: "Store " + views.Counted(counts[rates.New]+counts[rates.Changed], "rate", "rates"), Icon: "check", Look: views.Primary}}
	if counts[rates.Changed] > 0 || wrong["reason"] != "" {
		form.Fields = append(form.Fields, views.Field{Name: "reason", Label: "Reason of the changes", Value: reason, Error: wrong["reason"], Hint: "For rows without a reason of their own.", Width: "wide"})
	}
	if unusual > 0 || wrong["confirm"] != "" {
		form.Fields = append(form.Fields, views.Field{Name: "confirm", Label: views.Counted(unusual, "unusual move is right", "unusual moves are right"), Type: "checkbox", Error: wrong["confirm"]})
	}
	model := views.AdminPage{Alerts: []views.Alert{{State: views.Info, Title: "Nothing is stored yet.",
		Text: fmt.Sprintf("%d new, %d changed, %d as they are, %d with an unusual move.", counts[rates.New], counts[rates.Changed], counts[rates.Same], unusual)}},
		Sheets: []views.AdminSheet{{Title: "Store the rates", Form: form}, {Title: "Changes", Table: table}}}
	return r.showAs(status, views.AdminView(page, model))
}

// wrongCells says which cells of a file cannot be used.
func wrongCells(back views.Link, problems []rates.CellProblem) views.AdminPage {
	table := &views.Table{ID: "cells", Caption: "Cells that cannot be used", Columns: []views.Column{{Label: "Sheet", Kind: views.Tight}, {Label: "Cell", Kind: views.Tight}, {Label: "What to do", Kind: views.Wrap}}}
	for _, p := range problems {
		table.Rows = append(table.Rows, views.Row{State: views.Wrong, Cells: []templ.Component{views.Text(p.Sheet), views.Code(p.Cell), views.Text(p.Message)}})
	}
	return views.AdminPage{Alerts: []views.Alert{{State: views.Wrong, Title: views.Counted(len(problems), "cell cannot be used.", "cells cannot be used."),
		Text: "Nothing was stored. Correct them in the file and upload it again.", Action: back}}, Sheets: []views.AdminSheet{{Title: "Cells", Table: table}}}
}

// ratePlan lists what is not the same already.
func ratePlan(changes []rates.Change) (table *views.Table, counts map[rates.Sort]int, unusual int) {
	table, counts = &views.Table{ID: "plan", Caption: "Rates that change", Columns: []views.Column{{Label: "Change", Kind: views.Tight}, {Label: "Day", Kind: views.Tight}, {Label: "From", Kind: views.Tight}, {Label: "To", Kind: views.Tight},
		{Label: "Rate", Kind: views.Number}, {Label: "Before", Kind: views.Number}, {Label: "Move %", Kind: views.Number}, {Label: "Reason", Kind: views.Wrap}}}, map[rates.Sort]int{}
	for _, c := range changes {
		counts[c.Sort]++
		if c.Sort == rates.Same {
			continue
		}
		if c.Unusual() {
			unusual++
		}
		if len(table.Rows) == planRows {
			table.Summary = fmt.Sprintf("The first %d changes", planRows)
			continue
		}
		pill, before, move := views.Pill{State: views.Done, Text: "New"}, views.Nothing(), views.Nothing()
		if c.Sort == rates.Changed {
			pill, before = views.Pill{State: views.Waiting, Text: "Changed"}, views.Text(c.Before.String())
		}
		if !c.Last.IsZero() {
			move = views.Text(c.Move().StringFixed(2))
		}
		if c.Unusual() {
			move = views.StatusPill(views.Pill{State: views.Wrong, Text: c.Move().StringFixed(2)})
		}
		table.Rows = append(table.Rows, cells(views.StatusPill(pill), views.Text(c.On.String()), views.Code(string(c.Base)), views.Code(string(c.Quote)), views.Text(c.Value.String()), before, move, views.Text(c.Reason)))
	}
	return table, counts, unusual
}
