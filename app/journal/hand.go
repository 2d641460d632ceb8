package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/p21"
	"tieout/sqlc"
)

// ReadBack is what P21 held under an entry that was entered by hand.
type ReadBack string

// The outcomes.
const (
	NotRead ReadBack = "" // P21 was not asked yet
	Agrees  ReadBack = "agrees"
	Differs ReadBack = "differs"
	Absent  ReadBack = "absent"
)

// HandEntry is an entry that people enter in P21.
type HandEntry = sqlc.ListByHandRow

// handDays is how long the list shows what P21 agreed with.
const handDays = 14

// WaitingToPost returns the entries that P21's silence keeps from being posted;
// connectionID 0 is all.
func (s *Service) WaitingToPost(ctx context.Context, connectionID int64) ([]int64, error) {
	ids, err := sqlc.New(s.pool).WaitingToPost(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("find entries that wait for P21: %w", err)
	}
	return ids, nil
}

// HandEntries returns what is by hand and not settled, and what P21 agreed with
// of late; connectionID 0 is all.
func (s *Service) HandEntries(ctx context.Context, connectionID int64) ([]HandEntry, error) {
	list, err := sqlc.New(s.pool).ListByHand(ctx, sqlc.ListByHandParams{ConnectionID: connectionID, Since: s.clock.Now().AddDate(0, 0, -handDays)})
	if err != nil {
		return nil, fmt.Errorf("list entries by hand: %w", err)
	}
	return list, nil
}

// Hand is what is known of an entry that was entered by hand.
type Hand = sqlc.ByHandOfRow

// HandOf returns it, false for an entry that was not.
func (s *Service) HandOf(ctx context.Context, id int64) (Hand, bool, error) {
	h, err := sqlc.New(s.pool).ByHandOf(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return h, false, nil
	}
	if err != nil {
		return h, false, fmt.Errorf("read who entered entry %d by hand: %w", id, err)
	}
	return h, true, nil
}

// noteNumber keeps the number of an entry that is or becomes one by hand, and
// reports whether it is. One that P21 could not be asked about is.
func (s *Service) noteNumber(ctx context.Context, tx *database.Tx, e sqlc.LockEntryRow, t told, actor audit.Actor) (bool, error) {
	db := sqlc.New(tx)
	h, err := db.GetByHand(ctx, e.ID)
	known := err == nil
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, fmt.Errorf("read who enters entry %d: %w", e.ID, err)
	}
	if !known && t.seen {
		return false, nil
	}
	if !t.second {
		err := db.UnreadNumber(ctx, sqlc.UnreadNumberParams{EntryID: e.ID, PersonID: actor.PersonID, Number: t.number, Now: tx.Now})
		if err != nil {
			return false, fmt.Errorf("note the number of entry %d: %w", e.ID, err)
		}
		return true, nil
	}
	if h.RecordedBy == nil || *h.RecordedBy == actor.PersonID || h.Number != t.number {
		return false, Changed()
	}
	changed, err := db.ConfirmNumber(ctx, sqlc.ConfirmNumberParams{EntryID: e.ID, PersonID: actor.PersonID, Number: t.number, Now: tx.Now})
	if err == nil && changed == 0 {
		err = Changed()
	}
	return true, err
}

// TypedNumber is a row's P21 number of a posting sheet that came back.
type TypedNumber struct {
	Reference, Number         string
	Debits, FunctionalDebits  decimal.Decimal // of the entry's rows
	ReferenceCell, NumberCell string
	Sheet                     string
	EntryID                   int64 // once it is found
	Total                     decimal.Decimal
	Currency                  string
}

// CellProblem is a cell of an uploaded sheet that cannot be used.
type CellProblem struct{ Sheet, Cell, Message string }

// TypedNumbers is a posting sheet as it was read.
type TypedNumbers struct {
	Numbers  []TypedNumber
	Empty    int // entries without a number yet
	Problems []CellProblem
}

// maxNumber is the longest number that is taken.
const maxNumber = 40

// CheckNumbers says which numbers can be recorded, and what is wrong with the
// cells of the others.
func (s *Service) CheckNumbers(ctx context.Context, typed []TypedNumber) ([]TypedNumber, []CellProblem, error) {
	return checkNumbers(ctx, sqlc.New(s.pool), typed)
}

func checkNumbers(ctx context.Context, db *sqlc.Queries, typed []TypedNumber) (good []TypedNumber, problems []CellProblem, err error) {
	seen := map[string]string{}
	for _, t := range typed {
		wrong := func(cell, format string, args ...any) {
			problems = append(problems, CellProblem{t.Sheet, cell, fmt.Sprintf(format, args...)})
		}
		e, err := db.EntryByReference(ctx, sqlc.EntryByReferenceParams{Reference: t.Reference})
		if errors.Is(err, pgx.ErrNoRows) {
			wrong(t.ReferenceCell, "There is no entry %q.", t.Reference)
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("find entry %s: %w", t.Reference, err)
		}
		place := e.Company + "/" + t.Number
		taken, err := db.NumberTaken(ctx, sqlc.NumberTakenParams{Company: e.Company, EntryID: e.ID, Number: t.Number})
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return nil, nil, fmt.Errorf("look for number %s: %w", t.Number, err)
		}
		switch {
		case Status(e.Status) != Unknown || !e.ByHand:
			wrong(t.ReferenceCell, "Entry %s is %s and not entered by hand.", t.Reference, e.Status)
		case !t.Debits.Equal(e.Total) || !t.FunctionalDebits.Equal(e.FunctionalTotal):
			wrong(t.ReferenceCell, "The rows of %s add up to %s; the entry's debits are %s %s. Take a new sheet.", t.Reference, t.Debits.StringFixed(2), e.Total.StringFixed(2), e.Currency)
		case len(t.Number) > maxNumber:
			wrong(t.NumberCell, "A number has at most %d characters.", maxNumber)
		case taken != "":
			wrong(t.NumberCell, "Entry %s has this number.", taken)
		case seen[place] != "":
			wrong(t.NumberCell, "Entry %s has this number above.", seen[place])
		default:
			seen[place] = t.Reference
			t.EntryID, t.Total, t.Currency = e.ID, e.Total, e.Currency
			good = append(good, t)
		}
	}
	return good, problems, nil
}

// RecordNumbers keeps the numbers that one person typed, all or none. A second
// person confirms each.
func (s *Service) RecordNumbers(ctx context.Context, typed []TypedNumber, actor audit.Actor) error {
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		good, problems, err := checkNumbers(ctx, sqlc.New(tx), typed)
		if err != nil {
			return err
		}
		if len(problems) > 0 {
			return fault.New(fault.Conflict, "%s: %s", problems[0].Cell, problems[0].Message)
		}
		for _, t := range good {
			if err := s.recordNumber(ctx, tx, t, actor); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return database.Translate(fmt.Errorf("record numbers: %w", err))
	}
	return nil
}

func (s *Service) recordNumber(ctx context.Context, tx *database.Tx, t TypedNumber, actor audit.Actor) error {
	e, err := lock(ctx, tx, t.EntryID)
	if err != nil {
		return err
	}
	if Status(e.Status) != Unknown {
		return Changed()
	}
	changed, err := sqlc.New(tx).RecordNumber(ctx, sqlc.RecordNumberParams{EntryID: e.ID, Number: t.Number, PersonID: actor.PersonID, Now: tx.Now})
	if err != nil {
		return fmt.Errorf("record number of %s: %w", e.Reference, err)
	}
	if changed == 0 {
		return Changed()
	}
	return audit.Write(ctx, tx, event(e, actor, "number recorded, to be confirmed", map[string]any{"p21_number": t.Number}, ""))
}

// ConfirmNumber marks an entry posted under the number that somebody else has
// recorded. P21 is asked where it answers.
func (s *Service) ConfirmNumber(ctx context.Context, id int64, actor audit.Actor) error {
	h, ok, err := s.handRow(ctx, id)
	if err != nil {
		return err
	}
	switch {
	case !ok || h.RecordedBy == nil:
		return fault.New(fault.Conflict, "Nobody has recorded a number of this entry yet.")
	case *h.RecordedBy == actor.PersonID:
		return fault.New(fault.Forbidden, "You recorded this number, so someone else confirms it.")
	}
	return s.markPosted(ctx, id, h.Number, true, actor)
}

func (s *Service) handRow(ctx context.Context, id int64) (sqlc.GetByHandRow, bool, error) {
	h, err := sqlc.New(s.pool).GetByHand(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return h, false, nil
	}
	if err != nil {
		return h, false, fmt.Errorf("read who enters entry %d: %w", id, err)
	}
	return h, true, nil
}

// ReadBackAll asks P21 for every entry that was entered by hand and is not in
// agreement yet. A P21 that still does not answer is asked again next time.
func (s *Service) ReadBackAll(ctx context.Context) error {
	rows, err := sqlc.New(s.pool).UnreadByHand(ctx)
	if err != nil {
		return fmt.Errorf("find entries to read back: %w", err)
	}
	silent := map[int64]bool{}
	var failed []error
	for _, r := range rows {
		if silent[r.ConnectionID] {
			continue
		}
		err := s.ReadBack(ctx, r.ID)
		if fault.Is(err, fault.Unavailable) {
			silent[r.ConnectionID] = true
			continue
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// ReadBack holds an entry that was entered by hand beside what P21 shows under
// its number and its reference. Agreement is noted on the entry; a difference is
// an exception that ends when P21 agrees. fault.Unavailable: it does not answer.
func (s *Service) ReadBack(ctx context.Context, id int64) error {
	e, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	ledger, err := s.ledgers(ctx, e.ConnectionID)
	if err != nil {
		return fmt.Errorf("connect to P21 of %s: %w", e.ConnectionName, err)
	}
	can, err := ledger.Capabilities(ctx)
	if err != nil || !can.JournalRead {
		return err // a P21 that does not tell journals can only be looked at by people
	}
	lines, err := linesOf(ctx, sqlc.New(s.pool), id)
	if err != nil {
		return err
	}
	intended := ledgerJournal(e, lines)
	held, outcome, difference, err := inLedger(ctx, ledger, intended, e.P21Number)
	if err != nil {
		return err
	}
	return s.change(ctx, "read back", id, func(tx *database.Tx, locked sqlc.LockEntryRow) error {
		return s.noteReadBack(ctx, tx, locked, intended, held, outcome, difference)
	})
}

// inLedger looks an entry up by its number and by its reference.
func inLedger(ctx context.Context, ledger p21.Ledger, intended p21.Journal, number string) ([]p21.Posted, ReadBack, string, error) {
	named, err := ledger.ReadJournal(ctx, number)
	var failure *p21.Error
	missing := errors.As(err, &failure) && failure.Type == p21.NotFound
	if err != nil && !missing {
		return nil, NotRead, "", err
	}
	referred, err := ledger.FindJournal(ctx, intended.Reference)
	if err != nil {
		return nil, NotRead, "", err
	}
	held, others := []p21.Posted{}, []string{}
	if !missing {
		held = append(held, named)
	}
	for _, j := range referred {
		if j.Number != number {
			held, others = append(held, j), append(others, j.Number)
		}
	}
	switch {
	case missing && len(others) == 0:
		return held, Absent, fmt.Sprintf("P21 has no journal %s, and none under the reference %s", number, intended.Reference), nil
	case missing:
		return held, Absent, fmt.Sprintf("P21 has no journal %s; under the reference %s it has %s", number, intended.Reference, strings.Join(others, ", ")), nil
	case len(others) > 0:
		return held, Differs, fmt.Sprintf("P21 has it more than once: beside journal %s under the reference %s also %s", number, intended.Reference, strings.Join(others, ", ")), nil
	}
	if difference := p21.Difference(intended, named); difference != "" {
		return held, Differs, fmt.Sprintf("in journal %s %s", number, difference), nil
	}
	return held, Agrees, "", nil
}

func (s *Service) noteReadBack(ctx context.Context, tx *database.Tx, e sqlc.LockEntryRow, intended p21.Journal, held []p21.Posted, outcome ReadBack, difference string) error {
	db := sqlc.New(tx)
	before, err := db.GetByHand(ctx, e.ID)
	if err != nil {
		return fmt.Errorf("read who entered entry %d: %w", e.ID, err)
	}
	if ReadBack(before.Outcome) == Agrees {
		return nil // another worker has read it back
	}
	shown, err := json.Marshal(held)
	if err != nil {
		return fmt.Errorf("write what P21 shows: %w", err)
	}
	note := sqlc.NoteReadBackParams{EntryID: e.ID, Outcome: string(outcome), Difference: difference, Now: tx.Now}
	if outcome != Agrees {
		note.Held = shown
	}
	if err := db.NoteReadBack(ctx, note); err != nil {
		return err
	}
	job := audit.Job("reading back")
	if outcome == Agrees {
		if err := exception.Clear(ctx, tx, e.ConnectionID, exception.ByHandDiffers, fmt.Sprint(e.ID), "Prophet 21 agrees with the entry", job); err != nil {
			return err
		}
		return audit.Write(ctx, tx, event(e, job, "read back from P21: it agrees", map[string]any{"lines": len(intended.Lines), "debits": intended.Totals().Debit}, ""))
	}
	_, err = exception.Raise(ctx, tx, exception.Raised{ConnectionID: e.ConnectionID, Class: exception.ByHandDiffers, Cause: fmt.Sprint(e.ID), Title: e.Reference + ", entered by hand: " + difference,
		EntryID: e.ID, SettlementID: e.SettlementID, Detail: sides(intended, held)})
	if err != nil || before.Outcome == string(outcome) && before.Difference == difference {
		return err
	}
	return audit.Write(ctx, tx, event(e, job, "read back from P21: it "+string(outcome), nil, difference))
}

// sides are both journals in words, for the exception.
func sides(intended p21.Journal, held []p21.Posted) map[string]any {
	detail := map[string]any{"here": inWords(intended, "")}
	for i, j := range held {
		name := "prophet_21"
		if i > 0 {
			name = fmt.Sprintf("prophet_21_%d", i+1)
		}
		detail[name] = inWords(j.Journal, j.Number)
	}
	if len(held) == 0 {
		detail["prophet_21"] = "nothing"
	}
	return detail
}

func inWords(j p21.Journal, number string) string {
	t := j.Totals()
	text := fmt.Sprintf("reference %s, %s, period %s, %d lines, debits %s %s", j.Reference, j.Date, periodKey(j), len(j.Lines), t.Debit.StringFixed(2), j.Currency)
	if number != "" {
		text = "journal " + number + ", " + text
	}
	var lines []string
	for _, l := range j.Lines {
		lines = append(lines, fmt.Sprintf("%s %s", l.Account, l.Debit.Sub(l.Credit).StringFixed(2)))
	}
	const most = 30
	if len(lines) > most {
		lines = append(lines[:most], "...")
	}
	return text + ": " + strings.Join(lines, "; ")
}

func periodKey(j p21.Journal) string { return fmt.Sprintf("%04d-%02d", j.FiscalYear, j.Period) }

// SheetEntry is an entry with its lines, as a posting sheet lists it.
type SheetEntry struct {
	Entry Entry
	Lines []EntryLine
}

// PostingSheet returns the entries that are by hand and have no number yet.
func (s *Service) PostingSheet(ctx context.Context, connectionID int64) ([]SheetEntry, error) {
	list, err := s.HandEntries(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	var sheet []SheetEntry
	for _, h := range list {
		if Status(h.Status) != Unknown || h.Number != "" {
			continue
		}
		e, err := s.Get(ctx, h.ID)
		if err != nil {
			return nil, err
		}
		lines, err := s.Lines(ctx, h.ID)
		if err != nil {
			return nil, err
		}
		sheet = append(sheet, SheetEntry{e, lines})
	}
	return sheet, nil
}
