package p21_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/p21"
	"tieout/app/p21/adapter"
	"tieout/app/period"
)

func TestDifferenceNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	differences := map[string]struct {
		change func(*p21.Posted)
		words  string
	}{
		"company":         {func(h *p21.Posted) { h.Company = "ACMEUK" }, "the company is ACMEUK, not ACME"},
		"reference":       {func(h *p21.Posted) { h.Reference = "AMZ-2" }, "the reference is AMZ-2, not AMZ-1"},
		"period":          {func(h *p21.Posted) { h.Period = 12 }, "the period is 2026-12, not 2026-11"},
		"date":            {func(h *p21.Posted) { h.Date.Day = 21 }, "the date is 2026-11-21, not 2026-11-20"},
		"journal":         {func(h *p21.Posted) { h.JournalID = "GJ" }, "the journal is GJ, not AZ"},
		"currency":        {func(h *p21.Posted) { h.Currency = "CAD" }, "the currency is CAD, not USD"},
		"dropped line":    {func(h *p21.Posted) { h.Lines = h.Lines[1:] }, "the number of lines is 2, not 3"},
		"amount":          {func(h *p21.Posted) { h.Lines[2].Credit = d("999.99") }, "the sum of credits is 999.99, not 1000.00"},
		"account":         {func(h *p21.Posted) { h.Lines[1].Account = "6120-000" }, "line 2 (6110-000, debit 187.56, credit 0.00) is not there"},
		"functional":      {func(h *p21.Posted) { h.Lines[1].FunctionalDebit = d("187.55") }, "line 2 (6110-000, debit 187.56, credit 0.00) is not there"},
		"branch":          {func(h *p21.Posted) { h.Lines[0].Branch = "02" }, "line 1"},
		"swapped amounts": {func(h *p21.Posted) { h.Lines[0].Debit, h.Lines[1].Debit = h.Lines[1].Debit, h.Lines[0].Debit }, "line 1"},
	}
	for label, c := range differences {
		held := p21.Posted{Journal: entry("AMZ-1"), Number: "1"}
		c.change(&held)
		require.Contains(t, p21.Difference(entry("AMZ-1"), held), c.words, label)
	}
}

func TestDifferenceLeavesAloneWhatP21MayChange(t *testing.T) {
	t.Parallel()
	held := p21.Posted{Journal: entry("AMZ-1"), Number: "1", FunctionalUnknown: true}
	held.Lines[0], held.Lines[2] = held.Lines[2], held.Lines[0]
	for i := range held.Lines {
		held.Lines[i].Number, held.Lines[i].Description = 7, ""
		held.Lines[i].FunctionalDebit, held.Lines[i].FunctionalCredit = d("0"), d("0")
	}
	held.Description, held.ExchangeRate, held.JournalID, held.Currency = "", d("1.1"), "", ""
	require.Empty(t, p21.Difference(entry("AMZ-1"), held))
}

func TestTwoEqualLinesNeedTwo(t *testing.T) {
	t.Parallel()
	intended, held := entry("AMZ-1"), p21.Posted{Journal: entry("AMZ-1")}
	intended.Lines = append(intended.Lines, intended.Lines[0], intended.Lines[2])
	held.Lines = append(held.Lines, held.Lines[0], held.Lines[2])
	require.Empty(t, p21.Difference(intended, held))
	held.Lines[3].Account = "6120-000"
	require.Contains(t, p21.Difference(intended, held), "line 1 (1210-000")
}

func TestErrorsSpeakToPeopleAndToLogs(t *testing.T) {
	t.Parallel()
	for kind, want := range map[p21.Type]struct {
		code  fault.Code
		words string
	}{
		p21.Validation:   {fault.Invalid, "P21 refused: no good: Lines[0] is odd."},
		p21.Business:     {fault.Invalid, "P21 refused: no good: Lines[0] is odd."},
		p21.Unbalanced:   {fault.Invalid, "P21 refused"},
		p21.NotFound:     {fault.NotFound, "P21 refused"},
		p21.PeriodClosed: {fault.Conflict, "P21 refused"},
		p21.Duplicate:    {fault.Conflict, "P21 refused"},
		p21.Conflict:     {fault.Conflict, "P21 refused"},
		p21.Unauthorized: {fault.Unavailable, "does not accept this connection's user or key"},
		p21.RateLimited:  {fault.Unavailable, "asks us to wait"},
		p21.Unavailable:  {fault.Unavailable, "cannot be reached now"},
		p21.Malformed:    {fault.Unavailable, "cannot be relied on"},
	} {
		err := fmt.Errorf("post: %w", &p21.Error{
			Operation: "post journal", Status: 500, Type: kind, Message: "no good.", Cause: io.EOF,
			Fields: []p21.FieldError{{Field: "Lines[0]", Message: "is odd"}},
		})
		require.Equal(t, want.code, fault.CodeOf(err), kind)
		require.Contains(t, fault.MessageOf(err), want.words, kind)
		require.NotContains(t, fault.MessageOf(err), "EOF", kind)
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, "post: post journal: no good ("+string(kind)+", HTTP 500): Lines[0] is odd: EOF", err.Error())
	}
}

func TestAnErrorFromElsewhereIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	require.Equal(t, p21.Unknown, p21.OutcomeOf(errors.New("out of memory")))
	require.Equal(t, "unknown", p21.Unknown.String())
	require.Equal(t, "refused", p21.Refused.String())
	require.Equal(t, "not sent", p21.NotSent.String())
	require.Empty(t, p21.TypeOf(io.EOF))
}

// careless is a server that signs everybody in and answers reads with rows.
func careless(t *testing.T, name string, rows func(skip int) string) p21.Ledger {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/security/") {
			_, _ = io.WriteString(w, `{"AccessToken":"t","ExpiresInSeconds":86400}`)
			return
		}
		skip, _ := strconv.Atoi(r.URL.Query().Get("$skip"))
		_, _ = io.WriteString(w, rows(skip))
	}))
	t.Cleanup(server.Close)
	ledger, err := adapter.Open(name, p21.Config{URL: server.URL + "/", Company: "ACME", FunctionalCurrency: "USD", Username: "u", Password: "p", Attempts: 1})
	require.NoError(t, err)
	return ledger
}

func TestSeedV2DistrustsServersThatIgnoreTheQuery(t *testing.T) {
	t.Parallel()
	account := `{"CompanyId":"ACME","GLAccount":"1","Active":true}`
	for label, c := range map[string]struct{ rows, words string }{
		"filter ignored": {`{"value":[{"CompanyId":"OTHER","GLAccount":"1"}]}`, "ignores $filter"},
		"top ignored":    {`{"value":[` + strings.Repeat(account+",", 200) + account + `]}`, "ignores $top"},
		"count differs":  {`{"@odata.count":2,"value":[` + account + `]}`, "counts 2 rows and sent 1"},
		"endless":        {`{"value":[` + strings.Repeat(account+",", 199) + account + `]}`, "more than 200000 rows"},
	} {
		_, err := careless(t, p21.SeedV2, func(int) string { return c.rows }).Accounts(t.Context())
		require.Equal(t, p21.Malformed, p21.TypeOf(err), label)
		require.Contains(t, err.Error(), c.words, label)
	}
}

func TestNativeChecksEveryRowAgain(t *testing.T) {
	t.Parallel()
	gl := func(company, source string, n int) string {
		return fmt.Sprintf(`{"gl_uid":%d,"company_no":"%s","source":"%s","account_number":"1210-000","period":11.0,"year_for_period":2026,"journal_id":"AZ",
			"amount":%d,"foreign_amount":0,"transaction_date":"2026-11-20T00:00:00","transaction_number":%d,"date_created":"2026-11-20T10:00:00.123"}`, n, company, source, 3-2*n, 7)
	}
	ignored := careless(t, p21.Native, func(int) string {
		return `{"value":[` + strings.Join([]string{gl("ACME", "AMZ-10", 1), gl("OTHER", "AMZ-1", 2), gl("ACME    ", "AMZ-1 ", 1), gl("ACME", "AMZ-1", 2)}, ",") + `]}`
	})
	found, err := ignored.FindJournal(t.Context(), "AMZ-1")
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Len(t, found[0].Lines, 2, "rows of other companies and references are dropped")
	require.Equal(t, "7", found[0].Number)
	require.Equal(t, time.Date(2026, 11, 20, 10, 0, 0, 123e6, time.UTC), found[0].PostedAt)

	account := `{"company_no":"ACME","account_no":"1"}`
	whole := careless(t, p21.Native, func(int) string { return `{"value":[` + strings.Repeat(account+",", 1000) + account + `]}` })
	_, err = whole.Accounts(t.Context())
	require.ErrorContains(t, err, "ignores $top")
}

func TestNativeReadsPagesUntilAShortOne(t *testing.T) {
	t.Parallel()
	pages := 0
	ledger := careless(t, p21.Native, func(skip int) string {
		pages++
		var rows []string
		for i := range map[int]int{0: 1000, 1000: 1000, 2000: 3}[skip] {
			rows = append(rows, fmt.Sprintf(`{"company_no":"ACME","account_no":"%d","account_definition_cd":0,"delete_flag":"N"}`, skip+i))
		}
		return `{"value":[` + strings.Join(rows, ",") + `]}`
	})
	accounts, err := ledger.Accounts(t.Context())
	require.NoError(t, err)
	require.Len(t, accounts, 2003)
	require.Equal(t, "2002", accounts[2002].Number)
	require.False(t, accounts[0].Control)
	require.Equal(t, 3, pages)
}

func TestNativeReadsTimesInTheServersZone(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/api/security/"):
			_, _ = io.WriteString(w, ` <TokenResponse xmlns="urn:x"><AccessToken>t</AccessToken></TokenResponse>`)
		case strings.Contains(r.URL.Path, "currency_hdr"):
			w.WriteHeader(http.StatusForbidden)
		default:
			_, _ = io.WriteString(w, `[{"CompanyNo":"ACME","AccountNumber":"1","Period":11,"YearForPeriod":2026,"JournalId":"AZ","Amount":1.10,"ForeignAmount":1.10,"CurrencyId":2,
				"Source":"AMZ-1","TransactionDate":"2026-11-20T00:00:00","TransactionNumber":3,"DateCreated":"2026-11-20T10:00:00"},
				{"CompanyNo":"ACME","AccountNumber":"2","Period":11,"YearForPeriod":2026,"JournalId":"AZ","Amount":-1.1,"ForeignAmount":-11E-1,"CurrencyId":2,
				"Source":"AMZ-1","TransactionDate":"2026-11-20T00:00:00","TransactionNumber":3}]`)
		}
	}))
	t.Cleanup(server.Close)
	zone := time.FixedZone("CST", -6*3600)
	ledger, err := adapter.Open(p21.Native, p21.Config{URL: server.URL, Company: "ACME", FunctionalCurrency: "USD", ClientSecret: "s", Zone: zone})
	require.NoError(t, err)
	held, err := ledger.ReadJournal(t.Context(), "3")
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC), held.PostedAt)
	require.Equal(t, period.Date{Year: 2026, Month: 11, Day: 20}, held.Date)
	require.Empty(t, held.Currency, "a currency that this user may not read is not guessed")
	require.True(t, d("1.1").Equal(held.Lines[1].Credit))
}

func TestAServerWithoutFunctionalAmountsIsRecognised(t *testing.T) {
	t.Parallel()
	ledger := careless(t, p21.SeedV2, func(int) string {
		return `{"JournalEntryNumber":42,"CompanyId":"ACME","ExternalReference":"AMZ-1","JournalId":"AZ","TransactionDate":"2026-11-20","Period":11,"FiscalYear":2026,
			"CurrencyCode":"USD","ExchangeRate":1,"Lines":[{"LineNumber":1,"GLAccount":"1210-000","Debit":812.44,"Credit":0},
			{"LineNumber":2,"GLAccount":"6110-000","Debit":187.56,"Credit":0},{"LineNumber":3,"GLAccount":"4110-000","Debit":0,"Credit":1000.0000}]}`
	})
	held, err := ledger.ReadJournal(t.Context(), "42")
	require.NoError(t, err)
	require.True(t, held.FunctionalUnknown)
	require.Empty(t, p21.Difference(entry("AMZ-1"), held))
	_, err = ledger.ReadJournal(t.Context(), "43")
	require.Equal(t, p21.Malformed, p21.TypeOf(err), "an answer about another journal is not taken")
}
