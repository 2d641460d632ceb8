package amazon_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	client "tieout/app/amazon"
)

func TestEveryListedSettlementIsDownloadedAndTiesOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, key := range []string{"us", "uk", "eu"} {
		c, settlements := w.client(key), map[string]int{}
		list := w.reports(c)
		for _, r := range list {
			require.Equal(t, client.ReportDone, r.Status)
			require.WithinRange(t, r.Created, begin.Add(-client.KeepsReports), w.clock.Now())
			again, err := c.Report(t.Context(), r.ID)
			require.NoError(t, err)
			require.Equal(t, r, again)
			d := w.describe(c, r.DocumentID)
			require.Empty(t, d.Problems)
			require.Len(t, d.Settlements, 1)
			require.Equal(t, "0.00", d.Settlements[0].Difference)
			settlements[d.Settlements[0].ID]++
		}
		require.GreaterOrEqual(t, len(settlements), 5, "90 days of two weeks each")
		for id, times := range settlements {
			require.Len(t, w.books[key].Account().Markets, times, "settlement %s is listed for each marketplace", id)
		}
	}
	for _, u := range w.Usage() {
		require.Zero(t, u.Refused, "%s: the client stays within the rate", u.Operation)
		require.LessOrEqual(t, u.Peak, u.Burst, u.Operation)
	}
}

func TestAReportIsListedSomeMinutesAfterItsCycleAndFor90Days(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	us := w.books["us"].Account()
	c, n := w.client("us"), us.Finished(begin)
	listed := func(at time.Time) bool {
		w.clock.Advance(at.Sub(w.clock.Now()))
		for _, r := range w.reports(c) {
			if r.DataEnd.Equal(us.End(n)) {
				require.Equal(t, us.Start(n), r.DataStart)
				return true
			}
		}
		return false
	}
	require.False(t, listed(us.End(n).Add(time.Minute)))
	require.True(t, listed(us.End(n).Add(10*time.Minute)))
	require.True(t, listed(us.End(n).Add(89*24*time.Hour)))
	require.False(t, listed(us.End(n).Add(91*24*time.Hour)))
}

func TestPagesFollowOneAnotherAndTolerateNoParameterBesideTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wait := func() { w.clock.Advance(2 * time.Minute) } // for the bucket
	query, seen := "reportTypes="+client.SettlementReport+"&pageSize=4", map[string]bool{}
	token, before := w.token("eu"), len(w.reports(w.client("eu")))
	for pages := 0; ; pages++ {
		wait()
		status, answer := w.get("/reports/2021-06-30/reports?"+query, token)
		require.Equal(t, http.StatusOK, status)
		for _, r := range answer.Reports {
			require.False(t, seen[r.ID], "report %s twice", r.ID)
			seen[r.ID] = true
		}
		if answer.NextToken == "" {
			require.Greater(t, pages, 3)
			break
		}
		require.Len(t, answer.Reports, 4)
		query = url.Values{"nextToken": {answer.NextToken}}.Encode()
		status, answer = w.get("/reports/2021-06-30/reports?pageSize=4&"+query, token)
		require.Equal(t, http.StatusBadRequest, status)
		require.Contains(t, answer.Errors[0].Message, "NextToken cannot be specified with other input parameters")
	}
	require.Len(t, seen, before)
	require.Greater(t, len(w.reports(w.client("eu"))), before, "one came meanwhile and did not get between the pages")
	status, _ := w.get("/reports/2021-06-30/reports?nextToken=made-up", token)
	require.Equal(t, http.StatusBadRequest, status)
}

func TestReportsAreFiltered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("eu")
	count := func(q client.ReportQuery) (n int) {
		for _, err := range c.Reports(t.Context(), q) {
			require.NoError(t, err)
			n++
		}
		return n
	}
	settlements := []string{client.SettlementReport}
	all := count(client.ReportQuery{Types: settlements})
	require.Equal(t, all, count(client.ReportQuery{Types: settlements, Statuses: []client.ReportStatus{client.ReportDone}}))
	require.Zero(t, count(client.ReportQuery{Types: settlements, Statuses: []client.ReportStatus{client.ReportCancelled}}))
	require.Zero(t, count(client.ReportQuery{Types: []string{"GET_LEDGER_SUMMARY_VIEW_DATA"}}))
	require.Equal(t, all/3, count(client.ReportQuery{Types: settlements, MarketplaceIDs: []string{"A1PA6795UKMFR9"}}))
	recent := count(client.ReportQuery{Types: settlements, CreatedSince: begin.Add(-30 * 24 * time.Hour)})
	require.Less(t, recent, all)
	require.Equal(t, all-recent, count(client.ReportQuery{Types: settlements, CreatedUntil: begin.Add(-30 * 24 * time.Hour)}))
}

func TestSettlementsCannotBeRequestedAndOtherReportsHaveNoData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("us")
	_, err := c.CreateReport(t.Context(), client.NewReport{Type: client.SettlementReport, MarketplaceIDs: []string{"ATVPDKIKX0DER"}})
	refused := asError(t, err)
	require.Equal(t, http.StatusBadRequest, refused.Status)
	require.Equal(t, "InvalidInput", refused.Code)
	require.Contains(t, refused.Message, "Request for report type 1118 is not allowed at this time")

	id, err := c.CreateReport(t.Context(), client.NewReport{Type: "GET_LEDGER_SUMMARY_VIEW_DATA", MarketplaceIDs: []string{"ATVPDKIKX0DER"}})
	require.NoError(t, err)
	r, err := c.Report(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, client.ReportCancelled, r.Status)
}

func TestUnknownThingsAndOtherSellersThingsAreNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("us")
	theirs := w.reports(w.client("eu"))[2] // ids are unique per seller only: this one is of a third marketplace
	_, err := c.Report(t.Context(), theirs.ID)
	require.True(t, asError(t, err).NotFound())
	_, err = c.ReportDocument(t.Context(), theirs.DocumentID)
	require.True(t, asError(t, err).NotFound())
}
