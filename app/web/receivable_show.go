package web

import (
	"fmt"
	"net/url"

	"tieout/app/period"
	"tieout/app/receivable"
	"tieout/views"
)

// receivableShow shows one order: what P21 invoiced, what settlements paid of
// it, and why both differ.
func (s *server) receivableShow(r *request) error {
	id, err := r.pathID("connection")
	if err != nil {
		return err
	}
	order := r.Param("order")
	whole, err := s.Receivable.Order(r.ctx(), id, order)
	if err != nil {
		return err
	}
	page := r.page("Order "+order, views.Receivable, views.Link{Text: "Receivable", Href: "/receivable"})
	model := views.ItemPage{Status: itemPill(whole.Items[0])}
	for _, i := range whole.Items {
		sides := views.ItemSides{Facts: r.itemFacts(i)}
		if reason, ok := receivable.Explain(i); ok {
			sides.Reason = causeTitle(reason.Cause) + ". " + reason.Text
		}
		model.Items = append(model.Items, sides)
	}
	for _, b := range whole.Bills {
		model.Bills = append(model.Bills, views.BillRow{Number: b.Number, Order: b.P21Order, Customer: b.Customer, Type: b.Type, Date: r.format().Day(b.Date), Total: r.format().Value(b.Total, b.Currency)})
	}
	for _, p := range whole.Payments {
		f := r.format()
		lines := fmt.Sprintf("/settlements/%d/lines?%s", p.SettlementID, url.Values{"order": {order}}.Encode())
		model.Payments = append(model.Payments, views.PaymentRow{Settlement: views.Link{Text: p.AmazonID, Href: lines}, End: f.Day(period.DateOf(p.End)), Principal: f.Value(p.Parts.Principal, p.Currency),
			Shipping: f.Value(p.Parts.Shipping, p.Currency), Tax: f.Value(p.Parts.Tax, p.Currency), Promotion: f.Value(p.Parts.Promotion, p.Currency), Refund: f.Value(p.Parts.Refund, p.Currency),
			Total: f.Value(p.Parts.Total(), p.Currency)})
	}
	return r.show(views.ItemView(page, model))
}

func (r *request) itemFacts(i receivable.Item) []views.Fact {
	f := r.format()
	facts := []views.Fact{{Name: "Currency", Value: views.Text(string(i.Currency))}, {Name: "Invoiced", Value: views.Money(f.Value(i.Invoiced, i.Currency))}}
	if !i.Credited.IsZero() {
		facts = append(facts, views.Fact{Name: "Credited", Value: views.Money(f.Value(i.Credited, i.Currency))})
	}
	return append(facts, views.Fact{Name: "Settled", Value: views.Money(f.Value(i.Paid.Total(), i.Currency))}, views.Fact{Name: "Difference", Value: views.Money(f.Value(i.Difference(), i.Currency))})
}
