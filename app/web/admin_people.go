package web

import (
	"fmt"
	"slices"
	"strings"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/views"
)

// peopleList shows who has signed in, and which group gives which role.
func (s *server) peopleList(r *request) error {
	people, err := s.Identity.List(r.ctx())
	if err != nil {
		return err
	}
	groups, err := s.Identity.GroupRoles(r.ctx())
	if err != nil {
		return err
	}
	connections, err := s.Connections.List(r.ctx())
	if err != nil {
		return err
	}
	manages := r.person.Can(identity.ManagePeople)
	table := views.Table{ID: "people", Caption: "People", Columns: []views.Column{{Label: "Person"}, {Label: "Roles", Kind: views.Wrap}, {Label: "Groups", Kind: views.Wrap}, {Label: "Sees", Kind: views.Wrap},
		{Label: "Last sign-in", Kind: views.Tight}, {Label: "State", Kind: views.Tight}, {Label: "Change", Kind: views.Tight, Quiet: true}},
		Empty: views.Empty{Icon: "users", Title: "Nobody has signed in yet"}}
	for _, p := range people {
		state, change := views.Pill{State: views.Done, Text: "Active"}, views.Button{Label: "Disable", Action: fmt.Sprintf("/admin/people/%d/disable", p.ID), Confirm: "Disable " + p.Name + "? Their sessions end now."}
		if !p.DisabledAt.IsZero() {
			state, change = views.Pill{State: views.Wrong, Text: "Disabled"}, views.Button{Label: "Enable", Action: fmt.Sprintf("/admin/people/%d/enable", p.ID)}
		}
		button := views.Nothing()
		if manages {
			button = views.Together(views.PostButton(change), views.PostButton(views.Button{Label: "Sign out everywhere", Action: fmt.Sprintf("/admin/people/%d/sign-out", p.ID)}))
		}
		table.Rows = append(table.Rows, cells(views.Stacked(views.Text(p.Name), p.Email), views.Text(p.RoleTitles()), views.Soft(strings.Join(p.Groups, ", ")), r.scopeCell(p, sees(p.Scope, connections)),
			views.Moment(r.format().Time(p.SignedInAt)), views.StatusPill(state), button))
	}
	roles := map[string][]string{}
	for _, g := range groups {
		roles[g.Group] = append(roles[g.Group], g.Role.Title())
	}
	mapping := views.Table{ID: "groups", Caption: "Groups", Columns: []views.Column{{Label: "Group of the identity provider"}, {Label: "Roles", Kind: views.Wrap}}}
	for _, group := range sortedGroups(roles) {
		mapping.Rows = append(mapping.Rows, cells(views.Code(group), views.Text(strings.Join(roles[group], ", "))))
	}
	form := &views.AdminForm{Action: "/admin/people/groups", Submit: views.Button{Label: "Set the roles of this group", Icon: "check"},
		Fields: []views.Field{{Name: "group", Label: "Group", Required: true, Mono: true}}}
	for _, role := range identity.AllRoles() {
		form.Fields = append(form.Fields, views.Field{Name: "role-" + string(role), Label: role.Title(), Type: "checkbox"})
	}
	if !manages {
		form.Why = "An administrator changes roles."
	}
	return r.admin(views.People, "People and roles", views.AdminPage{Sheets: []views.AdminSheet{
		{Title: "People", Lead: "People come from the identity provider; their groups give them roles at each sign-in.", Table: &table},
		{Title: "Groups and roles", Table: &mapping}, {Title: "Change a group", Lead: "A group without any role lets nobody in.", Form: form}}})
}

func sortedGroups(roles map[string][]string) []string {
	var groups []string
	for group := range roles {
		groups = append(groups, group)
	}
	slices.Sort(groups)
	return groups
}

func (s *server) groupSave(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	group := in.needed("group", 200, "Name the group as the identity provider does.")
	var roles []identity.Role
	for _, role := range identity.AllRoles() {
		if in.checked("role-" + string(role)) {
			roles = append(roles, role)
		}
	}
	if err := in.err(); err != nil {
		return err
	}
	if err := s.Identity.SetGroupRoles(r.ctx(), r.actor(), group, roles); err != nil {
		return err
	}
	r.flash(views.Done, "Saved.", "The people of this group have their new roles now.")
	return r.goTo("/admin/people")
}

func (s *server) personChange(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	switch r.Param("what") {
	case "disable":
		err = s.Identity.Disable(r.ctx(), r.actor(), id)
	case "enable":
		err = s.Identity.Enable(r.ctx(), r.actor(), id)
	case "sign-out":
		err = s.Identity.SignOutEverywhere(r.ctx(), r.actor(), id)
	default:
		err = fault.New(fault.NotFound, "There is no such action.")
	}
	if err != nil {
		return err
	}
	return r.goTo("/admin/people")
}
