package amazon_test

import (
	"context"
	"net/http"
	"net/http/httptest"
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
	models := spec.Load(t, "reports_2021-06-30.json", "sellers.json", "tokens_2021-03-01.json")
	var err error
	w.Server, err = amazon.New(cfg)
	require.NoError(t, err)
	server := httptest.NewServer(models.Check(t, w.Server, "/auth/", "/documents/"))
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

func TestEveryListedSettlementIsDownloadedAndTiesOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, key := range []string{"us", "uk", "eu"} {
		c, settlements := w.client(key), map[string]int{}
		list := w.reports(c)
		for _, r := range list {
			require.Equal(t, client.ReportDone, r.Status)
			require.WithinRange(t, r.Created, begin.Add(-client.KeepsReports), w.clock.Now())
			again, err := c.Report(t.Context(), r.ID)
			require.NoError(t, err)
			require.Equal(t, r, again)
			d := w.describe(c, r.DocumentID)
			require.Empty(t, d.Problems)
			require.Len(t, d.Settlements, 1)
			require.Equal(t, "0.00", d.Settlements[0].Difference)
			settlements[d.Settlements[0].ID]++
		}
		require.GreaterOrEqual(t, len(settlements), 5, "90 days of two weeks each")
		for id, times := range settlements {
			require.Len(t, w.books[key].Account().Markets, times, "settlement %s is listed for each marketplace", id)
		}
	}
	for _, u := range w.Usage() {
		require.Zero(t, u.Refused, "%s: the client stays within the rate", u.Operation)
		require.LessOrEqual(t, u.Peak, u.Burst, u.Operation)
	}
}
