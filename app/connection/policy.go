package connection

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/period"
	"tieout/sqlc"
)

// Policy is what the controller decides for a connection.
type Policy struct {
	ConnectionID       int64
	SecondApprovalFrom decimal.NullDecimal // functional currency; null: one approver is enough
	ApproverIDs        []int64             // empty: anyone with the role
	FreshSignInMinutes int                 // 0: any live session may approve
	ClosedPeriod       string              // first_open or exception
	RateSource         string              // deposit_date or posted_date
	RoundingLimit      decimal.Decimal
	HeldSales          string // OnRelease or OnSale
	DeferredAccount    string // receivable for sales that are held back; with OnSale
	// CostFrom is the first day whose units are booked at their cost; zero: none
	// are. It is the first day of a fiscal period.
	CostFrom     period.Date
	CostAccount  string // cost of goods sold; with CostFrom
	StockAccount string // inventory in Amazon's warehouses; with CostFrom
	// ReceivableTolerance is the difference of an order on the receivable, in the
	// order's currency, that is rounding.
	ReceivableTolerance decimal.Decimal
	// ClaimDays is for how many days after a loss Amazon takes claims.
	ClaimDays int
	// BooksFrom is the day from which the books are kept here; zero: nobody has
	// said. Closing expects settlements from the first one on that begins or runs on it.
	BooksFrom period.Date
	// MatchDeposits says who matches a deposit with the only bank line that names it
	// and has its amount: ByHand or Automatic.
	MatchDeposits string
	Version       int32
}

// Who matches deposits that are sure.
const (
	ByHand    = "by_hand"   // a person accepts each, or all at once
	Automatic = "automatic" // a job; it can be taken apart as any other match
)

// When a sale is recognised whose money Amazon holds back.
const (
	OnRelease = "on_release" // with the settlement that has it
	OnSale    = "on_sale"    // when it is shipped, against a deferred receivable
)

// Validate returns what is wrong, field by field; nil when nothing is.
func (p Policy) Validate() map[string]string {
	wrong := map[string]string{}
	if p.SecondApprovalFrom.Valid && p.SecondApprovalFrom.Decimal.IsNegative() {
		wrong["second_approval_from"] = "Not below zero."
	}
	if p.FreshSignInMinutes < 0 {
		wrong["fresh_sign_in_minutes"] = "Not below zero."
	}
	if p.ClosedPeriod != "first_open" && p.ClosedPeriod != "exception" {
		wrong["closed_period"] = "Choose one of the two."
	}
	if p.RateSource != "deposit_date" && p.RateSource != "posted_date" {
		wrong["rate_source"] = "Choose one of the two."
	}
	if p.MatchDeposits != ByHand && p.MatchDeposits != Automatic {
		wrong["match_deposits"] = "Choose one of the two."
	}
	if p.HeldSales != OnRelease && p.HeldSales != OnSale {
		wrong["held_sales"] = "Choose one of the two."
	}
	if p.HeldSales == OnSale && p.DeferredAccount == "" {
		wrong["deferred_account"] = "Choose the account that held sales stand on."
	}
	if p.CostFrom != (period.Date{}) {
		if p.CostAccount == "" {
			wrong["cost_account"] = "Choose the account of the cost of goods sold."
		}
		if p.StockAccount == "" {
			wrong["stock_account"] = "Choose the account of the inventory at Amazon."
		}
		if p.CostAccount != "" && p.CostAccount == p.StockAccount {
			wrong["stock_account"] = "Another account than that of the cost of goods sold."
		}
	}
	if p.RoundingLimit.IsNegative() {
		wrong["rounding_limit"] = "Not below zero."
	}
	if p.ClaimDays < 1 || p.ClaimDays > 730 {
		wrong["claim_days"] = "A whole number of days from 1 to 730."
	}
	if p.ReceivableTolerance.IsNegative() {
		wrong["receivable_tolerance"] = "Not below zero."
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

// Policy returns what the controller decided for a connection.
func (s *Service) Policy(ctx context.Context, id int64) (Policy, error) {
	p, err := sqlc.New(s.pool).GetPolicy(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Policy{}, fault.New(fault.NotFound, "There is no connection %d.", id)
	}
	if err != nil {
		return Policy{}, fmt.Errorf("read policy of connection %d: %w", id, err)
	}
	out := Policy{CostAccount: p.CostAccount, StockAccount: p.StockAccount, ConnectionID: p.ConnectionID, SecondApprovalFrom: p.SecondApprovalFrom, ApproverIDs: p.ApproverIds, ClosedPeriod: p.ClosedPeriod,
		RateSource: p.RateSource, RoundingLimit: p.RoundingLimit, ReceivableTolerance: p.ReceivableTolerance, ClaimDays: int(p.ClaimDays), HeldSales: p.HeldSales, DeferredAccount: p.DeferredAccount, MatchDeposits: p.MatchDeposits, Version: p.Version}
	if p.BooksFrom != nil {
		out.BooksFrom = period.DateOf(*p.BooksFrom)
	}
	if p.FreshSignInMinutes != nil {
		out.FreshSignInMinutes = int(*p.FreshSignInMinutes)
	}
	if p.CostFrom != nil {
		out.CostFrom = period.DateOf(*p.CostFrom)
	}
	return out, nil
}

// SetPolicy changes a connection's policy. Drafts are built again, because how
// closed periods and rates are treated may have changed.
func (s *Service) SetPolicy(ctx context.Context, p Policy, actor audit.Actor) error {
	if p.HeldSales == "" {
		p.HeldSales = OnRelease
	}
	if p.MatchDeposits == "" {
		p.MatchDeposits = ByHand
	}
	wrong := p.Validate()
	if wrong == nil {
		var err error
		if wrong, err = s.policyBooks(ctx, p); err != nil {
			return err
		}
	}
	if wrong != nil {
		return fault.InvalidFields(wrong)
	}
	before, err := s.Policy(ctx, p.ConnectionID)
	if err != nil {
		return err
	}
	var minutes *int32
	if p.FreshSignInMinutes > 0 {
		m := int32(p.FreshSignInMinutes)
		minutes = &m
	}
	err = database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		changed, err := sqlc.New(tx).UpdatePolicy(ctx, sqlc.UpdatePolicyParams{ConnectionID: p.ConnectionID, Version: p.Version,
			SecondApprovalFrom: p.SecondApprovalFrom, ApproverIds: append([]int64{}, p.ApproverIDs...), FreshSignInMinutes: minutes,
			ClosedPeriod: p.ClosedPeriod, RateSource: p.RateSource, RoundingLimit: p.RoundingLimit, ReceivableTolerance: p.ReceivableTolerance, ClaimDays: int32(p.ClaimDays), HeldSales: p.HeldSales, DeferredAccount: p.DeferredAccount,
			CostFrom: p.CostFrom.TimeOrNil(), CostAccount: p.CostAccount, StockAccount: p.StockAccount,
			BooksFrom: p.BooksFrom.TimeOrNil(), MatchDeposits: p.MatchDeposits})
		if err != nil {
			return err
		}
		if changed == 0 {
			return fault.New(fault.Conflict, "This policy changed while you looked at it. Read it again.")
		}
		if err := s.redraft(ctx, tx, p.ConnectionID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "policy changed", ObjectType: "connection", ObjectID: p.ConnectionID,
			ConnectionID: p.ConnectionID, Before: before, After: p})
	})
	if err != nil {
		return database.Translate(fmt.Errorf("set policy of connection %d: %w", p.ConnectionID, err))
	}
	return nil
}

// policyBooks returns what is wrong with the accounts that the policy needs, and
// with the day from which costs are booked.
func (s *Service) policyBooks(ctx context.Context, p Policy) (map[string]string, error) {
	needed := map[string]string{}
	if p.HeldSales == OnSale {
		needed["deferred_account"] = p.DeferredAccount
	}
	wrong := map[string]string{}
	if p.CostFrom != (period.Date{}) {
		needed["cost_account"], needed["stock_account"] = p.CostAccount, p.StockAccount
		why, err := s.costFrom(ctx, p)
		if err != nil {
			return nil, err
		}
		if why != "" {
			wrong["cost_from"] = why
		}
	}
	if len(needed) == 0 {
		return nil, nil
	}
	chart, err := s.Accounts(ctx, p.ConnectionID)
	if err != nil {
		return nil, err
	}
	for field, number := range needed {
		if why := unusable(chart, number); why != "" {
			wrong[field] = why
		}
	}
	if len(wrong) == 0 {
		return nil, nil
	}
	return wrong, nil
}

// unusable says why entries may not use an account; empty when they may.
func unusable(chart []Account, number string) string {
	for _, a := range chart {
		switch {
		case a.Number != number:
		case !a.Active:
			return "This account is not active in P21."
		case a.Control:
			return "This is a control account of P21; entries may not use it."
		default:
			return ""
		}
	}
	return "P21 has no such account."
}

// costFrom says what is wrong with the day from which costs are booked.
func (s *Service) costFrom(ctx context.Context, p Policy) (string, error) {
	c, err := s.Get(ctx, p.ConnectionID)
	if err != nil {
		return "", err
	}
	if c.RevenueMode != "summary" {
		return "P21 invoices the orders of this connection and books their cost itself.", nil
	}
	periods, err := s.Periods(ctx, p.ConnectionID)
	if err != nil {
		return "", err
	}
	for _, x := range periods {
		if period.DateOf(x.StartsOn) == p.CostFrom {
			return "", nil
		}
	}
	return "Choose the first day of a fiscal period.", nil
}
