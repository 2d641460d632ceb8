package web

import (
	"iter"
	"strings"

	"tieout/app/identity"
	"tieout/views"
)

// exportPageSize is how many rows of a list are read at a time for a workbook.
const exportPageSize = 5000

// listExport links to the workbook of what the page lists, whatever its place
// in it.
func (r *request) listExport() []views.Choice {
	if r.server.Workbooks == nil || !r.person.Can(identity.Export) {
		return nil
	}
	path, query, _ := strings.Cut(r.link("after", "", "totals", ""), "?")
	href := path + "/export.xlsx"
	if query != "" {
		href += "?" + query
	}
	return []views.Choice{{Label: "Export to Excel", Href: href}}
}

// rowsOf reads a list page by page; after moves on behind a page's last row.
func rowsOf[T any](read func() ([]T, error), after func(T)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			items, err := read()
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if len(items) < exportPageSize {
				return
			}
			after(items[len(items)-1])
		}
	}
}

// about says what a workbook holds: who made it when, and what was filtered.
func (s *server) about(r *request, bar views.Filter, more ...[2]string) ([][2]string, error) {
	path, query, _ := strings.Cut(r.link("after", "", "totals", ""), "?")
	address := s.config.PublicURL + strings.TrimSuffix(path, "/export.xlsx")
	if query != "" {
		address += "?" + query
	}
	now := s.Clock.Now()
	about := [][2]string{
		{"Exported", now.In(r.person.Location()).Format("2006-01-02 15:04:05 MST")}, {"By", r.person.Name}, {"Address", address},
	}
	name, err := s.connectionName(r)
	if err != nil {
		return nil, err
	}
	about = append(about, [2]string{"Connection", name})
	about = append(about, more...)
	for _, field := range append(bar.Fields, bar.More...) {
		if value := filtered(field); value != "" {
			about = append(about, [2]string{field.Label, value})
		}
	}
	return about, nil
}

// filtered is a field's choice in words; "" where it leaves nothing out.
func filtered(field views.Field) string {
	for _, option := range field.Options {
		if option.Current || option.Value == field.Value {
			if option.Value == "" && strings.HasPrefix(option.Label, "Any") {
				return ""
			}
			return option.Label
		}
	}
	return field.Value
}

// connectionName names the connection that a list is about.
func (s *server) connectionName(r *request) (string, error) {
	id := r.connection()
	if id == 0 {
		return "All", nil
	}
	frame, err := s.Chrome.Frame(r.ctx(), r.person, id)
	if err != nil {
		return "", err
	}
	for _, c := range frame.Connections {
		if c.ID == id {
			return c.Title, nil
		}
	}
	return r.QueryParam("connection"), nil
}
