package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/identity"
)

// from is where a browser is.
func from(browser, address string) identity.Origin {
	return identity.Origin{Browser: browser, Address: address, Agent: "Firefox/145"}
}

// come signs somebody in from a place.
func come(t *testing.T, b bundle, c identity.Claims, from identity.Origin) {
	t.Helper()
	c.From = from
	_, err := b.SignIn(t.Context(), c, "")
	require.NoError(t, err)
}

func count(t *testing.T, b bundle, action string) (n int) {
	t.Helper()
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_event WHERE action = $1`, action).Scan(&n))
	return n
}

func TestWhoDecidesIsWatchedForNewPlaces(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const elsewhere = "signed in from somewhere new"
	come(t, b, ada("approvers"), from("one", "192.0.2.1"))
	require.Equal(t, 1, count(t, b, elsewhere), "the first sign-in")
	for range 2 {
		b.clock.Advance(time.Hour)
		come(t, b, ada("approvers"), from("one", "192.0.2.1"))
	}
	require.Equal(t, 1, count(t, b, elsewhere), "known by now")
	come(t, b, ada("approvers"), from("one", "192.0.2.2"))
	come(t, b, ada("approvers"), from("two", "192.0.2.1"))
	require.Equal(t, 3, count(t, b, elsewhere))
	var news string
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT after::text FROM audit_event WHERE action = $1 ORDER BY seq DESC LIMIT 1`, elsewhere).Scan(&news))
	require.JSONEq(t, `{"new": ["browser"], "address": "192.0.2.1", "browser": "Firefox/145", "roles": ["approver"]}`, news)
	b.clock.Advance(401 * 24 * time.Hour)
	come(t, b, ada("approvers"), from("one", "192.0.2.1"))
	require.Equal(t, 4, count(t, b, elsewhere), "what was not seen for so long is new again")

	clerk := identity.Claims{Issuer: "https://idp.example", Subject: "2", Name: "Bert", Groups: []string{"accountants"}}
	come(t, b, clerk, from("three", "192.0.2.3"))
	require.Equal(t, 4, count(t, b, elsewhere), "somebody who decides nothing")
	clerk.Groups = []string{"admins"}
	come(t, b, clerk, from("three", "192.0.2.3"))
	require.Equal(t, 4, count(t, b, elsewhere), "the place is known from before")
	come(t, b, clerk, identity.Origin{})
	require.Equal(t, 4, count(t, b, elsewhere), "nothing is known of where")
	_, breaks, err := audit.Verify(t.Context(), b.pool)
	require.NoError(t, err)
	require.Empty(t, breaks)
}

func TestOtherRolesThanBeforeAreWrittenDown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const changed = "roles changed at sign-in"
	come(t, b, ada("accountants"), identity.Origin{})
	come(t, b, ada("accountants", "kitchen"), identity.Origin{})
	require.Zero(t, count(t, b, changed))
	come(t, b, ada("accountants", "approvers"), identity.Origin{})
	require.Equal(t, 1, count(t, b, changed))
	_, err := b.SignIn(t.Context(), ada("kitchen"), "")
	require.Error(t, err)
	come(t, b, ada("accountants"), identity.Origin{})
	require.Equal(t, 2, count(t, b, changed), "from none")
}

func TestWhoIsTurnedAwayIsWrittenDown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stranger := identity.Claims{Issuer: "https://idp.example", Subject: strings.Repeat("x", 500), Name: "Mallory", Groups: []string{"kitchen"}, From: from("one", "192.0.2.9")}
	_, err := b.SignIn(t.Context(), stranger, "r")
	require.Error(t, err)
	var actor, object, id, after string
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT actor, object_type, object_id, after::text FROM audit_event WHERE action = 'refused at sign-in'`).Scan(&actor, &object, &id, &after))
	require.Equal(t, "Mallory sign_in", actor+" "+object)
	require.LessOrEqual(t, len([]rune(id)), 201)
	require.JSONEq(t, `{"why": "no role", "groups": ["kitchen"], "address": "192.0.2.9", "browser": "Firefox/145"}`, after)
}

func TestTheFifthFailureWithinAnHourIsWrittenDownOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fail := func(address string, times int) {
		for range times {
			require.NoError(t, b.SignInFailed(t.Context(), from("", address), "The state is unknown.", "r"))
		}
	}
	const often = "sign-ins failed repeatedly"
	fail("192.0.2.1", 4)
	fail("192.0.2.2", 4)
	require.Zero(t, count(t, b, often))
	fail("192.0.2.1", 7)
	require.Equal(t, 1, count(t, b, often))
	b.clock.Advance(time.Hour)
	fail("192.0.2.1", 4)
	require.Equal(t, 1, count(t, b, often), "another hour")
	fail("192.0.2.1", 1)
	require.Equal(t, 2, count(t, b, often))
	b.clock.Advance(40 * 24 * time.Hour)
	fail("192.0.2.1", 1)
	var rows int
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT count(*) FROM failed_sign_in`).Scan(&rows))
	require.Equal(t, 1, rows, "what was counted long ago is swept out")
}
