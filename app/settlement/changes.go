package settlement

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/sqlc"
)

// changesKept is how many lines that differ are kept and shown, each with how
// many there are; the sums are of all.
const changesKept = 500

// LineChange is a line that one reading of a settlement has more or less often
// than another. Lines is positive where the newer one has more; LineNo is the first
// such row of the report that has more.
type LineChange = sqlc.LineChangesRow

// Changes are what a re-issue has otherwise than the reading that it replaces.
type Changes struct {
	Lines []LineChange // the first of them
	Count int64
	Total decimal.Decimal // by how much the sum of the lines changed
}

// CompareLines holds a re-issue against the reading that it replaces, line by
// line, and keeps what differs. Lines never change: once is enough, and a second
// time does nothing.
func (s *Service) CompareLines(ctx context.Context, d Detail) error {
	if d.ReplacesID == nil {
		return nil
	}
	err := sqlc.New(s.pool).KeepLineChanges(ctx, sqlc.KeepLineChangesParams{SettlementID: d.ID, ReplacesID: *d.ReplacesID, Size: changesKept})
	if err != nil {
		return fmt.Errorf("compare the lines of settlement %d: %w", d.ID, err)
	}
	return nil
}

// Changes returns what CompareLines has kept of a re-issue; where it has not run
// yet, it runs. Nothing when the settlement replaces none.
func (s *Service) Changes(ctx context.Context, d Detail) (Changes, error) {
	if d.ReplacesID == nil {
		return Changes{}, nil
	}
	db := sqlc.New(s.pool)
	sum, err := db.LineComparison(ctx, d.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		if err := s.CompareLines(ctx, d); err != nil {
			return Changes{}, err
		}
		sum, err = db.LineComparison(ctx, d.ID)
	}
	if err != nil {
		return Changes{}, fmt.Errorf("read what settlement %d changes: %w", d.ID, err)
	}
	lines, err := db.LineChanges(ctx, d.ID)
	if err != nil {
		return Changes{}, fmt.Errorf("read the lines that settlement %d changes: %w", d.ID, err)
	}
	return Changes{lines, sum.Changes, sum.Total}, nil
}
