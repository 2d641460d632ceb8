package amazon_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/amazon/spec"
	"tieout/app/clock"
)

const (
	clientSecret = "amzn1.oa2-cs.v1.do-not-show"
	refreshToken = "Atzr|do-not-show"

	pathReports        = "/reports/2021-06-30/reports"
	pathDocument       = "/reports/2021-06-30/documents/doc-1"
	pathParticipations = "/sellers/v1/marketplaceParticipations"
)

var begin = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

// fake is Amazon on a socket. Every exchange with the API is held against
// Amazon's models.
type fake struct {
	t      *testing.T
	server *httptest.Server
	clock  *clock.Fixed

	mu      sync.Mutex
	answers map[string][]http.HandlerFunc // per path; the last one stays
	calls   map[string]int
	tokens  []url.Values // forms that asked for a token
	issued  int
	pauses  []time.Duration
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{t: t, clock: clock.NewFixed(begin), answers: map[string][]http.HandlerFunc{}, calls: map[string]int{}}
	models := spec.Load(t, "reports_2021-06-30.json", "sellers.json", "tokens_2021-03-01.json", "orders_2026-01-01.json", "ordersV0.json", "fulfillmentInboundV0.json", "finances_2024-06-19.json")
	f.server = httptest.NewServer(models.Check(t, http.HandlerFunc(f.serve), "/token", "/store/"))
	t.Cleanup(f.server.Close)
	f.on("/token", f.giveToken)
	return f
}

// on sets what a path answers, one handler per call.
func (f *fake) on(path string, answers ...http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[path] = answers
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.calls[r.URL.Path]++
	queue := f.answers[r.URL.Path]
	if len(queue) > 1 {
		f.answers[r.URL.Path] = queue[1:]
	}
	f.mu.Unlock()
	if len(queue) == 0 {
		f.t.Errorf("nothing is prepared for %s %s", r.Method, r.URL)
		http.NotFound(w, r)
		return
	}
	queue[0](w, r)
}

func (f *fake) giveToken(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	f.mu.Lock()
	f.tokens = append(f.tokens, form)
	f.issued++
	n := f.issued
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"access_token":"Atza|%d","token_type":"bearer","expires_in":3600}`, n)
}

func (f *fake) called(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[path]
}

func (f *fake) paused() []time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]time.Duration(nil), f.pauses...)
}

// pause lets the clock jump instead of waiting.
func (f *fake) pause(ctx context.Context, d time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pauses = append(f.pauses, d)
	f.clock.Advance(d)
	return ctx.Err()
}

func (f *fake) client(change ...func(*amazon.Config)) *amazon.Client {
	f.t.Helper()
	cfg := amazon.Config{
		Key: "acme", Endpoint: f.server.URL, LWAURL: f.server.URL + "/token",
		ClientID: "amzn1.application-oa2-client.1", ClientSecret: amazon.Hide(clientSecret), RefreshToken: amazon.Hide(refreshToken),
		Clock: f.clock, Pause: f.pause,
		// On a kept connection net/http repeats a call that is reset, unseen; the tests count calls.
		Transport: &http.Transport{DisableKeepAlives: true},
	}
	for _, c := range change {
		c(&cfg)
	}
	client, err := amazon.New(cfg)
	require.NoError(f.t, err)
	return client
}

// say answers with JSON as Amazon does.
func say(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("x-amzn-RequestId", "request-7")
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func refuse(status int, code string, headers ...string) http.HandlerFunc {
	return say(status, `{"errors":[{"code":"`+code+`","message":"not now","details":"because"}]}`, headers...)
}

// reset tears the connection down in the middle of a call.
func reset(w http.ResponseWriter, _ *http.Request) {
	panic(http.ErrAbortHandler)
}

// hang answers nothing until the caller gives up.
func hang(_ http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

const oneShop = `{"payload":[{"marketplace":{"id":"ATVPDKIKX0DER","countryCode":"US","name":"Amazon.com","defaultCurrencyCode":"USD",` +
	`"defaultLanguageCode":"en_US","domainName":"www.amazon.com"},"storeName":"BestSellerStore","participation":{"isParticipating":true,"hasSuspendedListings":false}}]}`
