package web

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"tieout/app/closing"
	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/views"
)

// periodKeyOf reads the connection and the period from the path.
func (r *request) closeKey() (closing.Key, error) {
	id, err := r.pathID("connection")
	if err != nil {
		return closing.Key{}, err
	}
	key, err := closing.ParseKey(id, r.Param("period"))
	if err != nil {
		return key, fault.Wrap(err, fault.NotFound, "%q is no period such as 2026-10.", r.Param("period"))
	}
	return key, nil
}

// closePeriod reads the period that the path names.
func (s *server) closePeriod(r *request) (closing.Whole, error) {
	key, err := r.closeKey()
	if err != nil {
		return closing.Whole{}, err
	}
	return s.Closing.Get(r.ctx(), key)
}

// closeShow shows a period with its checklist.
func (s *server) closeShow(r *request) error {
	w, err := s.closePeriod(r)
	if err != nil {
		return err
	}
	page := r.page(closeName(w), views.PeriodClose, views.Link{Text: "Period close", Href: "/close"})
	return r.show(views.CloseView(page, s.closeModel(r, w)))
}

func closeName(w closing.Whole) string {
	return fmt.Sprintf("%s, %s", w.Key, cmp.Or(w.Title, w.Connection))
}

func (s *server) closeModel(r *request, w closing.Whole) views.ClosePage {
	model := views.ClosePage{Status: closePill(w.State), Facts: []views.Fact{
		{Name: "Connection", Value: views.Text(cmp.Or(w.Title, w.Connection))}, {Name: "Period", Value: views.Text(r.format().Cycle(w.Period.Starts, w.Period.Ends))},
		{Name: "In Prophet 21", Value: views.StatusPill(p21Pill(w.ClosedInP21))}}}
	a, asked := w.Latest()
	if asked && a.State != closing.Reopened {
		hash := hex.EncodeToString(a.Hash)
		model.Frozen = "As it was when " + a.Preparer + " asked, " + r.format().Time(a.RequestedAt).Text
		model.Facts = append(model.Facts, views.Fact{Name: "Checklist", Value: views.Copyable(views.Short(hash, 10), hash)})
		if a.Note != "" {
			model.Facts = append(model.Facts, views.Fact{Name: "Note", Value: views.Text(a.Note)})
		}
	} else {
		model.Frozen = "Computed now"
	}
	for _, i := range w.Shown().Items {
		model.Items = append(model.Items, r.closeItem(i))
	}
	s.closeAble(r, w, &model)
	model.History = r.closeHistory(w)
	model.Signatures = r.closeSignatures(w)
	return model
}

func (r *request) closeItem(i closing.Item) views.CloseItem {
	item := views.CloseItem{Title: i.Title, Why: i.Why, Waiver: i.Waiver, Count: i.Count, Status: verdictPill(i)}
	for _, m := range i.Money {
		item.Money = append(item.Money, r.format().Money(m))
	}
	if i.Fix != "" {
		item.Fix = views.Link{Text: "Show", Href: i.Fix}
	}
	return item
}

func verdictPill(i closing.Item) views.Pill {
	switch {
	case i.State == closing.Done:
		return views.Pill{State: views.Done, Text: "Done"}
	case i.State == closing.Note:
		return views.Pill{State: views.Info, Text: "Note"}
	case i.Waiver != "":
		return views.Pill{State: views.Waiting, Text: "Waived"}
	}
	return views.Pill{State: views.Wrong, Text: "Blocks"}
}

// closeAble offers what the person may do with the period now, and says why not
// more.
func (s *server) closeAble(r *request, w closing.Whole, model *views.ClosePage) {
	ask := func(form views.ActionForm, look views.Look) {
		model.Forms = append(model.Forms, form)
		model.Actions = append(model.Actions, views.Button{Label: form.Title, Icon: form.Button.Icon, Look: look, Dialog: form.ID})
	}
	switch w.State {
	case closing.Open, closing.Reopened:
		s.ableToRequest(r, w, model, ask)
	case closing.Requested:
		s.ableToDecide(r, w, model, ask)
	case closing.Closed:
		model.Why = append(model.Why, "Nothing is written into this period any more, whatever Prophet 21 says. Late settlements follow the policy of the connection.")
		if r.person.Can(identity.ApproveCloses) {
			ask(reopenForm(w.Key, nil, nil), views.Danger)
		}
	}
	if s.Binders != nil && w.State == closing.Closed && r.person.Can(identity.Export) {
		model.Actions = append(model.Actions, views.Button{Label: "Binder", Icon: "package", Href: closePath(w.Key, "binder.zip")})
	}
	if s.Workbooks != nil && r.person.Can(identity.Export) {
		model.Actions = append(model.Actions, views.Button{Label: "Excel", Icon: "file-spreadsheet", Href: closePath(w.Key, "export.xlsx")})
	}
}

func (s *server) ableToRequest(r *request, w closing.Whole, model *views.ClosePage, ask func(views.ActionForm, views.Look)) {
	if !r.person.Can(identity.PrepareCloses) {
		model.Why = append(model.Why, "An accountant asks for the close; an approver makes it.")
		return
	}
	for _, i := range w.Now.InTheWay() {
		if !i.Waivable {
			model.Why = append(model.Why, "It cannot be closed: "+i.Why)
		}
	}
	if len(model.Why) > 0 {
		model.Actions = append(model.Actions, views.Button{Label: "Ask for the close", Icon: "send", Look: views.Primary, Action: closePath(w.Key, "request"), Why: model.Why[0]})
		return
	}
	ask(requestForm(w, nil, nil), views.Primary)
}

func (s *server) ableToDecide(r *request, w closing.Whole, model *views.ClosePage, ask func(views.ActionForm, views.Look)) {
	a, _ := w.Latest()
	worse := closing.Worse(a.Checklist, w.Now)
	if len(worse) > 0 {
		model.Alerts = append(model.Alerts, views.Alert{State: views.Wrong, Title: "Something has come up since " + a.Preparer + " asked.", Text: strings.Join(worse, " ")})
	}
	if r.person.Can(identity.ApproveCloses) {
		obstacle := closing.Obstacle(w, r.person.ID)
		switch {
		case obstacle != "":
			model.Why = append(model.Why, obstacle)
		case s.staleSignIn(r, w):
			model.Actions = append(model.Actions, views.Button{Label: "Sign in again to close", Icon: "log-in", Look: views.Primary, Href: freshSignIn(closePath(w.Key, ""))})
			model.Why = append(model.Why, fmt.Sprintf("The policy asks for a sign-in of the last %d minutes before approving.", w.FreshSignInMinutes))
		case len(worse) == 0:
			ask(approveForm(w.Key, a), views.Primary)
		}
		ask(refuseForm(w.Key, nil, nil), views.Danger)
	} else {
		model.Why = append(model.Why, "It waits for an approver.")
	}
	if r.person.Can(identity.PrepareCloses) {
		model.Actions = append(model.Actions, views.Button{Label: "Withdraw", Icon: "undo-2", Action: closePath(w.Key, "withdraw"), Confirm: "Take the request back?"})
	}
}

func (s *server) staleSignIn(r *request, w closing.Whole) bool {
	return w.FreshSignInMinutes > 0 && s.Clock.Now().Sub(r.signedInAt()) > time.Duration(w.FreshSignInMinutes)*time.Minute
}

// closeForm begins a form of a period; values and wrong are what was typed and
// what is wrong with it, nil for a fresh form.
func closeForm(key closing.Key, id, title, lead string, button views.Button, fields ...views.Field) views.ActionForm {
	for i := range fields {
		fields[i].Suffix = "-" + id
	}
	return views.ActionForm{ID: id, Title: title, Lead: lead, Fields: fields, Action: closePath(key, id), Button: button, Back: closePath(key, "")}
}

func requestForm(w closing.Whole, values, wrong map[string]string) views.ActionForm {
	lead := "The checklist is frozen as it is now. Somebody else closes the period."
	var fields []views.Field
	for _, i := range w.Now.InTheWay() {
		if i.Waivable {
			fields = append(fields, typed(views.Field{Name: closing.WaiverField(i.Key), Label: i.Title, Hint: i.Why, Rows: 2, Required: true}, values, wrong))
		}
	}
	if len(fields) > 0 {
		lead += " Put right what stands in the way, or say why the period may be closed all the same: the approver reads it."
	}
	fields = append(fields, typed(views.Field{Name: "note", Label: "Note to the approver", Rows: 2}, values, wrong))
	return closeForm(w.Key, "request", "Ask for the close", lead, views.Button{Label: "Ask for the close", Icon: "send", Look: views.Primary}, fields...)
}

func approveForm(key closing.Key, a closing.Attempt) views.ActionForm {
	lead := "From then on no entry begins, is submitted or is moved into this period."
	if waived := a.Checklist.Waived(); len(waived) > 0 {
		lead = fmt.Sprintf("%s waived %s; read why before you close. %s", a.Preparer, views.Counted(len(waived), "item", "items"), lead)
	}
	form := closeForm(key, "approve", "Close the period", lead, views.Button{Label: "Close the period", Icon: "lock", Look: views.Primary})
	form.Keep = []views.Hidden{{Name: "hash", Value: hex.EncodeToString(a.Hash)}}
	return form
}

func refuseForm(key closing.Key, values, wrong map[string]string) views.ActionForm {
	return closeForm(key, "refuse", "Refuse", "The period stays open. The preparer reads your reason.", views.Button{Label: "Refuse", Icon: "ban", Look: views.Danger},
		typed(views.Field{Name: "reason", Label: "Reason", Rows: 3, Required: true}, values, wrong))
}

func reopenForm(key closing.Key, values, wrong map[string]string) views.ActionForm {
	return closeForm(key, "reopen", "Reopen", "Entries can be written into the period again. The close stays in its history.", views.Button{Label: "Reopen", Icon: "rotate-ccw", Look: views.Danger},
		typed(views.Field{Name: "reason", Label: "Reason", Rows: 3, Required: true}, values, wrong))
}

// closeHistory tells every request and what became of it, the newest first.
func (r *request) closeHistory(w closing.Whole) []views.Event {
	var events []views.Event
	for _, a := range w.Attempts {
		if !a.ReopenedAt.IsZero() {
			events = append(events, views.Event{State: views.Info, Icon: "rotate-ccw", Who: a.ReopenedBy, What: "reopened the period", When: r.format().Time(a.ReopenedAt), Quote: a.ReopenReason})
		}
		switch a.State {
		case closing.Closed, closing.Reopened:
			events = append(events, views.Event{State: views.Done, Icon: "lock", Who: a.DecidedBy, What: "closed the period", When: r.format().Time(a.DecidedAt)})
		case closing.Refused:
			events = append(events, views.Event{State: views.Wrong, Icon: "ban", Who: a.DecidedBy, What: "refused the close", When: r.format().Time(a.DecidedAt), Quote: a.Reason})
		case closing.Withdrawn:
			events = append(events, views.Event{Icon: "undo-2", Who: a.DecidedBy, What: "withdrew the request", When: r.format().Time(a.DecidedAt)})
		}
		what := "asked for the close"
		if n := len(a.Checklist.Waived()); n > 0 {
			what += ", " + views.Counted(n, "item waived", "items waived")
		}
		events = append(events, views.Event{State: views.Waiting, Icon: "send", Who: a.Preparer, What: what, When: r.format().Time(a.RequestedAt), Quote: a.Note})
	}
	return events
}

// closeSignatures are the names at the foot of the printed page.
func (r *request) closeSignatures(w closing.Whole) []views.Signature {
	prepared, approved := views.Signature{Role: "Prepared by"}, views.Signature{Role: "Closed by"}
	if a, ok := w.Latest(); ok && a.State != closing.Reopened {
		prepared.Name, prepared.When = a.Preparer, r.format().Time(a.RequestedAt)
		if a.State == closing.Closed {
			approved.Name, approved.When = a.DecidedBy, r.format().Time(a.DecidedAt)
		}
	}
	return []views.Signature{prepared, approved}
}

// closeFormAgain shows a form with what was wrong; any other error goes on.
func (s *server) closeFormAgain(r *request, in *input, problem error, form func(w closing.Whole, values, wrong map[string]string) views.ActionForm) error {
	wrong := fault.FieldsOf(problem)
	if len(wrong) == 0 {
		return problem
	}
	w, err := s.closePeriod(r)
	if err != nil {
		return err
	}
	page := r.page(closeName(w), views.PeriodClose, views.Link{Text: "Period close", Href: "/close"})
	page.Path = closePath(w.Key, "")
	return r.showAs(http.StatusUnprocessableEntity, views.ActionFormView(page, form(w, in.typed(), wrong)))
}

// closeExport sends the checklist as a workbook.
func (s *server) closeExport(r *request) error {
	w, err := s.closePeriod(r)
	if err != nil {
		return err
	}
	return r.workbook(fmt.Sprintf("close-%s-%s", w.Connection, w.Key), func(out io.Writer) error { return s.Workbooks.Checklist(out, w) })
}
