package receivable

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// Filter selects items; zero values select what is not paid.
type Filter struct {
	Connections []int64
	State       string // of State, or "all"; "": everything but what is paid or void
	Cause       Cause
	Currency    money.Currency
	Text        string // the beginning of an order's id, or an invoice's number
	After       Place
	PageSize    int32
}

// Place is where a page of items begins: behind this one.
type Place struct {
	Order      string
	Currency   money.Currency
	Connection int64
}

// Place is the item's own.
func (i Item) Place() Place { return Place{i.Order, i.Currency, i.ConnectionID} }

// List returns a page of items, by order.
func (s *Service) List(ctx context.Context, f Filter) ([]Item, error) {
	rows, err := sqlc.New(s.pool).ListItems(ctx, sqlc.ListItemsParams{Connections: f.Connections, State: f.State, Cause: string(f.Cause), Currency: string(f.Currency), Text: f.Text,
		AfterOrder: f.After.Order, AfterCurrency: string(f.After.Currency), AfterConnection: f.After.Connection, Size: f.PageSize})
	if err != nil {
		return nil, fmt.Errorf("list open items: %w", err)
	}
	list := make([]Item, len(rows))
	for n, r := range rows {
		list[n] = itemOf(r)
	}
	return list, nil
}

func itemOf(r sqlc.ListItemsRow) Item {
	return Item{ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, Order: r.OrderID, Currency: money.Currency(r.Currency), Invoices: r.Numbers, Bills: int(r.Bills),
		Invoiced: r.Invoiced, Credited: r.Credited, Date: dayOf(r.InvoicedOn), IsSettled: r.Settled,
		Paid: Parts{Principal: r.Principal, Tax: r.Tax, Shipping: r.Shipping, Promotion: r.Promotion, Refund: r.Refund}, Tolerance: r.Tolerance}
}

// Age is what is open in one currency, invoiced up to so many days ago.
type Age struct {
	Currency money.Currency
	Days     int // 14, 30, 60; 61: more
	Items    int64
	Amount   decimal.Decimal
}

// Ages returns what is open by age.
func (s *Service) Ages(ctx context.Context, connections []int64) ([]Age, error) {
	rows, err := sqlc.New(s.pool).AgeItems(ctx, sqlc.AgeItemsParams{Connections: connections, Today: period.DateOf(s.clock.Now()).Time()})
	if err != nil {
		return nil, fmt.Errorf("read ages: %w", err)
	}
	list := make([]Age, len(rows))
	for n, r := range rows {
		list[n] = Age{money.Currency(r.Currency), int(r.Days), r.Items, r.Amount}
	}
	return list, nil
}

// Group is the variances of one cause in one currency.
type Group struct {
	Currency money.Currency
	Cause    Cause
	Items    int64
	Amount   decimal.Decimal // net
	Stake    decimal.Decimal // whatever the signs
	// Tolerance is up to which difference is rounding; the largest of several
	// connections.
	Tolerance decimal.Decimal
}

// Groups returns the variances by cause, the most at stake first.
func (s *Service) Groups(ctx context.Context, connections []int64) ([]Group, error) {
	rows, err := sqlc.New(s.pool).CauseItems(ctx, connections)
	if err != nil {
		return nil, fmt.Errorf("read variances: %w", err)
	}
	list := make([]Group, len(rows))
	for n, r := range rows {
		list[n] = Group{money.Currency(r.Currency), Cause(r.Cause), r.Items, r.Amount, r.Stake, r.Tolerance}
	}
	return list, nil
}

// Bill is an invoice of an order, or a credit memo.
type Bill struct {
	Number, P21Order, Customer, Type string
	Date                             period.Date
	Total                            decimal.Decimal
	Currency                         money.Currency
}

// Payment is what one settlement pays of an order.
type Payment struct {
	SettlementID int64
	AmazonID     string
	End          time.Time
	Currency     money.Currency
	Parts        Parts
}

// Whole is an order on the receivable with all that it is made of.
type Whole struct {
	Items    []Item // one per currency
	Bills    []Bill
	Payments []Payment
}

// Order returns one order; fault.NotFound when nobody invoiced or settled it.
func (s *Service) Order(ctx context.Context, connectionID int64, id string) (w Whole, err error) {
	q := sqlc.New(s.pool)
	items, err := q.ItemsOfOrder(ctx, sqlc.ItemsOfOrderParams{ConnectionID: connectionID, OrderID: id})
	if err != nil {
		return w, fmt.Errorf("read open items of %s: %w", id, err)
	}
	if len(items) == 0 {
		return w, fault.New(fault.NotFound, "Order %s is not on the receivable.", id)
	}
	for _, r := range items {
		w.Items = append(w.Items, itemOf(sqlc.ListItemsRow(r)))
	}
	bills, err := q.InvoicesOfOrder(ctx, sqlc.InvoicesOfOrderParams{ConnectionID: connectionID, OrderID: id})
	if err != nil {
		return w, fmt.Errorf("read invoices of %s: %w", id, err)
	}
	for _, r := range bills {
		w.Bills = append(w.Bills, Bill{r.Number, r.P21Order, r.Customer, r.Type, period.DateOf(r.InvoicedOn), r.Total, money.Currency(r.Currency)})
	}
	payments, err := q.SettledOfOrder(ctx, sqlc.SettledOfOrderParams{ConnectionID: connectionID, OrderID: id})
	if err != nil {
		return w, fmt.Errorf("read settlements of %s: %w", id, err)
	}
	for _, r := range payments {
		w.Payments = append(w.Payments, Payment{r.SettlementID, r.AmazonID, r.EndAt, money.Currency(r.Currency), Parts{Principal: r.Principal, Shipping: r.Shipping, Tax: r.Tax, Promotion: r.Promotion, Refund: r.Refund}})
	}
	return w, nil
}
