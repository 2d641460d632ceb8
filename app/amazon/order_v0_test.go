package amazon_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/fault"
)

const (
	pathOrdersV0 = "/orders/v0/orders"
	pathRDT      = "/tokens/2021-03-01/restrictedDataToken"
)

func money(amount string) string { return `{"CurrencyCode":"USD","Amount":"` + amount + `"}` }

func headV0(total string) string {
	return `{"AmazonOrderId":"1","PurchaseDate":"2026-11-01T00:00:00Z","LastUpdateDate":"2026-11-02T00:00:00Z","OrderStatus":"PartiallyShipped",` +
		`"FulfillmentChannel":"MFN","OrderTotal":` + money(total) + `,"ReplacedOrderId":"0","IsISPU":true,"OrderType":"Preorder"}`
}

func itemsV0(next string, items ...string) string {
	body := `{"payload":{"AmazonOrderId":"1","OrderItems":[` + strings.Join(items, ",") + `]`
	if next != "" {
		body += `,"NextToken":"` + next + `"`
	}
	return body + "}}"
}

func TestTheOlderVersionIsReadInTheNewerShape(t *testing.T) {
	t.Parallel()
	f, seen := newFake(t), &asked{}
	f.on(pathOrdersV0+"/1", say(200, `{"payload":`+headV0("15.00")+`}`))
	f.on(pathOrdersV0+"/1/orderItems",
		seen.say(itemsV0("more", `{"ASIN":"B","OrderItemId":"a","QuantityOrdered":2,"QuantityShipped":1,"ItemPrice":`+money("9.00")+`,"ItemTax":`+money("1.00")+
			`,"BuyerRequestedCancel":{"IsBuyerRequestedCancel":"true","BuyerCancelReason":"late"},"TaxCollection":{"Model":"MarketplaceFacilitator","ResponsibleParty":"Amazon Services, Inc."}}`)),
		seen.say(itemsV0("", `{"ASIN":"C","OrderItemId":"b","QuantityOrdered":1,"ItemPrice":`+money("5.00")+`}`)))
	_, o, err := f.client().OrdersV0().Order(t.Context(), "1", amazon.Impersonal())
	require.NoError(t, err)
	require.Equal(t, []url.Values{{}, {"NextToken": {"more"}}}, seen.list)
	require.Zero(t, f.called(pathRDT), "nothing personal was asked for")
	require.Equal(t, amazon.OrderPartiallyShipped, o.Fulfillment.Status)
	require.Equal(t, amazon.ByMerchant, o.Fulfillment.By)
	require.Equal(t, []string{amazon.ProgramPickUp, amazon.ProgramPreorder}, o.Programs)
	require.Equal(t, []amazon.AssociatedOrder{{ID: "0", Type: amazon.ReplacementOf}}, o.Associated)
	require.Len(t, o.Items, 2)
	i := o.Items[0]
	require.Equal(t, "9", i.Revenue().String())
	require.Equal(t, "4.5", i.Product.Price.Unit.Amount.String())
	require.Equal(t, int64(1), i.Fulfillment.Unfulfilled)
	require.Equal(t, amazon.CancellationRequest{Requester: "BUYER", Reason: "late"}, i.Cancellation.Request)
	require.Equal(t, []amazon.TaxCollection{{Model: amazon.MarketplaceFacilitator, Responsible: "Amazon Services, Inc."}}, i.Tax.Collections)
	require.Equal(t, amazon.TaxOnTop, i.Balances())
	require.Equal(t, "15", o.Proceeds.GrandTotal.Amount.String())
}

func TestTheTotalDecidesWhetherDiscountsIncludeDelivery(t *testing.T) {
	t.Parallel()
	// 100.00 for goods, 5.00 for delivery, 10.00 and 5.00 off.
	item := `{"ASIN":"B","OrderItemId":"a","QuantityOrdered":1,"ItemPrice":` + money("100.00") + `,"ShippingPrice":` + money("5.00") +
		`,"PromotionDiscount":` + money("10.00") + `,"ShippingDiscount":` + money("5.00") + `}`
	read := func(item, total string) amazon.OrderItem {
		o, err := amazon.ReadOrder([]byte(`{"Order":` + headV0(total) + `,"OrderItems":[` + item + `]}`))
		require.NoError(t, err)
		return o.Items[0]
	}
	require.Equal(t, "10", read(item, "95.00").Discount().String(), "5.00 of the 10.00 are on delivery")
	require.Equal(t, "15", read(item, "90.00").Discount().String(), "10.00 on the goods and 5.00 on delivery")
	require.Equal(t, "10", read(item, "1.00").Discount().String(), "no way adds up: as Amazon's field map has it")
	require.Equal(t, "5", read(item, "95.00").ShippingDiscount().String())
	free := strings.Replace(item, `"PromotionDiscount":`+money("10.00")+",", "", 1)
	require.Equal(t, "5", read(free, "100.00").Discount().String())
	minus := strings.Replace(item, `"10.00"`, `"-10.00"`, 1)
	require.Equal(t, "10", read(minus, "95.00").Discount().String(), "a discount below zero is a discount too")
}

func TestTheTotalDecidesWhetherPricesIncludeTax(t *testing.T) {
	t.Parallel()
	item := `{"ASIN":"B","OrderItemId":"a","QuantityOrdered":2,"ItemPrice":` + money("119.00") + `,"ItemTax":` + money("19.00") +
		`,"ShippingPrice":` + money("5.95") + `,"ShippingTax":` + money("0.95") + `}`
	for total, want := range map[string]amazon.Balance{"124.95": amazon.TaxInside, "144.90": amazon.TaxOnTop} {
		o, err := amazon.ReadOrder([]byte(`{"Order":` + headV0(total) + `,"OrderItems":[` + item + `]}`))
		require.NoError(t, err)
		require.Equal(t, want, o.Items[0].Balances())
		require.True(t, o.Items[0].Proceeds.Total.Amount.Equal(o.Proceeds.GrandTotal.Amount))
		net, ok := o.Items[0].NetRevenue()
		require.True(t, ok)
		require.Equal(t, map[amazon.Balance]string{amazon.TaxInside: "100", amazon.TaxOnTop: "119"}[want], net.String())
	}
}

func TestAListedOrderThatAmazonDoesNotKnowDoesNotEndTheSearch(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathOrdersV0, say(200, `{"payload":{"Orders":[`+headV0("1.00")+`]}}`))
	f.on(pathOrdersV0+"/1/orderItems", refuse(404, "NotFound"))
	q := amazon.OrderQuery{UpdatedAfter: begin.Add(-time.Hour), MarketplaceIDs: []string{"A"}}
	list, err := pages(t, f.client().OrdersV0(), q)
	require.NoError(t, err)
	require.True(t, fault.Is(list[0].Orders[0].Err, fault.NotFound))
	require.JSONEq(t, headV0("1.00"), string(list[0].Orders[0].Raw))
	f.on(pathOrdersV0+"/1/orderItems", refuse(400, "InvalidInput"))
	_, err = pages(t, f.client().OrdersV0(), q)
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
}

func TestTheOlderVersionIsSearchedInItsOwnWords(t *testing.T) {
	t.Parallel()
	f, seen := newFake(t), &asked{}
	shipped := strings.Replace(headV0("1.00"), "PartiallyShipped", "Unshipped", 1)
	f.on(pathOrdersV0, seen.say(`{"payload":{"Orders":[`+shipped+`,`+headV0("1.00")+`],"NextToken":"n","LastUpdatedBefore":"2026-11-23T05:00:00Z"}}`),
		seen.say(`{"payload":{"Orders":[]}}`))
	f.on(pathOrdersV0+"/1/orderItems", say(200, itemsV0("")))
	list, err := pages(t, f.client().OrdersV0(), amazon.OrderQuery{UpdatedAfter: begin.Add(-time.Hour), MarketplaceIDs: []string{"A"},
		Statuses: []amazon.FulfillmentStatus{amazon.OrderUnshipped, amazon.OrderCancelled}, FulfilledBy: []amazon.Fulfiller{amazon.ByMerchant}})
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Len(t, list[0].Orders, 1, "PartiallyShipped is asked for because it must be, and left out")
	require.Equal(t, time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC), list[0].UpdatedBefore)
	require.Equal(t, begin.Add(-2*time.Minute-5*time.Second), list[1].UpdatedBefore, "Amazon did not say")
	want := url.Values{"LastUpdatedAfter": {"2026-11-23T05:00:00Z"}, "LastUpdatedBefore": {"2026-11-23T05:57:55Z"}, "MarketplaceIds": {"A"},
		"OrderStatuses": {"Unshipped,Canceled,PartiallyShipped"}, "FulfillmentChannels": {"MFN"}, "MaxResultsPerPage": {"100"}}
	require.Equal(t, want, seen.list[0])
	want.Set("NextToken", "n")
	require.Equal(t, want, seen.list[1])
}

func TestPersonalDataOfTheOlderVersionNeedsARestrictedToken(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathRDT, refuse(403, "Unauthorized"))
	f.on(pathOrdersV0+"/1", say(200, `{"payload":`+headV0("1.00")+`}`))
	f.on(pathOrdersV0+"/1/orderItems", say(200, itemsV0("")))
	_, _, err := f.client().OrdersV0().Order(t.Context(), "1", amazon.Everything())
	var refused *amazon.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "createRestrictedDataToken", refused.Operation)
	require.True(t, refused.Denied())
}

func TestRedactionLeavesNothingPersonalOfEitherVersion(t *testing.T) {
	t.Parallel()
	address := `{"Name":"Ann Onym","AddressLine1":"Line One","City":"Köln","PostalCode":"50667","Phone":"555"}`
	for name, raw := range map[string]string{
		"newer": `{"orderId":"1","createdTime":"2026-11-01T00:00:00Z","lastUpdatedTime":"2026-11-01T00:00:00Z","salesChannel":{"channelName":"AMAZON"},"buyer":{"BUYERNAME":"Ann Onym"},
			"recipient":{"deliveryAddress":{"name":"Ann Onym","addressLine1":"Line One","city":"Köln","postalCode":"50667","phone":"555"}},"orderItems":[]}`,
		"older": `{"Order":{"AmazonOrderId":"1","ShippingAddress":` + address + `,"BuyerInfo":{"BuyerName":"Ann Onym"}},"OrderItems":[{"OrderItemId":"a","BuyerInfo":{"GiftMessageText":"Ann Onym"}}],
			"Address":{"ShippingAddress":` + address + `},"BuyerInfo":{"BuyerName":"Ann Onym","PurchaseOrderNumber":"PO-1"}}`,
		"a page of the older": `{"payload":{"Orders":[{"AmazonOrderId":"1","ShippingAddress":` + address + `}]}}`,
	} {
		redacted, err := amazon.RedactOrder(json.RawMessage(raw))
		require.NoError(t, err, name)
		for _, personal := range []string{"Ann Onym", "Line One", "50667", "555"} {
			require.NotContains(t, string(redacted), personal, name)
		}
		require.Contains(t, string(redacted), "Köln", name)
		if name == "a page of the older" {
			continue
		}
		o, err := amazon.ReadOrder(json.RawMessage(raw))
		require.NoError(t, err)
		again, err := amazon.ReadOrder(redacted)
		require.NoError(t, err)
		require.Equal(t, o.Redacted(), again, name)
	}
	for _, bad := range []string{"", "{", "{} {}"} {
		_, err := amazon.RedactOrder(json.RawMessage(bad))
		require.Error(t, err, bad)
	}
}

func FuzzReadOrder(f *testing.F) {
	f.Add([]byte(smallOrder))
	f.Add([]byte(`{"Order":` + headV0("15.00") + `,"OrderItems":[{"OrderItemId":"a","QuantityOrdered":2,"ItemPrice":` + money("9.00") + `}]}`))
	f.Add([]byte(`{"orderId":"1","buyer":{"buyerName":"x"},"Buyer":{"buyername":"y"},"orderItems":[{"quantityOrdered":-9223372036854775808,"proceeds":{"proceedsTotal":{"amount":"1e30","currencyCode":"X"}}}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := amazon.ReadOrder(raw)
		if err != nil {
			return
		}
		for _, i := range o.Items {
			_, known := i.UnitRevenue()
			require.False(t, known && i.Balances() == amazon.Unbalanced)
		}
		redacted, err := amazon.RedactOrder(raw)
		require.NoError(t, err, "what can be read can be redacted")
		again, err := amazon.ReadOrder(redacted)
		require.NoError(t, err)
		require.Empty(t, again.Buyer.Name+again.Buyer.Email+again.Recipient.Address.Line1+again.Recipient.Address.PostalCode+again.Recipient.Address.Phone)
		_, err = json.Marshal(o)
		require.NoError(t, err)
	})
}
