package web

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"tieout/app/catalog"
	"tieout/app/fault"
	"tieout/views"
)

// productFileBody is what a request with a workbook of SKU maps may send: the
// file, and the same once more as text while its preview is confirmed.
const productFileBody = 12 << 20

// productBook sends the SKU maps of a connection for editing in Excel.
func (s *server) productBook(r *request) error {
	id, name, err := s.productConnection(r, r.connection())
	if err != nil {
		return err
	}
	if id == 0 {
		return fault.New(fault.NotFound, "There is no such connection.")
	}
	return r.workbook("sku-maps-"+name, func(w io.Writer) error { return s.Workbooks.SKUMaps(r.ctx(), w, id, name) })
}

// productUpload shows what an edited workbook would change, or what is wrong in
// its cells. Nothing is saved.
func (s *server) productUpload(r *request) error {
	part, err := r.uploaded("file")
	if err != nil {
		return err
	}
	content, err := io.ReadAll(part)
	if err != nil {
		return fmt.Errorf("read upload: %w", err)
	}
	return s.productPreview(r, http.StatusOK, parseID(r.Param("connection")), content)
}

// productUploadApply does what was previewed.
func (s *server) productUploadApply(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	content, err := base64.StdEncoding.DecodeString(in.values.Get("book"))
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "The form is damaged. Upload the workbook again.")
	}
	connection := in.id("connection")
	file, err := s.Workbooks.ReadSKUMaps(content)
	if err != nil {
		return err
	}
	plan, err := s.Catalog.Import(r.ctx(), r.actor(), connection, file, in.text("plan", 80))
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		r.flash(views.Waiting, "Nothing was saved.", fault.MessageOf(err))
		return s.productPreview(r, http.StatusUnprocessableEntity, connection, content)
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, views.Counted(len(plan.Steps), "SKU map is changed.", "SKU maps are changed."), "What waited for them goes on by itself.")
	return r.goTo("/products?connection=%d", connection)
}

func (s *server) productPreview(r *request, status int, connection int64, content []byte) error {
	connection, name, err := s.productConnection(r, connection)
	if err != nil {
		return err
	}
	if connection == 0 {
		return fault.New(fault.NotFound, "There is no such connection.")
	}
	file, err := s.Workbooks.ReadSKUMaps(content)
	if err != nil {
		return err
	}
	plan, err := s.Catalog.Plan(r.ctx(), connection, file)
	if err != nil {
		return err
	}
	back := views.Link{Text: "Products", Href: fmt.Sprintf("/products?connection=%d", connection)}
	page := r.page("What the workbook changes in "+name, views.Products, back)
	if len(plan.Problems) > 0 {
		return r.showAs(http.StatusUnprocessableEntity, views.AdminView(page, views.AdminPage{Alerts: []views.Alert{{State: views.Wrong,
			Title: views.Counted(len(plan.Problems), "cell cannot be used.", "cells cannot be used."), Text: "Nothing was saved. Correct them in the workbook and upload it again.", Action: back}},
			Sheets: []views.AdminSheet{{Title: "Cells", Table: mapCells(plan.Problems)}}}))
	}
	if len(plan.Steps) == 0 {
		return r.showAs(status, views.AdminView(page, views.AdminPage{Alerts: []views.Alert{{State: views.Info, Title: "The workbook changes nothing.",
			Text: views.Counted(plan.Unchanged, "map is", "maps are") + " as they stand there.", Action: back}}}))
	}
	model := views.AdminPage{Alerts: []views.Alert{{State: views.Info, Title: "Nothing is saved yet.", Text: planSummary(plan)}}}
	model.Sheets = []views.AdminSheet{
		{Title: "Change the SKU maps", Form: &views.AdminForm{Action: "/products/workbook/apply", Submit: views.Button{Label: "Apply " + views.Counted(len(plan.Steps), "change", "changes"), Icon: "check", Look: views.Primary},
			Hidden: []views.Hidden{{Name: "connection", Value: strconv.FormatInt(connection, 10)}, {Name: "plan", Value: plan.Key()}, {Name: "book", Value: base64.StdEncoding.EncodeToString(content)}}}},
		{Title: "Changes", Table: planTable(plan)},
	}
	return r.showAs(status, views.AdminView(page, model))
}

// planSummary counts what a workbook changes.
func planSummary(p catalog.Plan) string {
	counts := map[catalog.Action]int{}
	for _, s := range p.Steps {
		counts[s.Action]++
	}
	return fmt.Sprintf("%d new, %d replaced, %d ended, %d with another end or note, %d unchanged.",
		counts[catalog.Added], counts[catalog.Replaced], counts[catalog.Ended], counts[catalog.Amended], p.Unchanged)
}

func mapCells(problems []catalog.CellProblem) *views.Table {
	table := &views.Table{ID: "cells", Caption: "Cells that cannot be used", Columns: []views.Column{{Label: "Sheet", Kind: views.Tight}, {Label: "Cell", Kind: views.Tight}, {Label: "What to do", Kind: views.Wrap}}}
	for _, p := range problems {
		table.Rows = append(table.Rows, views.Row{State: views.Wrong, Cells: []templ.Component{views.Text(p.Sheet), views.Code(p.Cell), views.Text(p.Message)}})
	}
	return table
}

// planRows is how many changes a preview lists; it counts all of them.
const planRows = 1000

func planTable(p catalog.Plan) *views.Table {
	table := &views.Table{ID: "plan", Caption: "SKU maps that change", Columns: []views.Column{{Label: "Change", Kind: views.Tight}, {Label: "SKU", Kind: views.Tight}, {Label: "Marketplace", Kind: views.Tight},
		{Label: "Now", Kind: views.Wrap}, {Label: "Days", Kind: views.Wrap}, {Label: "Before", Kind: views.Wrap}}}
	looks := map[catalog.Action]views.Pill{catalog.Added: {State: views.Done, Text: "New"}, catalog.Replaced: {State: views.Waiting, Text: "Replaced"},
		catalog.Ended: {State: views.Wrong, Text: "Ended"}, catalog.Amended: {State: views.Info, Text: "End or note"}}
	for i, step := range p.Steps {
		if i == planRows {
			table.Summary = fmt.Sprintf("The first %d of %d changes", planRows, len(p.Steps))
			break
		}
		before := views.Nothing()
		if step.Old != nil {
			before = views.Soft(step.Old.Parts.String() + ", " + daysOf(*step.Old))
		}
		days := daysOf(catalog.Mapping{From: step.New.From, To: step.New.To})
		table.Rows = append(table.Rows, cells(views.StatusPill(looks[step.Action]), views.Code(step.New.SKU), views.Text(shopOf(step.New.Marketplace)),
			views.Code(step.New.Parts.String()), views.Text(days), before))
	}
	return table
}
