package fbashipments_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/fbashipments"
	"tieout/app/flow"
	"tieout/app/orders"
	"tieout/app/p21"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/bothsides"
	"tieout/cmd/sandbox/misbehave"
	p21stand "tieout/cmd/sandbox/p21"
)

const orderID = bothsides.OrderID

// world is a connection with the flows of orders and FBA shipments.
type world struct{ *bothsides.World }

func setup(kind string) bothsides.Setup {
	return bothsides.Setup{Kind: kind, Writes: 10 * time.Minute, Models: []string{"orders_2026-01-01.json", "reports_2021-06-30.json"}, Flows: func(w *bothsides.World) []flow.Flow {
		return []flow.Flow{orders.New(w, (*amazon.Client).Orders2026, w.Resolve, w.Catalog.NoteListings), fbashipments.New(w, func() fbashipments.Orders { return w.Service }, w.Resolve, w.Clock)}
	}}
}

func adapters(t *testing.T, test func(t *testing.T, w *world)) {
	bothsides.Adapters(t, setup(""), func(t *testing.T, w *bothsides.World) { test(t, &world{w}) })
}

// sent has Amazon send a parcel of the order, and time pass until its report is read.
func (w *world) sent(number string, units map[string]int) {
	w.T.Helper()
	require.NoError(w.T, w.Seller.SendParcels(amazonstand.SentParcel{Account: "us", OrderID: orderID, Units: units, Carrier: "UPS", Tracking: number}))
	w.read()
}

func (w *world) read() {
	w.T.Helper()
	w.Later(fbashipments.Name, 2*time.Hour)
	w.Later(fbashipments.Name, 20*time.Minute)
}

// numbers are the tracking numbers that P21 has of the order.
func (w *world) numbers(o p21stand.Order) (list []string) {
	for _, s := range w.ERP.ShipmentsOf(o.Number) {
		list = append(list, s.Tracking)
	}
	return list
}

func few(n int64) decimal.Decimal { return decimal.NewFromInt(n) }

func TestEachParcelsNumberReachesTheShipmentWithItsContents(t *testing.T) {
	adapters(t, func(t *testing.T, w *world) {
		o := w.Sell(amazon.ByAmazon, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 2}, amazonstand.PlacedItem{SKU: "PAIR", Quantity: 1})
		w.sent("1ZONE", map[string]int{"PAIR": 1})
		require.Contains(t, w.State(fbashipments.Name, orderID), "received P21 has not shipped of order")
		require.NoError(t, w.ERP.ShipOrder(o.Number, map[int]decimal.Decimal{2: few(2)}))
		w.read()
		require.Equal(t, "delivered", w.State(fbashipments.Name, orderID))
		require.Equal(t, []string{"1ZONE"}, w.numbers(o))

		require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
		w.Later(fbashipments.Name, 72*time.Hour) // the first parcel is in no report any more
		w.sent("1ZTWO", map[string]int{"KETTLE": 2})
		w.read()
		require.Equal(t, []string{"1ZONE", "1ZTWO"}, w.numbers(o))
		w.read()
		require.Equal(t, "2", w.Text(`SELECT count(*)::text FROM outbound_message WHERE kind = 'fba_shipments'`), "the windows overlap")
	})
}

func TestNothingOfTheBuyerIsKept(t *testing.T) {
	t.Parallel()
	w := &world{bothsides.New(t, setup(p21.SeedV2))}
	w.Sell(amazon.ByAmazon, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 1})
	w.sent("1Z", map[string]int{"KETTLE": 1})
	require.Equal(t, "0", w.Text(`SELECT count(*)::text FROM flow_content WHERE source::text ~* 'garbo|main street|austin|78701|marketplace.amazon'`))
	text := fbashipments.Strip("amazon-order-id\tbuyer-name\tsku\r\n1\tGreta\tKETTLE\r\n")
	require.Equal(t, "amazon-order-id\tsku\n1\tKETTLE\n", text)
}

func TestOrdersThatTheFlowOfOrdersDidNotBringAreLeftAlone(t *testing.T) {
	t.Parallel()
	w := &world{bothsides.New(t, setup(p21.SeedV2))}
	require.NoError(t, w.Seller.SendParcels(amazonstand.SentParcel{Account: "us", OrderID: "S01-1111111-1111111", Units: map[string]int{"KETTLE": 1}, Tracking: "X"}))
	w.read()
	require.Equal(t, "received The order has not reached P21 yet.", w.State(fbashipments.Name, "S01-1111111-1111111"), "it may come")
	w.Later(fbashipments.Name, 96*time.Hour)
	require.Contains(t, w.State(fbashipments.Name, "S01-1111111-1111111"), "ignored The flow of orders did not bring it")
}

func TestAnInvoicedOrderTakesNoNumberAnyMore(t *testing.T) {
	t.Parallel()
	w := &world{bothsides.New(t, setup(p21.SeedV2))}
	o := w.Sell(amazon.ByAmazon, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 1})
	require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
	require.NoError(t, w.ERP.InvoiceOrder(o.Number))
	w.sent("1Z", map[string]int{"KETTLE": 1})
	require.Contains(t, w.State(fbashipments.Name, orderID), "ignored P21 had invoiced it")
}

func TestANumberIsThereWhateverP21Answers(t *testing.T) {
	t.Parallel()
	for _, rule := range []misbehave.Rule{{Kind: misbehave.ResetAfter}, {Kind: misbehave.Reset}, {Kind: misbehave.Status, Status: 503}, {Kind: misbehave.StatusAfter, Status: 500}} {
		t.Run(string(rule.Kind), func(t *testing.T) {
			t.Parallel()
			w := &world{bothsides.New(t, setup(p21.SeedV2))}
			o := w.Sell(amazon.ByAmazon, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 1})
			require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
			rule.Side, rule.Operation, rule.Count = "p21", p21stand.OpWriteTracking, 1
			w.Strike(rule)
			w.sent("1Z", map[string]int{"KETTLE": 1})
			w.read()
			require.Equal(t, []string{"1Z"}, w.numbers(o))
			require.Equal(t, "delivered", w.State(fbashipments.Name, orderID))
		})
	}
}

const header = "amazon-order-id\tshipment-id\tshipment-item-id\tsku\tquantity-shipped\tcarrier\ttracking-number\tshipment-date\n"

func TestEverythingWrongWithAReportIsSaid(t *testing.T) {
	t.Parallel()
	list, problems := fbashipments.Read(header + "1\tD1\tD11\tKETTLE\t1\tUPS\t1Z\t2026-11-20T10:00:00+00:00\n\tD2\tD21\tKETTLE\tnone\tUPS\t1Z\tyesterday\n")
	require.Len(t, list, 1)
	var words []string
	for _, p := range problems {
		words = append(words, p.String())
	}
	require.Equal(t, []string{"line 3, amazon-order-id: is empty", `line 3, quantity-shipped: "none" is no number of units`, `line 3, shipment-date: "yesterday" is no moment`}, words)
	_, problems = fbashipments.Read("sku\n")
	require.Len(t, problems, 7, "every missing column")
}

func TestARowThatCannotBeReadStandsAsItIs(t *testing.T) {
	t.Parallel()
	w := &world{bothsides.New(t, setup(p21.SeedV2))}
	o := w.Sell(amazon.ByAmazon, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 1})
	require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
	require.NoError(t, w.Seller.SendParcels(amazonstand.SentParcel{Account: "us", OrderID: orderID, Units: map[string]int{"": 1}, Tracking: "BAD"}))
	w.sent("1Z", map[string]int{"KETTLE": 1})
	require.Equal(t, []string{"1Z"}, w.numbers(o), "the good row goes on")
	require.Contains(t, w.Text(`SELECT problem FROM flow_record WHERE flow = 'fba_shipments' AND key LIKE 'unreadable%'`), "sku: is empty")
}

func FuzzRead(f *testing.F) {
	f.Add(header + "1\tD1\tD11\tKETTLE\t1\tUPS\t1Z\t2026-11-20T10:00:00+00:00\n")
	f.Add("sku")
	f.Fuzz(func(t *testing.T, text string) {
		list, problems := fbashipments.Read(text)
		rows := strings.Count(text, "\n")
		require.LessOrEqual(t, len(list), rows)
		for _, p := range problems {
			require.Positive(t, p.Line)
			require.LessOrEqual(t, p.Line, rows+1)
		}
		for _, r := range list {
			require.Positive(t, r.Quantity)
		}
		stripped, _ := fbashipments.Read(fbashipments.Strip(text))
		require.Len(t, stripped, len(list), "what is stripped says the same")
	})
}
