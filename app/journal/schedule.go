package journal

import (
	"context"
	"errors"
	"fmt"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/period"
	"tieout/sqlc"
)

// ReverseDue drafts, approves and sends on their way the reversals of posted
// entries whose day has come: those who approved an entry approved its end with
// it. It returns how many there were.
func (s *Service) ReverseDue(ctx context.Context) (int, error) {
	due, err := sqlc.New(s.pool).DueReversals(ctx, s.clock.Now())
	if err != nil {
		return 0, fmt.Errorf("find entries whose reversal is due: %w", err)
	}
	var failed error
	done := 0
	for _, id := range due {
		if err := s.reverseDue(ctx, id); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		done++
	}
	return done, failed
}

func (s *Service) reverseDue(ctx context.Context, id int64) error {
	return s.change(ctx, "reverse on its day", id, func(tx *database.Tx, locked sqlc.LockEntryRow) error {
		db := sqlc.New(tx)
		e, err := db.GetEntry(ctx, id)
		if err != nil {
			return err
		}
		if Status(e.Status) != Posted || e.ReverseOn == nil || e.ReversedBy != 0 {
			return nil // somebody else was faster
		}
		on := period.DateOf(*e.ReverseOn)
		into, err := firstOpen(ctx, db, e.ConnectionID, on)
		cause := fmt.Sprintf("reversal/%d", id)
		if fault.Is(err, fault.Conflict) {
			_, err := exception.Raise(ctx, tx, exception.Raised{ConnectionID: e.ConnectionID, Class: exception.ClosedPeriod, Cause: cause, EntryID: id,
				Title: fmt.Sprintf("%s ends on %s, and no period is open for its reversal.", e.Reference, on)})
			return err
		}
		if err != nil {
			return err
		}
		if err := exception.Clear(ctx, tx, e.ConnectionID, exception.ClosedPeriod, cause, "a period is open", audit.Job("reversals")); err != nil {
			return err
		}
		into.scheduled = true
		reversal, err := s.insertReversal(ctx, tx, e, into, "it ends on "+on.String())
		if err != nil {
			return err
		}
		return s.send(ctx, tx, locked, e, reversal)
	})
}

// send submits a scheduled reversal in the name of who submitted its entry; no
// approval but the entry's is needed.
func (s *Service) send(ctx context.Context, tx *database.Tx, locked sqlc.LockEntryRow, e Entry, reversal int64) error {
	db := sqlc.New(tx)
	if _, err := db.SubmitEntry(ctx, sqlc.SubmitEntryParams{ID: reversal, PersonID: e.SubmittedBy, RowVersion: 1}); err != nil {
		return err
	}
	if err := db.ApproveEntry(ctx, reversal); err != nil {
		return err
	}
	if err := s.jobs.Post(ctx, tx.Tx, reversal); err != nil {
		return err
	}
	return audit.Write(ctx, tx, event(locked, audit.Job("reversals"), "reversed on its day", map[string]any{"reversal": reversal}, ""))
}

// turn is where a reversal goes.
type turn struct {
	in        period.Period
	on        period.Date
	movedFrom string // key of the closed period that it belongs to; empty when none
	scheduled bool
}

// firstOpen is the day itself while its period is open, else the first day of
// the first open period after it; fault.Conflict when there is none.
func firstOpen(ctx context.Context, db *sqlc.Queries, connectionID int64, on period.Date) (turn, error) {
	calendar, err := calendarOf(ctx, db, connectionID)
	if err != nil {
		return turn{}, err
	}
	own, found := calendar.Find(on)
	if found && !own.Closed {
		return turn{in: own, on: on}, nil
	}
	open, ok := calendar.FirstOpen(on)
	if !ok {
		return turn{}, fault.New(fault.Conflict, "There is no open period on or after %s to reverse into.", on)
	}
	t := turn{in: open, on: open.Starts}
	if found {
		t.movedFrom = own.Key()
	}
	return t, nil
}
