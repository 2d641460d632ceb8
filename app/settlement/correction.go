package settlement

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/sqlc"
)

// Corrected is a correction with the people behind it.
type Corrected = sqlc.CorrectionOfSettlementRow

// Validate returns what is wrong, field by field; nil when nothing is.
func (c Correction) Validate() map[string]string {
	wrong := map[string]string{}
	if c.Amount.IsZero() || !c.Amount.Equal(c.Amount.Truncate(4)) {
		wrong["amount"] = "An amount other than zero, with at most four decimals."
	}
	if c.AmountDescription == "" {
		wrong["amount_description"] = "What the missing line is, for example Current Reserve Amount."
	}
	if len(strings.TrimSpace(c.Reason)) < 10 {
		wrong["reason"] = "Say how you know (at least 10 characters), for example the support case."
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

// Correct writes the one line that completes an out-of-balance settlement. It
// counts once a second person approved it.
func (s *Service) Correct(ctx context.Context, c Correction, actor audit.Actor) (int64, error) {
	if wrong := c.Validate(); wrong != nil {
		return 0, fault.InvalidFields(wrong)
	}
	var id int64
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		d, err := db.GetSettlement(ctx, c.SettlementID)
		if err != nil {
			return fmt.Errorf("read settlement: %w", err)
		}
		if !d.Difference.Equal(c.Amount) {
			return fault.InvalidFields(map[string]string{"amount": fmt.Sprintf("The settlement misses %s %s; a correction has to be exactly that.", d.Difference.StringFixed(2), d.Currency)})
		}
		id, err = db.InsertCorrection(ctx, sqlc.InsertCorrectionParams{SettlementID: c.SettlementID, Marketplace: c.Marketplace, TransactionType: c.TransactionType,
			AmountType: c.AmountType, AmountDescription: c.AmountDescription, PostedOn: c.PostedOn, Amount: c.Amount, Reason: c.Reason, WrittenBy: actor.PersonID})
		if err != nil {
			return fmt.Errorf("insert correction: %w", err)
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "correction written", ObjectType: "settlement", ObjectID: c.SettlementID,
			ConnectionID: d.ConnectionID, After: map[string]any{"amount": c.Amount.String(), "description": c.AmountDescription}, Reason: c.Reason})
	})
	if err != nil {
		return 0, database.Translate(fmt.Errorf("correct settlement %d: %w", c.SettlementID, err))
	}
	return id, nil
}

// CorrectionOf returns the settlement's correction, false when there is none.
func (s *Service) CorrectionOf(ctx context.Context, settlementID int64) (Corrected, bool, error) {
	c, err := sqlc.New(s.pool).CorrectionOfSettlement(ctx, settlementID)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, false, nil
	}
	if err != nil {
		return c, false, fmt.Errorf("read correction of settlement %d: %w", settlementID, err)
	}
	return c, true, nil
}

// ApproveCorrection lets a correction count: its amount becomes one more rollup
// and the settlement is drafted.
func (s *Service) ApproveCorrection(ctx context.Context, settlementID int64, actor audit.Actor) error {
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		c, err := db.CorrectionOfSettlement(ctx, settlementID)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "There is no correction to approve.")
		}
		if err != nil {
			return fmt.Errorf("read correction: %w", err)
		}
		changed, err := db.ApproveCorrection(ctx, sqlc.ApproveCorrectionParams{ID: c.ID, ApprovedBy: &actor.PersonID})
		if err != nil {
			return err
		}
		if changed == 0 {
			return fault.New(fault.Conflict, "This correction is approved already.")
		}
		d, err := db.GetSettlement(ctx, settlementID)
		if err != nil {
			return fmt.Errorf("read settlement: %w", err)
		}
		if err := s.rollUpCorrection(ctx, tx, d, c); err != nil {
			return err
		}
		if err := exception.Clear(ctx, tx, d.ConnectionID, exception.OutOfBalance, fmt.Sprint(d.ID), "a correction was approved", actor); err != nil {
			return err
		}
		if s.jobs != nil {
			if err := s.jobs.Draft(ctx, tx.Tx, settlementID); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "correction approved", ObjectType: "settlement", ObjectID: settlementID,
			ConnectionID: d.ConnectionID, After: map[string]any{"correction": c.ID, "amount": c.Amount.String()}})
	})
	if err != nil {
		return database.Translate(fmt.Errorf("approve correction of settlement %d: %w", settlementID, err))
	}
	return nil
}

func (s *Service) rollUpCorrection(ctx context.Context, tx *database.Tx, d Detail, c Corrected) error {
	db := sqlc.New(tx)
	kind, err := db.UpsertKind(ctx, sqlc.UpsertKindParams{ConnectionID: d.ConnectionID, Marketplace: c.Marketplace, TransactionType: c.TransactionType,
		AmountType: c.AmountType, AmountDescription: c.AmountDescription, Sign: int16(c.Amount.Sign())})
	if err != nil {
		return fmt.Errorf("number kind: %w", err)
	}
	err = db.InsertRollup(ctx, sqlc.InsertRollupParams{SettlementID: d.ID, KindID: kind, PostedOn: c.PostedOn, CorrectionID: c.ID, Lines: 1, Amount: c.Amount})
	if err != nil {
		return fmt.Errorf("insert rollup of correction: %w", err)
	}
	return nil
}

// WithdrawCorrection takes back a correction that is not approved yet.
func (s *Service) WithdrawCorrection(ctx context.Context, settlementID int64, actor audit.Actor) error {
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		c, err := db.CorrectionOfSettlement(ctx, settlementID)
		if err != nil {
			return fault.Wrap(err, fault.NotFound, "There is no correction to withdraw.")
		}
		changed, err := db.WithdrawCorrection(ctx, c.ID)
		if err != nil {
			return err
		}
		if changed == 0 {
			return fault.New(fault.Conflict, "An approved correction stays.")
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "correction withdrawn", ObjectType: "settlement", ObjectID: settlementID, Before: map[string]any{"correction": c.ID}})
	})
	if err != nil {
		return database.Translate(fmt.Errorf("withdraw correction of settlement %d: %w", settlementID, err))
	}
	return nil
}
