package web

import (
	"fmt"
	"net/url"
	"strconv"

	"tieout/app/identity"
	"tieout/app/money"
	"tieout/app/refund"
	"tieout/views"
)

// refunded is an amount, or nothing where nothing was refunded.
func (r *request) refunded(a money.Amount) views.Amount {
	if a.Currency == "" {
		return views.Amount{}
	}
	return r.format().Money(a)
}

// refundShow shows a case with its evidence on both sides.
func (s *server) refundShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	return s.showRefund(r, 200, id, nil)
}

func (s *server) showRefund(r *request, status int, id int64, wrong map[string]string) error {
	c, err := s.Refunds.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	page := r.page("Order "+c.Order, views.Refunds, views.Link{Text: "Refunds and returns", Href: "/refunds"})
	model := views.RefundPage{Status: refundPill(c.Case), Facts: r.refundFacts(c.Case), Form: r.refundForm(c.Case, wrong)}
	for _, x := range c.Refunds {
		lines := fmt.Sprintf("/settlements/%d/lines?%s", x.SettlementID, url.Values{"order": {c.Order}}.Encode())
		model.Refunds = append(model.Refunds, views.RefundPart{Link: views.Link{Text: x.AmazonID, Href: lines}, On: r.format().Day(x.On), Amount: r.refunded(x.Amount), Reimbursed: r.refunded(x.Reimbursed)})
	}
	for _, x := range c.Returns {
		model.Returns = append(model.Returns, views.RefundPart{Link: views.Link{Text: "Record", Href: fmt.Sprintf("/records/%d", x.RecordID)}, On: r.format().Day(x.On), Units: strconv.Itoa(x.Units)})
	}
	return r.showAs(status, views.RefundView(page, model))
}

func (r *request) refundFacts(c refund.Case) []views.Fact {
	facts := []views.Fact{{Name: "SKU", Value: views.Anchor(views.Link{Text: c.SKU, Href: productPath(c.ConnectionID, c.SKU)})}, {Name: "Connection", Value: views.Text(c.ConnectionName)},
		{Name: "Finding", Value: views.Text(findingTitle(c.Finding))}, {Name: "Since", Value: views.Moment(r.format().Day(c.Since))}}
	if c.Refunded.Currency != "" {
		facts = append(facts, views.Fact{Name: "Refunded", Value: views.Money(r.refunded(c.Refunded))})
	}
	if !c.Open() {
		facts = append(facts, views.Fact{Name: "Settled by", Value: views.Text(c.DoneBy)}, views.Fact{Name: "On", Value: views.Moment(r.format().Time(c.DoneAt))}, views.Fact{Name: "Note", Value: views.Text(c.Note)})
	}
	return facts
}

func (r *request) refundForm(c refund.Case, wrong map[string]string) *views.AdminForm {
	if !r.person.Can(identity.ResolveExceptions) {
		return nil
	}
	if !c.Open() {
		return &views.AdminForm{Action: refundPath(c.ID) + "/reopen", Submit: views.Button{Label: "Put it back on the list", Icon: "rotate-ccw"}}
	}
	return &views.AdminForm{Action: refundPath(c.ID) + "/settle", Submit: views.Button{Label: "Settled", Icon: "check"},
		Fields: []views.Field{{Name: "note", Label: "Note", Hint: "Such as the number of the case at Amazon, or why nothing is owed.", Error: wrong["note"], Required: true, Width: "wide"}}}
}
