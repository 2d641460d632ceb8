package finances

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/amazon"
	"tieout/app/clock"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// Sides gives Amazon's side of a connection.
type Sides interface {
	Amazon(ctx context.Context, connectionID int64) (*amazon.Client, error)
}

// Needs lists what a Service works with. Sides and Entries may be nil where
// nothing is read and nothing is proposed.
type Needs struct {
	Pool      *pgxpool.Pool
	Clock     clock.Clock
	Documents *document.Store
	Sides     Sides
	Entries   *journal.Service
	Rules     journal.RuleSource
}

// Service reads, lists and proposes.
type Service struct{ Needs }

// NewService returns a Service.
func NewService(n Needs) *Service { return &Service{n} }

// List returns a page of transactions.
func (s *Service) List(ctx context.Context, f Filter) ([]Transaction, error) {
	pattern := ""
	if f.Text != "" {
		pattern = "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(f.Text) + "%"
	}
	rows, err := sqlc.New(s.Pool).ListTransactions(ctx, sqlc.ListTransactionsParams{ConnectionID: f.Connection, State: string(f.State), Currency: f.Currency,
		AnyDue: f.Due == (period.Date{}), Due: f.Due.Time(), Pattern: pattern, AfterID: f.After.ID, AfterDue: f.After.Due.Time(), PageSize: int32(f.PageSize)})
	if err != nil {
		return nil, fmt.Errorf("list transactions: %w", err)
	}
	list := make([]Transaction, len(rows))
	for i, r := range rows {
		list[i] = transactionOf(r)
	}
	return list, nil
}

func transactionOf(r sqlc.ListTransactionsRow) Transaction {
	t := Transaction{ID: r.ID, ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, AmazonID: r.TransactionID, Type: r.Type, Description: r.Description, State: Released,
		Posted: period.DateOf(r.PostedOn), Total: money.New(r.Total, money.Currency(r.Currency)), Marketplace: r.Marketplace, Order: r.OrderID, Deferral: r.Deferral,
		Due: dayOf(period.DateOf(r.DueOn)), Settlement: r.Settlement}
	if r.ReleasedOn != nil {
		t.Released = period.DateOf(*r.ReleasedOn)
	}
	switch {
	case r.SettlementID != nil:
		t.State, t.SettlementID = Settled, *r.SettlementID
	case r.Status == amazon.TransactionDeferred:
		t.State = Held
	}
	return t
}

func dayOf(d period.Date) period.Date {
	if d == unknownDay {
		return period.Date{}
	}
	return d
}

// Sums returns what no settlement has yet: of what is held by the day that it is
// released on, of the rest in one.
func (s *Service) Sums(ctx context.Context, connectionID int64) ([]Sum, error) {
	rows, err := sqlc.New(s.Pool).SumUnsettled(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("add transactions up: %w", err)
	}
	sums := make([]Sum, len(rows))
	for i, r := range rows {
		sums[i] = Sum{ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, Held: r.Held, Transactions: r.Transactions, Total: money.New(r.Total, money.Currency(r.Currency))}
		if r.Held {
			sums[i].Due = dayOf(period.DateOf(r.DueOn))
		}
	}
	return sums, nil
}

// Get returns a transaction with its parts and its history.
func (s *Service) Get(ctx context.Context, id int64) (Whole, error) {
	db := sqlc.New(s.Pool)
	r, err := db.GetTransaction(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Whole{}, fault.New(fault.NotFound, "There is no such transaction.")
	}
	if err != nil {
		return Whole{}, fmt.Errorf("read transaction %d: %w", id, err)
	}
	whole := Whole{Aside: r.Aside, Original: r.ReleaseOf, Transaction: transactionOf(sqlc.ListTransactionsRow{ID: r.ID, ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName,
		TransactionID: r.TransactionID, Type: r.Type, Description: r.Description, Status: r.Status, PostedOn: r.PostedOn, Currency: r.Currency, Total: r.Total, Marketplace: r.Marketplace,
		OrderID: r.OrderID, Deferral: r.Deferral, ReleasedOn: r.ReleasedOn, DueOn: r.DueOn, SettlementID: r.SettlementID, Settlement: r.Settlement})}
	parts, err := db.PartsOfTransaction(ctx, id)
	if err != nil {
		return whole, fmt.Errorf("read parts of transaction %d: %w", id, err)
	}
	for _, p := range parts {
		whole.Parts = append(whole.Parts, Part{Number: int(p.Number), Path: p.Path, SKU: p.Sku, Quantity: int(p.Quantity), Fulfillment: p.Fulfillment, Amount: p.Amount,
			Kind: mapping.Kind{Marketplace: r.Marketplace, TransactionType: p.TransactionType, AmountType: p.AmountType, AmountDescription: p.AmountDescription, Sign: p.Amount.Sign()}})
	}
	versions, err := db.VersionsOfTransaction(ctx, id)
	if err != nil {
		return whole, fmt.Errorf("read history of transaction %d: %w", id, err)
	}
	for _, v := range versions {
		whole.Versions = append(whole.Versions, Version{int(v.Number), v.Status, money.New(v.Total, money.Currency(r.Currency)), v.DocumentID, v.RawOffset, int(v.RawLength), v.SeenAt})
	}
	return whole, nil
}

// Raw returns the bytes that Amazon sent for a version.
func (s *Service) Raw(ctx context.Context, v Version) ([]byte, error) {
	raw, err := s.Documents.Range(ctx, v.DocumentID, v.Offset, v.Length)
	if err != nil {
		return nil, fmt.Errorf("read bytes of a transaction: %w", err)
	}
	return raw, nil
}
