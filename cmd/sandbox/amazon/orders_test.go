package amazon_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	client "tieout/app/amazon"
	"tieout/cmd/sandbox/seller"
)

// orders returns what a search over a stretch of time finds.
func (w *world) orders(c *client.Client, since time.Time) map[string]client.Order {
	w.t.Helper()
	found := map[string]client.Order{}
	for page, err := range c.SearchOrders(w.t.Context(), client.OrderQuery{UpdatedSince: since}) {
		require.NoError(w.t, err)
		for _, raw := range page.Orders {
			order, err := client.ReadOrder(raw)
			require.NoError(w.t, err)
			require.NotContains(w.t, found, order.ID, "each order once")
			found[order.ID] = order
		}
	}
	return found
}

func TestOrdersLiveFromPendingToShippedOrCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("us")
	seen := map[string][]client.OrderStatus{}
	for range 80 { // two days in steps of less than an hour
		for id, order := range w.orders(c, w.clock.Now().Add(-time.Hour)) {
			states := seen[id]
			if len(states) == 0 || states[len(states)-1] != order.Fulfillment.Status {
				seen[id] = append(states, order.Fulfillment.Status)
			}
			if order.Fulfillment.Status == client.OrderPending {
				require.True(t, order.Proceeds.Total.Amount.IsZero(), "a pending order has no price yet")
			}
		}
		w.clock.Advance(40 * time.Minute)
	}
	ends := map[client.OrderStatus]int{}
	for id, states := range seen {
		for i := 1; i < len(states); i++ {
			require.NotEqual(t, client.OrderPending, states[i], "%s: %v", id, states)
		}
		ends[states[len(states)-1]]++
	}
	require.Positive(t, ends[client.OrderShipped])
}

func TestOrdersSayWhatTheSettlementWillSay(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"us", "uk", "eu"} {
		w := newWorld(t)
		last := w.books[key].Account().Finished(begin) - 1
		principal, tax, shipping := map[string]int64{}, map[string]int64{}, map[string]int64{}
		require.NoError(t, w.books[key].Lines(last, func(l seller.Line) error {
			if l.Type == "Order" && l.AmountType == "ItemPrice" {
				switch l.Description {
				case "Principal":
					principal[l.OrderID] += l.Cents
				case "Shipping":
					shipping[l.OrderID] += l.Cents
				case "Tax", "ShippingTax", "GiftWrapTax":
					tax[l.OrderID] += l.Cents
				}
			}
			return nil
		}))
		compared := 0
		for id, order := range w.orders(w.client(key), w.books[key].Account().Start(last)) {
			cents, settled := principal[id]
			if !settled || order.Channel.Name == "NON_AMAZON" {
				continue
			}
			price, ships, taxes := decimal.Zero, decimal.Zero, decimal.Zero
			for _, item := range order.Items {
				require.True(t, item.Balances(), id)
				price, ships, taxes = price.Add(item.Price()), ships.Add(item.Shipping()), taxes.Add(item.TaxAmount())
			}
			require.Equal(t, decimal.New(cents, -2).String(), price.String(), id)
			require.Equal(t, decimal.New(shipping[id], -2).String(), ships.String(), id)
			if key != "uk" { // there a discount's tax is a line of its own
				require.Equal(t, decimal.New(tax[id], -2).String(), taxes.String(), id)
			}
			compared++
		}
		require.Greater(t, compared, 20, key)
	}
}

func TestACancelledOrderIsInNoSettlement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.books["us"].Account()
	last := a.Finished(begin) - 1
	settled := map[string]bool{}
	require.NoError(t, w.books["us"].Lines(last, func(l seller.Line) error {
		settled[l.OrderID] = true
		return nil
	}))
	cancelled := 0
	for id, order := range w.orders(w.client("us"), a.Start(last)) {
		if order.Fulfillment.Status == client.OrderCancelled {
			require.False(t, settled[id], id)
			cancelled++
		}
	}
	require.Positive(t, cancelled)
}

func TestOneOrderIsTheSameAsInTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("eu")
	for id, listed := range w.orders(c, begin.Add(-6*time.Hour)) {
		_, raw, err := c.Order(t.Context(), id)
		require.NoError(t, err)
		one, err := client.ReadOrder(raw)
		require.NoError(t, err)
		require.Equal(t, listed, one)
	}
	_, _, err := c.Order(t.Context(), "999-0000000-0000000")
	require.True(t, asError(t, err).NotFound())
}

func TestASearchIsRefusedAsAmazonDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token("us")
	for _, query := range []string{"", "lastUpdatedAfter=2026-11-23T00:00:00Z&createdAfter=2026-11-23T00:00:00Z",
		"lastUpdatedAfter=2026-11-23T00:00:00Z&lastUpdatedBefore=2026-11-23T09:00:00Z", "lastUpdatedAfter=2026-11-23T00:00:00Z&paginationToken=7.forged"} {
		status, _, _ := w.ask("/orders/2026-01-01/orders?"+query, token)
		require.Equal(t, http.StatusBadRequest, status, query)
	}
}

func TestAnOrderIsPlacedByHandAndChangedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := seller.Sold{ID: "111-0000001-0000001", Created: begin.Add(-time.Hour), Updated: begin.Add(-10 * time.Minute), Status: seller.Unshipped,
		Items: []seller.SoldItem{{Code: "1", SKU: "NOBODY-KNOWS", Quantity: 1, Price: 1000}}}
	require.NoError(t, w.Place("us", order))
	require.Equal(t, "NOBODY-KNOWS", w.orders(w.client("us"), begin.Add(-time.Hour))[order.ID].Items[0].Product.SKU)
	order.Status, order.Updated = seller.Cancelled, begin.Add(-5*time.Minute)
	require.NoError(t, w.Place("us", order))
	require.Equal(t, client.OrderCancelled, w.orders(w.client("us"), begin.Add(-time.Hour))[order.ID].Fulfillment.Status)
}
