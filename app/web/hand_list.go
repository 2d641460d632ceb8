package web

import (
	"fmt"
	"io"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/journal"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/views"
)

// handList shows the entries that people enter in Prophet 21 while it does not
// answer, from taking them to what it says about them afterwards.
func (s *server) handList(r *request) error {
	waiting, err := s.Entries.WaitingToPost(r.ctx(), r.connection())
	if err != nil {
		return err
	}
	list, err := s.Entries.HandEntries(r.ctx(), r.connection())
	if err != nil {
		return err
	}
	model := views.HandPage{Outcomes: s.takeOutcomes(r.ctx()), Confirm: r.person.Can(identity.PostEntries)}
	if len(waiting) > 0 {
		model.Lead = views.Counted(len(waiting), "entry waits", "entries wait") + " because Prophet 21 does not answer. They go on by themselves when it does, unless they are taken: then nothing is sent any more."
		model.Waiting = &views.AdminForm{Action: "/entries/by-hand/take", Submit: views.Button{Label: "Take all of them by hand", Icon: "pencil", Confirm: "Take them out of the queue? Nothing is sent any more; you enter them in Prophet 21."}}
		if connection := r.connection(); connection != 0 {
			model.Waiting.Hidden = []views.Hidden{{Name: "connection", Value: fmt.Sprint(connection)}}
		}
		if !r.person.Can(identity.PostEntries) {
			model.Waiting.Why = "An accountant or an approver takes them."
		}
	}
	for _, h := range list {
		switch row := r.handRow(h); {
		case journal.Status(h.Status) != journal.Unknown:
			model.Posted = append(model.Posted, row)
		case h.Number == "":
			model.Open = append(model.Open, row)
		default:
			model.Recorded = append(model.Recorded, row)
		}
	}
	s.handActions(r, &model)
	return r.show(views.HandView(r.page("Entries by hand", views.JournalEntries, views.Link{Text: "Journal entries", Href: "/entries"}), model))
}

func (s *server) handActions(r *request, model *views.HandPage) {
	if s.Workbooks != nil && len(model.Open) > 0 && r.person.Can(identity.Export) {
		query := ""
		if connection := r.connection(); connection != 0 {
			query = fmt.Sprintf("?connection=%d", connection)
		}
		model.Sheets = []views.Choice{{Label: "Posting sheet (Excel)", Href: "/entries/by-hand/sheet.xlsx" + query}, {Label: "Posting sheet (CSV)", Href: "/entries/by-hand/sheet.csv" + query}}
	}
	if !r.person.Can(identity.PostEntries) {
		return
	}
	if s.Workbooks != nil && len(model.Open)+len(model.Recorded) > 0 {
		model.Upload = &views.AdminForm{Action: "/entries/by-hand/upload", Files: true, Submit: views.Button{Label: "Show what it records", Icon: "upload"},
			Fields: []views.Field{{Name: "file", Label: "Posting sheet (.xlsx, .csv)", Type: "file"}}}
	}
	if len(model.Posted) > 0 {
		model.Buttons = []views.Button{{Label: "Read back now", Icon: "rotate-ccw", Action: "/entries/by-hand/read"}}
	}
}

func (r *request) handRow(h journal.HandEntry) views.HandRow {
	row := views.HandRow{ID: h.ID, Entry: views.Link{Text: h.Reference, Href: fmt.Sprintf("/entries/%d", h.ID)}, Connection: h.ConnectionName, Date: r.format().Day(period.DateOf(h.EntryOn)),
		Total: r.format().Money(money.New(h.Total, money.Currency(h.Currency))), Number: h.Number, Taken: h.TakenName, Recorded: h.RecordedName, Confirmed: h.ConfirmedName, Note: h.Difference,
		Own: h.RecordedBy != nil && *h.RecordedBy == r.person.ID}
	switch journal.ReadBack(h.Outcome) {
	case journal.Agrees:
		row.Status = views.Pill{State: views.Done, Text: "Agrees"}
	case journal.Differs:
		row.Status = views.Pill{State: views.Wrong, Text: "Differs"}
	case journal.Absent:
		row.Status = views.Pill{State: views.Wrong, Text: "Not there"}
	case journal.NotRead:
		row.Status = views.Pill{State: views.Waiting, Text: "Not read yet"}
	}
	return row
}

// handTake takes everything by hand that waits for Prophet 21.
func (s *server) handTake(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	waiting, err := s.Entries.WaitingToPost(r.ctx(), in.id("connection"))
	if err != nil {
		return err
	}
	var outcomes []views.Outcome
	taken := 0
	for _, id := range waiting {
		outcome, err := s.entryOutcome(r, id, "Taken; nothing of it is sent any more.", s.Entries.ByHand(r.ctx(), id, r.actor()))
		if err != nil {
			return err
		}
		if outcome.State == views.Done {
			taken++
		}
		outcomes = append(outcomes, outcome)
	}
	s.keepOutcomes(r, outcomes)
	r.flash(views.Waiting, views.Counted(taken, "entry is", "entries are")+" yours now", "Take the posting sheet, enter them in Prophet 21, and upload it with their numbers.")
	return r.goTo("/entries/by-hand")
}

// handConfirm confirms the numbers that somebody else has recorded.
func (s *server) handConfirm(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	ids := in.ids("entry")
	if len(ids) == 0 {
		in.refuse("entry", "Select at least one entry.")
	}
	if err := in.err(); err != nil {
		return err
	}
	var outcomes []views.Outcome
	confirmed := 0
	for _, id := range ids {
		outcome, err := s.entryOutcome(r, id, "Confirmed; the entry is posted.", s.Entries.ConfirmNumber(r.ctx(), id, r.actor()))
		if err != nil {
			return err
		}
		if outcome.State == views.Done {
			confirmed++
		}
		outcomes = append(outcomes, outcome)
	}
	s.keepOutcomes(r, outcomes)
	state := views.Done
	if confirmed < len(ids) {
		state = views.Waiting
	}
	r.flash(state, fmt.Sprintf("%d of %s confirmed", confirmed, views.Counted(len(ids), "number", "numbers")), "Each is read back from Prophet 21 when it answers.")
	return r.goTo("/entries/by-hand")
}

// handRead asks Prophet 21 now for what was entered by hand.
func (s *server) handRead(r *request) error {
	if err := s.Entries.ReadBackAll(r.ctx()); err != nil {
		return fault.Wrap(err, fault.Unavailable, "Prophet 21 could not be asked. It is tried again every minute.")
	}
	r.flash(views.Done, "Read back", "What Prophet 21 said stands below; where it does not answer yet it is asked again every minute.")
	return r.goTo("/entries/by-hand")
}

// handSheet sends the entries to be entered as a workbook.
func (s *server) handSheet(r *request) error {
	entries, err := s.Entries.PostingSheet(r.ctx(), r.connection())
	if err != nil {
		return err
	}
	return r.workbook("posting-sheet", func(w io.Writer) error { return s.Workbooks.PostingSheet(w, entries) })
}

// handCSV sends them as CSV.
func (s *server) handCSV(r *request) error {
	entries, err := s.Entries.PostingSheet(r.ctx(), r.connection())
	if err != nil {
		return err
	}
	return r.file("posting-sheet.csv", "text/csv; charset=utf-8", func(w io.Writer) error { return s.Workbooks.PostingCSV(w, entries) })
}
