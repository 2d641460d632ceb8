package inbound_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/inbound"
	"tieout/app/p21"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/bothsides"
	"tieout/cmd/sandbox/misbehave"
)

// six are three pairs.
var six = decimal.NewFromInt(6)

func setup(kind string) bothsides.Setup {
	return bothsides.Setup{Kind: kind, Models: []string{"fulfillmentInboundV0.json"}, Flows: func(w *bothsides.World) []flow.Flow {
		return []flow.Flow{inbound.New(w, w.Resolve, w.Clock)}
	}}
}

func send(w *bothsides.World, status string, received int) {
	w.T.Helper()
	require.NoError(w.T, w.Seller.PlaceInbound(amazonstand.InboundShipment{Account: "us", ID: "FBA1234ABCD", Name: "November", Status: status,
		Shipped: map[string]int{"KETTLE": 30, "PAIR": 20}, Received: map[string]int{"KETTLE": 30, "PAIR": received}}))
	w.Later(inbound.Name, 6*time.Hour)
}

func TestAShipmentWaitsUntilItIsClosedAndWhatIsMissingIsAnExceptionUntilItIsFound(t *testing.T) {
	bothsides.Adapters(t, setup(""), func(t *testing.T, w *bothsides.World) {
		send(w, "SHIPPED", 0)
		require.Equal(t, "received Amazon has received 30 of 50 units; the shipment is shipped.", w.State(inbound.Name, "FBA1234ABCD"))
		send(w, "RECEIVING", 10)
		send(w, "RECEIVING", 17) // Amazon does not say that it changed
		require.Contains(t, w.State(inbound.Name, "FBA1234ABCD"), "47 of 50")
		send(w, "CLOSED", 17)
		require.Equal(t, "exception PAIR: sent 20, received 17.", w.State(inbound.Name, "FBA1234ABCD"))
		require.Equal(t, "Shipment FBA1234ABCD: 3 units missing", w.Text(`SELECT title FROM exception WHERE state = 'open'`))
		held, err := w.System.StockOf(t.Context(), "KITWHSK01")
		require.NoError(t, err)
		require.True(t, held[0].UnitCost.IsPositive())
		require.Equal(t, held[0].UnitCost.Mul(six).Round(2).StringFixed(2), w.Text(`SELECT round(amount, 2)::text FROM exception WHERE state = 'open'`), "a pair is two whisks")

		send(w, "RECEIVING", 20) // Amazon looks again and finds them
		send(w, "CLOSED", 20)
		require.Contains(t, w.State(inbound.Name, "FBA1234ABCD"), "ignored Amazon has received what was sent: 50 units.")
		require.Equal(t, "0", w.Text(`SELECT count(*)::text FROM exception WHERE state = 'open'`))
	})
}

func TestUnitsTooManyAreToldAndToleratedWhereTheFormulaSaysSo(t *testing.T) {
	t.Parallel()
	w := bothsides.New(t, setup(p21.SeedV2))
	send(w, "CLOSED", 22)
	require.Equal(t, "Shipment FBA1234ABCD: 2 units too many", w.Text(`SELECT title FROM exception WHERE state = 'open'`))
	v, err := w.Version(t.Context(), w.Connection, inbound.Name, 0)
	require.NoError(t, err)
	for i, f := range v.Fields {
		if f.Name == "tolerance" {
			v.Fields[i].Formula = `2`
		}
	}
	actor := w.Person("Olga Ops")
	number, err := w.Save(t.Context(), w.Connection, inbound.Name, v, "two are fine", actor)
	require.NoError(t, err)
	require.NoError(t, w.Use(t.Context(), w.Connection, inbound.Name, number, actor))
	require.NoError(t, w.Work(t.Context(), w.Connection, inbound.Name))
	require.Contains(t, w.State(inbound.Name, "FBA1234ABCD"), "ignored Amazon has received what was sent: 52 units")
}

func TestWhatWasCancelledOrFailedIsSaid(t *testing.T) {
	t.Parallel()
	w := bothsides.New(t, setup(p21.SeedV2))
	require.NoError(t, w.Seller.PlaceInbound(amazonstand.InboundShipment{Account: "us", ID: "FBAGONE", Status: "DELETED", Shipped: map[string]int{"KETTLE": 1}},
		amazonstand.InboundShipment{Account: "us", ID: "FBABAD", Status: "ERROR", Shipped: map[string]int{"KETTLE": 1}}))
	w.Run(inbound.Name)
	require.Equal(t, "ignored The shipment was cancelled.", w.State(inbound.Name, "FBAGONE"))
	require.Contains(t, w.State(inbound.Name, "FBABAD"), "exception Amazon reports an error")
}

func TestManyShipmentsAreReadPageByPageAndOneByItsId(t *testing.T) {
	t.Parallel()
	w := bothsides.New(t, setup(p21.SeedV2))
	for i := range 120 {
		require.NoError(t, w.Seller.PlaceInbound(amazonstand.InboundShipment{Account: "us", ID: fmt.Sprintf("FBA%03d", i), Shipped: map[string]int{"KETTLE": 1}}))
	}
	w.Strike(misbehave.Rule{Side: "amazon", Operation: "getShipmentItemsByShipmentId", Kind: misbehave.Status, Status: 503, Count: 1})
	require.NoError(t, w.Service.Read(t.Context(), w.Connection, inbound.Name, flow.OnSchedule, 0))
	w.Later(inbound.Name, time.Minute)
	require.Equal(t, "120", w.Text(`SELECT count(*)::text FROM flow_record`))
	require.NoError(t, w.Seller.PlaceInbound(amazonstand.InboundShipment{Account: "us", ID: "FBA007", Status: "CLOSED", Shipped: map[string]int{"KETTLE": 1}, Received: map[string]int{"KETTLE": 1}}))
	w.Clock.Advance(time.Minute)
	require.NoError(t, w.Fetch(t.Context(), w.Connection, inbound.Name, "FBA007"))
	require.NoError(t, w.Work(t.Context(), w.Connection, inbound.Name))
	require.Contains(t, w.State(inbound.Name, "FBA007"), "ignored")
	require.True(t, fault.Is(w.Fetch(t.Context(), w.Connection, inbound.Name, "FBANONE"), fault.NotFound))
}
