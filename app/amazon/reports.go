package amazon

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tieout/app/fault"
)

// SettlementReport is the report type of settlements. Amazon makes these
// reports at the end of each settlement period; they are found with Reports and
// cannot be requested.
const SettlementReport = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"

// KeepsReports is how far back Reports reaches.
const KeepsReports = 90 * 24 * time.Hour

// ReportStatus is how far Amazon is with a report; unknown values may come.
type ReportStatus string

// Report states. Cancelled is also how "no data" looks.
const (
	ReportQueued    ReportStatus = "IN_QUEUE"
	ReportRunning   ReportStatus = "IN_PROGRESS"
	ReportDone      ReportStatus = "DONE"
	ReportCancelled ReportStatus = "CANCELLED"
	ReportFatal     ReportStatus = "FATAL"
)

// Report is one report of the seller. Its id is unique only per seller.
type Report struct {
	ID             string       `json:"reportId"`
	Type           string       `json:"reportType"`
	Status         ReportStatus `json:"processingStatus"`
	MarketplaceIDs []string     `json:"marketplaceIds"`
	DocumentID     string       `json:"reportDocumentId"` // "" until done
	ScheduleID     string       `json:"reportScheduleId"`
	DataStart      time.Time    `json:"dataStartTime"` // zero where Amazon says none, as with the times below
	DataEnd        time.Time    `json:"dataEndTime"`
	Created        time.Time    `json:"createdTime"`
	Started        time.Time    `json:"processingStartTime"`
	Ended          time.Time    `json:"processingEndTime"`
}

// ReportQuery selects reports; a zero field does not restrict, but Amazon never
// goes back further than KeepsReports.
type ReportQuery struct {
	Types          []string // 1 to 10
	Statuses       []ReportStatus
	MarketplaceIDs []string // at most 10; not reliable for settlements, which are listed for the whole region
	CreatedSince   time.Time
	CreatedUntil   time.Time
}

// NewReport asks for a report.
type NewReport struct {
	Type           string            `json:"reportType"`
	MarketplaceIDs []string          `json:"marketplaceIds"` // 1 to 25
	DataStart      *time.Time        `json:"dataStartTime,omitempty"`
	DataEnd        *time.Time        `json:"dataEndTime,omitempty"`
	Options        map[string]string `json:"reportOptions,omitempty"`
}

// ReportDocument says where a report's content is.
type ReportDocument struct {
	ID          string `json:"reportDocumentId"`
	URL         string `json:"url"` // opens for whoever has it, for five minutes
	Compression string `json:"compressionAlgorithm"`
}

// String leaves the address out: it is a credential.
func (d ReportDocument) String() string { return "document " + d.ID }

// GoString is String for %#v.
func (d ReportDocument) GoString() string { return d.String() }

const (
	pathReports   = "/reports/2021-06-30/reports"
	pathDocuments = "/reports/2021-06-30/documents"

	reportPage  = "100" // the largest page
	reportTypes = 10    // per call
)

var (
	opGetReports        = Operation{"getReports", 0.0222, 10}
	opGetReport         = Operation{"getReport", 2, 15}
	opCreateReport      = Operation{"createReport", 0.0167, 15}
	opGetReportDocument = Operation{"getReportDocument", 0.0167, 15}
)

// Reports yields the reports that q selects in Amazon's order, asking for the
// next page when it is needed. After an error it ends.
func (c *Client) Reports(ctx context.Context, q ReportQuery) iter.Seq2[Report, error] {
	return func(yield func(Report, error) bool) {
		query, err := c.reportQuery(q)
		for err == nil {
			var page struct {
				Reports []Report
				Next    string `json:"nextToken"`
			}
			if err = c.call(ctx, request{op: opGetReports, method: http.MethodGet, path: pathReports, query: query}, &page); err != nil {
				break
			}
			for _, report := range page.Reports {
				if !yield(report, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			if page.Next == query.Get("nextToken") {
				err = fault.New(fault.Unavailable, "Amazon repeats the same page of reports.")
				break
			}
			query = url.Values{"nextToken": {page.Next}} // Amazon refuses any parameter beside it
		}
		yield(Report{}, err)
	}
}

func (c *Client) reportQuery(q ReportQuery) (url.Values, error) {
	if len(q.Types) == 0 || len(q.Types) > reportTypes {
		return nil, fault.New(fault.Invalid, "Reports are asked for by 1 to %d types, not %d.", reportTypes, len(q.Types))
	}
	query := url.Values{"reportTypes": {strings.Join(q.Types, ",")}, "pageSize": {reportPage}}
	if len(q.Statuses) > 0 {
		var statuses []string
		for _, s := range q.Statuses {
			statuses = append(statuses, string(s))
		}
		query.Set("processingStatuses", strings.Join(statuses, ","))
	}
	if len(q.MarketplaceIDs) > 0 {
		query.Set("marketplaceIds", strings.Join(q.MarketplaceIDs, ","))
	}
	if !q.CreatedSince.IsZero() {
		since := q.CreatedSince
		// A minute inside the limit, because two clocks never agree.
		if oldest := c.cfg.Clock.Now().Add(time.Minute - KeepsReports); since.Before(oldest) {
			since = oldest
		}
		query.Set("createdSince", since.UTC().Format(time.RFC3339))
	}
	if !q.CreatedUntil.IsZero() {
		query.Set("createdUntil", q.CreatedUntil.UTC().Format(time.RFC3339))
	}
	return query, nil
}

// Report returns one report.
func (c *Client) Report(ctx context.Context, id string) (Report, error) {
	var report Report
	err := c.call(ctx, request{op: opGetReport, method: http.MethodGet, path: pathReports + "/" + url.PathEscape(id)}, &report)
	return report, err
}

// CreateReport asks for a report and returns its id. If Amazon's answer is lost
// the request is sent again, so that a second report may come into being.
func (c *Client) CreateReport(ctx context.Context, n NewReport) (id string, err error) {
	var answer struct {
		ID string `json:"reportId"`
	}
	err = c.call(ctx, request{op: opCreateReport, method: http.MethodPost, path: pathReports, body: n}, &answer)
	return answer.ID, err
}

// ReportDocument returns where a report's content is. The rate limit allows one
// call a minute: never ask for a document that is kept already.
func (c *Client) ReportDocument(ctx context.Context, id string) (ReportDocument, error) {
	var document ReportDocument
	err := c.call(ctx, request{op: opGetReportDocument, method: http.MethodGet, path: pathDocuments + "/" + url.PathEscape(id)}, &document)
	if err == nil && document.URL == "" {
		err = fault.New(fault.Unavailable, "Amazon does not say where document %s is.", id)
	}
	return document, err
}
