package amazon_test

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	client "tieout/app/amazon"
	"tieout/app/amazon/spec"
	"tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/seller"
)

func TestTokensEndAfterAnHourAndWhenTheyAreEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token("uk")
	path := "/sellers/v1/marketplaceParticipations"
	w.clock.Advance(time.Hour - time.Second)
	status, _ := w.get(path, token)
	require.Equal(t, http.StatusOK, status)
	w.clock.Advance(time.Second)
	status, answer := w.get(path, token)
	require.Equal(t, http.StatusForbidden, status)
	require.Equal(t, "Unauthorized", answer.Errors[0].Code)
	require.Equal(t, "Access to requested resource is denied.", answer.Errors[0].Message)

	c := w.client("uk")
	_, err := c.Participations(t.Context())
	require.NoError(t, err)
	w.ExpireTokens()
	_, err = c.Participations(t.Context())
	require.NoError(t, err, "the client asks for another token")
}

func TestLoginWithAmazonRefusesInItsOwnWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"Atzr|us"}, "client_id": {"client-us"}, "client_secret": {"secret-us"}}
	for name, c := range map[string]struct {
		change url.Values
		status int
		code   string
	}{
		"a wrong secret":              {url.Values{"client_secret": {"x"}}, 401, "invalid_client"},
		"an unknown client":           {url.Values{"client_id": {"x"}}, 401, "invalid_client"},
		"a wrong refresh token":       {url.Values{"refresh_token": {"x"}}, 400, "invalid_grant"},
		"another application's token": {url.Values{"refresh_token": {"Atzr|uk"}}, 400, "invalid_grant"},
		"refresh token and scope":     {url.Values{"scope": {"sellingpartnerapi::notifications"}}, 400, "invalid_request"},
		"an unknown grant":            {url.Values{"grant_type": {"password"}}, 400, "unsupported_grant_type"},
		"a scope that is none":        {url.Values{"grant_type": {"client_credentials"}, "scope": {"x"}}, 400, "invalid_scope"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			form := maps.Clone(good)
			maps.Copy(form, c.change)
			status, answer := w.login(form)
			require.Equal(t, c.status, status)
			require.Equal(t, c.code, answer["error"])
		})
	}
	status, answer := w.login(good)
	require.Equal(t, http.StatusOK, status)
	require.InDelta(t, 3600, answer["expires_in"], 0)
	require.Equal(t, "Atzr|us", answer["refresh_token"])

	status, answer = w.login(url.Values{"grant_type": {"client_credentials"}, "scope": {"sellingpartnerapi::notifications"}, "client_id": {"client-us"}, "client_secret": {"secret-us"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = w.get("/sellers/v1/marketplaceParticipations", answer["access_token"].(string))
	require.Equal(t, http.StatusForbidden, status, "an application's own token opens no seller")
}

func TestParticipationsAndRestrictedTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("eu")
	list, err := c.Participations(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.Equal(t, client.Participation{MarketplaceID: "A1PA6795UKMFR9", Country: "DE", Currency: "EUR", Domain: "www.amazon.de", Store: "Brew & Trail", Active: true}, list[0])

	restricted, err := c.CreateRestrictedDataToken(t.Context(), client.RestrictedResource{Method: "GET", Path: "/orders/v0/orders"})
	require.NoError(t, err)
	require.Equal(t, w.clock.Now().Add(time.Hour), restricted.Until)
	status, _ := w.get("/sellers/v1/marketplaceParticipations", restricted.Value.Reveal())
	require.Equal(t, http.StatusOK, status)
}

func TestBucketsHoldWhatTheModelsSay(t *testing.T) {
	t.Parallel()
	models := spec.Load(t, "reports_2021-06-30.json", "sellers.json", "tokens_2021-03-01.json", "orders_2026-01-01.json")
	w := newWorld(t)
	token := w.token("us")
	for path, operation := range map[string]string{
		"/reports/2021-06-30/reports?reportTypes=" + client.SettlementReport: "getReports",
		"/reports/2021-06-30/reports/unknown":                                "getReport",
		"/reports/2021-06-30/documents/unknown":                              "getReportDocument",
		"/sellers/v1/marketplaceParticipations":                              "getMarketplaceParticipations",
		"/orders/2026-01-01/orders?lastUpdatedAfter=2026-11-23T00:00:00Z":    "searchOrders",
		"/orders/2026-01-01/orders/unknown":                                  "getOrder",
	} {
		plan, ok := models.Plan(operation)
		require.True(t, ok, operation)
		for range int(plan.Burst) {
			status, header, _ := w.ask(path, token)
			require.NotEqual(t, http.StatusTooManyRequests, status, operation)
			require.Equal(t, strconv.FormatFloat(plan.Rate, 'f', -1, 64), header.Get("x-amzn-RateLimit-Limit"), operation)
		}
		status, header, body := w.ask(path, token)
		require.Equal(t, http.StatusTooManyRequests, status, operation)
		require.Empty(t, header.Get("x-amzn-RateLimit-Limit"), "Amazon does not state the rate with 429")
		require.NotEmpty(t, header.Get("x-amzn-RequestId"))
		require.Contains(t, body, "QuotaExceeded")
		other, _, _ := w.ask(path, w.token("uk"))
		require.NotEqual(t, http.StatusTooManyRequests, other, "another seller has a bucket of its own")
		w.clock.Advance(time.Duration(1.01 / plan.Rate * float64(time.Second)))
		token = w.token("us")
		status, _, _ = w.ask(path, token)
		require.NotEqual(t, http.StatusTooManyRequests, status, operation)
	}
	for _, u := range w.Usage() {
		require.Equal(t, 1, u.Refused, u.Operation)
		require.InDelta(t, u.Burst+1, u.Peak, 0.5, u.Operation)
	}
}

func TestAScaledRateIsWhatTheHeaderSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *amazon.Config) { cfg.RateScale = 200 })
	_, header, _ := w.ask("/reports/2021-06-30/documents/unknown", w.token("us"))
	require.Equal(t, "3.34", header.Get("x-amzn-RateLimit-Limit"))
}

func TestAccountsThatCannotBeToldApartAreRefused(t *testing.T) {
	t.Parallel()
	books := seller.NewBooks(seller.Accounts(7, begin, 12)[0])
	_, err := amazon.New(amazon.Config{Accounts: []amazon.Account{{Books: books, RefreshToken: "a"}, {Books: books, RefreshToken: "a"}}})
	require.ErrorContains(t, err, "refresh token of its own")
	_, err = amazon.New(amazon.Config{RateScale: -1})
	require.Error(t, err)
}
