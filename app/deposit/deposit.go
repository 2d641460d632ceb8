// Package deposit holds Amazon's deposits beside the lines of bank statements:
// it keeps the statements, matches their lines with settlements, and says what
// is left on either side.
package deposit

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/document"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/reconcile/match"
)

// State says where a deposit stands.
type State string

// The states of a deposit.
const (
	Received  State = "received"  // all of it is matched
	Differs   State = "differs"   // some of it is matched
	Missing   State = "missing"   // the statements tell of its days, and it is not matched
	UnderWay  State = "under_way" // a bank takes up to five days, and the statements do not reach that far
	Bounced   State = "bounced"   // the bank refused it; the next settlement pays it again
	Before    State = "before"    // older than the first statement
	Unwatched State = "unwatched" // no statement of an account that it could come to
	Owed      State = "owed"      // below zero: a card is charged, or the next settlement takes it over
	Nothing   State = "nothing"   // of zero: nothing comes
)

// States returns all states, those first that somebody must look at.
func States() []State {
	return []State{Missing, Differs, UnderWay, Owed, Bounced, Unwatched, Before, Received, Nothing}
}

// Deposit is what a settlement says that Amazon pays.
type Deposit struct {
	SettlementID   int64
	ConnectionID   int64
	ConnectionName string
	AmazonID       string
	Due            period.Date
	Amount         money.Amount
	Matched        money.Amount
	State          State
}

// Open is what of it is not matched.
func (d Deposit) Open() money.Amount {
	return money.New(d.Amount.Value.Sub(d.Matched.Value), d.Amount.Currency)
}

// Age is how many days ago it was due.
func (d Deposit) Age(today period.Date) int {
	return int(today.Time().Sub(d.Due.Time()).Hours() / 24)
}

// Place of the deposit in its list: the newest first.
func (d Deposit) Place() Place { return Place{d.Due, d.SettlementID} }

// Place is a row's place in a list, the newest first.
type Place struct {
	On period.Date
	ID int64
}

// Line is a line of a bank statement.
type Line struct {
	ID          int64
	AccountID   int64
	AccountName string
	StatementID int64
	Number      int // line of the file
	Booked      period.Date
	Value       period.Date // zero: not told
	Amount      money.Amount
	Matched     money.Amount
	Description string
	References  []string
	BankID      string
	Reversal    bool
	Returned    string // why the payment came back
	Likely      bool   // it looks like Amazon's
	Ignored     string // why it is not Amazon's; empty: nobody said so
	IgnoredBy   string
	IgnoredAt   time.Time
}

// Open is what of it is not matched.
func (l Line) Open() money.Amount {
	return money.New(l.Amount.Value.Sub(l.Matched.Value), l.Amount.Currency)
}

// Place of the line in its list.
func (l Line) Place() Place { return Place{l.Booked, l.ID} }

// Match is deposits and lines that belong together.
type Match struct {
	ID         int64
	Currency   money.Currency
	Rule       match.Rule
	Reason     string
	Difference string // what explains amounts without another side
	By         string // empty: a job
	At         time.Time
	Parts      []Part
	Undone     string // why it was taken apart; empty: it stands
	UndoneBy   string
	UndoneAt   time.Time
	Restored   bool // made again since
}

// Stands reports whether nobody took the match apart.
func (m Match) Stands() bool { return m.UndoneAt.IsZero() }

// Total is what the match gives to deposits.
func (m Match) Total() money.Amount {
	total := decimal.Zero
	for _, p := range m.Parts {
		if p.LineID != 0 {
			total = total.Add(p.Amount)
		}
	}
	return money.New(total, m.Currency)
}

// Part is how much of a line belongs to a deposit. Without a line or without a
// settlement it is a difference that the match explains.
type Part struct {
	LineID         int64
	Booked         period.Date
	Account        string
	Description    string
	SettlementID   int64
	ConnectionID   int64
	ConnectionName string
	AmazonID       string
	Amount         decimal.Decimal
}

// Service keeps statements and matches.
type Service struct {
	pool      *pgxpool.Pool
	clock     clock.Clock
	documents *document.Store
}

// NewService returns the service of a database.
func NewService(pool *pgxpool.Pool, c clock.Clock) *Service {
	return &Service{pool, c, document.NewStore(pool)}
}

func person(a audit.Actor) *int64 {
	if a.PersonID == 0 {
		return nil
	}
	return &a.PersonID
}
