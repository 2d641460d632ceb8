package web

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/money"
	"tieout/app/reconcile"
	"tieout/views"
)

// reconciliationItem shows an item with its evidence and what was said of it.
func (s *server) reconciliationItem(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	return s.showOpen(r, 200, id, "", nil)
}

func (s *server) showOpen(r *request, status int, id int64, reason string, wrong map[string]string) error {
	i, err := s.Reconcile.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	page := r.page(i.Key, views.Reconciling, views.Link{Text: "Reconciliation", Href: page0("/reconciliation", i.ConnectionID)},
		views.Link{Text: i.Name.Title(), Href: reconciliationPath(i.Name, i.ConnectionID)})
	movements, err := s.movements(r, i.Item)
	if err != nil {
		return err
	}
	may := r.person.Can(identity.ResolveExceptions)
	model := views.ReconciliationItem{Status: openPill(i.Item), Detail: i.Detail, Facts: r.openFacts(i.Item), Movements: movements}
	for _, x := range i.Suggestions {
		model.Suggestions = append(model.Suggestions, r.matchRow(i.ID, x, may))
	}
	for _, n := range i.Notes {
		model.Notes = append(model.Notes, r.noteRow(n, i.Currency, may))
	}
	if may && !i.Explained() {
		if reason == "" {
			reason = i.Hint
		}
		model.Form = &views.AdminForm{Action: openPath(i.ID) + "/explain", Submit: views.Button{Label: "Sign as explained", Icon: "check", Look: views.Primary},
			Hidden: []views.Hidden{{Name: "seen", Value: i.Difference().String()}},
			Fields: []views.Field{{Name: "reason", Label: "Reason", Value: reason, Hint: "Signed with your name. It holds for exactly this difference.", Error: wrong["reason"], Required: true, Rows: 2, Width: "wide"}}}
	}
	return r.showAs(status, views.ReconciliationItemView(page, model))
}

// movements are the days on which an item of stock moved at Amazon.
func (s *server) movements(r *request, i reconcile.Item) ([]views.ReconciliationMove, error) {
	if s.Movements == nil || i.Name != reconcile.Stock || i.ObjectID == 0 {
		return nil, nil
	}
	list, err := s.Movements(r.ctx(), i.ObjectID)
	if err != nil {
		return nil, err
	}
	var shown []views.ReconciliationMove
	for _, m := range list {
		shown = append(shown, views.ReconciliationMove{Day: views.Link{Text: m.Day, Href: fmt.Sprintf("/records/%d", m.RecordID)}, What: m.What})
	}
	return shown, nil
}

func (r *request) openFacts(i reconcile.Item) []views.Fact {
	f := r.format()
	facts := []views.Fact{{Name: i.Name.Left(), Value: views.Money(f.Value(i.Left, i.Currency))}, {Name: i.Name.Right(), Value: views.Money(f.Value(i.Right, i.Currency))},
		{Name: "Difference", Value: views.Money(f.Value(i.Difference(), i.Currency))}}
	if i.Units.Valid {
		facts = append(facts, views.Fact{Name: "Units", Value: views.Text(i.Units.Decimal.String())})
	}
	facts = append(facts, views.Fact{Name: "Cause", Value: views.Text(i.Cause)}, views.Fact{Name: "Since", Value: views.Moment(f.Day(i.Since))},
		views.Fact{Name: "Days", Value: views.Text(strconv.Itoa(i.Age(r.today())))}, views.Fact{Name: "Connection", Value: views.Text(i.ConnectionName)})
	if link := evidenceOf(i); link.Href != "" {
		facts = append(facts, views.Fact{Name: "Evidence", Value: views.Anchor(link)})
	}
	return facts
}

// evidenceOf leads to what the item is about.
func evidenceOf(i reconcile.Item) views.Link {
	switch i.Object {
	case "receivable":
		return views.Link{Text: "Order on the receivable", Href: itemPath(i.ConnectionID, i.Key)}
	case "refund_case":
		return views.Link{Text: "Refunds and returns of the order", Href: refundPath(i.ObjectID)}
	case "record":
		return views.Link{Text: "Record", Href: fmt.Sprintf("/records/%d", i.ObjectID)}
	case "settlement":
		order, _, _ := strings.Cut(i.Key, " ")
		return views.Link{Text: "Lines of the settlement", Href: fmt.Sprintf("/settlements/%d/lines?%s", i.ObjectID, url.Values{"order": {order}}.Encode())}
	case "deposit":
		return views.Link{Text: "Settlement", Href: settlementPath(i.ObjectID)}
	case "bank_line":
		return views.Link{Text: "Bank line", Href: bankLinePath(i.ObjectID)}
	case "entry":
		return views.Link{Text: "Journal entry", Href: fmt.Sprintf("/entries/%d", i.ObjectID)}
	}
	return views.Link{}
}

func (r *request) matchRow(id int64, x reconcile.Suggestion, may bool) views.ReconciliationMatch {
	row := views.ReconciliationMatch{Key: views.Link{Text: x.Key, Href: openPath(x.ID)}, Cause: x.Cause, Since: r.format().Day(x.Since), Difference: r.format().Money(x.Difference), Why: "It is " + x.Why + "."}
	if may {
		row.Match = &views.Button{Label: "Match", Icon: "link-2", Action: fmt.Sprintf("%s/match?with=%d", openPath(id), x.ID)}
	}
	return row
}

func (r *request) noteRow(n reconcile.Note, currency money.Currency, may bool) views.ReconciliationNote {
	row := views.ReconciliationNote{Status: views.Pill{State: views.Done, Text: "Stands"}, Amount: r.format().Value(n.Amount, currency), Reason: n.Reason, By: n.By, At: r.format().Time(n.At)}
	switch {
	case n.Undone != "":
		row.Status, row.Ended = views.Pill{Text: "Withdrawn", Icon: "undo-2"}, n.Undone+", "+r.format().Time(n.EndedAt).Text
		return row
	case n.Void:
		row.Status = views.Pill{State: views.Wrong, Text: "Void", Hint: "The difference has changed since."}
	}
	if may {
		row.Undo = &views.Button{Label: "Undo", Icon: "undo-2", Action: fmt.Sprintf("/reconciliation/notes/%d/withdraw", n.ID)}
	}
	return row
}

// reconciliationExplain signs why a difference may stay.
func (s *server) reconciliationExplain(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	reason := in.text("reason", 2000)
	if err := in.err(); err != nil {
		return s.showOpen(r, 422, id, reason, fault.FieldsOf(err))
	}
	seen, err := money.ParseNumber(in.text("seen", 40))
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "The form does not say which difference it is about. Load the page again.")
	}
	err = s.Reconcile.Explain(r.ctx(), id, seen, reason, r.actor())
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.showOpen(r, 422, id, reason, wrong)
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, "Explained.", "It is shown apart and counts no more. Undo stands below.")
	return r.goTo("%s", openPath(id))
}

// reconciliationMatch signs that two items belong together.
func (s *server) reconciliationMatch(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Reconcile.Match(r.ctx(), id, r.query().id("with"), r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Matched.", "Both items are explained by one another. Undo stands below.")
	return r.goTo("%s", openPath(id))
}

// reconciliationWithdraw takes a note back.
func (s *server) reconciliationWithdraw(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	name, item, err := s.Reconcile.Withdraw(r.ctx(), id, r.actor())
	if err != nil {
		return err
	}
	r.flash(views.Done, "Taken back.", "The difference counts again.")
	if item == 0 {
		return r.goTo("/reconciliation/%s", name)
	}
	return r.goTo("%s", openPath(item))
}
