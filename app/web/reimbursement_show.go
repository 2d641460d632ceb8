package web

import (
	"fmt"
	"strconv"

	"tieout/app/identity"
	"tieout/app/reimbursement"
	"tieout/views"
)

// reimbursementShow shows a case with the ledger's days and the lines that paid it.
func (s *server) reimbursementShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	return s.showReimbursement(r, 200, id, nil)
}

func (s *server) showReimbursement(r *request, status int, id int64, wrong map[string]string) error {
	c, err := s.Reimbursements.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	page := r.page(c.SKU+", "+r.format().Day(c.Day).Text, views.Reimbursements, views.Link{Text: "Reimbursements", Href: "/reimbursements"})
	model := views.ReimbursementPage{Status: lossPill(c.Case, r.today()), Facts: r.lossFacts(c.Case), Forms: r.lossForms(c.Case, wrong)}
	for _, p := range c.Payments {
		model.Payments = append(model.Payments, views.LossPart{Link: views.Link{Text: p.AmazonID, Href: fmt.Sprintf("/settlements/%d/lines/%d?part=%d", p.SettlementID, p.Line, p.Part)},
			On: r.format().Day(p.On), Units: strconv.Itoa(p.Units), Amount: r.format().Money(p.Amount)})
	}
	for _, d := range c.Days {
		model.Days = append(model.Days, views.LossDay{Link: views.Link{Text: "Record", Href: fmt.Sprintf("/records/%d", d.RecordID)}, On: r.format().Day(d.On),
			Lost: unitsText(d.Lost), Found: unitsText(d.Found), Damaged: unitsText(d.Damaged)})
	}
	return r.showAs(status, views.ReimbursementView(page, model))
}

func (r *request) lossFacts(c reimbursement.Case) []views.Fact {
	facts := []views.Fact{{Name: "SKU", Value: views.Anchor(views.Link{Text: c.SKU, Href: productPath(c.ConnectionID, c.SKU)})}, {Name: "Connection", Value: views.Text(c.ConnectionName)},
		{Name: lossTitle(c.Cause), Value: views.Text(fmt.Sprintf("%s on %s", views.Counted(c.Units, "unit", "units"), r.format().Day(c.Day).Text))},
		{Name: "Still missing", Value: views.Text(views.Counted(c.Missing(), "unit", "units"))},
		{Name: "Claim until", Value: views.Moment(r.format().Day(c.Due))},
		{Name: "Cost of a unit", Value: views.Text(r.worthEach(c.Cost, "Not known: map the SKU, or P21 tells no cost"))},
		{Name: "Average sale price", Value: views.Text(r.worthEach(c.Price, "Not sold in the last months"))}}
	if c.Claim != "" {
		facts = append(facts, views.Fact{Name: "Case at Amazon", Value: views.Text(c.Claim)}, views.Fact{Name: "Claimed by", Value: views.Text(c.ClaimedBy)}, views.Fact{Name: "On", Value: views.Moment(r.format().Time(c.ClaimedAt))})
	}
	if !c.DoneAt.IsZero() {
		facts = append(facts, views.Fact{Name: "Settled by", Value: views.Text(c.DoneBy)}, views.Fact{Name: "On", Value: views.Moment(r.format().Time(c.DoneAt))}, views.Fact{Name: "Note", Value: views.Text(c.Note)})
	}
	return facts
}

// lossForms are what somebody can do with a case where it stands.
func (r *request) lossForms(c reimbursement.Case, wrong map[string]string) []views.LossForm {
	if !r.person.Can(identity.ResolveExceptions) {
		return nil
	}
	path := reimbursementPath(c.ID)
	claim := views.LossForm{Title: "Claimed at Amazon", Form: views.AdminForm{Action: path + "/claim", Submit: views.Button{Label: "Claimed", Icon: "send"},
		Fields: []views.Field{{Name: "claim", Label: "Case number", Value: c.Claim, Error: wrong["claim"], Required: true, Mono: true}}}}
	settle := views.LossForm{Title: "Nothing more is expected", Form: views.AdminForm{Action: path + "/settle", Submit: views.Button{Label: "Settled", Icon: "check"},
		Fields: []views.Field{{Name: "note", Label: "Note", Hint: "Such as why Amazon refused.", Error: wrong["note"], Required: true, Width: "wide"}}}}
	reopen := views.LossForm{Title: "Take it back", Form: views.AdminForm{Action: path + "/reopen", Submit: views.Button{Label: "Open it again", Icon: "rotate-ccw"}}}
	switch c.State() {
	case reimbursement.Open:
		return []views.LossForm{claim, settle}
	case reimbursement.Claimed:
		return []views.LossForm{claim, settle, reopen}
	case reimbursement.Settled:
		return []views.LossForm{reopen}
	case reimbursement.Reimbursed:
	}
	return nil
}
