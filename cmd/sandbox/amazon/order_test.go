package amazon_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	client "tieout/app/amazon"
	"tieout/cmd/sandbox/seller"
)

// search returns the orders of all pages and until when they reach.
func (w *world) search(source client.OrderSource, q client.OrderQuery) (list []client.Order, before time.Time) {
	w.t.Helper()
	for page, err := range source.SearchOrders(w.t.Context(), q) {
		require.NoError(w.t, err)
		require.NotEmpty(w.t, page.Raw)
		for _, found := range page.Orders {
			require.NoError(w.t, found.Err)
			list = append(list, found.Order)
		}
		before = page.UpdatedBefore
	}
	return list, before
}

func (w *world) markets(key string) (ids []string) {
	for _, m := range w.books[key].Account().Markets {
		ids = append(ids, m.ID)
	}
	return ids
}

func (w *world) recent(key string, span time.Duration) client.OrderQuery {
	return client.OrderQuery{UpdatedAfter: w.clock.Now().Add(-span), MarketplaceIDs: w.markets(key), Include: client.Everything()}
}

func byID(orders []client.Order) map[string]client.Order {
	m := map[string]client.Order{}
	for _, o := range orders {
		m[o.ID] = o
	}
	return m
}

func TestBothVersionsReturnTheSameOrders(t *testing.T) {
	t.Parallel()
	statuses := map[client.FulfillmentStatus]int{}
	w := newWorld(t)
	for _, key := range []string{"us", "uk", "eu"} {
		c, q := w.client(key), w.recent(key, 8*24*time.Hour)
		q.Before = w.clock.Now().Add(-10 * time.Minute)
		now, _ := w.search(c.Orders2026(), q)
		old, _ := w.search(c.OrdersV0(), q)
		require.NotEmpty(t, now)
		require.Equal(t, len(byID(now)), len(now), "each order is listed once")
		olds := byID(old)
		for _, o := range now {
			statuses[o.Fulfillment.Status]++
			before, there := olds[o.ID]
			if !there {
				// The clock moved on while the older version waited for its rate.
				again := w.get2026(c, o.ID)
				require.True(t, again.Updated.After(q.Before), "order %s is only in the newer version", o.ID)
				continue
			}
			require.Empty(t, cmp.Diff(comparable2026(o), before), "order %s", o.ID)
		}
		for _, u := range w.Usage() {
			require.Zero(t, u.Refused, u.Operation)
		}
	}
	require.Positive(t, statuses[client.OrderPending]+statuses[client.OrderUnshipped])
	require.Positive(t, statuses[client.OrderShipped])
	require.Positive(t, statuses[client.OrderCancelled])
}

// comparable2026 leaves out what the older version does not have: who cancelled,
// and units that were ordered and cancelled.
func comparable2026(o client.Order) client.Order {
	o.Items = slices.Clone(o.Items)
	for k := range o.Items {
		i := &o.Items[k]
		i.Ordered = i.Units()
		i.Cancellation.Execution = client.CancellationExecution{}
	}
	return o
}

func (w *world) get2026(c *client.Client, id string) client.Order {
	w.t.Helper()
	raw, o, err := c.Orders2026().Order(w.t.Context(), id, client.Everything())
	require.NoError(w.t, err)
	again, err := client.ReadOrder(raw)
	require.NoError(w.t, err)
	require.Empty(w.t, cmp.Diff(o, again))
	return o
}

func TestOneOrderIsTheSameInBothVersionsWhateverIsIncluded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("us")
	list, _ := w.search(c.Orders2026(), w.recent("us", 3*24*time.Hour))
	for _, o := range list[:6] {
		for _, include := range [][]client.Include{client.Everything(), nil, {client.IncludeFulfillment}, {client.IncludeRecipient}, {client.IncludeBuyer}} {
			_, now, err := c.Orders2026().Order(t.Context(), o.ID, include)
			require.NoError(t, err)
			raw, old, err := c.OrdersV0().Order(t.Context(), o.ID, include)
			require.NoError(t, err)
			if !slices.Contains(include, client.IncludeBuyer) {
				for k := range now.Items { // the older version tells of gifts with the buyer
					now.Items[k].Fulfillment.Packing = client.ItemPacking{}
				}
			}
			require.Empty(t, cmp.Diff(comparable2026(now), old), "%s with %v", o.ID, include)
			again, err := client.ReadOrder(raw)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(old, again.Only(include)))
		}
	}
}

func TestASettledOrderHasTheAmountsOfItsSettlement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	orders, linesOf := 0, map[string]map[string]int64{}
	for _, key := range []string{"us", "uk", "eu"} {
		books := w.books[key]
		n := books.Account().Finished(begin) - 1
		clear(linesOf)
		require.NoError(t, books.Lines(n, func(l seller.Line) error {
			if l.Type != "Order" {
				return nil
			}
			if linesOf[l.OrderID+l.ItemCode] == nil {
				linesOf[l.OrderID+l.ItemCode] = map[string]int64{"quantity": int64(l.Quantity)}
			}
			linesOf[l.OrderID+l.ItemCode][l.AmountType+l.Description] += l.Cents
			return nil
		}))
		require.NotEmpty(t, linesOf)
		q := client.OrderQuery{CreatedAfter: books.Account().Start(n).Add(-31 * time.Hour), Include: client.Everything()}
		q.Before = books.Account().End(n)
		list, _ := w.search(w.client(key).Orders2026(), q)
		for _, o := range list {
			if o.Cancelled() {
				for _, i := range o.Items {
					require.NotContains(t, linesOf, o.ID+i.ID, "a cancelled order is in no settlement")
				}
				continue
			}
			for _, i := range o.Items {
				lines, settled := linesOf[o.ID+i.ID]
				if !settled {
					continue
				}
				delete(linesOf, o.ID+i.ID)
				orders++
				require.Equal(t, lines["quantity"], i.Units())
				if o.Channel.Name == client.ChannelNonAmazon {
					require.Zero(t, lines["ItemPricePrincipal"])
					continue
				}
				equal(t, lines["ItemPricePrincipal"], i.Revenue())
				equal(t, lines["ItemPriceTax"], i.TaxOn(client.MoneyItem))
				equal(t, lines["ItemPriceShipping"], i.Shipping())
				equal(t, lines["ItemPriceShippingTax"], i.TaxOn(client.MoneyShipping))
				equal(t, lines["ItemPriceGiftWrap"], i.GiftWrap())
				equal(t, lines["ItemPriceGiftWrapTax"], i.TaxOn(client.MoneyGiftWrap))
				equal(t, -lines["PromotionPrincipal"]-lines["PromotionShipping"], i.Discount())
				equal(t, -lines["PromotionShipping"], i.ShippingDiscount())
				equal(t, -lines["PromotionTaxDiscount"], i.TaxOn(client.MoneyDiscount))
				require.Equal(t, client.TaxOnTop, i.Balances())
			}
		}
		require.Empty(t, linesOf, "every settled item was an order's")
	}
	require.Greater(t, orders, 300)
}

func equal(t *testing.T, cents int64, amount decimal.Decimal) {
	t.Helper()
	require.True(t, decimal.New(cents, -2).Equal(amount), "%d cents are not %s", cents, amount)
}

func TestAnOrderGoesThroughItsStages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	us := w.books["us"].Account()
	for n := range us.Finished(begin) * 14 {
		for _, p := range us.Purchases(n) {
			require.True(t, p.Placed.Before(p.Paid))
			require.True(t, p.Placed.Before(p.Ended))
			require.True(t, p.Cancelled || p.Paid.Before(p.Ended))
			require.True(t, p.Reduced.IsZero() || p.Paid.Before(p.Reduced) && p.Reduced.Before(p.Ended))
		}
	}
	p := w.soon(us, func(p seller.Purchase) bool { return !p.Cancelled && !p.MultiChannel && p.Reduced.IsZero() })
	c := w.client("us")
	w.until(p.Placed.Add(-time.Second))
	_, _, err := c.Orders2026().Order(t.Context(), p.ID, client.Everything())
	require.True(t, asError(t, err).NotFound(), "nobody has ordered yet")
	for _, stage := range []struct {
		at     time.Time
		status client.FulfillmentStatus
		gone   int64
	}{{p.Placed, client.OrderPending, 0}, {p.Paid, client.OrderUnshipped, 0}, {p.Ended, client.OrderShipped, p.Items[0].Quantity}} {
		w.until(stage.at)
		o := w.get2026(c, p.ID)
		require.Equal(t, stage.status, o.Fulfillment.Status)
		require.Equal(t, stage.at, o.Updated)
		require.Equal(t, p.Placed, o.Created)
		require.Equal(t, stage.gone, o.Items[0].Fulfillment.Fulfilled)
		require.Equal(t, stage.status != client.OrderPending, o.Firm())
		require.Equal(t, o.Firm(), o.Proceeds.GrandTotal.Stated(), "no money while an order is pending")
		require.Equal(t, o.Firm(), o.Buyer.Name != "")
		w.until(stage.at.Add(3 * time.Minute))
		changed, _ := w.search(c.Orders2026(), client.OrderQuery{UpdatedAfter: stage.at})
		require.Contains(t, byID(changed), p.ID)
	}
}

func TestOrdersAreCancelledWholeAndInPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	us := w.books["us"].Account()
	c := w.client("us")
	p := w.soon(us, func(p seller.Purchase) bool { return p.Cancelled })
	w.until(p.Ended)
	o := w.get2026(c, p.ID)
	require.True(t, o.Cancelled())
	require.Equal(t, p.Ended, o.Updated)
	require.False(t, o.Proceeds.GrandTotal.Stated())
	require.Equal(t, p.Items[0].Quantity, o.Items[0].Ordered)
	require.Zero(t, o.Items[0].Units())
	require.Equal(t, "BUYER", o.Items[0].Cancellation.Execution.By)

	p = w.soon(us, func(p seller.Purchase) bool { return !p.Reduced.IsZero() && !p.Cancelled })
	units := func(o client.Order) (n int64) {
		for _, i := range o.Items {
			n += i.Units()
		}
		return n
	}
	w.until(p.Paid)
	before := w.get2026(c, p.ID)
	w.until(p.Reduced)
	after := w.get2026(c, p.ID)
	require.Less(t, units(after), units(before))
	require.True(t, after.Proceeds.GrandTotal.Amount.LessThan(before.Proceeds.GrandTotal.Amount))
	require.Equal(t, p.Reduced, after.Updated)
	w.until(p.Ended)
	require.Equal(t, units(after), units(w.get2026(c, p.ID)))
}

// soon returns a purchase that is placed after now.
func (w *world) soon(a *seller.Account, is func(seller.Purchase) bool) seller.Purchase {
	w.t.Helper()
	today := int(w.clock.Now().Sub(a.First.Truncate(24*time.Hour)) / (24 * time.Hour))
	for n := today + 2; n < today+100; n++ {
		for _, p := range a.Purchases(n) {
			if is(p) {
				return p
			}
		}
	}
	w.t.Fatal("there is no such purchase")
	return seller.Purchase{}
}

func (w *world) until(at time.Time) { w.clock.Advance(at.Sub(w.clock.Now())) }

func TestSearchesFollowPagesOverChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("us")
	q := w.recent("us", 5*24*time.Hour)
	all, before := w.search(c.Orders2026(), q)
	require.Equal(t, w.clock.Now().Add(-2*time.Minute-5*time.Second), before)
	q.PageSize, q.Before = 7, before
	pages := 0
	for page, err := range c.Orders2026().SearchOrders(t.Context(), q) {
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Orders), 7)
		require.Equal(t, before, page.UpdatedBefore)
		pages++
	}
	require.Greater(t, pages, 5)
	require.Greater(t, len(all), 35)
	w.clock.Advance(12 * time.Hour)
	next, _ := w.search(c.Orders2026(), client.OrderQuery{UpdatedAfter: before.Add(-10 * time.Minute)})
	q.Before, q.PageSize = time.Time{}, 0
	whole, _ := w.search(c.Orders2026(), q)
	ids := byID(all)
	maps.Copy(ids, byID(next))
	for id := range byID(whole) {
		require.Contains(t, ids, id, "the next search goes on where this one ended")
	}
	require.NotEmpty(t, next)
}

func TestSearchesAreFiltered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("eu")
	q := w.recent("eu", 5*24*time.Hour)
	all, _ := w.search(c.Orders2026(), q)
	parts := 0
	for _, status := range []client.FulfillmentStatus{client.OrderPending, client.OrderUnshipped, client.OrderShipped, client.OrderCancelled} {
		q := q
		q.Statuses = []client.FulfillmentStatus{status}
		now, _ := w.search(c.Orders2026(), q)
		for _, o := range now {
			require.Equal(t, status, o.Fulfillment.Status)
		}
		parts += len(now)
	}
	require.Equal(t, len(all), parts)
	parts = 0
	for _, m := range w.markets("eu") {
		q := q
		q.MarketplaceIDs = []string{m}
		now, _ := w.search(c.Orders2026(), q)
		require.NotEmpty(t, now)
		parts += len(now)
	}
	require.Equal(t, len(all), parts)
	q.FulfilledBy = []client.Fulfiller{client.ByMerchant}
	none, _ := w.search(c.Orders2026(), q)
	require.Empty(t, none)
}

func TestSearchesAreRefusedInAmazonsWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token("us")
	const path, after = "/orders/2026-01-01/orders?", "lastUpdatedAfter=2026-11-20T00:00:00Z"
	for _, query := range []string{
		"", "createdAfter=2026-11-20T00:00:00Z&" + after, after + "&createdBefore=2026-11-21T00:00:00Z",
		after + "&lastUpdatedBefore=" + w.clock.Now().Add(24*time.Hour).Format(time.RFC3339), after + "&lastUpdatedBefore=2026-11-01T00:00:00Z",
		after + "&maxResultsPerPage=101", after + "&paginationToken=made-up",
	} {
		w.clock.Advance(10 * time.Minute)
		status, answer := w.get(path+query, w.fresh(&token))
		require.Equal(t, http.StatusBadRequest, status, query)
		require.Equal(t, "InvalidInput", answer.Errors[0].Code)
	}
}

// fresh replaces a token that has become old.
func (w *world) fresh(token *string) string {
	*token = w.token("us")
	return *token
}

func TestAPageTokenNeedsTheSameParametersAndEndsAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func(key string, q url.Values) (int, string) {
		w.clock.Advance(4 * time.Minute)
		status, _, body := w.ask("/orders/2026-01-01/orders?"+q.Encode(), w.token(key))
		var page struct{ Pagination struct{ NextToken string } }
		require.NoError(t, json.Unmarshal([]byte(body), &page))
		return status, page.Pagination.NextToken
	}
	q := url.Values{"lastUpdatedAfter": {"2026-11-20T00:00:00Z"}, "maxResultsPerPage": {"5"}}
	_, next := ask("us", q)
	require.NotEmpty(t, next)
	q.Set("paginationToken", next)
	q.Set("maxResultsPerPage", "6")
	q.Set("includedData", "FULFILLMENT")
	status, _ := ask("us", q)
	require.Equal(t, http.StatusOK, status, "these two may change")
	status, _ = ask("uk", q)
	require.Equal(t, http.StatusBadRequest, status, "it is of another seller")
	q.Set("fulfillmentStatuses", "SHIPPED")
	status, _ = ask("us", q)
	require.Equal(t, http.StatusBadRequest, status)
	q.Del("fulfillmentStatuses")
	w.clock.Advance(24 * time.Hour)
	status, _ = ask("us", q)
	require.Equal(t, http.StatusBadRequest, status)
}
