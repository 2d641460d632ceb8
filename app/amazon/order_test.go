package amazon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/fault"
)

const pathOrders = "/orders/2026-01-01/orders"

// modelOrder is an order of Amazon's own examples.
func modelOrder(t *testing.T) json.RawMessage {
	t.Helper()
	raw, err := os.ReadFile("../../../shared/reference/sp-api/models/orders_2026-01-01.json")
	if os.IsNotExist(err) {
		t.Skip("Amazon's models are not here")
	}
	require.NoError(t, err)
	var model struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Examples map[string]struct{ Order json.RawMessage }
			}
		}
	}
	require.NoError(t, json.Unmarshal(raw, &model))
	for _, example := range model.Paths[pathOrders+"/{orderId}"]["get"].Responses["200"].Examples {
		if example.Order != nil {
			return example.Order
		}
	}
	t.Fatal("the model has no example of an order")
	return nil
}

func TestAPriceIsTheLinesAlreadyAsAmazonsOwnExampleShows(t *testing.T) {
	t.Parallel()
	order, err := amazon.ReadOrder(modelOrder(t))
	require.NoError(t, err)
	item := order.Items[0]
	require.Equal(t, 3, item.Quantity)
	require.Equal(t, "89.97", item.Price().String(), "3 x 29.99")
	require.Equal(t, "10", item.Shipping().String())
	require.Equal(t, "4", item.TaxAmount().String())
	require.True(t, item.Balances(), "89.97 + 10.00 + 4.00 = 103.97")
}

func TestDiscountsCountWhateverTheirSign(t *testing.T) {
	t.Parallel()
	for _, sign := range []string{"", "-"} {
		raw := fmt.Sprintf(`{"orderId":"1","orderItems":[{"orderItemId":"1","quantityOrdered":1,"proceeds":{"proceedsTotal":{"amount":"9.00","currencyCode":"USD"},
			"breakdowns":[{"type":"ITEM","subtotal":{"amount":"10.00","currencyCode":"USD"}},{"type":"DISCOUNT","subtotal":{"amount":"%s1.00","currencyCode":"USD"}}]}}]}`, sign)
		order, err := amazon.ReadOrder([]byte(raw))
		require.NoError(t, err)
		require.True(t, order.Items[0].Discount().Equal(decimal.NewFromInt(1)))
		require.True(t, order.Items[0].Balances())
	}
}

func TestWhatIsNoOrderIsRefusedInWords(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`[]`, `{}`, `{"orderId":7}`, `{"orderId":"1","orderItems":[{"proceeds":{"proceedsTotal":{"amount":"x"}}}]}`} {
		_, err := amazon.ReadOrder([]byte(raw))
		require.True(t, fault.Is(err, fault.Invalid), raw)
	}
}

func TestASearchSendsTheTokenWithAllOtherParameters(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var mu sync.Mutex
	var asked []url.Values
	answer := func(next string, ids ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			asked = append(asked, r.URL.Query())
			mu.Unlock()
			var orders []string
			for _, id := range ids {
				orders = append(orders, fmt.Sprintf(`{"orderId":%q,"createdTime":"2026-11-20T01:02:03.000Z","lastUpdatedTime":"2026-11-20T01:02:03.000Z","salesChannel":{"channelName":"AMAZON"},"orderItems":[]}`, id))
			}
			pagination := ""
			if next != "" {
				pagination = fmt.Sprintf(`"nextToken":%q`, next)
			}
			say(200, fmt.Sprintf(`{"orders":[%s],"pagination":{%s},"lastUpdatedBefore":"2026-11-23T05:57:00.000Z"}`, strings.Join(orders, ","), pagination))(w, r)
		}
	}
	f.on(pathOrders, answer("a/b+", "1", "2"), answer("", "3"))
	var ids []string
	var until time.Time
	query := amazon.OrderQuery{MarketplaceIDs: []string{"ATVPDKIKX0DER"}, UpdatedSince: begin.Add(-time.Hour), UpdatedUntil: begin}
	for page, err := range f.client().SearchOrders(t.Context(), query) {
		require.NoError(t, err)
		require.True(t, json.Valid(page.Raw))
		for _, raw := range page.Orders {
			order, err := amazon.ReadOrder(raw)
			require.NoError(t, err)
			ids = append(ids, order.ID)
		}
		until = page.Until
	}
	require.Equal(t, []string{"1", "2", "3"}, ids)
	require.Equal(t, time.Date(2026, 11, 23, 5, 57, 0, 0, time.UTC), until.UTC())
	require.Equal(t, "2026-11-23T05:57:55Z", asked[0].Get("lastUpdatedBefore"), "Amazon wants two minutes between")
	require.Equal(t, "a/b+", asked[1].Get("paginationToken"))
	asked[1].Del("paginationToken")
	require.Equal(t, asked[0], asked[1])
}

func TestARepeatedPageOfOrdersEndsTheSearch(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathOrders, say(200, `{"orders":[],"pagination":{"nextToken":"same"}}`))
	var last error
	for _, err := range f.client().SearchOrders(t.Context(), amazon.OrderQuery{UpdatedSince: begin.Add(-time.Hour)}) {
		last = err
	}
	require.True(t, fault.Is(last, fault.Unavailable))
}

func TestOneOrderComesWithItsAnswerAsItCame(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	body := `{"order":{"orderId":"111-1","createdTime":"2026-11-20T01:02:03.000Z","lastUpdatedTime":"2026-11-20T01:02:03.000Z","salesChannel":{"channelName":"AMAZON"},"orderItems":[]}}`
	f.on(pathOrders+"/111-1", say(200, body))
	raw, order, err := f.client().Order(t.Context(), "111-1")
	require.NoError(t, err)
	require.JSONEq(t, body, string(raw))
	read, err := amazon.ReadOrder(order)
	require.NoError(t, err)
	require.Equal(t, "111-1", read.ID)
	f.on(pathOrders+"/112", say(404, `{"errors":[{"code":"NotFound","message":"none"}]}`))
	_, _, err = f.client().Order(t.Context(), "112")
	require.True(t, fault.Is(err, fault.NotFound))
}

func FuzzReadOrder(f *testing.F) {
	f.Add(`{"orderId":"1","orderItems":[{"quantityOrdered":2,"proceeds":{"breakdowns":[{"type":"ITEM","subtotal":{"amount":"1.00"}}]}}]}`)
	f.Fuzz(func(_ *testing.T, raw string) {
		order, err := amazon.ReadOrder([]byte(raw))
		if err != nil {
			return
		}
		for _, item := range order.Items {
			_ = item.Balances()
		}
		_, _ = order.Replaces(), order.Alias("SELLER_ORDER_ID")
	})
}
