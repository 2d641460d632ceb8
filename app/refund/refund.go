// Package refund holds what settlements gave back to buyers beside what came
// back to Amazon's warehouses, by order and SKU, and keeps a list of what one
// side lacks: a refund without a return may be owed by Amazon, a return without
// a refund by the seller.
package refund

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// Finding is what is missing.
type Finding string

// The findings.
const (
	NotReturned Finding = "not_returned" // refunded, and nothing came back
	NotRefunded Finding = "not_refunded" // came back, and nothing was refunded
)

// How long either side may take: Amazon gives buyers 45 days to send back what
// it has refunded already, and refunds within weeks of a return.
const (
	returnDays = 45
	refundDays = 30
)

// returnsFlow is the flow whose records say what came back.
const returnsFlow = "returns"

// Case is an SKU of an order of which one side is missing.
type Case struct {
	ID             int64
	ConnectionID   int64
	ConnectionName string
	Order, SKU     string
	Finding        Finding
	Refunded       money.Amount // item price; no currency: nothing
	Units          int          // that came back
	Since          period.Date  // the last refund, or the first return
	Note           string       // of who settled it
	DoneBy         string
	DoneAt         time.Time // zero: open
}

// Open reports whether nobody has settled the case.
func (c Case) Open() bool { return c.DoneAt.IsZero() }

// Age is how many days one side has been missing.
func (c Case) Age(today period.Date) int {
	return int(today.Time().Sub(c.Since.Time()).Hours() / 24)
}

// Filter selects cases.
type Filter struct {
	Connection int64 // 0: all
	Finding    Finding
	State      string // "" open, "done", "all"
	Text       string // part of an order or SKU
	PageSize   int
	After      Place
}

// Place is a case's place in the list: the oldest first.
type Place struct {
	Since period.Date
	ID    int64
}

// Place of the case.
func (c Case) Place() Place { return Place{c.Since, c.ID} }

// Sum is what is open of one finding in one currency.
type Sum struct {
	Finding      Finding
	Cases, Units int64
	Amount       money.Amount
}

// Refund is what a settlement gave back, Return what came back at once.
type (
	Refund struct {
		SettlementID       int64
		AmazonID           string
		On                 period.Date
		Amount, Reimbursed money.Amount
	}
	Return struct {
		RecordID int64
		On       period.Date
		Units    int
	}
)

// Whole is a case with its evidence.
type Whole struct {
	Case
	Refunds []Refund
	Returns []Return
}

// Service keeps the list.
type Service struct {
	pool  *pgxpool.Pool
	clock clock.Clock
}

// NewService returns the service of a database.
func NewService(pool *pgxpool.Pool, c clock.Clock) *Service { return &Service{pool, c} }

// Check brings the list of a connection up to date with its settlements and
// returns. What is complete by now leaves the list; what a person has settled
// stays.
func (s *Service) Check(ctx context.Context, connectionID int64) error {
	list, err := sqlc.New(s.pool).RefundsToSum(ctx, connectionID)
	if err != nil {
		return fmt.Errorf("find refunds to sum: %w", err)
	}
	for _, one := range list {
		if err := s.sum(ctx, one); err != nil {
			return fmt.Errorf("sum refunds of settlement %d: %w", one.ID, err)
		}
	}
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		if err := db.NoteReturned(ctx, sqlc.NoteReturnedParams{ConnectionID: connectionID, Flow: returnsFlow}); err != nil {
			return fmt.Errorf("note returns: %w", err)
		}
		if err := db.FindRefundCases(ctx, sqlc.FindRefundCasesParams{ConnectionID: connectionID, ReturnDays: returnDays, RefundDays: refundDays, Today: period.DateOf(tx.Now).Time(), Now: tx.Now}); err != nil {
			return fmt.Errorf("find refunds and returns without the other: %w", err)
		}
		if err := db.DropRefundCases(ctx, sqlc.DropRefundCasesParams{ConnectionID: connectionID, Now: tx.Now}); err != nil {
			return fmt.Errorf("drop what is complete: %w", err)
		}
		return nil
	})
}

// sum adds the refunds of a settlement up; of one that was replaced none is left.
func (s *Service) sum(ctx context.Context, one sqlc.RefundsToSumRow) error {
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		if one.Replaced {
			return db.ForgetRefunds(ctx, one.ID)
		}
		kinds, err := db.KindsOfSettlement(ctx, one.ID)
		if err != nil {
			return fmt.Errorf("read kinds: %w", err)
		}
		p := sqlc.SumRefundsParams{SettlementID: one.ID, Refunds: []int32{}, Reimbursements: []int32{}}
		for _, k := range kinds {
			switch {
			case givenBack(k.TransactionType, k.AmountType, k.AmountDescription):
				p.Refunds = append(p.Refunds, k.ID)
			case reimbursement(k.AmountType):
				p.Reimbursements = append(p.Reimbursements, k.ID)
			}
		}
		if err := db.BeginRefunds(ctx, sqlc.BeginRefundsParams{SettlementID: one.ID, Now: tx.Now}); err != nil {
			return err
		}
		return db.SumRefunds(ctx, p)
	})
}

// givenBack reports whether a kind is the item price that a buyer got back,
// whatever the reason.
func givenBack(transaction, amountType, description string) bool {
	switch strings.ToLower(strings.TrimSpace(transaction)) {
	case "refund", "a-to-z guarantee refund", "chargeback refund":
		return strings.EqualFold(amountType, "ItemPrice") && strings.EqualFold(description, "Principal")
	}
	return false
}

// reimbursement reports whether a kind is what Amazon pays for what it lost,
// damaged or did not get back; clawbacks have the other sign.
func reimbursement(amountType string) bool {
	return strings.EqualFold(strings.TrimSpace(amountType), "FBA Inventory Reimbursement")
}

// List returns a page of cases.
func (s *Service) List(ctx context.Context, f Filter) ([]Case, error) {
	pattern := ""
	if f.Text != "" {
		pattern = "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(f.Text) + "%"
	}
	rows, err := sqlc.New(s.pool).ListRefundCases(ctx, sqlc.ListRefundCasesParams{ConnectionID: f.Connection, Finding: string(f.Finding), State: f.State, Pattern: pattern,
		AfterID: f.After.ID, AfterSince: f.After.Since.Time(), PageSize: int32(f.PageSize)})
	if err != nil {
		return nil, fmt.Errorf("list refunds and returns without the other: %w", err)
	}
	list := make([]Case, len(rows))
	for i, r := range rows {
		list[i] = caseOf(sqlc.GetRefundCaseRow(r))
	}
	return list, nil
}

func caseOf(r sqlc.GetRefundCaseRow) Case {
	c := Case{ID: r.ID, ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, Order: r.OrderID, SKU: r.Sku, Finding: Finding(r.Finding),
		Units: int(r.Units), Since: period.DateOf(r.Since), Note: r.Note, DoneBy: r.DoneName}
	if r.Currency != "" {
		c.Refunded = money.New(r.Amount, money.Currency(r.Currency))
	}
	if r.DoneAt != nil {
		c.DoneAt = *r.DoneAt
	}
	return c
}

// Sums returns what is open by finding and currency.
func (s *Service) Sums(ctx context.Context, connectionID int64) ([]Sum, error) {
	rows, err := sqlc.New(s.pool).SumRefundCases(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("add refunds and returns without the other up: %w", err)
	}
	sums := make([]Sum, len(rows))
	for i, r := range rows {
		sums[i] = Sum{Finding: Finding(r.Finding), Cases: r.Cases, Units: r.Units, Amount: amount(r.Amount, r.Currency)}
	}
	return sums, nil
}

func amount(value decimal.Decimal, currency string) money.Amount {
	if currency == "" {
		return money.Amount{}
	}
	return money.New(value, money.Currency(currency))
}

// Get returns a case with its evidence; fault.NotFound when there is none, or
// none any more.
func (s *Service) Get(ctx context.Context, id int64) (Whole, error) {
	db := sqlc.New(s.pool)
	r, err := db.GetRefundCase(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Whole{}, fault.New(fault.NotFound, "There is no such case. It leaves the list when the other side comes.")
	}
	if err != nil {
		return Whole{}, fmt.Errorf("read case %d: %w", id, err)
	}
	whole := Whole{Case: caseOf(r)}
	refunds, err := db.RefundsOf(ctx, sqlc.RefundsOfParams{ConnectionID: r.ConnectionID, OrderID: r.OrderID, Sku: r.Sku})
	if err != nil {
		return whole, fmt.Errorf("read refunds of %s: %w", r.OrderID, err)
	}
	for _, x := range refunds {
		whole.Refunds = append(whole.Refunds, Refund{x.ID, x.AmazonID, period.DateOf(x.PostedOn), amount(x.Amount, x.Currency), amount(x.Reimbursed, x.Currency)})
	}
	returns, err := db.ReturnsOf(ctx, sqlc.ReturnsOfParams{ConnectionID: r.ConnectionID, OrderID: r.OrderID, Sku: r.Sku})
	if err != nil {
		return whole, fmt.Errorf("read returns of %s: %w", r.OrderID, err)
	}
	for _, x := range returns {
		whole.Returns = append(whole.Returns, Return{x.RecordID, period.DateOf(x.ReturnedOn), int(x.Quantity)})
	}
	return whole, nil
}

// Settle takes a case off the list by a person's word: claimed at Amazon,
// refunded by hand, written off.
func (s *Service) Settle(ctx context.Context, id int64, note string, actor audit.Actor) error {
	note = strings.TrimSpace(note)
	if note == "" {
		return fault.InvalidFields(map[string]string{"note": "Say what was done: the number of the case at Amazon, or why nothing is owed."})
	}
	return s.mark(ctx, id, "settled", note, actor, func(db *sqlc.Queries, at time.Time) (int64, error) {
		return db.SettleRefundCase(ctx, sqlc.SettleRefundCaseParams{ID: id, Note: note, PersonID: &actor.PersonID, Now: &at})
	})
}

// Reopen puts a settled case back on the list.
func (s *Service) Reopen(ctx context.Context, id int64, actor audit.Actor) error {
	return s.mark(ctx, id, "reopened", "", actor, func(db *sqlc.Queries, _ time.Time) (int64, error) { return db.ReopenRefundCase(ctx, id) })
}

func (s *Service) mark(ctx context.Context, id int64, action, note string, actor audit.Actor, change func(*sqlc.Queries, time.Time) (int64, error)) error {
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		r, err := db.GetRefundCase(ctx, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "There is no such case. It leaves the list when the other side comes.")
		}
		if err != nil {
			return fmt.Errorf("read case %d: %w", id, err)
		}
		changed, err := change(db, tx.Now)
		if err != nil {
			return fmt.Errorf("%s case %d: %w", action, id, err)
		}
		if changed == 0 {
			return fault.New(fault.Conflict, "Somebody else has %s it already.", action)
		}
		return audit.Write(ctx, tx.Tx, audit.Event{Actor: actor, Action: action, ObjectType: "refund_case", ObjectID: id, ConnectionID: r.ConnectionID, Reason: note,
			After: map[string]any{"order": r.OrderID, "sku": r.Sku, "finding": r.Finding}})
	})
}
