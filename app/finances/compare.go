package finances

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/journal"
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

// Compared is an accrual beside what settlements say by now.
type Compared struct {
	Accrual
	At          time.Time    // when it was compared; zero: not yet
	Accounts    []Difference // by account
	Differing   int64        // orders that differ, see Service.Orders
	Settlements []Settlement // those that have them
	Settled     int64        // transactions that a settlement has by now
}

// Settlement is one that has transactions of an accrual.
type Settlement struct {
	ID       int64
	AmazonID string
}

// Difference is what was accrued of something beside what was settled.
type Difference struct {
	Position    int32 // in its list
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

// Compared returns an accrual beside the settlements that carry its transactions,
// account by account, as it was last compared.
func (s *Service) Compared(ctx context.Context, entryID int64) (Compared, error) {
	e, err := sqlc.New(s.Pool).GetAccrual(ctx, entryID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Compared{}, fault.New(fault.NotFound, "There is no such accrual.")
	}
	if err != nil {
		return Compared{}, fmt.Errorf("read accrual %d: %w", entryID, err)
	}
	c := Compared{Accrual: Accrual{ID: e.ID, ConnectionID: e.ConnectionID, ConnectionName: e.ConnectionName, Reference: e.Reference, Type: journal.EntryType(e.EntryType), Status: journal.Status(e.Status),
		Period: period.Period{FiscalYear: int(e.FiscalYear), Number: int(e.Period)}.Key(), On: period.DateOf(e.EntryOn), Net: money.New(e.Clearing, money.Currency(e.Currency)), Transactions: e.Transactions},
		Differing: e.Differing, Settled: e.Settled}
	for i, id := range e.Settlements {
		c.Settlements = append(c.Settlements, Settlement{id, e.AmazonIds[i]})
	}
	if e.ComparedAt != nil {
		c.At = *e.ComparedAt
	}
	c.Accounts, err = s.differences(ctx, sqlc.AccrualDifferencesParams{EntryID: entryID, PageSize: math.MaxInt32})
	return c, err
}

// Orders returns a page of an accrual's orders that differ, those behind a place.
func (s *Service) Orders(ctx context.Context, entryID int64, after int32, pageSize int) ([]Difference, error) {
	return s.differences(ctx, sqlc.AccrualDifferencesParams{EntryID: entryID, OfOrder: true, AfterPosition: after, PageSize: int32(pageSize)})
}

func (s *Service) differences(ctx context.Context, p sqlc.AccrualDifferencesParams) ([]Difference, error) {
	rows, err := sqlc.New(s.Pool).AccrualDifferences(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("read differences of accrual %d: %w", p.EntryID, err)
	}
	list := make([]Difference, len(rows))
	for i, r := range rows {
		list[i] = Difference{r.Position, r.Account, r.OrderID, r.TransactionID, r.Accrued, r.Settled, r.Open}
	}
	return list, nil
}

// Total adds differences up.
func Total(list []Difference) (sum Difference) {
	for _, d := range list {
		sum.Accrued, sum.Actual, sum.Open = sum.Accrued.Add(d.Accrued), sum.Actual.Add(d.Actual), sum.Open.Add(d.Open)
	}
	return sum
}
