package finances

import (
	"context"
	"fmt"
	"slices"

	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/sqlc"
)

// compare keeps what settlements say by now of a connection's accruals. It is in
// the transaction that changes the drafts, so that what is kept is of what they are.
func (c *closing) compare(ctx context.Context) error {
	list, err := c.db.AccrualsToCompare(ctx, c.books.ID)
	if err != nil {
		return fmt.Errorf("find accruals to compare: %w", err)
	}
	for _, accrual := range list {
		if err := c.keep(ctx, accrual); err != nil {
			return fmt.Errorf("hold accrual %d beside settlements: %w", accrual.ID, err)
		}
	}
	return nil
}

func (c *closing) keep(ctx context.Context, a sqlc.AccrualsToCompareRow) error {
	kept := sqlc.KeepComparisonParams{EntryID: a.ID, RowVersion: a.RowVersion, Settlements: []int64{}, Now: c.tx.Now}
	rows, err := c.db.AccruedTransactions(ctx, sqlc.AccruedTransactionsParams{ConnectionID: c.books.ID, EntryID: a.ID})
	if err != nil {
		return fmt.Errorf("count its transactions: %w", err)
	}
	for _, r := range rows {
		kept.Transactions += r.Transactions
		if r.SettlementID != 0 {
			kept.Settled += r.Transactions
			kept.Settlements = append(kept.Settlements, r.SettlementID)
		}
	}
	if kept.RowVersion == a.ComparedVersion && kept.Transactions == a.Transactions && kept.Settled == a.Settled && slices.Equal(kept.Settlements, a.Settlements) {
		return nil // as it was compared before
	}
	if err := c.db.KeepComparison(ctx, kept); err != nil {
		return err
	}
	if err := c.db.ForgetDifferences(ctx, a.ID); err != nil {
		return fmt.Errorf("forget what differed: %w", err)
	}
	if journal.EntryType(a.EntryType) != journal.Accrual {
		return nil
	}
	told, err := c.told(ctx, kept.Settlements, a.RuleSetID)
	if err != nil {
		return err
	}
	told.ConnectionID, told.EntryID, told.UntilOn = c.books.ID, a.ID, a.EntryOn
	return c.db.KeepDifferences(ctx, told)
}

// told says on which accounts the lines of settlements stand by the rules of the
// accrual. Without rules no settlement says anything.
func (c *closing) told(ctx context.Context, settlements []int64, ruleSetID int64) (sqlc.KeepDifferencesParams, error) {
	told := sqlc.KeepDifferencesParams{Settlements: []int64{}, Kinds: []int32{}, ProductGroups: []string{}, Fulfillments: []string{}, Accounts: []string{}}
	if len(settlements) == 0 {
		return told, nil
	}
	set, err := c.ruleSet(ctx, ruleSetID)
	if err != nil || set == nil {
		return told, err
	}
	told.Settlements = settlements
	rules := mapping.Compile(*set)
	subjects, err := c.db.SettledSubjects(ctx, settlements)
	if err != nil {
		return told, fmt.Errorf("read what is settled: %w", err)
	}
	for _, r := range subjects {
		kind := mapping.Kind{Marketplace: r.Marketplace, TransactionType: r.TransactionType, AmountType: r.AmountType, AmountDescription: r.AmountDescription, Sign: int(r.Sign)}
		rule, ok := rules.Match(mapping.Subject{Kind: kind, ProductGroup: r.ProductGroup, Fulfillment: r.Fulfillment})
		if !ok {
			continue
		}
		if account, ok := set.Account(rule); ok {
			told.Kinds, told.ProductGroups = append(told.Kinds, r.ID), append(told.ProductGroups, r.ProductGroup)
			told.Fulfillments, told.Accounts = append(told.Fulfillments, r.Fulfillment), append(told.Accounts, account)
		}
	}
	return told, nil
}

// ruleSet is the one that an accrual was made by, or the one in use.
func (c *closing) ruleSet(ctx context.Context, id int64) (*mapping.RuleSet, error) {
	if id == 0 {
		return c.Rules(ctx, c.tx, c.books.ID)
	}
	return mapping.Load(ctx, c.tx, id)
}
