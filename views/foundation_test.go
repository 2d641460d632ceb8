package views_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
	. "tieout/views" //nolint:revive // stories read as pages do
)

var now = time.Date(2026, 11, 23, 9, 41, 5, 0, time.UTC)

var shown = Format{Zone: time.FixedZone("CET", 3600)}

func usd(text string) Amount { return shown.Value(decimal.RequireFromString(text), "USD") }

func in(text string, currency money.Currency) Amount {
	return shown.Value(decimal.RequireFromString(text), currency)
}

func day(text string) period.Date {
	d, err := period.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

const (
	longName = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH & Co. KG"
	rtlName  = "שרה כהן־אברהמי"
	huge     = "-123456789012345.6789"
)

// frame is a page for stories.
func frame(title string, section Section, crumbs ...Link) Page {
	return Page{
		Title: title, Section: section, Crumbs: crumbs, Path: "/story",
		Person:      Person{Name: "Ada Nyström", Email: "ada@contoso.example", Roles: "Accountant, approver"},
		Environment: Sandbox,
		Connections: []Choice{{Label: "All connections", Href: "?"}, {Label: "Contoso US", Note: "USD", Href: "?connection=1", Current: true}, {Label: "Contoso EU", Note: "EUR, GBP, SEK", Href: "?connection=2"}},
		Periods:     []Choice{{Label: "November 2026", Href: "?period=2026-11", Note: "open", Current: true}, {Label: "October 2026", Href: "?period=2026-10", Note: "closed"}},
		Carry:       "connection=1",
		Badges:      map[Section]int{JournalEntries: 4, Exceptions: 1203, Settlements: 2},
		Theme:       System,
	}
}

// wrap shows components inside a page.
func wrap(p Page, parts ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return Layout(p).Render(templ.WithChildren(ctx, templ.Join(parts...)), w)
	})
}

// with gives a component its children.
func with(outer templ.Component, inner ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return outer.Render(templ.WithChildren(ctx, templ.Join(inner...)), w)
	})
}

func sampleTable(n int) Table {
	table := Table{
		Caption: "Settlements",
		Summary: Counted(n, "settlement", "settlements"),
		Columns: []Column{
			{Key: "settlement", Label: "Settlement", Sort: "?sort=id", Sorted: Descending},
			{Key: "connection", Label: "Connection", Kind: Clip},
			{Key: "cycle", Label: "Cycle", Kind: Tight},
			{Key: "status", Label: "Status", Kind: Tight},
			{Key: "deposit", Label: "Deposit", Kind: Number, Sort: "?sort=deposit"},
		},
		Empty:   Empty{Icon: "receipt-text", Title: "No settlement yet", Text: "Amazon makes one every two weeks; they arrive by themselves. Older ones can be uploaded.", Action: Link{Text: "Upload reports", Href: "/settlements/upload"}},
		Export:  []Choice{{Label: "Excel", Href: "/x.xlsx"}, {Label: "CSV", Href: "/x.csv", Note: "UTF-8"}},
		Chooser: &Chooser{Action: "/settlements", Keep: []Hidden{{Name: "connection", Value: "1"}}},
		Bulk:    &Bulk{Return: "/settlements", Actions: []Button{{Label: "Approve", Icon: "check", Look: Primary, Action: "/approve", Confirm: "Approve the selected entries?"}, {Label: "Reject…", Look: Danger, Action: "/reject"}}},
	}
	if n > 3 {
		table.Pager = Pager{First: "/?", Previous: "/?before=1", Next: "/?after=9"}
	}
	states := []Pill{{State: Waiting, Text: "Unmapped kinds"}, {State: Done, Text: "Posted"}, {State: Wrong, Text: "Out of balance"}, {State: Info, Text: "Submitted"}, {Text: "Draft"}}
	names := []string{"Contoso US", longName, rtlName}
	for i := range n {
		amount := usd(fmt.Sprintf("%d.%02d", i*7919-20000, i%100))
		state := Neutral
		if i%5 == 2 {
			state = Wrong
		}
		id := fmt.Sprint(15900000001 + i)
		table.Rows = append(table.Rows, Row{
			ID: id, Name: "settlement " + id, State: state, Plain: amount.Plain, Currency: "USD", Muted: i%5 == 4,
			Cells: []templ.Component{
				PanelLink(Link{Text: id, Href: "/story/table-one"}), Text(names[i%3]), Text(shown.Cycle(day("2026-11-01"), day("2026-11-14"))),
				StatusPill(states[i%5]), Money(amount.Linked("/lines", "its lines")),
			},
		})
	}
	if n > 1 {
		table.Foot = []Row{{Cells: []templ.Component{Text("Total of everything filtered"), nil, nil, nil, Money(usd("1234567.89"))}}}
	}
	return table
}

func sampleFilter() Filter {
	return Filter{
		Action: "/settlements", Clear: "/settlements",
		Keep: []Hidden{{Name: "connection", Value: "1"}},
		Fields: []Field{
			{Name: "q", Label: "Search", Type: "search", Place: "Settlement id", Width: "wide"},
			{Name: "status", Label: "Status", Options: []Option{{Label: "Any"}, {Value: "open", Label: "Open", Current: true}, {Value: "posted", Label: "Posted"}}},
			{Name: "from", Label: "From", Type: "date", Value: "2026-11-01"},
			{Name: "to", Label: "To", Type: "date"},
		},
		More: []Field{{Name: "currency", Label: "Currency", Options: []Option{{Label: "Any"}, {Value: "USD", Label: "USD"}}}},
	}
}

func foundationStories() []story {
	banner := frame("Settlements", Settlements)
	banner.Banner = &Alert{State: Wrong, Title: "Prophet 21 has not answered since 09:12.", Text: "Posting waits and goes on by itself.", Action: Link{Text: "See jobs", Href: "/admin/jobs"}}
	banner.Flash = &Alert{State: Done, Title: "Entry 2026-11-0007 submitted.", Text: "Two approvers were told."}
	banner.Environment = Production
	long := frame(longName+" "+strings.Repeat("very ", 12)+"long", Administration, Link{Text: "Administration", Href: "/admin"}, Link{Text: longName, Href: "/admin"})
	long.Person = Person{Name: rtlName, Email: "sarah@example.org", Roles: "Approver"}
	long.Section = Rates
	return []story{
		{"table-many", wrap(frame("Settlements", Settlements), FilterBar(sampleFilter()), DataTable(sampleTable(40)))},
		{"table-one", wrap(banner, Head(banner, StatusPill(Pill{State: Waiting, Text: "Waiting"})), FilterBar(sampleFilter()), DataTable(sampleTable(1)))},
		{"table-none", wrap(frame("Settlements", Settlements), FilterBar(sampleFilter()), DataTable(sampleTable(0)))},
		{"parts", wrap(frame("Settlement 15900000001", Settlements, Link{Text: "Settlements", Href: "/settlements"}), parts(frame("Settlement 15900000001", Settlements, Link{Text: "Settlements", Href: "/settlements"}))...)},
		{"forms", wrap(frame("New connection", Connections), forms()...)},
		{"long-names", wrap(long, Head(long), DataTable(sampleTable(3)), Facts([]Fact{{Name: "Seller", Value: Text(longName)}, {Name: "Owner", Value: Text(rtlName)}, {Name: "Amount", Value: Money(usd(huge))}, {Name: "Yen", Value: Money(in("1200", "JPY"))}}))},
		{"search-none", SearchPage(frame("Search", Overview), Search{Query: "<b>1590"})},
		{"search", SearchPage(frame("Search", Overview), Search{Query: "1590", Groups: []HitGroup{{Title: "Settlements", Hits: []Hit{{Icon: "receipt-text", Text: "15900000001", Note: "812.40 USD", Href: "/settlements/1"}}}, {Title: "Pages", Hits: []Hit{{Icon: "plug", Text: longName, Href: "/admin"}}}}})},
	}
}

func parts(p Page) []templ.Component {
	return []templ.Component{
		with(Head(p, StatusPill(Pill{State: Waiting, Text: "Unmapped kinds"}), TieOut(Tie{Difference: usd("0.00")}), TieOut(Tie{Difference: usd("-12.04")})),
			LinkButton(Button{Label: "Export", Icon: "download", Href: "/x"}), LinkButton(Button{Label: "Reject", Look: Danger, Dialog: "reject"}),
			LinkButton(Button{Label: "Post", Why: "The period is closed"}), PostButton(Button{Label: "Submit", Icon: "send", Look: Primary, Action: "/submit"})),
		Figures([]Figure{{Name: "Deposits not reconciled", Value: "1,204,331.08", Currency: "USD", Note: "14 settlements", Href: "/x"}, {Name: "Waiting for approval", Value: "7", Note: "oldest 3 d"}, {Name: "Exceptions", Value: "1,203", Pill: Pill{State: Wrong, Text: "12 new"}}, {Name: "Reserve held", Value: usd(huge).Text, Currency: "USD"}}),
		Tabs("Views", []Tab{{Label: "Overview", Href: "#", Current: true}, {Label: "Lines", Href: "#", Count: "1,204,331"}, {Label: "Documents", Href: "#"}, {Label: "History", Href: "#"}}),
		AlertBox(Alert{State: Wrong, Title: "The lines do not add up to the deposit.", Text: "They miss 12.04 USD. Nothing can be submitted until that is explained.", Action: Link{Text: "Write a correction", Href: "/x"}}),
		AlertBox(Alert{State: Waiting, Text: "3 kinds have no account yet."}), AlertBox(Alert{State: Done, Text: "Posted as 100245."}), AlertBox(Alert{State: Info, Text: "Rates of 22 Nov are used."}),
		with(templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			_, err := w.Write([]byte(`<div class="split">`))
			if err != nil {
				return err
			}
			if err = templ.Join(with(Sheet("History"), Timeline(timeline())), with(Sheet("Checks"), Checks(checks()))).Render(ctx, w); err == nil {
				_, err = w.Write([]byte(`</div>`))
			}
			return err
		})),
		LiveProgress(Live{ID: "import-1", Stream: "/progress/1", Reload: "/x", Progress: Progress{Title: "settlement-2026-11.txt", State: Info, Percent: 41, Done: "412,000 of 1,000,000 lines", Rate: "38,000 lines/s", Left: "16 s left", Cancel: "/cancel"}}),
		ProgressBody(Progress{Title: "old.xml", State: Wrong, Message: "Line 14: the date 03/04/2024 can mean two days"}),
		with(Sheet("The line"), RawFields(RawLine{Offset: "byte 10,442", Bytes: []byte("15900000001\t\xe4\x00order\u202e\t12,34\u00a0"), Columns: []RawColumn{{Position: "1", Name: "settlement-id", Bytes: []byte("15900000001")}, {Position: "24", Name: "amount", Bytes: []byte("12,34\u00a0"), Problem: "not a decimal"}}})),
		TrendChart(Trend{Title: "Sales", Figure: "184,220.10 USD", Note: "6.2 % more than the cycle before", Points: points("120", "140", "90", "-12", "150", "184.22")}),
		TrendChart(Trend{Title: "Fees, % of sales", Figure: "31.4 %", Line: true, Points: points("30.1", "29.8", "32", "31.4")}),
		TrendChart(Trend{Title: "Nothing", Line: true}),
		SignedBy([]Signature{{Role: "Prepared by", Name: "Ada Nyström", When: shown.Time(now)}, {Role: "Approved by"}, {Role: "Posted as"}}),
		with(Dialog("reject", "Reject the entry"), TextArea(Field{Name: "reason", Label: "Reason", Required: true, Hint: "The preparer reads it."}), SubmitButton(Button{Label: "Reject", Look: Danger})),
	}
}

func points(values ...string) []Point {
	var list []Point
	for i, v := range values {
		list = append(list, Point{Label: fmt.Sprintf("Cycle %d", i+1), Text: v, Value: decimal.RequireFromString(v), Href: "/x"})
	}
	return list
}

func timeline() []Event {
	return []Event{
		{State: Done, Who: "Ada Nyström", What: "approved version 2", When: shown.Ago(now.Add(-3*time.Hour), now)},
		{State: Wrong, Icon: "undo-2", Who: rtlName, What: "rejected version 1", When: shown.Time(now), Quote: "Freight is on the wrong account.\nSee October."},
		{State: Info, Icon: "send", Who: longName, What: "submitted", When: shown.Time(now), Link: Link{Text: "version 1", Href: "/v1"}},
		{Who: "Tieout", What: "drafted the entry from rule set 4", When: shown.Time(now)},
	}
}

func checks() []Check {
	return []Check{
		{State: Done, Name: "Balanced", Reason: "Debits 1,204.00 = credits 1,204.00"},
		{State: Wrong, Name: "Period open", Reason: "November 2026 is closed in P21", Fix: Link{Text: "Periods", Href: "/admin/periods"}},
		{State: Waiting, Name: "Accounts active", Reason: "The chart of accounts is being read"},
	}
}

func forms() []templ.Component {
	accounts := []Account{{Number: "4000-100", Name: "Sales, Amazon"}, {Number: "6100-200", Name: "Referral fees", Note: "inactive"}}
	return []templ.Component{
		AccountList("accounts", accounts),
		with(Sheet("New connection"),
			Input(Field{Name: "name", Label: "Name", Required: true, Hint: "As people will see it.", Value: longName}),
			Input(Field{Name: "account", Label: "Clearing account", List: "accounts", Mono: true, Error: "4000-999 is not in the chart of accounts."}),
			Input(Field{Name: "secret", Label: "Client secret", Type: "password", Hint: "Kept encrypted; it is never shown again.", Disabled: true}),
			Select(Field{Name: "zone", Label: "Accounting time zone", Value: "b", Options: []Option{{Value: "a", Label: "UTC"}, {Value: "b", Label: "America/Los_Angeles", Group: "America"}}}),
			TextArea(Field{Name: "note", Label: "Note", Rows: 3, Value: "<script>alert(1)</script>"}),
			Checkbox(Field{Name: "active", Label: "Active", Value: "on", Hint: "Jobs run for active connections only."}),
			Radios(Field{Name: "mode", Label: "Revenue mode", Value: "summary", Error: "Choose one.", Hint: "May be changed between cycles.", Options: []Option{{Value: "summary", Label: "Summary", Hint: "Revenue comes from the settlement."}, {Value: "invoiced", Label: "Invoiced"}}}),
			Radios(Field{Name: "roles", Label: "Roles", Multiple: true, Options: []Option{{Value: "viewer", Label: "Viewer", Current: true}, {Value: "auditor", Label: "Auditor"}}}),
			Input(Field{Name: "files", Label: "Reports", Type: "file", Multiple: true, Accept: ".txt,.xml"}),
			SubmitButton(Button{Label: "Save", Look: Primary}), SubmitButton(Button{Label: "Delete", Look: Danger, Why: "Settlements depend on it", Confirm: "Delete?"}),
		),
	}
}

func loneStories() []story {
	list := []story{
		{"sign-in", SignIn(SignInPage{Provider: "Contoso single sign-on", Href: "/sign-in/start", Environment: Sandbox, People: []Person{{Name: "accountant", Roles: "Accountant"}, {Name: "approver", Roles: "Approver"}}})},
		{"sign-in-failed", SignIn(SignInPage{Provider: "Contoso single sign-on", Href: "/sign-in/start", Environment: Production, Fresh: true, Message: &Alert{State: Wrong, Text: "The provider's answer was too old."}})},
		{"signed-out", SignedOut("/sign-in")},
		{"failure-alone", LoneFailure(Problem{Status: 503, Message: "The database does not answer.", Retry: "/"})},
	}
	for _, status := range []int{403, 404, 409, 422, 500, 503} {
		list = append(list, story{fmt.Sprintf("failure-%d", status), Failure(frame("Failure", Overview), Problem{Status: status, Message: "What happened, in one sentence.", Retry: "/again", RequestID: "01JD9Z"})})
	}
	return list
}
