package web

import (
	"net/http"
	"slices"

	"tieout/app/deposit"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/views"
)

// pickSize is how much of each side is offered; the search narrows it.
const pickSize = 60

// depositMatchForm puts both sides beside each other, to pick from.
func (s *server) depositMatchForm(r *request) error {
	in := r.query()
	picked := deposit.ByHand{Settlements: in.ids("deposit"), Lines: in.ids("line")}
	if err := in.err(); err != nil {
		return err
	}
	return s.showMatchForm(r, http.StatusOK, picked, nil)
}

func (s *server) showMatchForm(r *request, status int, picked deposit.ByHand, wrong map[string]string) error {
	in := r.query()
	text, currency := in.text("q", 120), money.Currency(in.text("currency", 3))
	if err := in.err(); err != nil {
		return err
	}
	deposits, err := s.pickDeposits(r, text, currency, picked.Settlements)
	if err != nil {
		return err
	}
	lines, err := s.pickLines(r, text, currency, picked.Lines)
	if err != nil {
		return err
	}
	page := r.page("Match by hand", views.Reconciling)
	model := views.MatchForm{Tabs: r.depositTabs("Match by hand"), Action: r.link(), Error: wrong["pick"],
		Filter: views.Filter{Action: depositBase + "/match", Slim: true, Target: "pick-lines", Keep: r.keepConnection(), Fields: []views.Field{
			{Name: "q", Label: "Settlement, text or amount", Type: "search", Value: text, Width: "wide"}, {Name: "currency", Label: "Currency", Value: string(currency), Width: "short"}}},
		Reason:     views.Field{Name: "reason", Label: "Why", Value: picked.Reason, Place: "Same payment, seen on the remittance"},
		Difference: views.Field{Name: "difference", Label: "What explains a difference", Value: picked.Difference, Place: "Fee of the bank", Error: wrong["difference"]},
		LeaveOpen:  views.Field{Name: "open", Label: "Leave the rest open", Type: "checkbox"}}
	if text != "" || currency != "" {
		model.Filter.Clear = r.link("q", "", "currency", "")
	}
	if picked.LeaveOpen {
		model.LeaveOpen.Value = "on"
	}
	if !r.mayMatch() {
		model.Why = "An accountant matches deposits."
	}
	for _, d := range deposits {
		model.Deposits = append(model.Deposits, views.PickRow{ID: d.SettlementID, Name: d.AmazonID, Link: views.Link{Text: d.AmazonID, Href: settlementPath(d.SettlementID)}, Text: r.format().Day(d.Due).Text, Note: depositPill(d.State).Text,
			Open: r.format().Money(d.Open()), Picked: slices.Contains(picked.Settlements, d.SettlementID)})
	}
	for _, l := range lines {
		model.Lines = append(model.Lines, views.PickRow{ID: l.ID, Name: l.Description, Link: views.Link{Text: r.format().Day(l.Booked).Text, Href: bankLinePath(l.ID)}, Text: l.Description, Note: l.AccountName,
			Open: r.format().Money(l.Open()), Picked: slices.Contains(picked.Lines, l.ID)})
	}
	return r.showAs(status, views.MatchFormView(page, model))
}

// pickDeposits are open deposits, what is picked first.
func (s *server) pickDeposits(r *request, text string, currency money.Currency, picked []int64) ([]deposit.Deposit, error) {
	var list []deposit.Deposit
	for _, id := range picked {
		d, err := s.Deposits.Deposit(r.ctx(), id)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	more, err := s.Deposits.Deposits(r.ctx(), deposit.Filter{Connection: r.connection(), Currency: currency, Text: text, State: "open", PageSize: pickSize})
	if err != nil {
		return nil, err
	}
	for _, d := range more {
		if !slices.Contains(picked, d.SettlementID) {
			list = append(list, d)
		}
	}
	return list, nil
}

// pickLines are open bank lines, what is picked first.
func (s *server) pickLines(r *request, text string, currency money.Currency, picked []int64) ([]deposit.Line, error) {
	var list []deposit.Line
	for _, id := range picked {
		l, err := s.Deposits.Line(r.ctx(), id)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	more, err := s.Deposits.Lines(r.ctx(), deposit.LineFilter{Connection: r.connection(), Currency: currency, Text: text, State: deposit.LineOpen, PageSize: pickSize})
	if err != nil {
		return nil, err
	}
	for _, l := range more {
		if !slices.Contains(picked, l.ID) {
			list = append(list, l)
		}
	}
	return list, nil
}

func (s *server) depositMatchSave(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	h := deposit.ByHand{Settlements: in.ids("deposit"), Lines: in.ids("line"), Reason: in.text("reason", 500), Difference: in.text("difference", 500), LeaveOpen: in.checked("open")}
	if err := in.err(); err != nil {
		return err
	}
	id, err := s.Deposits.MatchByHand(r.ctx(), h, r.actor())
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.showMatchForm(r, http.StatusUnprocessableEntity, h, wrong)
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, "Matched.", "")
	return r.goTo("%s", matchPath(id))
}
