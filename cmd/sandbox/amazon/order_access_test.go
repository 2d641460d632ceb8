package amazon_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	client "tieout/app/amazon"
	"tieout/app/amazon/spec"
	"tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/misbehave"
)

func TestPersonalDataComesOnlyWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *amazon.Config) { c.Accounts[1].Impersonal = true })
	list, _ := w.search(w.client("us").Orders2026(), w.recent("us", 3*24*time.Hour))
	i := slices.IndexFunc(list, func(o client.Order) bool { return o.Fulfillment.Status == client.OrderShipped })
	id := list[i].ID
	require.NotEmpty(t, list[i].Recipient.Address.Line1)
	require.Empty(t, list[i].Buyer.Email, "only of merchant-fulfilled orders")
	for _, part := range []string{"/address", "/buyerInfo"} {
		status, _, _ := w.ask("/orders/v0/orders/"+id+part, w.token("us"))
		require.Equal(t, http.StatusForbidden, status)
	}
	_, _, body := w.ask("/orders/v0/orders/"+id, w.token("us"))
	require.NotContains(t, body, "ShippingAddress")
	require.NotContains(t, body, "BuyerInfo")
	one, err := w.client("us").CreateRestrictedDataToken(t.Context(),
		client.RestrictedResource{Method: "GET", Path: "/orders/v0/orders/{orderId}", DataElements: []string{"shippingAddress"}})
	require.NoError(t, err)
	_, _, body = w.ask("/orders/v0/orders/"+id, one.Value.Reveal())
	require.Contains(t, body, "ShippingAddress")
	require.NotContains(t, body, "BuyerInfo", "the token is for the address")
	status, _, _ := w.ask("/orders/v0/orders/"+id+"/buyerInfo", one.Value.Reveal())
	require.Equal(t, http.StatusForbidden, status, "and for no other call")
	_, err = w.client("us").CreateRestrictedDataToken(t.Context(),
		client.RestrictedResource{Method: "GET", Path: "/orders/v0/orders/{orderId}/address", DataElements: []string{"shippingAddress"}})
	require.Contains(t, asError(t, err).Message, "data elements")

	uk, _ := w.search(w.client("uk").Orders2026(), w.recent("uk", 6*24*time.Hour))
	for _, o := range uk {
		require.Empty(t, cmp.Diff(o.Redacted(), o))
	}
	i = slices.IndexFunc(uk, func(o client.Order) bool { return o.Fulfillment.Status == client.OrderShipped })
	require.NotEmpty(t, uk[i].Recipient.Address.City, "a city is nobody's secret")
	_, _, err = w.client("uk").OrdersV0().Order(t.Context(), uk[i].ID, client.Everything())
	require.True(t, asError(t, err).Denied())
	_, o, err := w.client("uk").OrdersV0().Order(t.Context(), uk[i].ID, client.Impersonal())
	require.NoError(t, err)
	require.Equal(t, uk[i].ID, o.ID)
}

func TestOneRestrictedTokenServesManyCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("us")
	list, _ := w.search(c.Orders2026(), w.recent("us", 3*24*time.Hour))
	get := func() {
		_, _, err := c.OrdersV0().Order(t.Context(), list[0].ID, client.Everything())
		require.NoError(t, err)
	}
	tokens := func() int {
		for _, u := range w.Usage() {
			if u.Operation == "createRestrictedDataToken" {
				return u.Calls
			}
		}
		return 0
	}
	get()
	get()
	require.Equal(t, 1, tokens())
	w.clock.Advance(59*time.Minute + time.Second)
	get()
	require.Equal(t, 2, tokens(), "it is replaced before it ends")
	w.ExpireTokens()
	get()
	require.Equal(t, 3, tokens(), "and when it is refused")
}

func TestBucketsOfOrdersHoldWhatTheModelsSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token("us")
	for file, paths := range map[string]map[string]string{
		"orders_2026-01-01.json": {"/orders/2026-01-01/orders": "searchOrders", "/orders/2026-01-01/orders/1": "getOrder"},
		"ordersV0.json": {"/orders/v0/orders?MarketplaceIds=A": "getOrders", "/orders/v0/orders/1": "getOrder", "/orders/v0/orders/1/orderItems": "getOrderItems",
			"/orders/v0/orders/1/address": "getOrderAddress", "/orders/v0/orders/1/buyerInfo": "getOrderBuyerInfo"},
	} {
		models := spec.Load(t, file)
		for path, operation := range paths {
			plan, ok := models.Plan(operation)
			require.True(t, ok, operation)
			for range int(plan.Burst) {
				status, _, _ := w.ask(path, token)
				require.NotEqual(t, http.StatusTooManyRequests, status, path)
			}
			status, _, _ := w.ask(path, token)
			require.Equal(t, http.StatusTooManyRequests, status, path)
		}
	}
}

func TestOrdersMisbehaveByOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const id = "999-1234567-0000004"
	require.NoError(t, w.PlaceOrders(amazon.PlacedOrder{Account: "us", ID: id, FulfilledBy: client.ByMerchant, Items: []amazon.PlacedItem{placedItem("A", 1)}}))
	for _, rule := range []misbehave.Rule{
		{Operation: "searchOrders", Kind: misbehave.TruncatedBody, Count: 1},
		{Operation: "getOrder", Kind: misbehave.ExpiredToken, Count: 1},
		{Operation: "getOrders", Kind: misbehave.Status, Count: 2},
		{Operation: "getOrderV0", Kind: misbehave.Reset, Count: 1},
		{Operation: "getOrderItems", Kind: misbehave.Status, Status: http.StatusTooManyRequests, Count: 1},
		{Operation: "getOrderAddress", Kind: misbehave.ExpiredToken, Count: 1},
		{Operation: "getOrderBuyerInfo", Kind: misbehave.Status, Count: 1},
		{Operation: "confirmShipment", Kind: misbehave.ResetAfter, Count: 1},
	} {
		_, err := w.plan.Add(rule)
		require.NoError(t, err)
	}
	c := w.client("us")
	w.clock.Advance(5 * time.Minute)
	now, _ := w.search(c.Orders2026(), w.recent("us", time.Hour))
	old, _ := w.search(c.OrdersV0(), w.recent("us", time.Hour))
	require.Contains(t, byID(now), id)
	require.Contains(t, byID(old), id)
	o := w.get2026(c, id)
	_, _, err := c.OrdersV0().Order(t.Context(), id, client.Everything())
	require.NoError(t, err)
	parcel := client.Shipment{MarketplaceID: o.Channel.MarketplaceID, Reference: "P", Carrier: "UPS", Tracking: "T", Shipped: w.clock.Now(),
		Items: []client.PackageItem{{ItemID: o.Items[0].ID, Quantity: 1}}}
	require.NoError(t, c.ConfirmShipment(t.Context(), id, parcel), "the answer was lost, the parcel is told of again")
	require.Len(t, w.get2026(c, id).Packages, 1)
	for _, rule := range w.plan.Rules() {
		require.Equal(t, rule.Count, rule.Struck, rule.Operation)
	}
}

func TestTheOlderVersionFiltersAsTheNewer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("eu")
	q := w.recent("eu", 4*24*time.Hour)
	q.Before, q.Include = w.clock.Now().Add(-10*time.Minute), []client.Include{client.IncludeFulfillment}
	q.MarketplaceIDs = q.MarketplaceIDs[:1]
	for _, statuses := range [][]client.FulfillmentStatus{{client.OrderShipped}, {client.OrderUnshipped}, {client.OrderCancelled, client.OrderPending}} {
		q.Statuses = statuses
		for _, by := range []client.Fulfiller{client.ByAmazon, client.ByMerchant} {
			q.FulfilledBy = []client.Fulfiller{by}
			now, _ := w.search(c.Orders2026(), q)
			old, _ := w.search(c.OrdersV0(), q)
			ids := byID(now)
			require.Len(t, old, len(ids), "%v by %s", statuses, by)
			for _, o := range old {
				require.Contains(t, ids, o.ID)
			}
		}
	}
	token := w.token("eu")
	for _, query := range []string{
		"MarketplaceIds=A", "MarketplaceIds=A&NextToken=made-up", "MarketplaceIds=A&MaxResultsPerPage=0",
		"MarketplaceIds=A&LastUpdatedAfter=2026-11-20T00:00:00Z&CreatedAfter=2026-11-20T00:00:00Z",
		"MarketplaceIds=A&LastUpdatedAfter=2026-11-20T00:00:00Z&FulfillmentChannels=XFN",
	} {
		w.clock.Advance(2 * time.Minute)
		status, answer := w.get("/orders/v0/orders?"+query, w.fresh(&token))
		require.Equal(t, http.StatusBadRequest, status, query)
		require.Equal(t, "InvalidInput", answer.Errors[0].Code)
	}
}
