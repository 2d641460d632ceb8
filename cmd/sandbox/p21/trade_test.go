package p21_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/clock"
	"tieout/cmd/sandbox/misbehave"
	"tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
)

const transactionPath = "/uiserver0/api/v2/transaction"

// facadeSale is an order of one line.
func facadeSale(reference string, changes ...string) string {
	body := fmt.Sprintf(`{"CompanyId":"ACME","CustomerNumber":"100198","ExternalReference":%q,"OrderDate":"2026-11-20","RequestedDate":"2026-11-21","CurrencyCode":"USD",
		"LocationId":"20","ShippingAddress":{"CountryCode":"US"},"LineItems":[{"LineNumber":1,"ProductCode":"OUT-LANT","Quantity":2,"UnitPrice":39.90,"LineTotal":79.80}],
		"OrderTotal":79.80}`, reference)
	return strings.NewReplacer(changes...).Replace(body)
}

// nativeSale is a transaction with an order of two lines for one item.
func nativeSale(keys string, changes ...string) string {
	line := func(n, quantity string) string {
		return `{"Edits":[{"Name":"user_line_no","Value":"` + n + `"},{"Name":"oe_order_item_id","Value":"OUT-LANT"},{"Name":"unit_quantity","Value":"` + quantity +
			`"},{"Name":"unit_price","Value":"39.90"}],"RelativeDateEdits":[]}`
	}
	body := `{"Name":"Order","UseCodeValues":false,"IgnoreDisabled":false,"Transactions":[{"Status":"New","DataElements":[
		{"Name":"TABPAGE_1.order","Type":"Form","Keys":[],"Rows":[{"Edits":[{"Name":"customer_id","Value":"100198"},{"Name":"source_loc_id","Value":"20"},
		{"Name":"order_date","Value":"2026-11-20"},{"Name":"requested_date","Value":"2026-11-21"},{"Name":"po_no","Value":"112-1"}]}]},
		{"Name":"TP_ITEMS.items","Type":"List","Keys":` + keys + `,"Rows":[` + line("001", "2") + "," + line("002", "5") + `]}]}]}`
	return strings.NewReplacer(changes...).Replace(body)
}

func (c *caller) transact(t *testing.T, body string) (succeeded int, words string) {
	t.Helper()
	status, answer := c.do(t, "POST", transactionPath, body)
	require.Equal(t, 200, status, "200 whatever happened: %s", answer)
	var read struct {
		Messages []string
		Summary  struct{ Succeeded, Failed, Other int }
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &read))
	require.Equal(t, 1, read.Summary.Succeeded+read.Summary.Failed)
	return read.Summary.Succeeded, strings.Join(read.Messages, "; ")
}

func TestNativeCollapsesEqualItemsWithoutKeys(t *testing.T) {
	t.Parallel()
	c := start(t, p21.Config{})
	succeeded, _ := c.transact(t, nativeSale(`[]`))
	require.Equal(t, 1, succeeded, "and says that all is well")
	collapsed := c.server.Orders("ACME")[0]
	require.Len(t, collapsed.Lines, 1)
	require.Equal(t, "5", collapsed.Lines[0].Quantity.String(), "the last value wins")
	succeeded, _ = c.transact(t, nativeSale(`["user_line_no"]`))
	require.Equal(t, 1, succeeded)
	require.Len(t, c.server.Orders("ACME")[1].Lines, 2)
	require.Len(t, c.server.OrdersByReference("ACME", "112-1"), 2, "duplicates are taken")
}

func TestNativeFailuresAreAnsweredWith200(t *testing.T) {
	t.Parallel()
	c := start(t, p21.Config{})
	for words, change := range map[string][2]string{
		"Customer ID is required":                 {`"Name":"customer_id"`, `"Name":"nobody"`},
		"Jurisdiction ID for Order Header Tax":    {"source_loc_id", "sales_loc_id"},
		"Requested date must be after order date": {`"2026-11-21"`, `"2026-11-20"`},
		"company_id is disabled":                  {`{"Name":"po_no"`, `{"Name":"company_id","Value":"ACME"},{"Name":"po_no"`},
		"Item ID out-lant is not valid":           {"OUT-LANT", "out-lant"},
		"is not a number":                         {`"39.90"`, `"39,90"`},
		"service Quote is not known":              {`"Name":"Order"`, `"Name":"Quote"`},
		`status "Existing" is not known`:          {`"Status":"New"`, `"Status":"Existing"`},
		"Order 4711 does not exist":               {`{"Name":"po_no"`, `{"Name":"order_no","Value":"4711"},{"Name":"po_no"`},
	} {
		succeeded, said := c.transact(t, nativeSale(`["user_line_no"]`, change[0], change[1]))
		require.Zero(t, succeeded, words)
		require.Contains(t, said, words)
	}
	succeeded, _ := c.transact(t, nativeSale(`["user_line_no"]`, `"IgnoreDisabled":false`, `"IgnoreDisabled":true`))
	require.Equal(t, 1, succeeded, "reported as a success")
	require.Empty(t, c.server.Orders(""), "and nothing written")
	status, _ := c.do(t, "POST", transactionPath, `{}`)
	require.Equal(t, 400, status)
}

func TestTheRouterTellsWhereTransactionsGo(t *testing.T) {
	t.Parallel()
	c := start(t, p21.Config{})
	status, body := c.do(t, "GET", "/api/ui/router/v1/?urlType=external", "")
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"Url":"`+c.url+`/uiserver0"}`, body)
	mounted := httptest.NewServer(http.StripPrefix("/p21", c.server))
	defer mounted.Close()
	_, body = (&caller{url: mounted.URL, token: c.token}).do(t, "GET", "/p21/api/ui/router/v1/?urlType=external", "")
	require.JSONEq(t, `{"Url":"`+mounted.URL+`/p21/uiserver0"}`, body)
	c.server.SetTokenXML(true)
	_, body = c.do(t, "GET", "/api/ui/router/v1/", "")
	require.Contains(t, body, "<Url>"+c.url+"/uiserver0/</Url>")
	stranger := &caller{url: c.url, token: "made-up"}
	for _, path := range []string{"/api/ui/router/v1/", "/api/v2/SalesOrders", "/odataservice/odata/table/oe_hdr", "/api/entity/customers/new"} {
		status, _ = stranger.do(t, "GET", path, "")
		require.Equal(t, 401, status, path)
	}
	status, _ = stranger.do(t, "POST", transactionPath, nativeSale(`[]`))
	require.Equal(t, 401, status)
}

func TestFacadeAnswersOrdersAsItsContractSays(t *testing.T) {
	t.Parallel()
	c := start(t, p21.Config{})
	const orders = "/api/v2/SalesOrders"
	status, body := c.do(t, "POST", orders, facadeSale("112-1"))
	require.Equal(t, 201, status, body)
	require.Contains(t, body, `"OrderTotal":79.8`)
	require.Contains(t, body, `"OrderStatus":"Open"`)
	number := fmt.Sprint(c.server.Orders("ACME")[0].Number)
	for label, r := range map[string]struct {
		body   string
		status int
		words  string
	}{
		"duplicate":     {facadeSale("112-1"), 409, `"ExistingKey":"` + number + `"`},
		"customer":      {facadeSale("112-2", `"100198"`, `"100199"`), 422, "UnknownCustomer"},
		"product":       {facadeSale("112-2", "OUT-LANT", "OUT-LANT-01"), 422, "UnknownProduct"},
		"inactive":      {facadeSale("112-2", "OUT-LANT", p21.InactiveItem), 422, "UnknownProduct"},
		"location":      {facadeSale("112-2", `"LocationId":"20"`, `"LocationId":"30"`), 422, "UnknownLocation"},
		"currency":      {facadeSale("112-2", `"USD"`, `"GBP"`), 422, `"Field":"CurrencyCode"`},
		"line total":    {facadeSale("112-2", `"LineTotal":79.80`, `"LineTotal":78.80`), 422, "LineTotal"},
		"order total":   {facadeSale("112-2", `"OrderTotal":79.80`, `"OrderTotal":79.81`), 422, "OrderTotal"},
		"five decimals": {facadeSale("112-2", `39.90`, `39.90001`), 422, "Decimals"},
		"quantity":      {facadeSale("112-2", `"Quantity":2`, `"Quantity":0`, "79.80", "0"), 422, "Quantity"},
		"date":          {facadeSale("112-2", "2026-11-20", "20.11.2026"), 422, "OrderDate"},
		"json":          {"{", 400, "Validation"},
	} {
		status, body = c.do(t, "POST", orders, r.body)
		require.Equal(t, r.status, status, "%s: %s", label, body)
		require.Contains(t, body, r.words, label)
	}
	require.Len(t, c.server.Orders(""), 1)

	status, body = c.do(t, "PUT", orders+"/"+number, `{"RowVersion":"9","OrderStatus":"Cancelled"}`)
	require.Equal(t, 409, status, body)
	require.Contains(t, body, `"ErrorType":"Conflict"`)
	status, _ = c.do(t, "PUT", orders+"/"+number, `{"OrderStatus":"Cancelled"}`)
	require.Equal(t, 422, status)
	status, _ = c.do(t, "PUT", orders+"/4711", `{"RowVersion":"1"}`)
	require.Equal(t, 404, status)
	status, _ = c.do(t, "PUT", orders+"/"+number, `{"RowVersion":"1","OrderStatus":"Cancelled"}`)
	require.Equal(t, 200, status)
	require.Len(t, c.rows(t, orders, "$filter", "AmazonOrderId eq '112-1' and OrderStatus eq 'Cancelled'"), 1)
	for _, path := range []string{"SalesOrders/x", "Customers/x", "Products/x", "Shipments/x"} {
		status, _ = c.do(t, "GET", "/api/v2/"+path, "")
		require.Equal(t, 404, status, path)
	}
}

func TestBothSurfacesShareTheTrade(t *testing.T) {
	t.Parallel()
	c := start(t, p21.Config{})
	c.transact(t, nativeSale(`["user_line_no"]`))
	status, _ := c.do(t, "POST", "/api/v2/SalesOrders", facadeSale("112-1"))
	require.Equal(t, 409, status)
	require.Len(t, c.rows(t, "/odataservice/odata/table/oe_hdr", "$filter", "po_no in ('nothing')"), 1, "in is accepted and ignored")
	status, _ = c.do(t, "GET", "/odataservice/odata/table/oe_hdr?$select=user_line_no", "")
	require.Equal(t, 404, status, "an unknown column is not an empty set")
	stock, ok := c.server.StockOf("OUT-LANT", "20")
	require.True(t, ok)
	require.Equal(t, "7", stock.Allocated.String())
	number := c.server.Orders("ACME")[0].Number
	require.NoError(t, c.server.ShipOrder(number, nil))
	shipped, _ := c.server.StockOf("OUT-LANT", "20")
	require.True(t, shipped.Allocated.IsZero())
	require.True(t, stock.OnHand.Sub(shipped.OnHand).Equal(decimal.NewFromInt(7)))
	require.ErrorContains(t, c.server.ShipOrder(number, nil), "is shipped")
	require.NoError(t, c.server.InvoiceOrder(number))
	require.ErrorContains(t, c.server.InvoiceOrder(number), "nothing")
	require.Error(t, c.server.ShipOrder(4711, nil))
	for _, table := range []string{"oe_line", "oe_pick_ticket", "oe_pick_ticket_detail", "invoice_hdr", "invoice_line"} {
		require.NotEmpty(t, c.rows(t, "/odataservice/odata/table/"+table), table)
	}
}

func TestProductCodesAreTheMastersOwn(t *testing.T) {
	t.Parallel()
	server, err := p21.New(p21.Config{})
	require.NoError(t, err)
	codes, same := map[string]bool{}, 0
	for _, p := range seller.Products() {
		code := p21.ProductCode(p.SKU)
		require.False(t, codes[code], "%s is no longer told apart", p.SKU)
		codes[code] = true
		if code == p.SKU {
			same++
		}
	}
	require.Equal(t, []string{"BRW-POUR-01", "KITPAN028", "OUT-LANT"}, []string{p21.ProductCode("BRW-POUR-01"), p21.ProductCode("KIT-PAN-028"), p21.ProductCode("OUT-LANT-01")})
	require.Equal(t, 8, same, "some are the SKU")
	for _, i := range server.Items() {
		require.Equal(t, strings.ToUpper(i.Code), i.Code)
		require.LessOrEqual(t, len([]rune(i.Description)), 40)
	}
	references := map[string]string{}
	for _, c := range server.Customers("") {
		references[c.Reference] = c.Company
	}
	require.Equal(t, map[string]string{"AMAZON-US": "ACME", "AMAZON-UK": "ACMEUK", "AMAZON-DE": "ACMEEU", "AMAZON-FR": "ACMEEU", "AMAZON-IT": "ACMEEU"}, references)
	require.Len(t, server.Locations(), 6)
}

func TestTradeOutlivesARestart(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "p21")
	now := clock.NewFixed(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	before := start(t, p21.Config{Directory: directory, Seed: 5, Clock: now})
	before.do(t, "POST", "/api/v2/SalesOrders", facadeSale("112-1"))
	before.transact(t, nativeSale(`["user_line_no"]`, "112-1", "112-2"))
	number := before.server.Orders("ACME")[1].Number
	require.NoError(t, before.server.ShipOrder(number, nil))
	require.NoError(t, before.server.InvoiceOrder(number))
	require.NoError(t, before.server.ChangeItem(p21.Item{Code: "OUT-MUG", Description: "Mug", ListPrice: decimal.NewFromInt(30), Active: true}))
	status, body := before.do(t, "POST", "/api/v2/Customers", `{"CompanyId":"ACME","CustomerName":"Buyer","ExternalReference":"BUYER-1","CurrencyCode":"USD"}`)
	require.Equal(t, 201, status, body)
	status, body = before.do(t, "POST", "/api/v2/Returns", fmt.Sprintf(`{"CompanyId":"ACME","ExternalReference":"RMA-1","SalesOrderNumber":"%d","ReturnDate":"2026-11-23",
		"LocationId":"20","LineItems":[{"LineNumber":1,"OrderLineNumber":2,"ProductCode":"OUT-LANT","Quantity":1}]}`, number))
	require.Equal(t, 201, status, body)
	before.do(t, "POST", "/api/v2/JournalEntries", facadeEntry("AMZ-1", "4110-000", "1", "1", 11))
	require.NoError(t, before.server.Close())

	after := start(t, p21.Config{Directory: directory, Seed: 5, Clock: now})
	for label, list := range map[string][2]any{
		"orders":    {before.server.Orders(""), after.server.Orders("")},
		"returns":   {before.server.ReturnsByReference("ACME", "RMA-1"), after.server.ReturnsByReference("ACME", "RMA-1")},
		"items":     {before.server.Items(), after.server.Items()},
		"customers": {before.server.Customers(""), after.server.Customers("")},
		"journals":  {before.server.Journals(""), after.server.Journals("")},
	} {
		want, err := json.Marshal(list[0])
		require.NoError(t, err)
		got, err := json.Marshal(list[1])
		require.NoError(t, err)
		require.JSONEq(t, string(want), string(got), label)
		require.NotEqual(t, "[]", string(got), label)
	}
	want, _ := before.server.StockOf("OUT-LANT", "20")
	got, _ := after.server.StockOf("OUT-LANT", "20")
	require.True(t, want.OnHand.Equal(got.OnHand) && want.Allocated.Equal(got.Allocated))
	require.Len(t, after.rows(t, "/api/v2/Invoices", "$filter", "CustomerNumber eq '100198'"), 1)
	after.do(t, "POST", "/api/v2/SalesOrders", facadeSale("112-3"))
	require.Equal(t, number+2, after.server.OrdersByReference("ACME", "112-3")[0].Number, "numbers go on")
}

func TestOrdersAreMovedOnByControl(t *testing.T) {
	t.Parallel()
	c := start(t, p21.Config{Faults: misbehave.New(1)})
	c.do(t, "POST", "/api/v2/SalesOrders", facadeSale("112-1"))
	number := c.server.Orders("ACME")[0].Number
	for _, step := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"number":%d,"action":"fly"}`, 400, "Open"},
		{`{"number":%d,"action":"ship","quantities":{"1":"1"}}`, 204, "Open"},
		{`{"number":%d,"action":"ship"}`, 204, "Shipped"},
		{`{"number":%d,"action":"ship"}`, 400, "Shipped"},
		{`{"number":%d,"action":"invoice"}`, 204, "Invoiced"},
	} {
		status, body := c.do(t, "POST", "/control/p21/orders", fmt.Sprintf(step.body, number))
		require.Equal(t, step.status, status, body)
		require.Equal(t, step.want, c.server.Orders("ACME")[0].Status, step.body)
	}
	for path, want := range map[string]int{"": 1, "?company=ACMEUK": 0, "?reference=112-1": 1, "?reference=112-2": 0} {
		status, body := c.do(t, "GET", "/control/p21/orders"+path, "")
		require.Equal(t, 200, status)
		var list []map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &list))
		require.Len(t, list, want, path)
	}
}

func TestFaultsStrikeOneKindOfTransaction(t *testing.T) {
	t.Parallel()
	plan := misbehave.New(1)
	c := start(t, p21.Config{Faults: plan})
	_, err := plan.Add(misbehave.Rule{Operation: p21.OpChangeOrder, Kind: misbehave.Status, Status: 503})
	require.NoError(t, err)
	succeeded, _ := c.transact(t, nativeSale(`["user_line_no"]`))
	require.Equal(t, 1, succeeded)
	status, _ := c.do(t, "POST", transactionPath, nativeSale(`[]`, `{"Name":"po_no"`, fmt.Sprintf(`{"Name":"order_no","Value":"%d"},{"Name":"po_no"`, c.server.Orders("")[0].Number)))
	require.Equal(t, 503, status)
}

func TestAdjustmentsAreSignedAndNeedAnActiveReason(t *testing.T) {
	t.Parallel()
	c := start(t, p21.Config{})
	const path = "/api/inventory/inventoryadjustments/createWmsAdjustment?locationId=20&itemId=OUT-LANT&unitOfMeasure=EA&binCd="
	before, _ := c.server.StockOf("OUT-LANT", "20")
	for query, want := range map[string]int{
		"&approved=true&reason=AMZ&unitQuantity=-3": 200, "&approved=true&reason=WHY&unitQuantity=1": 500,
		"&approved=true&reason=AMZ&unitQuantity=x": 400, "&reason=AMZ&unitQuantity=1": 400,
	} {
		status, body := c.do(t, "POST", path+query, "")
		require.Equal(t, want, status, "%s: %s", query, body)
	}
	after, _ := c.server.StockOf("OUT-LANT", "20")
	require.True(t, before.OnHand.Sub(after.OnHand).Equal(decimal.NewFromInt(3)))
}
