package web

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/views"
)

const keyOutcomes = "outcomes" // of the last bulk action, shown once

// seen is an entry as a form showed it.
type seen struct {
	id      int64
	version int32
	hash    []byte
}

// seenEntries reads the rows that a bulk form sent; see entryMark.
func (in *input) seenEntries() []seen {
	var all []seen
	for _, mark := range in.values["entry"] {
		parts := strings.Split(mark, ".")
		if len(parts) != 3 {
			in.refuse("entry", "%q is no entry.", mark)
			continue
		}
		version, err := strconv.ParseInt(parts[1], 10, 32)
		hash, failed := hex.DecodeString(parts[2])
		id := parseID(parts[0])
		if err != nil || failed != nil || id == 0 {
			in.refuse("entry", "%q is no entry.", mark)
			continue
		}
		all = append(all, seen{id, int32(version), hash})
	}
	if len(all) == 0 {
		in.refuse("entry", "Select at least one entry.")
	}
	return all
}

// entrySubmitMany submits the selected drafts, each by itself.
func (s *server) entrySubmitMany(r *request) error {
	return s.entryEach(r, "submitted", func(e seen) (string, error) {
		return "Submitted; it waits for approval.", s.Entries.Submit(r.ctx(), e.id, e.version, r.actor())
	})
}

// entryApproveMany approves the selected entries as they were shown.
func (s *server) entryApproveMany(r *request) error {
	return s.entryEach(r, "approved", func(e seen) (string, error) {
		entry, err := s.Entries.Get(r.ctx(), e.id)
		if err != nil {
			return "", err
		}
		if entry.RowVersion != e.version {
			return "", journal.Changed()
		}
		return s.approve(r, entry, e.hash)
	})
}

// entryEach does one thing to every selected entry, goes on where one is
// refused, and shows what became of each. When the policy asks for a fresh
// sign-in nothing more can be done before it.
func (s *server) entryEach(r *request, done string, act func(seen) (string, error)) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	selected := in.seenEntries()
	if err := in.err(); err != nil {
		return err
	}
	var outcomes []views.Outcome
	succeeded := 0
	for _, e := range selected {
		text, err := act(e)
		if fault.Is(err, fault.Unauthorised) {
			s.keepOutcomes(r, outcomes)
			return err
		}
		outcome, err := s.entryOutcome(r, e.id, text, err)
		if err != nil {
			return err
		}
		if outcome.State == views.Done {
			succeeded++
		}
		outcomes = append(outcomes, outcome)
	}
	s.keepOutcomes(r, outcomes)
	title := fmt.Sprintf("%s of %s %s", views.Count(succeeded), views.Counted(len(selected), "entry", "entries"), done)
	state := views.Done
	if succeeded < len(selected) {
		state = views.Waiting
	}
	r.flash(state, title, "")
	return r.backTo("/entries")
}

// entryOutcome puts a result into words; what is the program's own fault is
// returned.
func (s *server) entryOutcome(r *request, id int64, text string, err error) (views.Outcome, error) {
	outcome := views.Outcome{State: views.Done, Text: text, Link: views.Link{Text: fmt.Sprintf("Entry %d", id)}}
	if err != nil {
		if fault.CodeOf(err) == fault.Internal {
			return outcome, err
		}
		outcome.State, outcome.Text = views.Wrong, fault.MessageOf(err)
	}
	if entry, err := s.Entries.Get(r.ctx(), id); err == nil {
		outcome.Link = views.Link{Text: entry.Reference, Href: fmt.Sprintf("/entries/%d", id)}
	}
	return outcome, nil
}

func (s *server) keepOutcomes(r *request, outcomes []views.Outcome) {
	encoded, err := json.Marshal(outcomes)
	if err != nil {
		r.cause = fmt.Errorf("keep outcomes: %w", err)
		return
	}
	s.sessions.Put(r.ctx(), keyOutcomes, string(encoded))
}

// takeOutcomes returns what the bulk action before this page did, once.
func (s *server) takeOutcomes(ctx context.Context) []views.Outcome {
	encoded := s.sessions.PopString(ctx, keyOutcomes)
	if encoded == "" {
		return nil
	}
	var outcomes []views.Outcome
	if err := json.Unmarshal([]byte(encoded), &outcomes); err != nil {
		return nil // of another version of the program
	}
	return outcomes
}

// backTo is goBack with a page to go to where the form names none.
func (r *request) backTo(path string) error {
	if r.FormValue("return") == "" {
		return r.goTo("%s", path)
	}
	return r.goBack()
}
