package alert_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/alert"
	"tieout/app/audit"
	"tieout/app/identity"
)

// door is who may come in, beside the alerts.
func (d *desk) door() *identity.Service {
	d.t.Helper()
	s := identity.New(identity.NewStore(d.pool, d.clock))
	require.NoError(d.t, s.SeedGroupRoles(d.t.Context(), []identity.GroupRole{{Group: "admins", Role: identity.Admin}, {Group: "controllers", Role: identity.Approver}, {Group: "books", Role: identity.Accountant}}))
	return s
}

func claims(name, browser string, groups ...string) identity.Claims {
	return identity.Claims{Issuer: "https://idp.example", Subject: name, Name: name, Groups: groups, From: identity.Origin{Browser: browser, Address: "192.0.2.7", Agent: "Firefox/145"}}
}

func TestWhoComesInAndFromWhereIsTold(t *testing.T) {
	t.Parallel()
	d := open(t)
	door := d.door()
	root, err := door.SignIn(t.Context(), claims("Root", "r", "admins"), "")
	require.NoError(t, err)
	d.channel(alert.SignIn)
	d.channel(alert.Job)
	require.Empty(t, d.heard(), "what was before the channel")

	carl, err := door.SignIn(t.Context(), claims("Carl", "c", "controllers"), "")
	require.NoError(t, err)
	_, err = door.SignIn(t.Context(), claims("Amy", "a", "books"), "")
	require.NoError(t, err)
	d.scan()
	d.send()
	require.Len(t, d.got, 1)
	item := d.got[0].items[0]
	require.Equal(t, "Carl (Approver) signed in from somewhere new", item.Title)
	require.Equal(t, "Not seen before: browser and address. Address: 192.0.2.7. Browser: Firefox/145.", item.Text)
	require.Equal(t, "https://tieout.example/admin/audit", item.Link)
	require.Equal(t, "sign_in", item.Occasion)
	d.got = nil
	require.Empty(t, d.heard(), "once")

	_, err = door.SignIn(t.Context(), claims("Mallory", "m", "kitchen"), "")
	require.Error(t, err)
	require.NoError(t, door.Disable(t.Context(), root.Actor(""), carl.ID))
	_, err = door.SignIn(t.Context(), claims("Carl", "c", "controllers"), "")
	require.Error(t, err)
	require.NoError(t, door.Enable(t.Context(), root.Actor(""), carl.ID))
	require.NoError(t, door.SetGroupRoles(t.Context(), root.Actor(""), "books", []identity.Role{identity.Accountant, identity.Approver}))
	for range 6 {
		require.NoError(t, door.SignInFailed(t.Context(), identity.Origin{Address: "203.0.113.9"}, "The state is unknown.", ""))
	}
	_, err = door.SignIn(t.Context(), claims("Carl", "c", "books"), "")
	require.NoError(t, err)
	d.exec(`UPDATE person SET scoped = true WHERE id = $1`, carl.ID)
	require.NoError(t, door.SetScope(t.Context(), root, "", carl.ID, identity.Scope{}))
	require.Equal(t, []string{
		"Mallory tried to sign in and has no role here",
		"Root disabled Carl",
		"Carl, who is disabled, tried to sign in",
		"Root enabled Carl",
		"Root changed the roles of the group books",
		"5 sign-ins from 203.0.113.9 failed within an hour",
		"The roles of Carl are others than before",
		"Root changed which connections Carl sees",
	}, d.heard())
	_, breaks, err := audit.Verify(t.Context(), d.pool)
	require.NoError(t, err)
	require.Empty(t, breaks)
}

func TestWhatNobodyWasToldForAWeekIsLeft(t *testing.T) {
	t.Parallel()
	d := open(t)
	door := d.door()
	d.channel(alert.SignIn)
	_, err := door.SignIn(t.Context(), claims("Carl", "c", "controllers"), "")
	require.NoError(t, err)
	d.clock.Advance(8 * 24 * time.Hour)
	require.Empty(t, d.heard())
}
