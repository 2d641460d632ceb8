package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/fault"
	"tieout/app/identity"
)

// TestEveryRouteAdmitsExactlyThoseWithItsPermission walks the table itself, so
// that a new route is covered by being in it.
func TestEveryRouteAdmitsExactlyThoseWithItsPermission(t *testing.T) {
	t.Parallel()
	walk(t, open(t, options{}))
}

func walk(t *testing.T, site *site) {
	t.Helper()
	people := map[string]*browser{}
	for _, role := range identity.AllRoles() {
		people[string(role)] = site.as(t, role)
	}
	nobody := site.browser(t)
	for _, route := range site.routes() {
		method := route.Method
		if method == Anything {
			method = GET
		}
		path := example(route.Path)
		name := method + " " + path

		answer := nobody.send(method, path, "")
		asked := answer.StatusCode == http.StatusSeeOther && strings.HasPrefix(answer.to(), signInPath)
		require.Equal(t, route.Needs != everyone && route.Needs != machine, asked, "%s for nobody: %s", name, answer.Status)
		if route.Needs == everyone || route.Needs == machine {
			continue
		}
		for role, b := range people {
			answer := b.send(method, path, "")
			admitted := route.Needs == signedIn || identity.Role(role).Can(route.Needs)
			require.Equal(t, !admitted, answer.StatusCode == http.StatusForbidden, "%s as %s: %s", name, role, answer.Status)
			require.Less(t, answer.StatusCode, 500, "%s as %s: %s\n%s", name, role, answer.Status, answer.body)
			require.False(t, strings.HasPrefix(answer.to(), signInPath), "%s as %s leads to signing in", name, role)
		}
	}
}

// example fills a route's parameters.
func example(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, ":") {
			parts[i] = "999999999"
		}
		if part == "*" {
			parts[i] = "x"
		}
	}
	return strings.Join(parts, "/")
}

func TestOnlyTheseRoutesAreOpenToEverybody(t *testing.T) {
	t.Parallel()
	var open []string
	for _, route := range (&server{}).routes() {
		if route.Needs == everyone || route.Needs == machine {
			open = append(open, route.Method+" "+route.Path)
		}
	}
	require.Equal(t, []string{
		"GET /healthz", "GET /readyz", "GET /metrics", "GET /static/*",
		"GET /sign-in", "GET /sign-in/start", "GET /sign-in/callback", "POST /sign-out", "GET /signed-out",
	}, open)
}

func TestARouteMustSayWhoMayUseIt(t *testing.T) {
	t.Parallel()
	site := open(t, options{})
	nothing := func(*request) error { return nil }
	require.ErrorContains(t, site.register([]Route{{GET, "/x", "", nothing, 0}}), "GET /x says nothing about who may use it")
	require.ErrorContains(t, site.register([]Route{{GET, "/x", everyone, nil, 0}}), "no handler")
	require.ErrorContains(t, site.register([]Route{{GET, "/x", everyone, nothing, 0}, {GET, "/x", signedIn, nothing, 0}}), "twice")
}

func TestARefusalSaysWhichRolesMay(t *testing.T) {
	t.Parallel()
	err := admit(identity.ApproveEntries, &identity.Person{Roles: []identity.Role{identity.Accountant}})
	require.Equal(t, fault.Forbidden, fault.CodeOf(err))
	require.Equal(t, "You may not approve entries. These roles may: Approver.", fault.MessageOf(err))
}

func TestSomebodyWhoLostEveryRoleMayOnlyLeave(t *testing.T) {
	t.Parallel()
	site := open(t, options{})
	b := site.as(t, identity.Ops)
	require.NoError(t, site.Identity.SetGroupRoles(t.Context(), audit.Job("test"), "group of ops", nil))
	require.Equal(t, http.StatusForbidden, b.get("/tasks/1/events").StatusCode)
	require.Equal(t, signedOutPath, b.post("/sign-out", nil).to())
}

// TestWhatStandsInAPathIsTheTextItWasMadeOf opens addresses of every odd name that
// a SKU or an order can have, and of what is no text.
func TestWhatStandsInAPathIsTheTextItWasMadeOf(t *testing.T) {
	t.Parallel()
	b := open(t, options{routes: func(s *server) []Route {
		return append(pages(s), Route{GET, "/named/:name/end", signedIn, func(r *request) error { return r.String(http.StatusOK, r.Param("name")) }, 0})
	}}).as(t, identity.Viewer)
	for _, name := range []string{"A-1", "50% off", "50%off", "%2F", "a/b", "a b+c", "a?b#c&d", "Größe Ø", "100%", "..", "日本/%", `"<'>`, ";", "a\\b"} {
		answer := b.get("/named/" + url.PathEscape(name) + "/end")
		require.Equal(t, http.StatusOK, answer.StatusCode, name)
		require.Equal(t, name, answer.body)
	}
	for _, path := range []string{"/named/%A3%FC6%D9%25%2F/end", "/named/%A3/end", "/named/a%00b%2F/end"} {
		answer := b.get(path)
		require.Equal(t, http.StatusUnprocessableEntity, answer.StatusCode, path)
		require.Contains(t, answer.body, "bytes that are no text")
	}
}
