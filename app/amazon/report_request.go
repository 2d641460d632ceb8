package amazon

import (
	"context"
	"slices"
	"strings"
	"time"

	"tieout/app/fault"
)

// RequestedReport asks for the report n, unless it was asked for since the given
// moment: then it returns that one, however far Amazon is with it, so that a
// program that stopped in between, or lost an answer, does not ask twice. Call
// it again until the report is Settled. A report that failed (ReportFatal) is
// asked for anew, at once: who calls decides how often. The window must be the
// same at every call, so take it from whole days, not from the time of the call.
//
// Reports are recognised by type, window and marketplaces, because Amazon keeps
// no name for them and does not show their options: two reports that differ in
// options alone need windows of their own.
func (c *Client) RequestedReport(ctx context.Context, n NewReport, since time.Time) (Report, error) {
	if err := n.check(); err != nil {
		return Report{}, err
	}
	for report, err := range c.Reports(ctx, ReportQuery{Types: []string{n.Type}, CreatedSince: since}) {
		if err != nil {
			return Report{}, err
		}
		if report.Status != ReportFatal && n.asksFor(report) {
			return report, nil
		}
	}
	id, err := c.CreateReport(ctx, n)
	if err != nil {
		return Report{}, err
	}
	return Report{
		ID: id, Type: n.Type, Status: ReportQueued, MarketplaceIDs: n.MarketplaceIDs,
		DataStart: *n.DataStart, DataEnd: *n.DataEnd, Created: c.cfg.Clock.Now(),
	}, nil
}

// Settled says that Amazon does no more to the report.
func (r Report) Settled() bool {
	return r.Status == ReportDone || r.Status == ReportCancelled || r.Status == ReportFatal
}

// Empty says that Amazon has nothing for the window: it cancels such a report,
// without saying why, and may put an explanation in a document.
func (r Report) Empty() bool { return r.Status == ReportCancelled }

// check refuses what could not be recognised later.
func (n NewReport) check() error {
	switch {
	case n.Type == "":
		return fault.New(fault.Invalid, "A report is asked for by its type.")
	case len(n.MarketplaceIDs) == 0:
		return fault.New(fault.Invalid, "A report is asked for by its marketplaces.")
	case n.DataStart == nil || n.DataEnd == nil || !n.DataStart.Before(*n.DataEnd):
		return fault.New(fault.Invalid, "A report is asked for with a window of time.")
	}
	return nil
}

// asksFor says whether r is the answer to n. Fractions of a second may get lost
// on the way; marketplaces have no order.
func (n NewReport) asksFor(r Report) bool {
	return strings.EqualFold(n.Type, r.Type) &&
		sameSecond(*n.DataStart, r.DataStart) && sameSecond(*n.DataEnd, r.DataEnd) &&
		slices.Equal(slices.Sorted(slices.Values(n.MarketplaceIDs)), slices.Sorted(slices.Values(r.MarketplaceIDs)))
}

func sameSecond(a, b time.Time) bool { return a.Unix() == b.Unix() }
