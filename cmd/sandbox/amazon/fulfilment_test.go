package amazon_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	client "tieout/app/amazon"
	"tieout/app/fault"
	"tieout/cmd/sandbox/misbehave"
)

// versions runs one test against both versions of Amazon's fulfilment.
func versions(t *testing.T, test func(t *testing.T, w *world, f client.Fulfillments)) {
	t.Parallel()
	for _, v := range []client.FulfillmentVersion{client.Fulfillment2026, client.Fulfillment2020} {
		t.Run(string(v), func(t *testing.T) {
			t.Parallel()
			w := worldOf(t, []string{"fulfillmentOutbound_" + string(v) + ".json", "tracking_2026-01-30.json"})
			f, err := w.client("us").Fulfillments(v)
			require.NoError(t, err)
			test(t, w, f)
		})
	}
}

func request(id string, items ...client.RequestedItem) client.FulfillmentRequest {
	for i := range items {
		items[i].ID = fmt.Sprint(i + 1)
	}
	return client.FulfillmentRequest{ID: id, DisplayID: "WEB-" + id, Date: begin, Comment: "Thank you.", MarketplaceID: "ATVPDKIKX0DER", Speed: client.SpeedStandard,
		Policy: client.FillOrKill, Items: items,
		ShipTo: client.FulfillmentAddress{Name: "Ada Example", Line1: "1 Test Street", City: "Austin", State: "TX", PostalCode: "73301", Country: "US", Phone: "512 555 0100", Email: "ada@example.com"}}
}

func of(sku string, quantity int) client.RequestedItem {
	return client.RequestedItem{SKU: sku, Quantity: quantity}
}

func TestAnOrderOfAnotherChannelGoesItsWayInBothVersions(t *testing.T) {
	versions(t, func(t *testing.T, w *world, f client.Fulfillments) {
		asked := request("ACME-1001", of("BRW-POUR-01", 2), of("BRW-FILT-40", 1), of("KIT-WHSK-01", 3))
		preview, err := f.Preview(t.Context(), asked)
		require.NoError(t, err)
		require.True(t, preview.Fulfillable())
		require.Equal(t, "18.5 USD", preview.Fee.Amount.String()+" "+preview.Fee.Currency, "two parcels: 5.25 and 2 for each unit more")
		require.True(t, preview.Earliest.After(begin) && preview.Latest.After(preview.Earliest))
		_, err = f.Get(t.Context(), asked.ID)
		require.True(t, fault.Is(err, fault.NotFound), "a preview orders nothing")

		require.NoError(t, f.Create(t.Context(), asked))
		require.Error(t, f.Create(t.Context(), asked), "a second one with the same id")
		held, err := f.Get(t.Context(), asked.ID)
		require.NoError(t, err)
		require.Equal(t, client.FulfillmentProcessing, held.Status)
		require.Equal(t, []client.FulfillmentItem{{ID: "1", SKU: "BRW-POUR-01", Quantity: 2}, {ID: "2", SKU: "BRW-FILT-40", Quantity: 1}, {ID: "3", SKU: "KIT-WHSK-01", Quantity: 3}}, held.Items)
		require.Empty(t, held.Shipments)

		w.clock.Advance(35 * time.Minute) // the first parcel has left, the second not
		list, err := f.List(t.Context(), begin.Add(10*time.Minute))
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, client.FulfillmentProcessing, list[0].Status)
		require.Equal(t, []client.ShipmentStatus{client.ShipmentShipped, client.ShipmentProcessing}, []client.ShipmentStatus{list[0].Shipments[0].Status, list[0].Shipments[1].Status})
		p := list[0].Shipments[0].Packages[0]
		require.Equal(t, "UPS IN_TRANSIT", p.Carrier+" "+p.Status)
		require.NotEmpty(t, p.URL)
		require.Equal(t, []client.ShipmentItem{{LineID: "1", SKU: "BRW-POUR-01", Quantity: 2}}, list[0].Shipments[0].Items)

		w.clock.Advance(50 * time.Hour)
		held, err = f.Get(t.Context(), asked.ID)
		require.NoError(t, err)
		require.Equal(t, client.FulfillmentComplete, held.Status)
		require.Equal(t, "DELIVERED", held.Shipments[1].Packages[0].Status)
		require.Equal(t, begin.Add(48*time.Hour+50*time.Minute), held.Shipments[1].Packages[0].Delivered.UTC())
		progress, err := f.Track(t.Context(), held.Shipments[0].Packages[0])
		require.NoError(t, err)
		require.Equal(t, "DELIVERED", progress.Status)
		list, err = f.List(t.Context(), w.clock.Now())
		require.NoError(t, err)
		require.Empty(t, list, "nothing changed since")
	})
}

func TestAnOrderIsCancelledUntilAmazonPacks(t *testing.T) {
	versions(t, func(t *testing.T, w *world, f client.Fulfillments) {
		require.NoError(t, f.Create(t.Context(), request("EARLY", of("BRW-POUR-01", 1))))
		require.NoError(t, f.Create(t.Context(), request("LATE", of("BRW-POUR-01", 1))))
		require.NoError(t, f.Cancel(t.Context(), "EARLY"))
		w.clock.Advance(6 * time.Minute)
		err := f.Cancel(t.Context(), "LATE")
		require.True(t, fault.Is(err, fault.Invalid))
		require.Contains(t, fault.MessageOf(err), "cannot be cancelled")
		require.True(t, fault.Is(f.Cancel(t.Context(), "NOBODY"), fault.NotFound))
		held, err := f.Get(t.Context(), "EARLY")
		require.NoError(t, err)
		require.Equal(t, client.FulfillmentCancelled, held.Status)
		require.Equal(t, 1, held.Items[0].Cancelled)
		require.Zero(t, held.Items[0].Sendable())
	})
}

func TestWhatAmazonHasTooLittleOfIsToldBeforeAndAfter(t *testing.T) {
	versions(t, func(t *testing.T, w *world, f client.Fulfillments) {
		asked := request("SCARCE", of("OUT-CHAR-04", 5), of("BRW-POUR-01", 1))
		preview, err := f.Preview(t.Context(), asked)
		require.NoError(t, err)
		require.Equal(t, []client.MissingItem{{SKU: "OUT-CHAR-04", Quantity: 2}}, preview.Missing)
		require.NotEmpty(t, preview.Reasons)

		asked.Policy = client.FillAllAvailable
		require.NoError(t, f.Create(t.Context(), asked))
		kill := request("KILL", of("OUT-CHAR-04", 1))
		require.NoError(t, f.Create(t.Context(), kill))
		w.clock.Advance(2 * time.Hour)
		held, err := f.Get(t.Context(), "SCARCE")
		require.NoError(t, err)
		require.Equal(t, client.FulfillmentPartial, held.Status)
		require.Equal(t, 2, held.Items[0].Unfulfillable)
		require.Equal(t, 3, held.Items[0].Sendable())
		held, err = f.Get(t.Context(), "KILL")
		require.NoError(t, err)
		require.Equal(t, client.FulfillmentUnfulfillable, held.Status)
		require.Empty(t, held.Shipments)
		nowhere := request("NOWHERE", of("BRW-POUR-01", 1))
		nowhere.ShipTo.PostalCode = "00000"
		require.NoError(t, f.Create(t.Context(), nowhere))
		w.clock.Advance(time.Hour)
		held, err = f.Get(t.Context(), "NOWHERE")
		require.NoError(t, err)
		require.Equal(t, client.FulfillmentInvalid, held.Status)
	})
}

func TestAHeldOrderWaitsUntilItIsReleased(t *testing.T) {
	versions(t, func(t *testing.T, w *world, f client.Fulfillments) {
		asked := request("HELD", of("BRW-POUR-01", 1))
		asked.Hold = true
		require.NoError(t, f.Create(t.Context(), asked))
		w.clock.Advance(5 * time.Hour)
		held, err := f.Get(t.Context(), "HELD")
		require.NoError(t, err)
		require.True(t, held.Held)
		require.Empty(t, held.Shipments)
		require.NoError(t, f.Release(t.Context(), "HELD"))
		require.Error(t, f.Release(t.Context(), "HELD"), "it is on its way already")
		w.clock.Advance(time.Hour)
		held, err = f.Get(t.Context(), "HELD")
		require.NoError(t, err)
		require.False(t, held.Held)
		require.Equal(t, client.FulfillmentComplete, held.Status)
	})
}

func TestALostAnswerToACreationIsFoundAgain(t *testing.T) {
	versions(t, func(t *testing.T, w *world, f client.Fulfillments) {
		for _, operation := range []string{"createOrder", "createFulfillmentOrder"} {
			_, err := w.plan.Add(misbehave.Rule{Side: "amazon", Operation: operation, Kind: misbehave.ResetAfter, Count: 1})
			require.NoError(t, err)
		}
		require.Error(t, f.Create(t.Context(), request("LOST", of("BRW-POUR-01", 1))), "the repetition is a duplicate")
		held, err := f.Get(t.Context(), "LOST")
		require.NoError(t, err)
		require.Equal(t, 1, held.Items[0].Quantity)
		all, err := w.Fulfilled("us")
		require.NoError(t, err)
		require.Len(t, all, 1)
	})
}

func TestAListOfManyOrdersComesInPages(t *testing.T) {
	versions(t, func(t *testing.T, w *world, f client.Fulfillments) {
		for n := range 52 {
			require.NoError(t, f.Create(t.Context(), request(fmt.Sprintf("N-%02d", n), of("BRW-FILT-40", 1))))
		}
		list, err := f.List(t.Context(), begin.Add(-time.Hour))
		require.NoError(t, err)
		seen := map[string]bool{}
		for _, one := range list {
			seen[one.ID] = true
		}
		require.Len(t, seen, 52)
		for _, u := range w.Usage() {
			require.Zero(t, u.Refused, u.Operation)
			require.Equal(t, float64(2), u.Rate, u.Operation)
		}
	})
}

func TestPeopleHurryOrdersAndTakeStockAway(t *testing.T) {
	versions(t, func(t *testing.T, w *world, f client.Fulfillments) {
		control := func(body string) int {
			answer := httptest.NewRecorder()
			w.ControlFulfilments(answer, httptest.NewRequest(http.MethodPost, "/control/amazon/fulfilments", strings.NewReader(body)))
			return answer.Code
		}
		require.NoError(t, f.Create(t.Context(), request("N-1", of("BRW-POUR-01", 2))))
		require.Equal(t, http.StatusNoContent, control(`{"account":"us","action":"hurry","id":"N-1","minutes":60}`))
		require.Equal(t, http.StatusNoContent, control(`{"account":"us","action":"store","sku":"BRW-FILT-40","units":1}`))
		require.Equal(t, http.StatusBadRequest, control(`{"account":"us","action":"hurry","id":"NOBODY","minutes":60}`))
		require.Equal(t, http.StatusBadRequest, control(`{"account":"us","action":"dance"}`))
		preview, err := f.Preview(t.Context(), request("N-2", of("BRW-FILT-40", 2)))
		require.NoError(t, err)
		require.Equal(t, []client.MissingItem{{SKU: "BRW-FILT-40", Quantity: 1}}, preview.Missing)
		answer := httptest.NewRecorder()
		w.ControlFulfilments(answer, httptest.NewRequest(http.MethodGet, "/control/amazon/fulfilments?account=us", nil))
		require.JSONEq(t, `{"N-1":"Complete"}`, answer.Body.String())
	})
}

func TestAnIdThatAmazonCannotKeepIsRefused(t *testing.T) {
	versions(t, func(t *testing.T, _ *world, f client.Fulfillments) {
		require.Error(t, f.Create(t.Context(), request("WITH_UNDERSCORE", of("BRW-POUR-01", 1))))
	})
}
