package web

import (
	"fmt"
	"strconv"
	"strings"

	"tieout/app/deposit"
	"tieout/app/fault"
	"tieout/views"
)

func bankLinePath(id int64) string { return fmt.Sprintf("%s/lines/%d", depositBase, id) }

// bankLineList shows bank lines, the newest first.
func (s *server) bankLineList(r *request) error {
	f, err := r.bankLineFilter()
	if err != nil {
		return err
	}
	list, err := s.Deposits.Lines(r.ctx(), f)
	if err != nil {
		return err
	}
	accounts, err := s.Deposits.Accounts(r.ctx())
	if err != nil {
		return err
	}
	page, model, err := s.depositPage(r, "Deposits and bank", "Bank lines")
	if err != nil {
		return err
	}
	if model.Figures, err = s.depositFigures(r); err != nil {
		return err
	}
	bar := r.bankLineFilterBar(f, accounts)
	model.Filter = &bar
	listing := views.Listing{Summary: "Bank lines", Empty: views.Empty{Icon: "circle-check", Title: "No bank line here", Text: "Choose another state, or upload statements.", Action: views.Link{Text: "Statements", Href: r.scoped("/reconciliation/statements")}}}
	if len(list) == bankPageSize {
		last := list[len(list)-1].Place()
		listing.Pager.Next = r.link("after", nextKey(last.On.String(), strconv.FormatInt(last.ID, 10)))
	}
	if f.After != (deposit.Place{}) {
		listing.Pager.First = r.link("after", "")
	}
	model.Tables = []views.Table{views.BankLineTable(listing, r.bankLineRows(list))}
	return r.show(views.DepositView(page, model))
}

func (r *request) bankLineRows(list []deposit.Line) []views.BankLineRow {
	var rows []views.BankLineRow
	for _, l := range list {
		row := views.BankLineRow{Booked: views.Link{Text: r.format().Day(l.Booked).Text, Href: bankLinePath(l.ID)}, Account: l.AccountName, Description: l.Description, Reference: strings.Join(l.References, " "),
			Amount: r.format().Money(l.Amount), Status: bankLinePill(l), Note: l.Ignored}
		if l.Returned != "" {
			row.Note = strings.TrimSpace("Returned: " + l.Returned + ". " + row.Note)
		}
		if open := l.Open(); !open.Value.IsZero() && l.Ignored == "" {
			row.Open = r.format().Money(open)
		}
		rows = append(rows, row)
	}
	return rows
}

func bankLinePill(l deposit.Line) views.Pill {
	switch l.State() {
	case deposit.LineIgnored:
		return views.Pill{State: views.Neutral, Text: "Not Amazon's"}
	case deposit.LineMatched:
		return views.Pill{State: views.Done, Text: "Matched"}
	case deposit.LineDiffers:
		return views.Pill{State: views.Wrong, Text: "Amount differs"}
	case deposit.LineAmazon:
		return views.Pill{State: views.Wrong, Text: "No settlement"}
	}
	return views.Pill{State: views.Neutral, Text: "Other"}
}

func (r *request) bankLineFilter() (deposit.LineFilter, error) {
	in := r.query()
	f := deposit.LineFilter{Connection: r.connection(), Account: in.id("account"), Text: in.text("q", 120), PageSize: bankPageSize,
		State: deposit.LineState(in.choice("state", string(deposit.LineAmazon), string(deposit.LineOpen), string(deposit.LineDiffers), string(deposit.LineMatched), string(deposit.LineIgnored), string(deposit.LineAll)))}
	if on, id, ok := in.dayKey("after"); ok {
		f.After = deposit.Place{On: on, ID: id}
	}
	return f, in.err()
}

func (r *request) bankLineFilterBar(f deposit.LineFilter, accounts []deposit.Account) views.Filter {
	options := []views.Option{{Label: "All accounts"}}
	for _, a := range accounts {
		options = append(options, views.Option{Value: strconv.FormatInt(a.ID, 10), Label: a.Name, Current: a.ID == f.Account})
	}
	bar := views.Filter{Action: depositBase + "/lines", Slim: true, Keep: r.keepConnection(), Fields: []views.Field{
		{Name: "q", Label: "Text, reference or amount", Type: "search", Value: f.Text, Width: "wide"},
		{Name: "state", Label: "State", Value: string(f.State), Options: []views.Option{{Value: "amazon", Label: "Received, no settlement"}, {Value: "differs", Label: "Amount differs"}, {Value: "open", Label: "All that is not matched"},
			{Value: "matched", Label: "Matched"}, {Value: "ignored", Label: "Not Amazon's"}, {Value: "all", Label: "All"}}},
		{Name: "account", Label: "Account", Options: options},
	}}
	if f.Text != "" || f.State != deposit.LineAmazon || f.Account != 0 {
		bar.Clear = r.link("q", "", "state", "", "account", "", "after", "")
	}
	return bar
}

// bankLineShow shows one line with its matches.
func (s *server) bankLineShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	return s.showBankLine(r, 200, id, nil)
}

func (s *server) showBankLine(r *request, status int, id int64, wrong map[string]string) error {
	l, err := s.Deposits.Line(r.ctx(), id)
	if err != nil {
		return err
	}
	matches, err := s.Deposits.Matches(r.ctx(), deposit.MatchFilter{Line: id, State: "all", PageSize: bankPageSize})
	if err != nil {
		return err
	}
	page, model, err := s.depositPage(r, "Bank line of "+r.format().Day(l.Booked).Text, "Bank lines")
	if err != nil {
		return err
	}
	model.Facts = r.bankLineFacts(l)
	if !l.Open().Value.IsZero() && l.Ignored == "" && r.mayMatch() {
		model.Buttons = []views.Button{{Label: "Match by hand", Icon: "arrow-left-right", Href: depositBase + "/match?line=" + strconv.FormatInt(id, 10)}}
	}
	if len(matches) > 0 {
		model.Tables = []views.Table{views.MatchTable(views.Listing{Summary: "Matches"}, r.matchRows(matches))}
	}
	if form := r.bankLineForm(l, wrong); form != nil {
		model.Sheets = []views.AdminSheet{{Title: "Is it Amazon's?", Form: form}}
	}
	return r.showAs(status, views.DepositView(page, model))
}

func (r *request) bankLineFacts(l deposit.Line) []views.Fact {
	facts := []views.Fact{{Name: "Account", Value: views.Text(l.AccountName)}, {Name: "Amount", Value: views.Money(r.format().Money(l.Amount))}, {Name: "State", Value: views.StatusPill(bankLinePill(l))},
		{Name: "Text", Value: views.Text(l.Description)}}
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, views.Fact{Name: name, Value: views.Text(value)})
		}
	}
	add("References", strings.Join(l.References, " "))
	add("Bank's id", l.BankID)
	add("Value date", r.dayOrNone(l.Value).Text)
	add("Returned", l.Returned)
	if l.Reversal {
		add("Reversal", "It takes back an earlier line.")
	}
	add("Line of the file", strconv.Itoa(l.Number))
	if l.Ignored != "" {
		add("Not Amazon's", l.Ignored)
		add("Said by", l.IgnoredBy)
	}
	return facts
}

func (r *request) bankLineForm(l deposit.Line, wrong map[string]string) *views.AdminForm {
	switch {
	case !r.mayMatch() || !l.Matched.Value.IsZero():
		return nil
	case l.Ignored != "":
		return &views.AdminForm{Action: bankLinePath(l.ID) + "/regard", Submit: views.Button{Label: "It may be Amazon's after all", Icon: "rotate-ccw"}}
	}
	return &views.AdminForm{Action: bankLinePath(l.ID) + "/ignore", Submit: views.Button{Label: "It is not Amazon's", Icon: "ban"},
		Fields: []views.Field{{Name: "reason", Label: "What it is", Hint: "Such as a refund of a purchase, or a payment of a customer.", Error: wrong["reason"], Required: true, Width: "wide"}}}
}

func (s *server) bankLineIgnore(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	reason := in.text("reason", 500)
	if err := in.err(); err != nil {
		return err
	}
	err = s.Deposits.Ignore(r.ctx(), id, reason, r.actor())
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.showBankLine(r, 422, id, wrong)
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, "Set aside.", "The line is listed under Not Amazon's.")
	return r.goTo("%s", bankLinePath(id))
}

func (s *server) bankLineRegard(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Deposits.Regard(r.ctx(), id, r.actor()); err != nil {
		return err
	}
	return r.goTo("%s", bankLinePath(id))
}
