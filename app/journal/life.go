package journal

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/period"
	"tieout/sqlc"
)

// Submit freezes a draft and hands it to the approvers. The database checks
// every invariant that stands between a draft and its submission.
func (s *Service) Submit(ctx context.Context, id int64, rowVersion int32, actor audit.Actor) error {
	return s.change(ctx, "submit", id, func(tx *database.Tx, e sqlc.LockEntryRow) error {
		changed, err := sqlc.New(tx).SubmitEntry(ctx, sqlc.SubmitEntryParams{ID: id, PersonID: &actor.PersonID, RowVersion: rowVersion})
		if err != nil {
			return err
		}
		if changed == 0 {
			return Changed()
		}
		return audit.Write(ctx, tx, event(e, actor, "submitted", map[string]any{"status": Submitted}, ""))
	})
}

// Approve records an approval of the content with the given hash: what the
// approver saw. With enough approvals the entry is approved and its posting
// begins. signedIn is when the identity provider last saw the person.
func (s *Service) Approve(ctx context.Context, id int64, contentHash []byte, signedIn time.Time, actor audit.Actor) (done bool, err error) {
	err = s.change(ctx, "approve", id, func(tx *database.Tx, e sqlc.LockEntryRow) error {
		if !bytes.Equal(contentHash, e.ContentHash) {
			return Changed()
		}
		db := sqlc.New(tx)
		_, err := db.InsertApproval(ctx, sqlc.InsertApprovalParams{EntryID: id, PersonID: actor.PersonID, ContentHash: contentHash, SignedInAt: signedIn})
		if err != nil {
			return err
		}
		count, err := db.CountApprovals(ctx, id)
		if err != nil {
			return err
		}
		done = count.Given >= count.Needed
		after := map[string]any{"status": Submitted, "approvals": count.Given, "needed": count.Needed, "hash": hex.EncodeToString(contentHash)}
		if done {
			after["status"] = Approved
			if err := db.ApproveEntry(ctx, id); err != nil {
				return err
			}
			if err := s.jobs.Post(ctx, tx.Tx, id); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, event(e, actor, "approved", after, ""))
	})
	return done, err
}

// Reject sends a submitted or approved entry back to draft with a reason; its
// approvals are void.
func (s *Service) Reject(ctx context.Context, id int64, reason string, actor audit.Actor) error {
	if len(reason) < 3 {
		return fault.InvalidFields(map[string]string{"reason": "Say why, so that the preparer knows what to change."})
	}
	return s.backToDraft(ctx, id, "rejected", reason, actor, Submitted, Approved)
}

// Withdraw takes an entry back to draft before it is posted; its approvals are
// void.
func (s *Service) Withdraw(ctx context.Context, id int64, actor audit.Actor) error {
	return s.backToDraft(ctx, id, "withdrawn", "", actor, Submitted, Approved)
}

func (s *Service) backToDraft(ctx context.Context, id int64, action, reason string, actor audit.Actor, from ...Status) error {
	return s.change(ctx, action, id, func(tx *database.Tx, e sqlc.LockEntryRow) error {
		if err := toDraft(ctx, tx, e, reason, from...); err != nil {
			return err
		}
		return audit.Write(ctx, tx, event(e, actor, action, map[string]any{"status": Draft}, reason))
	})
}

func toDraft(ctx context.Context, tx *database.Tx, e sqlc.LockEntryRow, reason string, from ...Status) error {
	states := make([]string, len(from))
	for i, f := range from {
		states[i] = string(f)
	}
	changed, err := sqlc.New(tx).BackToDraft(ctx, sqlc.BackToDraftParams{ID: e.ID, Reason: reason, FromStates: states})
	if err != nil {
		return err
	}
	if changed == 0 {
		return fault.New(fault.Conflict, "Entry %s is %s and cannot go back to draft.", e.Reference, e.Status)
	}
	return nil
}

// Edit changes an entry's description or date. A submitted or approved entry
// goes back to draft first, and its approvals are void.
func (s *Service) Edit(ctx context.Context, id int64, rowVersion int32, description string, on period.Date, actor audit.Actor) error {
	return s.change(ctx, "edit", id, func(tx *database.Tx, e sqlc.LockEntryRow) error {
		if e.RowVersion != rowVersion {
			return Changed()
		}
		db := sqlc.New(tx)
		before, err := db.GetEntry(ctx, id)
		if err != nil {
			return err
		}
		if err := validateEdit(ctx, db, before, description, on); err != nil {
			return err
		}
		if e.Status == string(Submitted) || e.Status == string(Approved) {
			if err := toDraft(ctx, tx, e, "edited", Submitted, Approved); err != nil {
				return err
			}
			rowVersion++
		}
		changed, err := db.EditEntry(ctx, sqlc.EditEntryParams{ID: id, RowVersion: rowVersion, Description: description, EntryOn: on.Time()})
		if err != nil {
			return err
		}
		if changed == 0 {
			return fault.New(fault.Conflict, "Entry %s is %s and cannot be edited.", e.Reference, e.Status)
		}
		if err := db.AddPreparer(ctx, sqlc.AddPreparerParams{EntryID: id, PersonID: actor.PersonID, What: "edited"}); err != nil {
			return err
		}
		edited := event(e, actor, "edited", map[string]any{"status": Draft, "description": description, "date": on.String()}, "")
		edited.Before = map[string]any{"status": e.Status, "description": before.Description, "date": period.DateOf(before.EntryOn).String()}
		return audit.Write(ctx, tx, edited)
	})
}

func validateEdit(ctx context.Context, db *sqlc.Queries, e sqlc.GetEntryRow, description string, on period.Date) error {
	fields := map[string]string{}
	if description == "" || len(description) > 255 {
		fields["description"] = "Between 1 and 255 characters."
	}
	calendar, err := calendarOf(ctx, db, e.ConnectionID)
	if err != nil {
		return err
	}
	for _, p := range calendar {
		if p.FiscalYear == int(e.FiscalYear) && p.Number == int(e.Period) && !p.Contains(on) {
			fields["date"] = fmt.Sprintf("The entry belongs to period %s: choose a day from %s to %s.", p.Key(), p.Starts, p.Ends)
		}
	}
	if len(fields) > 0 {
		return fault.InvalidFields(fields)
	}
	return nil
}

// Reverse drafts the mirror of a posted entry. When the reversal is posted the
// entry becomes reversed and its settlement can be drafted again.
func (s *Service) Reverse(ctx context.Context, id int64, reason string, actor audit.Actor) (reversal int64, err error) {
	if len(reason) < 3 {
		return 0, fault.InvalidFields(map[string]string{"reason": "Say why; it stands on the reversal in P21."})
	}
	err = s.change(ctx, "reverse", id, func(tx *database.Tx, locked sqlc.LockEntryRow) error {
		if locked.Status != string(Posted) {
			return fault.New(fault.Conflict, "Only a posted entry is reversed; %s is %s.", locked.Reference, locked.Status)
		}
		var err error
		reversal, err = s.draftReversal(ctx, tx, id, reason)
		if err != nil {
			return err
		}
		if err := sqlc.New(tx).AddPreparer(ctx, sqlc.AddPreparerParams{EntryID: reversal, PersonID: actor.PersonID, What: "reversed"}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, event(locked, actor, "reversal drafted", map[string]any{"reversal": reversal}, reason))
	})
	return reversal, err
}

// draftReversal drafts the reversal of an entry that somebody wants reversed: in
// its own period while that is open.
func (s *Service) draftReversal(ctx context.Context, tx *database.Tx, id int64, reason string) (int64, error) {
	db := sqlc.New(tx)
	e, err := db.GetEntry(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("read entry %d: %w", id, err)
	}
	switch {
	case e.ReversesID != nil:
		return 0, fault.New(fault.Conflict, "A reversal is not reversed; what it took back is drafted again instead.")
	case e.ReversedBy != 0:
		return 0, fault.New(fault.Conflict, "Entry %s has a reversal already.", e.Reference)
	}
	to, err := firstOpen(ctx, db, e.ConnectionID, period.DateOf(e.EntryOn))
	if err != nil {
		return 0, err
	}
	return s.insertReversal(ctx, tx, e, to, reason)
}

// insertReversal writes the mirror of an entry as a draft.
func (s *Service) insertReversal(ctx context.Context, tx *database.Tx, e Entry, to turn, reason string) (int64, error) {
	db := sqlc.New(tx)
	attempt, err := reversalAttempts(ctx, db, e.ID)
	if err != nil {
		return 0, err
	}
	reference := ReversalReference(e.Reference)
	if attempt > 0 {
		reference = fmt.Sprintf("%s%d", reference, attempt+1)
	}
	reversal, err := db.InsertEntry(ctx, sqlc.InsertEntryParams{
		ConnectionID: e.ConnectionID, SettlementID: e.SettlementID, EntryType: string(Reversal), Scheduled: to.scheduled, Reference: reference,
		Version: e.Version, Company: e.Company, Journal: e.Journal, FiscalYear: int32(to.in.FiscalYear), Period: int32(to.in.Number), MovedFrom: to.movedFrom,
		EntryOn: to.on.Time(), Currency: e.Currency, FunctionalCurrency: e.FunctionalCurrency, Rate: e.Rate, RateNote: e.RateNote,
		Description: fmt.Sprintf("Reversal of %s (P21 %s): %s", e.Reference, e.P21Number, reason), RuleSetID: e.RuleSetID, ReversesID: &e.ID,
		Clearing: e.Clearing.Neg(), Total: e.Total, FunctionalTotal: e.FunctionalTotal, Reason: reason,
	})
	if err != nil {
		return 0, fmt.Errorf("insert reversal of %s: %w", e.Reference, err)
	}
	if err := db.CopyEntryRates(ctx, sqlc.CopyEntryRatesParams{FromID: e.ID, ToID: reversal}); err != nil {
		return 0, fmt.Errorf("note the rates of reversal %d: %w", reversal, err)
	}
	lines, err := linesOf(ctx, db, e.ID)
	if err != nil {
		return 0, err
	}
	return reversal, insertContent(ctx, db, reversal, e.SettlementID, mirror(lines), nil)
}

// reversalAttempts counts the reversals of an entry that were discarded: a
// reference is never used twice.
func reversalAttempts(ctx context.Context, db *sqlc.Queries, id int64) (int64, error) {
	n, err := db.ReversalsOfEntry(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("count reversals: %w", err)
	}
	return n, nil
}

func mirror(lines []Line) []Line {
	mirrored := make([]Line, len(lines))
	for i, l := range lines {
		l.Debit, l.Credit = l.Credit, l.Debit
		l.FunctionalDebit, l.FunctionalCredit = l.FunctionalCredit, l.FunctionalDebit
		mirrored[i] = l
	}
	return mirrored
}

func linesOf(ctx context.Context, db *sqlc.Queries, id int64) ([]Line, error) {
	rows, err := db.LinesOfEntry(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read lines of entry %d: %w", id, err)
	}
	lines := make([]Line, len(rows))
	for i, r := range rows {
		lines[i] = Line{Number: int(r.LineNo), Account: r.Account, Branch: r.Branch, Marketplace: r.Marketplace, Category: r.Category,
			Clearing: r.Clearing, Description: r.Description, Debit: r.Debit, Credit: r.Credit,
			FunctionalDebit: r.FunctionalDebit, FunctionalCredit: r.FunctionalCredit}
	}
	return lines, nil
}

// DiscardReversal drops a drafted reversal that is not wanted after all.
func (s *Service) DiscardReversal(ctx context.Context, id int64, actor audit.Actor) error {
	return s.change(ctx, "discard", id, func(tx *database.Tx, e sqlc.LockEntryRow) error {
		if e.EntryType != "reversal" || e.Status != string(Draft) {
			return fault.New(fault.Conflict, "Only the draft of a reversal is discarded by hand.")
		}
		if _, err := sqlc.New(tx).DiscardEntry(ctx, sqlc.DiscardEntryParams{ID: id, Reason: "discarded"}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, event(e, actor, "discarded", map[string]any{"status": Discarded}, ""))
	})
}

// Comment adds a remark to an entry.
func (s *Service) Comment(ctx context.Context, id int64, body string, actor audit.Actor) error {
	if len(body) == 0 {
		return fault.InvalidFields(map[string]string{"body": "Write something first."})
	}
	_, err := sqlc.New(s.pool).InsertComment(ctx, sqlc.InsertCommentParams{ObjectType: "journal_entry", ObjectID: id, PersonID: actor.PersonID, Body: body})
	if err != nil {
		return fmt.Errorf("comment on entry %d: %w", id, err)
	}
	return nil
}

// change runs a transition in a transaction with the entry locked.
func (s *Service) change(ctx context.Context, verb string, id int64, work func(tx *database.Tx, e sqlc.LockEntryRow) error) error {
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		e, err := lock(ctx, tx, id)
		if err != nil {
			return err
		}
		return work(tx, e)
	})
	if err != nil {
		return database.Translate(fmt.Errorf("%s journal entry %d: %w", verb, id, err))
	}
	return nil
}
