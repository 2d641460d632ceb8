package amazon_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/fault"
)

const pathInbound = "/fba/inbound/v0/shipments"

func inboundPage(next string, ids ...string) string {
	var shipments []string
	for _, id := range ids {
		shipments = append(shipments, fmt.Sprintf(`{"ShipmentId":%q,"ShipmentName":"Tea","DestinationFulfillmentCenterId":"PHX3","ShipmentStatus":"CLOSED","AreCasesRequired":false,`+
			`"ShipFromAddress":{"Name":"Acme","AddressLine1":"1 Way","City":"Reno","StateOrProvinceCode":"NV","CountryCode":"US","PostalCode":"89501"}}`, id))
	}
	token := ""
	if next != "" {
		token = fmt.Sprintf(`,"NextToken":%q`, next)
	}
	return `{"payload":{"ShipmentData":[` + strings.Join(shipments, ",") + `]` + token + `}}`
}

func inboundQuery() amazon.InboundQuery {
	return amazon.InboundQuery{MarketplaceID: "ATVPDKIKX0DER", UpdatedSince: begin.Add(-time.Hour), UpdatedUntil: begin}
}

func TestInboundShipmentsFollowPageTokens(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var mu sync.Mutex
	var asked []url.Values
	record := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			asked = append(asked, r.URL.Query())
			mu.Unlock()
			say(200, body)(w, r)
		}
	}
	f.on(pathInbound, record(inboundPage("a/b+", "FBA1", "FBA2")), record(inboundPage("", "FBA3")))
	var got []amazon.InboundShipment
	for page, err := range f.client().InboundShipments(t.Context(), inboundQuery()) {
		require.NoError(t, err)
		require.NotEmpty(t, page.Raw)
		got = append(got, page.Shipments...)
	}
	require.Len(t, got, 3)
	require.Equal(t, amazon.InboundShipment{ID: "FBA1", Name: "Tea", Destination: "PHX3", Status: amazon.InboundClosed}, got[0])
	require.Equal(t, []url.Values{
		{"QueryType": {"DATE_RANGE"}, "MarketplaceId": {"ATVPDKIKX0DER"}, "LastUpdatedAfter": {"2026-11-23T05:00:00Z"}, "LastUpdatedBefore": {"2026-11-23T06:00:00Z"}},
		{"QueryType": {"NEXT_TOKEN"}, "MarketplaceId": {"ATVPDKIKX0DER"}, "NextToken": {"a/b+"}},
	}, asked)
}

func TestInboundShipmentsEndAfterAnError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		query   amazon.InboundQuery
		answers []http.HandlerFunc
		code    fault.Code
	}{
		"the same page":  {inboundQuery(), []http.HandlerFunc{say(200, inboundPage("n", "FBA1"))}, fault.Unavailable},
		"refused":        {inboundQuery(), []http.HandlerFunc{refuse(403, "Unauthorized")}, fault.Forbidden},
		"no marketplace": {amazon.InboundQuery{UpdatedSince: begin, UpdatedUntil: begin.Add(1)}, nil, fault.Invalid},
		"no window":      {amazon.InboundQuery{MarketplaceID: "X", UpdatedSince: begin, UpdatedUntil: begin}, nil, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.on(pathInbound, c.answers...)
			var failures []error
			for _, err := range f.client().InboundShipments(t.Context(), c.query) {
				if err != nil {
					failures = append(failures, err)
				}
			}
			require.Len(t, failures, 1)
			require.Equal(t, c.code, fault.CodeOf(failures[0]))
		})
	}
}

func TestInboundItemsTellShippedAndReceived(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	item := `{"ShipmentId":"FBA1","SellerSKU":"TEA-1","FulfillmentNetworkSKU":"X01","QuantityShipped":10,"QuantityReceived":8}`
	f.on(pathInbound+"/FBA1/items", say(200, `{"payload":{"ItemData":[`+item+`,{"SellerSKU":"TEA-2","QuantityShipped":3}]}}`))
	raw, items, err := f.client().InboundItems(t.Context(), "FBA1")
	require.NoError(t, err)
	require.Contains(t, string(raw), item)
	require.Equal(t, []amazon.InboundItem{
		{ShipmentID: "FBA1", SKU: "TEA-1", FNSKU: "X01", Shipped: 10, Received: 8}, {SKU: "TEA-2", Shipped: 3},
	}, items)

	f.on(pathInbound+"/FBA2/items", say(200, `{"payload":{"ItemData":[`+item+`],"NextToken":"more"}}`))
	_, _, err = f.client().InboundItems(t.Context(), "FBA2")
	require.True(t, fault.Is(err, fault.Unavailable), "part of a shipment does not pass for the whole")
	f.on(pathInbound+"/FBA3/items", say(200, `{}`))
	_, _, err = f.client().InboundItems(t.Context(), "FBA3")
	require.True(t, fault.Is(err, fault.Unavailable))
}
