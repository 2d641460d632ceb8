package amazon_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/fault"
)

const pathOutbound = "/fulfillment/outbound/2026-07-04/orders"

// outbound is Amazon with prepared answers, without its models.
func outbound(t *testing.T, v amazon.FulfillmentVersion, answers map[string]string) amazon.Fulfillments {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			_, _ = w.Write([]byte(`{"access_token":"Atza|1","token_type":"bearer","expires_in":3600}`))
			return
		}
		body, ok := answers[r.Method+" "+r.URL.Path]
		if !ok {
			t.Errorf("nothing is prepared for %s %s", r.Method, r.URL)
		}
		say(http.StatusOK, body)(w, r)
	}))
	t.Cleanup(server.Close)
	c, err := amazon.New(amazon.Config{Key: "acme", Endpoint: server.URL, LWAURL: server.URL + "/token", ClientID: "c", ClientSecret: amazon.Hide("s"), RefreshToken: amazon.Hide("r"), Tries: 1})
	require.NoError(t, err)
	out, err := c.Fulfillments(v)
	require.NoError(t, err)
	return out
}

// outboundExample is the answer of Amazon's own model to an operation.
func outboundExample(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile("../../../shared/reference/sp-api/models/fulfillmentOutbound_2026-07-04.json")
	if os.IsNotExist(err) {
		t.Skip("Amazon's models are not here")
	}
	require.NoError(t, err)
	var model struct {
		Paths map[string]map[string]json.RawMessage
	}
	require.NoError(t, json.Unmarshal(raw, &model))
	var get struct {
		Responses map[string]struct {
			Examples map[string]json.RawMessage
		}
	}
	require.NoError(t, json.Unmarshal(model.Paths[path]["get"], &get))
	return string(get.Responses["200"].Examples["application/json"])
}

func TestAmazonsOwnExampleOfAFulfilmentOrderIsRead(t *testing.T) {
	t.Parallel()
	f := outbound(t, amazon.Fulfillment2026, map[string]string{"GET " + pathOutbound + "/ABC123XYZ": outboundExample(t, pathOutbound+"/{orderId}")})
	held, err := f.Get(t.Context(), "ABC123XYZ")
	require.NoError(t, err)
	require.Equal(t, amazon.FulfillmentProcessing, held.Status)
	require.True(t, held.Held)
	require.Equal(t, []amazon.FulfillmentItem{{ID: "someLineItemId", SKU: "BOOK-123-HC", Quantity: 1}}, held.Items)
	require.Equal(t, amazon.ShipmentShipped, held.Shipments[0].Status)
	require.Equal(t, []amazon.ShipmentItem{{LineID: "LI789012", SKU: "SKU123", Quantity: 1}}, held.Shipments[0].Items)
	p := held.Shipments[0].Packages[0]
	require.Equal(t, "FEDEX 123456789 DELIVERED", p.Carrier+" "+p.Tracking+" "+p.Status)
}

func TestAnswersAboutAnotherOrderAndRepeatedPagesAreRefused(t *testing.T) {
	t.Parallel()
	newer := outbound(t, amazon.Fulfillment2026, map[string]string{
		"GET " + pathOutbound + "/MINE": `{"order":{"orderId":"YOURS","receiveTime":"2026-11-20T00:00:00Z","lineItems":[]}}`,
		"GET " + pathOutbound + "/HALF": `{"order":{"orderId":"HALF","receiveTime":"2026-11-20T00:00:00Z","lineItems":[{"lineItemId":"1","product":{"productIdentifier":{"amazonSku":"A"}},"amount":{"value":"0.5"}}]}}`,
		"GET " + pathOutbound:           `{"orders":[],"pagination":{"nextToken":"same"}}`,
		"POST " + pathOutbound:          `{"order":{"orderId":"YOURS","receiveTime":"2026-11-20T00:00:00Z","lineItems":[]}}`,
	})
	older := outbound(t, amazon.Fulfillment2020, map[string]string{
		"GET /fba/outbound/2020-07-01/fulfillmentOrders/MINE": `{"payload":{"fulfillmentOrder":{"sellerFulfillmentOrderId":"YOURS"}}}`,
		"GET /fba/outbound/2020-07-01/fulfillmentOrders":      `{"payload":{"nextToken":"same","fulfillmentOrders":[]}}`,
	})
	for _, f := range []amazon.Fulfillments{newer, older} {
		_, err := f.Get(t.Context(), "MINE")
		require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
		_, err = f.List(t.Context(), time.Now())
		require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
	}
	_, err := newer.Get(t.Context(), "HALF")
	require.True(t, fault.Is(err, fault.Unavailable), "half a piece: %v", err)
	require.True(t, fault.Is(newer.Create(t.Context(), amazon.FulfillmentRequest{ID: "MINE"}), fault.Unavailable))
}

func TestThereAreTwoVersionsOfFulfilment(t *testing.T) {
	t.Parallel()
	_, err := newFake(t).client().Fulfillments("2019-01-01")
	require.True(t, fault.Is(err, fault.Invalid))
}
