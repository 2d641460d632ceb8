package shipments_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
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
	"tieout/app/orders"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/p21/adapter"
	"tieout/app/period"
	"tieout/app/shipments"
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

// world is a connection between both stand-ins, with the flows of orders and
// shipments.
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
	catalog    *catalog.Service
	connection int64
}

func (w *world) Get(context.Context, int64) (connection.Connection, error) {
	return connection.Connection{ID: w.connection, Name: "us", SellerID: "A1SELLER", MarketplaceIDs: []string{us}, P21Company: "ACME"}, nil
}
func (w *world) P21(context.Context, int64) (p21.System, error)        { return w.system, nil }
func (w *world) Amazon(context.Context, int64) (*amazon.Client, error) { return w.client, nil }

// adapters runs one test against either kind of P21.
func adapters(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	for _, kind := range []string{p21.SeedV2, p21.Native} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, newWorld(t, kind))
		})
	}
}

func newWorld(t *testing.T, kind string) *world {
	t.Helper()
	w := &world{t: t, pool: dbtest.New(t), clock: clock.NewFixed(time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)), faults: misbehave.New(1)}
	w.openAmazon()
	w.openP21(kind)
	log := slog.New(slog.DiscardHandler)
	w.catalog = catalog.NewService(w.pool, w.clock, nil)
	resolve := func(ctx context.Context, id int64, shop string, skus []string, day period.Date) (map[string]catalog.Mapping, error) {
		return catalog.ResolveAll(ctx, w.pool, id, shop, skus, day)
	}
	timing := outbound.Timing{Hold: time.Second, Request: 10 * time.Second, LookUps: 1, RetryInterval: time.Millisecond}
	w.Service = flow.NewService(flow.Needs{Pool: w.pool, Clock: w.clock, Documents: document.NewStore(w.pool), Jobs: queue{}, Worker: "one", Parallel: 4, Hold: time.Minute, Log: log,
		Deliverer: outbound.NewDeliverer(w.pool, "one", timing, log)},
		orders.New(w, (*amazon.Client).Orders2026, resolve, w.catalog.NoteListings), shipments.New(w, func() shipments.Orders { return w.Service }))
	require.NoError(t, w.pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region) VALUES ('us', 'na') RETURNING id`).Scan(&w.connection))
	require.NoError(t, w.Install(t.Context(), w.connection))
	w.exec(`UPDATE flow SET paused_at = NULL`)
	_, err := w.catalog.ReadItems(t.Context(), w.connection, "USD", w.system.Items(t.Context(), time.Time{}))
	require.NoError(t, err)
	w.maps("KETTLE", catalog.Part{Code: "BRW-POUR-01", Quantity: 1})
	w.maps("PAIR", catalog.Part{Code: "KITWHSK01", Quantity: 2})
	half := catalog.ShareOf(decimal.RequireFromString("0.5"))
	w.maps("SET", catalog.Part{Code: "BRW-POUR-01", Quantity: 1, Share: half}, catalog.Part{Code: "KITWHSK01", Quantity: 3, Share: half})
	return w
}

func (w *world) openAmazon() {
	account := seller.Accounts(7, w.clock.Now(), 2)[0]
	var err error
	w.amazon, err = amazonstand.New(amazonstand.Config{Now: w.clock.Now, Faults: w.faults, RateScale: 1000,
		Accounts: []amazonstand.Account{{Books: seller.NewBooks(account), ClientID: "c", ClientSecret: "s", RefreshToken: "r"}}})
	require.NoError(w.t, err)
	server := httptest.NewServer(spec.Load(w.t, "orders_2026-01-01.json", "ordersV0.json").Check(w.t, w.amazon, "/auth/"))
	w.t.Cleanup(server.Close)
	w.client, err = amazon.New(amazon.Config{Key: "us", Endpoint: server.URL, LWAURL: server.URL + "/auth/o2/token", ClientID: "c", ClientSecret: amazon.Hide("s"), RefreshToken: amazon.Hide("r"),
		Clock: w.clock, Tries: 1, Transport: &http.Transport{DisableKeepAlives: true}, Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
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

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	_, err := w.pool.Exec(w.t.Context(), query, args...)
	require.NoError(w.t, err)
}

func (w *world) text(query string, args ...any) (text string) {
	w.t.Helper()
	require.NoError(w.t, w.pool.QueryRow(w.t.Context(), query, args...).Scan(&text))
	return text
}

func (w *world) maps(sku string, parts ...catalog.Part) {
	w.t.Helper()
	_, err := w.catalog.Map(w.t.Context(), audit.Job("test"), catalog.New{ConnectionID: w.connection, SKU: sku, From: period.Date{Year: 2026, Month: 1, Day: 1}, Parts: parts})
	require.NoError(w.t, err)
}

const orderID = "112-0000001-0000001"

// sell has Amazon sell something that the merchant ships, brings it to P21 and
// returns P21's order.
func (w *world) sell(by amazon.Fulfiller, items ...amazonstand.PlacedItem) p21stand.Order {
	w.t.Helper()
	for i := range items {
		items[i].ID, items[i].UnitPrice = fmt.Sprintf("item-%d", i+1), decimal.NewFromInt(20)
	}
	require.NoError(w.t, w.amazon.PlaceOrders(amazonstand.PlacedOrder{Account: "us", ID: orderID, FulfilledBy: by, Items: items, Created: w.clock.Now().Add(-26 * time.Hour)}))
	require.NoError(w.t, w.Fetch(w.t.Context(), w.connection, orders.Name, orderID))
	require.NoError(w.t, w.Work(w.t.Context(), w.connection, orders.Name))
	require.Equal(w.t, "delivered", w.state(orders.Name, orderID))
	held := w.p21.OrdersByReference("ACME", orderID)
	require.Len(w.t, held, 1)
	return held[0]
}

// run reads and works on the flow of shipments.
func (w *world) run() {
	w.t.Helper()
	require.NoError(w.t, w.Service.Read(w.t.Context(), w.connection, shipments.Name, flow.OnSchedule, 0))
	require.Equal(w.t, "", w.text(`SELECT error FROM flow_run WHERE flow = 'shipments' ORDER BY id DESC LIMIT 1`))
	require.NoError(w.t, w.Work(w.t.Context(), w.connection, shipments.Name))
}

// later lets time pass and runs the flow again.
func (w *world) later() {
	w.t.Helper()
	w.clock.Advance(20 * time.Minute)
	w.run()
}

func (w *world) state(name, key string) string {
	w.t.Helper()
	return w.text(`SELECT coalesce((SELECT state || coalesce(nullif(' ' || waits || reason || problem, ' '), '') FROM flow_record WHERE flow = $1 AND key = $2), 'none')`, name, key)
}

// told are Amazon's parcels of the order: reference, tracking and items.
func (w *world) told() (list []string) {
	w.t.Helper()
	_, order, err := w.client.Orders2026().Order(w.t.Context(), orderID, []amazon.Include{amazon.IncludeFulfillment, amazon.IncludePackages})
	require.NoError(w.t, err)
	for _, p := range order.Packages {
		items, err := json.Marshal(p.Items)
		require.NoError(w.t, err)
		list = append(list, p.Reference+" "+p.Tracking+" "+string(items))
	}
	return list
}

func few(quantity int64) decimal.Decimal { return decimal.NewFromInt(quantity) }

func TestAmazonIsToldOfEachParcelOnceThereIsANumber(t *testing.T) {
	adapters(t, func(t *testing.T, w *world) {
		o := w.sell(amazon.ByMerchant, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 2}, amazonstand.PlacedItem{SKU: "PAIR", Quantity: 3})
		w.run()
		require.NoError(t, w.p21.ShipOrder(o.Number, map[int]decimal.Decimal{1: few(1), 2: few(4)}))
		w.later()
		require.Equal(t, "received P21 has no tracking number of this shipment yet.", w.state(shipments.Name, "500001"))
		require.NoError(t, w.p21.TrackOrder(o.Number, "100123", "1Z"))
		w.later()
		require.Equal(t, "delivered", w.state(shipments.Name, "500001"))
		require.Equal(t, []string{`500001 1Z500001 [{"orderItemId":"item-1","quantity":1},{"orderItemId":"item-2","quantity":2}]`}, w.told())

		require.NoError(t, w.p21.ShipOrder(o.Number, nil))
		require.NoError(t, w.p21.TrackOrder(o.Number, "100123", "1Z"))
		w.later()
		w.later()
		require.Equal(t, []string{`500001 1Z500001 [{"orderItemId":"item-1","quantity":1},{"orderItemId":"item-2","quantity":2}]`,
			`500002 1Z500002 [{"orderItemId":"item-1","quantity":1},{"orderItemId":"item-2","quantity":1}]`}, w.told())
		require.Equal(t, "2", w.text(`SELECT count(*)::text FROM outbound_message WHERE kind = 'amazon_parcel'`))
		require.Equal(t, "0", w.text(`SELECT count(*)::text FROM exception`))
	})
}

func TestAUnitOfASetIsGoneWhenTheLastOfItsPartsIs(t *testing.T) {
	adapters(t, func(t *testing.T, w *world) {
		o := w.sell(amazon.ByMerchant, amazonstand.PlacedItem{SKU: "SET", Quantity: 2})
		require.NoError(t, w.p21.ShipOrder(o.Number, map[int]decimal.Decimal{1: few(2), 2: few(2)}))
		require.NoError(t, w.p21.TrackOrder(o.Number, "", "A"))
		require.NoError(t, w.p21.ShipOrder(o.Number, nil))
		require.NoError(t, w.p21.TrackOrder(o.Number, "", "B"))
		w.later()
		require.Contains(t, w.state(shipments.Name, "500001"), "ignored It completes no unit")
		require.Equal(t, "delivered", w.state(shipments.Name, "500002"))
		require.Equal(t, []string{`500002 B500002 [{"orderItemId":"item-1","quantity":2}]`}, w.told())
	})
}

func TestWhatAmazonShipsItselfIsNotToldBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, p21.SeedV2)
	o := w.sell(amazon.ByAmazon, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 1})
	require.NoError(t, w.p21.ShipOrder(o.Number, nil))
	other, err := w.p21.EnterOrder(p21stand.Order{Company: "ACME", Reference: "WEB-1", Location: "10", Lines: []p21stand.OrderLine{{Item: "BRW-POUR-01", Quantity: few(1)}}})
	require.NoError(t, err)
	require.NoError(t, w.p21.ShipOrder(other.Number, nil))
	w.later()
	require.Equal(t, "0", w.text(`SELECT count(*)::text FROM flow_record WHERE flow = 'shipments'`))
}

func TestANumberThatP21CorrectsIsCorrectedAtAmazon(t *testing.T) {
	t.Parallel()
	w := newWorld(t, p21.SeedV2)
	o := w.sell(amazon.ByMerchant, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 1})
	require.NoError(t, w.p21.ShipOrder(o.Number, nil))
	require.NoError(t, w.p21.TrackOrder(o.Number, "", "WRONG"))
	w.later()
	require.Equal(t, "delivered", w.state(shipments.Name, "500001"))
	require.NoError(t, w.system.WriteTracking(t.Context(), p21.Tracking{Shipment: "500001", Number: "RIGHT"}))
	w.later()
	require.Equal(t, "delivered", w.state(shipments.Name, "500001"))
	require.Equal(t, []string{`500001 RIGHT [{"orderItemId":"item-1","quantity":1}]`}, w.told())
}

// What Amazon did although its answer was lost, and what it did not, both end
// with one parcel.
func TestAParcelIsThereOnceWhateverAmazonAnswers(t *testing.T) {
	t.Parallel()
	for _, rule := range []misbehave.Rule{{Kind: misbehave.ResetAfter}, {Kind: misbehave.Reset}, {Kind: misbehave.Status, Status: 503}, {Kind: misbehave.StatusAfter, Status: 500}} {
		t.Run(string(rule.Kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, p21.SeedV2)
			o := w.sell(amazon.ByMerchant, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 1})
			require.NoError(t, w.p21.ShipOrder(o.Number, nil))
			require.NoError(t, w.p21.TrackOrder(o.Number, "", "1Z"))
			rule.Side, rule.Operation, rule.Count = "amazon", "confirmShipment", 1
			_, err := w.faults.Add(rule)
			require.NoError(t, err)
			w.later()
			w.later()
			require.Equal(t, "delivered", w.state(shipments.Name, "500001"))
			require.Equal(t, []string{`500001 1Z500001 [{"orderItemId":"item-1","quantity":1}]`}, w.told())
		})
	}
}

// Somebody told Amazon by hand, with other units than P21 ships.
func TestMoreThanAmazonSoldStopsWithTheOrderNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, p21.SeedV2)
	o := w.sell(amazon.ByMerchant, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 2})
	require.NoError(t, w.amazon.PlaceOrders(amazonstand.PlacedOrder{Account: "us", ID: orderID, FulfilledBy: amazon.ByMerchant, Updated: w.clock.Now().Add(time.Second),
		Items: []amazonstand.PlacedItem{{ID: "item-1", SKU: "KETTLE", Quantity: 2, Cancelled: 1, UnitPrice: few(20)}}}))
	require.NoError(t, w.p21.ShipOrder(o.Number, nil))
	require.NoError(t, w.p21.TrackOrder(o.Number, "", "1Z"))
	require.NoError(t, w.Fetch(t.Context(), w.connection, orders.Name, orderID))
	require.NoError(t, w.Work(t.Context(), w.connection, orders.Name))
	w.later()
	require.Contains(t, w.state(shipments.Name, "500001"), "exception")
	require.Contains(t, w.text(`SELECT title FROM exception WHERE flow = 'shipments'`), orderID)
}
