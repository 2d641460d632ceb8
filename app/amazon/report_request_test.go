package amazon_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/fault"
)

const returnsReport = "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA"

// wanted is a report of one day in two marketplaces.
func wanted() amazon.NewReport {
	from, until := begin.Add(-24*time.Hour), begin
	return amazon.NewReport{Type: returnsReport, MarketplaceIDs: []string{"ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"}, DataStart: &from, DataEnd: &until}
}

// listed is a report as getReports shows it.
func listed(id, status, start, markets string) string {
	return fmt.Sprintf(`{"reportId":%q,"reportType":%q,"processingStatus":%q,"marketplaceIds":[%s],"dataStartTime":%q,`+
		`"dataEndTime":"2026-11-23T06:00:00+00:00","createdTime":"2026-11-23T06:00:10Z"}`, id, returnsReport, status, markets, start)
}

// listOrCreate answers the list and counts what is created.
func listOrCreate(list string, created *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			created.Add(1)
			say(202, `{"reportId":"new"}`)(w, r)
			return
		}
		say(200, `{"reports":[`+list+`]}`)(w, r)
	}
}

func TestAReportIsAskedForOnce(t *testing.T) {
	t.Parallel()
	const start, both = "2026-11-22T06:00:00Z", `"A2EUQ1WTGCTBG2","ATVPDKIKX0DER"`
	for name, c := range map[string]struct {
		list    string
		id      string
		created int32
	}{
		"nothing there":             {"", "new", 1},
		"queued before a crash":     {listed("7", "IN_QUEUE", start, both), "7", 0},
		"done before a crash":       {listed("7", "DONE", start, both), "7", 0},
		"cancelled is no data":      {listed("7", "CANCELLED", start, both), "7", 0},
		"fractions of a second":     {listed("7", "DONE", "2026-11-22T06:00:00.250Z", both), "7", 0},
		"failed":                    {listed("7", "FATAL", start, both), "new", 1},
		"failed, then asked again":  {listed("7", "FATAL", start, both) + "," + listed("8", "IN_PROGRESS", start, both), "8", 0},
		"it begins earlier":         {listed("7", "DONE", "2026-11-21T06:00:00Z", both), "7", 0},
		"it begins later":           {listed("7", "DONE", "2026-11-22T07:00:00Z", both), "new", 1},
		"it reaches beyond now":     {strings.Replace(listed("7", "DONE", start, both), "T06:00:00+00:00", "T11:00:00+00:00", 1), "new", 1},
		"one marketplace only":      {listed("7", "DONE", start, `"ATVPDKIKX0DER"`), "new", 1},
		"the right one among other": {listed("6", "DONE", start, `"X"`) + "," + listed("7", "DONE", start, both), "7", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			var created atomic.Int32
			f.on(pathReports, listOrCreate(c.list, &created))
			report, err := f.client().RequestedReport(t.Context(), wanted(), time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC))
			require.NoError(t, err)
			require.Equal(t, c.id, report.ID)
			require.Equal(t, c.created, created.Load())
		})
	}
}

func TestAReportThatWasReadIsNotTakenAgain(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var created atomic.Int32
	f.on(pathReports, listOrCreate(listed("7", "DONE", "2026-11-22T06:00:00Z", `"A2EUQ1WTGCTBG2","ATVPDKIKX0DER"`), &created))
	report, err := f.client().RequestedReport(t.Context(), wanted(), time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Equal(t, "new", report.ID)
}

func TestANewRequestIsQueuedWithItsWindow(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathReports, listOrCreate("", new(atomic.Int32)))
	n := wanted()
	report, err := f.client().RequestedReport(t.Context(), n, begin)
	require.NoError(t, err)
	require.Equal(t, amazon.ReportQueued, report.Status)
	require.Equal(t, *n.DataStart, report.DataStart)
	require.Equal(t, *n.DataEnd, report.DataEnd)
	require.False(t, report.Settled())
}

func TestNothingIsCreatedWhenTheListCannotBeRead(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathReports, refuse(403, "Unauthorized"))
	_, err := f.client().RequestedReport(t.Context(), wanted(), begin)
	require.True(t, fault.Is(err, fault.Forbidden))
}

func TestARequestThatCouldNotBeRecognisedIsNotSent(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*amazon.NewReport){
		"no type":        func(n *amazon.NewReport) { n.Type = "" },
		"no marketplace": func(n *amazon.NewReport) { n.MarketplaceIDs = nil },
		"no start":       func(n *amazon.NewReport) { n.DataStart = nil },
		"no end":         func(n *amazon.NewReport) { n.DataEnd = nil },
		"empty window":   func(n *amazon.NewReport) { n.DataEnd = n.DataStart },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			n := wanted()
			spoil(&n)
			_, err := f.client().RequestedReport(t.Context(), n, begin)
			require.True(t, fault.Is(err, fault.Invalid))
			require.Zero(t, f.called(pathReports))
		})
	}
}

func TestAReportIsSettledWhenAmazonDoesNoMore(t *testing.T) {
	t.Parallel()
	for status, settled := range map[amazon.ReportStatus]bool{
		amazon.ReportQueued: false, amazon.ReportRunning: false, "NEW_STATE": false,
		amazon.ReportDone: true, amazon.ReportCancelled: true, amazon.ReportFatal: true,
	} {
		require.Equal(t, settled, amazon.Report{Status: status}.Settled(), status)
	}
	require.True(t, amazon.Report{Status: amazon.ReportCancelled}.Empty())
	require.False(t, amazon.Report{Status: amazon.ReportDone}.Empty())
}
