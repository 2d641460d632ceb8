package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestAStatementIsUploadedAndADepositMatched does what an accountant does with a
// bank statement: upload, accept, take apart, and undo.
func TestAStatementIsUploadedAndADepositMatched(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	us := s.number(t, `SELECT id FROM connection WHERE name = 'us'`)
	lacking := ` FROM deposit d WHERE d.connection_id = $1 AND d.state = 'missing' AND NOT EXISTS (SELECT 1 FROM bank_line l WHERE l.amount = d.amount OR l.description LIKE '%' || d.amazon_id)`
	s.eventually(t, `SELECT count(*) > 0`+lacking, us)
	account := s.number(t, `SELECT bank_account_id FROM bank_account_connection WHERE connection_id = $1`, us)
	var settlement int64
	var line string // of a deposit that the statement at hand lacks
	require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT settlement_id, to_char(due_on + 2, 'MM/DD/YYYY') || ',AMAZON PAYMENTS DES:DISBURSEMT ID:' || amazon_id || ',' || round(amount, 2) || ',' || round(amount, 2)`+
		lacking+` ORDER BY due_on DESC LIMIT 1`, us).Scan(&settlement, &line))
	file := filepath.Join(t.TempDir(), "november.csv")
	require.NoError(t, os.WriteFile(file, []byte("Date,Description,Amount,Balance\n"+line+"\n"), 0o600))

	amy := s.signIn(t, "amy.accountant")
	amy.open("/reconciliation/statements")
	amy.do(chromedp.SetValue(chromedp.CSS(`select[name=account]`), fmt.Sprint(account)), chromedp.SetUploadFiles(chromedp.CSS(`input[type=file]`), []string{file}), chromedp.Click(chromedp.CSS(`form[action="/reconciliation/statements"] button`)))
	amy.says("november.csv: 1 line, 1 new.")

	amy.open("/reconciliation/deposits")
	key := fmt.Sprintf("[%d] [%d]", settlement, s.number(t, `SELECT max(id) FROM bank_line`))
	amy.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`form:has(input[value="%s"]) button`, key))))
	amy.says("Matched.")
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM deposit WHERE settlement_id = $1 AND state = 'received'`, settlement))
	amy.open("/settlements/%d", settlement)
	amy.says("Received on")

	amy.open("/reconciliation/deposits/matches/%d", s.number(t, `SELECT max(id) FROM deposit_match`))
	amy.do(chromedp.SendKeys(chromedp.CSS(`input[name=reason]`), "Another transfer"), chromedp.Click(chromedp.CSS(`form[action$="/unmatch"] button`)))
	amy.says("Taken apart.")
	require.EqualValues(t, 0, s.number(t, `SELECT count(*) FROM deposit WHERE settlement_id = $1 AND state = 'received'`, settlement))
	amy.do(chromedp.Click(chromedp.CSS(`form[action$="/restore"] button`)))
	amy.says("Matched again.")
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM deposit WHERE settlement_id = $1 AND state = 'received'`, settlement))
}
