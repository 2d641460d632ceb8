package identity

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what a person does here. A person may hold several.
type Role string

// The roles. None includes another; each says for itself what it may.
const (
	Viewer     Role = "viewer"
	Ops        Role = "ops"
	Accountant Role = "accountant"
	Approver   Role = "approver"
	Admin      Role = "admin"
	Auditor    Role = "auditor"
)

// AllRoles returns the roles in the order in which they are shown.
func AllRoles() []Role { return []Role{Viewer, Ops, Accountant, Approver, Admin, Auditor} }

// ParseRole returns the role of that name.
func ParseRole(name string) (Role, error) {
	role := Role(strings.ToLower(strings.TrimSpace(name)))
	if !slices.Contains(AllRoles(), role) {
		return "", fmt.Errorf("%q is no role; the roles are %s", name, joined(AllRoles(), ", "))
	}
	return role, nil
}

// Title is the role as people read it.
func (r Role) Title() string {
	switch r {
	case Ops:
		return "Operations"
	case Admin:
		return "Administrator"
	case Viewer, Accountant, Approver, Auditor:
		return strings.ToUpper(string(r[:1])) + string(r[1:])
	}
	return string(r)
}

// Does says in one sentence what the role is for.
func (r Role) Does() string {
	switch r {
	case Viewer:
		return "Reads the books."
	case Ops:
		return "Empties the exception queue, maps products and runs the flows."
	case Accountant:
		return "Writes mapping rules, prepares and submits journal entries."
	case Approver:
		return "Approves or rejects journal entries and publishes rules. Never approves own work."
	case Admin:
		return "Sets up connections, policies and people. Approves nothing by virtue of it."
	case Auditor:
		return "Reads everything, the audit log too, and exports."
	}
	return ""
}

// Permission is what a route asks for.
type Permission string

// The permissions.
const (
	ViewBooks          Permission = "view books"          // overview, settlements, entries, rules, exceptions, periods, rates
	Export             Permission = "export"              // workbooks and files with what the person may see
	UploadReports      Permission = "upload reports"      // settlement reports of the person's own machine
	ResolveExceptions  Permission = "resolve exceptions"  // assign, comment, snooze, fix, ignore
	Comment            Permission = "comment"             // remarks on entries and exceptions, files at entries
	MapProducts        Permission = "map products"        // SKU to item
	RunFlows           Permission = "run flows"           // pause, resume, run now
	EditRules          Permission = "edit rules"          // drafts of rule sets
	PublishRules       Permission = "publish rules"       // a draft that somebody else wrote
	PrepareEntries     Permission = "prepare entries"     // draft, edit, submit, reverse; correction lines
	ApproveEntries     Permission = "approve entries"     // approve and reject; correction lines too
	PostEntries        Permission = "post entries"        // send approved entries; settle an unknown outcome
	PrepareCloses      Permission = "prepare closes"      // ask for the close of a period
	ApproveCloses      Permission = "approve closes"      // close a period that somebody else prepared; refuse it, reopen it
	ManageRates        Permission = "manage rates"        // exchange rates by hand; read accounts and periods again
	ManageConnections  Permission = "manage connections"  // addresses and secrets of both sides
	ManagePolicies     Permission = "manage policies"     // what approval asks for
	ManagePeople       Permission = "manage people"       // roles of groups, disabling
	ManageAlerts       Permission = "manage alerts"       // who is told what, by mail and by webhook
	ManageJobs         Permission = "manage jobs"         // the job engine's own screens
	ViewAdministration Permission = "view administration" // connections, policies and people, without changing them
	ViewAudit          Permission = "view audit"          // the audit log
	SeePersonal        Permission = "see personal data"   // names and addresses of buyers, each time with a reason
	ErasePersonal      Permission = "erase personal data" // destroy a buyer's data before its time
)

// permissions is the table of who may what.
func (r Role) permissions() []Permission {
	switch r {
	case Viewer:
		return []Permission{ViewBooks}
	case Ops:
		return []Permission{ViewBooks, Export, UploadReports, ResolveExceptions, Comment, MapProducts, RunFlows, SeePersonal}
	case Accountant:
		return []Permission{ViewBooks, Export, UploadReports, ResolveExceptions, Comment, MapProducts, EditRules, PrepareEntries, PostEntries, PrepareCloses, ManageRates}
	case Approver:
		return []Permission{ViewBooks, Export, Comment, ApproveEntries, PublishRules, PostEntries, ApproveCloses}
	case Admin:
		return []Permission{ViewBooks, ManageConnections, ManagePolicies, ManagePeople, ManageAlerts, ManageJobs, RunFlows, ViewAdministration, ViewAudit, ErasePersonal}
	case Auditor:
		return []Permission{ViewBooks, Export, ViewAdministration, ViewAudit}
	}
	return nil
}

// Can reports whether the role gives the permission.
func (r Role) Can(p Permission) bool { return slices.Contains(r.permissions(), p) }

// RolesWith returns the roles that give the permission.
func RolesWith(p Permission) []Role {
	return slices.DeleteFunc(AllRoles(), func(r Role) bool { return !r.Can(p) })
}

// GroupRole says that a group of the identity provider gives a role.
type GroupRole struct {
	Group string
	Role  Role
}

// ParseGroupRoles reads "group=role;group=role". A group's name may hold commas
// and equals signs, as directory names do: the last equals sign counts.
func ParseGroupRoles(text string) ([]GroupRole, error) {
	var pairs []GroupRole
	for part := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		at := strings.LastIndexByte(part, '=')
		if at < 0 || strings.TrimSpace(part[:at]) == "" {
			return nil, fmt.Errorf("%q is not group=role", strings.TrimSpace(part))
		}
		role, err := ParseRole(part[at+1:])
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, GroupRole{strings.TrimSpace(part[:at]), role})
	}
	return pairs, nil
}

// ordered returns the known roles among names in the order of AllRoles.
func ordered(names []string) []Role {
	return slices.DeleteFunc(AllRoles(), func(r Role) bool { return !slices.Contains(names, string(r)) })
}

func joined(roles []Role, separator string) string { return strings.Join(names(roles), separator) }

func names(roles []Role) []string {
	texts := make([]string, len(roles))
	for i, r := range roles {
		texts[i] = string(r)
	}
	return texts
}
