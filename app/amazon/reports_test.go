package amazon_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/amazon/spec"
	"tieout/app/fault"
)

func page(next string, ids ...string) string {
	var reports []string
	for _, id := range ids {
		reports = append(reports, fmt.Sprintf(`{"reportId":%q,"reportType":%q,"processingStatus":"DONE","reportDocumentId":"doc-%s",`+
			`"marketplaceIds":["ATVPDKIKX0DER"],"dataStartTime":"2026-11-01T07:00:00.677Z","dataEndTime":"2026-11-15T07:00:00+00:00","createdTime":"2026-11-15T08:00:00Z"}`,
			id, amazon.SettlementReport, id))
	}
	body := `{"reports":[` + strings.Join(reports, ",") + `]`
	if next != "" {
		body += `,"nextToken":"` + next + `"`
	}
	return body + "}"
}

func TestEveryOperationHasTheModelsUsagePlan(t *testing.T) {
	t.Parallel()
	models := spec.Load(t, "reports_2021-06-30.json", "sellers.json", "tokens_2021-03-01.json", "orders_2026-01-01.json", "ordersV0.json", "feeds_2021-06-30.json", "listingsItems_2021-08-01.json",
		"notifications.json", "finances_2024-06-19.json")
	for _, op := range amazon.Operations {
		plan, ok := models.Plan(strings.TrimSuffix(op.Name, "V0")) // both versions have a getOrder
		require.True(t, ok, op.Name)
		require.Equal(t, spec.Plan{Rate: op.Rate, Burst: op.Burst}, plan, op.Name)
	}
}

func TestReportsFollowPageTokensWithNoOtherParameter(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var mu sync.Mutex
	var asked []url.Values
	record := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			asked = append(asked, r.URL.Query())
			mu.Unlock()
			say(200, body)(w, r)
		}
	}
	f.on(pathReports, record(page("token/2+=", "1", "2")), record(page("token3")), record(page("", "3")))

	var got []amazon.Report
	for report, err := range f.client().Reports(t.Context(), amazon.ReportQuery{
		Types: []string{amazon.SettlementReport, "OTHER"}, Statuses: []amazon.ReportStatus{amazon.ReportDone, amazon.ReportFatal},
		MarketplaceIDs: []string{"ATVPDKIKX0DER"}, CreatedSince: begin.AddDate(-1, 0, 0), CreatedUntil: begin,
	}) {
		require.NoError(t, err)
		got = append(got, report)
	}
	require.Len(t, got, 3)
	require.Equal(t, amazon.Report{
		ID: "1", Type: amazon.SettlementReport, Status: amazon.ReportDone, DocumentID: "doc-1", MarketplaceIDs: []string{"ATVPDKIKX0DER"},
		DataStart: time.Date(2026, 11, 1, 7, 0, 0, 677e6, time.UTC), DataEnd: got[0].DataEnd, Created: time.Date(2026, 11, 15, 8, 0, 0, 0, time.UTC),
	}, got[0])
	require.True(t, got[0].DataEnd.Equal(time.Date(2026, 11, 15, 7, 0, 0, 0, time.UTC)))
	require.Equal(t, []url.Values{
		{
			"reportTypes": {amazon.SettlementReport + ",OTHER"}, "processingStatuses": {"DONE,FATAL"}, "marketplaceIds": {"ATVPDKIKX0DER"},
			"pageSize": {"100"}, "createdSince": {"2026-08-25T06:01:00Z"}, "createdUntil": {"2026-11-23T06:00:00Z"},
		},
		{"nextToken": {"token/2+="}},
		{"nextToken": {"token3"}},
	}, asked, "createdSince reaches back 90 days at most")
}

func TestReportsStopWhenTheCallerDoes(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathReports, say(200, page("more", "1", "2")))
	for range f.client().Reports(t.Context(), amazon.ReportQuery{Types: []string{"A"}}) {
		break
	}
	require.Equal(t, 1, f.called(pathReports))
}

func TestReportsEndAfterAnError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		types   []string
		answers []http.HandlerFunc
		code    fault.Code
		reports int
	}{
		"refused":           {[]string{"A"}, []http.HandlerFunc{refuse(400, "InvalidInput")}, fault.Invalid, 0},
		"refused page":      {[]string{"A"}, []http.HandlerFunc{say(200, page("n", "1")), refuse(400, "InvalidInput")}, fault.Invalid, 1},
		"the same page":     {[]string{"A"}, []http.HandlerFunc{say(200, page("n", "1"))}, fault.Unavailable, 2},
		"no type":           {nil, nil, fault.Invalid, 0},
		"eleven types":      {make([]string, 11), nil, fault.Invalid, 0},
		"forbidden":         {[]string{"A"}, []http.HandlerFunc{refuse(403, "Unauthorized")}, fault.Forbidden, 0},
		"unreadable answer": {[]string{"A"}, []http.HandlerFunc{truncatedJSON}, fault.Unavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.on(pathReports, c.answers...)
			var failures []error
			reports := 0
			for _, err := range f.client().Reports(t.Context(), amazon.ReportQuery{Types: c.types}) {
				if err != nil {
					failures = append(failures, err)
				} else {
					reports++
				}
			}
			require.Equal(t, c.reports, reports)
			require.Len(t, failures, 1)
			require.Equal(t, c.code, fault.CodeOf(failures[0]), failures[0])
		})
	}
}

// truncatedJSON breaks off within the answer.
func truncatedJSON(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"reports":[`)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func TestReportAndCreateReport(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathReports+"/a b", say(200, `{"reportId":"a b","reportType":"A","createdTime":"2026-11-15T08:00:00Z","processingStatus":"IN_QUEUE"}`))
	report, err := f.client().Report(t.Context(), "a b")
	require.NoError(t, err)
	require.Equal(t, amazon.Report{ID: "a b", Type: "A", Status: amazon.ReportQueued, Created: time.Date(2026, 11, 15, 8, 0, 0, 0, time.UTC)}, report)

	var sent map[string]any
	f.on(pathReports, func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&sent)
		say(202, `{"reportId":"9"}`)(w, r)
	})
	id, err := f.client().CreateReport(t.Context(), amazon.NewReport{
		Type: "A", MarketplaceIDs: []string{"X"}, DataStart: &begin, Options: map[string]string{"aggregateByLocation": "LOCAL"},
	})
	require.NoError(t, err)
	require.Equal(t, "9", id)
	require.Equal(t, map[string]any{
		"reportType": "A", "marketplaceIds": []any{"X"}, "dataStartTime": "2026-11-23T06:00:00Z",
		"reportOptions": map[string]any{"aggregateByLocation": "LOCAL"},
	}, sent)
}

func TestParticipations(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathParticipations, say(200, oneShop))
	list, err := f.client().Participations(t.Context())
	require.NoError(t, err)
	require.Equal(t, []amazon.Participation{{
		MarketplaceID: "ATVPDKIKX0DER", Country: "US", Currency: "USD", Domain: "www.amazon.com", Store: "BestSellerStore", Active: true,
	}}, list)
}

func TestRestrictedDataToken(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on("/tokens/2021-03-01/restrictedDataToken", say(200, `{"restrictedDataToken":"Atz.sprdt|1","expiresIn":3600}`))
	token, err := f.client().CreateRestrictedDataToken(t.Context(),
		amazon.RestrictedResource{Method: "GET", Path: "/orders/v0/orders", DataElements: []string{"buyerInfo"}},
		amazon.RestrictedResource{Method: "GET", Path: pathDocument})
	require.NoError(t, err)
	require.Equal(t, "Atz.sprdt|1", token.Value.Reveal())
	require.Equal(t, begin.Add(time.Hour), token.Until)

	_, err = f.client().CreateRestrictedDataToken(t.Context())
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	_, err = f.client().CreateRestrictedDataToken(t.Context(), make([]amazon.RestrictedResource, 51)...)
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
}
