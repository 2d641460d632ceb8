// Package journal turns settlements into balanced journal entries and takes
// them through their life: draft, submitted, approved, posting, posted, and
// aside rejected, failed, unknown, reversed.
//
// The arithmetic runs on rollups, never on lines; the database holds the
// invariants (migrations/00007_journal.sql), this package says why an entry
// cannot go on before the database has to.
package journal

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/rates"
)

// Status is where an entry stands.
type Status string

const (
	Draft     Status = "draft"
	Submitted Status = "submitted"
	Approved  Status = "approved"
	Posting   Status = "posting"
	Posted    Status = "posted"
	Unknown   Status = "unknown" // whether P21 holds it cannot be known
	Reversed  Status = "reversed"
	Discarded Status = "discarded"
)

// Final reports whether nobody waits for the entry any more.
func (s Status) Final() bool { return s == Posted || s == Reversed || s == Discarded }

// Rollup is the sum of a settlement's lines of one kind on one day. Amount is
// from the seller's side: positive raises the payout.
type Rollup struct {
	KindID       int32
	Kind         mapping.Kind
	PostedOn     period.Date
	ProductGroup string
	Fulfillment  string
	CorrectionID int64
	Lines        int32
	Amount       decimal.Decimal
}

// Line is one line of an entry. Debit and Credit are in the entry's currency,
// the functional pair in the company's; at most one of each pair is not zero.
type Line struct {
	Number           int
	Account          string
	Branch           string
	Marketplace      string
	Category         string
	Clearing         bool // the balancing line
	Description      string
	Debit, Credit    decimal.Decimal
	FunctionalDebit  decimal.Decimal
	FunctionalCredit decimal.Decimal
}

// Source says that a rollup is part of an entry's line. Line 0 holds what nets
// to zero and needs no line.
type Source struct {
	Line   int
	RuleID int64
	Rollup Rollup
}

// Plan is an entry as it should be, before it is stored.
type Plan struct {
	Period          period.Period
	MovedFrom       string // key of the closed period its lines belong to, empty when none
	EntryOn         period.Date
	Description     string
	Rate            decimal.Decimal
	RateNote        string
	RateIDs         []int64         // of the rates that it rests on
	Clearing        decimal.Decimal // debit positive: this entry's share of the deposit
	Total           decimal.Decimal
	FunctionalTotal decimal.Decimal
	Lines           []Line
	Sources         []Source
}

// Reference is what P21 knows an entry by: deterministic from the settlement,
// the period and the version, so that looking it up finds it after any crash.
func Reference(amazonID string, p period.Period, version int) string {
	return fmt.Sprintf("AMZ-%s-%04d%02d-%d", amazonID, p.FiscalYear, p.Number, version)
}

// ReversalReference is the reference of the entry that reverses reference.
func ReversalReference(reference string) string { return reference + "-REV" }

// Books is what Build needs to know of a connection and its settlement.
type Books struct {
	AmazonID           string
	Currency           money.Currency
	FunctionalCurrency money.Currency
	StartAt, EndAt     time.Time
	DepositOn          period.Date
	Marketplaces       []string
	Calendar           period.Calendar
	Accrued            map[string]bool // keys of periods whose accrual, which has these lines, ends in the next one
	MoveToFirstOpen    bool            // policy for closed periods: first open period; otherwise an exception
	RateByPostedDate   bool            // otherwise by deposit date
	RoundingLimit      decimal.Decimal
	Rules              *mapping.Matcher
	Rates              Rates
}

// Rates answers the exchange rate of a day: functional currency for one unit of
// the settlement's currency.
type Rates func(on period.Date) (rates.Quotation, bool)

// Problem is something that keeps a settlement from being drafted.
type Problem struct {
	Class    ProblemClass
	Kind     mapping.Kind // unmapped kind
	KindID   int32
	Lines    int64
	Amount   decimal.Decimal
	Subject  string // the period, day or account it is about
	Sentence string
}

// ProblemClass sorts problems; each becomes one class of exception.
type ProblemClass int

const (
	UnmappedKind ProblemClass = iota
	AccountMissing
	NoPeriod
	ClosedPeriod
	MissingRate
	RoundingLimit
)
