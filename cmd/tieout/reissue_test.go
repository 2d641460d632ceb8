package main

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"tieout/app/settlement/report/reporttest"
)

// current returns the settlement that counts, and its only entry that is no reversal.
func (s *site) current(t testing.TB, amazonID string) (settlement, entry int64) {
	t.Helper()
	require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT s.id, e.id FROM settlement s JOIN journal_entry e ON e.settlement_id = s.id AND e.entry_type = 'settlement' AND e.status <> 'discarded'
		WHERE s.amazon_id = $1 AND s.replaced_at IS NULL`, amazonID).Scan(&settlement, &entry))
	return settlement, entry
}

// TestAReissuedReportReplacesWhatIsNotPostedAndReversesWhatIs uploads a report
// three times: as it was, re-issued before posting, re-issued after posting.
func TestAReissuedReportReplacesWhatIsNotPostedAndReversesWhatIs(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	amy, carl, adam := s.signIn(t, "amy.accountant"), s.signIn(t, "carl.controller"), s.signIn(t, "adam.admin")
	s.settled(t)
	us := s.connection(t, "us")
	version := s.number(t, `SELECT version FROM policy WHERE connection_id = $1`, us)
	policy := adam.request(http.MethodPost, fmt.Sprintf("/admin/policies/%d", us), fmt.Sprintf("version=%d&second_approval_from=1&closed_period=exception&rate_source=deposit_date&rounding_limit=1", version))
	require.Equal(t, http.StatusSeeOther, policy.StatusCode, "two approvals, so that one of them can be void")
	report := func(name string, settlement reporttest.Settlement) {
		amy.upload(us, map[string][]byte{name: reporttest.V2(plain, settlement)})
		s.settled(t)
	}
	first := statement("72000000001", "USD", 50_0000)
	report("first.txt", first)
	settlement, entry := s.current(t, first.ID)
	require.Equal(t, http.StatusSeeOther, amy.submit(entry).StatusCode)
	require.Equal(t, http.StatusSeeOther, carl.approve(entry).StatusCode)
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM approval WHERE entry_id = $1 AND voided_at IS NULL`, entry))

	second := statement("72000000001", "USD", 60_0000)
	t.Run("before posting it replaces the settlement", func(t *testing.T) {
		report("second.txt", second)
		again, rebuilt := s.current(t, second.ID)
		require.NotEqual(t, settlement, again)
		require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM journal_entry WHERE id = $1 AND status = 'discarded'`, entry))
		require.Zero(t, s.number(t, `SELECT count(*) FROM approval WHERE entry_id = $1 AND voided_at IS NULL`, entry), "approvals are void")
		require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM journal_entry WHERE id = $1 AND status = 'draft' AND clearing = 144`, rebuilt))
		require.EqualValues(t, 2, s.number(t, `SELECT count(DISTINCT document_id) FROM settlement WHERE amazon_id = $1`, second.ID), "the old document is kept")
		require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM exception WHERE settlement_id = $1 AND class = 'amended_report' AND state = 'open'`, again))
		amy.open("/settlements/%d", settlement)
		require.Contains(t, amy.text(), "Replaced by a re-issue")
		amy.open("/settlements/%d", again)
		require.NotContains(t, amy.text(), "What the re-issue changes in the books", "P21 holds nothing of it")
	})

	t.Run("after posting it drafts a reversal and a new entry, and says what differs", func(t *testing.T) {
		max := s.signIn(t, "max.multi")
		settlement, entry := s.current(t, second.ID)
		require.Equal(t, http.StatusSeeOther, amy.submit(entry).StatusCode)
		require.Equal(t, http.StatusSeeOther, carl.approve(entry).StatusCode)
		require.Equal(t, http.StatusSeeOther, max.approve(entry).StatusCode)
		s.eventually(t, `SELECT status = 'posted' FROM journal_entry WHERE id = $1`, entry)

		third := statement("72000000001", "USD", 60_0000)
		third.Lines[0].Amount = 65_0000
		report("third.txt", third)
		again, rebuilt := s.current(t, third.ID)
		require.NotEqual(t, settlement, again)
		require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM journal_entry WHERE id = $1 AND status = 'posted'`, entry), "what is posted stays")
		reversal := s.number(t, `SELECT id FROM journal_entry WHERE reverses_id = $1 AND status = 'draft'`, entry)
		require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM journal_entry WHERE id = $1 AND status = 'draft' AND version = 3`, rebuilt))
		for _, page := range []string{fmt.Sprintf("/entries/%d", rebuilt), fmt.Sprintf("/settlements/%d", again)} {
			amy.open("%s", page)
			rows := amy.rows("Differences from")
			require.Len(t, rows, 2, page)
			require.Contains(t, rows, []string{"144.00 USD", "149.00 USD", "5.00 USD"}, "clearing")
			require.Contains(t, rows, []string{"-180.00 USD", "-185.00 USD", "-5.00 USD"}, "sales")
		}
		amy.open("/settlements/%d/changes", again)
		changed := amy.rows("Lines that only one")
		require.Len(t, changed, 2)
		require.Contains(t, amy.text(), "2 lines differ")
		require.Equal(t, []string{"60.00 USD", "65.00 USD"}, []string{changed[0][5], changed[1][5]})
		require.Zero(t, s.number(t, `SELECT count(*) FROM outbound_message m WHERE m.kind = 'journal_entry' AND m.object_id IN ($1, $2)`, reversal, rebuilt), "nothing is posted by itself")
	})
}

// rows returns the numbers in a table's rows; the table is the one whose
// caption begins so.
func (b *tab) rows(caption string) [][]string {
	b.t.Helper()
	rows, err := chromedp.Run(b, chromedp.Evaluate[[][]string](fmt.Sprintf(`[...document.querySelectorAll("table")].filter(t => t.caption?.textContent.trim().startsWith(%q))
		.flatMap(t => [...t.tBodies[0].rows].map(r => [...r.cells].slice(1).map(c => c.textContent.trim().replace("\u2212", "-"))))`, caption)))
	require.NoError(b.t, err)
	return rows
}
