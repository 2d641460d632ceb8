package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/closing"
	"tieout/app/cost"
	"tieout/app/database/dbtest"
	"tieout/app/deposit"
	"tieout/app/document"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/fee"
	"tieout/app/flow"
	"tieout/app/flow/flowtest"
	"tieout/app/identity"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/outbound"
	"tieout/app/receivable"
	"tieout/app/reconcile"
	"tieout/app/reference"
	"tieout/app/refund"
	"tieout/app/reimbursement"
	"tieout/app/session"
	"tieout/app/settlement"
)

// site is a running server on a real socket over a real database.
type site struct {
	*server
	url  string
	pool *pgxpool.Pool
	log  *lines
	flow *flowtest.Parcels  // the one flow of the site
	stop context.CancelFunc // what a shutdown of the program does first
}

// options changes what a site is made of.
type options struct {
	config func(*Config)
	parts  func(*Dependencies)
	stored func(*Dependencies, *pgxpool.Pool) // parts on the site's database
	routes func(*server) []Route              // besides the program's own
}

func open(t *testing.T, o options) *site {
	t.Helper()
	site := &site{pool: dbtest.New(t), log: &lines{}, flow: flowtest.New()}
	socket := httptest.NewUnstartedServer(nil)
	site.url = "http://" + socket.Listener.Addr().String()
	config := Config{
		PublicURL: site.url, Environment: "sandbox", SessionIdle: 30 * time.Minute, SessionLifetime: 12 * time.Hour,
		OIDC: OIDC{Issuer: silentProvider(t), ClientID: "tieout", Name: "Contoso", Scopes: []string{"openid"}, GroupsClaim: "groups"},
	}
	parts := Dependencies{
		Identity: identity.New(identity.NewStore(site.pool, clock.System{})),
		Sessions: session.NewStore(site.pool),
		Chrome:   chrome(func(identity.Person, int64) (Frame, error) { return Frame{}, nil }),
		Tasks:    tasks(func(string) (Task, error) { return Task{}, fault.New(fault.NotFound, "There is no such task.") }),
		Ready:    site.pool.Ping,
		Jobs:     http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "jobs") }),
		Metrics:  prometheus.NewRegistry(),
		Log:      slog.New(slog.NewJSONHandler(site.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Clock:    clock.System{},

		Settlements:    settlement.NewService(site.pool, clock.System{}, nil, slog.New(slog.DiscardHandler)),
		Entries:        journal.NewService(journal.Needs{Pool: site.pool, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}),
		Exceptions:     exception.NewQueue(site.pool),
		Rules:          mapping.NewService(site.pool, clock.System{}),
		Deposits:       deposit.NewService(site.pool, clock.System{}),
		Redraft:        func(context.Context, int64) error { return nil },
		Flows:          flowsOf(site.pool, site.flow),
		Receivable:     receivable.NewService(site.pool, clock.System{}),
		Reimbursements: reimbursement.NewService(site.pool, clock.System{}, nil),
		Fees:           fee.NewService(site.pool, clock.System{}),
		Costs:          cost.NewService(site.pool, clock.System{}, nil),
		Refunds:        refund.NewService(site.pool, clock.System{}),
		Reconcile:      reconcile.NewService(site.pool, clock.System{}),
		Compare:        func(context.Context, int64) error { return nil },
		Reference:      reference.NewService(site.pool, clock.System{}, nil),
		Closing:        closing.NewService(closing.Needs{Pool: site.pool, Clock: clock.System{}, Jobs: noJobs{}}),
	}
	if o.config != nil {
		o.config(&config)
	}
	if o.parts != nil {
		o.parts(&parts)
	}
	if o.stored != nil {
		o.stored(&parts, site.pool)
	}
	ctx, cancel := context.WithCancel(t.Context())
	site.stop = cancel
	t.Cleanup(cancel)
	s, err := newServer(ctx, config, parts)
	require.NoError(t, err)
	routes := s.routes()
	if o.routes != nil {
		routes = append(routes, o.routes(s)...)
	}
	require.NoError(t, s.register(routes))
	site.server = s
	socket.Config.Handler = s.handler()
	socket.Start()
	t.Cleanup(socket.Close)
	return site
}

// flowsOf runs a flow without a job engine: what is asked for runs when a test
// says so.
func flowsOf(pool *pgxpool.Pool, f flow.Flow) *flow.Service {
	log := slog.New(slog.DiscardHandler)
	timing := outbound.Timing{Hold: 5 * time.Second, Request: 2 * time.Second, LookUps: 1, RetryInterval: time.Millisecond}
	return flow.NewService(flow.Needs{Pool: pool, Clock: clock.System{}, Documents: document.NewStore(pool), Jobs: noJobs{}, Worker: "worker", Parallel: 4, Hold: 5 * time.Second,
		Log: log, Deliverer: outbound.NewDeliverer(pool, "worker", timing, log)}, f)
}

type noJobs struct{}

func (noJobs) ReadFlow(context.Context, pgx.Tx, int64, string, flow.Trigger, int64) error { return nil }
func (noJobs) Redraft(context.Context, pgx.Tx, int64) error                               { return nil }
func (noJobs) WorkFlow(context.Context, pgx.Tx, int64, string, int) error                 { return nil }

// silentProvider describes itself and does nothing else.
func silentProvider(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": server.URL, "authorization_endpoint": server.URL + "/authorize", "token_endpoint": server.URL + "/token",
			"jwks_uri": server.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	return server.URL
}

type chrome func(identity.Person, int64) (Frame, error)

func (c chrome) Frame(_ context.Context, p identity.Person, connection int64) (Frame, error) {
	return c(p, connection)
}

type tasks func(id string) (Task, error)

func (f tasks) Task(_ context.Context, _ identity.Person, id string) (Task, error) { return f(id) }

// lines is a log that tests read.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// browser keeps cookies and shows redirects instead of following them.
type browser struct {
	t    *testing.T
	site *site
	http *http.Client
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t, s, &http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// as returns a browser with a session of a new person in these roles, made
// without the identity provider.
func (s *site) as(t *testing.T, roles ...identity.Role) *browser {
	t.Helper()
	b, _ := s.person(t, roles...)
	return b
}

func (s *site) person(t *testing.T, roles ...identity.Role) (*browser, identity.Person) {
	t.Helper()
	var name strings.Builder
	for _, role := range roles {
		name.WriteString(string(role))
	}
	group := "group of " + name.String()
	require.NoError(t, s.Identity.SetGroupRoles(t.Context(), audit.Job("test"), group, roles))
	p, err := s.Identity.SignIn(t.Context(), identity.Claims{Issuer: "https://test", Subject: name.String(), Name: name.String() + " person", Groups: []string{group}}, "")
	require.NoError(t, err)
	return s.session(t, p), p
}

// session returns a browser in which p is signed in.
func (s *site) session(t *testing.T, p identity.Person) *browser {
	t.Helper()
	ctx, err := s.sessions.Load(session.Remember(t.Context()), "")
	require.NoError(t, err)
	s.sessions.Put(ctx, keyPerson, strconv.FormatInt(p.ID, 10))
	s.sessions.Put(ctx, keyBegan, formatTime(s.Clock.Now()))
	token, _, err := s.sessions.Commit(ctx)
	require.NoError(t, err)
	b := s.browser(t)
	b.http.Jar.SetCookies(s.public, []*http.Cookie{{Name: s.sessions.Cookie.Name, Value: token, Path: "/"}})
	return b
}

// page is an answer with its body read.
type page struct {
	*http.Response
	body string
}

func (b *browser) send(method, path, body string, headers ...string) page {
	b.t.Helper()
	address := path
	if strings.HasPrefix(path, "/") {
		address = b.site.url + path
	}
	request, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(body))
	require.NoError(b.t, err)
	request.Header.Set("Accept", "text/html")
	if body != "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		}
	}
	response, err := b.http.Do(request)
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return page{response, string(content)}
}

func (b *browser) get(path string, headers ...string) page {
	b.t.Helper()
	return b.send(http.MethodGet, path, "", headers...)
}

func (b *browser) post(path string, form url.Values, headers ...string) page {
	b.t.Helper()
	return b.send(http.MethodPost, path, form.Encode(), headers...)
}

// to is where the answer leads.
func (p page) to() string { return p.Header.Get("Location") }

// fixed is a clock that stands still.
func fixed(at time.Time) clock.Clock { return clock.NewFixed(at) }
