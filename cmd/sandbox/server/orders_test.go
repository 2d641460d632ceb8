package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/cmd/sandbox/server"
)

func control(t *testing.T, s *server.Server, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.ControlURL+"/amazon/orders", strings.NewReader(body))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

func TestOrdersAreReadAndPlacedOverTheSocket(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range s.Connections() {
		// The search ends two minutes before the sandbox's now, not the machine's.
		made, err := amazon.New(amazon.Config{Key: c.Name, Endpoint: c.AmazonURL, LWAURL: c.LWAURL, ClientID: c.ClientID,
			ClientSecret: amazon.Hide(c.ClientSecret), RefreshToken: amazon.Hide(c.RefreshToken), Clock: s})
		require.NoError(t, err)
		found := 0
		q := amazon.OrderQuery{UpdatedAfter: s.Now().Add(-3 * 24 * time.Hour), Include: amazon.Everything()}
		for page, err := range made.Orders2026().SearchOrders(t.Context(), q) {
			require.NoError(t, err)
			found += len(page.Orders)
		}
		require.Positive(t, found)
		if c.Name != s.Connections()[0].Name {
			continue
		}
		const order = `{"account":"us","orderId":"999-1234567-0000009","items":[{"sellerSku":"NEW","quantity":1,"unitPrice":"5.00"}]}`
		require.Equal(t, http.StatusNoContent, control(t, s, "["+order+"]"))
		_, o, err := made.Orders2026().Order(t.Context(), "999-1234567-0000009", amazon.Everything())
		require.NoError(t, err)
		require.Equal(t, "NEW", o.Items[0].Product.SKU)
		require.Equal(t, "5", o.Proceeds.GrandTotal.Amount.String())
	}
	for _, wrong := range []string{"", "{}", `[{"account":"us","orderId":"999-1234567-0000010"}]`, `[{"acount":"us"}]`} {
		require.Equal(t, http.StatusBadRequest, control(t, s, wrong), wrong)
	}
}
