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
		if err := s.retireEntry(ctx, tx, e, actor); err != nil {
			return err
		}
	}
	old, err := db.LockSettlement(ctx, oldSettlement)
	if err != nil {
		return fmt.Errorf("read the old reading: %w", err)
	}
	return s.discardDrafts(ctx, tx, old, nil, reissued, actor)
}

func (s *Service) retireEntry(ctx context.Context, tx *database.Tx, e sqlc.EntriesOfSettlementRow, actor audit.Actor) error {
	locked, err := lock(ctx, tx, e.ID)
	if err != nil {
		return err
	}
	switch Status(e.Status) {
	case Submitted, Approved:
		if err := toDraft(ctx, tx, locked, reissued, Submitted, Approved); err != nil {
			return err
		}
		return audit.Write(ctx, tx, event(locked, actor, "withdrawn", map[string]any{"status": Draft}, reissued))
	case Posting, Unknown:
		return fault.New(fault.Unavailable, "Entry %s of the old report is %s; the new report waits for it.", e.Reference, e.Status)
	case Posted:
		known, err := reversalAttempts(ctx, sqlc.New(tx), e.ID)
		if err != nil || known > 0 {
			return err
		}
		reversal, err := s.draftReversal(ctx, tx, e.ID, reissued)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, event(locked, actor, "reversal drafted", map[string]any{"reversal": reversal}, reissued))
	}
	return nil
}
