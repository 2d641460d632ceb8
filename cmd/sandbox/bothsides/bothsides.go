// Package bothsides is a connection between both stand-ins, Amazon's and P21's,
// for tests of flows. Amazon's side is held against its models.
package bothsides

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
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
	"tieout/app/exception"
	"tieout/app/flow"
	"tieout/app/flow/flowtest"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/p21/adapter"
	"tieout/app/period"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/misbehave"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
)

// Marketplace is the only one of the seller, OrderID Amazon's id of the order
// that Sell brings about.
const (
	Marketplace = "ATVPDKIKX0DER"
	OrderID     = "112-0000001-0000001"
)

// World is a connection between both stand-ins. It implements the Sides of flows.
type World struct {
	*flow.Service
	T          *testing.T
	Pool       *pgxpool.Pool
	Clock      *clock.Fixed
	Seller     *amazonstand.Server
	ERP        *p21stand.Server
	Faults     *misbehave.Plan
	System     p21.System
	Client     *amazon.Client
	Catalog    *catalog.Service
	Connection int64

	setup                Setup
	limiter              *amazon.Memory // of all processes
	amazonURL, systemURL string
}

// Setup says what a world is made of.
type Setup struct {
	Kind   string   // of P21
	Models []string // of Amazon's operations that the flows use
	Flows  func(w *World) []flow.Flow
	Writes time.Duration // how long Amazon takes to write a report
}

// Adapters runs one test against either kind of P21.
func Adapters(t *testing.T, s Setup, test func(t *testing.T, w *World)) {
	t.Helper()
	t.Parallel()
	for _, kind := range []string{p21.SeedV2, p21.Native} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			own := s
			own.Kind = kind
			test(t, New(t, own))
		})
	}
}

// New opens a world whose flows have begun. SKU KETTLE stands for one item, PAIR
// for two of another, and SET for one of the first and three of the second.
func New(t *testing.T, s Setup) *World {
	t.Helper()
	w := &World{T: t, Pool: dbtest.New(t), Clock: clock.NewFixed(time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)), Faults: misbehave.New(1), setup: s}
	w.limiter = amazon.NewMemory(w.Clock, w.pause)
	w.startSides()
	w.open(&http.Transport{DisableKeepAlives: true})
	require.NoError(t, w.Pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region) VALUES ('us', 'na') RETURNING id`).Scan(&w.Connection))
	require.NoError(t, w.Install(t.Context(), w.Connection))
	w.Exec(`UPDATE flow SET paused_at = NULL`)
	_, err := w.Catalog.ReadItems(t.Context(), w.Connection, "USD", w.System.Items(t.Context(), time.Time{}))
	require.NoError(t, err)
	w.Map("KETTLE", catalog.Part{Code: "BRW-POUR-01", Quantity: 1})
	w.Map("PAIR", catalog.Part{Code: "KITWHSK01", Quantity: 2})
	half := catalog.ShareOf(decimal.RequireFromString("0.5"))
	w.Map("SET", catalog.Part{Code: "BRW-POUR-01", Quantity: 1, Share: half}, catalog.Part{Code: "KITWHSK01", Quantity: 3, Share: half})
	return w
}

// noJobs stands in for the job engine; tests do the work themselves.
type noJobs struct{}

// ReadFlow implements flow.Jobs.
func (noJobs) ReadFlow(context.Context, pgx.Tx, int64, string, flow.Trigger, int64) error { return nil }

// WorkFlow implements flow.Jobs.
func (noJobs) WorkFlow(context.Context, pgx.Tx, int64, string, int) error { return nil }

// startSides starts both stand-ins.
func (w *World) startSides() {
	account := seller.Accounts(7, w.Clock.Now(), 2)[0]
	var err error
	w.Seller, err = amazonstand.New(amazonstand.Config{Now: w.Clock.Now, Faults: w.Faults, RateScale: 1_000_000, Writes: w.setup.Writes,
		Accounts: []amazonstand.Account{{Books: seller.NewBooks(account), ClientID: "c", ClientSecret: "s", RefreshToken: "r"}}})
	require.NoError(w.T, err)
	w.amazonURL = w.listen(spec.Load(w.T, w.setup.Models...).Check(w.T, w.Seller, "/auth/", "/documents/", "/feeds/upload/", "/feeds/results/"))
	w.ERP, err = p21stand.New(p21stand.Config{Clock: w.Clock, Seed: 1, Faults: w.Faults})
	require.NoError(w.T, err)
	w.systemURL = w.listen(w.ERP)
}

func (w *World) listen(h http.Handler) string {
	server := httptest.NewServer(h)
	w.T.Cleanup(server.Close)
	return server.URL
}

// open makes what one process has: its clients of both sides and its flows.
func (w *World) open(network *http.Transport) {
	var err error
	w.Client, err = amazon.New(amazon.Config{Key: "us", Endpoint: w.amazonURL, LWAURL: w.amazonURL + "/auth/o2/token", ClientID: "c", ClientSecret: amazon.Hide("s"), RefreshToken: amazon.Hide("r"),
		Clock: w.Clock, Tries: 1, Transport: network, Pause: w.pause, Limiter: w.limiter})
	require.NoError(w.T, err)
	w.System, err = adapter.Open(w.setup.Kind, p21.Config{URL: w.systemURL, Company: "ACME", FunctionalCurrency: "USD", Username: p21stand.DemoUser, Password: p21stand.DemoPassword,
		Clock: w.Clock, Zone: time.UTC, Pause: time.Millisecond, Transport: network})
	require.NoError(w.T, err)
	w.Catalog = catalog.NewService(w.Pool, w.Clock, nil)
	ring, log, timing := flowtest.Ring(w.T, w.Pool), slog.New(slog.DiscardHandler), outbound.Timing{Hold: time.Second, Request: 10 * time.Second, LookUps: 1, RetryInterval: time.Millisecond}
	w.Service = flow.NewService(flow.Needs{Rest: w.pause, Pool: w.Pool, Clock: w.Clock, Documents: document.NewSealedStore(w.Pool, ring), Personal: ring, Jobs: noJobs{}, Worker: "one", Parallel: 4, Hold: time.Minute, Log: log,
		Deliverer: outbound.NewDeliverer(w.Pool, "one", timing, log)}, w.setup.Flows(w)...)
}

// pause lets the clock run instead of waiting.
func (w *World) pause(ctx context.Context, d time.Duration) error {
	w.Clock.Advance(d)
	return ctx.Err()
}

// Get returns the connection.
func (w *World) Get(context.Context, int64) (connection.Connection, error) {
	return connection.Connection{ID: w.Connection, Name: "us", SellerID: "A1SELLER", MarketplaceIDs: []string{Marketplace}, P21Company: "ACME", P21Adapter: w.setup.Kind, FunctionalCurrency: "USD"}, nil
}

// P21 returns the P21 side.
func (w *World) P21(context.Context, int64) (p21.System, error) { return w.System, nil }

// Amazon returns Amazon's side.
func (w *World) Amazon(context.Context, int64) (*amazon.Client, error) { return w.Client, nil }

// Resolve finds the items that SKUs stand for.
func (w *World) Resolve(ctx context.Context, id int64, shop string, skus []string, day period.Date) (map[string]catalog.Mapping, error) {
	return catalog.ResolveAll(ctx, w.Pool, id, shop, skus, day)
}

// Exec changes the database.
func (w *World) Exec(query string, args ...any) {
	w.T.Helper()
	_, err := w.Pool.Exec(w.T.Context(), query, args...)
	require.NoError(w.T, err)
}

// Text returns the one value of a query.
func (w *World) Text(query string, args ...any) (text string) {
	w.T.Helper()
	require.NoError(w.T, w.Pool.QueryRow(w.T.Context(), query, args...).Scan(&text))
	return text
}

// Map says what an SKU stands for.
func (w *World) Map(sku string, parts ...catalog.Part) {
	w.T.Helper()
	_, err := w.Catalog.Map(w.T.Context(), audit.Job("test"), catalog.New{ConnectionID: w.Connection, SKU: sku, From: period.Date{Year: 2026, Month: 1, Day: 1}, Parts: parts})
	require.NoError(w.T, err)
}

// Sell has Amazon sell something, brings it to P21 through the flow of orders
// and returns P21's order.
func (w *World) Sell(by amazon.Fulfiller, items ...amazonstand.PlacedItem) p21stand.Order {
	w.T.Helper()
	for i := range items {
		items[i].ID, items[i].UnitPrice = fmt.Sprintf("item-%d", i+1), decimal.NewFromInt(20)
	}
	require.NoError(w.T, w.Seller.PlaceOrders(amazonstand.PlacedOrder{Account: "us", ID: OrderID, FulfilledBy: by, Items: items, Created: w.Clock.Now().Add(-26 * time.Hour)}))
	require.NoError(w.T, w.Fetch(w.T.Context(), w.Connection, "orders", OrderID))
	require.NoError(w.T, w.Work(w.T.Context(), w.Connection, "orders"))
	require.Equal(w.T, "delivered", w.State("orders", OrderID))
	held := w.ERP.OrdersByReference("ACME", OrderID)
	require.Len(w.T, held, 1)
	return held[0]
}

// Run reads and works on a flow.
func (w *World) Run(name string) {
	w.T.Helper()
	require.NoError(w.T, w.Service.Read(w.T.Context(), w.Connection, name, flow.OnSchedule, 0))
	require.Equal(w.T, "", w.Text(`SELECT error FROM flow_run WHERE flow = $1 ORDER BY id DESC LIMIT 1`, name))
	require.NoError(w.T, w.Work(w.T.Context(), w.Connection, name))
}

// Later lets time pass and runs a flow again.
func (w *World) Later(name string, d time.Duration) {
	w.T.Helper()
	w.Clock.Advance(d)
	w.Run(name)
}

// State returns a record's state and what stands beside it.
func (w *World) State(name, key string) string {
	w.T.Helper()
	return w.Text(`SELECT coalesce((SELECT state || coalesce(nullif(' ' || waits || reason || problem, ' '), '') FROM flow_record WHERE flow = $1 AND key = $2), 'none')`, name, key)
}

// Strike has a side misbehave, and the test fail when it did not.
func (w *World) Strike(rule misbehave.Rule) {
	w.T.Helper()
	id, err := w.Faults.Add(rule)
	require.NoError(w.T, err)
	w.T.Cleanup(func() {
		i := slices.IndexFunc(w.Faults.Rules(), func(r misbehave.Rule) bool { return r.ID == id })
		require.Positive(w.T, w.Faults.Rules()[i].Struck, "the fault has not struck")
	})
}

// SendAgain has a person say that what is of unknown outcome did not arrive.
func (w *World) SendAgain() {
	w.T.Helper()
	e, err := exception.NewQueue(w.Pool).Get(w.T.Context(), w.number(`SELECT id FROM exception WHERE class = 'delivery_unknown' AND state = 'open'`))
	require.NoError(w.T, err)
	_, err = w.Service.SendAgain(w.T.Context(), e, "Looked in P21: it is not there.", w.Person("Olga Looks"))
	require.NoError(w.T, err)
}

func (w *World) number(query string) (n int64) {
	w.T.Helper()
	require.NoError(w.T, w.Pool.QueryRow(w.T.Context(), query).Scan(&n))
	return n
}

// Person makes somebody who can act.
func (w *World) Person(name string) audit.Actor {
	w.T.Helper()
	a := audit.Actor{Name: name}
	require.NoError(w.T, w.Pool.QueryRow(w.T.Context(), `INSERT INTO person (issuer, subject, email, name) VALUES ('i', $1, 'x@x', $1) RETURNING id`, name).Scan(&a.PersonID))
	return a
}
