package fulfilment_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/amazon/spec"
	"tieout/app/audit"
	"tieout/app/catalog"
	"tieout/app/clock"
	"tieout/app/connection"
	"tieout/app/database/dbtest"
	"tieout/app/document"
	"tieout/app/flow"
	"tieout/app/flow/flowtest"
	"tieout/app/fulfilment"
	"tieout/app/notify"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/p21/adapter"
	"tieout/app/period"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/misbehave"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
)

const us = "ATVPDKIKX0DER"

// queue stands in for the job engine; tests do the work themselves.
type queue struct{}

func (queue) ReadFlow(context.Context, pgx.Tx, int64, string, flow.Trigger, int64) error { return nil }
func (queue) WorkFlow(context.Context, pgx.Tx, int64, string, int) error                 { return nil }

// world is a connection between both stand-ins, with its flows.
type world struct {
	*flow.Service
	t          *testing.T
	pool       *pgxpool.Pool
	clock      *clock.Fixed
	amazon     *amazonstand.Server
	p21        *p21stand.Server
	faults     *misbehave.Plan
	system     p21.System
	client     *amazon.Client
	version    amazon.FulfillmentVersion
	catalog    *catalog.Service
	connection int64
	actor      audit.Actor
	channel    *channel
}

func (w *world) Get(context.Context, int64) (connection.Connection, error) {
	return connection.Connection{ID: w.connection, Name: "us", SellerID: "A1SELLER", MarketplaceIDs: []string{us}, P21Company: "ACME"}, nil
}
func (w *world) P21(context.Context, int64) (p21.System, error) { return w.system, nil }
func (w *world) Fulfillments(context.Context, int64) (amazon.Fulfillments, error) {
	return w.client.Fulfillments(w.version)
}

// pairs runs one test against either version of Amazon's API and either kind of P21.
func pairs(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	for version, kind := range map[amazon.FulfillmentVersion]string{amazon.Fulfillment2026: p21.SeedV2, amazon.Fulfillment2020: p21.Native} {
		t.Run(string(version)+" "+kind, func(t *testing.T) {
			t.Parallel()
			test(t, newWorld(t, version, kind))
		})
	}
}

// one runs a test for which neither the version nor the kind matters.
func one(t *testing.T, version amazon.FulfillmentVersion, kind string, test func(t *testing.T, w *world)) {
	t.Parallel()
	test(t, newWorld(t, version, kind))
}

func newWorld(t *testing.T, version amazon.FulfillmentVersion, kind string) *world {
	t.Helper()
	w := &world{t: t, pool: dbtest.New(t), clock: clock.NewFixed(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)), version: version, faults: misbehave.New(1)}
	w.channel = newChannel(t, w.clock)
	w.openAmazon()
	w.openP21(kind)
	log := slog.New(slog.DiscardHandler)
	timing := outbound.Timing{Hold: time.Second, Request: 10 * time.Second, LookUps: 1, RetryInterval: time.Millisecond}
	requests := func() fulfilment.Requests { return w.Service }
	packs := func(ctx context.Context, id int64, shop string, items []string, day period.Date) (map[string][]catalog.Pack, error) {
		return catalog.PacksOf(ctx, w.pool, id, shop, items, day)
	}
	ring := flowtest.Ring(t, w.pool)
	w.Service = flow.NewService(flow.Needs{Rest: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Pool: w.pool, Clock: w.clock, Documents: document.NewSealedStore(w.pool, ring), Personal: ring, Jobs: queue{}, Worker: "one", Parallel: 4, Hold: time.Minute, Log: log,
		Deliverer: outbound.NewDeliverer(w.pool, "one", timing, log)},
		fulfilment.New(w, requests, packs, w.clock), fulfilment.NewTracking(w, requests), fulfilment.NewNews(w, requests, w.channel))
	w.connection = w.number(`INSERT INTO connection (name, amazon_region) VALUES ('us', 'na') RETURNING id`)
	w.actor = audit.Actor{PersonID: w.number(`INSERT INTO person (issuer, subject, email, name) VALUES ('i', 's', 'o@x', 'Olga Ops') RETURNING id`), Name: "Olga Ops"}
	require.NoError(t, w.Install(t.Context(), w.connection))
	for _, d := range w.Definitions() {
		require.NoError(t, w.Resume(t.Context(), w.connection, d.Name, 1, w.actor))
	}
	w.catalog = catalog.NewService(w.pool, w.clock, nil)
	_, err := w.catalog.ReadItems(t.Context(), w.connection, "USD", w.system.Items(t.Context(), time.Time{}))
	require.NoError(t, err)
	return w
}

func (w *world) openAmazon() {
	account := seller.Accounts(7, w.clock.Now(), 2)[0]
	var err error
	w.amazon, err = amazonstand.New(amazonstand.Config{Now: w.clock.Now, Faults: w.faults, RateScale: 1000,
		Accounts: []amazonstand.Account{{Books: seller.NewBooks(account), ClientID: "c", ClientSecret: "s", RefreshToken: "r"}}})
	require.NoError(w.t, err)
	models := spec.Load(w.t, fmt.Sprintf("fulfillmentOutbound_%s.json", w.version))
	server := httptest.NewServer(models.Check(w.t, w.amazon, "/auth/"))
	w.t.Cleanup(server.Close)
	w.client, err = amazon.New(amazon.Config{Key: "us", Endpoint: server.URL, LWAURL: server.URL + "/auth/o2/token", ClientID: "c", ClientSecret: amazon.Hide("s"), RefreshToken: amazon.Hide("r"),
		Clock: w.clock, Tries: 2, Transport: &http.Transport{DisableKeepAlives: true}, Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	require.NoError(w.t, err)
}

func (w *world) openP21(kind string) {
	var err error
	w.p21, err = p21stand.New(p21stand.Config{Clock: w.clock, Seed: 1})
	require.NoError(w.t, err)
	server := httptest.NewServer(w.p21)
	w.t.Cleanup(server.Close)
	w.system, err = adapter.Open(kind, p21.Config{URL: server.URL, Company: "ACME", FunctionalCurrency: "USD", Username: p21stand.DemoUser, Password: p21stand.DemoPassword,
		Clock: w.clock, Zone: time.UTC, Pause: time.Millisecond})
	require.NoError(w.t, err)
}

func (w *world) number(query string, args ...any) (n int64) {
	w.t.Helper()
	require.NoError(w.t, w.pool.QueryRow(w.t.Context(), query, args...).Scan(&n))
	return n
}

func (w *world) text(query string, args ...any) (text string) {
	w.t.Helper()
	require.NoError(w.t, w.pool.QueryRow(w.t.Context(), query, args...).Scan(&text))
	return text
}

// maps says what an SKU stands for.
func (w *world) maps(sku, item string, quantity int) {
	w.t.Helper()
	_, err := w.catalog.Map(w.t.Context(), audit.Job("test"), catalog.New{ConnectionID: w.connection, SKU: sku, From: period.Date{Year: 2026, Month: 1, Day: 1},
		Parts: catalog.Parts{{Code: item, Quantity: quantity}}})
	require.NoError(w.t, err)
}

// line is a line of an order in P21.
func line(item string, quantity int64) p21stand.OrderLine {
	return p21stand.OrderLine{Item: item, Quantity: decimal.NewFromInt(quantity)}
}

// enter enters an order of the web shop in P21, flagged for Amazon by its location.
func (w *world) enter(lines ...p21stand.OrderLine) p21stand.Order {
	w.t.Helper()
	o, err := w.p21.EnterOrder(p21stand.Order{Company: "ACME", Reference: "WEB-77", Source: "WEBSHOP", Location: "20", Lines: lines,
		ShipTo: p21stand.Address{Name: "Ada Example", Line1: "1 Test Street", City: "Austin", State: "TX", PostalCode: "73301", Country: "US", Phone: "512 555 0100"}})
	require.NoError(w.t, err)
	return o
}

// run reads and works on one flow.
func (w *world) run(name string) {
	w.t.Helper()
	require.NoError(w.t, w.Service.Read(w.t.Context(), w.connection, name, flow.OnSchedule, 0))
	require.Equal(w.t, "", w.text(`SELECT error FROM flow_run WHERE flow = $1 ORDER BY id DESC LIMIT 1`, name))
	require.NoError(w.t, w.Work(w.t.Context(), w.connection, name))
}

// pass lets time pass and runs the flow of requests.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	w.clock.Advance(d)
	w.run(fulfilment.Name)
}

// state returns a record's state and what stands beside it.
func (w *world) state(name string, key any) string {
	w.t.Helper()
	return w.text(`SELECT state || coalesce(nullif(' ' || waits || reason || problem, ' '), '') FROM flow_record WHERE flow = $1 AND key = $2`, name, fmt.Sprint(key))
}

// atAmazon returns Amazon's order of one of P21's.
func (w *world) atAmazon(o p21stand.Order) amazon.Fulfillment {
	w.t.Helper()
	client, err := w.Fulfillments(w.t.Context(), w.connection)
	require.NoError(w.t, err)
	held, err := client.Get(w.t.Context(), id(o))
	require.NoError(w.t, err)
	return held
}

func id(o p21stand.Order) string { return fmt.Sprintf("ACME-%d", o.Number) }

// use changes one formula of the flow of requests.
func (w *world) use(field, formula string) {
	w.t.Helper()
	v, err := w.Version(w.t.Context(), w.connection, fulfilment.Name, 0)
	require.NoError(w.t, err)
	for i := range v.Fields {
		if v.Fields[i].Name == field {
			v.Fields[i].Formula = formula
		}
	}
	number, err := w.Save(w.t.Context(), w.connection, fulfilment.Name, v, field, w.actor)
	require.NoError(w.t, err)
	require.NoError(w.t, w.Use(w.t.Context(), w.connection, fulfilment.Name, number, w.actor))
}

// channel is a web shop that is told by webhook, over a socket.
type channel struct {
	t      *testing.T
	sender *notify.Webhook
	to     notify.Target
	clock  clock.Clock

	mu     sync.Mutex
	busy   int // so many requests are answered with 503
	bodies []string
	ids    []string
}

func newChannel(t *testing.T, c clock.Clock) *channel {
	t.Helper()
	h := &channel{t: t, clock: c, sender: notify.NewWebhook(notify.WebhookSettings{Private: true}, c)}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	h.to = notify.Target{URL: server.URL + "/orders", Secrets: []string{notify.NewSecret()}}
	return h
}

func (h *channel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = notify.Verify(h.to.Secrets[0], r.Header, body, h.clock.Now())
	}
	if err != nil {
		h.t.Errorf("webhook: %v", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ids = append(h.ids, r.Header.Get("Webhook-Id"))
	if h.busy > 0 {
		h.busy--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	h.bodies = append(h.bodies, string(body))
}

func (h *channel) HasChannel(_ context.Context, _ int64, name string) (bool, error) {
	return name == "WEBSHOP", nil
}

func (h *channel) TellChannel(ctx context.Context, _ int64, _ string, e notify.Event) (notify.Answer, error) {
	return h.sender.Post(ctx, h.to, e), nil
}

func (h *channel) told() (bodies, ids []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.bodies), slices.Clone(h.ids)
}
