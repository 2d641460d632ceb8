package receivable

import (
	"context"
	"fmt"
	"regexp"
	"slices"
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
// change known: P21 may commit late what it dates early. The first reading
// begins earliest before the first settlement.
const (
	overlap  = time.Hour
	earliest = 60 * 24 * time.Hour
)

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

// Connections returns those whose orders P21 invoices: one of them, or all for 0.
func (s *Service) Connections(ctx context.Context, id int64) ([]int64, error) {
	ids, err := sqlc.New(s.pool).InvoicedConnections(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("find connections that invoice: %w", err)
	}
	return ids, nil
}

// Read stores the invoices of Amazon's orders that changed since the last
// reading, all or none, and returns how many P21 told.
func (s *Service) Read(ctx context.Context, connectionID int64, from Invoices) (int, error) {
	read, err := sqlc.New(s.pool).InvoicesReadTo(ctx, connectionID)
	if err != nil {
		return 0, fmt.Errorf("read how far invoices are read: %w", err)
	}
	since := read.Known.Add(-overlap)
	if read.Known.Unix() == 0 {
		since = read.Oldest.Add(-earliest)
	}
	if since.Unix() <= 0 {
		since = s.clock.Now().Add(-earliest)
	}
	list, err := from.Invoices(ctx, p21.Selection{Since: since})
	if err != nil {
		return 0, fmt.Errorf("read invoices of P21: %w", err)
	}
	err = database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		touched, err := put(ctx, sqlc.New(tx), connectionID, list)
		if err != nil {
			return err
		}
		return refresh(ctx, tx, connectionID, touched)
	})
	return len(list), err
}

var amazonOrder = regexp.MustCompile(`^[0-9]{3}-[0-9]{7}-[0-9]{7}$`)

// put stores invoices and returns the orders that they touch. An invoice's order
// is the one whose P21 order it bills, else what stands as the customer's PO
// number where that is Amazon's; others are none of this.
func put(ctx context.Context, q *sqlc.Queries, connectionID int64, list []p21.Invoice) (touched []string, err error) {
	var numbers []string
	for _, i := range list {
		numbers = append(numbers, i.Order)
	}
	rows, err := q.KeysOfRemote(ctx, sqlc.KeysOfRemoteParams{ConnectionID: connectionID, Flow: "orders", Remote: numbers})
	if err != nil {
		return nil, fmt.Errorf("find orders of invoices: %w", err)
	}
	brought := map[string]string{}
	for _, r := range rows {
		brought[r.RemoteKey] = r.Key
	}
	for _, i := range list {
		id := brought[i.Order]
		if reference := strings.TrimSpace(i.Reference); id == "" && amazonOrder.MatchString(reference) {
			id = reference
		}
		if id == "" {
			continue
		}
		changed, err := q.PutInvoice(ctx, sqlc.PutInvoiceParams{ConnectionID: connectionID, Number: i.Number, P21Order: i.Order, OrderID: id, Customer: i.Customer,
			Type: i.Type, InvoicedOn: i.Date.Time(), Total: i.Total, Currency: string(i.Currency), ChangedAt: i.ChangedAt})
		if err != nil {
			return nil, fmt.Errorf("store invoice %s: %w", i.Number, err)
		}
		if changed > 0 {
			touched = append(touched, id)
		}
	}
	return touched, nil
}

// Settle sums what the connection's settlements pay of each order, by the rules
// of their entries: those not summed yet, those whose rules have changed, and
// takes back what a re-issued report replaced.
func (s *Service) Settle(ctx context.Context, connectionID int64) error {
	list, err := sqlc.New(s.pool).SettlementsToSum(ctx, connectionID)
	if err != nil {
		return fmt.Errorf("find settlements to sum: %w", err)
	}
	matchers := map[int64]*mapping.Matcher{}
	for _, one := range list {
		if matchers[one.RuleSetID] == nil && !one.Replaced {
			rules, err := mapping.Load(ctx, s.pool, one.RuleSetID)
			if err != nil {
				return fmt.Errorf("read the rules of the receivable: %w", err)
			}
			matchers[one.RuleSetID] = mapping.Compile(*rules)
		}
		if err := s.sum(ctx, connectionID, one, matchers[one.RuleSetID]); err != nil {
			return fmt.Errorf("sum the orders of settlement %d: %w", one.ID, err)
		}
	}
	return nil
}

// sum replaces the sums of one settlement; of one that was replaced none is left.
func (s *Service) sum(ctx context.Context, connectionID int64, one sqlc.SettlementsToSumRow, matcher *mapping.Matcher) error {
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		q := sqlc.New(tx)
		touched, err := q.ForgetSums(ctx, one.ID)
		if err != nil {
			return fmt.Errorf("forget sums: %w", err)
		}
		if !one.Replaced {
			paid, err := sumLines(ctx, q, one, matcher, s.clock.Now())
			if err != nil {
				return err
			}
			touched = append(touched, paid...)
		}
		return refresh(ctx, tx, connectionID, touched)
	})
}

func sumLines(ctx context.Context, q *sqlc.Queries, one sqlc.SettlementsToSumRow, matcher *mapping.Matcher, now time.Time) ([]string, error) {
	kinds, err := q.KindsOfSettlement(ctx, one.ID)
	if err != nil {
		return nil, fmt.Errorf("read kinds: %w", err)
	}
	sums := sqlc.SumOrdersParams{SettlementID: one.ID}
	for _, k := range kinds {
		rule, ok := matcher.Match(mapping.Subject{Kind: mapping.Kind{Marketplace: k.Marketplace, TransactionType: k.TransactionType,
			AmountType: k.AmountType, AmountDescription: k.AmountDescription, Sign: int(k.Sign)}})
		if ok && rule.Slot == mapping.SlotReceivable {
			sums.Kinds, sums.Parts = append(sums.Kinds, k.ID), append(sums.Parts, partOf(k.TransactionType, rule.Category))
		}
	}
	if err := q.BeginSums(ctx, sqlc.BeginSumsParams{SettlementID: one.ID, RuleSetID: one.RuleSetID, Now: now}); err != nil {
		return nil, fmt.Errorf("begin sums: %w", err)
	}
	return q.SumOrders(ctx, sums)
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

// handful is how many orders are added up at a time.
const handful = 5000

// refresh adds both sides of orders up anew, in the transaction that changed one.
func refresh(ctx context.Context, tx *database.Tx, connectionID int64, orders []string) error {
	slices.Sort(orders)
	q := sqlc.New(tx)
	for some := range slices.Chunk(slices.Compact(orders), handful) {
		if err := q.ClearItems(ctx, sqlc.ClearItemsParams{ConnectionID: connectionID, Orders: some}); err != nil {
			return fmt.Errorf("clear open items: %w", err)
		}
		rows, err := q.BothSides(ctx, sqlc.BothSidesParams{ConnectionID: connectionID, Orders: some})
		if err != nil {
			return fmt.Errorf("add both sides up: %w", err)
		}
		items := make([]sqlc.PutItemParams, len(rows))
		for n, r := range rows {
			items[n] = kept(connectionID, r)
		}
		if _, err := q.PutItem(ctx, items); err != nil {
			return fmt.Errorf("keep open items: %w", err)
		}
	}
	return nil
}

// kept is an item as it is stored, with its state and cause.
func kept(connectionID int64, r sqlc.BothSidesRow) sqlc.PutItemParams {
	i := Item{Order: r.OrderID, Currency: money.Currency(r.Currency), Invoices: r.Numbers, Bills: int(r.Invoices), Invoiced: r.Invoiced, Credited: r.Credited,
		IsSettled: r.Settled, Paid: Parts{Principal: r.Principal, Tax: r.Tax, Shipping: r.Shipping, Promotion: r.Promotion, Refund: r.Refund}, Tolerance: r.Tolerance}
	p := sqlc.PutItemParams{ConnectionID: connectionID, OrderID: r.OrderID, Currency: r.Currency, Invoiced: r.Invoiced, Credited: r.Credited, Bills: int32(r.Invoices), Numbers: r.Numbers,
		Settled: r.Settled, Principal: r.Principal, Tax: r.Tax, Shipping: r.Shipping, Promotion: r.Promotion, Refund: r.Refund, Difference: i.Difference(), State: string(i.State()), Tolerance: r.Tolerance}
	if len(r.Numbers) > 0 {
		p.InvoicedOn = &r.InvoicedOn
	}
	if reason, ok := Explain(i); ok {
		p.Cause = string(reason.Cause)
	}
	return p
}

// Reconsider judges the variances of a connection anew that were judged by
// another tolerance than its policy has now.
func (s *Service) Reconsider(ctx context.Context, connectionID int64) error {
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		orders, err := sqlc.New(tx).ItemsToReconsider(ctx, connectionID)
		if err != nil {
			return fmt.Errorf("find variances of another tolerance: %w", err)
		}
		return refresh(ctx, tx, connectionID, orders)
	})
}

func dayOf(t *time.Time) period.Date {
	if t == nil {
		return period.Date{}
	}
	return period.DateOf(*t)
}
