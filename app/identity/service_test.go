package identity_test

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/database/dbtest"
	"tieout/app/fault"
	"tieout/app/identity"
)

type bundle struct {
	*identity.Service
	pool  *pgxpool.Pool
	clock *clock.Fixed
}

// setup maps one group to each role: "viewers", "accountants", ...
func setup(t *testing.T) bundle {
	t.Helper()
	pool := dbtest.New(t)
	now := clock.NewFixed(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	b := bundle{identity.New(identity.NewStore(pool, now)), pool, now}
	var pairs []identity.GroupRole
	for _, role := range identity.AllRoles() {
		pairs = append(pairs, identity.GroupRole{Group: string(role) + "s", Role: role})
	}
	require.NoError(t, b.SeedGroupRoles(t.Context(), pairs))
	return b
}

func ada(groups ...string) identity.Claims {
	return identity.Claims{Issuer: "https://idp.example", Subject: "1", Email: "ada@example.com", Name: "Ada", Groups: groups}
}

func admin(t *testing.T, b bundle) identity.Person {
	t.Helper()
	p, err := b.SignIn(t.Context(), identity.Claims{Issuer: "https://idp.example", Subject: "admin", Name: "Root", Groups: []string{"admins"}}, "r")
	require.NoError(t, err)
	return p
}

// events returns who did what, oldest first.
func events(t *testing.T, b bundle) []string {
	t.Helper()
	rows, err := b.pool.Query(t.Context(), `SELECT actor || ' ' || action FROM audit_event ORDER BY seq`)
	require.NoError(t, err)
	defer rows.Close()
	var list []string
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		list = append(list, text)
	}
	require.NoError(t, rows.Err())
	return list
}

func TestSigningInCreatesThePersonWithTheRolesOfTheirGroups(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, err := b.SignIn(t.Context(), ada("approvers", "accountants", "strangers", "", "approvers"), "req-1")
	require.NoError(t, err)
	require.Equal(t, []identity.Role{identity.Accountant, identity.Approver}, p.Roles)
	require.Equal(t, []string{"accountants", "approvers", "strangers"}, p.Groups)
	require.Equal(t, "Ada", p.Name)
	require.Equal(t, b.clock.Now(), p.SignedInAt)
	require.Equal(t, []string{"configuration gave first roles", "Ada signed in"}, events(t, b))
}

func TestRolesAreDecidedAnewAtEverySignIn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, err := b.SignIn(t.Context(), ada("accountants"), "")
	require.NoError(t, err)

	claims := ada("viewers")
	claims.Name, claims.Email = "Ada Nyström", "nystrom@example.com"
	second, err := b.SignIn(t.Context(), claims, "")
	require.NoError(t, err)
	require.Equal(t, first.ID, second.ID)
	require.Equal(t, []identity.Role{identity.Viewer}, second.Roles)
	require.Equal(t, "Ada Nyström", second.Name)
	require.Equal(t, "nystrom@example.com", second.Email)
}

func TestTheSameSubjectOfAnotherProviderIsAnotherPerson(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, err := b.SignIn(t.Context(), ada("viewers"), "")
	require.NoError(t, err)
	claims := ada("viewers")
	claims.Issuer = "https://other.example"
	second, err := b.SignIn(t.Context(), claims, "")
	require.NoError(t, err)
	require.NotEqual(t, first.ID, second.ID)
}

func TestSomebodyWithoutARoleIsRefusedAndToldTheirGroups(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.SignIn(t.Context(), ada("interns", "kitchen"), "")
	require.Equal(t, fault.Forbidden, fault.CodeOf(err))
	require.Contains(t, fault.MessageOf(err), "interns, kitchen")

	_, err = b.SignIn(t.Context(), ada(), "")
	require.Contains(t, fault.MessageOf(err), "no groups")

	people, err := b.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, people)
}

func TestSomebodyWhoLostTheirGroupsLosesTheirRoles(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, err := b.SignIn(t.Context(), ada("approvers"), "")
	require.NoError(t, err)
	_, err = b.SignIn(t.Context(), ada("kitchen"), "")
	require.Equal(t, fault.Forbidden, fault.CodeOf(err))

	p, err = b.InSession(t.Context(), p.ID, b.clock.Now())
	require.NoError(t, err)
	require.Empty(t, p.Roles, "another session of the person still has the old roles")
}

func TestChangingTheRolesOfAGroupChangesItsPeopleAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	root := admin(t, b)
	p, err := b.SignIn(t.Context(), ada("viewers", "accountants"), "")
	require.NoError(t, err)

	require.NoError(t, b.SetGroupRoles(t.Context(), root.Actor("r"), "accountants", []identity.Role{identity.Approver, identity.Ops, identity.Ops}))
	p, err = b.Get(t.Context(), p.ID)
	require.NoError(t, err)
	require.Equal(t, []identity.Role{identity.Viewer, identity.Ops, identity.Approver}, p.Roles)

	require.NoError(t, b.SetGroupRoles(t.Context(), root.Actor("r"), "accountants", nil))
	p, err = b.Get(t.Context(), p.ID)
	require.NoError(t, err)
	require.Equal(t, []identity.Role{identity.Viewer}, p.Roles)

	require.Equal(t, fault.Invalid, fault.CodeOf(b.SetGroupRoles(t.Context(), root.Actor("r"), " ", nil)))
	require.Contains(t, events(t, b), "Root set the roles of a group")
}

func TestTheLastAdministratorsKeepTheirRole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	root := admin(t, b)
	err := b.SetGroupRoles(t.Context(), root.Actor(""), "admins", nil)
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.NoError(t, b.SetGroupRoles(t.Context(), root.Actor(""), "owners", []identity.Role{identity.Admin}))
	require.NoError(t, b.SetGroupRoles(t.Context(), root.Actor(""), "admins", nil))
}

func TestFirstRolesAreGivenOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	before, err := b.GroupRoles(t.Context())
	require.NoError(t, err)
	require.Len(t, before, 6)
	require.NoError(t, b.SeedGroupRoles(t.Context(), []identity.GroupRole{{Group: "intruders", Role: identity.Admin}}))
	after, err := b.GroupRoles(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestDisablingEndsSessionsAndRefusesNewOnes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	root := admin(t, b)
	p, err := b.SignIn(t.Context(), ada("approvers"), "")
	require.NoError(t, err)
	began := b.clock.Now()
	_, err = b.InSession(t.Context(), p.ID, began)
	require.NoError(t, err)

	b.clock.Advance(time.Minute)
	require.NoError(t, b.Disable(t.Context(), root.Actor(""), p.ID))
	_, err = b.InSession(t.Context(), p.ID, began)
	require.Equal(t, fault.Unauthorised, fault.CodeOf(err))
	_, err = b.SignIn(t.Context(), ada("approvers"), "")
	require.Equal(t, fault.Forbidden, fault.CodeOf(err))
	p, err = b.Get(t.Context(), p.ID)
	require.NoError(t, err)
	require.False(t, p.Can(identity.ApproveEntries))

	require.NoError(t, b.Enable(t.Context(), root.Actor(""), p.ID))
	_, err = b.InSession(t.Context(), p.ID, began)
	require.Equal(t, fault.Unauthorised, fault.CodeOf(err), "the old session lives again")
	b.clock.Advance(time.Minute)
	_, err = b.SignIn(t.Context(), ada("approvers"), "")
	require.NoError(t, err)
	_, err = b.InSession(t.Context(), p.ID, b.clock.Now())
	require.NoError(t, err)

	require.Equal(t, []string{"configuration gave first roles", "Root signed in", "Ada signed in", "Root disabled", "Ada refused at sign-in",
		"Root enabled", "Ada signed in"}, events(t, b))
}

func TestDisablingRefusesOneself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	root := admin(t, b)
	require.Equal(t, fault.Conflict, fault.CodeOf(b.Disable(t.Context(), root.Actor(""), root.ID)))
	require.Equal(t, fault.NotFound, fault.CodeOf(b.Disable(t.Context(), root.Actor(""), root.ID+100)))
	require.Equal(t, fault.Conflict, fault.CodeOf(b.Enable(t.Context(), root.Actor(""), root.ID)))
}

func TestSigningOutEverywhereEndsEverySession(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, err := b.SignIn(t.Context(), ada("viewers"), "")
	require.NoError(t, err)
	began := b.clock.Now()
	b.clock.Advance(time.Second)
	require.NoError(t, b.SignOutEverywhere(t.Context(), p.Actor(""), p.ID))
	_, err = b.InSession(t.Context(), p.ID, began)
	require.Equal(t, fault.Unauthorised, fault.CodeOf(err))
	_, err = b.InSession(t.Context(), p.ID, b.clock.Now().Add(time.Second))
	require.NoError(t, err)
	_, err = b.InSession(t.Context(), p.ID+100, began)
	require.Equal(t, fault.Unauthorised, fault.CodeOf(err))
}

func TestPreferencesAreCheckedAndKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, err := b.SignIn(t.Context(), ada("viewers"), "")
	require.NoError(t, err)
	require.Equal(t, identity.Preferences{Zone: "UTC", Theme: "system", Negatives: "minus"}, p.Preferences)

	wanted := identity.Preferences{Zone: "America/Chicago", Theme: "dark", Negatives: "parentheses"}
	require.NoError(t, b.SetPreferences(t.Context(), p.ID, wanted))
	p, err = b.SignIn(t.Context(), ada("viewers"), "")
	require.NoError(t, err)
	require.Equal(t, wanted, p.Preferences)
	require.Equal(t, "America/Chicago", p.Location().String())

	err = b.SetPreferences(t.Context(), p.ID, identity.Preferences{Zone: "Mars", Theme: "pink", Negatives: "red"})
	require.Len(t, fault.FieldsOf(err), 3)
}

func TestASignInDuringAChangeOfRolesEndsWithTheNewOnes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	root := admin(t, b)
	p, err := b.SignIn(t.Context(), ada("accountants"), "")
	require.NoError(t, err)

	var work sync.WaitGroup
	for i := range 8 {
		work.Go(func() {
			if i == 4 {
				require.NoError(t, b.SetGroupRoles(t.Context(), root.Actor(""), "accountants", []identity.Role{identity.Viewer}))
				return
			}
			_, err := b.SignIn(t.Context(), ada("accountants"), "")
			require.NoError(t, err)
		})
	}
	work.Wait()
	p, err = b.Get(t.Context(), p.ID)
	require.NoError(t, err)
	require.Equal(t, []identity.Role{identity.Viewer}, p.Roles)
	_, breaks, err := audit.Verify(t.Context(), b.pool)
	require.NoError(t, err)
	require.Empty(t, breaks)
}

func TestOnlyWhoSeesEveryConnectionDecidesWhatOthersSee(t *testing.T) {
	t.Parallel()
	pool, err := database.Open(t.Context(), dbtest.Program(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	now := clock.NewFixed(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	b := bundle{identity.New(identity.NewStore(pool, now)), pool, now}
	require.NoError(t, b.SeedGroupRoles(t.Context(), []identity.GroupRole{{Group: "admins", Role: identity.Admin}}))
	root := admin(t, b)
	ada, err := b.SignIn(t.Context(), ada("admins"), "r")
	require.NoError(t, err)
	require.Equal(t, fault.Invalid, fault.CodeOf(b.SetScope(t.Context(), root, "r", ada.ID, identity.Scope{Scoped: true, Connections: []int64{9}})), "there is no such connection")
	for range 2 { // the second time changes nothing
		require.NoError(t, b.SetScope(t.Context(), root, "r", ada.ID, identity.Scope{Scoped: true}))
	}
	ada, err = b.InSession(t.Context(), ada.ID, now.Now())
	require.NoError(t, err)
	require.True(t, ada.Scoped)
	require.Equal(t, fault.Forbidden, fault.CodeOf(b.SetScope(ada.Context(t.Context()), ada, "r", ada.ID, identity.Scope{})))
	require.NoError(t, b.SetScope(t.Context(), root, "r", ada.ID, identity.Scope{Connections: []int64{9}}))
	ada, err = b.Get(t.Context(), ada.ID)
	require.NoError(t, err)
	require.Equal(t, identity.Scope{}, ada.Scope)
	var set int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_event WHERE action = 'set the connections of a person'`).Scan(&set))
	require.Equal(t, 2, set)
}

func TestNobodyIsScopedWhereNothingHoldsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	root := admin(t, b)
	err := b.SetScope(t.Context(), root, "r", root.ID, identity.Scope{Scoped: true})
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.ErrorContains(t, err, "docs/install.md")
	require.NoError(t, b.SetScope(t.Context(), root, "r", root.ID, identity.Scope{}))
}
