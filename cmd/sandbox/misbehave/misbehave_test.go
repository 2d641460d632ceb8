package misbehave_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/cmd/sandbox/misbehave"
)

// fixture is a stand-in that counts the requests that reached it.
type fixture struct {
	plan    *misbehave.Plan
	server  *httptest.Server
	handled atomic.Int64
}

const payload = "0123456789"

func start(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{plan: misbehave.New(1)}
	side := misbehave.Side{
		Name:      "p21",
		Operation: func(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, "/") },
		Refuse: func(w http.ResponseWriter, status int) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "refused as p21 does")
		},
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		f.handled.Add(1)
		w.Header().Set("X-Real", "yes")
		_, _ = io.WriteString(w, payload)
	})
	mux := http.NewServeMux()
	mux.Handle("/control/faults", f.plan)
	mux.Handle("/", f.plan.Wrap(side, handler))
	f.server = httptest.NewServer(mux)
	t.Cleanup(f.server.Close)
	return f
}

func (f *fixture) add(t *testing.T, rule misbehave.Rule) {
	t.Helper()
	_, err := f.plan.Add(rule)
	require.NoError(t, err)
}

func (f *fixture) post(path string) (*http.Response, string, error) {
	response, err := http.Post(f.server.URL+path, "text/plain", strings.NewReader("x"))
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, string(body), err
}

func TestRequestsPassWhenNothingStrikes(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.add(t, misbehave.Rule{Side: "amazon", Kind: misbehave.Reset})
	f.add(t, misbehave.Rule{Method: "DELETE", Kind: misbehave.Reset})
	f.add(t, misbehave.Rule{Operation: "other", Kind: misbehave.Reset})
	f.add(t, misbehave.Rule{Path: "/x/**", Kind: misbehave.Reset})
	response, body, err := f.post("/orders")
	require.NoError(t, err)
	require.Equal(t, "yes", response.Header.Get("X-Real"))
	require.Equal(t, payload, body)
}

func TestAnswersWithAStatusBeforeHandling(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.add(t, misbehave.Rule{
		Side: "p21", Method: "post", Path: "/or*", Operation: "orders", Kind: misbehave.Status,
		Status: 429, Header: map[string]string{"Retry-After": "7"}, Count: 1,
	})
	response, body, err := f.post("/orders")
	require.NoError(t, err)
	require.Equal(t, 429, response.StatusCode)
	require.Equal(t, "7", response.Header.Get("Retry-After"))
	require.Equal(t, "refused as p21 does", body)
	require.Zero(t, f.handled.Load())

	response, _, err = f.post("/orders")
	require.NoError(t, err)
	require.Equal(t, 200, response.StatusCode, "a rule with count 1 strikes once")
}

func TestSideDecidesTheStatusOfAnExpiredToken(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]int{0: 401, 403: 403} {
		plan := misbehave.New(1)
		_, err := plan.Add(misbehave.Rule{Kind: misbehave.ExpiredToken})
		require.NoError(t, err)
		recorder := httptest.NewRecorder()
		plan.Wrap(misbehave.Side{TokenStatus: status}, http.NotFoundHandler()).ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
		require.Equal(t, want, recorder.Code)
	}
}

func TestConnectionIsResetBeforeHandling(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.add(t, misbehave.Rule{Kind: misbehave.Reset})
	_, _, err := f.post("/orders")
	require.Error(t, err)
	require.Zero(t, f.handled.Load())
}

func TestAnswerIsLostAfterHandling(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.add(t, misbehave.Rule{Kind: misbehave.ResetAfter})
	_, _, err := f.post("/orders")
	require.Error(t, err)
	require.True(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF), "got %v", err)
	require.EqualValues(t, 1, f.handled.Load())
}

func TestErrorComesAfterHandling(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.add(t, misbehave.Rule{Kind: misbehave.StatusAfter, Body: "<html>Bad Gateway</html>", Status: 502})
	response, body, err := f.post("/orders")
	require.NoError(t, err)
	require.Equal(t, 502, response.StatusCode)
	require.Equal(t, "<html>Bad Gateway</html>", body)
	require.Empty(t, response.Header.Get("X-Real"))
	require.EqualValues(t, 1, f.handled.Load())
}

func TestBodyBreaksOff(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.add(t, misbehave.Rule{Kind: misbehave.TruncatedBody})
	response, body, err := f.post("/orders")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.EqualValues(t, len(payload), response.ContentLength)
	require.Equal(t, payload[:5], body)
	require.EqualValues(t, 1, f.handled.Load())
}

func TestPayloadIsCutWithinAWholeAnswer(t *testing.T) {
	t.Parallel()
	plan := misbehave.New(1)
	_, err := plan.Add(misbehave.Rule{Kind: misbehave.TruncatedPayload})
	require.NoError(t, err)
	server := httptest.NewServer(plan.Wrap(misbehave.Side{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var packed bytes.Buffer
		zipper := gzip.NewWriter(&packed)
		_, _ = io.WriteString(zipper, strings.Repeat(payload, 1000))
		_ = zipper.Close()
		_, _ = w.Write(packed.Bytes())
	})))
	t.Cleanup(server.Close)
	response, err := http.Get(server.URL)
	require.NoError(t, err)
	defer response.Body.Close()
	unzipper, err := gzip.NewReader(response.Body)
	require.NoError(t, err)
	_, err = io.ReadAll(unzipper)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestSlowBodyArrivesWhole(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.add(t, misbehave.Rule{Kind: misbehave.SlowBody, Pieces: 5, Delay: misbehave.Duration(10 * time.Millisecond)})
	began := time.Now()
	_, body, err := f.post("/orders")
	require.NoError(t, err)
	require.Equal(t, payload, body)
	require.GreaterOrEqual(t, time.Since(began), 40*time.Millisecond, "four gaps between five pieces")
}

func TestDelayEndsWhenTheCallerLeaves(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.add(t, misbehave.Rule{Kind: misbehave.Delay, Delay: misbehave.Duration(time.Hour)})
	client := &http.Client{Timeout: 50 * time.Millisecond}
	_, err := client.Post(f.server.URL, "text/plain", strings.NewReader("x"))
	require.Error(t, err)
	require.Zero(t, f.handled.Load())
}

func TestSkipAndCountBoundAStrike(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.add(t, misbehave.Rule{Kind: misbehave.Status, Skip: 2, Count: 2})
	var statuses []int
	for range 6 {
		response, _, err := f.post("/orders")
		require.NoError(t, err)
		statuses = append(statuses, response.StatusCode)
	}
	require.Equal(t, []int{200, 200, 503, 503, 200, 200}, statuses)
	rule := f.plan.Rules()[0]
	require.Equal(t, 6, rule.Matched)
	require.Equal(t, 2, rule.Struck)
}

func TestSameSeedFailsTheSameRequests(t *testing.T) {
	t.Parallel()
	outcome := func(seed uint64) (struck string) {
		plan := misbehave.New(seed)
		_, err := plan.Add(misbehave.Rule{Kind: misbehave.Status, Probability: 0.5})
		require.NoError(t, err)
		handler := plan.Wrap(misbehave.Side{}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		for range 64 {
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
			struck += string(rune('0' + recorder.Code/500))
		}
		return struck
	}
	require.Equal(t, outcome(7), outcome(7))
	require.NotEqual(t, outcome(7), outcome(8))
	require.Contains(t, outcome(7), "1")
	require.Contains(t, outcome(7), "0")
}

func TestRulesAreSetOverHTTP(t *testing.T) {
	t.Parallel()
	f := start(t)
	control := f.server.URL + "/control/faults"
	do := func(method, url, body string) (int, string) {
		request, err := http.NewRequest(method, url, strings.NewReader(body))
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(answer)
	}
	status, body := do("POST", control, `{"side":"p21","operation":"orders","kind":"delay","delay":"1ms","count":1}`)
	require.Equal(t, 201, status)
	require.JSONEq(t, `{"id":1}`, body)
	_, _, err := f.post("/orders")
	require.NoError(t, err)

	_, body = do("GET", control, "")
	var rules []misbehave.Rule
	require.NoError(t, json.Unmarshal([]byte(body), &rules))
	require.Len(t, rules, 1)
	require.Equal(t, 1, rules[0].Struck)
	require.Equal(t, misbehave.Duration(time.Millisecond), rules[0].Delay)

	for _, wrong := range []string{`{"kind":"nonsense"}`, `{"kind":"status","status":99}`, `{"kind":"delay"}`, `{"kind":"reset","colour":"red"}`,
		`{"kind":"reset","probability":2}`, `{"kind":"reset","path":"["}`, `{"kind":"reset","count":-1}`, `{"kind":"delay","delay":5}`} {
		status, body = do("POST", control, wrong)
		require.Equal(t, 400, status, wrong)
		require.Contains(t, body, "error")
	}
	status, _ = do("DELETE", control+"?id=9", "")
	require.Equal(t, 404, status)
	status, _ = do("DELETE", control+"?id=1", "")
	require.Equal(t, 204, status)
	require.Empty(t, f.plan.Rules())
	f.add(t, misbehave.Rule{Kind: misbehave.Reset, Path: "/orders"})
	status, _ = do("DELETE", control, "")
	require.Equal(t, 204, status)
	require.Empty(t, f.plan.Rules())
	status, _ = do("PUT", control, "")
	require.Equal(t, 405, status)
}

func TestNilPlanIsTransparent(t *testing.T) {
	t.Parallel()
	var plan *misbehave.Plan
	recorder := httptest.NewRecorder()
	plan.Wrap(misbehave.Side{}, http.NotFoundHandler()).ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, 404, recorder.Code)
}
