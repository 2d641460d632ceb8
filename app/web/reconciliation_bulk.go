package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/money"
	"tieout/app/reconcile"
	"tieout/views"
)

// openMark names an item with the difference that the person saw.
func openMark(i reconcile.Item) string { return fmt.Sprintf("%d.%s", i.ID, i.Difference()) }

// seenOpen is an item as a form showed it.
type seenOpen struct {
	id         int64
	difference decimal.Decimal
}

func (in *input) seenOpens() []seenOpen {
	var all []seenOpen
	for _, mark := range in.values["item"] {
		id, text, _ := strings.Cut(mark, ".")
		difference, err := money.ParseNumber(text)
		if err != nil || parseID(id) == 0 {
			in.refuse("item", "%q is no item.", mark)
			continue
		}
		all = append(all, seenOpen{parseID(id), difference})
	}
	if len(all) == 0 {
		in.refuse("item", "Select at least one item.")
	}
	return all
}

// openBulk signs for the selected rows.
func (r *request) openBulk() []views.Button {
	if !r.person.Can(identity.ResolveExceptions) {
		return nil
	}
	return []views.Button{{Label: "Sign as explained", Icon: "check", Look: views.Primary, Action: "/reconciliation/items/explain"}}
}

// reconciliationExplainMany signs for the selected items with one reason, which
// it asks for first.
func (s *server) reconciliationExplainMany(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	_, answered := in.values["reason"]
	reason := in.needed("reason", 2000, "Say why these differences may stay.")
	selected := in.seenOpens()
	if wrong := in.wrong["reason"]; wrong != "" && len(selected) > 0 {
		status := http.StatusUnprocessableEntity
		if !answered {
			status, wrong = http.StatusOK, ""
		}
		page := r.page("Explain "+views.Counted(len(selected), "difference", "differences"), views.Reconciling, views.Link{Text: "Reconciliation", Href: "/reconciliation"})
		page.Path = safePath(in.values.Get("return"))
		return r.showAs(status, views.ActionFormView(page, explainManyForm(in, page.Path, wrong)))
	}
	if err := in.err(); err != nil {
		return err
	}
	var outcomes []views.Outcome
	signed := 0
	for _, i := range selected {
		outcome, err := s.explainOutcome(r, i, reason)
		if err != nil {
			return err
		}
		if outcome.State == views.Done {
			signed++
		}
		outcomes = append(outcomes, outcome)
	}
	title, state := views.Counted(signed, "difference", "differences")+" explained", views.Done
	if signed < len(selected) {
		title, state = fmt.Sprintf("%d of %s explained", signed, views.Counted(len(selected), "difference", "differences")), views.Waiting
		s.keepOutcomes(r, outcomes)
	}
	r.flash(state, title, "They are listed under Explained; each can be taken back by itself.")
	return r.backTo("/reconciliation")
}

// explainOutcome signs for one item and says what became of it; only what is
// wrong with the program is an error.
func (s *server) explainOutcome(r *request, i seenOpen, reason string) (views.Outcome, error) {
	outcome := views.Outcome{State: views.Done, Text: "Explained.", Link: views.Link{Text: fmt.Sprintf("Item %d", i.id), Href: openPath(i.id)}}
	err := s.Reconcile.Explain(r.ctx(), i.id, i.difference, reason, r.actor())
	if err != nil && fault.CodeOf(err) == fault.Internal {
		return outcome, err
	}
	if err == nil {
		return outcome, nil
	}
	outcome.State, outcome.Text = views.Wrong, fault.MessageOf(err)
	if wrong := fault.FieldsOf(err); wrong["reason"] != "" {
		outcome.Text = wrong["reason"]
	}
	if found, err := s.Reconcile.Get(r.ctx(), i.id); err == nil {
		outcome.Link.Text = found.Key
	}
	return outcome, nil
}

func explainManyForm(in *input, back, wrong string) views.ActionForm {
	form := views.ActionForm{
		ID: "explain", Title: "Why may these differences stay?", Lead: "The reason is signed with your name on each of them. It holds for exactly the differences that were shown.", Action: "/reconciliation/items/explain", Back: back,
		Button: views.Button{Label: "Sign as explained", Icon: "check", Look: views.Primary},
		Fields: []views.Field{{Name: "reason", Label: "Reason", Rows: 3, Required: true, Value: in.values.Get("reason"), Error: wrong}},
	}
	for _, mark := range in.values["item"] {
		form.Keep = append(form.Keep, views.Hidden{Name: "item", Value: mark})
	}
	return form
}

// reconciliationPairs signs for every two items that come to nothing together
// where nothing else could be meant.
func (s *server) reconciliationPairs(r *request) error {
	name, err := r.reconciliation()
	if err != nil {
		return err
	}
	n, err := s.Reconcile.MatchPairs(r.ctx(), r.connection(), name, r.actor())
	if err != nil {
		return err
	}
	r.flash(views.Done, views.Counted(n, "pair matched.", "pairs matched."), "They are listed under Explained; each can be taken back by itself.")
	return r.goTo("%s", reconciliationPath(name, r.connection()))
}
