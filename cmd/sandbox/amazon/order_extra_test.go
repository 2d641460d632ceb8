package amazon_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	client "tieout/app/amazon"
	"tieout/cmd/sandbox/amazon"
)

func placedItem(sku string, quantity int64) amazon.PlacedItem {
	return amazon.PlacedItem{SKU: sku, ASIN: "B000", Title: "Thing", Quantity: quantity, UnitPrice: decimal.RequireFromString("12.50"), Tax: decimal.RequireFromString("2.00")}
}

func TestOrdersCanBePlacedAndChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("us")
	const id = "999-1234567-0000001"
	require.NoError(t, w.PlaceOrders(amazon.PlacedOrder{Account: "us", ID: id, Items: []amazon.PlacedItem{placedItem("NOBODY-KNOWS", 2)}, Times: 2}))
	w.clock.Advance(5 * time.Minute)
	list, _ := w.search(c.Orders2026(), w.recent("us", time.Hour))
	twice := slices.DeleteFunc(list, func(o client.Order) bool { return o.ID != id })
	require.Len(t, twice, 2, "the same order twice")
	require.Empty(t, cmp.Diff(twice[0], twice[1]))
	o := w.get2026(c, id)
	require.Equal(t, client.OrderUnshipped, o.Fulfillment.Status)
	require.Equal(t, "NOBODY-KNOWS", o.Items[0].Product.SKU)
	require.Equal(t, "27", o.Proceeds.GrandTotal.Amount.String())
	_, old, err := c.OrdersV0().Order(t.Context(), id, client.Everything())
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(o, old))

	require.NoError(t, w.PlaceOrders(amazon.PlacedOrder{Account: "us", ID: id, WantsCancel: "too late"}))
	require.Equal(t, "too late", w.get2026(c, id).Items[0].Cancellation.Request.Reason)
	require.NoError(t, w.PlaceOrders(amazon.PlacedOrder{Account: "us", ID: id, Status: client.OrderCancelled}))
	o = w.get2026(c, id)
	require.True(t, o.Cancelled())
	require.Equal(t, w.clock.Now(), o.Updated)
	require.Zero(t, o.Items[0].Units())
	require.False(t, o.Proceeds.GrandTotal.Stated())
}

func TestASimulatedOrderCanBeChangedLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("uk")
	q := w.recent("uk", 10*24*time.Hour)
	q.Statuses = []client.FulfillmentStatus{client.OrderShipped}
	list, _ := w.search(c.Orders2026(), q)
	id := list[0].ID
	require.NoError(t, w.PlaceOrders(amazon.PlacedOrder{Account: "uk", ID: id, Status: client.OrderCancelled}))
	require.True(t, w.get2026(c, id).Cancelled())
	w.clock.Advance(5 * time.Minute)
	changed, _ := w.search(c.Orders2026(), w.recent("uk", time.Hour))
	require.True(t, slices.ContainsFunc(changed, func(o client.Order) bool { return o.ID == id }))
	again, _ := w.search(c.Orders2026(), q)
	require.NotContains(t, byID(again), id, "it is no longer where it was")
}

func TestOrdersThatMakeNoSenseAreNotPlaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := amazon.PlacedOrder{Account: "us", ID: "999-1234567-0000001", Items: []amazon.PlacedItem{placedItem("A", 1)}}
	for wrong, change := range map[string]func(*amazon.PlacedOrder){
		"no account":         func(p *amazon.PlacedOrder) { p.Account = "xx" },
		"needs an id":        func(p *amazon.PlacedOrder) { p.ID = "1" },
		"needs items":        func(p *amazon.PlacedOrder) { p.Items = nil },
		"no status":          func(p *amazon.PlacedOrder) { p.Status = "GONE" },
		"no marketplace":     func(p *amazon.PlacedOrder) { p.Marketplace = "X" },
		"item 1 has 0 units": func(p *amazon.PlacedOrder) { p.Items = []amazon.PlacedItem{{}} },
	} {
		p := good
		change(&p)
		require.ErrorContains(t, w.PlaceOrders(p), wrong)
	}
}

func TestALongOrderOfTheOlderVersionComesInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const id = "999-1234567-0000002"
	p := amazon.PlacedOrder{Account: "us", ID: id}
	for k := range 23 {
		p.Items = append(p.Items, placedItem(fmt.Sprintf("SKU-%d", k), 1))
	}
	require.NoError(t, w.PlaceOrders(p))
	c := w.client("us")
	_, o, err := c.OrdersV0().Order(t.Context(), id, client.Everything())
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(w.get2026(c, id), o))
	for _, u := range w.Usage() {
		if u.Operation == "getOrderItems" {
			require.Equal(t, 3, u.Calls)
		}
	}
}

func TestMerchantOrdersShipWhenTheSellerConfirms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("eu")
	const id, market = "999-1234567-0000003", "A13V1IB3VIYZZH"
	require.NoError(t, w.PlaceOrders(amazon.PlacedOrder{Account: "eu", ID: id, FulfilledBy: client.ByMerchant, Marketplace: market,
		Items: []amazon.PlacedItem{placedItem("A", 2), placedItem("B", 1)}}))
	o := w.get2026(c, id)
	require.NotEmpty(t, o.Buyer.Email, "merchants may write to their buyers")
	require.Equal(t, "FR", o.Recipient.Address.Country)
	first := client.Shipment{MarketplaceID: market, Reference: "P1", Carrier: "Other", CarrierName: "Colis Privé", Method: "48h", Tracking: "T1", Shipped: w.clock.Now(),
		Items: []client.PackageItem{{ItemID: o.Items[0].ID, Quantity: 1}}}
	for range 2 { // an answer was lost
		require.NoError(t, c.ConfirmShipment(t.Context(), id, first))
		o = w.get2026(c, id)
		require.Equal(t, client.OrderPartiallyShipped, o.Fulfillment.Status)
		require.Equal(t, client.ItemFulfillment{Fulfilled: 1, Unfulfilled: 1}, o.Items[0].Fulfillment)
	}
	second := first
	second.Reference, second.Items = "P2", []client.PackageItem{{ItemID: o.Items[0].ID, Quantity: 1}, {ItemID: o.Items[1].ID, Quantity: 1}}
	require.NoError(t, c.ConfirmShipment(t.Context(), id, second))
	o = w.get2026(c, id)
	require.Equal(t, client.OrderShipped, o.Fulfillment.Status)
	require.Len(t, o.Packages, 2)
	require.Equal(t, "Colis Privé", o.Packages[0].Carrier)
	require.Equal(t, "T1", o.Packages[0].Tracking)

	third := second
	third.Reference = "P3"
	require.Equal(t, "The order cannot be shipped.", asError(t, c.ConfirmShipment(t.Context(), id, third)).Message)
	require.Contains(t, asError(t, c.ConfirmShipment(t.Context(), "999-0000000-0000000", third)).Message, "not found")
	list, _ := w.search(c.Orders2026(), w.recent("eu", 3*24*time.Hour))
	i := slices.IndexFunc(list, func(o client.Order) bool { return o.Fulfillment.By == client.ByAmazon })
	require.Equal(t, "The order is fulfilled by Amazon.", asError(t, c.ConfirmShipment(t.Context(), list[i].ID, third)).Message)
}
