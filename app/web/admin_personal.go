package web

import (
	"fmt"
	"io"

	"tieout/app/personal"
	"tieout/views"
)

const accessPageSize = 100

// personalAccesses lists who saw personal data, when and why.
func (s *server) personalAccesses(r *request) error {
	in := r.query()
	before := int64(0)
	if key := in.key("after", 1); key != nil {
		before = parseID(key[0])
	}
	if err := in.err(); err != nil {
		return err
	}
	list, err := s.Flows.Personal.Accesses(r.ctx(), before, accessPageSize)
	if err != nil {
		return err
	}
	table := views.Table{ID: "accesses", Caption: "Accesses to personal data", Columns: []views.Column{{Label: "When", Kind: views.Tight}, {Label: "Who", Kind: views.Tight}, {Label: "Record", Kind: views.Tight},
		{Label: "Connection", Kind: views.Tight}, {Label: "What", Kind: views.Tight}, {Label: "Why", Kind: views.Wrap}}, Empty: views.Empty{Icon: "lock", Title: "Nobody has looked yet"}}
	for _, a := range list {
		table.Rows = append(table.Rows, cells(views.Moment(r.format().Time(a.At)), views.Text(a.Person), views.Anchor(views.Link{Text: a.Flow + " " + a.Key, Href: fmt.Sprintf("/records/%d", a.RecordID)}),
			views.Text(a.Connection), views.Text(accessWhat(a)), views.Text(a.Reason)))
	}
	if len(list) == accessPageSize {
		table.Pager.Next = r.link("after", nextKey(fmt.Sprint(list[len(list)-1].ID)))
	}
	if before != 0 {
		table.Pager.First = r.link("after", "")
	}
	var buttons []views.Button
	if s.Workbooks != nil {
		buttons = append(buttons, views.Button{Label: "Excel", Icon: "file-spreadsheet", Href: "/admin/personal/export.xlsx"})
	}
	return r.admin(views.PersonalData, "Personal data", views.AdminPage{Buttons: buttons,
		Sheets: []views.AdminSheet{{Title: "Accesses", Lead: "Every look at a buyer's data, written down before it was shown.", Table: &table}}})
}

func accessWhat(a personal.Access) string {
	if a.DocumentID != 0 {
		return fmt.Sprintf("document %d", a.DocumentID)
	}
	return "fields"
}

// personalAccessesExport sends the workbook of accesses.
func (s *server) personalAccessesExport(r *request) error {
	about, err := s.about(r, views.Filter{})
	if err != nil {
		return err
	}
	before := int64(0)
	rows := rowsOf(func() ([]personal.Access, error) { return s.Flows.Personal.Accesses(r.ctx(), before, exportPageSize) }, func(last personal.Access) { before = last.ID })
	return r.workbook("personal-data-accesses", func(w io.Writer) error { return s.Workbooks.AccessList(w, about, rows) })
}
