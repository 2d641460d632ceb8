package inventory

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tieout/app/amazon"
	"tieout/app/fault"
	"tieout/app/flow"
)

// report is what Amazon says of the messages of a feed.
// Source: listings feed processing report schema, version 2.
type report struct {
	Issues  []issue
	failed  string // the feed as a whole
	pending bool   // Amazon works on it
	until   time.Time
}

type issue struct {
	MessageID int
	Code      string
	Severity  string
	Message   string
}

// refused says why Amazon did nothing of a message; "" when it did.
func (r report) refused(number int) string {
	if r.failed != "" {
		return r.failed
	}
	var words []string
	for _, i := range r.Issues {
		if i.MessageID == number && i.Severity == "ERROR" {
			words = append(words, fmt.Sprintf("%s (%s)", strings.TrimSuffix(i.Message, "."), i.Code))
		}
	}
	return strings.Join(words, "; ")
}

// remembered is how long a feed's report is kept for the records of the feed.
const remembered = 10 * time.Minute

// reportOf returns the report of a feed, asked for once for all of its messages;
// *flow.Pause while Amazon works on it.
func (f *Flow) reportOf(ctx context.Context, client *amazon.Client, connectionID int64, feed string) (report, error) {
	key := fmt.Sprintf("%d/%s", connectionID, feed)
	f.asking.Lock() // hundreds of records ask about the same feed
	defer f.asking.Unlock()
	now := f.clock.Now()
	f.mu.Lock()
	for known, r := range f.reports {
		if now.After(r.until) {
			delete(f.reports, known)
		}
	}
	r, ok := f.reports[key]
	f.mu.Unlock()
	if ok && r.pending {
		return r, working()
	}
	if ok {
		return r, nil
	}
	r, err := readReport(ctx, client, feed)
	if err != nil {
		return r, err
	}
	r.until = now.Add(remembered)
	if r.pending {
		r.until = now.Add(looks / 2)
	}
	f.mu.Lock()
	f.reports[key] = r
	f.mu.Unlock()
	if r.pending {
		return r, working()
	}
	return r, nil
}

func working() error {
	return &flow.Pause{Words: "Amazon has the feed and works on it.", Least: looks}
}

func readReport(ctx context.Context, client *amazon.Client, id string) (report, error) {
	feed, err := client.Feed(ctx, id)
	switch {
	case err != nil:
		return report{}, fmt.Errorf("read feed %s: %w", id, err)
	case !feed.Settled():
		return report{pending: true}, nil
	case feed.Status != amazon.ReportDone:
		return report{failed: "Amazon gave the feed up: " + strings.ToLower(string(feed.Status)) + "."}, nil
	case feed.Result == "":
		return report{}, nil
	}
	raw, err := client.FeedReport(ctx, feed)
	if err != nil {
		return report{}, fmt.Errorf("read report of feed %s: %w", id, err)
	}
	var r report
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fault.Wrap(err, fault.Unavailable, "The report of Amazon's feed %s cannot be read: %v.", id, err)
	}
	return r, nil
}
