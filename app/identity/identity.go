// Package identity knows the people, the groups that the identity provider
// puts them in, and what the roles of those groups may do.
//
// People are never created by hand: a first sign-in creates the person, and
// every sign-in and every change to a group's role decides the roles anew.
package identity

import (
	"context"
	"slices"
	"strings"
	"time"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
)

// Person is somebody who has signed in at least once.
type Person struct {
	ID         int64
	Issuer     string // the identity provider
	Subject    string // the person's id there
	Email      string
	Name       string
	Roles      []Role // in the order of AllRoles
	Groups     []string
	CreatedAt  time.Time
	SignedInAt time.Time
	DisabledAt time.Time // zero: not disabled
	signedOut  time.Time // sessions begun up to here are void
	Scope
	Preferences
}

// Scope is which connections a person sees.
type Scope struct {
	Scoped      bool    // only those listed; otherwise all of them
	Connections []int64 // in ascending order
}

// Context returns the context in which everything that the person does reads
// and writes: nothing of a connection that they do not see.
func (s Scope) Context(ctx context.Context) context.Context {
	if !s.Scoped {
		return ctx
	}
	return database.Scoped(ctx, s.Connections)
}

// Same reports whether both see the same.
func (s Scope) Same(other Scope) bool {
	return s.Scoped == other.Scoped && slices.Equal(s.Connections, other.Connections)
}

// Preferences are how a person wants pages shown.
type Preferences struct {
	Zone      string // IANA name
	Theme     string // system, light or dark
	Negatives string // minus or parentheses
}

// Validate returns a fault.Invalid that names each wrong field.
func (p Preferences) Validate() error {
	wrong := map[string]string{}
	if _, err := time.LoadLocation(p.Zone); err != nil || p.Zone == "" || p.Zone == "Local" {
		wrong["zone"] = "Choose a time zone such as America/Chicago."
	}
	if !slices.Contains([]string{"system", "light", "dark"}, p.Theme) {
		wrong["theme"] = "Choose system, light or dark."
	}
	if !slices.Contains([]string{"minus", "parentheses"}, p.Negatives) {
		wrong["negatives"] = "Choose minus or parentheses."
	}
	if len(wrong) > 0 {
		return fault.InvalidFields(wrong)
	}
	return nil
}

// Location returns the person's time zone, UTC when it is unknown here.
func (p Person) Location() *time.Location {
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Can reports whether one of the person's roles gives the permission.
func (p Person) Can(permission Permission) bool {
	return p.DisabledAt.IsZero() && slices.ContainsFunc(p.Roles, func(r Role) bool { return r.Can(permission) })
}

// Has reports whether the person holds the role.
func (p Person) Has(role Role) bool { return slices.Contains(p.Roles, role) }

// RoleTitles writes the person's roles for people: "Accountant, approver".
func (p Person) RoleTitles() string {
	titles := make([]string, len(p.Roles))
	for i, r := range p.Roles {
		titles[i] = r.Title()
		if i > 0 {
			titles[i] = strings.ToLower(titles[i])
		}
	}
	return strings.Join(titles, ", ")
}

// Actor is the person as the audit log names them.
func (p Person) Actor(requestID string) audit.Actor {
	return audit.Actor{PersonID: p.ID, Name: p.Name, RequestID: requestID}
}

// Claims are what the identity provider says about somebody who signed in, and
// where the browser is that it says it to.
type Claims struct {
	Issuer  string
	Subject string
	Email   string
	Name    string
	Groups  []string
	From    Origin
}

// name is never empty: some providers send neither name nor address.
func (c Claims) name() string {
	for _, candidate := range []string{c.Name, c.Email, c.Subject} {
		if text := strings.TrimSpace(candidate); text != "" {
			return text
		}
	}
	return "?"
}

// groups returns the claim's groups sorted, without blanks and repetitions.
func (c Claims) groups() []string {
	groups := []string{}
	for _, g := range c.Groups {
		if g = strings.TrimSpace(g); g != "" {
			groups = append(groups, g)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

// noRole refuses somebody whose groups give no role, naming the groups, so that
// an administrator knows which one to give a role.
func noRole(groups []string) error {
	if len(groups) == 0 {
		return fault.New(fault.Forbidden, "You are known to the identity provider, but it sent no groups for you, and roles come from groups. Ask an administrator to put you in a group that has a role here.")
	}
	const most = 20
	list, more := groups, ""
	if len(groups) > most {
		list, more = groups[:most], " and others"
	}
	return fault.New(fault.Forbidden, "None of your groups has a role here. The identity provider named these: %s%s. Ask an administrator to give one of them a role.", strings.Join(list, ", "), more)
}
