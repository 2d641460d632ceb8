package amazon

import (
	"context"
	"slices"
	"strings"
	"time"

	"tieout/app/fault"
)

// RequestedReport returns a report of what n asks for that reaches beyond read,
// up to which such reports were read before; the zero time: none was. One that
// was asked for before is taken, however far Amazon is with it, so that a
// program that stopped in between, or lost an answer, does not ask twice; else n
// is asked for. Call it again until the report is Settled, and go on from its
// DataEnd. A report that failed (ReportFatal) is asked for anew, at once: who
// calls decides how often.
//
// Reports are recognised by type, window and marketplaces, because Amazon keeps
// no name for them and does not show their options.
func (c *Client) RequestedReport(ctx context.Context, n NewReport, read time.Time) (Report, error) {
	if err := n.check(); err != nil {
		return Report{}, err
	}
	since := read
	if since.IsZero() {
		since = *n.DataStart
	}
	var best *Report
	for report, err := range c.Reports(ctx, ReportQuery{Types: []string{n.Type}, CreatedSince: since}) {
		if err != nil {
			return Report{}, err
		}
		if n.answeredBy(report, read) && (best == nil || report.further(*best)) {
			best = &report
		}
	}
	if best != nil {
		return *best, nil
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

// answeredBy says whether r tells what n asks for, and more than was read.
// Fractions of a second may get lost on the way; marketplaces have no order. One
// that reaches further than n was asked for under a clock that was wrong: it
// tells nothing of what came after it was made.
func (n NewReport) answeredBy(r Report, read time.Time) bool {
	return r.Status != ReportFatal && strings.EqualFold(n.Type, r.Type) && r.DataStart.Unix() <= n.DataStart.Unix() && r.DataEnd.Unix() > read.Unix() &&
		!r.DataEnd.After(n.DataEnd.Add(clocksDiffer)) && slices.Equal(slices.Sorted(slices.Values(n.MarketplaceIDs)), slices.Sorted(slices.Values(r.MarketplaceIDs)))
}

// clocksDiffer is by how much the clocks of two machines may differ.
const clocksDiffer = time.Minute

// further says that r is the better answer: one that is there, then one that
// reaches further.
func (r Report) further(than Report) bool {
	if r.Settled() != than.Settled() {
		return r.Settled()
	}
	return r.DataEnd.After(than.DataEnd)
}
