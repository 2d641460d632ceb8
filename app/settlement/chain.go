package settlement

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/exception"
	"tieout/sqlc"
)

// ChainTolerance is how far apart two cycles may lie and still follow each other.
const ChainTolerance = 26 * time.Hour

// Check looks at what a settlement alone does not show: whether it takes over
// the reserve and the debt that the cycle before it left, whether the cycle
// after it still does, and whether collected and withheld tax cancel. What does
// not becomes an exception; what does again is resolved.
func (s *Service) Check(ctx context.Context, id int64, actor audit.Actor) error {
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		if err := checkChain(ctx, tx, id, actor); err != nil {
			return err
		}
		next, err := sqlc.New(tx).SettlementAfter(ctx, id)
		if err == nil {
			err = checkChain(ctx, tx, next, actor)
		}
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return checkTax(ctx, tx, id, actor)
	})
	if err != nil {
		return database.Translate(fmt.Errorf("check settlement %d: %w", id, err))
	}
	return nil
}

func checkChain(ctx context.Context, tx *database.Tx, id int64, actor audit.Actor) error {
	c, err := sqlc.New(tx).ChainOfSettlement(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // the first of its chain
	}
	if err != nil {
		return fmt.Errorf("read chain: %w", err)
	}
	if c.StartAt.Sub(c.PreviousEnd).Abs() > ChainTolerance {
		return nil // a cycle in between is not here; nothing can be said yet
	}
	owed := decimal.Min(c.PreviousDeposit, decimal.Zero)
	gap := c.Held.Sub(c.Released).Add(owed.Sub(c.Payable).Abs())
	if c.Held.Equal(c.Released) && owed.Equal(c.Payable) {
		return exception.Clear(ctx, tx, c.ConnectionID, exception.ChainBroken, fmt.Sprint(id), "it follows from the cycle before", actor)
	}
	_, err = exception.Raise(ctx, tx, exception.Raised{ConnectionID: c.ConnectionID, Class: exception.ChainBroken, Cause: fmt.Sprint(id), SettlementID: id,
		Title: fmt.Sprintf("Settlement %s does not take over what %s left: reserve held %s, released %s; owed %s, taken over %s",
			c.AmazonID, c.PreviousAmazonID, c.Held.StringFixed(2), c.Released.StringFixed(2), owed.StringFixed(2), c.Payable.StringFixed(2)),
		Amount: decimal.NewNullDecimal(gap), Currency: c.Currency, Detail: map[string]any{"settlement": c.AmazonID, "previous": c.PreviousAmazonID}})
	return err
}

func checkTax(ctx context.Context, tx *database.Tx, id int64, actor audit.Actor) error {
	db := sqlc.New(tx)
	d, err := db.GetSettlement(ctx, id)
	if err != nil {
		return fmt.Errorf("read settlement: %w", err)
	}
	residue, err := db.TaxResidue(ctx, sqlc.TaxResidueParams{ConnectionID: d.ConnectionID, SettlementID: id})
	if err != nil {
		return fmt.Errorf("read tax: %w", err)
	}
	if residue.Orders == 0 {
		return exception.Clear(ctx, tx, d.ConnectionID, exception.TaxResidue, fmt.Sprint(id), "collected and withheld tax cancel", actor)
	}
	_, err = exception.Raise(ctx, tx, exception.Raised{ConnectionID: d.ConnectionID, Class: exception.TaxResidue, Cause: fmt.Sprint(id), SettlementID: id,
		Records: residue.Orders, Amount: decimal.NewNullDecimal(residue.Residue), Currency: d.Currency,
		Title:  fmt.Sprintf("Collected and withheld tax differ on %d orders of settlement %s", residue.Orders, d.AmazonID),
		Detail: map[string]any{"settlement": d.AmazonID, "example": residue.Example}})
	return err
}
