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

// Service knows people and decides their roles.
type Service struct{ store *Store }

// New returns a Service over the store.
func New(store *Store) *Service { return &Service{store} }

// SignIn creates or refreshes the person that the claims describe and decides
// their roles from their groups. It returns fault.Forbidden, with a message
// that names the groups, when none of them has a role, and when the person is
// disabled.
func (s *Service) SignIn(ctx context.Context, claims Claims, requestID string) (Person, error) {
	if claims.Issuer == "" || claims.Subject == "" {
		return Person{}, fault.New(fault.Unauthorised, "The identity provider did not say who signed in.")
	}
	groups := claims.groups()
	var person Person
	err := s.store.inTx(ctx, func(tx records) (err error) {
		roles, err := tx.rolesOf(ctx, groups)
		if err != nil {
			return err
		}
		if len(roles) == 0 {
			return tx.turnAway(ctx, claims, groups, requestID)
		}
		person, err = tx.admit(ctx, claims, groups, roles, requestID)
		return err
	})
	switch {
	case err != nil:
		return Person{}, err
	case person.ID == 0:
		return Person{}, noRole(groups)
	case !person.DisabledAt.IsZero():
		return Person{}, fault.New(fault.Forbidden, "Your access to Tieout is disabled. Ask an administrator.")
	}
	return person, nil
}

// admit writes down that somebody with roles came: as one who may come in, or as
// one who is disabled.
func (r records) admit(ctx context.Context, claims Claims, groups []string, roles []Role, requestID string) (Person, error) {
	before, known, err := r.rolesBefore(ctx, claims)
	if err != nil {
		return Person{}, err
	}
	person, err := r.upsert(ctx, claims, groups, roles)
	if err != nil {
		return Person{}, err
	}
	about := func(action string, before, after map[string]any) audit.Event {
		return audit.Event{Actor: person.Actor(requestID), Action: action, ObjectType: "person", ObjectID: person.ID, Before: before, After: after}
	}
	after := claims.From.told()
	after["roles"], after["groups"] = person.Roles, groups
	if !person.DisabledAt.IsZero() {
		after["why"] = "disabled"
		return person, r.log(ctx, about(refused, nil, after))
	}
	events := []audit.Event{about("signed in", nil, after)}
	if known && !slices.Equal(before, person.Roles) {
		events = append(events, about(rolesChanged, map[string]any{"roles": before}, map[string]any{"roles": person.Roles, "groups": groups}))
	}
	fresh, err := r.newOrigins(ctx, person.ID, claims.From)
	if err != nil {
		return Person{}, err
	}
	if len(fresh) > 0 && decides(person.Roles) {
		news := claims.From.told()
		news["new"], news["roles"] = fresh, person.Roles
		events = append(events, about(elsewhere, nil, news))
	}
	return person, r.log(ctx, events...)
}

// turnAway writes down that somebody came whose groups give no role, and takes
// the roles that they had.
func (r records) turnAway(ctx context.Context, claims Claims, groups []string, requestID string) error {
	id, err := r.takeRoles(ctx, claims, groups)
	if err != nil {
		return err
	}
	after := claims.From.told()
	after["why"], after["groups"] = "no role", groups
	event := audit.Event{Actor: audit.Actor{PersonID: id, Name: claims.name(), RequestID: requestID}, Action: refused, ObjectType: "person", ObjectID: id, After: after}
	if id == 0 {
		event.ObjectType, event.ObjectID = signInsObject, shortened(claims.Subject, 200)
	}
	return r.log(ctx, event)
}

// Get returns a person; fault.NotFound when there is none.
func (s *Service) Get(ctx context.Context, id int64) (Person, error) { return s.store.get(ctx, id) }

// InSession returns the person of a session that began at the given time, and
// fault.Unauthorised when the session has been ended: by disabling the person,
// or by signing them out everywhere.
func (s *Service) InSession(ctx context.Context, id int64, began time.Time) (Person, error) {
	person, err := s.store.get(ctx, id)
	switch {
	case fault.Is(err, fault.NotFound):
		return Person{}, fault.New(fault.Unauthorised, "Please sign in.")
	case err != nil:
		return Person{}, err
	case !person.DisabledAt.IsZero(), !person.signedOut.IsZero() && !began.After(person.signedOut):
		return Person{}, fault.New(fault.Unauthorised, "Your session was ended. Please sign in.")
	}
	return person, nil
}

// List returns everybody, disabled people last.
func (s *Service) List(ctx context.Context) ([]Person, error) { return s.store.list(ctx) }

// GroupRoles returns the roles of all groups, by group.
func (s *Service) GroupRoles(ctx context.Context) ([]GroupRole, error) {
	return s.store.groupRoles(ctx)
}

// SeedGroupRoles gives groups their first roles. Once any group has a role it
// changes nothing: from then on people decide.
func (s *Service) SeedGroupRoles(ctx context.Context, pairs []GroupRole) error {
	if len(pairs) == 0 {
		return nil
	}
	return s.store.inTx(ctx, func(tx records) error {
		existing, err := tx.lockGroupRoles(ctx)
		if err != nil || existing > 0 {
			return err
		}
		byGroup := map[string][]Role{}
		for _, pair := range pairs {
			if !slices.Contains(byGroup[pair.Group], pair.Role) {
				byGroup[pair.Group] = append(byGroup[pair.Group], pair.Role)
			}
		}
		for group, roles := range byGroup {
			if _, err := tx.setGroupRoles(ctx, group, roles); err != nil {
				return err
			}
		}
		return tx.log(ctx, audit.Event{
			Actor: audit.Job("configuration"), Action: "gave first roles", ObjectType: "group_role", ObjectID: "all", After: pairs,
		})
	})
}

// SetGroupRoles decides which roles a group gives; none takes the group out.
// Its people have the new roles at once. The last group of administrators
// keeps its role (fault.Conflict).
func (s *Service) SetGroupRoles(ctx context.Context, actor audit.Actor, group string, roles []Role) error {
	group = strings.TrimSpace(group)
	if group == "" {
		return fault.InvalidFields(map[string]string{"group": "Type the group's name as the identity provider sends it."})
	}
	roles = ordered(names(roles))
	return s.store.inTx(ctx, func(tx records) error {
		if _, err := tx.lockGroupRoles(ctx); err != nil {
			return err
		}
		before, err := tx.rolesOfGroup(ctx, group)
		if err != nil || slices.Equal(before, roles) {
			return err
		}
		people, err := tx.setGroupRoles(ctx, group, roles)
		if err != nil {
			return err
		}
		if err := tx.keepAdministrators(ctx, before); err != nil {
			return err
		}
		return tx.log(ctx, audit.Event{
			Actor: actor, Action: "set the roles of a group", ObjectType: "group_role", ObjectID: group,
			Before: map[string]any{"roles": before}, After: map[string]any{"roles": roles, "people": people},
		})
	})
}

// Disable ends the person's sessions and refuses new ones. Nobody disables
// themselves (fault.Conflict).
func (s *Service) Disable(ctx context.Context, actor audit.Actor, id int64) error {
	if id == actor.PersonID {
		return fault.New(fault.Conflict, "You cannot disable yourself. Another administrator can.")
	}
	return s.change(ctx, actor, id, "disabled", func(tx records, p Person) error {
		if !p.DisabledAt.IsZero() {
			return fault.New(fault.Conflict, "%s is disabled already.", p.Name)
		}
		return tx.disable(ctx, id)
	})
}

// Enable lets a disabled person sign in again.
func (s *Service) Enable(ctx context.Context, actor audit.Actor, id int64) error {
	return s.change(ctx, actor, id, "enabled", func(tx records, p Person) error {
		if p.DisabledAt.IsZero() {
			return fault.New(fault.Conflict, "%s is not disabled.", p.Name)
		}
		return tx.enable(ctx, id)
	})
}

// SignOutEverywhere ends every session of the person.
func (s *Service) SignOutEverywhere(ctx context.Context, actor audit.Actor, id int64) error {
	return s.change(ctx, actor, id, "signed out everywhere", func(tx records, _ Person) error {
		return tx.signOut(ctx, id)
	})
}

// SetScope decides which connections a person sees, from their next request on.
// Only somebody who sees all of them decides it, and only where the database can
// hold it (fault.Conflict).
func (s *Service) SetScope(ctx context.Context, by Person, requestID string, id int64, scope Scope) error {
	if by.Scoped {
		return fault.New(fault.Forbidden, "You see some connections only. Somebody who sees all of them decides what others see.")
	}
	if !scope.Scoped {
		scope.Connections = nil
	}
	slices.Sort(scope.Connections)
	scope.Connections = slices.Compact(append([]int64{}, scope.Connections...))
	return s.store.inTx(ctx, func(tx records) error {
		holds, err := database.HoldsScopes(ctx, tx.tx)
		if err != nil {
			return err
		}
		if scope.Scoped && !holds {
			return fault.New(fault.Conflict, "Nothing would keep this person from other connections: the program owns its tables, or has no role for people who see some connections only. docs/install.md says how to give it one.")
		}
		person, err := tx.lock(ctx, id)
		if err != nil {
			return err
		}
		before, err := tx.scope(ctx, person, scope)
		if err != nil || before.Same(scope) {
			return err
		}
		return tx.log(ctx, audit.Event{Actor: by.Actor(requestID), Action: "set the connections of a person", ObjectType: "person", ObjectID: id, Before: before, After: scope})
	})
}

// SetPreferences keeps how the person wants pages shown.
func (s *Service) SetPreferences(ctx context.Context, id int64, preferences Preferences) error {
	if err := preferences.Validate(); err != nil {
		return err
	}
	return s.store.setPreferences(ctx, id, preferences)
}

func (s *Service) change(ctx context.Context, actor audit.Actor, id int64, action string, do func(records, Person) error) error {
	return s.store.inTx(ctx, func(tx records) error {
		person, err := tx.lock(ctx, id)
		if err != nil {
			return err
		}
		if err := do(tx, person); err != nil {
			return err
		}
		return tx.log(ctx, audit.Event{Actor: actor, Action: action, ObjectType: "person", ObjectID: id})
	})
}
