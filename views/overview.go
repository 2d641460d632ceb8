package views

import "github.com/a-h/templ"

// OverviewPage says what waits, what is wrong and what blocks the next close.
type OverviewPage struct {
	Figures    []Figure       // money waiting, at most four
	Close      Close          // the next close
	Entries    []StateCount   // journal entries by state
	Exceptions []CauseCount   // open exceptions by cause, the most money first
	Flows      []FlowHealth   // one per flow and connection
	Held       []UnsettledSum // in no settlement yet, by day of release
	Reserves   []ReserveHeld  // one per connection and currency
	Trends     []Trend        // sales, fees % of sales, refunds %
	Start      *Empty         // shown instead of all else before the first settlement
}

// Close is the next period to be closed with what stands in its way. The
// checks are computed, nobody ticks them.
type Close struct {
	Period     string // "2026-11"; "" while there is none
	Connection string
	Href       string
	Checks     []Check
}

func (c Close) title() string {
	if c.Period == "" {
		return "Next close"
	}
	return "Close of " + c.Period + ", " + c.Connection
}

// Blocked counts the checks that do not pass yet.
func (c Close) Blocked() int {
	blocked := 0
	for _, check := range c.Checks {
		if check.State != Done {
			blocked++
		}
	}
	return blocked
}

// StateCount is how many entries stand in one state.
type StateCount struct {
	Status Pill
	Count  string
	Oldest string // "3 d"; "" where age does not matter
	Amount Amount
	Href   string
}

// CauseCount is how many exceptions one cause has.
type CauseCount struct {
	Cause  string
	Count  string
	Oldest string
	Amount []Amount // at stake, one per currency
	Href   string
	State  State
}

// FlowHealth is how one flow is doing.
type FlowHealth struct {
	Name       string
	Connection string
	Status     Pill
	Success    When   // last success
	Lag        string // "2 min"
	Throughput string // "1,204 lines in 24 h"
	Href       string
}

// ReserveHeld is what Amazon keeps back for one connection in one currency.
type ReserveHeld struct {
	Connection string
	Held       Amount
	Tie        Tie    // opening + held - released = closing
	Release    string // "expected 28 Nov"
	Href       string
}

func (o OverviewPage) entryTable() Table {
	table := Table{
		ID: "entries", Caption: "Journal entries by state", Inside: true,
		Columns: []Column{{Label: "State"}, {Label: "Entries", Kind: Number}, {Label: "Oldest", Kind: Number}, {Label: "Amount", Kind: Number}},
		Empty:   Empty{Icon: "book-open-text", Title: "No journal entry yet", Text: "Entries are drafted as soon as a settlement ties out and every kind has an account."},
	}
	for _, e := range o.Entries {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{
			PillLink(e.Status, e.Href), Text(e.Count), Soft(e.Oldest), Money(e.Amount),
		}})
	}
	return table
}

func (o OverviewPage) exceptionTable() Table {
	table := Table{
		ID: "exceptions", Caption: "Open exceptions by cause", Inside: true,
		Columns: []Column{{Label: "Cause", Kind: Wrap}, {Label: "Open", Kind: Number}, {Label: "Oldest", Kind: Number}, {Label: "Amount", Kind: Number}},
		Empty:   Empty{Icon: "circle-check", Title: "No open exception", Text: "Whatever a person must decide will stand here, the most money first."},
	}
	for _, c := range o.Exceptions {
		table.Rows = append(table.Rows, Row{State: c.State, Cells: []templ.Component{
			RowLink(Link{Text: c.Cause, Href: c.Href}), Text(c.Count), Soft(c.Oldest), Amounts(c.Amount),
		}})
	}
	return table
}

func (o OverviewPage) flowTable() Table {
	table := Table{
		ID: "flows", Caption: "Flows", Inside: true,
		Columns: []Column{{Label: "Flow", Kind: Wrap}, {Label: "Status", Kind: Tight}, {Label: "Last success", Kind: Tight}, {Label: "Lag", Kind: Number}, {Label: "Throughput", Kind: Number}},
		Empty:   Empty{Icon: "plug", Title: "No flow runs yet", Text: "Flows begin when a connection to Amazon and Prophet 21 is active.", Action: Link{Text: "Connections", Href: "/admin/connections"}},
	}
	for _, f := range o.Flows {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{
			Stacked(RowLink(Link{Text: f.Name, Href: f.Href}), f.Connection), StatusPill(f.Status), Moment(f.Success), Soft(f.Lag), Soft(f.Throughput),
		}})
	}
	return table
}

func (o OverviewPage) reserveTable() Table {
	table := Table{
		ID: "reserves", Caption: "Reserve held by Amazon", Inside: true,
		Columns: []Column{{Label: "Connection", Kind: Wrap}, {Label: "Release", Kind: Tight}, {Label: "Chain", Kind: Tight}, {Label: "Held", Kind: Number}},
		Empty:   Empty{Icon: "lock", Title: "Amazon holds no reserve"},
	}
	for _, r := range o.Reserves {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{
			RowLink(Link{Text: r.Connection, Href: r.Href}), Soft(r.Release), TieOut(r.Tie), Money(r.Held),
		}})
	}
	return table
}
