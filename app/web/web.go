// Package web serves the screens: routes, sign-in, sessions, errors, and one
// handler per page action, each in a file of its own.
//
// # Writing a page
//
// A handler is a method of *server that takes a *request and returns an error.
// It stands in the table of route.go with the permission it needs; a test walks
// that table with every role, so a new route is covered by being in it.
//
// A GET handler reads its parameters, asks a service, and shows a view:
//
//	// settlementShow shows one settlement.
//	func (s *server) settlementShow(r *request) error {
//		id, err := r.pathID("id")
//		if err != nil {
//			return err
//		}
//		settlement, err := s.Settlements.Get(r.ctx(), id)
//		if err != nil {
//			return err
//		}
//		page := r.page(settlement.AmazonID, views.Settlements)
//		return r.show(views.Settlement(page, settlementModel(r.format(), settlement)))
//	}
//
// A list reads its filters from the query, so that its address reproduces it,
// and pages by key:
//
//	in := r.query()
//	filter := settlement.Filter{
//		ConnectionID: r.connection(),
//		Currency:     in.text("currency", 3),
//		EndsFrom:     in.date("from"),
//		After:        in.key("after", 2), // the sort values of the last row shown
//	}
//	if err := in.err(); err != nil {
//		return err
//	}
//	...
//	pager := views.Pager{Next: r.link("after", nextKey("2026-11-14", "1234"))}
//
// A POST handler reads the form, acts, and sends the browser to a page with the
// outcome; it never answers with a page of its own except to show the form again
// with what is wrong:
//
//	// entryReject sends an entry back with a reason.
//	func (s *server) entryReject(r *request) error {
//		id, err := r.pathID("id")
//		if err != nil {
//			return err
//		}
//		in, err := r.form()
//		if err != nil {
//			return err
//		}
//		reason := in.needed("reason", 2000, "Say why.")
//		if err := in.err(); err != nil {
//			return s.entryPage(r, id, fault.FieldsOf(err)) // r.showAs(http.StatusUnprocessableEntity, ...)
//		}
//		if err := s.Journal.Reject(r.ctx(), r.actor(), id, reason); err != nil {
//			return err
//		}
//		r.flash(views.Done, "Rejected", "The entry is a draft again.")
//		return r.goTo("/entries/%d", id)
//	}
//
// Returned errors become a page in one place (problem.go): the code of
// app/fault decides the status, the message is shown, the cause is only logged.
// fault.Unauthorised from somebody who is signed in (an approval that asks for a
// fresh sign-in) leads to the identity provider and back to the page.
//
// Handlers never write a response before they know that they will succeed:
// show renders into memory first.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"tieout/app/alert"
	"tieout/app/catalog"
	"tieout/app/clock"
	"tieout/app/closing"
	"tieout/app/closing/binder"
	"tieout/app/connection"
	"tieout/app/cost"
	"tieout/app/deposit"
	"tieout/app/exception"
	"tieout/app/fbastock"
	"tieout/app/fee"
	"tieout/app/finances"
	"tieout/app/flow"
	"tieout/app/identity"
	"tieout/app/insight"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/notice"
	"tieout/app/rates"
	"tieout/app/receivable"
	"tieout/app/reconcile"
	"tieout/app/reference"
	"tieout/app/refund"
	"tieout/app/reimbursement"
	"tieout/app/revaluation"
	"tieout/app/settlement"
)

// Config is what the operator decides.
type Config struct {
	PublicURL       string // as browsers reach the program, without a path: "https://tieout.example"
	Environment     string // sandbox or production
	SessionIdle     time.Duration
	SessionLifetime time.Duration
	MetricsToken    string // bearer token of /metrics; without it only this machine is answered
	Limits          Limits
	Proxies         []netip.Prefix // where our own proxies are: they say whom they ask for
	OIDC            OIDC
	DemoPeople      []DemoPerson // named on the sign-in page
}

// DemoPerson is somebody whom the sandbox's identity provider knows.
type DemoPerson struct {
	Name  string // typed at the provider
	Roles string
}

// Dependencies are what the screens are made from.
type Dependencies struct {
	Identity *identity.Service
	Sessions scs.CtxStore
	Chrome   Chrome
	Tasks    Tasks                       // nil: no long work can be watched
	Ready    func(context.Context) error // nil error: the database answers and is migrated
	Jobs     http.Handler                // the job engine's own screens under /admin/jobs; nil: none
	Metrics  *prometheus.Registry
	Log      *slog.Logger
	Clock    clock.Clock

	Settlements    *settlement.Service
	Insight        *insight.Reader // nil: no overview and no screens of settlements
	Connections    *connection.Service
	Uploads        Uploads
	Workbooks      Workbooks        // nil: no workbooks
	Steward        Steward          // nil: no administration
	Entries        *journal.Service // nil: no screens of journal entries
	Exceptions     *exception.Queue // nil: no screens of exceptions
	Alerts         *alert.Service   // nil: no page of alerts
	Rules          *mapping.Service
	Flows          *flow.Service          // nil: no screens of flows
	FBAStock       *fbastock.Approvals    // nil: no adjustments of stock
	Catalog        *catalog.Service       // nil: no screens of products
	Notices        *notice.Service        // nil: no notifications
	Receivable     *receivable.Service    // nil: no screens of orders that P21 invoices
	Reference      *reference.Service     // nil: no screen of reference data
	Refunds        *refund.Service        // nil: no screens of refunds beside returns
	Reimbursements *reimbursement.Service // nil: no screens of what Amazon lost
	Fees           *fee.Service           // nil: no reports of fees
	Rates          *rates.Service         // nil: no screens of exchange rates
	Deposits       *deposit.Service       // nil: no screens of deposits beside bank statements
	Revaluation    *revaluation.Service   // nil: no screen of open balances in other currencies
	Reconcile      *reconcile.Service     // nil: no screens of reconciliations
	Finances       *finances.Service      // nil: no screens of money before settlements
	Costs          *cost.Service          // nil: no screens of the cost of goods
	// Compare has reconciliations of a connection, 0 for all, compared again soon.
	Compare func(ctx context.Context, connectionID int64) error
	// Movements tells what moved an item in Amazon's warehouses; nil: nothing is told.
	Movements func(ctx context.Context, recordID int64) ([]fbastock.Movement, error)
	Closing   *closing.Service // nil: no screens of the period close
	Binders   *binder.Service  // nil: no binders of closed periods
	// Redraft has the drafts of a connection built again, after its rules changed.
	Redraft func(ctx context.Context, connectionID int64) error
}

// server holds what handlers use.
type server struct {
	Dependencies
	config   Config
	public   *url.URL
	sessions *scs.SessionManager
	provider *provider
	echo     *echo.Echo
	metrics  metrics
	stopping context.Context // ended when the program shuts down: streams end then
	machine  map[string]bool // routes without a session
	packers  sync.Pool       // of *gzip.Writer

	limiter   *limiter
	addressOf echo.IPExtractor // of whoever asks
}

// New returns the handler of the whole site. Streams to browsers end when ctx
// does, so that a server can shut down while people watch.
func New(ctx context.Context, config Config, parts Dependencies) (http.Handler, error) {
	s, err := newServer(ctx, config, parts)
	if err != nil {
		return nil, err
	}
	if err := s.register(s.routes()); err != nil {
		return nil, err
	}
	return s.handler(), nil
}

func newServer(ctx context.Context, config Config, parts Dependencies) (*server, error) {
	public, err := url.Parse(config.PublicURL)
	if err != nil || public.Host == "" {
		return nil, fmt.Errorf("public URL %q is not an address", config.PublicURL)
	}
	s := &server{
		Dependencies: parts, config: config, public: public, stopping: ctx, machine: map[string]bool{},
		provider: newProvider(config.OIDC, config.PublicURL+callbackPath, parts.Clock),
		limiter:  newLimiter(config.Limits), addressOf: addressOf(config.Proxies),
	}
	s.sessions = newSessions(config, public.Scheme == "https", parts.Sessions, s.fail)
	if s.metrics, err = newMetrics(parts.Metrics); err != nil {
		return nil, err
	}
	s.echo = echo.New()
	s.echo.HideBanner, s.echo.HidePort, s.echo.IPExtractor = true, true, s.addressOf
	s.echo.HTTPErrorHandler = func(err error, c echo.Context) { s.fail(c.Response(), c.Request(), err) }
	return s, nil
}

// handler wraps the routes, outermost last.
func (s *server) handler() http.Handler {
	return s.hurried(s.observe(s.protect(s.sameOrigin(s.withSession(s.echo)))))
}

// secure reports whether browsers reach the program by https.
func (s *server) secure() bool { return s.public.Scheme == "https" }
