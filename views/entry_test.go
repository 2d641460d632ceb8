package views_test

import (
	"fmt"
	"strings"

	. "tieout/views" //nolint:revive // stories read as pages do
)

var toEntries = Link{Text: "Journal entries", Href: "/entries"}

func entryRows(n int) []EntryRow {
	states := []Pill{{Text: "Draft"}, {State: Waiting, Text: "Submitted"}, {State: Done, Text: "Posted"}, {State: Info, Text: "Posting", Icon: "loader"}, {State: Wrong, Text: "Unknown", Icon: "circle-help"}}
	var rows []EntryRow
	for i := range n {
		row := EntryRow{
			Reference: Link{Text: fmt.Sprintf("AZ-159000%05d-2026%02d-1", i*73, 11-i/12), Href: fmt.Sprintf("/entries/%d", i)}, Connection: "us",
			Settlement: Link{Text: fmt.Sprintf("159000%05d", i*73), Href: "/settlements/1"}, Period: fmt.Sprintf("2026-%02d", 11-i/12), Date: shown.Day(day("2026-11-14")),
			Total: usd(fmt.Sprintf("%d.%02d", 141225+i*773, i)), Clearing: usd(fmt.Sprintf("%d.%02d", 101337-i*4001, i)), Status: states[i%5],
		}
		switch i % 5 {
		case 0, 1:
			row.Value = fmt.Sprintf("%d.3.ab12", i)
		case 2:
			row.Number = fmt.Sprint(100200 + i)
		case 4:
			row.State = Wrong
		}
		if i%5 != 0 {
			row.Submitted = "Ada Nyström"
		}
		if i == 5 {
			row.Note, row.State, row.Submitted = "Sent back: the storage fee belongs to October", Waiting, ""
		}
		if i == 7 {
			row.Reversal, row.Submitted = true, rtlName
		}
		rows = append(rows, row)
	}
	return rows
}

func entryTabs(current int) []Tab {
	tabs := []Tab{{Label: "All", Href: "/entries", Count: "1,204"}, {Label: "Waiting for me", Href: "/entries?state=waiting", Count: "7"}, {Label: "Draft", Href: "/entries?state=draft", Count: "12"}, {Label: "Submitted", Href: "/entries?state=submitted", Count: "9"}, {Label: "Posted", Href: "/entries?state=posted", Count: "1,181"}}
	tabs[current].Current = true
	return tabs
}

func entryQueueStories() []story {
	page := frame("Journal entries", JournalEntries)
	periods := []Option{{Label: "Any"}, {Value: "2026-11", Label: "2026-11"}}
	filter := EntryFilter("/entries", map[string]string{"q": ""}, periods, nil)
	many := EntryQueue{Tabs: entryTabs(0), Filter: filter, Rows: entryRows(34), Totals: []EntryTotal{{Label: "1,180 entries in USD", Total: usd("18204331.98"), Clearing: usd("12204331.98")}, {Label: "24 entries in JPY", Total: in("1200000", "JPY"), Clearing: in("900000", "JPY")}},
		Bulk: []Button{{Label: "Submit", Icon: "send", Look: Primary, Action: "/entries/submit"}, {Label: "Approve", Icon: "stamp", Action: "/entries/approve", Confirm: "Approve the selected entries?"}}}
	many.Summary, many.Pager = "1,204 entries", Pager{Next: "/entries?after=9"}
	outcome := EntryQueue{Tabs: entryTabs(1), Filter: filter, Rows: entryRows(2), Outcomes: []Outcome{
		{State: Done, Link: Link{Text: "AZ-15900000001-202611-1", Href: "/entries/1"}, Text: "Approved; it is on its way to Prophet 21."},
		{State: Wrong, Link: Link{Text: "AZ-15900000074-202611-1", Href: "/entries/2"}, Text: "This entry changed while you looked at it. Read it again before you decide."},
	}}
	return []story{
		{"entries", EntryQueueView(page, many)},
		{"entries-outcome", EntryQueueView(page, outcome)},
		{"entries-none", EntryQueueView(page, EntryQueue{Tabs: entryTabs(1), Filter: filter})},
	}
}

func entryLines(n int) (lines []EntryLine) {
	names := []string{"Amazon clearing", "Sales, Amazon.com", "Freight income", "Discounts", "Returns", "Referral fees", "Fulfilment fees", "Storage", "Advertising", "Reserve held by Amazon"}
	for i := range n {
		line := EntryLine{Number: fmt.Sprint(i + 1), Account: fmt.Sprintf("%d-100", 1090+i*110), Name: names[i%len(names)], About: "Selling fees · Amazon.com", Sources: Count(40112 / (i + 1))}
		amount := usd(fmt.Sprintf("%d.%02d", 101337/(i+1), i)).Linked("/entries/1/lines/1", "what it is made of")
		if i%3 == 1 {
			line.Credit = amount
		} else {
			line.Debit = amount
		}
		lines = append(lines, line)
	}
	return lines
}

func entryFacts() []Fact {
	return []Fact{
		{Name: "Settlement", Value: Anchor(Link{Text: "15900000001", Href: "/settlements/1"})}, {Name: "Connection", Value: Text("us")}, {Name: "Period", Value: Text("2026-11")},
		{Name: "Date", Value: Moment(shown.Day(day("2026-11-14")))}, {Name: "Debits", Value: Money(usd("141225.30"))}, {Name: "Clearing", Value: Money(usd("101337.40"))},
		{Name: "Rules", Value: Text("Set 4")}, {Name: "Journal", Value: Text("ACME AZ")}, {Name: "Description", Value: Text("Amazon settlement 15900000001, 1 to 14 November 2026")},
	}
}

func reasonForm(id, title string, fields ...Field) ActionForm {
	for i := range fields {
		fields[i].Suffix = "-" + id
	}
	return ActionForm{ID: id, Title: title, Lead: "The entry goes back to draft and its approvals become void.", Fields: fields, Action: "/entries/1/" + id, Button: Button{Label: title, Icon: "ban", Look: Danger}, Back: "/entries/1"}
}

func entryStories() []story {
	page := frame("AZ-15900000001-202611-1", JournalEntries, toEntries)
	approvals := []EntryApproval{{Who: "Dora Quist", When: shown.Time(now), Hash: "9f31aa0c12…", Voided: "the entry went back to draft"}, {Who: rtlName, When: shown.Time(now), Hash: "0c12ab77f0…"}}
	passed := []Check{{State: Done, Name: "Balanced", Reason: "Debits and credits are 141,225.30 USD."}, {State: Done, Name: "Tie-out", Reason: "The settlement's lines add up to its deposit, difference 0.00."}, {State: Done, Name: "Period open", Reason: "Period 2026-11, 2026-11-01 to 2026-11-30."}, {State: Done, Name: "Accounts", Reason: "All accounts are active."}, {State: Done, Name: "No duplicate", Reason: "It is the only entry of its settlement and period."}}
	submitted := EntryPage{
		Status: Pill{State: Waiting, Text: "Submitted"}, Print: true, Facts: entryFacts(), Lines: entryLines(18), Checks: passed, Approvals: approvals, Needed: "1 of 2 approvals",
		Totals:  EntryLine{Debit: usd("141225.30"), Credit: usd("141225.30"), Sources: "1,204,331"},
		Actions: []Button{{Label: "Approve", Icon: "stamp", Look: Primary, Action: "/entries/1/approve", Name: "hash", Value: "ab"}, {Label: "Reject", Icon: "ban", Look: Danger, Dialog: "reject"}, {Label: "Excel", Icon: "file-spreadsheet", Href: "/entries/1/export.xlsx"}},
		Forms:   []ActionForm{reasonForm("reject", "Reject", Field{Name: "reason", Label: "Reason", Rows: 3, Required: true}), reasonForm("edit", "Edit", Field{Name: "description", Label: "Description"}, Field{Name: "date", Label: "Date", Type: "date"})},
		History: timeline(), Comments: timeline()[:1], Comment: "/entries/1/comment", Attach: "/entries/1/attachments",
		Attachments: []EntryFile{{Name: longName + ".pdf", Href: "/entries/1/attachments/1", Size: "1.4 MB", Who: rtlName, When: shown.Time(now)}},
		Previous:    Link{Text: "AZ-15900000001-202611-0", Href: "/entries/0"}, Changes: []EntryChange{{Account: "6110-100", Name: "Fulfilment fees", Before: usd("-41201.33"), Now: usd("-41213.37"), Change: usd("-12.04")}},
		Signatures: []Signature{{Role: "Prepared by", Name: "Ada Nyström", When: shown.Time(now)}, {Role: "Approved by"}, {Role: "Posted by"}},
	}
	draft := submitted
	draft.Status, draft.Lines, draft.Approvals, draft.Needed, draft.Previous = Pill{Text: "Draft"}, entryLines(3), nil, "0 of 1 approval", Link{}
	draft.Lines[1].Problem, draft.Lines[2].FunctionalDebit = "Inactive", in("9120000", "JPY")
	draft.Alerts = []Alert{{State: Waiting, Title: "This entry was sent back.", Text: "The storage fee belongs to October."}}
	draft.Why = []string{"It cannot be submitted: Account 1200-100 is inactive in P21."}
	draft.Checks = []Check{{State: Done, Name: "Balanced", Reason: "Debits and credits are 10.00 USD."}, {State: Wrong, Name: "Accounts", Reason: "Account 1200-100 is inactive in P21."}}
	draft.Actions = []Button{{Label: "Submit", Icon: "send", Look: Primary, Why: "Account 1200-100 is inactive in P21."}}
	unknown := submitted
	unknown.Status = Pill{State: Wrong, Text: "Unknown", Icon: "circle-help"}
	unknown.Alerts = []Alert{{State: Wrong, Title: "Whether Prophet 21 holds this entry cannot be known.", Text: "The answer was lost. Look in Prophet 21 for the reference AZ-15900000001-202611-1 before you decide: nothing is sent again by itself."}}
	unknown.Why = []string{"You prepared this entry, so someone else enters its number in Prophet 21."}
	unknown.Delivery = &EntryDelivery{Status: Pill{State: Wrong, Text: "unknown"}, Facts: []Fact{{Name: "Reference", Value: Copyable("AZ-1590", "AZ-1590")}, {Name: "Tries", Value: Text("2")}}, Payload: []byte(`{"reference":"AZ-1590"}`),
		Steps: []Event{{State: Info, Who: "intended", What: "", When: shown.Time(now), Quote: "AZ-1590"}, {State: Info, Who: "sending", What: "worker-1", When: shown.Time(now)}, {State: Wrong, Who: "unknown", What: "worker-1", When: shown.Time(now), Quote: "the answer did not come within 20 s"}}}
	form := reasonForm("reject", "Reject", Field{Name: "reason", Label: "Reason", Rows: 3, Required: true, Error: "Say why, so that the preparer knows what to change."})
	parts := EntryParts{
		Facts: []Fact{{Name: "Account", Value: Stacked(Code("6110-100"), "Fulfilment fees")}, {Name: "Debit", Value: Money(usd("41213.37"))}}, Note: "Amounts are from the seller's side, as Amazon reports them: positive raises the payout and is a credit.",
		Rows:  []EntryPart{{Kind: "Order / ItemFees / FBAPerUnitFulfillmentFee", Marketplace: "Amazon.com", Rule: Link{Text: "Set 4", Href: "/rules/4#rule-1"}, Days: "1 – 14 Nov 2026", Lines: "40,112", Amount: usd("-41201.33").Linked("/settlements/1/lines?kind=4", "its settlement lines")}, {Kind: "other-transaction / " + longName, Days: "3 – 3 Nov 2026", Lines: "1", Amount: usd("-12.04")}},
		Total: usd("-41213.37"), Lines: "40,113",
	}
	return []story{
		{"entry", EntryView(page, submitted)},
		{"entry-draft", EntryView(page, draft)},
		{"entry-unknown", EntryView(page, unknown)},
		{"entry-empty", EntryView(page, EntryPage{Status: Pill{Text: "Discarded"}})},
		{"entry-form", ActionFormView(page, form)},
		{"entry-line", EntryPartsView(frame("Line 7, Selling fees · Amazon.com", JournalEntries, toEntries, Link{Text: "AZ-15900000001-202611-1", Href: "/entries/1"}), parts)},
		{"entry-line-none", EntryPartsView(frame("Line 9, Rounding", JournalEntries, toEntries), EntryParts{Note: "It holds what converting each line to USD leaves over."})},
	}
}

func exceptionStories() []story {
	page := frame("Exceptions", Exceptions)
	ago := shown.Ago(now.AddDate(0, 0, -3), now)
	filter := Filter{Action: "/exceptions", Slim: true, Clear: "/exceptions", Fields: []Field{
		{Name: "class", Label: "Cause", Options: []Option{{Label: "Any"}, {Value: "unmapped_kind", Label: "Unmapped kind", Current: true}}},
		{Name: "state", Label: "State", Options: []Option{{Label: "Open"}, {Value: "resolved", Label: "Resolved"}}},
		{Name: "assignee", Label: "Assigned to", Options: []Option{{Label: "Anyone"}, {Value: "me", Label: "Me"}}},
		{Name: "snoozed", Label: "Snoozed", Options: []Option{{Label: "Hidden"}, {Value: "1", Label: "Shown too"}}},
	}}
	many := ExceptionQueue{Filter: filter, Causes: []ExceptionCause{
		{Name: Link{Text: "Unmapped kind", Href: "/exceptions?class=unmapped_kind"}, Current: true, Open: "3", Records: "1,204", Money: []Amount{usd("812.40"), in("1200", "JPY")}, Oldest: ago},
		{Name: Link{Text: "Out of balance", Href: "/exceptions?class=out_of_balance"}, Open: "1", Records: "1,204,331", Money: []Amount{usd("12.04")}, Oldest: ago},
		{Name: Link{Text: "Unreadable file", Href: "/exceptions?class=unreadable_file"}, Open: "1", Records: "1", Oldest: ago},
	}, Bulk: []Button{{Label: "Assign to me", Icon: "user-round", Action: "/exceptions/assign"}, {Label: "Ignore…", Icon: "circle-slash", Look: Danger, Action: "/exceptions/ignore"}}}
	titles := []string{"Order / ItemFees / VariableClosingFee", "Settlement 15900000001 is out of balance by -12.04 USD", "other-transaction / " + longName}
	for i := range 30 {
		row := ExceptionRow{Value: fmt.Sprintf("%d.1", i), Title: Link{Text: titles[i%3], Href: fmt.Sprintf("/exceptions/%d", i)}, Class: "Unmapped kind", Connection: "us", Records: Count(4012 / (i + 1)),
			Money: usd(fmt.Sprintf("-%d.40", 9812/(i+1))), Opened: ago, Status: Pill{State: Waiting, Text: "Open"}}
		switch i % 4 {
		case 1:
			row.Assigned = "Ada Nyström"
		case 2:
			row.Assigned, row.Status = rtlName, Pill{Text: "Snoozed", Icon: "bell"}
		case 3:
			row.Money = Amount{}
			row.Value, row.Muted, row.Note, row.Status = "", true, "its cause is gone", Pill{State: Done, Text: "Resolved"}
		}
		many.Rows = append(many.Rows, row)
	}
	many.Pager = Pager{Next: "/exceptions?after=9"}
	kind := frame("Order / ItemFees / VariableClosingFee", Exceptions, Link{Text: "Exceptions", Href: "/exceptions"})
	open := ExceptionPage{
		Status: Pill{State: Waiting, Text: "Open"}, Class: "Unmapped kind", Advice: "No rule says which account this sort of amount goes to. Settlements that hold it are not submitted until somebody decides; nothing is guessed.",
		Actions: []Button{{Label: "Assign to me", Icon: "user-round", Action: "/exceptions/1/assign", Name: "version", Value: "1"}, {Label: "Ignore", Icon: "circle-slash", Look: Danger, Dialog: "ignore"}},
		Facts:   []Fact{{Name: "Connection", Value: Text("us")}, {Name: "Records", Value: Text("400")}, {Name: "At stake", Value: Money(usd("-800.00"))}, {Name: "Opened", Value: Moment(ago)}, {Name: "Assigned to", Value: Nothing()}},
		Links:   []Link{{Text: "Settlement", Href: "/settlements/1"}, {Text: "Its lines", Href: "/settlements/1/lines?kind=7"}},
		Resolve: &ExceptionResolve{Action: "/exceptions/1/resolve", Accounts: []Account{{Number: "6100-200", Name: "Referral fees"}}, Categories: []Option{{Label: "Choose"}, {Value: "selling_fees", Label: "Selling fees"}}, Values: map[string]string{"category": "selling_fees", "account": "6100-999"}, Errors: map[string]string{"account": "6100-999 is not in the chart of accounts."},
			Suggestions: []ExceptionSuggestion{{Category: "selling_fees", Title: "Selling fees", Account: "6100-200", AccountName: "Referral fees", Reason: "12 other kinds of Order / ItemFees go there."}, {Category: "fba_fees", Title: "FBA fees", Reason: "“Fee” stands in the names of 4 kinds that go there."}}},
		Comments: timeline()[:1], Comment: "/exceptions/1/comment", History: timeline(),
		Forms: []ActionForm{reasonForm("ignore", "Ignore", Field{Name: "reason", Label: "Reason", Rows: 3}), reasonForm("assign", "Assign", Field{Name: "person", Label: "Person", Options: []Option{{Value: "1", Label: "Ada Nyström"}}})},
	}
	reading := open
	reading.Actions, reading.Forms, reading.Comment = nil, nil, ""
	reading.Why = []string{"Operations people and accountants work on exceptions; you may read them."}
	reading.Resolve = &ExceptionResolve{Why: "An accountant decides where it goes.", Suggestions: open.Resolve.Suggestions}
	lines := open
	lines.Resolve, lines.Class = nil, "Unreadable lines"
	lines.Problems = &ExceptionProblems{Next: "/exceptions/1?problems=100", Rows: []ExceptionProblem{{Line: Link{Text: "1204", Href: "/settlements/1/documents/ab?line=1204"}, Column: "amount", Value: "12,34,5" + strings.Repeat("9", 80), Rule: "an amount"}, {Line: Link{Text: "1205"}, Column: "posted-date", Value: rtlName, Rule: "a date"}}}
	file := open
	file.Resolve, file.Class = nil, "Unreadable file"
	file.Payload = &ExceptionPayload{Facts: []Fact{{Name: "File", Value: Text(longName + ".csv")}, {Name: "Size", Value: Text("1.4 MB")}}, Bytes: []byte("order-id,sku\xe4\n111-1,CT-1\n"), Download: Link{Text: "Download", Href: "/exceptions/1/document"}}
	return []story{
		{"exceptions", ExceptionQueueView(page, many)},
		{"exceptions-none", ExceptionQueueView(page, ExceptionQueue{Filter: filter})},
		{"exception-kind", ExceptionView(kind, open)},
		{"exception-reading", ExceptionView(kind, reading)},
		{"exception-lines", ExceptionView(kind, lines)},
		{"exception-file", ExceptionView(kind, file)},
	}
}
