package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"tieout/app/invariant"
)

// balance holds P21's journals against the posted entries, account by account,
// verifies the books, and returns errProblems when anything differs.
func (w *yearWorld) balance(ctx context.Context, env environment) error {
	wrong := 0
	for _, side := range w.sandbox.Connections() {
		ours, err := w.posted(ctx, side.P21Company)
		if err != nil {
			return err
		}
		theirs := map[string]decimal.Decimal{}
		for _, j := range w.sandbox.P21.Journals(side.P21Company) {
			for _, l := range j.Lines {
				theirs[l.Account] = theirs[l.Account].Add(l.FunctionalDebit).Sub(l.FunctionalCredit)
			}
		}
		accounts := maps.Clone(theirs)
		maps.Copy(accounts, ours)
		say(env, "\n%-14s %18s %18s %14s", side.P21Company, "Prophet 21", "Tieout", "difference")
		for _, account := range slices.Sorted(maps.Keys(accounts)) {
			difference := theirs[account].Sub(ours[account])
			say(env, "%-14s %18s %18s %14s", account, theirs[account].StringFixed(2), ours[account].StringFixed(2), difference.StringFixed(2))
			if !difference.IsZero() {
				wrong++
			}
		}
	}
	checks, err := invariant.Verify(ctx, w.pool)
	if err != nil {
		return err
	}
	for _, c := range checks {
		if !c.Holds() {
			say(env, "%s: %v", c.Name, c.Examples)
			wrong++
		}
	}
	if wrong > 0 {
		return errProblems
	}
	say(env, "\nBoth sides agree, account by account.")
	return nil
}

// posted sums the lines of a company's entries that P21 holds, debits less credits.
func (w *yearWorld) posted(ctx context.Context, company string) (map[string]decimal.Decimal, error) {
	rows, err := w.pool.Query(ctx, `SELECT l.account, sum(l.functional_debit - l.functional_credit) FROM journal_line l JOIN journal_entry e ON e.id = l.entry_id
		WHERE e.company = $1 AND e.status IN ('posted', 'reversed') GROUP BY l.account`, company)
	if err != nil {
		return nil, fmt.Errorf("sum posted entries: %w", err)
	}
	defer rows.Close()
	sums := map[string]decimal.Decimal{}
	for rows.Next() {
		var account string
		var sum decimal.Decimal
		if err := rows.Scan(&account, &sum); err != nil {
			return nil, fmt.Errorf("sum posted entries: %w", err)
		}
		sums[account] = sum
	}
	return sums, rows.Err()
}
