package web

import (
	"fmt"
	"strconv"
	"strings"

	"tieout/app/deposit"
	"tieout/app/identity"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/reconcile/match"
	"tieout/views"
)

const depositBase = "/reconciliation/deposits"

// depositPage begins a page of deposits: its tabs, and on the main ones the one
// number of each currency.
func (s *server) depositPage(r *request, title, tab string) (views.Page, views.DepositPage, error) {
	page := r.page(title, views.Reconciling)
	if tab == "" && title != "Deposits and bank" {
		page.Crumbs = []views.Link{{Text: "Deposits and bank", Href: depositBase}}
	}
	return page, views.DepositPage{Tabs: r.depositTabs(tab)}, nil
}

// scoped keeps the connection that the page is about in a link.
func (r *request) scoped(path string) string {
	if id := r.connection(); id != 0 {
		return path + "?connection=" + strconv.FormatInt(id, 10)
	}
	return path
}

func (r *request) depositTabs(current string) []views.Tab {
	var tabs []views.Tab
	for _, t := range [][2]string{{"Suggested", depositBase}, {"Deposits", depositBase + "/list"}, {"Bank lines", depositBase + "/lines"}, {"Match by hand", depositBase + "/match"},
		{"Matches", depositBase + "/matches"}, {"Statements", "/reconciliation/statements"}} {
		tabs = append(tabs, views.Tab{Label: t[0], Href: r.scoped(t[1]), Current: t[0] == current})
	}
	return tabs
}

// depositFigures are the unexplained difference of each currency, with what is
// missing and what is on its way.
func (s *server) depositFigures(r *request) ([]views.Figure, error) {
	figures, err := s.Deposits.Figures(r.ctx(), r.connection())
	if err != nil {
		return nil, err
	}
	sums, err := s.Deposits.Sums(r.ctx(), r.connection())
	if err != nil {
		return nil, err
	}
	var list []views.Figure
	explained := map[money.Currency]bool{}
	for _, f := range joined(figures) {
		currency := f.Unexplained.Currency
		explained[currency] = true
		figure := views.Figure{Name: "Unexplained", Value: money.Format(f.Unexplained.Value, currency), Currency: string(currency), Pill: views.Pill{State: views.Done, Text: "Agrees"},
			Note: strings.Join(append(awaited(sums, currency), "Statements to "+r.format().Day(f.To).Text), " · ")}
		if f.Items > 0 {
			figure.Pill, figure.Href = views.Pill{State: views.Wrong, Text: views.Counted(int(f.Items), "open item", "open items")}, r.scoped(depositBase)
		}
		list = append(list, figure)
	}
	for _, x := range sums {
		if !explained[x.Currency] {
			explained[x.Currency] = true
			list = append(list, views.Figure{Name: "Unexplained", Value: "Not known", Currency: string(x.Currency),
				Note: strings.Join(append(awaited(sums, x.Currency), "No bank statement yet"), " · "), Href: r.scoped("/reconciliation/statements")})
		}
	}
	if len(list) == 0 {
		list = append(list, views.Figure{Name: "Unexplained", Value: "Not known", Note: "No bank statement yet", Href: r.scoped("/reconciliation/statements")})
	}
	return list, nil
}

// awaited says what has not come, in a currency.
func awaited(sums []deposit.StateSum, currency money.Currency) (words []string) {
	for _, x := range sums {
		if x.Currency == currency && (x.State == deposit.Missing || x.State == deposit.UnderWay) {
			words = append(words, depositPill(x.State).Text+" "+money.Format(x.Open.Value, currency))
		}
	}
	return words
}

// joined adds the figures of all connections up, by currency.
func joined(figures []deposit.Figure) []deposit.Figure {
	var list []deposit.Figure
	at := map[money.Currency]int{}
	for _, f := range figures {
		i, known := at[f.Unexplained.Currency]
		if !known {
			at[f.Unexplained.Currency] = len(list)
			list = append(list, f)
			continue
		}
		list[i].Unexplained.Value, list[i].Items = list[i].Unexplained.Value.Add(f.Unexplained.Value), list[i].Items+f.Items
		if list[i].To.Before(f.To) {
			list[i].To = f.To
		}
	}
	return list
}

func depositPill(state deposit.State) views.Pill {
	switch state {
	case deposit.Received:
		return views.Pill{State: views.Done, Text: "Received"}
	case deposit.Differs:
		return views.Pill{State: views.Wrong, Text: "Amount differs"}
	case deposit.Missing:
		return views.Pill{State: views.Wrong, Text: "Not received"}
	case deposit.UnderWay:
		return views.Pill{State: views.Info, Text: "On its way"}
	case deposit.Owed:
		return views.Pill{State: views.Info, Text: "Owed to Amazon"}
	case deposit.Bounced:
		return views.Pill{State: views.Info, Text: "Refused by the bank", Hint: "The next settlement pays it again."}
	case deposit.Before:
		return views.Pill{State: views.Neutral, Text: "Before the statements"}
	case deposit.Unwatched:
		return views.Pill{State: views.Neutral, Text: "No statement"}
	}
	return views.Pill{State: views.Neutral, Text: "Nothing to pay"}
}

// depositSuggestions shows what seems to belong together.
func (s *server) depositSuggestions(r *request) error {
	found, err := s.Deposits.Suggest(r.ctx(), r.connection())
	if err != nil {
		return err
	}
	page, model, err := s.depositPage(r, "Deposits and bank", "Suggested")
	if err != nil {
		return err
	}
	if model.Figures, err = s.depositFigures(r); err != nil {
		return err
	}
	may := r.person.Can(identity.PrepareEntries)
	if may && len(found.Sure) > 0 {
		model.Buttons = append(model.Buttons, views.Button{Label: "Accept all " + strconv.Itoa(len(found.Sure)) + " that are sure", Icon: "check", Look: views.Primary, Action: r.scoped(depositBase + "/accept-all")})
	}
	if r.server.Workbooks != nil && r.person.Can(identity.Export) {
		model.Buttons = append(model.Buttons, views.Button{Label: "Excel", Icon: "download", Href: r.scoped(depositBase + "/export.xlsx")})
	}
	var rows []views.SuggestionRow
	for _, m := range found.Sure {
		rows = append(rows, r.suggestionRow(found, m, true, may))
	}
	for _, m := range found.Possible {
		rows = append(rows, r.suggestionRow(found, m, false, may))
	}
	empty := views.Empty{Icon: "circle-check", Title: "Nothing to suggest", Text: "What is open on either side is listed under Deposits and Bank lines."}
	accounts, err := s.Deposits.Accounts(r.ctx())
	if err != nil {
		return err
	}
	if len(accounts) == 0 {
		empty = views.Empty{Icon: "inbox", Title: "No bank account yet", Text: "Add the account that Amazon pays to, and upload its statements.", Action: views.Link{Text: "Add a bank account", Href: "/reconciliation/accounts/new"}}
	}
	model.Tables = []views.Table{views.SuggestionTable(rows, empty)}
	return r.show(views.DepositView(page, model))
}

func (r *request) suggestionRow(found deposit.Suggestions, m match.Proposal, sure, may bool) views.SuggestionRow {
	row := views.SuggestionRow{Reason: m.Reason, Sure: sure, Key: m.Key(), ByHand: views.Link{Text: "Look", Href: depositBase + "/match?"}}
	var total money.Amount
	query := ""
	for _, id := range m.Left {
		d := found.Deposits[id]
		row.Deposits, row.Due = append(row.Deposits, views.Link{Text: d.AmazonID, Href: settlementPath(id)}), r.format().Day(d.Due)
		query += "&deposit=" + strconv.FormatInt(id, 10)
		total.Currency = d.Amount.Currency
	}
	for _, id := range m.Right {
		l := found.Lines[id]
		row.Lines, row.Booked = append(row.Lines, views.Link{Text: r.format().Day(l.Booked).Text, Href: bankLinePath(id)}), r.format().Day(l.Booked)
		row.Text = l.Description
		total.Value = total.Value.Add(l.Open().Value)
		query += "&line=" + strconv.FormatInt(id, 10)
	}
	row.Amount, row.ByHand.Href = r.format().Money(total), depositBase+"/match?"+query[1:]
	if !m.Difference.IsZero() {
		row.Difference = r.format().Value(m.Difference, total.Currency)
	} else if may {
		row.Accept = depositBase + "/accept"
	}
	return row
}

func settlementPath(id int64) string { return fmt.Sprintf("/settlements/%d", id) }

func (s *server) depositAccept(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	key := in.needed("key", 400, "Choose a suggestion.")
	if err := in.err(); err != nil {
		return err
	}
	id, err := s.Deposits.Accept(r.ctx(), key, r.actor())
	if err != nil {
		return err
	}
	r.flash(views.Done, "Matched.", "The match is "+strconv.FormatInt(id, 10)+"; it can be taken apart under Matches.")
	return r.goTo(depositBase)
}

func (s *server) depositAcceptAll(r *request) error {
	n, err := s.Deposits.AcceptSure(r.ctx(), r.connection(), r.actor())
	if err != nil {
		return err
	}
	r.flash(views.Done, views.Counted(n, "match made.", "matches made."), "Each can be taken apart under Matches.")
	return r.goTo("%s", r.scoped(depositBase))
}

// day is a date that may be missing.
func (r *request) dayOrNone(d period.Date) views.When {
	if d == (period.Date{}) {
		return views.When{}
	}
	return r.format().Day(d)
}
