package amazon_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/fault"
)

const (
	pathOrders = "/orders/2026-01-01/orders"
	smallOrder = `{"orderId":"1","createdTime":"2026-11-01T00:00:00.123Z","lastUpdatedTime":"2026-11-02T00:00:00Z","salesChannel":{"channelName":"AMAZON"},"orderItems":[]}`
)

func ordersPage(next string, orders ...string) string {
	page := `{"orders":[` + strings.Join(orders, ",") + `],"lastUpdatedBefore":"2026-11-23T05:00:00Z"`
	if next != "" {
		page += `,"pagination":{"nextToken":"` + next + `"}`
	}
	return page + "}"
}

// asked records the queries of calls.
type asked struct {
	mu   sync.Mutex
	list []url.Values
}

func (a *asked) say(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.list = append(a.list, r.URL.Query())
		a.mu.Unlock()
		say(200, body)(w, r)
	}
}

func pages(t *testing.T, source amazon.OrderSource, q amazon.OrderQuery) (list []amazon.OrderPage, err error) {
	t.Helper()
	for page, failed := range source.SearchOrders(t.Context(), q) {
		if failed != nil {
			return list, failed
		}
		list = append(list, page)
	}
	return list, nil
}

func TestOrderPagesAreAskedForWithTheSameParameters(t *testing.T) {
	t.Parallel()
	f, seen := newFake(t), &asked{}
	f.on(pathOrders, seen.say(ordersPage("two/+=", smallOrder)), seen.say(ordersPage("three")), seen.say(ordersPage("", smallOrder)))
	list, err := pages(t, f.client().Orders2026(), amazon.OrderQuery{
		UpdatedAfter: begin.Add(-time.Hour), Before: begin, MarketplaceIDs: []string{"A", "B"}, Statuses: []amazon.FulfillmentStatus{amazon.OrderShipped},
		FulfilledBy: []amazon.Fulfiller{amazon.ByAmazon}, Include: []amazon.Include{amazon.IncludeFulfillment, amazon.IncludeProceeds},
	})
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.JSONEq(t, smallOrder, string(list[0].Orders[0].Raw))
	require.Equal(t, time.Date(2026, 11, 1, 0, 0, 0, 123e6, time.UTC), list[0].Orders[0].Order.Created)
	require.Equal(t, time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC), list[0].UpdatedBefore)
	require.JSONEq(t, ordersPage("three"), string(list[1].Raw))
	first := url.Values{"lastUpdatedAfter": {"2026-11-23T05:00:00Z"}, "lastUpdatedBefore": {"2026-11-23T05:57:55Z"}, "marketplaceIds": {"A,B"},
		"fulfillmentStatuses": {"SHIPPED"}, "fulfilledBy": {"AMAZON"}, "includedData": {"FULFILLMENT,PROCEEDS"}, "maxResultsPerPage": {"100"}}
	require.Equal(t, first, seen.list[0], "a search ends two minutes ago")
	for i, token := range []string{"two/+=", "three"} {
		first.Set("paginationToken", token)
		require.Equal(t, first, seen.list[i+1])
	}
}

func TestASearchThatCannotGoOnSaysSo(t *testing.T) {
	t.Parallel()
	q := amazon.OrderQuery{CreatedAfter: begin.Add(-time.Hour)}
	t.Run("the same page again", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		f.on(pathOrders, say(200, ordersPage("a")), say(200, ordersPage("b")), say(200, ordersPage("a")))
		list, err := pages(t, f.client().Orders2026(), q)
		require.ErrorContains(t, err, "repeats")
		require.Len(t, list, 3)
	})
	t.Run("a day later", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		f.on(pathOrders, say(200, ordersPage("a")), say(200, ordersPage("")))
		var failed error
		for _, err := range f.client().Orders2026().SearchOrders(t.Context(), q) {
			failed = err
			f.clock.Advance(24 * time.Hour)
		}
		require.ErrorContains(t, failed, "begins again")
		require.Equal(t, 1, f.called(pathOrders), "Amazon would refuse the token")
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		f.on(pathOrders, refuse(400, "InvalidInput"))
		_, err := pages(t, f.client().Orders2026(), q)
		var answered *amazon.Error
		require.ErrorAs(t, err, &answered)
		require.Equal(t, "searchOrders", answered.Operation)
	})
	t.Run("stopped by the caller", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		f.on(pathOrders, say(200, ordersPage("a")))
		for range f.client().Orders2026().SearchOrders(t.Context(), q) {
			break
		}
		require.Equal(t, 1, f.called(pathOrders))
	})
}

func TestSearchesThatAmazonWouldRefuseAreNotSent(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	c := f.client()
	after := begin.Add(-time.Hour)
	for name, q := range map[string]amazon.OrderQuery{
		"no time":          {},
		"two times":        {UpdatedAfter: after, CreatedAfter: after},
		"in the future":    {UpdatedAfter: begin},
		"51 marketplaces":  {UpdatedAfter: after, MarketplaceIDs: make([]string, 51)},
		"too large a page": {UpdatedAfter: after, PageSize: 101},
	} {
		_, err := pages(t, c.Orders2026(), q)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), name)
	}
	_, err := pages(t, c.OrdersV0(), amazon.OrderQuery{UpdatedAfter: after})
	require.ErrorContains(t, err, "marketplace")
	require.Zero(t, f.called(pathOrders))
}

func TestAnOrderThatCannotBeReadDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	bad := strings.Replace(smallOrder, `"orderItems":[]`, `"proceeds":{"grandTotal":{"amount":"1e999","currencyCode":"EUR"}},"orderItems":[]`, 1)
	f.on(pathOrders, say(200, ordersPage("", bad, smallOrder)))
	list, err := pages(t, f.client().Orders2026(), amazon.OrderQuery{UpdatedAfter: begin.Add(-time.Hour)})
	require.NoError(t, err)
	require.ErrorContains(t, list[0].Orders[0].Err, "cannot be read")
	require.JSONEq(t, bad, string(list[0].Orders[0].Raw))
	require.NoError(t, list[0].Orders[1].Err)
}

// example returns the answer that a model gives for an operation.
func example(t *testing.T, model, path string) json.RawMessage {
	t.Helper()
	raw, err := os.ReadFile("../../../shared/reference/sp-api/models/" + model)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("Amazon's models are not beside the repository")
	}
	require.NoError(t, err)
	var doc struct {
		Paths map[string]struct {
			Get struct {
				Responses map[string]struct {
					Examples map[string]json.RawMessage
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(raw, &doc))
	body := doc.Paths[path].Get.Responses["200"].Examples["application/json"]
	require.NotEmpty(t, body)
	return body
}

func TestTheModelsOwnExampleIsReadWhole(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	body := example(t, "orders_2026-01-01.json", pathOrders+"/{orderId}")
	f.on(pathOrders+"/202-1234567-8901234", say(200, string(body)))
	raw, o, err := f.client().Orders2026().Order(t.Context(), "202-1234567-8901234", amazon.Everything())
	require.NoError(t, err)
	require.Equal(t, "UK-MERCHANT-ORDER-2024-001", o.Alias(amazon.AliasSellerOrder))
	require.Equal(t, amazon.OrderShipped, o.Fulfillment.Status)
	require.True(t, o.Firm())
	require.Equal(t, "Royal Mail", o.Packages[0].Carrier)
	require.Equal(t, int64(3), o.Packages[0].Items[0].Quantity)
	i := o.Items[0]
	require.Equal(t, "89.97", i.Revenue().String(), "three units at 29.99, multiplied already")
	unit, ok := i.UnitRevenue()
	require.True(t, ok)
	require.Equal(t, "29.99", unit.String())
	require.Equal(t, "3", i.TaxOn(amazon.MoneyItem).String())
	require.Equal(t, amazon.TaxOnTop, i.Balances())

	var whole map[string]any
	require.NoError(t, json.Unmarshal(raw, &whole))
	again, err := json.Marshal(o)
	require.NoError(t, err)
	for _, text := range []string{`"amount":"103.97"`, `"latestDateTime":"2024-12-26T23:59:59Z"`, `"buyerName":"James Wilson"`} {
		require.Contains(t, string(again), text)
	}
	redacted, err := amazon.RedactOrder(body)
	require.NoError(t, err)
	for _, personal := range []string{"James Wilson", "buyer-email@", "High Street", "M1 2AB", "7946", "161 123", "Happy Christmas"} {
		require.NotContains(t, string(redacted), personal)
	}
	require.Contains(t, string(redacted), "Manchester")
	require.Contains(t, string(redacted), `"amount":"103.97"`)
}

func TestEveryFieldHasAmazonsNameInExpressions(t *testing.T) {
	t.Parallel()
	count := 0
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ.PkgPath() != "tieout/app/amazon" {
			return
		}
		for field := range typ.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			require.NotEmpty(t, name, "%s.%s", typ, field.Name)
			require.Equal(t, name, field.Tag.Get("expr"), "%s.%s", typ, field.Name)
			count++
			walk(field.Type)
		}
	}
	walk(reflect.TypeFor[amazon.Order]())
	require.Greater(t, count, 80)
}

func item(t *testing.T, breakdowns, total string) amazon.OrderItem {
	t.Helper()
	var i amazon.OrderItem
	raw := `{"orderItemId":"1","quantityOrdered":3,"product":{},"proceeds":{"proceedsTotal":{"amount":"` + total + `","currencyCode":"EUR"},"breakdowns":[` + breakdowns + `]}}`
	require.NoError(t, json.Unmarshal([]byte(raw), &i))
	return i
}

func part(kind, amount string, details ...string) string {
	text := `{"type":"` + kind + `","subtotal":{"amount":"` + amount + `","currencyCode":"EUR"}`
	for k := 0; k < len(details); k += 2 {
		text += `,"detailedBreakdowns":[{"subtype":"` + details[k] + `","value":{"amount":"` + details[k+1] + `","currencyCode":"EUR"}}]`
	}
	return text + "}"
}

func TestAmountsOfAnItemAreReadWhicheverWayAmazonStatesThem(t *testing.T) {
	t.Parallel()
	goods := part("ITEM", "119.00") + "," + part("SHIPPING", "5.00") + ","
	for name, c := range map[string]struct {
		rest, total      string
		balance          amazon.Balance
		discount, netted string
	}{
		"tax on top":               {part("TAX", "20.00", "ITEM", "19.00"), "144.00", amazon.TaxOnTop, "0", "119"},
		"tax inside, not split":    {part("TAX", "20.00"), "124.00", amazon.TaxInside, "0", ""},
		"tax inside":               {part("TAX", "20.00", "ITEM", "19.00"), "124.00", amazon.TaxInside, "0", "100"},
		"discount below zero":      {part("DISCOUNT", "-4.00", "SHIPPING", "-1.00"), "120.00", amazon.TaxOnTop, "4", "119"},
		"discount above zero":      {part("DISCOUNT", "4.00", "SHIPPING", "1.00"), "120.00", amazon.TaxOnTop, "4", "119"},
		"does not add up":          {part("TAX", "20.00"), "144.01", amazon.Unbalanced, "0", ""},
		"a kind nobody has seen":   {part("LEVY", "1.00"), "125.00", amazon.TaxOnTop, "0", "119"},
		"no total":                 {part("TAX", "20.00"), "", amazon.Unbalanced, "0", ""},
		"another currency besides": {strings.ReplaceAll(part("TAX", "20.00"), "EUR", "USD"), "144.00", amazon.Unbalanced, "0", ""},
	} {
		total := c.total
		if total == "" {
			total = "0"
		}
		i := item(t, goods+c.rest, total)
		if c.total == "" {
			i.Proceeds.Total = amazon.Money{}
		}
		require.Equal(t, c.balance, i.Balances(), name)
		require.Equal(t, c.discount, i.Discount().String(), name)
		net, ok := i.NetRevenue()
		require.Equal(t, c.netted != "", ok, name)
		if ok {
			require.Equal(t, c.netted, net.String(), name)
		}
	}
	i := item(t, part("ITEM", "100.00"), "100.00")
	unit, ok := i.UnitRevenue()
	require.True(t, ok)
	require.Equal(t, "33.33333333", unit.String())
	i.Ordered = 0
	_, ok = i.UnitRevenue()
	require.False(t, ok, "no units, no price")
	net, ok := item(t, part("ITEM", "119.00")+","+part("TAX", "19.00"), "119.00").NetRevenue()
	require.True(t, ok, "there is nothing else that could be taxed")
	require.Equal(t, "100", net.String())
}

func TestUnitsAreWhatTheBuyerGets(t *testing.T) {
	t.Parallel()
	gone := amazon.ItemCancellation{Execution: amazon.CancellationExecution{By: "BUYER"}}
	for name, c := range map[string]struct {
		item  amazon.OrderItem
		units int64
	}{
		"fulfilment not asked for": {amazon.OrderItem{Ordered: 3}, 3},
		"on the way":               {amazon.OrderItem{Ordered: 3, Fulfillment: amazon.ItemFulfillment{Fulfilled: 1, Unfulfilled: 2}}, 3},
		"one of three cancelled":   {amazon.OrderItem{Ordered: 3, Cancellation: gone, Fulfillment: amazon.ItemFulfillment{Unfulfilled: 2}}, 2},
		"all cancelled":            {amazon.OrderItem{Ordered: 3, Cancellation: gone}, 0},
	} {
		require.Equal(t, c.units, c.item.Units(), name)
	}
}

func TestValuesThatAmazonAddsDoNotFail(t *testing.T) {
	t.Parallel()
	o, err := amazon.ReadOrder([]byte(`{"orderId":"1","createdTime":"2026-11-01T00:00:00Z","lastUpdatedTime":"2026-11-01T00:00:00Z","salesChannel":{"channelName":"MOON"},
		"fulfillment":{"fulfillmentStatus":"BEAMED","fulfilledBy":"ROBOT"},"programs":["X"],"newThing":{},"packages":[{"packageReferenceId":"1","packageStatus":{"status":"LOST"}}],
		"orderItems":[{"orderItemId":"1","quantityOrdered":1,"product":{},"proceeds":{"proceedsTotal":{"amount":12.50,"currencyCode":"USD"}}}]}`))
	require.NoError(t, err)
	require.Equal(t, amazon.FulfillmentStatus("BEAMED"), o.Fulfillment.Status)
	require.Equal(t, "12.5", o.Items[0].Proceeds.Total.Amount.String(), "a number is an amount too")
	old, err := amazon.ReadOrder([]byte(`{"Order":{"AmazonOrderId":"1","OrderStatus":"BeamedUp","FulfillmentChannel":"XFN","PurchaseDate":"","LastUpdateDate":"soon"},"OrderItems":[]}`))
	require.NoError(t, err)
	require.Equal(t, amazon.FulfillmentStatus("BEAMED_UP"), old.Fulfillment.Status)
	require.True(t, old.Created.IsZero())
}

func TestAShipmentIsConfirmedWithAnEmptyAnswer(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	const path = "/orders/v0/orders/1/shipmentConfirmation"
	var body map[string]any
	f.on(path, refuse(503, "ServiceUnavailable"), func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&body)
		w.Header().Set("x-amzn-RequestId", "request-8")
		w.WriteHeader(http.StatusNoContent)
	})
	s := amazon.Shipment{MarketplaceID: "A", Reference: "P1", Carrier: "Other", CarrierName: "Bike", Tracking: "T", Shipped: begin, Items: []amazon.PackageItem{{ItemID: "i", Quantity: 2}}}
	require.NoError(t, f.client().ConfirmShipment(t.Context(), "1", s))
	require.Equal(t, 2, f.called(path))
	require.Equal(t, "A", body["marketplaceId"])
	require.Equal(t, map[string]any{"packageReferenceId": "P1", "carrierCode": "Other", "carrierName": "Bike", "trackingNumber": "T",
		"shipDate": "2026-11-23T06:00:00Z", "orderItems": []any{map[string]any{"orderItemId": "i", "quantity": 2.0}}}, body["packageDetail"])
	f.on(path, refuse(400, "InvalidInput"))
	require.Equal(t, fault.Invalid, fault.CodeOf(f.client().ConfirmShipment(t.Context(), "1", s)))
}
