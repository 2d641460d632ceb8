package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"tieout/app/settlement/report/reporttest"
)

// TestACorrectionCompletesAnOutOfBalanceSettlement goes from a report that lacks
// a line to entries that carry the line a person wrote and another approved.
func TestACorrectionCompletesAnOutOfBalanceSettlement(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.settled(t)
	amy, max, carl := s.signIn(t, "amy.accountant"), s.signIn(t, "max.multi"), s.signIn(t, "carl.controller")
	whole := reporttest.V2(plain, statement("71000000001", "USD", 50_0000))
	lastRow := bytes.LastIndexByte(bytes.TrimRight(whole, "\n"), '\n') + 1
	amy.upload(s.connection(t, "us"), map[string][]byte{"short.txt": whole[:lastRow]})
	s.settled(t)
	settlement := s.number(t, `SELECT id FROM settlement WHERE amazon_id = '71000000001'`)
	document := s.number(t, `SELECT document_id FROM settlement WHERE id = $1`, settlement)

	t.Run("it cannot be submitted", func(t *testing.T) {
		require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM exception WHERE settlement_id = $1 AND class = 'out_of_balance' AND state = 'open'`, settlement))
		amy.open("/settlements/%d", settlement)
		require.Contains(t, amy.text(), "The lines miss the deposit by -10.00 USD.")
		var entry, version int64
		err := s.pool.QueryRow(t.Context(), `SELECT id, row_version FROM journal_entry WHERE settlement_id = $1 AND status = 'draft'`, settlement).Scan(&entry, &version)
		require.NoError(t, err)
		amy.open("/entries/%d", entry)
		submit, err := chromedp.Run(amy, chromedp.Evaluate[bool](fmt.Sprintf(`document.querySelector('form[action="/entries/%d/submit"] button:enabled') !== null`, entry)))
		require.NoError(t, err)
		require.False(t, submit, "the page offers to submit")
		answer := amy.request(http.MethodPost, fmt.Sprintf("/entries/%d/submit", entry), fmt.Sprintf("version=%d", version))
		require.Contains(t, []int{http.StatusConflict, http.StatusUnprocessableEntity}, answer.StatusCode)
		_, err = s.pool.Exec(t.Context(), `UPDATE journal_entry SET status = 'submitted', content_hash = '\x00', submitted_by = (SELECT min(id) FROM person), submitted_at = now() WHERE id = $1`, entry)
		require.Error(t, err)
		require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM journal_entry WHERE id = $1 AND status = 'draft'`, entry))
	})

	t.Run("whoever writes the line does not approve it", func(t *testing.T) {
		short := url.Values{"amount": {"-9.99"}, "account": {"Current Reserve Amount"}, "reason": {"Support case 4711 says so."}}
		require.Equal(t, http.StatusUnprocessableEntity, max.request(http.MethodPost, fmt.Sprintf("/settlements/%d/correction", settlement), short.Encode()).StatusCode)
		max.open("/settlements/%d", settlement)
		form := fmt.Sprintf(`form[action="/settlements/%d/correction"] `, settlement)
		max.do(chromedp.SetValue(chromedp.CSS(form+`[name=account]`), "Current Reserve Amount"), chromedp.SetValue(chromedp.CSS(form+`[name=reason]`), "Support case 4711 names the missing commission."),
			chromedp.Click(chromedp.CSS(form+`button`)))
		max.says("The correction is written.")
		require.Contains(t, max.text(), "You wrote it, so someone else approves it.")
		require.NotContains(t, max.text(), "Approve the correction")
		approve := fmt.Sprintf("/settlements/%d/correction/approve", settlement)
		require.Equal(t, http.StatusForbidden, max.request(http.MethodPost, approve, "").StatusCode)
		require.Equal(t, http.StatusForbidden, amy.request(http.MethodPost, approve, "").StatusCode, "an accountant does not approve")
		_, err := s.pool.Exec(t.Context(), `UPDATE settlement_correction SET approved_by = written_by, approved_at = now() WHERE settlement_id = $1`, settlement)
		require.ErrorContains(t, err, "someone who did not write it")
		require.EqualValues(t, 0, s.number(t, `SELECT count(*) FROM rollup WHERE settlement_id = $1 AND correction_id <> 0`, settlement))
	})

	t.Run("approved, the settlement ties out and is drafted with it", func(t *testing.T) {
		carl.open("/settlements/%d", settlement)
		carl.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`form[action="/settlements/%d/correction/approve"] button`, settlement))))
		carl.says("The correction counts.")
		s.settled(t)
		carl.open("/settlements/%d", settlement)
		require.Contains(t, carl.text(), "The difference is 0.00 USD.")
		s.eventually(t, `SELECT count(*) = 1 FROM journal_source x JOIN journal_entry e ON e.id = x.entry_id WHERE e.settlement_id = $1 AND e.status = 'draft' AND x.correction_id <> 0 AND x.amount = -10`, settlement)
		require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM exception WHERE settlement_id = $1 AND class = 'out_of_balance' AND state = 'resolved'`, settlement))
		require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM journal_entry WHERE settlement_id = $1 AND status = 'draft' AND clearing = 120`, settlement), "all of the deposit")
		require.Equal(t, http.StatusConflict, amy.request(http.MethodPost, fmt.Sprintf("/settlements/%d/correction/withdraw", settlement), "").StatusCode)

		raw := amy.request(http.MethodGet, fmt.Sprintf("/settlements/%d/documents/%d", settlement, document), "")
		content := new(bytes.Buffer)
		_, err := content.ReadFrom(raw.Body)
		require.NoError(t, err)
		require.Equal(t, string(whole[:lastRow]), content.String(), "the raw document stays")
		require.EqualValues(t, 5, s.number(t, `SELECT count(*) FROM settlement_line WHERE settlement_id = $1`, settlement))
	})

	t.Run("the entry can be submitted and approved now", func(t *testing.T) {
		var entry, version int64
		require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT id, row_version FROM journal_entry WHERE settlement_id = $1 AND status = 'draft'`, settlement).Scan(&entry, &version))
		require.Equal(t, http.StatusSeeOther, amy.request(http.MethodPost, fmt.Sprintf("/entries/%d/submit", entry), fmt.Sprintf("version=%d", version)).StatusCode)
		require.Equal(t, http.StatusSeeOther, carl.approve(entry).StatusCode)
		s.eventually(t, `SELECT status = 'posted' FROM journal_entry WHERE id = $1`, entry)
	})
}

// approve approves what an entry says now, as the page's button does.
func (b *tab) approve(entry int64) *http.Response {
	b.t.Helper()
	var hash string
	require.NoError(b.t, b.s.pool.QueryRow(b.t.Context(), `SELECT encode(content_hash, 'hex') FROM journal_entry WHERE id = $1`, entry).Scan(&hash))
	return b.request(http.MethodPost, fmt.Sprintf("/entries/%d/approve", entry), "hash="+hash)
}

// submit hands a draft over, as the page's button does.
func (b *tab) submit(entry int64) *http.Response {
	b.t.Helper()
	version := b.s.number(b.t, `SELECT row_version FROM journal_entry WHERE id = $1`, entry)
	return b.request(http.MethodPost, fmt.Sprintf("/entries/%d/submit", entry), fmt.Sprintf("version=%d", version))
}
