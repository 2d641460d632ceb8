package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/static"
)

// Methods of routes. Anything is for handlers that route by themselves.
const (
	GET      = http.MethodGet
	POST     = http.MethodPost
	Anything = "*"
)

// What a route may need besides a permission.
const (
	everyone identity.Permission = "everyone" // people who are not signed in too
	signedIn identity.Permission = "signed in"
	machine  identity.Permission = "machine" // other programs: no session is read
)

// handler answers one request.
type handler func(*request) error

// Route is one entry of the table.
type Route struct {
	Method string
	Path   string
	Needs  identity.Permission // never empty
	Handle handler
	Body   int64 // bytes that a request may send; 0 is 1 MiB
}

const usualBody = 1 << 20

// whole reports whether a route is about every connection, so that it is for
// nobody who sees some of them only.
func (r Route) whole() bool {
	switch r.Path {
	case "/admin/connections/new", "/admin/audit/verify", scopePath, jobsPath, jobsPath + "/*":
		return true
	}
	return false
}

// routes is the table of everything that can be asked for.
func (s *server) routes() []Route {
	return slices.Concat(
		[]Route{
			{GET, "/healthz", machine, s.healthz, 0},
			{GET, "/readyz", machine, s.readyz, 0},
			{GET, "/metrics", machine, s.metricsShow, 0},
			{GET, static.Prefix + "*", machine, s.staticFile, 0},

			{GET, signInPath, everyone, s.signInPage, 0},
			{GET, startPath, everyone, s.signInStart, 0},
			{GET, callbackPath, everyone, s.signInCallback, 0},
			{POST, "/sign-out", everyone, s.signOut, 0},
			{GET, signedOutPath, everyone, s.signedOutPage, 0},

			{GET, "/preferences", signedIn, s.preferencesPage, 0},
			{POST, "/preferences", signedIn, s.preferencesSave, 0},
			{POST, "/preferences/theme", signedIn, s.themeSave, 0},
		},
		s.settlementRoutes(),
		s.listRoutes(),
		s.exportRoutes(),
		s.adminRoutes(),
		s.alertRoutes(),
		s.ruleRoutes(),
		s.entryRoutes(),
		s.exceptionRoutes(),
		s.flowRoutes(),
		s.productRoutes(), s.receivableRoutes(), s.refundRoutes(), s.financeRoutes(), s.revaluationRoutes(), s.feeRoutes(), s.costRoutes(), s.reimbursementRoutes(), s.reconciliationRoutes(), s.depositRoutes(),
		s.closeRoutes(),
		s.taskRoutes(),
		s.jobRoutes(),
	)
}

func (s *server) taskRoutes() []Route {
	if s.Tasks == nil {
		return nil
	}
	return []Route{{GET, "/tasks/:id/events", identity.ViewBooks, s.taskEvents, 0}}
}

func (s *server) jobRoutes() []Route {
	if s.Jobs == nil {
		return nil
	}
	return []Route{
		{Anything, jobsPath, identity.ManageJobs, s.jobScreens, 0},
		{Anything, jobsPath + "/*", identity.ManageJobs, s.jobScreens, 0},
	}
}

// register adds the routes to the router. A route without a permission, or a
// second one for the same method and path, stops the program's start.
func (s *server) register(routes []Route) error {
	taken := map[string]bool{}
	for _, route := range routes {
		name := route.Method + " " + route.Path
		switch {
		case route.Needs == "":
			return fmt.Errorf("route %s says nothing about who may use it", name)
		case route.Handle == nil:
			return fmt.Errorf("route %s has no handler", name)
		case taken[name]:
			return fmt.Errorf("route %s is there twice", name)
		}
		taken[name] = true
		if route.Needs == machine {
			s.machine[strings.TrimSuffix(route.Path, "*")] = true
		}
		if route.Method == Anything {
			s.echo.Any(route.Path, s.serve(route))
			continue
		}
		s.echo.Add(route.Method, route.Path, s.serve(route))
		if route.Method == GET {
			s.echo.Add(http.MethodHead, route.Path, s.serve(route))
		}
	}
	return nil
}

// serve admits the person and hands the request to the route's handler.
func (s *server) serve(route Route) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := &request{Context: c, server: s, visit: visitOf(c.Request().Context())}
		r.route = route.Path
		if route.Needs != machine {
			if err := s.identify(r); err != nil {
				return err
			}
		}
		if err := s.pace(r, route); err != nil {
			return err
		}
		if err := admit(route.Needs, r.visit.person); err != nil {
			return err
		}
		if r.person.Scoped && route.whole() {
			return fault.New(fault.Forbidden, "This is about every connection, and you see some of them only. Somebody who sees all of them can do it.")
		}
		if err := plainParams(c); err != nil {
			return err
		}
		if !readable(c.ParamValues()) || !allReadable(c.QueryParams()) {
			return fault.New(fault.Invalid, "The address holds bytes that are no text.")
		}
		limit := route.Body
		if limit == 0 {
			limit = usualBody
		}
		if c.Request().ContentLength > limit {
			return &http.MaxBytesError{Limit: limit}
		}
		c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, limit)
		if route.heavy() {
			return s.inTurn(r, route.Handle)
		}
		return route.Handle(r)
	}
}

// plainParams makes texts of what stands in the path. The router leaves it
// escaped where the address has a form of its own, as one with %2F has.
func plainParams(c echo.Context) error {
	if c.Request().URL.RawPath == "" {
		return nil
	}
	values := slices.Clone(c.ParamValues())
	for i, value := range values {
		plain, err := url.PathUnescape(value)
		if err != nil {
			return fault.Wrap(err, fault.NotFound, "There is no such page.")
		}
		values[i] = plain
	}
	c.SetParamValues(values...)
	return nil
}

// admit decides whether somebody, or nobody, may use a route.
func admit(needs identity.Permission, person *identity.Person) error {
	switch {
	case needs == machine, needs == everyone:
		return nil
	case person == nil:
		return fault.New(fault.Unauthorised, "Please sign in.")
	case needs == signedIn, person.Can(needs):
		return nil
	}
	var titles []string
	for _, role := range identity.RolesWith(needs) {
		titles = append(titles, role.Title())
	}
	return fault.New(fault.Forbidden, "You may not %s. These roles may: %s.", needs, strings.Join(titles, ", "))
}
