package journal

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"tieout/sqlc"
)

// Change is an account whose amount differs between two sets of lines. Before
// and Now are debits less credits.
type Change struct {
	Account, Name string
	Before, Now   decimal.Decimal
}

// By is what the account moved by.
func (c Change) By() decimal.Decimal { return c.Now.Sub(c.Before) }

// Compare returns the accounts that differ, by number.
func Compare(before, now []EntryLine) []Change {
	accounts := map[string]*Change{}
	of := func(l EntryLine) *Change {
		c := accounts[l.Account]
		if c == nil {
			c = &Change{Account: l.Account, Name: l.AccountName}
			accounts[l.Account] = c
		}
		return c
	}
	for _, l := range before {
		c := of(l)
		c.Before = c.Before.Add(l.Debit).Sub(l.Credit)
	}
	for _, l := range now {
		c := of(l)
		c.Now = c.Now.Add(l.Debit).Sub(l.Credit)
	}
	var changes []Change
	for _, c := range accounts {
		if !c.Before.Equal(c.Now) {
			changes = append(changes, *c)
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Account, b.Account) })
	return changes
}

// Reissued compares the entries of a settlement with those that P21 holds of
// the reading that it replaces. posted is false when P21 holds none.
func (s *Service) Reissued(ctx context.Context, settlementID, replacesID int64) (changes []Change, posted bool, err error) {
	before, err := s.linesOfReading(ctx, replacesID, Posted, Reversed)
	if err != nil || len(before) == 0 {
		return nil, false, err
	}
	now, err := s.linesOfReading(ctx, settlementID)
	if err != nil {
		return nil, false, err
	}
	return Compare(before, now), true, nil
}

// linesOfReading returns the lines of a reading's entries, reversals left out;
// of the named states, or of any when none is named.
func (s *Service) linesOfReading(ctx context.Context, settlementID int64, states ...Status) ([]EntryLine, error) {
	entries, err := s.OfSettlement(ctx, settlementID)
	if err != nil {
		return nil, err
	}
	db := sqlc.New(s.pool)
	var lines []EntryLine
	for _, e := range entries {
		if e.EntryType != "settlement" || (len(states) > 0 && !slices.Contains(states, Status(e.Status))) {
			continue
		}
		more, err := db.LinesOfEntry(ctx, e.ID)
		if err != nil {
			return nil, fmt.Errorf("read lines of entry %d: %w", e.ID, err)
		}
		lines = append(lines, more...)
	}
	return lines, nil
}
