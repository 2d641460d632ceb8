// Package finances knows a seller's money before settlements do: transactions as
// Amazon tells of them when they happen, which of them it holds back and until
// when, and which settlement carries each in the end. From them it proposes the
// entries of a close: the accrual of what was earned and is not settled, and,
// where the books recognise sales when they are made, the deferral of what
// Amazon holds back.
package finances

import (
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
)

// State selects transactions by how far they are.
type State string

// States. The zero value: what no settlement has yet.
const (
	Unsettled State = ""
	Held      State = "held"     // Amazon holds the money back
	Released  State = "released" // the seller's, and in no settlement yet
	Settled   State = "settled"
	Every     State = "all"
)

// unknownDay stands for a release that Amazon gives no day for.
var unknownDay = period.Date{Year: 9999, Month: 12, Day: 31}

// Transaction is one movement of money.
type Transaction struct {
	ID             int64
	ConnectionID   int64
	ConnectionName string
	AmazonID       string
	Type           string
	Description    string
	State          State // Held, Released or Settled
	Posted         period.Date
	Total          money.Amount
	Marketplace    string
	Order          string
	Deferral       string      // why it is held back: DD7, B2B
	Released       period.Date // zero: it is held
	Due            period.Date // of the release, past or expected; zero: Amazon does not say
	SettlementID   int64       // 0: none has it
	Settlement     string      // Amazon's id of it, once known
}

// Place is a transaction's place in the list: the first to be released first.
type Place struct {
	Due period.Date
	ID  int64
}

// Place of the transaction.
func (t Transaction) Place() Place {
	if t.Due == (period.Date{}) {
		return Place{unknownDay, t.ID}
	}
	return Place{t.Due, t.ID}
}

// Part is a leaf of a transaction's breakdown.
type Part struct {
	Number       int
	Path         string // Amazon's names, from the root to the leaf
	SKU          string
	Quantity     int
	Kind         mapping.Kind // of settlement amount that it becomes
	ProductGroup string
	Fulfillment  string
	Amount       decimal.Decimal // the seller's side
}

// Version is what Amazon said of a transaction at a time, with its bytes.
type Version struct {
	Number     int
	Status     string
	Total      money.Amount
	DocumentID int64
	Offset     int64
	Length     int
	Seen       time.Time
}

// Whole is a transaction with all that is known of it.
type Whole struct {
	Transaction
	Parts    []Part
	Versions []Version // the newest last
	Aside    bool      // tells of another transaction's release or of a payout: no money of its own
	Original string    // the transaction whose release it tells of
}

// Filter selects transactions.
type Filter struct {
	Connection int64 // 0: all
	State      State
	Currency   string
	Due        period.Date // zero: any day
	Text       string      // part of an order or of Amazon's id
	PageSize   int
	After      Place
}

// Sum is what no settlement has yet of one connection and currency.
type Sum struct {
	ConnectionID   int64
	ConnectionName string
	Held           bool
	Due            period.Date // of what is held; zero: Amazon does not say
	Transactions   int64
	Total          money.Amount
}
