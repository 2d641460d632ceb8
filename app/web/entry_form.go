package web

import (
	"net/http"

	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/period"
	"tieout/views"
)

// entryForm begins a form of an entry; values and wrong are what was typed and
// what is wrong with it, nil for a fresh form.
func entryForm(e journal.Entry, id, title, lead string, button views.Button, fields ...views.Field) views.ActionForm {
	for i := range fields {
		fields[i].Suffix = "-" + id
		fields[i].Required = true
	}
	return views.ActionForm{ID: id, Title: title, Lead: lead, Fields: fields, Action: entryPath(e, id), Button: button, Back: entryPath(e, "")}
}

// typed fills a field with what the person typed, or else with what there is.
func typed(field views.Field, values, wrong map[string]string) views.Field {
	if value, ok := values[field.Name]; ok {
		field.Value = value
	}
	field.Error = wrong[field.Name]
	return field
}

func rejectForm(e journal.Entry, values, wrong map[string]string) views.ActionForm {
	return entryForm(e, "reject", "Reject", "The entry goes back to draft and its approvals become void. The preparer reads your reason.",
		views.Button{Label: "Reject", Icon: "ban", Look: views.Danger},
		typed(views.Field{Name: "reason", Label: "Reason", Rows: 3}, values, wrong))
}

func reverseForm(e journal.Entry, values, wrong map[string]string) views.ActionForm {
	return entryForm(e, "reverse", "Reverse", "Drafts the mirror of this entry. Once the reversal is approved and posted, the settlement is drafted again.",
		views.Button{Label: "Reverse", Icon: "undo-2", Look: views.Danger},
		typed(views.Field{Name: "reason", Label: "Reason", Rows: 3, Hint: "It stands on the reversal in Prophet 21."}, values, wrong))
}

func editForm(e journal.Entry, values, wrong map[string]string) views.ActionForm {
	lead := "Amounts and accounts come from the settlement and the rules; these two are yours."
	if e.Status != string(journal.Draft) {
		lead = "The entry goes back to draft, its approvals become void, and you become one of those who prepared it."
	}
	form := entryForm(e, "edit", "Edit", lead, views.Button{Label: "Save", Icon: "pencil", Look: views.Primary},
		typed(views.Field{Name: "description", Label: "Description", Value: e.Description}, values, wrong),
		typed(views.Field{Name: "date", Label: "Date", Type: "date", Value: period.DateOf(e.EntryOn).String()}, values, wrong))
	form.Keep = []views.Hidden{{Name: "version", Value: version(e)}}
	return form
}

func numberForm(e journal.Entry, values, wrong map[string]string) views.ActionForm {
	return entryForm(e, "number", "Enter P21 number", "For an entry that you found in Prophet 21. The journal is read back and compared where that is possible.",
		views.Button{Label: "Record as posted", Icon: "hash"},
		typed(views.Field{Name: "p21_number", Label: "Journal number in Prophet 21", Mono: true}, values, wrong))
}

func sendForm(e journal.Entry, values, wrong map[string]string) views.ActionForm {
	return entryForm(e, "send", "Send again", "Only after you looked in Prophet 21 and it is not there. Prophet 21 is asked once more before anything leaves.",
		views.Button{Label: "Send again", Icon: "rotate-ccw", Look: views.Danger},
		typed(views.Field{Name: "reason", Label: "Where you looked, and that it is not there", Rows: 3}, values, wrong))
}

// entryFormAgain shows a form with what was wrong; any other error goes on.
func (s *server) entryFormAgain(r *request, e journal.Entry, in *input, problem error,
	form func(journal.Entry, map[string]string, map[string]string) views.ActionForm) error {
	wrong := fault.FieldsOf(problem)
	if len(wrong) == 0 {
		return problem
	}
	values := in.typed()
	page := r.page(e.Reference, views.JournalEntries, entriesLink())
	page.Path = safePath(values["return"])
	again := form(e, values, wrong)
	return r.showAs(http.StatusUnprocessableEntity, views.ActionFormView(page, again))
}

func entriesLink() views.Link { return views.Link{Text: "Journal entries", Href: "/entries"} }
