package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/connection"
	"tieout/app/exception"
	"tieout/app/expression"
	"tieout/app/flow"
	"tieout/app/p21"
	"tieout/app/period"
)

// sides is a connection whose P21 has one customer.
type sides struct {
	p21.System
	customers int
}

func (s *sides) Get(context.Context, int64) (connection.Connection, error) {
	return connection.Connection{P21Company: "ACME"}, nil
}
func (s *sides) Amazon(context.Context, int64) (*amazon.Client, error) { return nil, nil }
func (s *sides) P21(context.Context, int64) (p21.System, error)        { return s, nil }
func (s *sides) FindCustomer(_ context.Context, reference string) ([]p21.Customer, error) {
	list := []p21.Customer{}
	for range s.customers {
		list = append(list, p21.Customer{Number: "100198", Reference: reference})
	}
	return list, nil
}

func order(status, channel string, items ...string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"orderId":"111-1","createdTime":"2026-11-20T03:00:00Z","lastUpdatedTime":"2026-11-20T04:00:00Z",
		"salesChannel":{"channelName":%q,"marketplaceId":"ATVPDKIKX0DER"},"fulfillment":{"fulfillmentStatus":%q,"fulfilledBy":"AMAZON"},
		"proceeds":{"grandTotal":{"amount":"30.00","currencyCode":"USD"}},"orderItems":[%s]}`, channel, status, strings.Join(items, ",")))
}

func item(id, sku string, quantity int, price, shipping string) string {
	total := decimal.RequireFromString(price).Add(decimal.RequireFromString(shipping))
	return fmt.Sprintf(`{"orderItemId":%q,"quantityOrdered":%d,"product":{"sellerSku":%q,"title":"Kettle"},"proceeds":{"proceedsTotal":{"amount":%q,"currencyCode":"USD"},
		"breakdowns":[{"type":"ITEM","subtotal":{"amount":%q,"currencyCode":"USD"}},{"type":"SHIPPING","subtotal":{"amount":%q,"currencyCode":"USD"}}]}}`, id, quantity, sku, total.StringFixed(2), price, shipping)
}

// mapped runs the shipped formulas, one of them changed, and completes what
// they come to.
func mapped(t *testing.T, f *Flow, content json.RawMessage, change map[string]string) (flow.Mapped, error) {
	t.Helper()
	source, err := read(content)
	require.NoError(t, err)
	m := flow.Mapped{Header: map[string]any{}, Lists: map[string][]map[string]any{}}
	for range source.Lists[lines] {
		m.Lists[lines] = append(m.Lists[lines], map[string]any{})
	}
	for _, field := range definition().Fields {
		if text, ok := change[field.Name]; ok {
			field.Formula = text
		}
		formula, err := expression.Compile(field.Formula, definition().Environments[field.List], field.Type)
		require.NoError(t, err, field.Name)
		if field.List == "" {
			m.Header[field.Name], err = formula.Eval(source.Header)
			require.NoError(t, err, field.Name)
			continue
		}
		for i, line := range source.Lists[lines] {
			m.Lists[lines][i][field.Name], err = formula.Eval(line)
			require.NoError(t, err, field.Name)
		}
	}
	return f.Complete(t.Context(), flow.Record{ConnectionID: 1, Key: "111-1"}, m)
}

func flowWith(customers int) *Flow {
	return New(&sides{customers: customers}, (*amazon.Client).Orders2026, func(_ context.Context, _ int64, shop string, skus []string, day period.Date) (map[string]catalog.Mapping, error) {
		found := map[string]catalog.Mapping{}
		for _, sku := range skus {
			switch sku {
			case "KETTLE":
				found[sku] = catalog.Mapping{Parts: catalog.Parts{{Code: "KET-1", Quantity: 1}}}
			case "PACK-OF-2":
				found[sku] = catalog.Mapping{Parts: catalog.Parts{{Code: "KET-1", Quantity: 2}}}
			case "SET":
				found[sku] = catalog.Mapping{Parts: catalog.Parts{{Code: "KET-1", Quantity: 1, Share: catalog.ShareOf(decimal.RequireFromString("0.7"))}, {Code: "MUG-1", Quantity: 2, Share: catalog.ShareOf(decimal.RequireFromString("0.3"))}}}
			}
		}
		return found, nil
	}, nil)
}

func message(t *testing.T, f *Flow, m flow.Mapped) p21.SalesOrder {
	t.Helper()
	sent, err := f.Message(flow.Record{Key: "111-1"}, m)
	require.NoError(t, err)
	require.Equal(t, kindOrder, sent.Kind)
	var o p21.SalesOrder
	require.NoError(t, json.Unmarshal(sent.Payload, &o))
	require.NoError(t, o.Validate())
	return o
}

func TestAnOrderBecomesP21sWithKitsAndMultipacks(t *testing.T) {
	t.Parallel()
	f := flowWith(1)
	m, err := mapped(t, f, order("UNSHIPPED", "AMAZON", item("1", "PACK-OF-2", 3, "29.99", "0.00"), item("2", "SET", 1, "10.01", "4.99")), nil)
	require.NoError(t, err)
	o := message(t, f, m)
	require.Equal(t, "2026-11-19", o.Date.String(), "the day in the marketplace's time zone")
	require.Equal(t, "100198", o.Customer)
	require.Equal(t, "ACME", o.Company)
	require.Equal(t, "44.99", o.Total().StringFixed(2), "nothing is lost to rounding")
	var got []string
	for _, l := range o.Lines {
		got = append(got, fmt.Sprintf("%s x %s = %s", l.Quantity, l.Item, l.Total))
	}
	require.Equal(t, []string{"6 x KET-1 = 29.99", "1 x KET-1 = 10.5", "2 x MUG-1 = 4.5"}, got)
}

func TestChargesStandAloneWhereAnItemIsNamedForThem(t *testing.T) {
	t.Parallel()
	f := flowWith(1)
	m, err := mapped(t, f, order("SHIPPED", "AMAZON", item("1", "KETTLE", 1, "20.00", "4.99")), map[string]string{"charges_item": `"FREIGHT"`})
	require.NoError(t, err)
	o := message(t, f, m)
	require.Len(t, o.Lines, 2)
	require.Equal(t, "FREIGHT", o.Lines[1].Item)
	require.Equal(t, "4.99", o.Lines[1].Total.StringFixed(2))
	require.Equal(t, "20.00", o.Lines[0].Total.StringFixed(2))
}

func TestAnUnknownSKUAndAnUnknownCustomerAreObstacles(t *testing.T) {
	t.Parallel()
	content := order("UNSHIPPED", "AMAZON", item("1", "NOBODY", 1, "20.00", "0.00"))
	_, err := mapped(t, flowWith(1), content, nil)
	var obstacle *flow.Obstacle
	require.ErrorAs(t, err, &obstacle)
	require.Equal(t, exception.UnknownSKU, obstacle.Class)
	require.Equal(t, "NOBODY", obstacle.Cause)
	for _, customers := range []int{0, 2} {
		_, err = mapped(t, flowWith(customers), order("UNSHIPPED", "AMAZON", item("1", "KETTLE", 1, "20.00", "0.00")), nil)
		require.ErrorAs(t, err, &obstacle)
		require.Contains(t, obstacle.Words, "AMAZON-US")
	}
}

func TestWhatWaitsAndWhatIsSkipped(t *testing.T) {
	t.Parallel()
	kettle := item("1", "KETTLE", 1, "20.00", "0.00")
	for content, want := range map[string]string{
		string(order("PENDING", "AMAZON", kettle)):                                   "wait",
		string(order("PENDING_AVAILABILITY", "AMAZON", kettle)):                      "wait",
		string(order("CANCELLED", "AMAZON", kettle)):                                 "skip",
		string(order("UNSHIPPED", "NON_AMAZON", kettle)):                             "skip",
		string(order("UNSHIPPED", "AMAZON", item("1", "KETTLE", 0, "0.00", "0.00"))): "skip",
		string(order("UNSHIPPED", "AMAZON", kettle)):                                 "",
		string(order("A_STATE_OF_THE_FUTURE", "AMAZON", kettle)):                     "",
	} {
		source, err := read([]byte(content))
		require.NoError(t, err)
		require.Equal(t, want == "wait", source.Wait != "", content)
		require.Equal(t, want == "skip", source.Skip != "", content)
	}
}

func TestAChangeKeepsWhatP21HoldsAndAsksForTheRest(t *testing.T) {
	t.Parallel()
	line := func(number int, ref, item, quantity, price string) p21.SalesLine {
		q, p := decimal.RequireFromString(quantity), decimal.RequireFromString(price)
		return p21.SalesLine{Number: number, Reference: ref, Item: item, Quantity: q, UnitPrice: p, Total: q.Mul(p)}
	}
	held := p21.SalesOrder{Number: "7", RowVersion: "1", Currency: "USD", Status: p21.Open, Lines: []p21.SalesLine{line(1, "a", "KET-1", "3", "10"), line(2, "b", "MUG-1", "1", "5")}}
	want := p21.SalesOrder{Currency: "USD", Lines: []p21.SalesLine{line(1, "a", "KET-1", "2", "10")}}
	next := changed(held, want)
	require.NoError(t, next.CheckChange(held))
	require.Equal(t, "2", next.Lines[0].Quantity.String())
	require.True(t, next.Lines[1].Quantity.IsZero(), "what is not wanted any more stays, with nothing in it")

	dearer := p21.SalesOrder{Currency: "USD", Lines: []p21.SalesLine{line(1, "a", "KET-1", "3", "11"), line(2, "b", "MUG-1", "1", "5")}}
	next = changed(held, dearer)
	require.NoError(t, next.CheckChange(held))
	require.Equal(t, "33", next.Lines[0].Total.String(), "shipping that stays when units go makes the rest dearer")
	more := p21.SalesOrder{Currency: "USD", Lines: append(held.Lines[:2:2], line(3, "c", "PAN-1", "1", "9"))}
	require.ErrorContains(t, changed(held, more).CheckChange(held), "has 2 lines, not 3")
	require.Equal(t, p21.Cancelled, changed(held, p21.SalesOrder{Status: p21.Cancelled}).Status)
}
