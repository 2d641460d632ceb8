package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestAPeriodIsClosedByTwoPeopleAndReopenedInTheBrowser has an accountant ask
// with a waiver, an approver close, and the approver reopen.
func TestAPeriodIsClosedByTwoPeopleAndReopenedInTheBrowser(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.eventually(t, `SELECT count(*) > 5 FROM journal_entry WHERE status = 'draft'`)
	s.settled(t)
	s.settleFlows(t)
	us := s.connection(t, "us")
	s.eventually(t, `SELECT count(*) > 0 FROM reconciliation WHERE connection_id = $1 AND checked_at IS NOT NULL`, us)
	var period string
	require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT fiscal_year || '-' || lpad(number::text, 2, '0') FROM fiscal_period
		WHERE connection_id = $1 AND ends_on < $2::date ORDER BY ends_on DESC LIMIT 1`, us, s.sandbox.Now()).Scan(&period))
	path := fmt.Sprintf("/close/%d/%s", us, period)
	amy, carl := s.signIn(t, "amy.accountant"), s.signIn(t, "carl.controller")

	amy.open("/?connection=%d", us)
	amy.says("Close of ")
	amy.open("%s", path)
	amy.do(chromedp.Click(chromedp.CSS(`[data-dialog=request]`)), chromedp.WaitVisible(chromedp.CSS(`#request[open]`)))
	_, err := chromedp.Run(amy, chromedp.Evaluate[bool](`document.querySelectorAll("#request textarea[required]").forEach(f => f.value = "Agreed with the auditor."), true`))
	require.NoError(t, err)
	amy.do(chromedp.SendKeys(chromedp.CSS(`#request [name=note]`), "Ready but for these."), chromedp.Click(chromedp.CSS(`#request button[type=submit]`)))
	amy.says("Asked for.")
	amy.says("Agreed with the auditor.")
	require.False(t, amy.has(`[data-dialog=approve]`), "nobody closes what that person prepared")

	carl.open("/close?state=requested")
	carl.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`a[href=%q]`, path))))
	carl.says("Waits for approval")
	carl.do(chromedp.Click(chromedp.CSS(`[data-dialog=approve]`)), chromedp.WaitVisible(chromedp.CSS(`#approve[open]`)), chromedp.Click(chromedp.CSS(`#approve button[type=submit]`)))
	carl.says("Nothing is written into this period any more")
	s.eventually(t, `SELECT count(*) = 0 FROM journal_entry WHERE connection_id = $1 AND status = 'draft' AND entry_type = 'settlement' AND fiscal_year || '-' || lpad(period::text, 2, '0') = $2`, us, period)

	answer := carl.request(http.MethodGet, path+"/binder.zip", "")
	raw, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "binder.zip")
	require.NoError(t, os.WriteFile(file, raw, 0o600))
	var out strings.Builder
	require.NoError(t, runVerify(t.Context(), environment{stdout: &out, stderr: &out}, []string{"--binder", file}), out.String())
	require.Contains(t, out.String(), "Everything in it agrees.")
	require.Regexp(t, `, [1-9] reconciliations, `, out.String())

	carl.do(chromedp.Click(chromedp.CSS(`[data-dialog=reopen]`)), chromedp.WaitVisible(chromedp.CSS(`#reopen[open]`)),
		chromedp.SendKeys(chromedp.CSS(`#reopen [name=reason]`), "A late settlement belongs to it."), chromedp.Click(chromedp.CSS(`#reopen button[type=submit]`)))
	carl.says("Entries can be written into the period again.")
	carl.says("A late settlement belongs to it.")
	s.eventually(t, `SELECT count(*) > 0 FROM journal_entry WHERE connection_id = $1 AND status = 'draft' AND fiscal_year || '-' || lpad(period::text, 2, '0') = $2`, us, period)
}
