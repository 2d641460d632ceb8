package orders

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/flow"
	"tieout/app/p21"
	"tieout/app/personal"
)

func TestBuyersAreTakenOutOfBothVersionsOfOrders(t *testing.T) {
	t.Parallel()
	places := (&Flow{}).Personal()
	for name, content := range map[string]string{
		"2026-01-01": `{"orderId":"111-1","buyer":{"buyerName":"Marta XXX","buyerEmail":"XXX@marketplace.amazon.com","buyerPurchaseOrderNumber":"PO 7"},
			"recipient":{"deliveryAddress":{"name":"Marta XXX","addressLine1":"XXX 12","addressLine2":"XXX","addressLine3":"XXX","city":"Seattle","stateOrRegion":"WA","postalCode":"XXX","countryCode":"US","phone":"XXX"}},
			"orderItems":[{"orderItemId":"1","fulfillment":{"packing":{"giftOption":{"giftMessage":"XXX"}}}}]}`,
		"v0": `{"Order":{"AmazonOrderId":"111-1","BuyerInfo":{"BuyerName":"XXX","BuyerEmail":"XXX"},"ShippingAddress":{"Name":"XXX","AddressLine1":"XXX","City":"Seattle","PostalCode":"XXX","Phone":"XXX"}},
			"Address":{"ShippingAddress":{"Name":"XXX","AddressLine1":"XXX"}},"BuyerInfo":{"BuyerName":"XXX"},"OrderItems":[{"OrderItemId":"1","BuyerInfo":{"GiftMessageText":"XXX"}}]}`,
	} {
		redacted, part, err := personal.Split([]byte(content), places.Content, nil)
		require.NoError(t, err, name)
		require.NotContains(t, string(redacted), "XXX", name)
		require.Contains(t, string(redacted), "111-1", name)
		require.Contains(t, string(redacted), "Seattle", name)
		joined, err := personal.Join(redacted, part)
		require.NoError(t, err)
		require.JSONEq(t, content, string(joined), name)
	}
}

func TestThePayloadOfAnOrderShowsNobody(t *testing.T) {
	t.Parallel()
	payload, err := json.Marshal(p21.SalesOrder{Reference: "111-1", ShipTo: p21.Address{Name: "XXX", Line1: "XXX", Line2: "XXX", City: "Seattle", State: "WA", PostalCode: "XXX", Country: "US", Phone: "XXX", Email: "XXX"}})
	require.NoError(t, err)
	redacted, part, err := personal.Split(payload, (&Flow{}).Personal().Payload, nil)
	require.NoError(t, err)
	require.Len(t, part, 6)
	require.NotContains(t, string(redacted), "XXX")
	require.Contains(t, string(redacted), "Seattle")
}

func TestFieldsOfOrdersThatTellOfBuyersSaySo(t *testing.T) {
	t.Parallel()
	var _ flow.Personal = (*Flow)(nil)
	for _, f := range definition().Fields {
		tells := false
		for _, what := range []string{"shipTo.name", "shipTo.line", "shipTo.postalCode", "shipTo.phone"} {
			tells = tells || strings.Contains(f.Formula, what)
		}
		require.Equal(t, tells, f.Personal, f.Name)
	}
}
