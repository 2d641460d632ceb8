package main

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"tieout/app/settlement/report/reporttest"
)

// TestASettlementInAForeignCurrencyWaitsForItsRate uploads a Canadian settlement
// to a company that keeps its books in dollars of the United States.
func TestASettlementInAForeignCurrencyWaitsForItsRate(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	amy := s.signIn(t, "amy.accountant")
	s.settled(t)
	foreign := statement("73000000001", "CAD", 33_3500)
	for i := range foreign.Lines {
		foreign.Lines[i].Marketplace = "Amazon.ca"
	}
	amy.upload(s.connection(t, "us"), map[string][]byte{"canada.txt": reporttest.V2(plain, foreign)})
	s.settled(t)
	settlement := s.number(t, `SELECT id FROM settlement WHERE amazon_id = $1`, foreign.ID)
	require.Zero(t, s.number(t, `SELECT count(*) FROM journal_entry WHERE settlement_id = $1`, settlement))
	exception := s.number(t, `SELECT id FROM exception WHERE settlement_id = $1 AND class = 'missing_rate' AND state = 'open'`, settlement)
	amy.open("/exceptions/%d", exception)
	require.Contains(t, amy.text(), "There is no exchange rate from CAD to USD for 2026-11-13.")
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM exception WHERE id = $1 AND amount = 80.04`, exception), "all of it waits")

	amy.open("/admin/rates")
	amy.do(chromedp.SetValue(chromedp.CSS(`textarea[name=rates]`), "2026-11-13, CAD, USD, 0.7142"), chromedp.Click(chromedp.CSS(`form[action="/admin/rates"][method=post] button`)))
	amy.says("drafts that waited for them are built again")
	s.eventually(t, `SELECT count(*) = 1 FROM journal_entry WHERE settlement_id = $1 AND status = 'draft'`, settlement)
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM exception WHERE id = $1 AND state = 'resolved'`, exception))
	entry := s.number(t, `SELECT id FROM journal_entry WHERE settlement_id = $1 AND status = 'draft'`, settlement)
	// 100.05 CAD of sales are 71.46 USD, 20.01 of fees 14.29, and 80.04 paid out 57.16.
	for account, want := range map[string]string{"sales": "-71.46", "selling_fees": "14.29"} {
		var got string
		require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT sum(functional_debit - functional_credit)::numeric(19, 2)::text FROM journal_line WHERE entry_id = $1 AND category = $2`, entry, account).Scan(&got), account)
		require.Equal(t, want, got, account)
	}
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM journal_line WHERE entry_id = $1 AND description = 'Rounding of converted amounts' AND debit + credit = 0 AND functional_debit + functional_credit = 0.01`, entry))
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM journal_entry WHERE id = $1 AND rate = 0.7142`, entry))
	amy.open("/entries/%d", entry)
	require.Contains(t, amy.text(), "1 CAD = 0.7142 USD")
	require.Equal(t, http.StatusSeeOther, amy.submit(entry).StatusCode)
}
