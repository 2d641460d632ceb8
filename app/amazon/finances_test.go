package amazon_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/fault"
)

const pathTransactions = "/finances/2024-06-19/transactions"

func transaction(id, status string) string {
	return fmt.Sprintf(`{"transactionId":%q,"transactionType":"Shipment","transactionStatus":%q,"description":"Order Payment","postedDate":"2026-11-20T03:35:13.214Z",
		"totalAmount":{"currencyCode":"USD","currencyAmount":0.1},
		"relatedIdentifiers":[{"relatedIdentifierName":"ORDER_ID","relatedIdentifierValue":"111-0000001-0000001"}],
		"marketplaceDetails":{"marketplaceId":"ATVPDKIKX0DER","marketplaceName":"Amazon.com"},
		"contexts":[{"contextType":"DeferredContext","deferralReason":"DD7","maturityDate":"2026-11-27T00:00:00Z"}],
		"items":[{"totalAmount":{"currencyCode":"USD","currencyAmount":0.1},"contexts":[{"contextType":"ProductContext","sku":"CUP","quantityShipped":1,"fulfillmentNetwork":"AFN"}],
			"breakdowns":[{"breakdownType":"ProductCharges","breakdownAmount":{"currencyCode":"USD","currencyAmount":12.3},
				"breakdowns":[{"breakdownType":"OurPricePrincipal","breakdownAmount":{"currencyCode":"USD","currencyAmount":12.3}}]},
				{"breakdownType":"AmazonFees","breakdownAmount":{"currencyCode":"USD","currencyAmount":-12.2}}]}]}`, id, status)
}

func transactionPage(next string, transactions ...string) string {
	token := ""
	if next != "" {
		token = fmt.Sprintf(`,"nextToken":%q`, next)
	}
	return `{"payload":{"transactions":[` + strings.Join(transactions, ",") + `]` + token + `}}`
}

func TestTransactionsFollowPageTokensThroughEmptyPages(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var asked []url.Values
	record := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Query())
			say(200, body)(w, r)
		}
	}
	f.on(pathTransactions, record(transactionPage("a/b+", transaction("one", "Deferred"))), record(transactionPage("more")), record(transactionPage("", transaction("two", "RELEASED"))))
	var got []amazon.Transaction
	for page, err := range f.client().Transactions(t.Context(), amazon.TransactionQuery{After: begin.AddDate(0, 0, -7), Before: begin}) {
		require.NoError(t, err)
		require.NotEmpty(t, page.Raw)
		for _, found := range page.Transactions {
			require.NoError(t, found.Err)
			got = append(got, found.Transaction)
		}
	}
	require.Len(t, got, 2)
	one := got[0]
	require.Equal(t, amazon.TransactionDeferred, one.Status, "however it is written")
	require.True(t, one.Total.Amount.Equal(decimal.RequireFromString("0.1")), "exactly")
	require.Equal(t, "111-0000001-0000001", one.RelatedTo(amazon.RelatedOrder))
	require.Empty(t, one.RelatedTo(amazon.RelatedSettlement))
	reason, maturity := one.Deferral()
	require.Equal(t, "DD7", reason)
	require.Equal(t, time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC), maturity)
	require.Equal(t, "CUP", one.Items[0].Product().SKU)
	require.Equal(t, "OurPricePrincipal", one.Items[0].Breakdowns[0].Parts[0].Type)
	same := url.Values{"postedAfter": {"2026-11-16T06:00:00Z"}, "postedBefore": {"2026-11-23T06:00:00Z"}}
	require.Equal(t, same, asked[0])
	for i, token := range []string{"a/b+", "more"} {
		same.Set("nextToken", token)
		require.Equal(t, same, asked[i+1], "the same arguments with every token")
	}
}

func TestTransactionsEndAfterAnError(t *testing.T) {
	t.Parallel()
	whole := amazon.TransactionQuery{After: begin.AddDate(0, 0, -7), Before: begin}
	for name, c := range map[string]struct {
		query   amazon.TransactionQuery
		answers []http.HandlerFunc
		code    fault.Code
	}{
		"the same page": {whole, []http.HandlerFunc{say(200, transactionPage("n"))}, fault.Unavailable},
		"refused":       {whole, []http.HandlerFunc{refuse(403, "Unauthorized")}, fault.Forbidden},
		"no span":       {amazon.TransactionQuery{After: begin, Before: begin}, nil, fault.Invalid},
		"half a year":   {amazon.TransactionQuery{After: begin.AddDate(0, 0, -181), Before: begin}, nil, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.on(pathTransactions, c.answers...)
			var last error
			for _, err := range f.client().Transactions(t.Context(), c.query) {
				last = err
			}
			require.True(t, fault.Is(last, c.code), "%v", last)
		})
	}
}

func TestATransactionThatCannotBeReadLeavesTheOthers(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{`{}`, `{"transactionId":"x"}`, `{"transactionId":"x","postedDate":"2026-11-20T03:35:13Z"}`,
		strings.Replace(transaction("x", "RELEASED"), "12.3", `"twelve"`, 1)} {
		list, next, err := amazon.ReadTransactions([]byte(transactionPage("n", broken, transaction("good", "RELEASED"))))
		require.NoError(t, err)
		require.Equal(t, "n", next)
		require.Error(t, list[0].Err, broken)
		require.NoError(t, list[1].Err)
	}
	_, _, err := amazon.ReadTransactions([]byte(`[]`))
	require.Error(t, err)
}
