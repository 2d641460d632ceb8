package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"tieout/app/connection"
	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/views"
)

const scopePath = "/admin/people/:id/connections"

// sees says which connections a person sees. Those that whoever reads it does
// not see themselves are only counted.
func sees(scope identity.Scope, known []connection.Summary) string {
	if !scope.Scoped {
		return "All connections"
	}
	var titles []string
	for _, c := range known {
		if slices.Contains(scope.Connections, c.ID) {
			titles = append(titles, cmp.Or(c.Title, c.Name))
		}
	}
	if others := len(scope.Connections) - len(titles); others > 0 {
		titles = append(titles, fmt.Sprintf("%d more", others))
	}
	if len(titles) == 0 {
		return "No connection"
	}
	return strings.Join(titles, ", ")
}

// scopeCell says which connections a person sees, and leads to who decides it.
func (r *request) scopeCell(p identity.Person, text string) templ.Component {
	if !r.person.Can(identity.ManagePeople) || r.person.Scoped {
		return views.Text(text)
	}
	return views.Anchor(views.Link{Text: text, Href: fmt.Sprintf("/admin/people/%d/connections", p.ID)})
}

// scopePage asks which connections a person sees.
func (s *server) scopePage(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	return s.scopeForm(r, http.StatusOK, id, "")
}

func (s *server) scopeForm(r *request, status int, id int64, wrong string) error {
	person, err := s.Identity.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	connections, err := s.Connections.List(r.ctx())
	if err != nil {
		return err
	}
	form := &views.AdminForm{Action: fmt.Sprintf("/admin/people/%d/connections", id), Submit: views.Button{Label: "Save", Icon: "check"},
		Fields: []views.Field{{Name: "scoped", Label: "Sees", Error: wrong, Options: []views.Option{
			{Value: "", Label: "All connections, new ones too", Current: !person.Scoped}, {Value: "1", Label: "Those chosen below and nothing of another", Current: person.Scoped}}}}}
	group := views.FieldGroup{Legend: "Connections"}
	for _, c := range connections {
		value := ""
		if slices.Contains(person.Connections, c.ID) {
			value = "on"
		}
		group.Fields = append(group.Fields, views.Field{Name: fmt.Sprintf("connection-%d", c.ID), Label: cmp.Or(c.Title, c.Name), Type: "checkbox", Value: value})
	}
	form.Groups = append(form.Groups, group)
	return r.adminAs(status, views.People, "What "+person.Name+" sees", views.AdminPage{Sheets: []views.AdminSheet{{Title: "Connections",
		Lead: "Of other connections this person sees nothing: no page, no search, no count, no export. It counts from their next request on.", Form: form}}})
}

// scopeSave decides it.
func (s *server) scopeSave(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	scope := identity.Scope{Scoped: in.text("scoped", 1) == "1"}
	connections, err := s.Connections.List(r.ctx())
	if err != nil {
		return err
	}
	for _, c := range connections {
		if in.checked(fmt.Sprintf("connection-%d", c.ID)) {
			scope.Connections = append(scope.Connections, c.ID)
		}
	}
	if err := in.err(); err != nil {
		return err
	}
	err = s.Identity.SetScope(r.ctx(), r.person, r.id, id, scope)
	if fault.Is(err, fault.Conflict) {
		return s.scopeForm(r, http.StatusUnprocessableEntity, id, fault.MessageOf(err))
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, "Saved.", "It counts from this person's next request on.")
	return r.goTo("/admin/people")
}
