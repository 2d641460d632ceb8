package web

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/deposit"
	"tieout/app/insight"
	"tieout/app/p21"
	"tieout/app/sheet"
	"tieout/cmd/sandbox/seller"
)

// upload sends a bank's file as the browser does.
func (o *office) uploadStatement(b *browser, name, content, account string) page {
	o.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	require.NoError(o.t, w.WriteField("account", account))
	part, err := w.CreateFormFile("files", name)
	require.NoError(o.t, err)
	_, err = part.Write([]byte(content))
	require.NoError(o.t, err)
	require.NoError(o.t, w.Close())
	return b.send(http.MethodPost, statementBase, form.String(), "Content-Type", w.FormDataContentType())
}

func TestDepositsAreReconciledWithABankStatementInTheBrowser(t *testing.T) {
	t.Parallel()
	o := openOfficeOn(t, p21.SeedV2)
	o.Deposits, o.Workbooks, o.Insight = deposit.NewService(o.pool, o.clock), sheet.NewBook(o.pool), insight.NewReader(o.pool)
	require.NoError(t, o.register(slices.DeleteFunc(o.depositRoutes(), func(r Route) bool {
		return !strings.Contains(r.Path, "/accounts") && !strings.Contains(r.Path, "export")
	})))
	id, _ := o.load(1, seller.Whole)
	d, err := o.Deposits.Deposit(t.Context(), id)
	require.NoError(t, err)
	o.shows("/reconciliation/deposits", "No bank account yet", "Not known")
	o.shows("/reconciliation/deposits/list?state=all", d.AmazonID, "No statement")

	account := url.Values{"name": {"Main"}, "currency": {"USD"}, "gl_account": {"1000"}}
	refused := o.accountant.post("/reconciliation/accounts", account)
	require.Equal(t, http.StatusUnprocessableEntity, refused.StatusCode)
	require.Contains(t, refused.body, "Choose whose deposits come to it")
	account.Set("connection-"+strconv.FormatInt(o.connection, 10), "on")
	require.Equal(t, http.StatusForbidden, o.viewer.post("/reconciliation/accounts", account).StatusCode)
	require.Equal(t, http.StatusSeeOther, o.accountant.post("/reconciliation/accounts", account).StatusCode)
	o.shows("/reconciliation/statements", "Main", "Add statements", "No statement yet")

	csv := fmt.Sprintf("Date,Description,Amount\n%s,Opening fee,-5.00\n%s,AMAZON.COM SVCS ID:%s,%s\n%s,AMAZON refund of a purchase,12.00\n%s,Rent,-800.00\n",
		d.Due.AddDays(-3), d.Due.AddDays(2), d.AmazonID, d.Amount.Value.StringFixed(2), d.Due.AddDays(4), d.Due.AddDays(9))
	require.Contains(t, o.uploadStatement(o.accountant, "bank.csv", csv, "").content(), "A CSV file does not name its account")
	columns := o.uploadStatement(o.accountant, "bank.csv", csv, "1").to()
	require.Regexp(t, `^/reconciliation/statements/\d+/columns\?account=1$`, columns)
	o.shows(columns, "The file&#39;s first lines", "Opening fee", "Read")
	form := url.Values{"account": {"1"}, "delimiter": {","}, "comma": {"false"}, "dates": {"YYYY-MM-DD"}, "header": {"on"}, "booked": {"1"}, "description-1": {"2"}}
	at, _, _ := strings.Cut(columns, "?")
	wrong := o.accountant.post(at, form)
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	require.Contains(t, wrong.content(), "Choose the column of the amount")
	form.Set("amount", "3")
	require.Equal(t, http.StatusSeeOther, o.accountant.post(at, form).StatusCode)
	o.shows(strings.TrimSuffix(at, "/columns"), "Opening fee", "Rent", "No balances told")
	require.Equal(t, csv, o.accountant.get(strings.TrimSuffix(at, "/columns")+"/file").body)
	require.Contains(t, o.uploadStatement(o.accountant, "bank.csv", csv, "1").to(), strings.TrimSuffix(at, "/columns"), "remembered, and known")

	o.shows("/reconciliation/deposits", "names "+d.AmazonID, "Sure", "Accept all 1 that are sure", "3 open items")
	require.Equal(t, http.StatusForbidden, o.viewer.post("/reconciliation/deposits/accept", url.Values{"key": {"[1] [2]"}}).StatusCode)
	require.Equal(t, http.StatusConflict, o.accountant.post("/reconciliation/deposits/accept", url.Values{"key": {"[9] [9]"}}).StatusCode)
	require.Equal(t, http.StatusSeeOther, o.accountant.post("/reconciliation/deposits/accept", url.Values{"key": {fmt.Sprintf("[%d] [2]", id)}}).StatusCode)
	o.shows("/reconciliation/deposits/list?state=received", d.AmazonID, "Received")
	o.shows("/reconciliation/deposits/lines", "AMAZON refund of a purchase", "No settlement")
	o.shows("/reconciliation/deposits/matches", d.AmazonID, "names")
	o.shows("/reconciliation/deposits/matches/1", "The bank&#39;s text names the settlement", "Unmatch")

	require.Equal(t, http.StatusUnprocessableEntity, o.accountant.post("/reconciliation/deposits/lines/3/ignore", url.Values{"reason": {""}}).StatusCode)
	require.Equal(t, http.StatusSeeOther, o.accountant.post("/reconciliation/deposits/lines/3/ignore", url.Values{"reason": {"A purchase"}}).StatusCode)
	o.shows("/reconciliation/deposits", "Agrees", "0.00")
	o.shows("/reconciliation/deposits/lines?state=ignored", "A purchase")
	require.Equal(t, http.StatusSeeOther, o.accountant.post("/reconciliation/deposits/lines/3/regard", nil).StatusCode)
	require.Equal(t, []string{d.Amount.Value.String(), "0", "12"}, o.calculated("/reconciliation/deposits/export.xlsx", "Deposits!F2", "Deposits!G2", "Bank lines!H3"), "matched and open, by the formulas of the workbook")

	require.Equal(t, http.StatusUnprocessableEntity, o.accountant.post("/reconciliation/deposits/matches/1/unmatch", url.Values{"reason": {" "}}).StatusCode)
	require.Equal(t, http.StatusSeeOther, o.accountant.post("/reconciliation/deposits/matches/1/unmatch", url.Values{"reason": {"Another one"}}).StatusCode)
	o.shows("/reconciliation/deposits/matches?state=undone", d.AmazonID, "Taken apart")
	require.Equal(t, "/reconciliation/deposits/matches/2", o.accountant.post("/reconciliation/deposits/matches/1/restore", nil).to())
	require.Equal(t, http.StatusSeeOther, o.accountant.post("/reconciliation/deposits/matches/2/unmatch", url.Values{"reason": {"By hand instead"}}).StatusCode)

	pick := url.Values{"deposit": {strconv.FormatInt(id, 10)}, "line": {"3"}}
	o.shows("/reconciliation/deposits/match?"+pick.Encode(), d.AmazonID, "checked", "Match what is picked")
	differs := o.accountant.post("/reconciliation/deposits/match", pick)
	require.Equal(t, http.StatusUnprocessableEntity, differs.StatusCode)
	require.Contains(t, differs.content(), "differ by")
	pick.Set("line", "2")
	require.Equal(t, "/reconciliation/deposits/matches/3", o.accountant.post("/reconciliation/deposits/match", pick).to())
}

// calculated returns what a workbook's formulas come to.
func (o *office) calculated(path string, cells ...string) (values []string) {
	o.t.Helper()
	answer := o.accountant.send(http.MethodGet, path, "")
	require.Equal(o.t, http.StatusOK, answer.StatusCode, answer.body)
	book, err := excelize.OpenReader(strings.NewReader(answer.body))
	require.NoError(o.t, err)
	defer func() { _ = book.Close() }()
	for _, cell := range cells {
		name, at, _ := strings.Cut(cell, "!")
		value, err := book.CalcCellValue(name, at, excelize.Options{RawCellValue: true})
		require.NoError(o.t, err, cell)
		values = append(values, value)
	}
	return values
}
