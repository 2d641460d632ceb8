package receivable

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/sqlc"
)

// Applied is what a settlement pays of one order, beside its invoices.
type Applied struct {
	Order      string
	Title      string // what it is where it is no order
	Customer   string // P21's
	Invoices   []string
	Due        decimal.Decimal // invoices less credit memos
	Amount     decimal.Decimal // this settlement pays
	Entered    decimal.Decimal // of it, in P21 by a person
	EntryID    int64           // the last time; 0: never
	Reference  string          // P21's of that time
	Difference decimal.Decimal // what stays on the receivable after all settlements
	Cause      Cause
}

// Left is what is to be entered in P21; below zero: to be taken back there.
func (a Applied) Left() decimal.Decimal { return a.Amount.Sub(a.Entered) }

// CashFilter selects orders of a settlement.
type CashFilter struct {
	State    string // "to_enter", "entered"; "": all
	After    string // behind this order
	PageSize int32
}

// Cash returns a page of what a settlement pays, by order.
func (s *Service) Cash(ctx context.Context, settlementID int64, f CashFilter) ([]Applied, error) {
	rows, err := sqlc.New(s.pool).CashOfSettlement(ctx, sqlc.CashOfSettlementParams{SettlementID: settlementID, State: f.State, After: f.After, Size: f.PageSize})
	if err != nil {
		return nil, fmt.Errorf("read cash application: %w", err)
	}
	list := make([]Applied, len(rows))
	for n, r := range rows {
		list[n] = Applied{Order: r.OrderID, Customer: r.Customer, Invoices: r.Numbers, Due: r.Due, Amount: r.Applied, Entered: r.Entered, EntryID: r.EntryID, Reference: r.Reference,
			Difference: r.Difference, Cause: Cause(r.Cause)}
	}
	return list, nil
}

// Rest is what a settlement holds beside orders, under a name for people.
type Rest struct {
	Title  string
	Amount decimal.Decimal
}

// Total is what a settlement pays of orders altogether.
type Total struct {
	Orders  int64
	Amount  decimal.Decimal
	Entered decimal.Decimal // of it, in P21 by people
	ToEnter int64           // orders of which something is left to enter
	Rules   int64           // the rule set that it was added up by; 0: not yet
}

// Left is what is to be entered in P21.
func (t Total) Left() decimal.Decimal { return t.Amount.Sub(t.Entered) }

// CashTotal returns the sum of Cash.
func (s *Service) CashTotal(ctx context.Context, settlementID int64) (Total, error) {
	r, err := sqlc.New(s.pool).CashTotal(ctx, settlementID)
	if err != nil {
		return Total{}, fmt.Errorf("read sum of cash application: %w", err)
	}
	return Total{r.Orders, r.Applied, r.Entered, r.ToEnter, r.RuleSetID}, nil
}

// CashEntry is cash of a deposit that somebody entered in P21 at once.
type CashEntry struct {
	ID, SettlementID int64
	Reference        string // P21's, of the receipt or the batch
	Orders           int
	Amount           decimal.Decimal
	By               string
	At               time.Time
	UndoneBy         string
	UndoneAt         time.Time // zero: it stands
	Reason           string    // why it was undone
}

// Stands reports whether nobody has undone it.
func (e CashEntry) Stands() bool { return e.UndoneAt.IsZero() }

// CashEntries returns what was entered of a settlement, the newest first.
func (s *Service) CashEntries(ctx context.Context, settlementID int64) ([]CashEntry, error) {
	rows, err := sqlc.New(s.pool).CashEntriesOfSettlement(ctx, settlementID)
	if err != nil {
		return nil, fmt.Errorf("read entered cash: %w", err)
	}
	list := make([]CashEntry, len(rows))
	for n, r := range rows {
		list[n] = cashEntryOf(sqlc.GetCashEntryRow(r))
	}
	return list, nil
}

// CashEntry returns one of a settlement; fault.NotFound when there is none.
func (s *Service) CashEntry(ctx context.Context, settlementID, id int64) (CashEntry, error) {
	r, err := sqlc.New(s.pool).GetCashEntry(ctx, sqlc.GetCashEntryParams{ID: id, SettlementID: settlementID})
	if errors.Is(err, pgx.ErrNoRows) {
		return CashEntry{}, fault.New(fault.NotFound, "Nothing was entered of this deposit under that number.")
	}
	if err != nil {
		return CashEntry{}, fmt.Errorf("read entered cash %d: %w", id, err)
	}
	return cashEntryOf(r), nil
}

func cashEntryOf(r sqlc.GetCashEntryRow) CashEntry {
	e := CashEntry{ID: r.ID, SettlementID: r.SettlementID, Reference: r.Reference, Orders: int(r.Orders), Amount: r.Amount, By: r.EnteredName, At: r.EnteredAt, UndoneBy: r.UndoneName, Reason: r.UndoneReason}
	if r.UndoneAt != nil {
		e.UndoneAt = *r.UndoneAt
	}
	return e
}

// EnteredOrder is an order's part of a CashEntry.
type EnteredOrder struct {
	Order  string
	Amount decimal.Decimal
}

// EnteredOrders returns a page of an entry's orders, behind one.
func (s *Service) EnteredOrders(ctx context.Context, id int64, after string, size int32) ([]EnteredOrder, error) {
	rows, err := sqlc.New(s.pool).OrdersOfCashEntry(ctx, sqlc.OrdersOfCashEntryParams{EntryID: id, After: after, Size: size})
	if err != nil {
		return nil, fmt.Errorf("read orders of entered cash %d: %w", id, err)
	}
	list := make([]EnteredOrder, len(rows))
	for n, r := range rows {
		list[n] = EnteredOrder{r.OrderID, r.Amount}
	}
	return list, nil
}

// NewCashEntry is what a person says to have entered in P21.
type NewCashEntry struct {
	SettlementID int64
	Orders       []string // none: all of which something is left
	Reference    string
	Amount       decimal.Decimal // as the person saw it
}

// Left returns what is left to enter of a settlement's orders: of those named,
// or of all.
func (s *Service) Left(ctx context.Context, settlementID int64, orders []string) ([]EnteredOrder, error) {
	rows, err := sqlc.New(s.pool).CashToEnter(ctx, sqlc.CashToEnterParams{SettlementID: settlementID, Orders: append([]string{}, orders...)})
	if err != nil {
		return nil, fmt.Errorf("read what is left to enter: %w", err)
	}
	list := make([]EnteredOrder, len(rows))
	for n, r := range rows {
		list[n] = EnteredOrder{r.OrderID, r.Amount}
	}
	return list, nil
}

// EnterCash keeps that a person has entered what was left of orders; it returns
// its number. fault.Conflict when something else is left by now than was seen.
func (s *Service) EnterCash(ctx context.Context, n NewCashEntry, actor audit.Actor) (id int64, err error) {
	n.Reference = strings.TrimSpace(n.Reference)
	if n.Reference == "" {
		return 0, fault.InvalidFields(map[string]string{"reference": "The number that Prophet 21 gave the receipt or the batch."})
	}
	err = database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		id, err = enterCash(ctx, tx, n, actor)
		return err
	})
	return id, err
}

func enterCash(ctx context.Context, tx *database.Tx, n NewCashEntry, actor audit.Actor) (int64, error) {
	q := sqlc.New(tx)
	of, err := q.LockCash(ctx, n.SettlementID)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fault.New(fault.NotFound, "There is no settlement %d.", n.SettlementID)
	}
	if err != nil {
		return 0, fmt.Errorf("lock the cash of settlement %d: %w", n.SettlementID, err)
	}
	rows, err := q.CashToEnter(ctx, sqlc.CashToEnterParams{SettlementID: n.SettlementID, Orders: append([]string{}, n.Orders...)})
	if err != nil {
		return 0, fmt.Errorf("read what is left to enter: %w", err)
	}
	orders, amounts, sum := make([]string, len(rows)), make([]decimal.Decimal, len(rows)), decimal.Zero
	for i, r := range rows {
		orders[i], amounts[i], sum = r.OrderID, r.Amount, sum.Add(r.Amount)
	}
	if len(rows) == 0 {
		return 0, fault.New(fault.Conflict, "Nothing of it is left to enter: somebody else has entered it.")
	}
	if !sum.Equal(n.Amount) {
		currency := money.Currency(of.Currency)
		return 0, fault.New(fault.Conflict, "%s %s is left to enter, you saw %s. Look again.", money.Format(sum, currency), currency, money.Format(n.Amount, currency))
	}
	id, err := q.AddCashEntry(ctx, sqlc.AddCashEntryParams{SettlementID: n.SettlementID, Reference: n.Reference, Orders: int32(len(rows)), Amount: sum, PersonID: actor.PersonID, Now: tx.Now})
	if err != nil {
		return 0, fmt.Errorf("keep what was entered: %w", err)
	}
	if err := q.AddCashEntryOrders(ctx, sqlc.AddCashEntryOrdersParams{EntryID: id, SettlementID: n.SettlementID, Orders: orders, Amounts: amounts}); err != nil {
		return 0, fmt.Errorf("keep the orders of what was entered: %w", err)
	}
	return id, audit.Write(ctx, tx.Tx, audit.Event{Actor: actor, Action: "cash entered", ObjectType: "cash_entry", ObjectID: id, ConnectionID: of.ConnectionID,
		After: map[string]any{"settlement": n.SettlementID, "reference": n.Reference, "orders": len(rows), "amount": sum, "currency": of.Currency}})
}

// UndoCash takes an entry back: P21 does not have it, or no longer.
func (s *Service) UndoCash(ctx context.Context, settlementID, id int64, reason string, actor audit.Actor) error {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return fault.InvalidFields(map[string]string{"reason": "Say why it does not stand in Prophet 21."})
	}
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		q := sqlc.New(tx)
		of, err := q.LockCash(ctx, settlementID)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "There is no settlement %d.", settlementID)
		}
		if err != nil {
			return fmt.Errorf("lock the cash of settlement %d: %w", settlementID, err)
		}
		e, err := q.GetCashEntry(ctx, sqlc.GetCashEntryParams{ID: id, SettlementID: settlementID})
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "Nothing was entered of this deposit under that number.")
		}
		if err != nil {
			return fmt.Errorf("read entered cash %d: %w", id, err)
		}
		undone, err := q.UndoCashEntry(ctx, sqlc.UndoCashEntryParams{ID: id, PersonID: &actor.PersonID, Now: &tx.Now, Reason: reason})
		if err != nil {
			return fmt.Errorf("undo entered cash %d: %w", id, err)
		}
		if undone == 0 {
			return fault.New(fault.Conflict, "%s has undone it already.", e.UndoneName)
		}
		return audit.Write(ctx, tx.Tx, audit.Event{Actor: actor, Action: "cash entry undone", ObjectType: "cash_entry", ObjectID: id, ConnectionID: of.ConnectionID, Reason: reason,
			Before: map[string]any{"settlement": settlementID, "reference": e.Reference, "orders": e.Orders, "amount": e.Amount, "currency": of.Currency}})
	})
}

// Deposit is a settlement that pays orders.
type Deposit struct {
	SettlementID   int64
	ConnectionID   int64
	ConnectionName string
	AmazonID       string
	Currency       money.Currency
	End            time.Time
	Amount         decimal.Decimal // that reached the bank
	Total
}

// DepositFilter selects deposits.
type DepositFilter struct {
	Connections []int64
	State       string // "": something is left to enter, "entered", "all"
	Text        string // the beginning of Amazon's id
	Before      DepositPlace
	PageSize    int32
}

// DepositPlace is a deposit's place in the list: the newest first.
type DepositPlace struct {
	End time.Time
	ID  int64
}

// Place of the deposit.
func (d Deposit) Place() DepositPlace { return DepositPlace{d.End, d.SettlementID} }

// Deposits returns a page of deposits.
func (s *Service) Deposits(ctx context.Context, f DepositFilter) ([]Deposit, error) {
	if f.Before == (DepositPlace{}) {
		f.Before.End = s.clock.Now().AddDate(100, 0, 0)
	}
	rows, err := sqlc.New(s.pool).ListDeposits(ctx, sqlc.ListDepositsParams{Connections: f.Connections, State: f.State, Text: f.Text, BeforeEnd: f.Before.End, BeforeID: f.Before.ID, Size: f.PageSize})
	if err != nil {
		return nil, fmt.Errorf("list deposits: %w", err)
	}
	list := make([]Deposit, len(rows))
	for n, r := range rows {
		list[n] = Deposit{SettlementID: r.ID, ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, AmazonID: r.AmazonID, Currency: money.Currency(r.Currency), End: r.EndAt,
			Amount: r.Deposit, Total: Total{Orders: r.Orders, Amount: r.Applied, Entered: r.Entered, ToEnter: r.ToEnter}}
	}
	return list, nil
}
