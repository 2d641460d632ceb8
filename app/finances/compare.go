package finances

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// Accrual is an accrual, or a deferral, of an ended period.
type Accrual struct {
	ID             int64 // of the entry
	ConnectionID   int64
	ConnectionName string
	Reference      string
	Type           journal.EntryType
	Status         journal.Status
	Period         string
	On             period.Date
	Net            money.Amount // debited to the balancing account
	Transactions   int64
}

// Compared is an accrual beside what settlements said in the end.
type Compared struct {
	Accrual
	Accounts    []Difference // by account
	Orders      []Difference // only those that differ
	Settlements []int64
	Settled     int // transactions that a settlement has by now
	Open        int // and those that none has
}

// Difference is what was accrued of something beside what was settled.
type Difference struct {
	Account     string
	Order       string // of Orders; empty: belongs to none
	Transaction int64  // one of it; 0: the settlement has it, the accrual had not
	Accrued     decimal.Decimal
	Actual      decimal.Decimal
	Open        decimal.Decimal // accrued, and in no settlement yet
}

// Value is what the settlement has more, of what it can have by now.
func (d Difference) Value() decimal.Decimal { return d.Actual.Sub(d.Accrued.Sub(d.Open)) }

// Accruals returns the newest accruals and deferrals.
func (s *Service) Accruals(ctx context.Context, connectionID int64) ([]Accrual, error) {
	rows, err := sqlc.New(s.Pool).ListAccruals(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("list accruals: %w", err)
	}
	list := make([]Accrual, len(rows))
	for i, r := range rows {
		list[i] = Accrual{ID: r.ID, ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, Reference: r.Reference, Type: journal.EntryType(r.EntryType), Status: journal.Status(r.Status),
			Period: period.Period{FiscalYear: int(r.FiscalYear), Number: int(r.Period)}.Key(), On: period.DateOf(r.EntryOn), Net: money.New(r.Clearing, money.Currency(r.Currency)), Transactions: r.Transactions}
	}
	return list, nil
}

// Compare holds an accrual beside the settlements that carry its transactions,
// account by account and order by order.
func (s *Service) Compare(ctx context.Context, entryID int64) (Compared, error) {
	db := sqlc.New(s.Pool)
	e, err := db.GetAccrual(ctx, entryID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Compared{}, fault.New(fault.NotFound, "There is no such accrual.")
	}
	if err != nil {
		return Compared{}, fmt.Errorf("read accrual %d: %w", entryID, err)
	}
	c := Compared{Accrual: Accrual{ID: e.ID, ConnectionID: e.ConnectionID, ConnectionName: e.ConnectionName, Reference: e.Reference, Type: journal.EntryType(e.EntryType),
		Status: journal.Status(e.Status), Period: period.Period{FiscalYear: int(e.FiscalYear), Number: int(e.Period)}.Key(), On: period.DateOf(e.EntryOn), Net: money.New(e.Clearing, money.Currency(e.Currency))}}
	if err := c.count(ctx, db); err != nil {
		return c, err
	}
	p, err := s.told(ctx, db, c, e.RuleSetID)
	if err != nil {
		return c, err
	}
	p.ConnectionID, p.EntryID, p.UntilOn = c.ConnectionID, c.ID, c.On.Time()
	rows, err := db.CompareAccrual(ctx, p)
	if err != nil {
		return c, fmt.Errorf("hold accrual %d beside settlements: %w", entryID, err)
	}
	for _, r := range rows {
		d := Difference{Account: r.Account, Accrued: r.Accrued, Actual: r.Actual, Open: r.Open}
		if !r.OfOrder {
			c.Accounts = append(c.Accounts, d)
			continue
		}
		d.Order, d.Transaction = r.OrderID, r.TransactionID
		c.Orders = append(c.Orders, d)
	}
	return c, nil
}

// count says how many transactions are settled by now, and where.
func (c *Compared) count(ctx context.Context, db *sqlc.Queries) error {
	c.Settlements = []int64{}
	rows, err := db.AccruedTransactions(ctx, sqlc.AccruedTransactionsParams{ConnectionID: c.ConnectionID, EntryID: c.ID})
	if err != nil {
		return fmt.Errorf("count what accrual %d rests on: %w", c.ID, err)
	}
	for _, r := range rows {
		c.Transactions += r.Transactions
		if r.SettlementID == 0 {
			c.Open += int(r.Transactions)
			continue
		}
		c.Settled += int(r.Transactions)
		c.Settlements = append(c.Settlements, r.SettlementID)
	}
	return nil
}

// told says on which accounts the lines of settlements stand by the rules of the
// accrual. Without rules no settlement says anything.
func (s *Service) told(ctx context.Context, db *sqlc.Queries, c Compared, ruleSetID int64) (sqlc.CompareAccrualParams, error) {
	told := sqlc.CompareAccrualParams{Settlements: []int64{}, Kinds: []int32{}, ProductGroups: []string{}, Fulfillments: []string{}, Accounts: []string{}}
	if len(c.Settlements) == 0 {
		return told, nil
	}
	set, err := s.ruleSet(ctx, c.ConnectionID, ruleSetID)
	if err != nil || set == nil {
		return told, err
	}
	told.Settlements = c.Settlements
	rules := mapping.Compile(*set)
	subjects, err := db.SettledSubjects(ctx, c.Settlements)
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
func (s *Service) ruleSet(ctx context.Context, connectionID, id int64) (*mapping.RuleSet, error) {
	if id == 0 {
		return s.Rules(ctx, s.Pool, connectionID)
	}
	return mapping.Load(ctx, s.Pool, id)
}

// Total adds differences up.
func Total(list []Difference) (sum Difference) {
	for _, d := range list {
		sum.Accrued, sum.Actual, sum.Open = sum.Accrued.Add(d.Accrued), sum.Actual.Add(d.Actual), sum.Open.Add(d.Open)
	}
	return sum
}
