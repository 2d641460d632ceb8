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
	"tieout/cmd/sandbox/misbehave"
	p21stand "tieout/cmd/sandbox/p21"
)

func TestAFlaggedOrderIsAskedForOnceAndFollowed(t *testing.T) {
	pairs(t, func(t *testing.T, w *world) {
		w.maps("BRW-POUR-01", "BRW-POUR-01", 1)
		w.maps("KIT-WHSK-01", "KITWHSK01", 1)
		o := w.enter(line("BRW-POUR-01", 2), line("KITWHSK01", 1), line("BRW-POUR-01", 1))
		_, err := w.p21.EnterOrder(p21stand.Order{Company: "ACME", Reference: "OWN", Source: "WEBSHOP", Location: "10", Lines: []p21stand.OrderLine{line("BRW-POUR-01", 1)}})
		require.NoError(t, err)
		_, err = w.p21.EnterOrder(p21stand.Order{Company: "ACME", Reference: "114-1", Source: "AMAZON-FBA", Location: "20", Lines: []p21stand.OrderLine{line("BRW-POUR-01", 1)}})
		require.NoError(t, err)
		w.run(fulfilment.Name)
		require.Equal(t, "delivered", w.state(fulfilment.Name, o.Number))
		require.EqualValues(t, 1, w.number(`SELECT count(*) FROM flow_record`), "what is not flagged is not kept")
		held := w.atAmazon(o)
		require.Equal(t, []amazon.FulfillmentItem{{ID: "1", SKU: "BRW-POUR-01", Quantity: 3}, {ID: "2", SKU: "KIT-WHSK-01", Quantity: 1}}, held.Items)

		var target struct{ Header map[string]any }
		require.NoError(t, json.Unmarshal([]byte(w.text(`SELECT target FROM flow_record`)), &target))
		require.Equal(t, "14.5", target.Header["fee"], "what the preview said stays with the record")
		require.NotEmpty(t, target.Header["arrives_until"])

		for range 3 {
			w.pass(40 * time.Minute)
		}
		require.Equal(t, "delivered", w.state(fulfilment.Name, o.Number))
		require.Contains(t, w.text(`SELECT title FROM flow_record`), "(sent)", "Amazon's progress is read back")
		require.EqualValues(t, 1, w.number(`SELECT count(*) FROM outbound_message`))
		require.EqualValues(t, 0, w.number(`SELECT count(*) FROM exception`))
	})
}

func TestALostAnswerDoesNotAskTwice(t *testing.T) {
	pairs(t, func(t *testing.T, w *world) {
		w.maps("BRW-POUR-01", "BRW-POUR-01", 1)
		for _, operation := range []string{"createOrder", "createFulfillmentOrder"} {
			_, err := w.faults.Add(misbehave.Rule{Side: "amazon", Operation: operation, Kind: misbehave.StatusAfter, Count: 2})
			require.NoError(t, err)
		}
		o := w.enter(line("BRW-POUR-01", 1))
		w.run(fulfilment.Name)
		require.Contains(t, w.state(fulfilment.Name, o.Number), "delivering", "both tries were answered with a failure")
		w.pass(time.Minute)
		require.Equal(t, "delivered", w.state(fulfilment.Name, o.Number))
		all, err := w.amazon.Fulfilled("us")
		require.NoError(t, err)
		require.Len(t, all, 1)
	})
}

func TestWhatIsThereUnderTheIdIsAdoptedOrStandsAsDifferent(t *testing.T) {
	one(t, amazon.Fulfillment2020, p21.Native, func(t *testing.T, w *world) {
		w.maps("BRW-POUR-01", "BRW-POUR-01", 1)
		client, err := w.Fulfillments(t.Context(), w.connection)
		require.NoError(t, err)
		same, other := w.enter(line("BRW-POUR-01", 1)), w.enter(line("BRW-POUR-01", 2))
		for _, o := range []p21stand.Order{same, other} {
			require.NoError(t, client.Create(t.Context(), amazon.FulfillmentRequest{ID: id(o), DisplayID: "x", Date: w.clock.Now(), Comment: "x", Speed: "STANDARD", Policy: "FILL_OR_KILL",
				ShipTo: amazon.FulfillmentAddress{Name: "A", Line1: "B", PostalCode: "73301", Country: "US"}, Items: []amazon.RequestedItem{{ID: "1", SKU: "BRW-POUR-01", Quantity: 1}}}))
		}
		w.run(fulfilment.Name)
		require.Equal(t, "delivered", w.state(fulfilment.Name, same.Number))
		require.Contains(t, w.state(fulfilment.Name, other.Number), "line 1 (2 of BRW-POUR-01) is not there")
		require.EqualValues(t, 1, w.number(`SELECT count(*) FROM exception WHERE class = 'delivery_mismatch'`))
	})
}

func TestACancellationFollowsUntilItIsTooLate(t *testing.T) {
	pairs(t, func(t *testing.T, w *world) {
		w.maps("BRW-POUR-01", "BRW-POUR-01", 1)
		never, early, late := w.enter(line("BRW-POUR-01", 1)), w.enter(line("BRW-POUR-01", 1)), w.enter(line("BRW-POUR-01", 1))
		require.NoError(t, w.p21.CancelOrder(never.Number))
		w.run(fulfilment.Name)
		require.Equal(t, "ignored It was cancelled before Amazon was asked.", w.state(fulfilment.Name, never.Number))

		require.NoError(t, w.p21.CancelOrder(early.Number))
		w.pass(time.Minute)
		require.Equal(t, "delivered", w.state(fulfilment.Name, early.Number))
		require.Equal(t, amazon.FulfillmentCancelled, w.atAmazon(early).Status)

		w.pass(10 * time.Minute)
		require.NoError(t, w.p21.CancelOrder(late.Number))
		w.pass(time.Minute)
		require.Contains(t, w.state(fulfilment.Name, late.Number), "exception It was too late to cancel")
		require.Equal(t, amazon.FulfillmentProcessing, w.atAmazon(late).Status)
		w.pass(time.Hour)
		require.EqualValues(t, 1, w.number(`SELECT count(*) FROM exception WHERE state = 'open' AND class = 'delivery_refused'`))
	})
}

func TestWhatAmazonCannotSendStopsWithAWayOut(t *testing.T) {
	one(t, amazon.Fulfillment2026, p21.Native, func(t *testing.T, w *world) {
		w.maps("OUT-CHAR-04", "OUT-CHAR", 1)
		w.maps("BRW-POUR-01", "BRW-POUR-01", 1)
		before := w.enter(line("OUT-CHAR", 5))
		w.run(fulfilment.Name)
		require.Contains(t, w.state(fulfilment.Name, before.Number), "exception Amazon cannot send 2 of OUT-CHAR-04.")
		require.NoError(t, w.p21.ChangeOrder(before.Number, map[int]decimal.Decimal{1: decimal.NewFromInt(3)}))
		w.pass(time.Minute)
		require.Equal(t, "delivered", w.state(fulfilment.Name, before.Number), "edited")

		after := w.enter(line("BRW-POUR-01", 4))
		w.pass(time.Minute)
		require.NoError(t, w.amazon.Spoil("us", id(after), "BRW-POUR-01", 1))
		w.pass(6 * time.Minute)
		require.Contains(t, w.state(fulfilment.Name, after.Number), "exception Amazon has too little stock and sends nothing: Amazon does not send 4 of BRW-POUR-01.")
		require.NoError(t, w.p21.CancelOrder(after.Number))
		w.pass(time.Minute)
		require.Equal(t, "delivered", w.state(fulfilment.Name, after.Number), "cancelled on both sides")
		require.EqualValues(t, 0, w.number(`SELECT count(*) FROM exception WHERE state = 'open'`))
	})
}

func TestAPartialShipmentStopsUntilP21WantsNoMore(t *testing.T) {
	pairs(t, func(t *testing.T, w *world) {
		w.maps("BRW-POUR-01", "BRW-POUR-01", 1)
		w.use("policy", `"FILL_ALL_AVAILABLE"`)
		o := w.enter(line("BRW-POUR-01", 4))
		w.run(fulfilment.Name)
		require.NoError(t, w.amazon.Spoil("us", id(o), "BRW-POUR-01", 1))
		w.pass(40 * time.Minute)
		require.Equal(t, amazon.FulfillmentPartial, w.atAmazon(o).Status)
		require.Contains(t, w.state(fulfilment.Name, o.Number), "exception Amazon has too little stock: Amazon does not send 1 of BRW-POUR-01.")
		require.NoError(t, w.p21.ChangeOrder(o.Number, map[int]decimal.Decimal{1: decimal.NewFromInt(3)}))
		w.pass(time.Minute)
		require.Equal(t, "delivered", w.state(fulfilment.Name, o.Number))
		require.NoError(t, w.p21.ChangeOrder(o.Number, map[int]decimal.Decimal{1: decimal.NewFromInt(2)}))
		w.pass(time.Minute)
		require.Contains(t, w.state(fulfilment.Name, o.Number), "P21 wants 2 of BRW-POUR-01 instead of 4")
	})
}

func TestPacksDivideEvenlyOrStop(t *testing.T) {
	one(t, amazon.Fulfillment2026, p21.SeedV2, func(t *testing.T, w *world) {
		w.maps("BRW-FILT-40", "BRW-POUR-01", 2)
		w.maps("KIT-WHSK-01", "BRW-POUR-01", 3)
		odd, even := w.enter(line("BRW-POUR-01", 5)), w.enter(line("BRW-POUR-01", 6))
		none := w.enter(line("KITWHSK01", 1))
		w.run(fulfilment.Name)
		require.Contains(t, w.state(fulfilment.Name, odd.Number), "5 of BRW-POUR-01 cannot be made of whole packs: BRW-FILT-40 holds 2, KIT-WHSK-01 holds 3.")
		require.Equal(t, []amazon.FulfillmentItem{{ID: "1", SKU: "BRW-FILT-40", Quantity: 3}}, w.atAmazon(even).Items)
		require.Contains(t, w.state(fulfilment.Name, none.Number), "No Amazon SKU stands for item KITWHSK01 alone.")
		w.use("preference", `"pack"`)
		largest := w.enter(line("BRW-POUR-01", 6))
		w.pass(time.Minute)
		require.Equal(t, []amazon.FulfillmentItem{{ID: "1", SKU: "KIT-WHSK-01", Quantity: 2}}, w.atAmazon(largest).Items)
	})
}

func TestFeesAboveTheLimitStopAndAHoldIsTakenOff(t *testing.T) {
	one(t, amazon.Fulfillment2020, p21.SeedV2, func(t *testing.T, w *world) {
		w.maps("BRW-POUR-01", "BRW-POUR-01", 1)
		dear := w.enter(line("BRW-POUR-01", 40))
		w.run(fulfilment.Name)
		require.Contains(t, w.state(fulfilment.Name, dear.Number), "Amazon would charge about 83.25 USD, more than 50.")
		w.use("fee_limit", `100`)
		w.pass(time.Minute)
		require.Equal(t, "delivered", w.state(fulfilment.Name, dear.Number), "another limit lets it go on")

		w.use("hold", `location == "20"`)
		held := w.enter(line("BRW-POUR-01", 1))
		w.pass(time.Minute)
		require.True(t, w.atAmazon(held).Held)
		w.use("hold", `false`)
		require.NoError(t, w.p21.ChangeOrder(held.Number, map[int]decimal.Decimal{1: decimal.NewFromInt(1)}))
		w.pass(time.Minute)
		require.Equal(t, "delivered", w.state(fulfilment.Name, held.Number))
		require.False(t, w.atAmazon(held).Held)
	})
}

func TestWhatP21ShippedItselfOrCannotBeAddressedIsNotAskedFor(t *testing.T) {
	one(t, amazon.Fulfillment2026, p21.Native, func(t *testing.T, w *world) {
		w.maps("BRW-POUR-01", "BRW-POUR-01", 1)
		done := w.enter(line("BRW-POUR-01", 1))
		require.NoError(t, w.p21.ShipOrder(done.Number, nil))
		nowhere, err := w.p21.EnterOrder(p21stand.Order{Company: "ACME", Reference: "WEB-1", Source: "WEBSHOP", Location: "20", Lines: []p21stand.OrderLine{line("BRW-POUR-01", 1)},
			ShipTo: p21stand.Address{Name: "Ada Example", Line1: "1 Test Street", City: "Austin", PostalCode: "73301", Country: "USA"}})
		require.NoError(t, err)
		w.run(fulfilment.Name)
		require.Equal(t, "ignored P21 had shipped it before Amazon was asked.", w.state(fulfilment.Name, done.Number))
		require.Contains(t, w.state(fulfilment.Name, nowhere.Number), "exception Amazon needs a country of two letters")
		w.use("ship_country", `shipTo.country == "USA" ? "US" : shipTo.country`)
		w.pass(time.Minute)
		require.Equal(t, "delivered", w.state(fulfilment.Name, nowhere.Number))
		all, err := w.amazon.Fulfilled("us")
		require.NoError(t, err)
		require.Len(t, all, 1)
	})
}
