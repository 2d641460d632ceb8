package views

import "github.com/a-h/templ"

// BacktestPage is what another rule set would have made of past settlements.
type BacktestPage struct {
	Buttons  []Button
	Alerts   []Alert
	Filter   Filter
	Figures  []Figure
	Accounts []BacktestAccount
	Totals   []BacktestAccount // one per currency, over all accounts
	Whole    Link              // shows the accounts that stay as well, or only those that change
	Moved    []BacktestMoved
	Export   []Choice
}

// BacktestAccount is an account in a period, with what both rule sets give it.
type BacktestAccount struct {
	Account, Name    string // empty: no account
	Period           string
	Old, New, Change Amount
	Differs          bool
}

// BacktestMoved is lines of one sort that go elsewhere.
type BacktestMoved struct {
	Kind     Link
	Also     string // product group and fulfilment
	Lines    string
	Amount   Amount
	Old, New BacktestTarget
}

// BacktestTarget is where a rule set sends lines.
type BacktestTarget struct {
	Rule    string // empty: no rule matches
	Account string
	Note    string // category and branch
}

func (b BacktestPage) accounts() Table {
	t := Table{ID: "accounts", Caption: "Accounts by period", Summary: "Accounts by period", Dense: true, Inside: true, Export: b.Export, Columns: []Column{{Label: "Account", Kind: Tight}, {Label: "Name", Kind: Clip}, {Label: "Period", Kind: Tight},
		{Label: "Before", Kind: Number, Hint: "Positive amounts credit the account."}, {Label: "After", Kind: Number}, {Label: "Difference", Kind: Number}},
		Empty: Empty{Icon: "circle-check", Title: "No account changes"}}
	for _, a := range b.Accounts {
		row := Row{Muted: !a.Differs, Cells: []templ.Component{codeOrNone(a.Account), Soft(a.Name), Text(a.Period), Money(a.Old), Money(a.New), Money(a.Change)}}
		if a.Account == "" {
			row.State = Waiting
		}
		t.Rows = append(t.Rows, row)
	}
	for _, a := range b.Totals {
		t.Foot = append(t.Foot, Row{Cells: []templ.Component{Strong("All accounts"), nil, nil, Money(a.Old), Money(a.New), Money(a.Change)}})
	}
	return t
}

func codeOrNone(account string) templ.Component {
	if account == "" {
		return Soft("none")
	}
	return Code(account)
}

func (b BacktestPage) moved() Table {
	t := Table{ID: "moved", Caption: "Lines that move", Summary: "Lines that move", Dense: true, Inside: true, Columns: []Column{{Label: "Kind", Kind: Wrap}, {Label: "Also", Kind: Wrap}, {Label: "Lines", Kind: Number}, {Label: "Amount", Kind: Number},
		{Label: "Before", Kind: Wrap}, {Label: "After", Kind: Wrap}}, Empty: Empty{Icon: "circle-check", Title: "No line moves", Text: "Both rule sets send every line to the same account."}}
	for _, m := range b.Moved {
		row := Row{Cells: []templ.Component{RowLink(m.Kind), Soft(m.Also), Text(m.Lines), Money(m.Amount), m.Old.cell(), m.New.cell()}}
		if m.New.Rule == "" {
			row.State = Wrong
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (t BacktestTarget) cell() templ.Component {
	if t.Rule == "" {
		return StatusPill(Pill{State: Waiting, Text: "No rule"})
	}
	return Stacked(codeOrNone(t.Account), t.Rule+", "+t.Note)
}

// BacktestKindPage is where lines of one sort stand.
type BacktestKindPage struct {
	Facts  []Fact
	Places []BacktestPlace
	Totals []BacktestPlace // one per currency
}

// BacktestPlace is a settlement with lines of the sort.
type BacktestPlace struct {
	Settlement Link
	Cycle      string
	Lines      string
	Link       Link // to the lines
	Amount     Amount
}

func (b BacktestKindPage) table() Table {
	t := Table{ID: "places", Caption: "Settlements", Summary: "Settlements with these lines", Inside: true, Columns: []Column{{Label: "Settlement", Kind: Tight}, {Label: "Cycle", Kind: Tight}, {Label: "", Quiet: true, Kind: Tight}, {Label: "Lines", Kind: Number}, {Label: "Amount", Kind: Number}},
		Empty: Empty{Icon: "inbox", Title: "No settlement in this range holds such lines"}}
	for _, p := range b.Places {
		t.Rows = append(t.Rows, Row{Cells: []templ.Component{Anchor(p.Settlement), Text(p.Cycle), RowLink(p.Link), Text(p.Lines), Money(p.Amount)}})
	}
	for _, p := range b.Totals {
		t.Foot = append(t.Foot, Row{Cells: []templ.Component{Strong("All"), nil, nil, Text(p.Lines), Money(p.Amount)}})
	}
	return t
}
