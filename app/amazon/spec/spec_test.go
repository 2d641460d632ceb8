package spec_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon/spec"
)

const reports = "reports_2021-06-30.json"

func request(t *testing.T, method, target, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("x-amz-access-token", "Atza|1")
	r.Header.Set("x-amz-date", "20261123T060000Z")
	r.Header.Set("User-Agent", "Tieout/1 (Language=Go/1.26)")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func TestEveryModelLoadsAndStatesUsagePlans(t *testing.T) {
	t.Parallel()
	s := spec.Load(t, reports, "sellers.json", "tokens_2021-03-01.json", "orders_2026-01-01.json", "finances_2024-06-19.json",
		"notifications.json", "feeds_2021-06-30.json", "fbaInventory.json", "fulfillmentOutbound_2026-07-04.json")
	p, ok := s.Plan("getReportDocument")
	require.True(t, ok)
	require.Equal(t, spec.Plan{Rate: 0.0167, Burst: 15}, p)
	p, ok = s.Plan("searchOrders")
	require.True(t, ok)
	require.Equal(t, spec.Plan{Rate: 0.0056, Burst: 20}, p)
	_, ok = s.Plan("noSuchOperation")
	require.False(t, ok)
}

func TestRequestsAreHeldAgainstTheModel(t *testing.T) {
	t.Parallel()
	s := spec.Load(t, reports)
	const list = "/reports/2021-06-30/reports"
	for _, c := range []struct {
		name, method, target, body, wrong string
		change                            func(*http.Request)
	}{
		{name: "list", method: "GET", target: list + "?reportTypes=A,B&pageSize=100&createdSince=2026-11-01T00:00:00Z"},
		{name: "create", method: "POST", target: list, body: `{"reportType":"A","marketplaceIds":["X"]}`},
		{name: "page too large", method: "GET", target: list + "?pageSize=101", wrong: "pageSize"},
		{name: "too many types", method: "GET", target: list + "?reportTypes=1,2,3,4,5,6,7,8,9,10,11", wrong: "reportTypes"},
		{name: "not a time", method: "GET", target: list + "?createdSince=2026-11-01", wrong: "createdSince"},
		{name: "unknown parameter", method: "GET", target: list + "?reportType=A", wrong: "reportType"},
		{name: "missing field", method: "POST", target: list, body: `{"reportType":"A"}`, wrong: "marketplaceIds"},
		{name: "unknown field", method: "POST", target: list, body: `{"reportType":"A","marketplaceIds":["X"],"reportTypo":"A"}`, wrong: "reportTypo"},
		{name: "no body", method: "POST", target: list, wrong: "required"},
		{name: "no token", method: "GET", target: list, wrong: "x-amz-access-token", change: func(r *http.Request) { r.Header.Del("x-amz-access-token") }},
		{name: "no date", method: "GET", target: list, wrong: "x-amz-date", change: func(r *http.Request) { r.Header.Set("x-amz-date", "today") }},
		{name: "agent", method: "GET", target: list, wrong: "Language", change: func(r *http.Request) { r.Header.Set("User-Agent", "Go-http-client/1.1") }},
		{name: "long agent", method: "GET", target: list, wrong: "500", change: func(r *http.Request) {
			r.Header.Set("User-Agent", strings.Repeat("x", 490)+"/1 (Language=Go)")
		}},
		{name: "other path", method: "GET", target: "/orders/v0/orders", wrong: spec.ErrUnknownPath.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := request(t, c.method, c.target, c.body)
			if c.change != nil {
				c.change(r)
			}
			err := s.ValidateRequest(r)
			if c.wrong != "" {
				require.ErrorContains(t, err, c.wrong)
				return
			}
			require.NoError(t, err)
			left, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.Equal(t, c.body, string(left), "the body can still be read")
		})
	}
}

func TestAnswersAreHeldAgainstTheModel(t *testing.T) {
	t.Parallel()
	s := spec.Load(t, reports)
	const good = `{"reports":[{"reportId":"1","reportType":"A","createdTime":"2026-11-01T00:00:00Z","processingStatus":"DONE"}]}`
	for _, c := range []struct {
		name, body, wrong string
		status            int
	}{
		{"good", good, "", 200},
		{"error", `{"errors":[{"code":"QuotaExceeded","message":"m","details":""}]}`, "", 429},
		{"status not in the enum", strings.ReplaceAll(good, "DONE", "READY"), "processingStatus", 200},
		{"time without zone", strings.ReplaceAll(good, "00Z", "00"), "createdTime", 200},
		{"unknown field", strings.ReplaceAll(good, "reportId", "reportID"), "reportID", 200},
		{"empty", `{}`, "reports", 200},
		{"error without a code", `{"errors":[{"message":"m"}]}`, "code", 400},
		{"status the model does not have", `{}`, "status", 418},
		{"not JSON", `<html>`, "decode", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{"Content-Type": {"application/json"}, "X-Amzn-Requestid": {"r-1"}}
			r := request(t, "GET", "/reports/2021-06-30/reports", "")
			err := s.ValidateResponse(r, c.status, header, []byte(c.body))
			if c.wrong == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.wrong)
			}
			header.Del("X-Amzn-Requestid")
			require.ErrorContains(t, s.ValidateResponse(r, c.status, header, []byte(c.body)), "x-amzn-RequestId")
		})
	}
}

// failures records what Check reports.
type failures struct {
	testing.TB
	found []string
}

func (f *failures) Errorf(format string, args ...any) {
	f.found = append(f.found, fmt.Sprintf(format, args...))
}

func TestCheckPassesExchangesOnAndReportsDifferences(t *testing.T) {
	t.Parallel()
	s := spec.Load(t, reports)
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("x-amzn-RequestId", "r-1")
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.Copy(w, r.Body)
	})
	seen := &failures{TB: t}
	checked := s.Check(seen, server, "/auth/")

	answer := httptest.NewRecorder()
	checked.ServeHTTP(answer, request(t, "POST", "/auth/o2/token", "anything"))
	require.Empty(t, seen.found, "an excepted path is not checked")

	answer = httptest.NewRecorder()
	body := `{"reportType":"A","marketplaceIds":["X"]}`
	checked.ServeHTTP(answer, request(t, "POST", "/reports/2021-06-30/reports", body))
	require.True(t, bytes.Equal([]byte(body), answer.Body.Bytes()), "the answer reaches the caller")
	require.Len(t, seen.found, 1, "the answer is not a CreateReportResponse")
	require.Contains(t, seen.found[0], "reportId")

	answer = httptest.NewRecorder()
	checked.ServeHTTP(answer, request(t, "GET", "/none", ""))
	require.Equal(t, http.StatusNotFound, answer.Code)
	require.Len(t, seen.found, 2)
}
