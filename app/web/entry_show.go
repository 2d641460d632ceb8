package web

import (
	"net/http"
	"slices"

	"tieout/app/journal"
	"tieout/app/outbound"
	"tieout/views"
)

// entryDetail is a journal entry with what stands around it.
type entryDetail struct {
	entry       journal.Entry
	lines       []journal.EntryLine
	checks      []journal.Finding
	preparers   []int64
	approvals   []journal.Approval
	previous    *journal.Entry
	before      []journal.EntryLine // lines of previous
	message     outbound.Message    // zero before posting begins
	steps       []outbound.Step
	history     []views.Event
	comments    []views.Event
	attachments []journal.Attachment
}

// entryShow shows one journal entry.
func (s *server) entryShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	detail, err := s.entryDetail(r, id)
	if err != nil {
		return err
	}
	page := r.page(detail.entry.Reference, views.JournalEntries, entriesLink())
	page.Path = r.returnPath()
	return r.show(views.EntryView(page, r.entryModel(detail)))
}

// returnPath is where the forms of this page return to. Shown in the side panel
// of a list, they return to the list and keep the person's place.
func (r *request) returnPath() string {
	if scripted(r.Request()) {
		if path := safePath(pathOf(r.Request().Header.Get("HX-Current-URL"))); path != "/" {
			return path
		}
	}
	return r.Request().URL.RequestURI()
}

// freshSignIn leads to the identity provider and back to path.
func freshSignIn(path string) string {
	return address(signInPath, map[string][]string{"fresh": {"1"}, "return": {path}})
}

func (s *server) entryDetail(r *request, id int64) (d entryDetail, err error) {
	ctx := r.ctx()
	if d.entry, err = s.Entries.Get(ctx, id); err != nil {
		return d, err
	}
	if d.lines, err = s.Entries.Lines(ctx, id); err != nil {
		return d, err
	}
	if d.checks, err = s.Entries.Checks(ctx, d.entry, d.lines); err != nil {
		return d, err
	}
	if d.preparers, err = s.Entries.Preparers(ctx, id); err != nil {
		return d, err
	}
	if d.approvals, err = s.Entries.Approvals(ctx, id); err != nil {
		return d, err
	}
	if d.message, d.steps, err = s.Entries.Delivery(ctx, id); err != nil {
		return d, err
	}
	if d.attachments, err = s.Entries.Attachments(ctx, id); err != nil {
		return d, err
	}
	if err := s.entryTalk(r, &d); err != nil {
		return d, err
	}
	return d, s.entryBefore(r, &d)
}

// entryTalk reads what people and jobs did with an entry and what was said.
func (s *server) entryTalk(r *request, d *entryDetail) error {
	events, err := s.Entries.History(r.ctx(), d.entry.ID)
	if err != nil {
		return err
	}
	for _, event := range slices.Backward(events) {
		d.history = append(d.history, r.auditEvent(event))
	}
	comments, err := s.Entries.Comments(r.ctx(), d.entry.ID)
	if err != nil {
		return err
	}
	d.comments = r.remarks(comments)
	return nil
}

// entryBefore reads the version that this one replaces.
func (s *server) entryBefore(r *request, d *entryDetail) error {
	if d.entry.EntryType == "reversal" {
		return nil
	}
	id, ok, err := s.Entries.PreviousVersion(r.ctx(), d.entry)
	if err != nil || !ok {
		return err
	}
	previous, err := s.Entries.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	d.previous = &previous
	d.before, err = s.Entries.Lines(r.ctx(), id)
	return err
}

// entryLineShow shows what one line of an entry is made of.
func (s *server) entryLineShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	number, err := r.pathID("line")
	if err != nil {
		return err
	}
	entry, err := s.Entries.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	lines, err := s.Entries.Lines(r.ctx(), id)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(lines, func(l journal.EntryLine) bool { return int64(l.LineNo) == number })
	if at < 0 {
		return notFoundLine(entry, number)
	}
	page := r.page(lineTitle(lines[at]), views.JournalEntries, entriesLink(), views.Link{Text: entry.Reference, Href: entryPath(entry, "")})
	if entry.SettlementID == 0 {
		return s.entryEvidence(r, page, entry, lines[at])
	}
	parts, err := s.partsOf(r, entry, lines[at])
	if err != nil {
		return err
	}
	return r.showAs(http.StatusOK, views.EntryPartsView(page, r.partsModel(entry, lines[at], parts)))
}

// partsOf returns the kinds behind a line: a line's own, everything behind the
// clearing line, and for a reversal those of the line that it mirrors.
func (s *server) partsOf(r *request, e journal.Entry, line journal.EntryLine) ([]journal.Part, error) {
	id := e.ID
	if e.ReversesID != nil {
		id = *e.ReversesID
	}
	if line.Clearing {
		return s.Entries.AllParts(r.ctx(), id)
	}
	return s.Entries.Parts(r.ctx(), id, int(line.LineNo))
}
