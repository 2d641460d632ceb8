package fulfilment_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/fulfilment"
	"tieout/app/p21"
	p21stand "tieout/cmd/sandbox/p21"
)

// shipments are P21's of an order.
func (w *world) shipments(o p21stand.Order) []p21.Shipment {
	w.t.Helper()
	order, err := w.system.FindOrders(w.t.Context(), o.Reference)
	require.NoError(w.t, err)
	list, err := w.system.Shipments(w.t.Context(), p21.Selection{Order: order[0].Number})
	require.NoError(w.t, err)
	return list
}

func TestTrackingNumbersReachTheShipmentsWithTheSameContents(t *testing.T) {
	pairs(t, func(t *testing.T, w *world) {
		w.maps("BRW-POUR-01", "BRW-POUR-01", 1)
		w.maps("KIT-WHSK-01", "KITWHSK01", 2)
		o := w.enter(line("BRW-POUR-01", 2), line("KITWHSK01", 4))
		w.run(fulfilment.Name)
		w.run(fulfilment.TrackingName)
		require.Equal(t, "received Amazon has not sent anything yet.", w.state(fulfilment.TrackingName, id(o)))
		w.clock.Advance(2 * time.Hour)
		w.run(fulfilment.TrackingName)
		require.Contains(t, w.state(fulfilment.TrackingName, id(o)), "received P21 has not shipped of order")

		require.NoError(t, w.p21.ShipOrder(o.Number, map[int]decimal.Decimal{2: decimal.NewFromInt(4)})) // in another sequence than Amazon
		w.clock.Advance(20 * time.Minute)
		w.run(fulfilment.TrackingName)
		require.Contains(t, w.state(fulfilment.TrackingName, id(o)), "received P21 has not shipped of order", "the other parcel is still missing")
		require.NoError(t, w.p21.ShipOrder(o.Number, nil))
		w.clock.Advance(20 * time.Minute)
		w.run(fulfilment.TrackingName)
		require.Equal(t, "delivered", w.state(fulfilment.TrackingName, id(o)))
		held := w.shipments(o)
		require.Len(t, held, 2)
		require.Equal(t, "TBA000000000012", held[0].Tracking, "Amazon's second parcel has the whisks")
		require.Equal(t, "1Z999AA10000000011", held[1].Tracking)

		w.clock.Advance(20 * time.Minute)
		w.run(fulfilment.TrackingName)
		require.EqualValues(t, 1, w.number(`SELECT count(*) FROM outbound_message WHERE kind = 'fulfilment_tracking'`))
		require.EqualValues(t, 0, w.number(`SELECT count(*) FROM exception`))
	})
}

func TestTrackingThatP21TakesNoMoreIsLeft(t *testing.T) {
	one(t, amazon.Fulfillment2026, p21.SeedV2, func(t *testing.T, w *world) {
		w.maps("BRW-POUR-01", "BRW-POUR-01", 1)
		billed := w.enter(line("BRW-POUR-01", 1))
		w.run(fulfilment.Name)
		w.clock.Advance(2 * time.Hour)
		require.NoError(t, w.p21.ShipOrder(billed.Number, nil))
		require.NoError(t, w.p21.InvoiceOrder(billed.Number))
		w.run(fulfilment.TrackingName)
		require.Contains(t, w.state(fulfilment.TrackingName, id(billed)), "ignored P21 had invoiced it before")
	})
}

func TestAChannelIsToldOfEachStepUnderOneIdForEach(t *testing.T) {
	one(t, amazon.Fulfillment2020, p21.Native, func(t *testing.T, w *world) {
		w.maps("BRW-POUR-01", "BRW-POUR-01", 1)
		w.channel.busy = 1
		o := w.enter(line("BRW-POUR-01", 2))
		w.run(fulfilment.Name)
		w.run(fulfilment.NewsName)
		require.Contains(t, w.state(fulfilment.NewsName, id(o)), "delivering", "the shop does not answer")
		w.clock.Advance(time.Minute)
		w.run(fulfilment.NewsName)
		require.Equal(t, "delivered", w.state(fulfilment.NewsName, id(o)))
		w.clock.Advance(2 * time.Hour)
		w.run(fulfilment.NewsName)
		w.run(fulfilment.NewsName)
		bodies, ids := w.channel.told()
		require.Len(t, bodies, 2)
		require.Len(t, ids, 3)
		require.Equal(t, ids[0], ids[1], "the same event has the same id")
		require.NotEqual(t, ids[1], ids[2])
		var last struct {
			Type string
			Data struct {
				Order, Status string
				Lines         []struct{ Quantity int }
				Packages      []struct{ Carrier, Tracking, Status string }
			}
		}
		require.NoError(t, json.Unmarshal([]byte(bodies[1]), &last))
		require.Equal(t, "fulfilment.updated WEB-77 COMPLETE", last.Type+" "+last.Data.Order+" "+last.Data.Status)
		require.Equal(t, 2, last.Data.Lines[0].Quantity)
		require.Equal(t, "UPS 1Z999AA10000000011 IN_TRANSIT", last.Data.Packages[0].Carrier+" "+last.Data.Packages[0].Tracking+" "+last.Data.Packages[0].Status)
		require.NotContains(t, bodies[1], "Ada", "nothing of a person is told")
	})
}

func TestNobodyIsToldWhereNoChannelIsSetUp(t *testing.T) {
	one(t, amazon.Fulfillment2026, p21.SeedV2, func(t *testing.T, w *world) {
		w.maps("BRW-POUR-01", "BRW-POUR-01", 1)
		o, err := w.p21.EnterOrder(p21stand.Order{Company: "ACME", Reference: "TEL-1", Source: "PHONE", Location: "20", Lines: []p21stand.OrderLine{line("BRW-POUR-01", 1)},
			ShipTo: p21stand.Address{Name: "Ada Example", Line1: "1 Test Street", City: "Austin", PostalCode: "73301", Country: "US"}})
		require.NoError(t, err)
		w.run(fulfilment.Name)
		w.run(fulfilment.NewsName)
		require.Contains(t, w.state(fulfilment.NewsName, id(o)), `ignored No webhook named "PHONE"`)
		bodies, _ := w.channel.told()
		require.Empty(t, bodies)
	})
}
