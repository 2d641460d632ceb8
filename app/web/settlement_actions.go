package web

import (
	"fmt"
	"net/http"
	"time"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/mapping"
	"tieout/app/period"
	"tieout/app/settlement"
	"tieout/views"
)

// settlementResolve adds the rule that maps a kind, from the settlement's page.
func (s *server) settlementResolve(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	kind := in.id("kind")
	resolution := mapping.Resolution{KindID: int32(kind), Category: mapping.Category(in.needed("category", 40, "Choose a category.")), Account: in.text("account", 60), AnyMarketplace: true}
	problem := in.err()
	if problem == nil {
		_, problem = s.Rules.Resolve(r.ctx(), r.actor(), d.ConnectionID, []mapping.Resolution{resolution})
	}
	if wrong := fault.FieldsOf(problem); len(wrong) > 0 {
		typed := map[string]string{"kind": fmt.Sprint(kind), "account": resolution.Account, "category": string(resolution.Category)}
		return s.settlementOverview(r, d, http.StatusUnprocessableEntity, typed, wrong)
	}
	if problem != nil {
		return problem
	}
	if err := s.Redraft(r.ctx(), d.ConnectionID); err != nil {
		return err
	}
	r.flash(views.Done, "The rule is in use.", "Every settlement that waited for it is being drafted.")
	return r.goTo("/settlements/%d", d.ID)
}

// correctionModel is the form of a correction, or the correction that waits.
func (s *server) correctionModel(r *request, d settlementDetail, typed, wrong map[string]string) (*views.Correction, error) {
	c, there, err := s.Settlements.CorrectionOf(r.ctx(), d.ID)
	if err != nil || (!there && d.Difference.IsZero()) || (there && c.ApprovedAt != nil) {
		return nil, err
	}
	if !there {
		model := &views.Correction{Action: d.base() + "/correction", Amount: d.Difference.StringFixed(2)}
		if typed["kind"] == "correction" {
			model.Values, model.Errors = typed, wrong
		}
		return model, nil
	}
	f := r.format()
	pending := &views.PendingCorrection{Who: c.WrittenName, When: f.Time(c.WrittenAt), Amount: f.Value(c.Amount, d.currency()), Account: c.AmountDescription, Reason: c.Reason}
	switch {
	case !r.person.Can(identity.ApproveEntries):
		pending.Why = "An approver approves it."
	case c.WrittenBy == r.person.ID:
		pending.Why = "You wrote it, so someone else approves it."
	default:
		pending.Approve = d.base() + "/correction/approve"
	}
	if r.person.Can(identity.PrepareEntries) {
		pending.Reject = d.base() + "/correction/withdraw"
	}
	return &views.Correction{Pending: pending}, nil
}

// correctionSave writes the one line that completes an out-of-balance settlement.
func (s *server) correctionSave(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	amount := in.amount("amount")
	description := in.text("account", 200)
	correction := settlement.Correction{SettlementID: d.ID, TransactionType: "other-transaction", AmountType: "other-transaction", AmountDescription: description,
		PostedOn: correctionDay(d), Amount: amount.Decimal, Reason: in.text("reason", 1000)}
	problem := in.err()
	if problem == nil {
		_, problem = s.Settlements.Correct(r.ctx(), correction, r.actor())
	}
	if wrong := fault.FieldsOf(problem); len(wrong) > 0 {
		if message, ok := wrong["amount_description"]; ok {
			wrong["account"] = message
		}
		typed := map[string]string{"kind": "correction", "amount": in.values.Get("amount"), "account": description, "reason": correction.Reason}
		return s.settlementOverview(r, d, http.StatusUnprocessableEntity, typed, wrong)
	}
	if problem != nil {
		return problem
	}
	r.flash(views.Done, "The correction is written.", "It counts when a second person has approved it.")
	return r.goTo("/settlements/%d", d.ID)
}

// correctionDay is the last day of the cycle in the books' time zone.
func correctionDay(d settlementDetail) time.Time {
	zone, err := time.LoadLocation(d.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	return period.DateOf(d.EndAt.In(zone)).Time()
}

func (s *server) correctionApprove(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Settlements.ApproveCorrection(r.ctx(), id, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "The correction counts.", "The entries of the settlement are being drafted.")
	return r.goTo("/settlements/%d", id)
}

func (s *server) correctionWithdraw(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Settlements.WithdrawCorrection(r.ctx(), id, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "The correction is withdrawn.", "")
	return r.goTo("/settlements/%d", id)
}
