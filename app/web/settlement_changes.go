package web

import (
	"fmt"
	"strings"

	"tieout/app/period"
	"tieout/app/settlement"
	"tieout/views"
)

// settlementChanges shows what a re-issued report has otherwise than the one
// that it replaces, line by line.
func (s *server) settlementChanges(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	changes, err := s.Settlements.Changes(r.ctx(), d.Detail)
	if err != nil {
		return err
	}
	page, head := s.settlementPage(r, d, "documents")
	page.Title = "Changed lines"
	model := views.ChangesPage{Head: head, First: d.ReplacesID == nil}
	for _, c := range changes.Lines {
		model.Rows = append(model.Rows, r.lineChange(d, c))
	}
	if changes.Count > 0 {
		model.Total = r.format().Value(changes.Total, d.currency())
		model.Count = views.Counted(int(changes.Count), "line differs", "lines differ")
		if int(changes.Count) > len(changes.Lines) {
			model.Count += fmt.Sprintf("; the first %s are shown", views.Count(len(changes.Lines)))
		}
	}
	return r.show(views.ChangesView(page, model))
}

func (r *request) lineChange(d settlementDetail, c settlement.LineChange) views.ChangeRow {
	of, mark, lines := d.ID, "Added", c.Lines
	if c.Lines < 0 {
		of, mark, lines = *d.ReplacesID, "Gone", -c.Lines
	}
	amount := r.format().Value(c.Amount, d.currency())
	row := views.ChangeRow{Change: mark, Gone: c.Lines < 0, Order: c.OrderID, SKU: c.Sku, Posted: r.format().Day(period.DateOf(c.PostedOn)),
		Kind: strings.Join([]string{c.TransactionType, c.AmountType, c.AmountDescription}, " / "),
		Line: views.Link{Text: views.Count(int(c.LineNo)), Href: fmt.Sprintf("/settlements/%d/lines/%d", of, c.LineNo)}, Amount: amount}
	if lines > 1 {
		row.Change += fmt.Sprintf(" × %d", lines)
	}
	return row
}
