package web

import (
	"fmt"
	"net/http"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/money"
	"tieout/app/receivable"
	"tieout/views"
)

func cashEntryPath(settlementID, id int64) string {
	return fmt.Sprintf("/settlements/%d/cash/%d", settlementID, id)
}

const referenceHint = "The number of the receipt or the batch in Prophet 21."

// cashForm says that everything left of a deposit was entered in P21.
func (r *request) cashForm(d settlementDetail, t receivable.Total) views.AdminForm {
	return views.AdminForm{Action: d.base() + "/cash/enter", Hidden: []views.Hidden{{Name: "amount", Value: t.Left().String()}, {Name: "all", Value: "1"}},
		Submit: views.Button{Label: fmt.Sprintf("Entered %s of %s", r.format().Value(t.Left(), d.currency()).Text, views.Counted(int(t.ToEnter), "order", "orders")), Icon: "check"},
		Fields: []views.Field{{Name: "reference", Label: "Reference in Prophet 21", Hint: referenceHint, Required: true, Suffix: "-all"}}}
}

// cashEntries lists what was entered of a settlement.
func (s *server) cashEntries(r *request, d settlementDetail) ([]views.CashEntryRow, error) {
	list, err := s.Receivable.CashEntries(r.ctx(), d.ID)
	if err != nil {
		return nil, err
	}
	var rows []views.CashEntryRow
	for _, e := range list {
		rows = append(rows, views.CashEntryRow{Reference: views.Link{Text: e.Reference, Href: cashEntryPath(d.ID, e.ID)}, Orders: views.Count(e.Orders), Amount: r.format().Value(e.Amount, d.currency()),
			By: e.By, At: r.format().Time(e.At), Status: cashPill(e), Reason: e.Reason})
	}
	return rows, nil
}

func cashPill(e receivable.CashEntry) views.Pill {
	if e.Stands() {
		return views.Pill{State: views.Done, Text: "Entered"}
	}
	return views.Pill{Text: "Undone", Icon: "rotate-ccw"}
}

// cashEnter keeps that cash was entered in P21: of the selected orders, or of
// all of which something is left. It asks for the reference where there is none.
func (s *server) cashEnter(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	n := receivable.NewCashEntry{SettlementID: d.ID, Reference: in.text("reference", 80), Orders: in.values["order"]}
	if len(n.Orders) == 0 && !in.checked("all") {
		in.refuse("order", "Select at least one order.")
	}
	amount := in.amount("amount")
	if err := in.err(); err != nil {
		return err
	}
	n.Amount = amount.Decimal
	_, answered := in.values["reference"]
	if !answered || n.Reference == "" {
		return s.cashAsk(r, d, n, answered)
	}
	if _, err := s.Receivable.EnterCash(r.ctx(), n, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Entered in Prophet 21 under "+n.Reference+".", "")
	return r.goTo("/settlements/%d/cash", d.ID)
}

// cashAsk shows what is left of the orders and asks for P21's reference.
func (s *server) cashAsk(r *request, d settlementDetail, n receivable.NewCashEntry, answered bool) error {
	left, err := s.Receivable.Left(r.ctx(), d.ID, n.Orders)
	if err != nil {
		return err
	}
	sum := decimal.Zero
	for _, x := range left {
		sum = sum.Add(x.Amount)
	}
	if len(left) == 0 {
		return fault.New(fault.Conflict, "Nothing of these orders is left to enter.")
	}
	form := views.ActionForm{ID: "enter", Title: "Entered in Prophet 21?", Action: d.base() + "/cash/enter", Back: d.base() + "/cash",
		Lead:   fmt.Sprintf("%s %s of %s.", money.Format(sum, d.currency()), d.Currency, views.Counted(len(left), "order", "orders")),
		Button: views.Button{Label: "Entered", Icon: "check", Look: views.Primary}, Keep: []views.Hidden{{Name: "amount", Value: sum.String()}},
		Fields: []views.Field{{Name: "reference", Label: "Reference in Prophet 21", Hint: referenceHint, Required: true}}}
	for _, order := range n.Orders {
		form.Keep = append(form.Keep, views.Hidden{Name: "order", Value: order})
	}
	if len(n.Orders) == 0 {
		form.Keep = append(form.Keep, views.Hidden{Name: "all", Value: "1"})
	}
	status := http.StatusOK
	if answered {
		status, form.Fields[0].Error = http.StatusUnprocessableEntity, referenceHint
	}
	page := r.page("Cash of "+d.AmazonID, views.Settlements, views.Link{Text: "Settlements", Href: "/settlements"}, views.Link{Text: d.AmazonID, Href: d.base() + "/cash"})
	return r.showAs(status, views.ActionFormView(page, form))
}

// cashEntryShow shows what was entered at once, order by order.
func (s *server) cashEntryShow(r *request) error { return s.showCashEntry(r, http.StatusOK, nil) }

func (s *server) showCashEntry(r *request, status int, wrong map[string]string) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	id, err := r.pathID("entry")
	if err != nil {
		return err
	}
	e, err := s.Receivable.CashEntry(r.ctx(), d.ID, id)
	if err != nil {
		return err
	}
	after := ""
	if key := r.query().key("after", 1); key != nil {
		after = key[0]
	}
	orders, err := s.Receivable.EnteredOrders(r.ctx(), id, after, cashPageSize)
	if err != nil {
		return err
	}
	page := r.page("Cash "+e.Reference, views.Settlements, views.Link{Text: "Settlements", Href: "/settlements"}, views.Link{Text: d.AmazonID, Href: d.base() + "/cash"})
	model := views.CashEntryPage{Status: cashPill(e), Facts: r.cashEntryFacts(d, e)}
	model.Summary = views.Counted(e.Orders, "order", "orders")
	for _, x := range orders {
		model.Orders = append(model.Orders, views.CashEntryOrder{Order: views.Link{Text: x.Order, Href: itemPath(d.ConnectionID, x.Order)}, Amount: r.format().Value(x.Amount, d.currency())})
	}
	if len(orders) == cashPageSize {
		model.Pager.Next = r.link("after", nextKey(orders[len(orders)-1].Order))
	}
	if after != "" {
		model.Pager.First = r.link("after", "")
	}
	if e.Stands() && r.person.Can(identity.PrepareEntries) {
		model.Form = &views.AdminForm{Action: cashEntryPath(d.ID, id) + "/undo", Submit: views.Button{Label: "Undo", Icon: "rotate-ccw", Look: views.Danger},
			Fields: []views.Field{{Name: "reason", Label: "Reason", Hint: "Why it does not stand in Prophet 21. The orders are to be entered again.", Error: wrong["reason"], Required: true, Width: "wide"}}}
	}
	return r.showAs(status, views.CashEntryView(page, model))
}

func (r *request) cashEntryFacts(d settlementDetail, e receivable.CashEntry) []views.Fact {
	f := r.format()
	facts := []views.Fact{{Name: "Settlement", Value: views.Anchor(views.Link{Text: d.AmazonID, Href: d.base() + "/cash"})}, {Name: "Reference in Prophet 21", Value: views.Text(e.Reference)},
		{Name: "Amount", Value: views.Money(f.Value(e.Amount, d.currency()))}, {Name: "Entered by", Value: views.Text(e.By)}, {Name: "On", Value: views.Moment(f.Time(e.At))}}
	if !e.Stands() {
		facts = append(facts, views.Fact{Name: "Undone by", Value: views.Text(e.UndoneBy)}, views.Fact{Name: "On", Value: views.Moment(f.Time(e.UndoneAt))}, views.Fact{Name: "Reason", Value: views.Text(e.Reason)})
	}
	return facts
}

// cashUndo takes back that cash was entered.
func (s *server) cashUndo(r *request) error {
	settlementID, err := r.pathID("id")
	if err != nil {
		return err
	}
	id, err := r.pathID("entry")
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	reason := in.text("reason", 2000)
	if err := in.err(); err != nil {
		return err
	}
	err = s.Receivable.UndoCash(r.ctx(), settlementID, id, reason, r.actor())
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.showCashEntry(r, http.StatusUnprocessableEntity, wrong)
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, "Undone.", "Its orders are to be entered again.")
	return r.goTo("/settlements/%d/cash", settlementID)
}
