package shipments_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/flow"
	"tieout/app/orders"
	"tieout/app/p21"
	"tieout/app/shipments"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/bothsides"
	"tieout/cmd/sandbox/misbehave"
	p21stand "tieout/cmd/sandbox/p21"
)

const orderID = bothsides.OrderID

// world is a connection with the flows of orders and shipments.
type world struct{ *bothsides.World }

func setup(kind string) bothsides.Setup {
	return bothsides.Setup{Kind: kind, Models: []string{"orders_2026-01-01.json", "ordersV0.json"}, Flows: func(w *bothsides.World) []flow.Flow {
		return []flow.Flow{orders.New(w, (*amazon.Client).Orders2026, w.Resolve, w.Catalog.NoteListings), shipments.New(w, func() shipments.Orders { return w.Service })}
	}}
}

func newWorld(t *testing.T, kind string) *world { return &world{bothsides.New(t, setup(kind))} }

// adapters runs one test against either kind of P21.
func adapters(t *testing.T, test func(t *testing.T, w *world)) {
	bothsides.Adapters(t, setup(""), func(t *testing.T, w *bothsides.World) { test(t, &world{w}) })
}

func (w *world) later() {
	w.T.Helper()
	w.Later(shipments.Name, 20*time.Minute)
}

// told are Amazon's parcels of the order: reference, tracking and items.
func (w *world) told() (list []string) {
	w.T.Helper()
	_, order, err := w.Client.Orders2026().Order(w.T.Context(), orderID, []amazon.Include{amazon.IncludeFulfillment, amazon.IncludePackages})
	require.NoError(w.T, err)
	for _, p := range order.Packages {
		items, err := json.Marshal(p.Items)
		require.NoError(w.T, err)
		list = append(list, p.Reference+" "+p.Tracking+" "+string(items))
	}
	return list
}

func few(quantity int64) decimal.Decimal { return decimal.NewFromInt(quantity) }

func TestAmazonIsToldOfEachParcelOnceThereIsANumber(t *testing.T) {
	adapters(t, func(t *testing.T, w *world) {
		o := w.Sell(amazon.ByMerchant, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 2}, amazonstand.PlacedItem{SKU: "PAIR", Quantity: 3})
		w.Run(shipments.Name)
		require.NoError(t, w.ERP.ShipOrder(o.Number, map[int]decimal.Decimal{1: few(1), 2: few(4)}))
		w.later()
		require.Equal(t, "received P21 has no tracking number of this shipment yet.", w.State(shipments.Name, "500001"))
		require.NoError(t, w.ERP.TrackOrder(o.Number, "100123", "1Z"))
		w.later()
		require.Equal(t, "delivered", w.State(shipments.Name, "500001"))
		require.Equal(t, []string{`500001 1Z500001 [{"orderItemId":"item-1","quantity":1},{"orderItemId":"item-2","quantity":2}]`}, w.told())

		require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
		require.NoError(t, w.ERP.TrackOrder(o.Number, "100123", "1Z"))
		w.later()
		w.later()
		require.Equal(t, []string{`500001 1Z500001 [{"orderItemId":"item-1","quantity":1},{"orderItemId":"item-2","quantity":2}]`,
			`500002 1Z500002 [{"orderItemId":"item-1","quantity":1},{"orderItemId":"item-2","quantity":1}]`}, w.told())
		require.Equal(t, "2", w.Text(`SELECT count(*)::text FROM outbound_message WHERE kind = 'amazon_parcel'`))
		require.Equal(t, "0", w.Text(`SELECT count(*)::text FROM exception`))
	})
}

func TestAUnitOfASetIsGoneWhenTheLastOfItsPartsIs(t *testing.T) {
	adapters(t, func(t *testing.T, w *world) {
		o := w.Sell(amazon.ByMerchant, amazonstand.PlacedItem{SKU: "SET", Quantity: 2})
		require.NoError(t, w.ERP.ShipOrder(o.Number, map[int]decimal.Decimal{1: few(2), 2: few(2)}))
		require.NoError(t, w.ERP.TrackOrder(o.Number, "", "A"))
		require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
		require.NoError(t, w.ERP.TrackOrder(o.Number, "", "B"))
		w.later()
		require.Contains(t, w.State(shipments.Name, "500001"), "ignored It completes no unit")
		require.Equal(t, "delivered", w.State(shipments.Name, "500002"))
		require.Equal(t, []string{`500002 B500002 [{"orderItemId":"item-1","quantity":2}]`}, w.told())
	})
}

func TestWhatAmazonShipsItselfIsNotToldBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, p21.SeedV2)
	o := w.Sell(amazon.ByAmazon, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 1})
	require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
	other, err := w.ERP.EnterOrder(p21stand.Order{Company: "ACME", Reference: "WEB-1", Location: "10", Lines: []p21stand.OrderLine{{Item: "BRW-POUR-01", Quantity: few(1)}}})
	require.NoError(t, err)
	require.NoError(t, w.ERP.ShipOrder(other.Number, nil))
	w.later()
	require.Equal(t, "0", w.Text(`SELECT count(*)::text FROM flow_record WHERE flow = 'shipments'`))
}

func TestANumberThatP21CorrectsIsCorrectedAtAmazon(t *testing.T) {
	t.Parallel()
	w := newWorld(t, p21.SeedV2)
	o := w.Sell(amazon.ByMerchant, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 1})
	require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
	require.NoError(t, w.ERP.TrackOrder(o.Number, "", "WRONG"))
	w.later()
	require.Equal(t, "delivered", w.State(shipments.Name, "500001"))
	require.NoError(t, w.System.WriteTracking(t.Context(), p21.Tracking{Shipment: "500001", Number: "RIGHT"}))
	w.later()
	require.Equal(t, "delivered", w.State(shipments.Name, "500001"))
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
			o := w.Sell(amazon.ByMerchant, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 1})
			require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
			require.NoError(t, w.ERP.TrackOrder(o.Number, "", "1Z"))
			rule.Side, rule.Operation, rule.Count = "amazon", "confirmShipment", 1
			w.Strike(rule)
			w.later()
			w.later()
			require.Equal(t, "delivered", w.State(shipments.Name, "500001"))
			require.Equal(t, []string{`500001 1Z500001 [{"orderItemId":"item-1","quantity":1}]`}, w.told())
		})
	}
}

// A seller who is not authorised any more holds everything up, asks nobody about
// any record, and everything goes on once somebody has authorised again.
func TestARevokedAuthorisationIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, p21.SeedV2)
	o := w.Sell(amazon.ByMerchant, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 1})
	require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
	require.NoError(t, w.ERP.TrackOrder(o.Number, "", "1Z"))
	revoked, err := w.Faults.Add(misbehave.Rule{Side: "amazon", Operation: amazonstand.OpToken, Kind: misbehave.Status, Status: 400, Body: `{"error":"invalid_grant"}`})
	require.NoError(t, err)
	w.Seller.ExpireTokens()
	for range 3 {
		w.later()
	}
	require.Contains(t, w.State(shipments.Name, "500001"), "re-authorise this connection in Seller Central")
	require.Equal(t, "0", w.Text(`SELECT count(*)::text FROM exception`))
	require.Equal(t, "intended", w.Text(`SELECT coalesce(max(state), 'intended') FROM outbound_message WHERE kind = 'amazon_parcel'`), "nothing has left")
	require.Contains(t, w.Text(`SELECT failure FROM flow WHERE name = 'shipments'`), "re-authorise", "the flow says so")
	require.True(t, w.Faults.Remove(revoked))
	w.later()
	require.Equal(t, "delivered", w.State(shipments.Name, "500001"))
	require.Equal(t, []string{`500001 1Z500001 [{"orderItemId":"item-1","quantity":1}]`}, w.told())
}

// Somebody told Amazon by hand, with other units than P21 ships.
func TestMoreThanAmazonSoldStopsWithTheOrderNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, p21.SeedV2)
	o := w.Sell(amazon.ByMerchant, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 2})
	require.NoError(t, w.Seller.PlaceOrders(amazonstand.PlacedOrder{Account: "us", ID: orderID, FulfilledBy: amazon.ByMerchant, Updated: w.Clock.Now().Add(time.Second),
		Items: []amazonstand.PlacedItem{{ID: "item-1", SKU: "KETTLE", Quantity: 2, Cancelled: 1, UnitPrice: few(20)}}}))
	require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
	require.NoError(t, w.ERP.TrackOrder(o.Number, "", "1Z"))
	require.NoError(t, w.Fetch(t.Context(), w.Connection, orders.Name, orderID))
	require.NoError(t, w.Work(t.Context(), w.Connection, orders.Name))
	w.later()
	require.Contains(t, w.State(shipments.Name, "500001"), "exception")
	require.Contains(t, w.Text(`SELECT title FROM exception WHERE flow = 'shipments'`), orderID)
}
