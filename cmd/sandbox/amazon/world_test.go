package amazon_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	client "tieout/app/amazon"
	"tieout/app/amazon/spec"
	"tieout/app/clock"
	"tieout/app/settlement/report"
	"tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/misbehave"
	"tieout/cmd/sandbox/seller"
)

var begin = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// world is the stand-in on a socket, held against Amazon's models, with a clock
// that jumps instead of waiting.
type world struct {
	*amazon.Server
	t     *testing.T
	clock *clock.Fixed
	books map[string]*seller.Books
	url   string
	plan  *misbehave.Plan
}

func newWorld(t *testing.T, change ...func(*amazon.Config)) *world {
	t.Helper()
	return worldOf(t, []string{"reports_2021-06-30.json", "sellers.json", "tokens_2021-03-01.json", "orders_2026-01-01.json", "ordersV0.json"}, change...)
}

// worldOf is a world that is held against some of the models.
func worldOf(t *testing.T, names []string, change ...func(*amazon.Config)) *world {
	t.Helper()
	w := &world{t: t, clock: clock.NewFixed(begin), books: map[string]*seller.Books{}, plan: misbehave.New(1)}
	cfg := amazon.Config{Now: w.clock.Now, Faults: w.plan}
	for _, a := range seller.Accounts(7, begin, 12) {
		w.books[a.Key] = seller.NewBooks(a)
		cfg.Accounts = append(cfg.Accounts, amazon.Account{
			Books: w.books[a.Key], ClientID: "client-" + a.Key, ClientSecret: "secret-" + a.Key, RefreshToken: "Atzr|" + a.Key,
		})
	}
	for _, c := range change {
		c(&cfg)
	}
	models := spec.Load(t, names...)
	var err error
	w.Server, err = amazon.New(cfg)
	require.NoError(t, err)
	server := httptest.NewServer(models.Check(t, w.Server, "/auth/", "/documents/", "/feeds/upload/", "/feeds/results/"))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *world) client(key string, change ...func(*client.Config)) *client.Client {
	w.t.Helper()
	cfg := client.Config{
		Key: key, Endpoint: w.url, LWAURL: w.url + "/auth/o2/token", ClientID: "client-" + key,
		ClientSecret: client.Hide("secret-" + key), RefreshToken: client.Hide("Atzr|" + key), Clock: w.clock, Pause: w.pause,
		Transport: &http.Transport{DisableKeepAlives: true},
	}
	for _, c := range change {
		c(&cfg)
	}
	c, err := client.New(cfg)
	require.NoError(w.t, err)
	return c
}

func (w *world) pause(ctx context.Context, d time.Duration) error {
	w.clock.Advance(d)
	return ctx.Err()
}

func (w *world) reports(c *client.Client) []client.Report {
	w.t.Helper()
	var list []client.Report
	for r, err := range c.Reports(w.t.Context(), client.ReportQuery{Types: []string{client.SettlementReport}, CreatedSince: begin.AddDate(-1, 0, 0)}) {
		require.NoError(w.t, err)
		list = append(list, r)
	}
	return list
}

func (w *world) describe(c *client.Client, documentID string) report.Description {
	w.t.Helper()
	document, err := c.Download(w.t.Context(), documentID)
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, document.Close()) }()
	require.Empty(w.t, document.Charset)
	d, err := report.Describe(w.t.Context(), document, report.Options{})
	require.NoError(w.t, err)
	return d
}

func asError(t *testing.T, err error) *client.Error {
	t.Helper()
	var refused *client.Error
	require.ErrorAs(t, err, &refused)
	require.NotEmpty(t, refused.RequestID)
	return refused
}

// answer is any answer of the API.
type answer struct {
	Reports   []client.Report
	NextToken string
	Errors    []struct{ Code, Message string }
}

// get asks for a path as a program would.
func (w *world) get(path, token string) (int, answer) {
	w.t.Helper()
	status, _, body := w.ask(path, token)
	var a answer
	if strings.HasPrefix(path, "/reports") || status >= 300 {
		require.NoError(w.t, json.Unmarshal([]byte(body), &a), body)
	}
	return status, a
}

func (w *world) ask(path, token string) (int, http.Header, string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.url+path, nil)
	require.NoError(w.t, err)
	request.Header.Set("x-amz-access-token", token)
	request.Header.Set("x-amz-date", w.clock.Now().Format("20060102T150405Z"))
	request.Header.Set("User-Agent", "Test/1 (Language=Go)")
	return w.do(request)
}

func (w *world) fetch(address string) (int, http.Header, string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, address, nil)
	require.NoError(w.t, err)
	request.Header.Set("Accept-Encoding", "identity")
	return w.do(request)
}

func (w *world) do(request *http.Request) (int, http.Header, string) {
	w.t.Helper()
	got, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	defer func() { _ = got.Body.Close() }()
	body, err := io.ReadAll(got.Body)
	require.NoError(w.t, err)
	return got.StatusCode, got.Header, string(body)
}

func (w *world) login(form url.Values) (int, map[string]any) {
	w.t.Helper()
	got, err := http.PostForm(w.url+"/auth/o2/token", form)
	require.NoError(w.t, err)
	defer func() { _ = got.Body.Close() }()
	a := map[string]any{}
	require.NoError(w.t, json.NewDecoder(got.Body).Decode(&a))
	return got.StatusCode, a
}

func (w *world) token(key string) string {
	w.t.Helper()
	status, a := w.login(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"Atzr|" + key}, "client_id": {"client-" + key}, "client_secret": {"secret-" + key}})
	require.Equal(w.t, http.StatusOK, status)
	return a["access_token"].(string)
}
