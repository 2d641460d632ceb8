package main

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"tieout/app/money"
	"tieout/app/settlement/report/reporttest"
)

// plain is how the tests' own reports are written.
var plain = reporttest.Style{Decimal: ".", Digits: 2, Date: reporttest.American}

// statement is a small settlement of November 2026 that every rule set knows.
func statement(id, currency string, principal money.Units) reporttest.Settlement {
	start := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	s := reporttest.Settlement{ID: id, Currency: currency, Start: start, End: start.Add(9 * 24 * time.Hour)}
	for i := range 3 {
		line := reporttest.Line{Transaction: "Order", Marketplace: "Amazon.com", AmountType: "ItemPrice", Description: "Principal", Order: fmt.Sprintf("111-%s-000000%d", id[:7], i),
			Fulfillment: "AFN", SKU: "BRW-1", Quantity: 1, Amount: principal, Posted: start.Add(time.Duration(i) * 24 * time.Hour)}
		fee := line
		fee.AmountType, fee.Description, fee.Quantity, fee.Amount = "ItemFees", "Commission", 0, -principal/5
		s.Lines = append(s.Lines, line, fee)
	}
	return s
}

// upload sends files as the upload page's form does, and waits until they are read.
func (b *tab) upload(connection int64, files map[string][]byte) {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	require.NoError(b.t, form.WriteField("connection", fmt.Sprint(connection)))
	for name, content := range files {
		part, err := form.CreateFormFile("files", name)
		require.NoError(b.t, err)
		_, err = part.Write(content)
		require.NoError(b.t, err)
	}
	require.NoError(b.t, form.Close())
	cookies, err := chromedp.Call(b, network.GetCookies, network.GetCookiesParams{URLs: []string{b.s.url}})
	require.NoError(b.t, err)
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.s.url+"/settlements/upload", &body)
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Origin", b.s.url)
	for _, c := range cookies.Cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(b.t, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(b.t, err)
	require.Equal(b.t, http.StatusSeeOther, answer.StatusCode, "%.2000s", text)
	b.s.eventually(b.t, `SELECT count(*) = 0 FROM task WHERE finished_at IS NULL`)
}

// settled waits until no report and no draft is being worked on.
func (s *site) settled(t testing.TB) {
	t.Helper()
	s.eventually(t, `SELECT count(*) = 0 FROM river_job WHERE kind IN ('find_reports', 'fetch_report', 'import', 'draft', 'redraft') AND state IN ('available', 'pending', 'running', 'retryable')`)
}

func (s *site) connection(t testing.TB, name string) int64 {
	t.Helper()
	return s.number(t, `SELECT id FROM connection WHERE name = $1`, name)
}

// hold keeps imports from beginning until the returned function is called.
func (s *site) hold(t testing.TB) (release func()) {
	t.Helper()
	tx, err := s.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `LOCK TABLE settlement_import IN EXCLUSIVE MODE`)
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback(t.Context()) }) // released already when all went well
	return func() { require.NoError(t, tx.Rollback(t.Context())) }
}

func TestUploadingInTheBrowser(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.eventually(t, `SELECT count(*) > 0 FROM journal_entry WHERE status = 'draft'`)
	s.settled(t)
	good, old, bad := statement("70000000001", "USD", 50_0000), statement("70000000002", "USD", 60_0000), statement("70000000003", "USD", 70_0000)
	damaged := bytes.Replace(reporttest.V2(plain, bad), []byte("\t-14.00\t"), []byte("\tfourteen\t"), 1)
	damaged = bytes.Replace(damaged, []byte("2026-11-03 08:00:00 UTC"), []byte("2026-13-43 08:00:00 UTC"), 1)
	folder := t.TempDir()
	var paths []string
	for name, content := range map[string][]byte{"good.txt": reporttest.V2(plain, good), "old.txt": reporttest.V1(plain, old), "bad.txt": damaged, "page.txt": []byte("<!doctype html><html>Sign in</html>")} {
		paths = append(paths, filepath.Join(folder, name))
		require.NoError(t, os.WriteFile(paths[len(paths)-1], content, 0o600))
	}
	amy := s.signIn(t, "amy.accountant")
	choose := func(t *testing.T) {
		amy.t = t
		amy.open("/settlements/upload")
		amy.do(chromedp.SetValue(chromedp.CSS("select[name=connection]"), fmt.Sprint(s.connection(t, "us"))), chromedp.SetUploadFiles(chromedp.CSS("input[name=files]"), paths),
			chromedp.Click(chromedp.CSS(`form[enctype] button`)), chromedp.WaitVisible(chromedp.CSS(".imports")))
	}
	counts := `SELECT (SELECT count(*) FROM settlement) + (SELECT count(*) FROM document WHERE kind = 'settlement_report') + (SELECT count(*) FROM exception WHERE settlement_id IS NOT NULL)`

	t.Run("each file says what became of it, without a reload", func(t *testing.T) {
		release := s.hold(t)
		choose(t)
		amy.do(chromedp.WaitVisible(chromedp.CSS(".imports progress")))
		_, err := chromedp.Run(amy, chromedp.Evaluate[bool](`window.sameDocument = true`))
		require.NoError(t, err)
		release()
		amy.says("Settlement 70000000001: 6 lines, ties out to 120.00 USD.")
		amy.says("Settlement 70000000002: 6 lines, ties out to 144.00 USD.")
		amy.says("Rows that could not be read: 2.")
		amy.says("a web page")
		amy.says("fourteen")
		amy.says("This is not an amount.")
		amy.says("2026-13-43 08:00:00 UTC")
		amy.says("This is not a date in any form that Amazon writes.")
		same, err := chromedp.Run(amy, chromedp.Evaluate[bool](`window.sameDocument === true && !document.querySelector(".imports progress")`))
		require.NoError(t, err)
		require.True(t, same, "the page was loaded again, or still shows progress")
		var where string
		require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT string_agg(line_no || ' ' || column_name || ' ' || value, ', ' ORDER BY line_no) FROM settlement_problem p JOIN settlement s ON s.import_id = p.import_id WHERE s.amazon_id = '70000000003'`).Scan(&where))
		require.Equal(t, "4 amount fourteen, 5 posted-date-time 2026-13-43 08:00:00 UTC", where)
		amy.open("/settlements?connection=%d", s.connection(t, "us"))
		for _, id := range []string{"70000000001", "70000000002", "70000000003"} {
			require.Contains(t, amy.text(), id)
		}
	})

	t.Run("the same files again add nothing", func(t *testing.T) {
		s.settled(t)
		before := s.number(t, counts)
		choose(t)
		amy.says("Settlement 70000000001 was there already; nothing changed.")
		amy.says("Settlement 70000000002 was there already; nothing changed.")
		s.eventually(t, `SELECT count(*) = 8 FROM task WHERE finished_at IS NOT NULL`)
		s.settled(t)
		require.Equal(t, before, s.number(t, counts))
	})

	t.Run("a running upload is cancelled and leaves nothing", func(t *testing.T) {
		large := statement("70000000004", "USD", 80_0000)
		for len(large.Lines) < 20_000 {
			large.Lines = append(large.Lines, large.Lines[:6]...)
		}
		require.NoError(t, os.WriteFile(filepath.Join(folder, "large.txt"), reporttest.V2(plain, large), 0o600))
		paths = []string{filepath.Join(folder, "large.txt")}
		for i := range 8 { // more than a browser keeps connections to one server
			paths = append(paths, filepath.Join(folder, fmt.Sprintf("more%d.txt", i)))
			require.NoError(t, os.WriteFile(paths[i+1], reporttest.V2(plain, statement(fmt.Sprintf("7000000010%d", i), "USD", 10_0000)), 0o600))
		}
		release := s.hold(t)
		choose(t)
		s.eventually(t, `SELECT state = 'running' FROM task WHERE title = 'large.txt'`)
		cancel := fmt.Sprintf(`form[action="/settlements/upload/%d/cancel"] button`, s.number(t, `SELECT id FROM task WHERE title = 'large.txt'`))
		amy.do(chromedp.Click(chromedp.CSS(cancel)))
		s.eventually(t, `SELECT cancel_requested FROM task WHERE title = 'large.txt'`)
		release()
		amy.says("Cancelled. Nothing of it was kept but the file.")
		require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM task WHERE title = 'large.txt' AND state = 'cancelled'`))
		s.settled(t)
		require.EqualValues(t, 8, s.number(t, `SELECT count(*) FROM settlement WHERE amazon_id LIKE '7000000010%'`))
		require.Zero(t, s.number(t, `SELECT count(*) FROM settlement WHERE amazon_id = '70000000004'`))
		require.Zero(t, s.number(t, `SELECT count(*) FROM settlement_line l WHERE NOT EXISTS (SELECT 1 FROM settlement s WHERE s.id = l.settlement_id)`))
		require.Zero(t, s.number(t, `SELECT count(*) FROM settlement_import i WHERE NOT EXISTS (SELECT 1 FROM settlement s WHERE s.import_id = i.id)`))
	})
}
