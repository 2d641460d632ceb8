package reimbursement

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
	"tieout/app/settlement"
	"tieout/sqlc"
)

// Case is what was lost or damaged of an SKU on a day.
type Case struct {
	ID             int64
	ConnectionID   int64
	ConnectionName string
	Loss
	Due         period.Date  // the last day on which Amazon takes a claim
	Found, Paid int          // units
	Cost, Price money.Amount // of a unit; no currency: not known
	Claim       string       // number of the case at Amazon
	ClaimedBy   string
	ClaimedAt   time.Time // zero: not claimed
	Note        string    // of who settled it
	DoneBy      string
	DoneAt      time.Time // zero: not settled by a person
}

// State is where a case stands.
type State string

// The states.
const (
	Open       State = "open"       // nobody claimed it
	Claimed    State = "claimed"    // Amazon's answer is awaited
	Reimbursed State = "reimbursed" // nothing is missing: paid or found
	Settled    State = "settled"    // by a person's word
)

// State of the case.
func (c Case) State() State {
	switch {
	case !c.DoneAt.IsZero():
		return Settled
	case c.Missing() == 0:
		return Reimbursed
	case c.Claim != "":
		return Claimed
	}
	return Open
}

// Missing is how many units are neither found nor paid.
func (c Case) Missing() int { return c.Units - c.Found - c.Paid }

// DaysLeft is how many days there are to claim it; below zero: it is too late.
func (c Case) DaysLeft(today period.Date) int {
	return int(c.Due.Time().Sub(today.Time()).Hours() / 24)
}

// Worth is what the missing units are worth at so much each; no currency where
// none is missing or nobody knows.
func (c Case) Worth(each money.Amount) money.Amount {
	if each.Currency == "" || c.Missing() == 0 {
		return money.Amount{}
	}
	return money.New(each.Value.Mul(decimal.NewFromInt(int64(c.Missing()))).Round(2), each.Currency)
}

// Filter selects cases.
type Filter struct {
	Connection int64  // 0: all
	Cause      Cause  // empty: both
	State      string // empty: open and claimed; a State; "all"
	Text       string // part of an SKU or of Amazon's case number
	PageSize   int
	After      Place
}

// Place is a case's place in the list: what falls due first comes first.
type Place struct {
	Due period.Date
	ID  int64
}

// Place of the case.
func (c Case) Place() Place { return Place{c.Due, c.ID} }

// Sum is what is missing by cause, at cost.
type Sum struct {
	Cause        Cause
	Cases, Units int64
	Soon, Late   int64 // cases to claim within soonDays, and too late to claim
	Cost         money.Amount
}

// soonDays is how many days before its deadline a case is due soon.
const soonDays = 14

// Paid is a line that paid units of a case, or took that back.
type Paid struct {
	SettlementID int64
	AmazonID     string
	Line         int32
	Part         int16
	On           period.Date
	Units        int
	Amount       money.Amount
}

// LedgerDay is a day of Amazon's ledger on which units were lost, found or damaged.
type LedgerDay struct {
	RecordID             int64
	On                   period.Date
	Lost, Found, Damaged int
}

// Whole is a case with its evidence.
type Whole struct {
	Case
	Payments []Paid
	Days     []LedgerDay // of the SKU from the loss on
}

// ledgerFlow is the flow whose records say what was lost.
const ledgerFlow = "fba_ledger"

// Service keeps the list.
type Service struct {
	pool        *pgxpool.Pool
	clock       clock.Clock
	settlements *settlement.Service
}

// NewService returns the service of a database.
func NewService(pool *pgxpool.Pool, c clock.Clock, s *settlement.Service) *Service {
	return &Service{pool, c, s}
}

// List returns a page of cases.
func (s *Service) List(ctx context.Context, f Filter) ([]Case, error) {
	pattern := ""
	if f.Text != "" {
		pattern = "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(f.Text) + "%"
	}
	rows, err := sqlc.New(s.pool).ListLossCases(ctx, sqlc.ListLossCasesParams{ConnectionID: f.Connection, Cause: string(f.Cause), State: f.State, Pattern: pattern,
		AfterID: f.After.ID, AfterDue: f.After.Due.Time(), PageSize: int32(f.PageSize)})
	if err != nil {
		return nil, fmt.Errorf("list losses: %w", err)
	}
	list := make([]Case, len(rows))
	for i, r := range rows {
		list[i] = caseOf(sqlc.GetLossCaseRow(r))
	}
	return list, nil
}

func caseOf(r sqlc.GetLossCaseRow) Case {
	c := Case{ID: r.ID, ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, Loss: Loss{r.Sku, r.Country, Cause(r.Cause), period.DateOf(r.OnDay), int(r.Units)},
		Due: period.DateOf(r.DueOn), Found: int(r.Found), Paid: int(r.PaidUnits), Cost: known(r.CostEach, r.CostCurrency), Price: known(r.PriceEach, r.PriceCurrency),
		Claim: r.Claim, ClaimedBy: r.ClaimedName, Note: r.Note, DoneBy: r.DoneName}
	if r.ClaimedAt != nil {
		c.ClaimedAt = *r.ClaimedAt
	}
	if r.DoneAt != nil {
		c.DoneAt = *r.DoneAt
	}
	return c
}

func known(value decimal.NullDecimal, currency string) money.Amount {
	if !value.Valid || currency == "" {
		return money.Amount{}
	}
	return money.New(value.Decimal, money.Currency(currency))
}

// Sums returns what is missing by cause.
func (s *Service) Sums(ctx context.Context, connectionID int64) ([]Sum, error) {
	today := s.clock.Now().UTC().Truncate(24 * time.Hour)
	rows, err := sqlc.New(s.pool).SumLossCases(ctx, sqlc.SumLossCasesParams{ConnectionID: connectionID, Today: today, Soon: today.AddDate(0, 0, soonDays)})
	if err != nil {
		return nil, fmt.Errorf("add losses up: %w", err)
	}
	sums := make([]Sum, len(rows))
	for i, r := range rows {
		sums[i] = Sum{Cause: Cause(r.Cause), Cases: r.Cases, Units: r.Units, Soon: r.Soon, Late: r.Late}
		if r.CostCurrency != "" {
			sums[i].Cost = money.New(r.Cost, money.Currency(r.CostCurrency))
		}
	}
	return sums, nil
}

func gone() error {
	return fault.New(fault.NotFound, "There is no such case. It leaves the list when Amazon corrects its ledger.")
}

// Get returns a case with its evidence.
func (s *Service) Get(ctx context.Context, id int64) (Whole, error) {
	db := sqlc.New(s.pool)
	r, err := db.GetLossCase(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Whole{}, gone()
	}
	if err != nil {
		return Whole{}, fmt.Errorf("read loss %d: %w", id, err)
	}
	whole := Whole{Case: caseOf(r)}
	payments, err := db.PaymentsOfCase(ctx, id)
	if err != nil {
		return whole, fmt.Errorf("read payments of loss %d: %w", id, err)
	}
	for _, p := range payments {
		whole.Payments = append(whole.Payments, Paid{p.SettlementID, p.AmazonID, p.LineNo, p.Part, period.DateOf(p.PostedOn), int(p.Units), money.New(p.Amount, money.Currency(p.Currency))})
	}
	days, err := db.LedgerDaysOf(ctx, sqlc.LedgerDaysOfParams{ConnectionID: r.ConnectionID, Sku: r.Sku, FromDay: r.OnDay})
	if err != nil {
		return whole, fmt.Errorf("read ledger of loss %d: %w", id, err)
	}
	for _, d := range days {
		whole.Days = append(whole.Days, LedgerDay{d.RecordID, period.DateOf(d.OnDay), int(d.Lost), int(d.Found), int(d.Damaged)})
	}
	return whole, nil
}

// ClaimIt notes the number of the case that was opened at Amazon.
func (s *Service) ClaimIt(ctx context.Context, id int64, claim string, actor audit.Actor) error {
	claim = strings.TrimSpace(claim)
	if claim == "" {
		return fault.InvalidFields(map[string]string{"claim": "The number of the case at Amazon."})
	}
	return s.mark(ctx, id, "claimed", claim, actor, func(db *sqlc.Queries, at time.Time) (int64, error) {
		return db.ClaimLossCase(ctx, sqlc.ClaimLossCaseParams{ID: id, Claim: claim, PersonID: &actor.PersonID, Now: &at})
	})
}

// Settle takes a case off the list by a person's word.
func (s *Service) Settle(ctx context.Context, id int64, note string, actor audit.Actor) error {
	note = strings.TrimSpace(note)
	if note == "" {
		return fault.InvalidFields(map[string]string{"note": "Say why nothing more is expected: refused by Amazon, written off."})
	}
	return s.mark(ctx, id, "settled", note, actor, func(db *sqlc.Queries, at time.Time) (int64, error) {
		return db.SettleLossCase(ctx, sqlc.SettleLossCaseParams{ID: id, Note: note, PersonID: &actor.PersonID, Now: &at})
	})
}

// Reopen takes back that a case was claimed or settled.
func (s *Service) Reopen(ctx context.Context, id int64, actor audit.Actor) error {
	return s.mark(ctx, id, "reopened", "", actor, func(db *sqlc.Queries, _ time.Time) (int64, error) { return db.ReopenLossCase(ctx, id) })
}

func (s *Service) mark(ctx context.Context, id int64, action, reason string, actor audit.Actor, change func(*sqlc.Queries, time.Time) (int64, error)) error {
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		r, err := db.GetLossCase(ctx, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return gone()
		}
		if err != nil {
			return fmt.Errorf("read loss %d: %w", id, err)
		}
		changed, err := change(db, tx.Now)
		if err != nil {
			return fmt.Errorf("%s loss %d: %w", action, id, err)
		}
		if changed == 0 {
			return fault.New(fault.Conflict, "Somebody else was faster: the case is not what it was.")
		}
		return audit.Write(ctx, tx.Tx, audit.Event{Actor: actor, Action: action, ObjectType: "loss_case", ObjectID: id, ConnectionID: r.ConnectionID, Reason: reason,
			After: map[string]any{"sku": r.Sku, "cause": r.Cause, "day": period.DateOf(r.OnDay).String()}})
	})
}
