package web

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/identity"
	"tieout/app/journal"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/views"
)

const (
	entryPageSize     = 50
	entryPageSizeWide = 500       // for who decides about many at once
	waitingForMe      = "waiting" // a tab beside the states
)

// entryStates are the tabs of the queue in their order; the rare ones appear
// when there is something in them.
func entryStates() []journal.Status {
	return []journal.Status{journal.Draft, journal.Submitted, journal.Approved, journal.Posting, journal.Unknown, journal.Posted, journal.Reversed}
}

// entryQueue lists journal entries.
func (s *server) entryQueue(r *request) error {
	filter, state, err := r.entryFilter()
	if err != nil {
		return err
	}
	items, err := s.Entries.List(r.ctx(), filter)
	if err != nil {
		return err
	}
	sums, err := s.entrySums(r, filter)
	if err != nil {
		return err
	}
	periods, err := s.Entries.Periods(r.ctx(), filter.ConnectionID)
	if err != nil {
		return err
	}
	queue := views.EntryQueue{
		Tabs: r.entryTabs(sums, state), Filter: r.entryFilterBar(filter, state, periods), Outcomes: s.takeOutcomes(r.ctx()),
		Totals: r.entryTotals(sums.of(state)), Bulk: r.entryBulk(state),
	}
	queue.Pager.Size = r.entryPageSizes(int(filter.PageSize), len(items))
	if len(items) == int(filter.PageSize) {
		last := items[len(items)-1]
		queue.Pager.Next = r.link("after", nextKey(period.DateOf(last.EntryOn).String(), strconv.FormatInt(last.ID, 10)))
	}
	if filter.AfterOn != nil {
		queue.Pager.First = r.link("after", "")
	}
	for _, item := range items {
		queue.Rows = append(queue.Rows, r.entryRow(item))
	}
	queue.Summary = views.Counted(count(sums.of(state)), "entry", "entries")
	queue.Empty, queue.Export = emptyEntries(state), r.listExport()
	if queue.Chooser, err = s.chooser(r, listEntries); err != nil {
		return err
	}
	page := r.page("Journal entries", views.JournalEntries)
	queue.Without = map[string]bool{views.EntryConnection: oneConnection(page, filter.ConnectionID)}
	return r.show(views.EntryQueueView(page, queue))
}

// entryPageSizes leads to longer pages where one is full, and back.
func (r *request) entryPageSizes(size, shown int) views.Link {
	switch {
	case size == entryPageSizeWide:
		return views.Link{Text: fmt.Sprintf("%d a page", entryPageSize), Href: r.link("rows", "", "after", "")}
	case shown == size:
		return views.Link{Text: fmt.Sprintf("%d a page", entryPageSizeWide), Href: r.link("rows", strconv.Itoa(entryPageSizeWide), "after", "")}
	}
	return views.Link{}
}

// oneConnection reports whether all rows of a list are of the same connection,
// so that it need not be said in each.
func oneConnection(page views.Page, chosen int64) bool {
	return chosen != 0 || len(page.Connections) <= 2 // all of them, and the only one
}

// entryFilter reads what the address asks for.
func (r *request) entryFilter() (journal.Filter, string, error) {
	in := r.query()
	states := []string{"", waitingForMe}
	for _, state := range entryStates() {
		states = append(states, string(state))
	}
	state := in.choice("state", states...)
	filter := journal.Filter{ConnectionID: r.connection(), Search: in.text("q", 60), Period: in.text("period", 7), PageSize: entryPageSize}
	if in.choice("rows", "", strconv.Itoa(entryPageSizeWide)) != "" {
		filter.PageSize = entryPageSizeWide
	}
	switch state {
	case waitingForMe:
		filter.WaitingFor = r.person.ID
	default:
		filter.Status = journal.Status(state)
	}
	if on, id, ok := in.dayKey("after"); ok {
		at := on.Time()
		filter.AfterOn, filter.AfterID = &at, id
	}
	return filter, state, in.err()
}

// entrySummary counts the filtered set, all of it and what waits for the person.
type entrySummary struct{ all, waiting []journal.Sum }

func (s *server) entrySums(r *request, f journal.Filter) (entrySummary, error) {
	f.WaitingFor = 0
	all, err := s.Entries.Sums(r.ctx(), f)
	if err != nil || !r.person.Can(identity.ApproveEntries) {
		return entrySummary{all: all}, err
	}
	f.WaitingFor = r.person.ID
	waiting, err := s.Entries.Sums(r.ctx(), f)
	return entrySummary{all, waiting}, err
}

// of returns the sums of a tab.
func (e entrySummary) of(state string) []journal.Sum {
	switch state {
	case "":
		return e.all
	case waitingForMe:
		return e.waiting
	}
	var sums []journal.Sum
	for _, sum := range e.all {
		if sum.Status == state {
			sums = append(sums, sum)
		}
	}
	return sums
}

func count(sums []journal.Sum) int {
	entries := 0
	for _, sum := range sums {
		entries += int(sum.Entries)
	}
	return entries
}

func (r *request) entryTabs(sums entrySummary, current string) []views.Tab {
	tab := func(state, label string) views.Tab {
		return views.Tab{Label: label, Count: views.Count(count(sums.of(state))), Current: state == current, Href: r.link("state", state, "after", "")}
	}
	tabs := []views.Tab{tab("", "All")}
	if r.person.Can(identity.ApproveEntries) {
		tabs = append(tabs, tab(waitingForMe, "Waiting for me"))
	}
	for _, state := range entryStates() {
		rare := state == journal.Approved || state == journal.Posting || state == journal.Unknown || state == journal.Reversed
		if rare && string(state) != current && count(sums.of(string(state))) == 0 {
			continue
		}
		tabs = append(tabs, tab(string(state), entryPill(string(state)).Text))
	}
	return tabs
}

func (r *request) entryFilterBar(f journal.Filter, state string, periods []string) views.Filter {
	options := []views.Option{{Label: "Any"}}
	for _, key := range periods {
		options = append(options, views.Option{Value: key, Label: key})
	}
	var keep []views.Hidden
	if state != "" {
		keep = append(keep, views.Hidden{Name: "state", Value: state})
	}
	if f.ConnectionID != 0 {
		keep = append(keep, views.Hidden{Name: "connection", Value: strconv.FormatInt(f.ConnectionID, 10)})
	}
	bar := views.EntryFilter("/entries", map[string]string{"q": f.Search, "period": f.Period}, options, keep)
	if f.Search != "" || f.Period != "" {
		bar.Clear = r.link("q", "", "period", "", "after", "")
	}
	return bar
}

// entryTotals adds up per currency; currencies never add to each other.
func (r *request) entryTotals(sums []journal.Sum) []views.EntryTotal {
	type total struct {
		entries         int
		debits, cleared decimal.Decimal
	}
	totals, order := map[string]*total{}, []string{}
	for _, sum := range sums {
		t := totals[sum.Currency]
		if t == nil {
			t = &total{}
			totals[sum.Currency] = t
			order = append(order, sum.Currency)
		}
		t.entries += int(sum.Entries)
		t.debits, t.cleared = t.debits.Add(sum.Total), t.cleared.Add(sum.Clearing)
	}
	var rows []views.EntryTotal
	for _, currency := range order {
		t := totals[currency]
		rows = append(rows, views.EntryTotal{
			Label: views.Counted(t.entries, "entry", "entries") + " in " + currency,
			Total: r.format().Value(t.debits, money.Currency(currency)), Clearing: r.format().Value(t.cleared, money.Currency(currency)),
		})
	}
	return rows
}

// entryBulk are the actions on selected rows that make sense on a tab.
func (r *request) entryBulk(state string) []views.Button {
	var buttons []views.Button
	if r.person.Can(identity.PrepareEntries) && (state == "" || state == string(journal.Draft)) {
		buttons = append(buttons, views.Button{Label: "Submit", Icon: "send", Look: views.Primary, Action: "/entries/submit"})
	}
	if r.person.Can(identity.ApproveEntries) && (state == "" || state == string(journal.Submitted) || state == waitingForMe) {
		buttons = append(buttons, views.Button{Label: "Approve", Icon: "stamp", Look: views.Primary, Action: "/entries/approve",
			Confirm: "Approve the selected entries? They are posted to Prophet 21 at once."})
	}
	if len(buttons) == 2 {
		buttons[1].Look = views.Ordinary
	}
	return buttons
}

// entryOrigin is the settlement of an entry, or what it is about.
func entryOrigin(e journal.Item) views.Link {
	if e.SettlementID == 0 {
		return views.Link{Text: strings.TrimSpace(journal.EntryType(e.EntryType).Title() + " " + e.Subject)}
	}
	return views.Link{Text: e.AmazonID, Href: fmt.Sprintf("/settlements/%d", e.SettlementID)}
}

func (r *request) entryRow(e journal.Item) views.EntryRow {
	currency := money.Currency(e.Currency)
	row := views.EntryRow{
		Reference:  views.Link{Text: e.Reference, Href: fmt.Sprintf("/entries/%d", e.ID)},
		Reversal:   e.EntryType == "reversal",
		Settlement: entryOrigin(e),
		Connection: e.ConnectionName,
		Period:     periodKey(e.FiscalYear, e.Period),
		Date:       r.format().Day(period.DateOf(e.EntryOn)),
		Total:      r.format().Value(e.Total, currency),
		Clearing:   r.format().Value(e.Clearing, currency),
		Status:     entryPill(e.Status),
		Submitted:  e.SubmittedName,
		Number:     e.P21Number,
	}
	switch status := journal.Status(e.Status); {
	case status == journal.Draft && r.person.Can(identity.PrepareEntries), status == journal.Submitted && r.person.Can(identity.ApproveEntries):
		row.Value = entryMark(e)
	case status == journal.Unknown:
		row.State = views.Wrong
	}
	if e.Reason != "" && e.EntryType != "reversal" && e.Status == string(journal.Draft) {
		row.Note, row.State = "Sent back: "+e.Reason, views.Waiting
	}
	return row
}

// entryMark names an entry as the person saw it: id, row version, content hash.
func entryMark(e journal.Item) string {
	return fmt.Sprintf("%d.%d.%s", e.ID, e.RowVersion, hex.EncodeToString(e.ContentHash))
}

func periodKey(year, number int32) string { return fmt.Sprintf("%04d-%02d", year, number) }

// entryPill is a state as people read it.
func entryPill(status string) views.Pill {
	switch journal.Status(status) {
	case journal.Draft:
		return views.Pill{Text: "Draft"}
	case journal.Submitted:
		return views.Pill{State: views.Waiting, Text: "Submitted", Hint: "Waits for approval"}
	case journal.Approved:
		return views.Pill{State: views.Info, Text: "Approved", Hint: "Posting begins"}
	case journal.Posting:
		return views.Pill{State: views.Info, Text: "Posting", Icon: "loader", Hint: "On its way to Prophet 21"}
	case journal.Posted:
		return views.Pill{State: views.Done, Text: "Posted"}
	case journal.Unknown:
		return views.Pill{State: views.Wrong, Text: "Unknown", Icon: "circle-help", Hint: "Whether Prophet 21 holds it cannot be known"}
	case journal.Reversed:
		return views.Pill{Text: "Reversed", Icon: "undo-2"}
	case journal.Discarded:
		return views.Pill{Text: "Discarded", Icon: "circle-slash"}
	}
	return views.Pill{Text: status}
}

func emptyEntries(state string) views.Empty {
	if state == waitingForMe {
		return views.Empty{Icon: "circle-check", Title: "Nothing waits for you", Text: "Entries that somebody else submitted and that you may approve appear here.",
			Action: views.Link{Text: "All entries", Href: "/entries"}}
	}
	return views.Empty{}
}
