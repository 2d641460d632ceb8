package finances

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

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
	accrued, err := db.AccruedAmounts(ctx, sqlc.AccruedAmountsParams{ConnectionID: e.ConnectionID, EntryID: e.ID})
	if err != nil {
		return c, fmt.Errorf("read what accrual %d rests on: %w", entryID, err)
	}
	c.count(accrued)
	actual, err := s.settled(ctx, c, e.RuleSetID)
	if err != nil {
		return c, err
	}
	c.differ(accrued, actual)
	return c, nil
}

func (c *Compared) count(accrued []sqlc.AccruedAmountsRow) {
	seen := map[string]bool{}
	for _, a := range accrued {
		if seen[a.TransactionID] {
			continue
		}
		seen[a.TransactionID] = true
		c.Transactions++
		if a.SettlementID == 0 {
			c.Open++
			continue
		}
		c.Settled++
		if !slices.Contains(c.Settlements, a.SettlementID) {
			c.Settlements = append(c.Settlements, a.SettlementID)
		}
	}
}

// atAccount is an amount of an order on an account.
type atAccount struct {
	account, order string
	amount         decimal.Decimal
}

// settled returns what the settlements have up to the accrual's day, by the
// rules of the accrual.
func (s *Service) settled(ctx context.Context, c Compared, ruleSetID int64) ([]atAccount, error) {
	if len(c.Settlements) == 0 {
		return nil, nil
	}
	set, err := s.ruleSet(ctx, c.ConnectionID, ruleSetID)
	if err != nil || set == nil {
		return nil, err
	}
	rules := mapping.Compile(*set)
	rows, err := sqlc.New(s.Pool).SettledAmounts(ctx, sqlc.SettledAmountsParams{Settlements: c.Settlements, UntilOn: c.On.Time()})
	if err != nil {
		return nil, fmt.Errorf("read settled amounts: %w", err)
	}
	list := make([]atAccount, 0, len(rows))
	for _, r := range rows {
		kind := mapping.Kind{Marketplace: r.Marketplace, TransactionType: r.TransactionType, AmountType: r.AmountType, AmountDescription: r.AmountDescription, Sign: int(r.Sign)}
		account := "no account"
		if rule, ok := rules.Match(mapping.Subject{Kind: kind, ProductGroup: r.ProductGroup, Fulfillment: r.Fulfillment}); ok {
			if picked, ok := set.Account(rule); ok {
				account = picked
			}
		}
		list = append(list, atAccount{account, r.OrderID, r.Amount})
	}
	return list, nil
}

// ruleSet is the one that an accrual was made by, or the one in use.
func (s *Service) ruleSet(ctx context.Context, connectionID, id int64) (*mapping.RuleSet, error) {
	if id == 0 {
		return s.Rules(ctx, s.Pool, connectionID)
	}
	return mapping.Load(ctx, s.Pool, id)
}

// differ fills in both lists.
func (c *Compared) differ(accrued []sqlc.AccruedAmountsRow, actual []atAccount) {
	accounts, orders := map[string]*Difference{}, map[[2]string]*Difference{}
	at := func(account, order string) (*Difference, *Difference) {
		if accounts[account] == nil {
			accounts[account] = &Difference{Account: account}
		}
		key := [2]string{account, order}
		if orders[key] == nil {
			orders[key] = &Difference{Account: account, Order: order}
		}
		return accounts[account], orders[key]
	}
	for _, a := range accrued {
		account, order := at(a.Account, a.OrderID)
		for _, d := range []*Difference{account, order} {
			d.Accrued = d.Accrued.Add(a.Amount)
			if a.SettlementID == 0 {
				d.Open = d.Open.Add(a.Amount)
			}
		}
		order.Transaction = a.ID
	}
	for _, a := range actual {
		account, order := at(a.account, a.order)
		account.Actual, order.Actual = account.Actual.Add(a.amount), order.Actual.Add(a.amount)
	}
	for _, d := range accounts {
		if !d.Accrued.IsZero() || !d.Actual.IsZero() {
			c.Accounts = append(c.Accounts, *d)
		}
	}
	for _, d := range orders {
		if !d.Value().IsZero() {
			c.Orders = append(c.Orders, *d)
		}
	}
	slices.SortFunc(c.Accounts, func(x, y Difference) int { return cmp.Compare(x.Account, y.Account) })
	slices.SortFunc(c.Orders, func(x, y Difference) int {
		return cmp.Or(cmp.Compare(x.Order, y.Order), cmp.Compare(x.Account, y.Account))
	})
}

// Total adds differences up.
func Total(list []Difference) (sum Difference) {
	for _, d := range list {
		sum.Accrued, sum.Actual, sum.Open = sum.Accrued.Add(d.Accrued), sum.Actual.Add(d.Actual), sum.Open.Add(d.Open)
	}
	return sum
}
