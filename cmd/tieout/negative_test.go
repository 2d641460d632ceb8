package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"tieout/app/settlement/report/reporttest"
	"tieout/cmd/sandbox/misbehave"
)

// setPolicy saves a connection's policy as the administration page's form does.
func (b *tab) setPolicy(connection int64, changes map[string]string) {
	b.t.Helper()
	form := url.Values{"version": {fmt.Sprint(b.s.number(b.t, `SELECT version FROM policy WHERE connection_id = $1`, connection))},
		"fresh_sign_in_minutes": {"0"}, "closed_period": {"exception"}, "rate_source": {"deposit_date"}, "rounding_limit": {"1"}}
	for name, value := range changes {
		form.Set(name, value)
	}
	require.Equal(b.t, http.StatusSeeOther, b.request(http.MethodPost, fmt.Sprintf("/admin/policies/%d", connection), form.Encode()).StatusCode)
}

// press clicks the button of a page's form.
func (b *tab) press(format string, args ...any) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`form[action="`+format+`"] button`, args...))))
}

// TestAnEditedEntryLosesItsApprovalsInTheBrowser has one of two approvers
// approve, the preparer edit, and sees that both must approve again.
func TestAnEditedEntryLosesItsApprovalsInTheBrowser(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.eventually(t, `SELECT count(*) > 0 FROM journal_entry WHERE status = 'draft'`)
	s.settled(t)
	connection := s.connection(t, "us")
	amy, carl, dora := s.signIn(t, "amy.accountant"), s.signIn(t, "carl.controller"), s.signIn(t, "dora.director")
	s.signIn(t, "adam.admin").setPolicy(connection, map[string]string{"second_approval_from": "0.01"})
	s.settled(t)
	entry := s.number(t, `SELECT min(id) FROM journal_entry WHERE status = 'draft' AND connection_id = $1`, connection)
	amy.open("/entries/%d", entry)
	amy.press("/entries/%d/submit", entry)
	s.eventually(t, `SELECT status = 'submitted' FROM journal_entry WHERE id = $1`, entry)
	carl.open("/entries/%d", entry)
	carl.press("/entries/%d/approve", entry)
	carl.says("1 of 2 approvals")
	seen := s.hash(t, entry)

	form := fmt.Sprintf(`form[action="/entries/%d/edit"] `, entry)
	amy.open("/entries/%d?form=edit", entry)
	amy.do(chromedp.WaitReady(chromedp.CSS(form+`[name=description]`)), chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.querySelector('%s[name=description]').value = 'Amazon, as agreed'; document.querySelector('%sbutton').click()`, form, form)))
	s.eventually(t, `SELECT status = 'draft' AND description = 'Amazon, as agreed' FROM journal_entry WHERE id = $1`, entry)
	require.EqualValues(t, 0, s.number(t, `SELECT count(*) FROM approval WHERE entry_id = $1 AND voided_at IS NULL`, entry))
	_, err := s.pool.Exec(t.Context(), `UPDATE approval SET voided_at = NULL, void_reason = '' WHERE entry_id = $1`, entry)
	require.Error(t, err, "a void approval stays void")

	amy.open("/entries/%d", entry)
	amy.press("/entries/%d/submit", entry)
	s.eventually(t, `SELECT status = 'submitted' FROM journal_entry WHERE id = $1`, entry)
	require.Equal(t, http.StatusConflict, carl.request(http.MethodPost, fmt.Sprintf("/entries/%d/approve", entry), "hash="+seen).StatusCode, "what was seen is gone")
	dora.open("/entries/%d", entry)
	dora.press("/entries/%d/approve", entry)
	dora.says("1 of 2 approvals")
	carl.open("/entries/%d", entry)
	carl.press("/entries/%d/approve", entry)
	s.eventually(t, `SELECT status = 'posted' FROM journal_entry WHERE id = $1`, entry)
}

// TestAClosedPeriodFollowsThePolicyInTheBrowser closes a period in P21 and takes
// in a report of it under both policies.
func TestAClosedPeriodFollowsThePolicyInTheBrowser(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.settled(t)
	connection := s.connection(t, "us")
	var company string
	require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT p21_company FROM connection WHERE id = $1`, connection).Scan(&company))
	for _, p := range s.sandbox.P21.Periods(company) {
		if p.FiscalYear == 2026 && p.Number <= 10 {
			require.NoError(t, s.sandbox.P21.ClosePeriod(company, p.FiscalYear, p.Number, true))
		}
	}
	adam, amy := s.signIn(t, "adam.admin"), s.signIn(t, "amy.accountant")
	require.Equal(t, http.StatusSeeOther, adam.request(http.MethodPost, fmt.Sprintf("/admin/connections/%d/sync", connection), "").StatusCode)
	adam.setPolicy(connection, map[string]string{"closed_period": "exception"})
	october := statement("72000000001", "USD", 80_0000)
	october.Start, october.End = october.Start.AddDate(0, -1, 0), october.End.AddDate(0, -1, 0)
	for i := range october.Lines {
		october.Lines[i].Posted = october.Lines[i].Posted.AddDate(0, -1, 0)
	}
	amy.upload(connection, map[string][]byte{"october.txt": reporttest.V2(plain, october)})
	settlement := s.number(t, `SELECT id FROM settlement WHERE amazon_id = '72000000001'`)
	s.eventually(t, `SELECT count(*) = 1 FROM exception WHERE settlement_id = $1 AND class = 'closed_period' AND state = 'open'`, settlement)
	require.EqualValues(t, 0, s.number(t, `SELECT count(*) FROM journal_entry WHERE settlement_id = $1 AND status <> 'discarded'`, settlement))
	amy.open("/exceptions?class=closed_period")
	amy.says("72000000001")

	adam.setPolicy(connection, map[string]string{"closed_period": "first_open"})
	s.eventually(t, `SELECT count(*) = 1 FROM journal_entry WHERE settlement_id = $1 AND status = 'draft' AND period = 11`, settlement)
	s.eventually(t, `SELECT count(*) = 0 FROM exception WHERE settlement_id = $1 AND class = 'closed_period' AND state = 'open'`, settlement)
	entry := s.number(t, `SELECT id FROM journal_entry WHERE settlement_id = $1 AND status = 'draft'`, settlement)
	amy.open("/entries/%d", entry)
	amy.says("closed period")
	amy.press("/entries/%d/submit", entry)
	s.eventually(t, `SELECT status = 'submitted' FROM journal_entry WHERE id = $1`, entry)
	carl := s.signIn(t, "carl.controller")
	carl.open("/entries/%d", entry)
	carl.press("/entries/%d/approve", entry)
	s.eventually(t, `SELECT status = 'posted' FROM journal_entry WHERE id = $1`, entry)
	var reference string
	require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT reference FROM journal_entry WHERE id = $1`, entry).Scan(&reference))
	posted := s.sandbox.P21.ByReference(company, reference)
	require.Len(t, posted, 1)
	require.Equal(t, 11, posted[0].Period)
}

// hash is the content hash of an entry, in hexadecimal digits.
func (s *site) hash(t testing.TB, entry int64) (hash string) {
	t.Helper()
	require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT encode(content_hash, 'hex') FROM journal_entry WHERE id = $1`, entry).Scan(&hash))
	return hash
}

// TestAnEntryIsEnteredByHandWhileP21IsDownInTheBrowser cuts P21 off, sees the
// banner, takes the entry with its import sheet, and has somebody else record
// the number.
func TestAnEntryIsEnteredByHandWhileP21IsDownInTheBrowser(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.eventually(t, `SELECT count(*) > 0 FROM journal_entry WHERE status = 'draft'`)
	s.settled(t)
	amy, carl := s.signIn(t, "amy.accountant"), s.signIn(t, "carl.controller")
	entry := s.number(t, `SELECT min(id) FROM journal_entry WHERE status = 'draft' AND connection_id = $1`, s.connection(t, "us"))
	down, err := s.sandbox.Plan.Add(misbehave.Rule{Side: "p21", Kind: misbehave.Reset})
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther, amy.submit(entry).StatusCode)
	require.Equal(t, http.StatusSeeOther, carl.approve(entry).StatusCode)
	s.eventually(t, `SELECT count(*) = 1 FROM outbound_message WHERE kind = 'journal_entry' AND object_id = $1 AND error <> ''`, entry)
	_, err = s.pool.Exec(t.Context(), `UPDATE outbound_message SET created_at = now() - interval '2 minutes' WHERE kind = 'journal_entry' AND object_id = $1`, entry)
	require.NoError(t, err)

	amy.open("/entries/%d", entry)
	amy.says("does not answer")
	amy.says("1 journal entry waits since")
	sheet := string(amy.download(fmt.Sprintf("/entries/%d/import.csv", entry)))
	require.Equal(t, s.number(t, `SELECT count(*) + 1 FROM journal_line WHERE entry_id = $1`, entry), int64(strings.Count(sheet, "\r\n")))
	require.Equal(t, http.StatusForbidden, s.signIn(t, "vera.viewer").request(http.MethodPost, fmt.Sprintf("/entries/%d/by-hand", entry), "").StatusCode)
	require.Eventually(t, func() bool { // while it is being tried once more it cannot be taken
		return amy.request(http.MethodPost, fmt.Sprintf("/entries/%d/by-hand", entry), "").StatusCode == http.StatusSeeOther
	}, time.Minute, 500*time.Millisecond)
	amy.open("/entries/%d", entry)
	amy.says("enters it by hand")
	require.NotContains(t, amy.text(), "will go on without", "nothing waits any more")

	require.Equal(t, http.StatusForbidden, amy.request(http.MethodPost, fmt.Sprintf("/entries/%d/number", entry), "p21_number=77123").StatusCode, "the preparer does not record the number")
	carl.open("/entries/%d", entry)
	require.Equal(t, http.StatusSeeOther, carl.request(http.MethodPost, fmt.Sprintf("/entries/%d/number", entry), "p21_number=77123").StatusCode)
	s.eventually(t, `SELECT status = 'posted' AND p21_number = '77123' FROM journal_entry WHERE id = $1`, entry)
	require.True(t, s.sandbox.Plan.Remove(down))
}
