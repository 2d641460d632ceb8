package views_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	. "tieout/views" //nolint:revive // stories read as pages do
)

var toSettlements = Link{Text: "Settlements", Href: "/settlements"}

func settlementFrameOf(state Pill, tie Tie, current string) (Page, SettlementHead) {
	page := frame("Settlement 15900000001", Settlements, toSettlements)
	return page, SettlementHead{
		Status: state, Tie: tie,
		Tabs:    SettlementTabs("/settlements/1", current, "1,204,331", "2", false),
		Actions: []Button{{Label: "Workbook", Icon: "file-spreadsheet", Href: "/settlements/1.xlsx"}, {Label: "Draft again", Icon: "rotate-ccw", Action: "/settlements/1/draft"}},
	}
}

func overviewStories() []story {
	full := OverviewPage{
		Figures: []Figure{
			{Name: "Deposits not reconciled", Value: "1,204,331.08", Currency: "USD", Note: "14 settlements · 2 in EUR", Href: "/settlements"},
			{Name: "Waiting for your approval", Value: "7", Note: "412,018.22 USD, oldest 3 d", Href: "/entries"},
			{Name: "Open exceptions", Value: "1,203", Note: "38,120.40 USD in 4 causes", Href: "/exceptions"},
			{Name: "Reserve held", Value: "52,310.00", Currency: "USD", Note: "expected 28 Nov", Href: "/settlements"},
		},
		Close: Close{Period: "2026-11", Connection: "Contoso US", Href: "/close/1/2026-11", Checks: []Check{
			{State: Done, Name: "Every settlement ties out", Reason: "41 of 41, difference 0.00"},
			{State: Wrong, Name: "Every kind has an account", Reason: "3 kinds, 812.40 USD", Fix: Link{Text: "Resolve", Href: "/exceptions"}},
			{State: Waiting, Name: "Every entry is posted", Reason: "38 of 41; 2 wait for approval, 1 is being posted", Fix: Link{Text: "Entries", Href: "/entries"}},
			{State: Done, Name: "Reserve chain", Reason: "Opening + held - released = closing"},
			{State: Waiting, Name: "Clearing account agrees with P21", Reason: "Not read since 21 Nov", Fix: Link{Text: "Read now", Href: "/admin/periods"}},
		}},
		Entries: []StateCount{
			{Status: Pill{Text: "Draft"}, Count: "3", Oldest: "1 d", Amount: usd("81220.10"), Href: "/entries?state=draft"},
			{Status: Pill{State: Waiting, Text: "Submitted"}, Count: "7", Oldest: "3 d", Amount: usd("412018.22"), Href: "/entries?state=submitted"},
			{Status: Pill{State: Info, Text: "Posting"}, Count: "1", Oldest: "12 s", Amount: usd("9120.00"), Href: "/entries?state=posting"},
			{Status: Pill{State: Wrong, Text: "Unknown", Icon: "circle-help"}, Count: "1", Oldest: "2 h", Amount: usd("-310.22"), Href: "/entries?state=unknown"},
			{Status: Pill{State: Done, Text: "Posted"}, Count: "1,402", Amount: usd("18204331.98"), Href: "/entries?state=posted"},
		},
		Exceptions: []CauseCount{
			{Cause: "Unmapped kind", Count: "3", Oldest: "2 d", Amount: []Amount{usd("812.40"), in("-1204.10", "EUR")}, Href: "/exceptions/1", State: Waiting},
			{Cause: "Out of balance", Count: "1", Oldest: "6 h", Amount: []Amount{usd("-12.04")}, Href: "/exceptions/2", State: Wrong},
			{Cause: longName, Count: "1,198", Oldest: "40 d", Amount: []Amount{usd(huge)}, Href: "/exceptions/3"},
		},
		Flows: []FlowHealth{
			{Name: "Settlements", Connection: "Contoso US", Status: Pill{State: Done, Text: "Running"}, Success: shown.Ago(now.Add(-4*time.Minute), now), Lag: "4 min", Throughput: "204,331 lines in 24 h", Href: "/admin/jobs"},
			{Name: "Reference data", Connection: "Contoso US", Status: Pill{State: Wrong, Text: "Down"}, Success: shown.Ago(now.Add(-5*time.Hour), now), Lag: "5 h", Throughput: "0 records in 24 h", Href: "/admin/jobs"},
		},
		Reserves: []ReserveHeld{{Connection: "Contoso US", Held: usd("52310.00"), Tie: Tie{Difference: usd("0.00")}, Release: "expected 28 Nov", Href: "/settlements"}, {Connection: "Contoso EU", Held: in("1204.10", "EUR"), Tie: Tie{Difference: in("-3.10", "EUR")}, Href: "/settlements"}},
		Trends: []Trend{
			{Title: "Sales per cycle", Figure: "184,220.10 USD", Note: "6.2 % more than the cycle before", Points: points("140", "152", "149", "161", "171", "168", "155", "149", "166", "170", "173.4", "184.2")},
			{Title: "Fees, % of sales", Figure: "31.4 %", Note: "was 29.8 %", Line: true, Points: points("30.1", "29.8", "30.4", "29.9", "29.8", "31.4")},
			{Title: "Refunds, % of sales", Figure: "4.1 %", Note: "was 4.4 %", Line: true, Points: points("5.1", "4.8", "4.0", "4.9", "4.4", "4.1")},
		},
	}
	return []story{
		{"overview", OverviewView(frame("Overview", Overview), full)},
		{"overview-calm", OverviewView(frame("Overview", Overview), OverviewPage{Figures: full.Figures[:2], Close: Close{Period: "2026-11", Connection: "Contoso US", Href: "/close/1/2026-11", Checks: full.Close.Checks[:1]}})},
		{"overview-start", OverviewView(frame("Overview", Overview), OverviewPage{Start: &Empty{Icon: "plug", Title: "Connect Amazon and Prophet 21", Text: "The first settlement arrives by itself after that. Reports older than 90 days can be uploaded.", Action: Link{Text: "Add a connection", Href: "/admin/connections/new"}}})},
	}
}

func settlementRows(n int) []SettlementRow {
	states := []Pill{{State: Waiting, Text: "Unmapped kinds"}, {State: Done, Text: "Posted"}, {State: Wrong, Text: "Out of balance"}, {State: Info, Text: "Submitted"}, {Text: "Drafted"}}
	var rows []SettlementRow
	for i := range n {
		number := fmt.Sprint(15900000001 + i*7)
		tie := Tie{Difference: usd("0.00")}
		if i%5 == 2 {
			tie = Tie{Difference: usd("-12.04"), Hint: "Lines 812.40 against deposit 824.44"}
		}
		rows = append(rows, SettlementRow{
			Number: number, Href: "/settlements/" + number, Connection: []string{"Contoso US", longName, rtlName}[i%3], Marketplaces: []string{"Amazon.com", "DE, FR, IT, ES", "JP"}[i%3],
			Cycle: shown.Cycle(day("2026-11-01"), day("2026-11-14")), DepositDate: shown.Day(day("2026-11-16")), Lines: Count(1204 * (i + 1)),
			Status: states[i%5], Tie: tie, Entries: Link{Text: "2 entries", Href: "/entries?settlement=" + number}, Deposit: usd(fmt.Sprintf("%d.%02d", i*7919-9000, i)).Linked("/settlements/"+number+"/lines", "its lines"),
		})
	}
	return rows
}

func settlementStories() []story {
	page := frame("Settlements", Settlements)
	list := SettlementsPage{Filter: sampleFilter(), Rows: settlementRows(36), Upload: "/settlements/upload", Totals: []SettlementTotal{{Label: "1,180 settlements in USD", Lines: "48,204,331", Deposit: usd("18204331.98")}, {Label: "24 settlements in JPY", Lines: "1,204", Deposit: in("1200000", "JPY")}}}
	list.Summary, list.Pager = "1,204 settlements", Pager{Next: "/settlements?after=9"}
	list.Sorts = map[string]SortLink{SettlementDepositDate: {Href: "/settlements?sort=-deposited", Direction: Descending}, SettlementDeposit: {Href: "/settlements?sort=deposit"}}
	list.Export = []Choice{{Label: "Excel", Href: "/settlements.xlsx"}}
	list.Chooser = &Chooser{Action: "/settlements"}
	list.Without = map[string]bool{SettlementMarketplaces: true}
	none := SettlementsPage{Filter: sampleFilter(), Upload: "/settlements/upload"}

	good, goodHead := settlementFrameOf(Pill{State: Done, Text: "Posted"}, Tie{Difference: usd("0.00"), Hint: "Lines 101,337.40 against deposit 101,337.40"}, "")
	bad, badHead := settlementFrameOf(Pill{State: Wrong, Text: "Out of balance"}, Tie{Difference: usd("-12.04")}, "")
	full := SettlementPage{
		Head: goodHead, Facts: settlementFacts(), Categories: categories(), Accounts: []Account{{Number: "4000-100", Name: "Sales, Amazon"}},
		Deposit: CategoryRow{Step: Step{Value: decimal.RequireFromString("101337.40"), Total: true}, Amount: usd("101337.40"), Lines: "1,204,331", Accounts: []Link{{Text: "1090-000 Amazon clearing", Href: "/x"}}},
		Entries: []SettlementEntry{{Reference: "AMZ-15900000001-2026-10-1", Href: "/entries/1", Period: "October 2026", Version: "1", Status: Pill{State: Done, Text: "Posted"}, Debits: usd("90112.10"), Lines: "14", Posted: "100245"}, {Reference: "AMZ-15900000001-2026-11-2", Href: "/entries/2", Period: "November 2026", Version: "2", Status: Pill{State: Waiting, Text: "Submitted"}, Debits: usd("141225.30"), Lines: "16"}},
		Ties:    []Check{{State: Done, Name: "Reserve chain", Reason: "Opening 50,000.00 + held 4,310.00 - released 2,000.00 = closing 52,310.00"}, {State: Wrong, Name: "Tax net per order", Reason: "2 orders leave 0.31 USD", Fix: Link{Text: "Orders", Href: "/x"}}},
	}
	broken := full
	broken.Head = badHead
	broken.Alerts = []Alert{{State: Wrong, Title: "The lines do not add up to the deposit.", Text: "They miss 12.04 USD. Nothing can be submitted until the report is re-issued or a correction is approved."}}
	broken.Unmapped = unmapped()
	broken.Categories = append(categories(), CategoryRow{Name: "Without an account", Step: Step{Value: decimal.RequireFromString("-812.40")}, Amount: usd("-812.40").Linked("/x", "its lines"), Lines: "412", State: Waiting, Note: "3 kinds"})
	broken.Entries = nil
	broken.Correction = &Correction{Action: "/settlements/1/correction", Amount: "12.04", Errors: map[string]string{"reason": "Say why."}, Values: map[string]string{"amount": "12.04"}}
	pending := broken
	pending.Unmapped, pending.Alerts = nil, nil
	pending.Correction = &Correction{Pending: &PendingCorrection{Who: "Ada Nyström", When: shown.Time(now), Amount: usd("12.04"), Account: "6990-000", Reason: "Amazon left out a fee reversal; case 1204.", Approve: "/approve", Reject: "/reject"}}

	return []story{
		{"settlements", SettlementsView(page, list)},
		{"settlements-none", SettlementsView(page, none)},
		{"settlement", SettlementView(good, full)},
		{"settlement-broken", SettlementView(bad, broken)},
		{"settlement-pending", SettlementView(bad, pending)},
		{"settlement-empty", SettlementView(good, SettlementPage{Head: goodHead})},
	}
}

func settlementFacts() SettlementFacts {
	return SettlementFacts{
		Connection: Link{Text: "Contoso US", Href: "/admin/connections/1"}, Cycle: "1 – 14 Nov 2026", Marketplaces: "Amazon.com, Amazon.ca", Deposit: usd("101337.40"),
		DepositDate: shown.Day(day("2026-11-16")), Lines: "1,204,331", RuleSet: Link{Text: "Rule set 4", Href: "/rules/4"}, Format: "Flat file V2",
	}
}

func categories() []CategoryRow {
	row := func(name, amount, lines string, accounts ...Link) CategoryRow {
		return CategoryRow{Name: name, Step: Step{Value: decimal.RequireFromString(amount)}, Amount: usd(amount).Linked("/settlements/1/lines", "its lines"), Lines: lines, Accounts: accounts}
	}
	account := func(text string) Link { return Link{Text: text, Href: "/rules?account=" + text[:8]} }
	return []CategoryRow{
		row("Sales", "184220.10", "40,112", account("4000-100 Sales, Amazon")),
		row("Shipping income", "6120.44", "9,204", account("4010-100 Freight income")),
		row("Promotions", "-3201.18", "5,120", account("4090-100 Discounts")),
		row("Refunds", "-7553.02", "1,204", account("4080-100 Returns")),
		row("Sales tax collected", "14120.00", "38,220", account("2200-000 Sales tax")),
		row("Sales tax withheld", "-14120.00", "38,220", account("2200-000 Sales tax")),
		row("Selling fees", "-27633.02", "40,112", account("6100-200 Referral fees")),
		row("FBA fees", "-41201.33", "80,224", account("6110-100 Fulfilment"), account("6110-200 Handling")),
		row("Storage fees", "-2810.00", "4", account("6120-100 Storage")),
		row("Advertising", "-4410.11", "14", account("6200-100 Advertising")),
		row("Reimbursements", "115.52", "12", account("6190-100 Reimbursements")),
		row("Reserve", "-2310.00", "2", account("1095-000 Amazon reserve")),
	}
}

func unmapped() []UnmappedKind {
	options := []Option{{Label: "Choose"}, {Value: "fba_fees", Label: "FBA fees", Current: true}}
	return []UnmappedKind{
		{ID: "7", Name: "Order · ItemFees · VariableClosingFee", Marketplace: "Amazon.com", Lines: "400 lines", Amount: usd("-800.00").Linked("/l", "its lines"), Suggestion: "6100-200", Reason: "Like 12 other selling fees", Categories: options, Action: "/settlements/1/kinds/7"},
		{ID: "8", Name: "other-transaction · " + longName, Marketplace: "Amazon.ca", Lines: "11 lines", Amount: usd("-12.00"), Categories: options, Action: "/settlements/1/kinds/8", Problem: "4000-999 is not in the chart of accounts.", Value: "4000-999"},
		{ID: "9", Name: "Adjustment · " + rtlName, Lines: "1 line", Amount: usd("-0.40"), Why: "An accountant can resolve this."},
	}
}

func lineRows(n int) []LineRow {
	kinds := [][3]string{{"Order", "ItemPrice", "Principal"}, {"Order", "ItemFees", "FBAPerUnitFulfillmentFee"}, {"Refund", "ItemFees", "RefundCommission"}, {"other-transaction", "other-transaction", "Storage Fee " + strings.Repeat("long ", 12)}}
	var rows []LineRow
	for i := range n {
		kind := kinds[i%len(kinds)]
		row := LineRow{
			Number: Count(1200 + i), Href: fmt.Sprintf("/settlements/1/lines/%d", 1200+i), Posted: shown.Time(now.Add(time.Duration(i) * time.Minute)), Type: kind[0], AmountType: kind[1], Description: kind[2],
			Order: fmt.Sprintf("111-%07d-%07d", i*331, i*7717), SKU: fmt.Sprintf("CT-%04d-BLK", i), Quantity: "1", Marketplace: "Amazon.com", Account: Link{Text: "6110-100", Href: "/rules?account=6110-100"},
			Amount: usd(fmt.Sprintf("%d.%02d", i-12, i*7%100)),
		}
		if i%9 == 5 {
			row.Account, row.Problem = Link{}, "No account"
		}
		rows = append(rows, row)
	}
	return rows
}

func lineStories() []story {
	page, head := settlementFrameOf(Pill{State: Info, Text: "Submitted"}, Tie{Difference: usd("0.00")}, "lines")
	types := []Option{{Label: "Any"}, {Value: "Order", Label: "Order"}, {Value: "Refund", Label: "Refund"}}
	many := LinesPage{Head: head, Filter: LineFilter("/settlements/1/lines", map[string]string{"q": "111-"}, types, types, nil), Rows: lineRows(50)}
	many.Summary, many.FootURL = "More than 10,000 lines", "/settlements/1/lines?totals=1"
	many.Pager = Pager{First: "/settlements/1/lines", Previous: "/settlements/1/lines?before=1", Next: "/settlements/1/lines?after=9"}
	many.Export = []Choice{{Label: "Excel", Href: "/x.xlsx"}, {Label: "CSV", Href: "/x.csv"}}
	many.Chooser = &Chooser{Action: "/settlements/1/lines"}
	many.Without = map[string]bool{LineMarketplace: true}
	totals := many
	totals.Rows, totals.Totals = lineRows(3), []LineTotal{{Label: "1,204,331 lines", Quantity: "980,112", Amount: usd("101337.40")}}
	none := LinesPage{Head: head, Filter: LineFilter("/settlements/1/lines", nil, types, types, nil)}
	raw := RawLine{Offset: "byte 10,442 of the document", Bytes: []byte("15900000001\t\t\t\t\tUSD\tOrder\t111-0000331-0007717\t\t\tAmazon.com\tItemPrice\tPrincipal\t12.34\tAFN\t2026-11-03"), Columns: rawColumns()}
	line := frame("Line 1,204", Settlements, toSettlements, Link{Text: "15900000001", Href: "/settlements/1"}, Link{Text: "Lines", Href: "/settlements/1/lines"})
	one := LinePage{
		Amount: usd("12.34"),
		Facts:  []Fact{{Name: "Posted", Value: Moment(shown.Time(now))}, {Name: "Accounting date", Value: Moment(shown.Day(day("2026-11-03")))}, {Name: "Order", Value: Copyable("111-0000331-0007717", "111-0000331-0007717")}, {Name: "SKU", Value: Code("CT-0001-BLK")}, {Name: "Quantity", Value: Text("1")}},
		Path:   []PathStep{{Name: "Kind", Value: Link{Text: "Order · ItemPrice · Principal", Href: "/k"}, Note: "40,112 lines of this settlement"}, {Name: "Rule", Value: Link{Text: "Rule 3 of set 4", Href: "/rules"}, Note: "amount description is Principal"}, {Name: "Account", Value: Link{Text: "4000-100 Sales, Amazon"}}, {Name: "Journal entry", Value: Link{Text: "AMZ-15900000001-2026-11-2, line 1", Href: "/entries/2"}, Note: "submitted", State: Waiting}},
		Raw:    raw, Document: Link{Text: "settlement-2026-11.txt", Href: "/d"}, Related: lineRows(4), Sum: usd("8.80"), Note: "4 lines",
	}
	return []story{
		{"lines", LinesView(page, many)},
		{"lines-totals", LinesView(page, totals)},
		{"lines-none", LinesView(page, none)},
		{"line", LineView(line, one)},
		{"line-bare", LineView(line, LinePage{Amount: usd(huge)})},
	}
}

func rawColumns() []RawColumn {
	names := []string{"settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency", "transaction-type", "order-id", "merchant-order-id", "adjustment-id", "marketplace-name", "amount-type", "amount-description", "amount", "fulfillment-id", "posted-date"}
	values := []string{"15900000001", "", "", "", "", "USD", "Order", "111-0000331-0007717", "", "", "Amazon.com", "ItemPrice", "Principal", "12.34", "AFN", "2026-11-03"}
	var columns []RawColumn
	for i, name := range names {
		columns = append(columns, RawColumn{Position: fmt.Sprint(i + 1), Name: name, Bytes: []byte(values[i])})
	}
	return columns
}

func documentStories() []story {
	page, head := settlementFrameOf(Pill{State: Done, Text: "Posted"}, Tie{Difference: usd("0.00")}, "documents")
	documents := []DocumentRow{
		{Name: "settlement-2026-11.txt", View: "/v", Download: "/d", Format: "Flat file V2, UTF-8", Hash: strings.Repeat("3fa9c0d1", 8), Size: "212.4 MB", Lines: "1,204,331", Received: shown.Time(now), Source: "Amazon, report 50213018", Status: Pill{State: Done, Text: "Current"}},
		{Name: longName + ".xml", View: "/v", Download: "/d2", Format: "XML, ISO-8859-1", Hash: strings.Repeat("91c0ffee", 8), Size: "212.3 MB", Lines: "1,204,330", Received: shown.Time(now), Source: "Uploaded by " + rtlName, Status: Pill{Text: "Replaced", Icon: "history"}},
	}
	_, compared := settlementFrameOf(Pill{State: Done, Text: "Posted"}, Tie{Difference: usd("0.00")}, "compare")
	_, history := settlementFrameOf(Pill{State: Done, Text: "Posted"}, Tie{Difference: usd("0.00")}, "history")
	return []story{
		{"documents", DocumentsView(page, DocumentsPage{Head: head, Rows: documents})},
		{"documents-none", DocumentsView(page, DocumentsPage{Head: head})},
		{"raw", RawView(page, RawPage{Head: head, Document: documents[0], Number: "1,204 of 1,204,331", Line: RawLine{Offset: "byte 10,442 of the document", Bytes: []byte("15900000001\t12,34\xe4"), Columns: rawColumns()}, Next: "/r?line=3", Previous: "/r?line=1", First: "/r?line=1", Action: "/r", Up: Link{Text: "Settlement line 1,204", Href: "/l"}})},
		{"history", HistoryView(page, HistoryPage{Head: history, Events: timeline(), More: "/older"})},
		{"history-none", HistoryView(page, HistoryPage{Head: history})},
		{"compare", CompareView(page, ComparePage{Head: compared, Now: "1 – 14 Nov 2026", Before: Link{Text: "18 – 31 Oct 2026", Href: "/s"}, Unusual: 1, Rows: []CompareRow{
			{Name: "Sales", Now: usd("184220.10"), Before: usd("173400.00"), Change: usd("10820.10"), Percent: "+6.2 %"},
			{Name: "Storage fees", Now: usd("-2810.00"), Before: usd("-910.00"), Change: usd("-1900.00"), Percent: "+208.8 %", Share: "1.5 % of sales, was 0.5 %", Unusual: true, Reason: "Aged inventory surcharge appears for the first time"},
		}, Total: CompareRow{Name: "Deposit", Now: usd("101337.40"), Before: usd("98112.00"), Change: usd("3225.40"), Percent: "+3.3 %"}})},
		{"compare-none", CompareView(page, ComparePage{Head: compared, Now: "1 – 14 Nov 2026", Excluded: "This is the first settlement of its connection and currency."})},
	}
}

func uploadStories() []story {
	page := frame("Upload reports", Settlements, toSettlements)
	connections := []Option{{Label: "Choose"}, {Value: "1", Label: "Contoso US"}}
	running := Import{Live: &Live{ID: "import-1", Stream: "/imports/1/progress", Reload: "/settlements/upload", Progress: Progress{Title: "settlement-2026-11.txt", State: Info, Percent: 41, Done: "412,000 of 1,000,000 lines", Rate: "38,000 lines/s", Left: "16 s left", Cancel: "/imports/1/cancel"}}}
	unknown := Import{Live: &Live{ID: "import-2", Stream: "/imports/2/progress", Reload: "/settlements/upload", Progress: Progress{Title: longName + ".txt", State: Info, Percent: -1, Done: "12,000 lines"}}}
	done := Import{Name: "settlement-2026-10.txt", Status: Pill{State: Done, Text: "Imported"}, Lines: "1,204,331 lines", Settlements: []Link{{Text: "15900000001", Href: "/settlements/1"}, {Text: "15900000008", Href: "/settlements/8"}}, By: "Ada Nyström", Uploaded: shown.Time(now)}
	known := Import{Name: "copy.txt", Status: Pill{Text: "Known already", Icon: "circle-slash"}, Message: "The same file came on 3 Nov 2026. Nothing was changed.", By: rtlName, Uploaded: shown.Time(now)}
	bad := Import{Name: "orders.csv", Status: Pill{State: Wrong, Text: "Problems"}, By: "Ada Nyström", Uploaded: shown.Time(now), Problems: []LineProblem{{Line: "14", Column: "posted-date", Value: "03/04/2024", Rule: "A date that can mean two days is refused; the file has no other date that decides."}, {Line: "204", Column: "amount", Value: "12,34,5", Rule: "An amount"}}, AllProblems: Link{Text: "All 214 problems", Href: "/imports/3"}}
	return []story{
		{"upload", UploadView(page, UploadPage{Action: "/settlements/upload", Connections: connections, Limit: "Up to 50 files of 2 GB each: flat file V2, flat file and XML; plain or gzip."})},
		{"upload-many", UploadView(page, UploadPage{Action: "/settlements/upload", Connections: connections, Errors: map[string]string{"files": "Choose at least one file."}, Imports: []Import{running, unknown, bad, done, known}})},
		{"preferences", PreferencesView(frame("Preferences", ""), PreferencesPage{Theme: Dark, Negatives: "minus", Zone: "Europe/Berlin", Zones: []string{"Europe/Berlin", "UTC"}})},
	}
}
