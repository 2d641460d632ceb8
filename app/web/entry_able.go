package web

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tieout/app/identity"
	"tieout/app/journal"
	"tieout/views"
)

// entryAbility is what a person may do with an entry now, and in words why not
// more.
type entryAbility struct {
	buttons []views.Button
	forms   []views.ActionForm
	why     []string
}

func (a *entryAbility) add(button views.Button) { a.buttons = append(a.buttons, button) }
func (a *entryAbility) explain(text string)     { a.why = append(a.why, text) }

// ask adds a form and the button that opens it.
func (a *entryAbility) ask(form views.ActionForm, look views.Look) {
	a.forms = append(a.forms, form)
	a.add(views.Button{Label: form.Title, Icon: form.Button.Icon, Look: look, Dialog: form.ID})
}

// entryAbility decides by role, state and person.
func (r *request) entryAbility(d entryDetail) entryAbility {
	var able entryAbility
	switch journal.Status(d.entry.Status) {
	case journal.Draft:
		r.ableToSubmit(&able, d)
	case journal.Submitted:
		r.ableToApprove(&able, d)
		r.ableToTakeBack(&able, d)
	case journal.Approved:
		able.explain("It is approved and its posting begins by itself.")
		r.ableToTakeBack(&able, d)
	case journal.Posting:
		r.ableToEnterByHand(&able, d)
	case journal.Unknown:
		r.ableToSettle(&able, d)
	case journal.Posted:
		r.ableToReverse(&able, d)
	case journal.Reversed, journal.Discarded:
	}
	if r.person.Can(identity.Export) {
		able.add(views.Button{Label: "Excel", Icon: "file-spreadsheet", Href: fmt.Sprintf("/entries/%d/export.xlsx", d.entry.ID)})
	}
	return able
}

func (r *request) ableToSubmit(able *entryAbility, d entryDetail) {
	if !r.person.Can(identity.PrepareEntries) {
		able.explain("An accountant submits it.")
		return
	}
	submit := views.Button{Label: "Submit", Icon: "send", Look: views.Primary, Action: entryPath(d.entry, "submit"), Name: "version", Value: version(d.entry)}
	for _, finding := range d.checks {
		if !finding.OK && submit.Why == "" {
			submit.Why = finding.Reason
			able.explain("It cannot be submitted: " + finding.Reason)
		}
	}
	able.add(submit)
	able.ask(editForm(d.entry, nil, nil), views.Ordinary)
	if d.entry.EntryType == "reversal" {
		able.add(views.Button{Label: "Discard", Icon: "trash-2", Look: views.Danger, Action: entryPath(d.entry, "discard"), Confirm: "Discard this reversal? The entry that it reverses stays posted."})
	}
}

func (r *request) ableToApprove(able *entryAbility, d entryDetail) {
	if !r.person.Can(identity.ApproveEntries) {
		able.explain("It waits for an approver.")
		return
	}
	if obstacle := journal.Obstacle(d.entry, r.person.ID, d.preparers, d.approvals); obstacle != "" {
		able.explain(obstacle)
	} else if r.mustSignInFor(d.entry) {
		able.add(views.Button{Label: "Sign in again to approve", Icon: "log-in", Look: views.Primary, Href: freshSignIn(entryPath(d.entry, ""))})
		able.explain(fmt.Sprintf("The policy asks for a sign-in of the last %d minutes before approving.", *d.entry.FreshSignInMinutes))
	} else {
		able.add(views.Button{Label: "Approve", Icon: "stamp", Look: views.Primary, Action: entryPath(d.entry, "approve"),
			Name: "hash", Value: hex.EncodeToString(d.entry.ContentHash)})
	}
	able.ask(rejectForm(d.entry, nil, nil), views.Danger)
}

// ableToTakeBack offers what returns an entry to draft before it is posted.
func (r *request) ableToTakeBack(able *entryAbility, d entryDetail) {
	if !r.person.Can(identity.PrepareEntries) {
		return
	}
	able.add(views.Button{Label: "Withdraw", Icon: "undo-2", Action: entryPath(d.entry, "withdraw"), Confirm: "Take it back to draft? Approvals that it has become void."})
	able.ask(editForm(d.entry, nil, nil), views.Ordinary)
}

// ableToEnterByHand offers the way around a Prophet 21 that does not answer.
func (r *request) ableToEnterByHand(able *entryAbility, d entryDetail) {
	if d.message.Error == "" {
		able.explain("It is on its way to Prophet 21. Nothing can be changed until the outcome is known.")
		return
	}
	able.explain("Prophet 21 does not answer. The entry goes on by itself when it does.")
	if r.person.Can(identity.PostEntries) {
		able.add(views.Button{Label: "Enter it by hand", Icon: "pencil", Action: entryPath(d.entry, "by-hand"),
			Confirm: "Take it out of the queue? Nothing is sent any more; you enter it in Prophet 21, and somebody who did not prepare it records its number."})
	}
	r.importSheet(able, d)
}

// importSheet offers the entry as rows for entering it by hand.
func (r *request) importSheet(able *entryAbility, d entryDetail) {
	if r.server.Workbooks != nil && r.person.Can(identity.Export) {
		able.add(views.Button{Label: "Import sheet", Icon: "download", Href: entryPath(d.entry, "import.csv")})
	}
}

func (r *request) ableToSettle(able *entryAbility, d entryDetail) {
	if !r.person.Can(identity.PostEntries) {
		able.explain("An accountant or an approver finds out whether Prophet 21 holds it.")
		return
	}
	able.add(views.Button{Label: "Look again", Icon: "search", Look: views.Primary, Action: entryPath(d.entry, "look")})
	r.importSheet(able, d)
	if why := secondPerson(d.preparers, r.person.ID); why != "" {
		able.explain(why)
	} else {
		able.ask(numberForm(d.entry, nil, nil), views.Ordinary)
	}
	able.ask(sendForm(d.entry, nil, nil), views.Danger)
}

// secondPerson says why a person may not type in the P21 number: whoever
// prepared an entry does not also confirm where it is.
func secondPerson(preparers []int64, personID int64) string {
	if slices.Contains(preparers, personID) {
		return "You prepared this entry, so someone else enters its number in Prophet 21."
	}
	return ""
}

func (r *request) ableToReverse(able *entryAbility, d entryDetail) {
	switch {
	case d.entry.EntryType == "reversal":
		able.explain("A reversal is not reversed; its settlement is drafted again instead.")
	case d.entry.ReversedBy != 0:
	case !r.person.Can(identity.PrepareEntries):
		able.explain("Nothing of a posted entry changes. An accountant can reverse it.")
	default:
		able.ask(reverseForm(d.entry, nil, nil), views.Danger)
	}
}

// mustSignInFor reports whether the policy wants a fresher sign-in than the
// person's.
func (r *request) mustSignInFor(e journal.Entry) bool {
	if e.FreshSignInMinutes == nil {
		return false
	}
	return r.server.Clock.Now().Sub(r.signedInAt()) > time.Duration(*e.FreshSignInMinutes)*time.Minute
}

func entryPath(e journal.Entry, action string) string {
	path := "/entries/" + strconv.FormatInt(e.ID, 10)
	if action != "" {
		path += "/" + action
	}
	return path
}

func version(e journal.Entry) string { return strconv.FormatInt(int64(e.RowVersion), 10) }
