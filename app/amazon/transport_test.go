package amazon_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/fault"
)

func TestEveryCallCarriesAmazonsHeaders(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var header http.Header
	f.on(pathParticipations, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		say(200, oneShop)(w, r)
	})
	_, err := f.client(func(c *amazon.Config) { c.Version = "1.4" }).Participations(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Atza|1", header.Get("x-amz-access-token"))
	require.Equal(t, "20261123T060000Z", header.Get("x-amz-date"))
	require.Equal(t, "Tieout/1.4 (Language=Go/"+strings.TrimPrefix(runtime.Version(), "go")+"; Platform="+runtime.GOOS+"/"+runtime.GOARCH+")", header.Get("User-Agent"))
}

func TestUserAgentEscapesNamesAndIsBounded(t *testing.T) {
	t.Parallel()
	agent, err := amazon.UserAgent(`A/B (test)\`, "1(2)")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(agent, `A\/B \(test\)\\/1\(2\) (Language=Go/`), agent)
	_, err = amazon.UserAgent(strings.Repeat("x", 500), "1")
	require.ErrorContains(t, err, "500")
	_, err = amazon.UserAgent("Tie\r\nout", "1")
	require.Error(t, err)
}

func TestFailuresOfACall(t *testing.T) {
	t.Parallel()
	good := say(200, `{"reportId":"1","reportType":"A","createdTime":"2026-11-15T08:00:00Z","processingStatus":"DONE"}`)
	for name, c := range map[string]struct {
		answers []http.HandlerFunc
		code    fault.Code // "" when the call succeeds in the end
		calls   int
		timeout time.Duration
	}{
		"throttled twice":            {[]http.HandlerFunc{refuse(429, "QuotaExceeded"), refuse(429, "QuotaExceeded", "x-amzn-RateLimit-Limit", "1"), good}, "", 3, 0},
		"throttled for good":         {[]http.HandlerFunc{refuse(429, "QuotaExceeded")}, fault.Unavailable, 5, 0},
		"server error, then success": {[]http.HandlerFunc{refuse(500, "InternalFailure"), refuse(503, "ServiceUnavailable"), good}, "", 3, 0},
		"server error for good":      {[]http.HandlerFunc{refuse(500, "InternalFailure")}, fault.Unavailable, 5, 0},
		"reset connection":           {[]http.HandlerFunc{reset, reset, good}, "", 3, 0},
		"reset for good":             {[]http.HandlerFunc{reset}, fault.Unavailable, 5, 0},
		"no answer in time":          {[]http.HandlerFunc{hang, good}, "", 2, time.Second},
		"half an answer":             {[]http.HandlerFunc{truncatedJSON, good}, "", 2, 0},
		"bad input":                  {[]http.HandlerFunc{refuse(400, "InvalidInput")}, fault.Invalid, 1, 0},
		"not found":                  {[]http.HandlerFunc{refuse(404, "NotFound")}, fault.NotFound, 1, 0},
		"wrong media type":           {[]http.HandlerFunc{refuse(415, "UnsupportedMediaType")}, fault.Invalid, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.on(pathReports+"/1", c.answers...)
			_, err := f.client(func(cfg *amazon.Config) { cfg.Timeout = c.timeout }).Report(t.Context(), "1")
			require.Equal(t, c.code, fault.CodeOf(err), err)
			require.Equal(t, c.calls, f.called(pathReports+"/1"))
		})
	}
}

func TestAnErrorKeepsWhatAmazonSaid(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathReports+"/1", say(400, `{"errors":[{"code":"InvalidInput","message":"first","details":"d"},{"code":"Other","message":"second"}]}`))
	_, err := f.client().Report(t.Context(), "1")
	var answered *amazon.Error
	require.ErrorAs(t, err, &answered)
	require.Equal(t, &amazon.Error{
		Operation: "getReport", Status: 400, Code: "InvalidInput", Message: "first; second", Details: "d", RequestID: "request-7",
	}, answered)
	require.Equal(t, "amazon getReport: 400 InvalidInput first; second d (request request-7)", answered.Error())
	require.False(t, answered.Retryable() || answered.Throttled() || answered.Denied() || answered.NotFound())
}

func TestErrorsBesideAPayloadCount(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathParticipations, say(200, `{"payload":[],"errors":[{"code":"InternalFailure","message":"m"}]}`), say(200, `{"errors":[{"code":"InvalidInput","message":"m"}]}`))
	_, err := f.client().Participations(t.Context())
	var answered *amazon.Error
	require.ErrorAs(t, err, &answered)
	require.Equal(t, 200, answered.Status)
	require.Equal(t, "InvalidInput", answered.Code)
	require.Equal(t, 2, f.called(pathParticipations), "the first one was worth another try")
}

func TestABodyIsSentAgainWhole(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var mu sync.Mutex
	var bodies []string
	keep := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			bodies = append(bodies, string(body))
			mu.Unlock()
			next(w, r)
		}
	}
	f.on(pathReports, keep(refuse(500, "InternalFailure")), keep(reset), keep(refuse(403, "Unauthorized")), keep(refuse(429, "QuotaExceeded")), keep(say(202, `{"reportId":"9"}`)))
	_, err := f.client().CreateReport(t.Context(), amazon.NewReport{Type: "A", MarketplaceIDs: []string{"X"}})
	require.NoError(t, err)
	require.Len(t, bodies, 5)
	for _, body := range bodies {
		require.JSONEq(t, `{"reportType":"A","marketplaceIds":["X"]}`, body)
	}
}

func TestAfter429TheBucketIsEmpty(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathParticipations, refuse(429, "QuotaExceeded"), say(200, oneShop))
	_, err := f.client().Participations(t.Context())
	require.NoError(t, err)
	var sum time.Duration
	for _, p := range f.paused() {
		sum += p
	}
	require.GreaterOrEqual(t, sum, 62500*time.Millisecond, "a token at 0.016 per second, though the bucket held 14")
}

func TestRetryAfterIsHonouredWithinReason(t *testing.T) {
	t.Parallel()
	for asked, want := range map[string]time.Duration{"40": 40 * time.Second, "86400": 5 * time.Minute} {
		f := newFake(t)
		f.on(pathReports+"/1", refuse(503, "ServiceUnavailable", "Retry-After", asked), refuse(404, "NotFound"))
		_, err := f.client().Report(t.Context(), "1")
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		require.Equal(t, []time.Duration{want}, f.paused())
	}
}

func TestBackoffHasFullJitterUpToItsCap(t *testing.T) {
	t.Parallel()
	b := amazon.Backoff{Base: time.Second, Cap: 10 * time.Second}
	for n, ceiling := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 5: 10 * time.Second, 80: 10 * time.Second} {
		var low, high bool
		for range 400 {
			wait := time.Duration(b.Wait(n, errors.New("any")))
			require.True(t, wait >= 0 && wait < ceiling, "%s after %d failures", wait, n)
			low = low || wait < ceiling/4
			high = high || wait > ceiling*3/4
		}
		require.True(t, low && high, "the waits after %d failures are spread over the whole range", n)
	}
}

func TestACancelledCallIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.on(pathReports+"/1", func(w http.ResponseWriter, r *http.Request) {
		cancel()
		hang(w, r)
	})
	_, err := f.client().Report(ctx, "1")
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, f.called(pathReports+"/1"))

	_, err = f.client().Report(ctx, "1")
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, f.called(pathReports+"/1"), "nothing is sent after the end")
}

func TestATokenDoesNotFollowARedirect(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathReports, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-amzn-RequestId", "1")
		w.Header().Set("Content-Type", "application/json")
		http.Redirect(w, r, "/store/thief", http.StatusTemporaryRedirect)
	})
	for _, err := range f.client().Reports(t.Context(), amazon.ReportQuery{Types: []string{"A"}}) {
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
	}
	require.Zero(t, f.called("/store/thief"))
}

func TestConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	valid := amazon.Config{Key: "k", Endpoint: amazon.Europe.Endpoint(), ClientID: "id", ClientSecret: amazon.Hide("s"), RefreshToken: amazon.Hide("r")}
	_, err := amazon.New(valid)
	require.NoError(t, err)
	for name, change := range map[string]func(*amazon.Config){
		"key":      func(c *amazon.Config) { c.Key = "" },
		"endpoint": func(c *amazon.Config) { c.Endpoint = "sellingpartnerapi-eu.amazon.com" },
		"region":   func(c *amazon.Config) { c.Endpoint = amazon.Region("xx").Endpoint() },
		"lwa":      func(c *amazon.Config) { c.LWAURL = "ftp://x" },
		"client":   func(c *amazon.Config) { c.ClientID = "" },
		"secret":   func(c *amazon.Config) { c.ClientSecret = amazon.Hide("") },
		"token":    func(c *amazon.Config) { c.RefreshToken = amazon.Secret{} },
		"agent":    func(c *amazon.Config) { c.Application = strings.Repeat("x", 500) },
	} {
		cfg := valid
		change(&cfg)
		_, err := amazon.New(cfg)
		require.Error(t, err, name)
	}
}

func TestNoSecretIsEverPrinted(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg := amazon.Config{ClientSecret: amazon.Hide(clientSecret), RefreshToken: amazon.Hide(refreshToken)}
	client := f.client(func(c *amazon.Config) { c.Log = logger })
	_, err := client.Token(t.Context(), "")
	require.NoError(t, err)
	link := amazon.ReportDocument{ID: "doc-1", URL: "https://store/?X-Amz-Signature=do-not-show"}

	var texts []string
	for _, v := range []any{cfg, &cfg, client, link, &link, cfg.ClientSecret, struct{ in amazon.Config }{cfg}} {
		texts = append(texts, fmt.Sprintf("%v %+v %#v %s %q %x", v, v, v, v, v, v))
		logger.Info("value", "it", v)
		encoded, err := json.Marshal(v)
		if _, plain := v.(amazon.ReportDocument); err == nil && !plain && v != any(&link) {
			texts = append(texts, string(encoded))
		}
	}
	f.on("/token", reset)
	f.clock.Advance(2 * time.Hour)
	_, err = client.Report(t.Context(), "1")
	require.Error(t, err)
	texts = append(texts, err.Error(), fmt.Sprintf("%+v", err), fault.MessageOf(err), log.String())
	for _, text := range texts {
		for _, secret := range []string{"do-not-show", "Atza|1", fmt.Sprintf("%x", clientSecret), fmt.Sprintf("%x", refreshToken)} {
			require.NotContains(t, text, secret)
		}
	}
	require.Contains(t, log.String(), "trying again", "the log was really written")
}
