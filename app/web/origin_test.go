package web

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/identity"
)

// TestSignInsLeaveATrace signs an approver in and strangers not, and reads the
// audit log.
func TestSignInsLeaveATrace(t *testing.T) {
	t.Parallel()
	site, provider := withProvider(t, options{})
	require.NoError(t, site.Identity.SetGroupRoles(t.Context(), audit.Job("test"), "controllers", []identity.Role{identity.Approver}))
	provider.set(func(p *twisted) { p.claims["groups"] = []string{"controllers"} })
	told := func(action string) (n int) {
		t.Helper()
		require.NoError(t, site.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_event WHERE action = $1`, action).Scan(&n))
		return n
	}
	b := site.browser(t)
	for range 3 {
		last, _ := b.signIn("/sign-in/start?fresh=1")
		require.Equal(t, http.StatusSeeOther, last.StatusCode, last.body)
		b.post("/sign-out", nil)
	}
	require.Equal(t, 1, told("signed in from somewhere new"), "the browser is known after signing out too")
	site.browser(t).signIn("/sign-in/start")
	require.Equal(t, 2, told("signed in from somewhere new"))
	var name, stored string
	for _, cookie := range b.http.Jar.Cookies(site.public) {
		if cookie.Name == "tieout-browser" {
			name = cookie.Value
		}
	}
	require.NotEmpty(t, name)
	require.NoError(t, site.pool.QueryRow(t.Context(), `SELECT string_agg(value, ' ') FROM person_origin`).Scan(&stored))
	require.NotContains(t, stored, name, "the database holds what names a browser")
	require.Contains(t, stored, "127.0.0.1")

	for range 6 {
		require.Equal(t, http.StatusForbidden, site.browser(t).get("/sign-in/callback?code=x&state=y").StatusCode)
	}
	require.Equal(t, 1, told("sign-ins failed repeatedly"))
	provider.set(func(p *twisted) { p.claims["groups"], p.claims["sub"] = []string{"kitchen"}, "mallory" })
	last, _ := site.browser(t).signIn("/sign-in/start")
	require.Equal(t, http.StatusForbidden, last.StatusCode)
	require.Equal(t, 1, told("refused at sign-in"))
	provider.set(func(p *twisted) { p.down = true })
	require.Equal(t, http.StatusForbidden, site.browser(t).get("/sign-in/callback?code=x&state=y").StatusCode)
}
