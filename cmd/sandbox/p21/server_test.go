package p21_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/clock"
	"tieout/app/mapping"
	"tieout/cmd/sandbox/misbehave"
	"tieout/cmd/sandbox/p21"
)

// caller is somebody who is signed in to a stand-in over a socket.
type caller struct {
	server *p21.Server
	url    string
	token  string
}

func start(t *testing.T, cfg p21.Config) *caller {
	t.Helper()
	if cfg.Clock == nil {
		cfg.Clock = clock.NewFixed(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	}
	server, err := p21.New(cfg)
	require.NoError(t, err)
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	t.Cleanup(func() { _ = server.Close() })
	c := &caller{server: server, url: listening.URL}
	status, body := c.do(t, "POST", "/api/security/token/v2", fmt.Sprintf(`{"username":%q,"password":%q}`, p21.DemoUser, p21.DemoPassword))
	require.Equal(t, 200, status, body)
	var granted struct{ AccessToken string }
	require.NoError(t, json.Unmarshal([]byte(body), &granted))
	c.token = granted.AccessToken
	return c
}

func (c *caller) do(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(method, c.url+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+c.token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(answer)
}

// rows reads an OData answer.
func (c *caller) rows(t *testing.T, path string, query ...string) []map[string]any {
	t.Helper()
	status, body := c.do(t, "GET", path+"?"+values(query), "")
	require.Equal(t, 200, status, body)
	var answer struct {
		Value []map[string]any `json:"value"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	return answer.Value
}

func values(pairs []string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

func glLines(source, account string, period int, amounts ...string) string {
	lines := make([]string, len(amounts))
	for i, amount := range amounts {
		lines[i] = fmt.Sprintf(`{"CompanyNo":"ACME","AccountNumber":%q,"Period":%d,"YearForPeriod":2026,"JournalId":"AZ","Amount":%s,"ForeignAmount":%s,
			"Description":"x","Source":%q,"TransactionDate":"2026-11-20T00:00:00"}`, account, period, amount, amount, source)
	}
	return "[" + strings.Join(lines, ",") + "]"
}

func facadeEntry(reference, account, debit, credit string, period int) string {
	return fmt.Sprintf(`{"CompanyId":"ACME","ExternalReference":%q,"JournalId":"AZ","TransactionDate":"2026-11-20","Period":%d,"FiscalYear":2026,"CurrencyCode":"USD","ExchangeRate":1,
		"Lines":[{"LineNumber":1,"GLAccount":"1210-000","Debit":%s,"Credit":0},{"LineNumber":2,"GLAccount":%q,"Debit":0,"Credit":%s}]}`, reference, period, debit, account, credit)
}

func TestChartSuitsTheShippedTemplate(t *testing.T) {
	t.Parallel()
	chart := p21.ChartOfAccounts()
	require.GreaterOrEqual(t, len(chart), 60)
	accounts := map[string]p21.Account{}
	for i, a := range chart {
		require.NotContains(t, accounts, a.Number)
		accounts[a.Number] = a
		if i > 0 {
			require.Less(t, chart[i-1].Number, a.Number, "by number")
		}
	}
	picks := p21.Picks()
	for _, slot := range mapping.AllSlots() {
		number := picks[slot.Name]
		if slot.Optional() { // may stand on the account of the slot that it is like
			number = mapping.FillPicks(picks)[slot.Name]
		}
		account, exists := accounts[number]
		require.True(t, exists, "no account is made for %s", slot.Name)
		require.Empty(t, account.Control, slot.Name)
		require.False(t, account.Closed, slot.Name)
	}
	for _, category := range mapping.Categories() {
		if category.Slot != mapping.SlotNone {
			require.Contains(t, picks, category.Slot)
		}
	}
}

func TestEveryRequestNeedsAToken(t *testing.T) {
	t.Parallel()
	c := start(t, p21.Config{})
	for _, path := range []string{"/api/v2/GLAccounts", "/odataservice/odata/table/gl", "/api/accounting/gl/1"} {
		stranger := &caller{url: c.url, token: "made-up"}
		status, body := stranger.do(t, "GET", path, "")
		require.Equal(t, 401, status, path)
		require.Contains(t, body, "Authorization has been denied")
	}
	status, body := c.do(t, "POST", "/api/security/token/v2", `{"username":"tieout","password":"guess"}`)
	require.Equal(t, 401, status)
	require.Contains(t, body, "ErrorMessage")
	status, _ = c.do(t, "POST", "/api/security/token/v2", `nonsense`)
	require.Equal(t, 400, status)
}

func TestTokensEnd(t *testing.T) {
	t.Parallel()
	now := clock.NewFixed(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	c := start(t, p21.Config{Clock: now, TokenLife: time.Hour})
	now.Advance(59 * time.Minute)
	status, _ := c.do(t, "GET", "/api/accounting/gl/1", "")
	require.Equal(t, 200, status)
	now.Advance(time.Minute)
	status, _ = c.do(t, "GET", "/api/accounting/gl/1", "")
	require.Equal(t, 401, status)
}

func TestNativePostsAsOftenAsItIsAsked(t *testing.T) {
	t.Parallel()
	c := start(t, p21.Config{})
	for range 2 {
		status, body := c.do(t, "POST", "/api/accounting/gl/", glLines("AMZ-1", "1210-000", 11, "0.01", "-0.01"))
		require.Equal(t, 200, status, body)
		require.Contains(t, body, `"Approved":true`)
		require.Contains(t, body, `"SourceTypeCd":3495`)
	}
	require.Len(t, c.server.ByReference("ACME", "AMZ-1"), 2)
}

func TestNativeRefusalsAreServerErrors(t *testing.T) {
	t.Parallel()
	c := start(t, p21.Config{})
	require.NoError(t, c.server.ClosePeriod("ACME", 2026, 5, true))
	for words, lines := range map[string]string{
		"Records do not balance":     glLines("AMZ-1", "1210-000", 11, "0.01"),
		"is closed":                  glLines("AMZ-1", "1210-000", 5, "1", "-1"),
		"does not exist":             glLines("AMZ-1", "1210-000", 14, "1", "-1"),
		"Account number 9 is not":    glLines("AMZ-1", "9", 11, "1", "-1"),
		"are required":               glLines("", "1210-000", 11, "1", "-1"),
		"Company OTHER":              strings.ReplaceAll(glLines("AMZ-1", "1210-000", 11, "1", "-1"), "ACME", "OTHER"),
		"same company and period":    strings.Replace(glLines("AMZ-1", "1210-000", 11, "1", "-1"), `"Period":11`, `"Period":10`, 1),
		"Transaction date":           strings.ReplaceAll(glLines("AMZ-1", "1210-000", 11, "1", "-1"), "2026-11-20T", "soon"),
		"Currency ID 99":             strings.ReplaceAll(glLines("AMZ-1", "1210-000", 11, "1", "-1"), `"Source"`, `"CurrencyId":99,"Source"`),
		"needs an exchange rate":     strings.ReplaceAll(glLines("AMZ-1", "1210-000", 11, "1", "-1"), `"Source"`, `"CurrencyId":2,"ExchangeRateManualEntry":0,"Source"`),
		"The request is invalid":     `{}`,
		"not valid for company ACME": glLines("AMZ-1", "4900-000", 11, "1", "-1"),
	} {
		status, body := c.do(t, "POST", "/api/accounting/gl/", lines)
		if words == "The request is invalid" {
			require.Equal(t, 400, status)
			continue
		}
		require.Equal(t, 500, status, words)
		var envelope struct{ ErrorMessage, ErrorType string }
		require.NoError(t, json.Unmarshal([]byte(body), &envelope))
		require.Contains(t, envelope.ErrorMessage, words)
		require.Equal(t, "P21.Business.Common.BusinessException", envelope.ErrorType)
	}
	require.Empty(t, c.server.Journals(""))
}

func TestNativeHabitsOfReading(t *testing.T) {
	t.Parallel()
	c := start(t, p21.Config{})
	c.do(t, "POST", "/api/accounting/gl/", glLines("AMZ-1", "1210-000", 11, "0.01", "-0.01"))

	status, body := c.do(t, "GET", "/api/accounting/gl/424242", "")
	require.Equal(t, 200, status)
	require.JSONEq(t, `[]`, body, "an unknown number is an empty array")
	status, body = c.do(t, "GET", "/api/accounting/gl/?$top=1", "")
	require.Equal(t, 200, status)
	var all []map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &all))
	require.Len(t, all, 17, "three opening entries of five lines and ours: $top is ignored")
	status, _ = c.do(t, "GET", "/api/accounting/gl/abc", "")
	require.Equal(t, 400, status)
	status, body = c.do(t, "GET", "/api/accounting/gl/ping", "")
	require.Equal(t, 200, status)
	require.Contains(t, body, "success")

	gl := "/odataservice/odata/table/gl"
	require.Len(t, c.rows(t, gl, "$filter", "source eq 'AMZ-1'"), 2)
	require.Len(t, c.rows(t, gl, "$filter", "source in ('AMZ-1','AMZ-2')"), 17, "in is accepted and ignored")
	require.Len(t, c.rows(t, gl, "$filter", "source eq 'amz-1' and amount gt 0"), 1, "texts compare without regard to case")
	require.Len(t, c.rows(t, gl, "$filter", "(source eq 'AMZ-1' or company_no eq 'ACMEUK') and period ne 11"), 5)
	require.Len(t, c.rows(t, gl, "$filter", "transaction_date ge 2026-01-01T00:00:00"), 2)
	require.Len(t, c.rows(t, gl, "$filter", "source eq 'O''Hara'"), 0)
	page := c.rows(t, gl, "$orderby", "gl_uid desc", "$top", "2", "$skip", "1", "$select", "gl_uid,amount")
	require.Equal(t, []map[string]any{{"gl_uid": 16.0, "amount": 0.01}, {"gl_uid": 15.0, "amount": page[1]["amount"]}}, page)

	for _, query := range []string{"$filter=nonsense eq 1", "$filter=amount gt foreign_amount", "$filter=date_created gt now()", "$select=nonsense", "$orderby=nonsense"} {
		status, body = c.do(t, "GET", gl+"?"+strings.ReplaceAll(query, " ", "%20"), "")
		require.Equal(t, 404, status, "%s: %s", query, body)
	}
	for _, query := range []string{"$top=x", "$skip=-1", "$filter=(source eq 'a'", "$filter=source like 'a'", "$filter=source eq 'a' 'b'", "$filter=source in ('a'"} {
		status, _ = c.do(t, "GET", gl+"?"+strings.ReplaceAll(query, " ", "%20"), "")
		require.Equal(t, 400, status, query)
	}
	for _, path := range []string{"/odataservice/odata/table/p21_view_gl", "/odataservice/odata/view/gl", "/odataservice/odata/table/nonsense"} {
		status, _ = c.do(t, "GET", path, "")
		require.Equal(t, 404, status, path)
	}
	require.Len(t, c.rows(t, "/odataservice/odata/table/periods", "$filter", "company_no eq 'ACME' and adjustment_period_flag eq 'Y'"), 4)
	require.Len(t, c.rows(t, "/odataservice/odata/table/journal", "$filter", "journal_id eq 'AZ'"), 1)
	require.Len(t, c.rows(t, "/odataservice/odata/table/company"), 3)
	require.NotEmpty(t, c.rows(t, "/odataservice/odata/table/currency_hdr", "$filter", "currency_desc eq 'GBP'"))
}

func TestFacadeAnswersAsItsContractSays(t *testing.T) {
	t.Parallel()
	c := start(t, p21.Config{})
	const entries = "/api/v2/JournalEntries"
	status, body := c.do(t, "POST", entries, facadeEntry("AMZ-1", "4110-000", "812.44", "812.44", 11))
	require.Equal(t, 201, status, body)
	require.Contains(t, body, `"JournalEntryNumber":"100001"`)
	require.Contains(t, body, `"Debit":812.44`)

	require.NoError(t, c.server.ClosePeriod("ACME", 2026, 5, true))
	for label, r := range map[string]struct {
		body   string
		status int
		words  []string
	}{
		"duplicate":  {facadeEntry("AMZ-1", "4110-000", "1", "1", 11), 409, []string{`"ErrorType":"Duplicate"`, `"ExistingKey":"100001"`}},
		"closed":     {facadeEntry("AMZ-2", "4110-000", "1", "1", 5), 422, []string{`"ErrorType":"PeriodClosed"`}},
		"unbalanced": {facadeEntry("AMZ-2", "4110-000", "1", "2", 11), 422, []string{`"ErrorType":"Unbalanced"`}},
		"account":    {facadeEntry("AMZ-2", "9", "1", "1", 11), 422, []string{`"ErrorType":"Validation"`, `"Code":"UnknownAccount"`, `"Field":"Lines[1].GLAccount"`}},
		"negative":   {facadeEntry("AMZ-2", "4110-000", "-1", "-1", 11), 422, []string{`"ErrorType":"Validation"`}},
		"date":       {strings.Replace(facadeEntry("AMZ-2", "4110-000", "1", "1", 11), "2026-11-20", "20.11.2026", 1), 422, []string{`"Field":"TransactionDate"`}},
		"json":       {`{`, 400, []string{`"ErrorType":"Validation"`}},
	} {
		status, body = c.do(t, "POST", entries, r.body)
		require.Equal(t, r.status, status, label)
		for _, words := range r.words {
			require.Contains(t, body, words, label)
		}
	}
	require.Len(t, c.server.Journals("ACME"), 1)

	status, body = c.do(t, "GET", entries+"/4711", "")
	require.Equal(t, 404, status)
	require.Contains(t, body, `"ErrorType":"NotFound"`)
	require.Len(t, c.rows(t, entries, "$filter", "ExternalReference eq 'AMZ-1'"), 1)
	require.Len(t, c.rows(t, entries, "$filter", "JournalEntryNumber eq '100001'"), 1)
	status, _ = c.do(t, "GET", entries+"?$top=1001", "")
	require.Equal(t, 400, status)
	status, _ = c.do(t, "GET", entries+"?$filter=Nonsense%20eq%201", "")
	require.Equal(t, 400, status)
	status, _ = c.do(t, "GET", "/api/v2/PurchaseOrders", "")
	require.Equal(t, 404, status)

	writeOnly := start(t, p21.Config{NoJournalRead: true})
	status, _ = writeOnly.do(t, "GET", entries, "")
	require.Equal(t, 405, status)
}

func TestBothSurfacesShareTheBooks(t *testing.T) {
	t.Parallel()
	c := start(t, p21.Config{})
	c.do(t, "POST", "/api/accounting/gl/", glLines("AMZ-1", "1210-000", 11, "2.50", "-2.50"))
	status, body := c.do(t, "POST", "/api/v2/JournalEntries", facadeEntry("AMZ-1", "4110-000", "1", "1", 11))
	require.Equal(t, 409, status, body)
	c.do(t, "POST", "/api/v2/JournalEntries", facadeEntry("AMZ-2", "4110-000", "1", "1", 11))
	require.Len(t, c.rows(t, "/odataservice/odata/table/gl", "$filter", "source eq 'AMZ-2'"), 2)

	sum := decimal.Zero
	balances := map[string]string{}
	for _, b := range c.server.TrialBalance("ACME") {
		sum = sum.Add(b.Balance)
		balances[b.Account] = b.Balance.String()
	}
	require.True(t, sum.IsZero())
	require.Equal(t, "-1", balances["4110-000"])
	require.Equal(t, "1", balances[p21.Clearing])
}

func TestOldPeriodsAreClosed(t *testing.T) {
	t.Parallel()
	server, err := p21.New(p21.Config{Clock: clock.NewFixed(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)), OpenMonths: 3})
	require.NoError(t, err)
	var open []string
	for _, p := range server.Periods("ACME") {
		if !p.Closed && p.FiscalYear == 2026 {
			open = append(open, p.Key())
		}
	}
	require.Equal(t, []string{"2026-08", "2026-09", "2026-10", "2026-11", "2026-12"}, open)
	require.Error(t, server.ClosePeriod("ACME", 2026, 13, true))
	require.Error(t, server.ClosePeriod("NOBODY", 2026, 1, true))
}

func TestBooksOutliveARestart(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "p21")
	before := start(t, p21.Config{Directory: directory, Seed: 5})
	before.do(t, "POST", "/api/v2/JournalEntries", facadeEntry("AMZ-1", "4110-000", "1.10", "1.10", 11))
	before.do(t, "POST", "/api/accounting/gl/", glLines("AMZ-2", "1210-000", 11, "2", "-2"))
	require.NoError(t, before.server.ClosePeriod("ACME", 2026, 10, true))
	require.NoError(t, before.server.Close())

	// A crash in the middle of a write leaves half a line.
	path := filepath.Join(directory, "p21.jsonl")
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = file.WriteString(`{"journal":{"number":1000`)
	require.NoError(t, err)
	require.NoError(t, file.Close())

	after := start(t, p21.Config{Directory: directory, Seed: 5})
	want, err := json.Marshal(before.server.Journals(""))
	require.NoError(t, err)
	got, err := json.Marshal(after.server.Journals(""))
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got))
	require.Equal(t, before.server.Periods("ACME"), after.server.Periods("ACME"))
	for i, balance := range before.server.TrialBalance("ACME") {
		require.True(t, balance.Balance.Equal(after.server.TrialBalance("ACME")[i].Balance), balance.Account)
	}
	status, body := after.do(t, "POST", "/api/v2/JournalEntries", facadeEntry("AMZ-3", "4110-000", "1", "1", 11))
	require.Equal(t, 201, status)
	require.Contains(t, body, `"JournalEntryNumber":"100003"`)
	require.NoError(t, after.server.Close())

	again := start(t, p21.Config{Directory: directory, Seed: 5})
	require.Len(t, again.server.Journals("ACME"), 3)

	require.NoError(t, os.WriteFile(path, []byte("rubbish\n"), 0o600))
	_, err = p21.New(p21.Config{Directory: directory})
	require.ErrorContains(t, err, "at byte 0")
}

func TestControl(t *testing.T) {
	t.Parallel()
	c := start(t, p21.Config{Faults: misbehave.New(1)})
	c.do(t, "POST", "/api/v2/JournalEntries", facadeEntry("AMZ-1", "4110-000", "1", "1", 11))
	for path, want := range map[string]int{
		"/control/p21/journals": 1, "/control/p21/journals?company=ACME": 1, "/control/p21/journals?company=ACMEUK": 0,
		"/control/p21/journals?company=ACME&reference=AMZ-1": 1, "/control/p21/journals?company=ACME&reference=AMZ-2": 0,
		"/control/p21/trial-balance?company=ACME": 7, "/control/p21/periods?company=ACME": 48, "/control/p21/periods?company=X": 0,
	} {
		status, body := c.do(t, "GET", path, "")
		require.Equal(t, 200, status)
		var list []map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &list), path)
		require.Len(t, list, want, path)
	}
	status, _ := c.do(t, "POST", "/control/p21/periods", `{"company":"ACME","fiscalYear":2026,"period":11,"closed":true}`)
	require.Equal(t, 204, status)
	status, body := c.do(t, "POST", "/api/v2/JournalEntries", facadeEntry("AMZ-2", "4110-000", "1", "1", 11))
	require.Equal(t, 422, status, body)
	status, _ = c.do(t, "POST", "/control/p21/periods", `{"company":"ACME","fiscalYear":1999,"period":11}`)
	require.Equal(t, 400, status)

	status, _ = c.do(t, "POST", "/control/p21/token", `{"xml":true,"expire":true}`)
	require.Equal(t, 204, status)
	status, _ = c.do(t, "GET", "/api/v2/GLAccounts", "")
	require.Equal(t, 401, status)
	_, body = c.do(t, "POST", "/api/security/token/v2", fmt.Sprintf(`{"ClientSecret":%q,"GrantType":"client_credentials"}`, p21.DemoClientSecret))
	require.Contains(t, body, "<ExpiresIn>86400</ExpiresIn>")

	status, _ = c.do(t, "POST", "/control/faults", `{"side":"p21","operation":"accounts","kind":"status","status":503,"count":1}`)
	require.Equal(t, 201, status)
	status, body = c.do(t, "GET", "/api/v2/GLAccounts", "")
	require.Equal(t, 503, status)
	require.Contains(t, body, "<html>", "a web server in front of P21 knows no envelope")
}
