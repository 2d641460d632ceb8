package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/sqlc"
)

// Store keeps people and the roles of groups in PostgreSQL.
type Store struct {
	pool  *pgxpool.Pool
	clock clock.Clock
}

// NewStore returns the Store in pool's database.
func NewStore(pool *pgxpool.Pool, clock clock.Clock) *Store { return &Store{pool, clock} }

// records is what can be done within one transaction.
type records struct {
	tx  *database.Tx
	now time.Time
	q   *sqlc.Queries
}

func (s *Store) inTx(ctx context.Context, do func(records) error) error {
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		return do(records{tx, tx.Now, sqlc.New(tx)})
	})
}

func (s *Store) get(ctx context.Context, id int64) (Person, error) {
	row, err := sqlc.New(s.pool).GetPerson(ctx, id)
	person, err := found(row, err, id)
	if err != nil || !person.Scoped {
		return person, err
	}
	person.Connections, err = connections(ctx, sqlc.New(s.pool), id)
	return person, err
}

func connections(ctx context.Context, q *sqlc.Queries, id int64) ([]int64, error) {
	list, err := q.ConnectionsOfPerson(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read connections of person %d: %w", id, err)
	}
	return list, nil
}

func (s *Store) list(ctx context.Context) ([]Person, error) {
	rows, err := sqlc.New(s.pool).ListPeople(ctx)
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	pairs, err := sqlc.New(s.pool).ConnectionsOfPeople(ctx)
	if err != nil {
		return nil, fmt.Errorf("read connections of people: %w", err)
	}
	seen := map[int64][]int64{}
	for _, p := range pairs {
		seen[p.PersonID] = append(seen[p.PersonID], p.ConnectionID)
	}
	people := make([]Person, len(rows))
	for i, row := range rows {
		people[i] = toPerson(row)
		people[i].Connections = seen[row.ID]
	}
	return people, nil
}

func (s *Store) groupRoles(ctx context.Context) ([]GroupRole, error) {
	rows, err := sqlc.New(s.pool).ListGroupRoles(ctx)
	if err != nil {
		return nil, fmt.Errorf("list roles of groups: %w", err)
	}
	pairs := make([]GroupRole, len(rows))
	for i, row := range rows {
		pairs[i] = GroupRole{row.GroupName, Role(row.Role)}
	}
	return pairs, nil
}

func (s *Store) setPreferences(ctx context.Context, id int64, p Preferences) error {
	err := sqlc.New(s.pool).SetPreferences(ctx, sqlc.SetPreferencesParams{ID: id, TimeZone: p.Zone, Theme: p.Theme, Negatives: p.Negatives})
	if err != nil {
		return fmt.Errorf("set preferences of person %d: %w", id, err)
	}
	return nil
}

// rolesOf returns the roles that groups give, while no group changes its roles.
func (r records) rolesOf(ctx context.Context, groups []string) ([]Role, error) {
	if err := r.q.LockGroupRoles(ctx); err != nil {
		return nil, fmt.Errorf("lock roles of groups: %w", err)
	}
	roles, err := r.q.RolesOfGroups(ctx, groups)
	if err != nil {
		return nil, fmt.Errorf("read roles of groups: %w", err)
	}
	return ordered(roles), nil
}

func (r records) upsert(ctx context.Context, c Claims, groups []string, roles []Role) (Person, error) {
	row, err := r.q.UpsertPerson(ctx, sqlc.UpsertPersonParams{
		Issuer: c.Issuer, Subject: c.Subject, Email: c.Email, Name: c.name(), Groups: groups, Roles: names(roles), SignedInAt: &r.now,
	})
	if err != nil {
		return Person{}, fmt.Errorf("write person: %w", err)
	}
	return toPerson(row), nil
}

// takeRoles returns the id of whom it took the roles from; 0: nobody here.
func (r records) takeRoles(ctx context.Context, c Claims, groups []string) (int64, error) {
	ids, err := r.q.TakeRoles(ctx, sqlc.TakeRolesParams{Issuer: c.Issuer, Subject: c.Subject, Groups: groups})
	if err != nil {
		return 0, fmt.Errorf("take roles of person: %w", err)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	return ids[0], nil
}

// rolesBefore returns the roles that somebody had until now; known is false of
// whoever was never here.
func (r records) rolesBefore(ctx context.Context, c Claims) (roles []Role, known bool, err error) {
	rows, err := r.q.RolesBefore(ctx, sqlc.RolesBeforeParams{Issuer: c.Issuer, Subject: c.Subject})
	if err != nil {
		return nil, false, fmt.Errorf("read roles of person: %w", err)
	}
	if len(rows) == 0 {
		return nil, false, nil
	}
	return ordered(rows[0]), true, nil
}

// origin remembers where a person signs in from; first: it was not known.
func (r records) origin(ctx context.Context, person int64, kind, value string) (first bool, err error) {
	if err := r.q.ForgetOrigins(ctx, sqlc.ForgetOriginsParams{PersonID: person, Before: r.now.Add(-keepsOrigins)}); err != nil {
		return false, fmt.Errorf("forget origins of person %d: %w", person, err)
	}
	added, err := r.q.AddOrigin(ctx, sqlc.AddOriginParams{PersonID: person, Kind: kind, Value: value, At: r.now})
	if err != nil {
		return false, fmt.Errorf("note origin of person %d: %w", person, err)
	}
	if added > 0 {
		return true, nil
	}
	if err := r.q.SeeOrigin(ctx, sqlc.SeeOriginParams{PersonID: person, Kind: kind, Value: value, At: r.now}); err != nil {
		return false, fmt.Errorf("note origin of person %d: %w", person, err)
	}
	return false, nil
}

// countFailure returns how many sign-ins from an address failed within the hour.
func (r records) countFailure(ctx context.Context, address string) (int32, error) {
	tries, err := r.q.CountFailedSignIn(ctx, sqlc.CountFailedSignInParams{Address: address, Hour: r.now.Truncate(time.Hour), Before: r.now.Add(-keepsFailures)})
	if err != nil {
		return 0, fmt.Errorf("count failed sign-in: %w", err)
	}
	return tries, nil
}

// lockGroupRoles keeps sign-ins and other changes out until the transaction
// ends and returns how many roles groups have.
func (r records) lockGroupRoles(ctx context.Context) (int64, error) {
	if err := r.q.LockGroupRolesToChange(ctx); err != nil {
		return 0, fmt.Errorf("lock roles of groups: %w", err)
	}
	n, err := r.q.CountGroupRoles(ctx)
	if err != nil {
		return 0, fmt.Errorf("count roles of groups: %w", err)
	}
	return n, nil
}

func (r records) rolesOfGroup(ctx context.Context, group string) ([]Role, error) {
	roles, err := r.q.RolesOfGroup(ctx, group)
	if err != nil {
		return nil, fmt.Errorf("read roles of group: %w", err)
	}
	return ordered(roles), nil
}

// setGroupRoles returns how many people the change concerns.
func (r records) setGroupRoles(ctx context.Context, group string, roles []Role) (int64, error) {
	if err := r.q.RemoveGroupRoles(ctx, group); err != nil {
		return 0, fmt.Errorf("remove roles of group: %w", err)
	}
	for _, role := range roles {
		if err := r.q.AddGroupRole(ctx, sqlc.AddGroupRoleParams{GroupName: group, Role: string(role)}); err != nil {
			return 0, fmt.Errorf("add role of group: %w", err)
		}
	}
	people, err := r.q.RefreshRolesOfGroup(ctx, group)
	if err != nil {
		return 0, fmt.Errorf("refresh roles of the group's people: %w", err)
	}
	return people, nil
}

// keepAdministrators refuses a change after which no group could manage people.
func (r records) keepAdministrators(ctx context.Context, before []Role) error {
	if !slices.Contains(before, Admin) {
		return nil
	}
	n, err := r.q.CountGroupsWithRole(ctx, string(Admin))
	if err != nil {
		return fmt.Errorf("count groups of administrators: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Conflict, "This is the only group of administrators. Give another group the role first.")
	}
	return nil
}

func (r records) lock(ctx context.Context, id int64) (Person, error) {
	row, err := r.q.LockPerson(ctx, id)
	return found(row, err, id)
}

func (r records) disable(ctx context.Context, id int64) error {
	if err := r.q.DisablePerson(ctx, sqlc.DisablePersonParams{ID: id, At: &r.now}); err != nil {
		return fmt.Errorf("disable person %d: %w", id, err)
	}
	return nil
}

func (r records) enable(ctx context.Context, id int64) error {
	if err := r.q.EnablePerson(ctx, id); err != nil {
		return fmt.Errorf("enable person %d: %w", id, err)
	}
	return nil
}

func (r records) signOut(ctx context.Context, id int64) error {
	if err := r.q.SignOutPerson(ctx, sqlc.SignOutPersonParams{ID: id, At: &r.now}); err != nil {
		return fmt.Errorf("sign person %d out: %w", id, err)
	}
	return nil
}

// scope makes a person see what it says, and returns what they saw before.
func (r records) scope(ctx context.Context, p Person, now Scope) (before Scope, err error) {
	before.Scoped = p.Scoped
	if before.Connections, err = connections(ctx, r.q, p.ID); err != nil {
		return before, err
	}
	if err := r.q.ScopePerson(ctx, sqlc.ScopePersonParams{ID: p.ID, Scoped: now.Scoped}); err != nil {
		return before, fmt.Errorf("scope person %d: %w", p.ID, err)
	}
	if err := r.q.RemoveConnectionsOfPerson(ctx, p.ID); err != nil {
		return before, fmt.Errorf("remove connections of person %d: %w", p.ID, err)
	}
	if err := r.q.AddConnectionsOfPerson(ctx, sqlc.AddConnectionsOfPersonParams{PersonID: p.ID, Connections: now.Connections}); err != nil {
		return before, database.Translate(fmt.Errorf("add connections of person %d: %w", p.ID, err))
	}
	return before, nil
}

func (r records) log(ctx context.Context, events ...audit.Event) error {
	return audit.Write(ctx, r.tx, events...)
}

func found(row sqlc.Person, err error, id int64) (Person, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return Person{}, fault.New(fault.NotFound, "There is no person %d.", id)
	}
	if err != nil {
		return Person{}, fmt.Errorf("read person %d: %w", id, err)
	}
	return toPerson(row), nil
}

func toPerson(row sqlc.Person) Person {
	return Person{
		ID: row.ID, Issuer: row.Issuer, Subject: row.Subject, Email: row.Email, Name: row.Name,
		Roles: ordered(row.Roles), Groups: row.Groups, CreatedAt: row.CreatedAt.UTC(),
		Scope: Scope{Scoped: row.Scoped}, SignedInAt: orZero(row.SignedInAt), DisabledAt: orZero(row.DisabledAt), signedOut: orZero(row.SignedOutAt),
		Preferences: Preferences{Zone: row.TimeZone, Theme: row.Theme, Negatives: row.Negatives},
	}
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
