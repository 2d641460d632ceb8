package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/database/dbtest"
	"tieout/app/invariant"
	"tieout/cmd/sandbox/server"
)

// site is the whole program with its sandbox, running for one test.
type site struct {
	*program
	url     string
	environ []string
	sandbox *server.Server
}

func startSite(t testing.TB) *site { t.Helper(); return startSiteThat(t, true, true) }

// startSiteThat leaves the jobs to others when it does not work itself, and has
// no connection when it is not furnished.
func startSiteThat(t testing.TB, works, furnished bool) *site {
	t.Helper()
	return startSiteOn(t, dbtest.Program(t), works, furnished)
}

// startSiteOn is startSiteThat on a database.
func startSiteOn(t testing.TB, address string, works, furnished bool) *site {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &site{url: "http://" + listener.Addr().String()}
	s.sandbox, err = server.Start(t.Context(), server.Config{Addr: "127.0.0.1:0", OIDCAddr: "127.0.0.1:0", Seed: 7, OrdersPerDay: 6, PublicURL: s.url})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.sandbox.Close() })
	s.environ = []string{
		"TIEOUT_DATABASE_URL=" + address, "TIEOUT_VAULT_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "TIEOUT_ENVIRONMENT=sandbox",
		"TIEOUT_LISTEN=" + listener.Addr().String(), "TIEOUT_PUBLIC_URL=" + s.url, "TIEOUT_OIDC_ISSUER=" + s.sandbox.Issuer,
		"TIEOUT_OIDC_CLIENT_ID=" + server.ClientID, "TIEOUT_OIDC_CLIENT_SECRET=" + server.ClientSecret, "TIEOUT_GROUP_ROLES=" + server.GroupRoles,
		"TIEOUT_READ_BACK_INTERVAL=1s", "TIEOUT_READ_BACK_WINDOW=2s", "TIEOUT_SHUTDOWN_TIMEOUT=10s"}
	s.environ = append(s.environ, unlimited()...)
	config, err := LoadConfig(s.environ)
	require.NoError(t, err)
	s.program, err = wire(t.Context(), config, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	if furnished {
		require.NoError(t, s.furnish(t.Context(), s.sandbox))
		require.NoError(t, s.furnishBanks(t.Context(), s.sandbox))
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.serve(ctx, listener, works, nil) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
		s.close()
	})
	return s
}

// eventually waits for the database to say yes.
func (s *site) eventually(t testing.TB, query string, args ...any) {
	t.Helper()
	require.Eventually(t, func() bool {
		var yes bool
		return s.pool.QueryRow(t.Context(), query, args...).Scan(&yes) == nil && yes
	}, 3*time.Minute, 100*time.Millisecond, query)
}

func (s *site) number(t testing.TB, query string, args ...any) int64 {
	t.Helper()
	var n int64
	require.NoError(t, s.pool.QueryRow(t.Context(), query, args...).Scan(&n))
	return n
}

// tab is a browser in which one person is signed in.
type tab struct {
	context.Context
	t testing.TB
	s *site
}

func (s *site) signIn(t testing.TB, who string) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed; `make test` installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	limited, cancel := context.WithTimeout(allocator, 5*time.Minute)
	t.Cleanup(cancel)
	ctx, closeTab := chromedp.NewContext(limited)
	t.Cleanup(closeTab)
	b := &tab{ctx, t, s}
	button := "#login-" + strings.ReplaceAll(who, ".", `\.`)
	b.do(chromedp.Navigate(s.url+"/sign-in/start"), chromedp.WaitVisible(chromedp.CSS(button)), chromedp.Click(chromedp.CSS(button)), chromedp.WaitVisible(chromedp.CSS("#content")))
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b, steps...))
}

// open shows a page and waits until it is there: a navigation may be told as
// done while the page before it still stands, and that page does not answer.
func (b *tab) open(format string, args ...any) {
	b.t.Helper()
	_, err := chromedp.Run(b, chromedp.Evaluate[bool](`window.left = true`))
	require.NoError(b.t, err)
	b.do(chromedp.Navigate(b.s.url + fmt.Sprintf(format, args...)))
	require.Eventually(b.t, func() bool {
		ctx, cancel := context.WithTimeout(b, 2*time.Second)
		defer cancel()
		there, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`!window.left && document.readyState === "complete" && document.getElementById("content") !== null`))
		return err == nil && there
	}, time.Minute, 20*time.Millisecond, format, args)
}

func (b *tab) text() string {
	b.t.Helper()
	text, err := chromedp.Run(b, chromedp.Evaluate[string](`document.body.innerText`))
	require.NoError(b.t, err)
	return text
}

// says waits until the page shows a text, without loading it again. A page that
// is just being left does not answer, so every look has a limit.
func (b *tab) says(text string) {
	b.t.Helper()
	shown := ""
	for limit := time.Now().Add(30 * time.Second); time.Now().Before(limit); time.Sleep(100 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(b, 2*time.Second)
		now, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
		cancel()
		if err == nil {
			shown = now
		}
		if strings.Contains(shown, text) {
			return
		}
	}
	require.Contains(b.t, shown, text)
}

// has reports whether the page has such an element.
func (b *tab) has(selector string) bool {
	b.t.Helper()
	found, err := chromedp.Run(b, chromedp.Evaluate[bool](fmt.Sprintf(`document.querySelector(%q) !== null`, selector)))
	require.NoError(b.t, err)
	return found
}

// request sends a request with the tab's own session, past its buttons.
func (b *tab) request(method, path, form string) *http.Response {
	b.t.Helper()
	cookies, err := chromedp.Call(b, network.GetCookies, network.GetCookiesParams{URLs: []string{b.s.url}})
	require.NoError(b.t, err)
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.s.url+path, strings.NewReader(form))
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.s.url)
	for _, c := range cookies.Cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

// TestTheWholeJobInTheBrowser goes from a fresh settlement to a journal in P21:
// resolve what no rule matches, submit, approve, posted, workbook.
func TestTheWholeJobInTheBrowser(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.eventually(t, `SELECT count(*) >= 1 FROM exception WHERE class = 'unmapped_kind' AND state = 'open'`)
	settlement := s.number(t, `SELECT settlement_id FROM exception WHERE class = 'unmapped_kind' ORDER BY id LIMIT 1`)

	amy := s.signIn(t, "amy.accountant")
	form := fmt.Sprintf(`form[action="/settlements/%d/resolve"]`, settlement)
	for amy.open("/settlements/%d", settlement); amy.has(form); amy.open("/settlements/%d", settlement) {
		amy.do(chromedp.SetValue(chromedp.CSS(form+` input[name=account]`), "6120-000"), chromedp.SetValue(chromedp.CSS(form+` select[name=category]`), "fba_fees"), chromedp.Click(chromedp.CSS(form+` button`)))
		amy.says("The rule is in use")
	}
	s.eventually(t, `SELECT count(*) > 0 AND bool_and(status = 'draft') FROM journal_entry WHERE settlement_id = $1 AND status <> 'discarded'`, settlement)
	s.eventually(t, `SELECT count(*) = 0 FROM river_job WHERE kind IN ('draft', 'redraft') AND state NOT IN ('completed', 'cancelled', 'discarded')`)
	entry := s.number(t, `SELECT min(id) FROM journal_entry WHERE settlement_id = $1 AND status = 'draft'`, settlement)

	amy.open("/entries/%d", entry)
	amy.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`form[action="/entries/%d/submit"] button`, entry))))
	s.eventually(t, `SELECT status = 'submitted' FROM journal_entry WHERE id = $1`, entry)
	require.Equal(t, http.StatusForbidden, amy.request(http.MethodPost, fmt.Sprintf("/entries/%d/approve", entry), "").StatusCode, "an accountant does not approve")

	carl := s.signIn(t, "carl.controller")
	carl.open("/entries/%d", entry)
	carl.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`form[action="/entries/%d/approve"] button`, entry))))
	s.eventually(t, `SELECT status = 'posted' FROM journal_entry WHERE id = $1`, entry)
	var reference, number, company string
	require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT reference, p21_number, company FROM journal_entry WHERE id = $1`, entry).Scan(&reference, &number, &company))
	require.Len(t, s.sandbox.P21.ByReference(company, reference), 1)
	carl.open("/entries/%d", entry)
	carl.says(number)

	workbook := amy.request(http.MethodGet, fmt.Sprintf("/entries/%d/export.xlsx", entry), "")
	require.Equal(t, http.StatusOK, workbook.StatusCode)
	content, err := io.ReadAll(workbook.Body)
	require.NoError(t, err)
	agree(t, s, entry, content)

	checks, err := invariant.Verify(t.Context(), s.pool, rebuilt(s.pool))
	require.NoError(t, err)
	for _, c := range checks {
		require.True(t, c.Holds(), "%s: %v", c.Name, c.Examples)
	}
}

// agree holds the workbook's journal lines against the database, to the cent.
func agree(t testing.TB, s *site, entry int64, content []byte) {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	defer func() { _ = book.Close() }()
	rows, err := book.GetRows("Journal lines")
	require.NoError(t, err)
	debit, credit := decimal.Zero, decimal.Zero
	for _, row := range rows[1:] {
		debit, credit = debit.Add(decimal.RequireFromString(row[7])), credit.Add(decimal.RequireFromString(row[8]))
	}
	var total decimal.Decimal
	require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT total FROM journal_entry WHERE id = $1`, entry).Scan(&total))
	require.True(t, total.Equal(debit.Round(2)), "%s and %s", total, debit)
	require.True(t, total.Equal(credit.Round(2)), "%s and %s", total, credit)
}

func TestNobodyApprovesTheirOwnEntryByPageOrByRequest(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.eventually(t, `SELECT count(*) > 0 FROM journal_entry WHERE status = 'draft'`)
	s.eventually(t, `SELECT count(*) = 0 FROM river_job WHERE kind IN ('draft', 'redraft') AND state NOT IN ('completed', 'cancelled', 'discarded')`)
	entry := s.number(t, `SELECT min(id) FROM journal_entry WHERE status = 'draft'`)
	max := s.signIn(t, "max.multi")
	max.open("/entries/%d", entry)
	max.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`form[action="/entries/%d/submit"] button`, entry))))
	s.eventually(t, `SELECT status = 'submitted' FROM journal_entry WHERE id = $1`, entry)
	max.open("/entries/%d", entry)
	max.says("prepared")
	var hash string
	require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT encode(content_hash, 'hex') FROM journal_entry WHERE id = $1`, entry).Scan(&hash))
	answer := max.request(http.MethodPost, fmt.Sprintf("/entries/%d/approve", entry), "hash="+hash)
	require.Equal(t, http.StatusForbidden, answer.StatusCode)
	require.EqualValues(t, 0, s.number(t, `SELECT count(*) FROM approval`))
}
