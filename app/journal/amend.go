package journal

import (
	"context"
	"fmt"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/sqlc"
)

const reissued = "Amazon re-issued the report"

// retire clears the way for a re-issued report: entries of the old reading that
// P21 does not hold are taken back and discarded, posted ones get the draft of
// a reversal. An entry that is being posted right now is waited for.
func (s *Service) retire(ctx context.Context, tx *database.Tx, oldSettlement int64, actor audit.Actor) error {
	db := sqlc.New(tx)
	entries, err := db.EntriesOfSettlement(ctx, oldSettlement)
	if err != nil {
		return fmt.Errorf("read entries of the old reading: %w", err)
	}
	for _, e := range entries {
		if e.EntryType != "settlement" {
			continue
		}
		if _, err := s.Retire(ctx, tx, e.ID, reissued, actor); err != nil {
			return err
		}
	}
	old, err := db.LockSettlement(ctx, oldSettlement)
	if err != nil {
		return fmt.Errorf("read the old reading: %w", err)
	}
	return s.discardDrafts(ctx, tx, old, nil, reissued, actor)
}

// Retire clears the way for another entry of what one carries: one that P21 does
// not hold is a draft again, of a posted one the reversal is drafted. An entry
// that is being posted right now is waited for. It returns where the entry stands
// then.
func (s *Service) Retire(ctx context.Context, tx *database.Tx, id int64, reason string, actor audit.Actor) (Status, error) {
	e, err := lock(ctx, tx, id)
	if err != nil {
		return "", err
	}
	status := Status(e.Status)
	switch status {
	case Submitted, Approved:
		if err := toDraft(ctx, tx, e, reason, Submitted, Approved); err != nil {
			return status, err
		}
		return Draft, audit.Write(ctx, tx, event(e, actor, "withdrawn", map[string]any{"status": Draft}, reason))
	case Posting, Unknown:
		return status, fault.New(fault.Unavailable, "Entry %s is %s; what replaces it waits for it.", e.Reference, e.Status)
	case Posted:
		known, err := reversalAttempts(ctx, sqlc.New(tx), e.ID)
		if err != nil || known > 0 {
			return status, err
		}
		reversal, err := s.draftReversal(ctx, tx, e.ID, reason)
		if err != nil {
			return status, err
		}
		return status, audit.Write(ctx, tx, event(e, actor, "reversal drafted", map[string]any{"reversal": reversal}, reason))
	}
	return status, nil
}
