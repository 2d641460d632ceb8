package receivable

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/sqlc"
)

// overlap is how far a reading of invoices reaches back behind the latest
// change known: P21 may commit late what it dates early.
const overlap = time.Hour

// Invoices is the part of P21 that invoices are read from.
type Invoices interface {
	Invoices(ctx context.Context, of p21.Selection) ([]p21.Invoice, error)
}

// Service keeps both sides of the receivable; safe for concurrent use.
type Service struct {
	pool  *pgxpool.Pool
	clock clock.Clock
}

// NewService returns a service on the pool.
func NewService(pool *pgxpool.Pool, c clock.Clock) *Service { return &Service{pool, c} }

// Read stores the invoices that changed since the last reading, all or none,
// and returns how many P21 told.
func (s *Service) Read(ctx context.Context, connectionID int64, from Invoices) (int, error) {
	latest, err := sqlc.New(s.pool).InvoicesReadTo(ctx, connectionID)
	if err != nil {
		return 0, fmt.Errorf("read how far invoices are read: %w", err)
	}
	list, err := from.Invoices(ctx, p21.Selection{Since: latest.Add(-overlap)})
	if err != nil {
		return 0, fmt.Errorf("read invoices of P21: %w", err)
	}
	err = database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		for _, i := range list {
			if err := put(ctx, sqlc.New(tx), connectionID, i); err != nil {
				return err
			}
		}
		return nil
	})
	return len(list), err
}

// put stores an invoice. Its Amazon order is the one whose P21 order it bills,
// else what stands as the customer's PO number.
func put(ctx context.Context, q *sqlc.Queries, connectionID int64, i p21.Invoice) error {
	err := q.PutInvoice(ctx, sqlc.PutInvoiceParams{ConnectionID: connectionID, Number: i.Number, P21Order: i.Order, OrderID: strings.TrimSpace(i.Reference), Customer: i.Customer,
		Type: i.Type, InvoicedOn: i.Date.Time(), Total: i.Total, Currency: string(i.Currency), ChangedAt: i.ChangedAt})
	if err != nil {
		return fmt.Errorf("store invoice %s: %w", i.Number, err)
	}
	return nil
}

// Settle sums what the connection's settlements pay of each order, for those
// not summed yet, by the published rules: what they post to the receivable.
func (s *Service) Settle(ctx context.Context, connectionID int64) error {
	rules, err := mapping.LoadPublished(ctx, s.pool, connectionID)
	if err != nil {
		return fmt.Errorf("read the rules of the receivable: %w", err)
	}
	ids, err := sqlc.New(s.pool).UnsettledReadings(ctx, connectionID)
	if err != nil {
		return fmt.Errorf("find settlements to sum: %w", err)
	}
	matcher := mapping.Compile(*rules)
	for _, id := range ids {
		if err := s.sum(ctx, matcher, id); err != nil {
			return fmt.Errorf("sum the orders of settlement %d: %w", id, err)
		}
	}
	return nil
}

func (s *Service) sum(ctx context.Context, matcher *mapping.Matcher, settlementID int64) error {
	q := sqlc.New(s.pool)
	kinds, err := q.KindsOfSettlement(ctx, settlementID)
	if err != nil {
		return err
	}
	sums := sqlc.SumOrdersParams{SettlementID: settlementID}
	for _, k := range kinds {
		rule, ok := matcher.Match(mapping.Subject{Kind: mapping.Kind{Marketplace: k.Marketplace, TransactionType: k.TransactionType,
			AmountType: k.AmountType, AmountDescription: k.AmountDescription, Sign: int(k.Sign)}})
		if ok && rule.Slot == mapping.SlotReceivable {
			sums.Kinds, sums.Parts = append(sums.Kinds, k.ID), append(sums.Parts, partOf(k.TransactionType, rule.Category))
		}
	}
	_, err = q.SumOrders(ctx, sums)
	return err
}

// partOf names the part of an item that a kind belongs to: a column of settled_order.
func partOf(transaction string, c mapping.Category) string {
	if strings.EqualFold(strings.TrimSpace(transaction), "Refund") {
		return "refund"
	}
	switch c {
	case mapping.SalesTaxCollected, mapping.SalesTaxWithheld, mapping.VAT:
		return "tax"
	case mapping.ShippingIncome, mapping.GiftwrapIncome:
		return "shipping"
	case mapping.Promotions:
		return "promotion"
	case mapping.Refunds:
		return "refund"
	}
	return "principal"
}

// Place is where a page of items begins: behind this order and currency.
type Place struct {
	Order    string
	Currency money.Currency
}

// Items returns up to limit items behind a place, by order and currency.
func (s *Service) Items(ctx context.Context, connectionID int64, after Place, limit int) ([]Item, error) {
	return s.items(ctx, sqlc.OpenItemsParams{ConnectionID: connectionID, After: after.Order, AfterCurrency: string(after.Currency), Page: int32(limit)})
}

// Order returns the items of one order: one for each currency.
func (s *Service) Order(ctx context.Context, connectionID int64, id string) ([]Item, error) {
	return s.items(ctx, sqlc.OpenItemsParams{ConnectionID: connectionID, OrderID: id, Page: 100})
}

func (s *Service) items(ctx context.Context, params sqlc.OpenItemsParams) ([]Item, error) {
	rows, err := sqlc.New(s.pool).OpenItems(ctx, params)
	if err != nil {
		return nil, fmt.Errorf("read open items: %w", err)
	}
	items := make([]Item, len(rows))
	for at, r := range rows {
		items[at] = itemOf(r)
	}
	return items, nil
}

func itemOf(r sqlc.OpenItemsRow) Item {
	i := Item{Order: r.OrderID, Currency: money.Currency(r.Currency), Invoices: r.Numbers, Bills: int(r.Invoices), Invoiced: r.Invoiced, Credited: r.Credited,
		IsSettled: r.Settled, Paid: Parts{Principal: r.Principal, Shipping: r.Shipping, Tax: r.Tax, Promotion: r.Promotion, Refund: r.Refund}}
	if len(r.Numbers) > 0 {
		i.Date = period.DateOf(r.InvoicedOn)
	}
	return i
}
