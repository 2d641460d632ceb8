package views

import "github.com/a-h/templ"

// SettlementHead is what every tab of a settlement begins with.
type SettlementHead struct {
	Status  Pill
	Tie     Tie // lines against deposit
	Tabs    []Tab
	Actions []Button // what this person may do; with Action they post, with Href they lead
	low     bool     // one line high, for the tab with the long table
}

func (h SettlementHead) slim() SettlementHead {
	h.low = true
	return h
}

// SettlementTabs returns the tabs of the settlement whose pages begin with
// base ("/settlements/7"); current is the last part of the path, "" for the
// overview. Cash is a tab where P21 invoices the orders.
func SettlementTabs(base, current, lines, documents string, invoiced bool) []Tab {
	tabs := []Tab{
		{Label: "Overview", Href: base},
		{Label: "Lines", Href: base + "/lines", Count: lines},
		{Label: "Documents", Href: base + "/documents", Count: documents},
		{Label: "History", Href: base + "/history"},
		{Label: "Compare", Href: base + "/compare"},
	}
	if invoiced {
		tabs = append(tabs, Tab{Label: "Cash application", Href: base + "/cash"})
	}
	for i := range tabs {
		tabs[i].Current = tabs[i].Href == base+slash(current)
	}
	return tabs
}

func slash(part string) string {
	if part == "" {
		return ""
	}
	return "/" + part
}

// SettlementPage is the overview of one settlement.
type SettlementPage struct {
	Head       SettlementHead
	Alerts     []Alert
	Facts      SettlementFacts
	Categories []CategoryRow // in the order of the waterfall, from sales down
	Deposit    CategoryRow   // the total that the waterfall ends in
	Unmapped   []UnmappedKind
	Accounts   []Account // to choose from when resolving
	Entries    []SettlementEntry
	Ties       []Check // reserve chain, payable chain, tax net, clearing
	Correction *Correction
	Reissued   *Reissued // nil unless P21 holds entries of the report before
}

// Reissued is what a re-issued report changes in the books.
type Reissued struct {
	Before  Link
	Lines   Link // line by line
	Changes []EntryChange
}

func (r Reissued) table() Table {
	table := EntryPage{Changes: r.Changes}.changeTable()
	table.Caption = "Differences from the report before"
	return table
}

// SettlementFacts describes the settlement.
type SettlementFacts struct {
	Connection   Link
	Cycle        string
	Marketplaces string
	Deposit      Amount
	DepositDate  When
	Lines        string
	RuleSet      Link // the rules its entries were drafted with
	Format       string
}

// CategoryRow is one category of the settlement: a step of the waterfall, with
// the accounts that it goes to.
type CategoryRow struct {
	Name     string
	Step     Step
	Amount   Amount // links to the lines
	Lines    string
	Accounts []Link
	State    State  // Waiting while kinds of it have no account
	Note     string // "2 kinds have no account yet"
}

// UnmappedKind is a kind that no rule matches. Resolving it drafts a rule.
type UnmappedKind struct {
	ID          string
	Name        string // "Order · ItemFees · VariableClosingFee"
	Marketplace string
	Lines       string
	Amount      Amount // links to its lines
	Suggestion  string // suggested account number; filled in
	Reason      string // why it is suggested
	Categories  []Option
	Action      string // posts account, category and return
	Problem     string // what was wrong with the last attempt
	Value       string // the account typed in that attempt
	Why         string // why this person cannot resolve it; "" when they can
}

// SettlementEntry is a journal entry of the settlement.
type SettlementEntry struct {
	Reference string
	Href      string
	Period    string
	Version   string
	Status    Pill
	Debits    Amount
	Lines     string
	Posted    string // P21's number; "" before posting
}

// Correction completes an out-of-balance settlement by one line that a second
// person approves.
type Correction struct {
	Action  string // posts amount, account (the missing line's name), reason
	Amount  string // plain decimal: the difference
	Errors  map[string]string
	Values  map[string]string // what was typed when Errors is set
	Pending *PendingCorrection
}

// PendingCorrection waits for a second person.
type PendingCorrection struct {
	Who     string
	When    When
	Amount  Amount
	Account string
	Reason  string
	Approve string // posts; "" when this person may not
	Reject  string // posts reason; "" when this person may not
	Why     string // why this person may not approve
}

func (s SettlementPage) facts() []Fact {
	f := s.Facts
	facts := []Fact{
		{Name: "Connection", Value: Anchor(f.Connection)},
		{Name: "Cycle", Value: Text(f.Cycle)},
		{Name: "Marketplaces", Value: Text(f.Marketplaces)},
		{Name: "Deposit", Value: Money(f.Deposit)},
		{Name: "Deposited", Value: Moment(f.DepositDate)},
		{Name: "Lines", Value: Text(f.Lines)},
		{Name: "Report", Value: Text(f.Format)},
	}
	if f.RuleSet.Text != "" {
		facts = append(facts, Fact{Name: "Rules", Value: Anchor(f.RuleSet)})
	}
	return facts
}

// categoryTable is the waterfall from sales to deposit and the table behind it
// in one.
func (s SettlementPage) categoryTable() Table {
	table := Table{
		ID: "categories", Caption: "Categories, from sales to deposit", Inside: true,
		Columns: []Column{
			{Label: "Category", Kind: Wrap}, {Label: "Lines", Kind: Number}, {Label: "Amount", Kind: Number},
			{Label: "From sales to deposit", Kind: Chart}, {Label: "Accounts", Kind: Wrap},
		},
		Empty: Empty{Icon: "receipt-text", Title: "This settlement has no lines"},
	}
	steps := make([]Step, 0, len(s.Categories)+1)
	for _, category := range s.Categories {
		steps = append(steps, category.Step)
	}
	bars := Waterfall(append(steps, Step{Value: s.Deposit.Step.Value, Total: true}))
	for i, category := range s.Categories {
		table.Rows = append(table.Rows, Row{State: category.State, Cells: []templ.Component{
			Stacked(Text(category.Name), category.Note), Text(category.Lines), Money(category.Amount),
			WaterfallStep(bars[i]), Links(category.Accounts),
		}})
	}
	if len(table.Rows) > 0 {
		table.Foot = []Row{{Cells: []templ.Component{
			Text("Deposit"), Text(s.Deposit.Lines), Money(s.Deposit.Amount), WaterfallStep(bars[len(bars)-1]), Links(s.Deposit.Accounts),
		}}}
	}
	return table
}

func (s SettlementPage) entryTable() Table {
	table := Table{
		ID: "entries", Caption: "Journal entries of this settlement", Inside: true,
		Columns: []Column{
			{Label: "Entry"}, {Label: "Period"}, {Label: "Version", Kind: Number}, {Label: "Lines", Kind: Number},
			{Label: "Status", Kind: Tight}, {Label: "P21 number", Kind: Tight}, {Label: "Debits = credits", Kind: Number},
		},
		Empty: Empty{Icon: "book-open-text", Title: "No journal entry yet", Text: "Entries are drafted when the settlement ties out and every kind has an account."},
	}
	for _, e := range s.Entries {
		posted := Code(e.Posted)
		if e.Posted == "" {
			posted = Nothing()
		}
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{
			RowLink(Link{Text: e.Reference, Href: e.Href}), Text(e.Period), Text(e.Version), Text(e.Lines), StatusPill(e.Status), posted, Money(e.Debits),
		}})
	}
	return table
}

// about says where and how often the kind stands.
func (k UnmappedKind) about() string {
	if k.Marketplace == "" {
		return k.Lines
	}
	return k.Marketplace + " · " + k.Lines
}

func (k UnmappedKind) accountField() Field {
	value := k.Value
	if value == "" {
		value = k.Suggestion
	}
	return Field{
		Name: "account", Label: "Account", Value: value, List: "accounts", Mono: true, Required: true,
		Hint: k.Reason, Error: k.Problem, Suffix: "-" + k.ID,
	}
}

func (k UnmappedKind) categoryField() Field {
	return Field{Name: "category", Label: "Category", Options: k.Categories, Suffix: "-" + k.ID}
}

func (c Correction) field(name, label string) Field {
	return Field{Name: name, Label: label, Value: c.Values[name], Error: c.Errors[name], Required: true, Suffix: "-correction"}
}

func (c Correction) amountField() Field {
	field := c.field("amount", "Amount")
	field.Mono, field.Hint = true, "The difference is filled in; a correction must leave none."
	if field.Value == "" {
		field.Value = c.Amount
	}
	return field
}

func (c Correction) accountField() Field {
	field := c.field("account", "What is missing")
	field.Hint = "As Amazon would have named it, for example Current Reserve Amount."
	return field
}

func (c Correction) reasonField() Field {
	field := c.field("reason", "Reason")
	field.Hint = "It stays with the settlement; the person who approves reads it."
	return field
}
