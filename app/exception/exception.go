// Package exception is the queue of what a person must decide. One row stands
// for one cause, however many records wait on it; the code that finds a cause
// raises it, the code that removes the cause resolves it, and both happen in
// the transaction of the data they speak of.
package exception

import (
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/money"
)

// Class is the sort of decision that is asked for.
type Class string

// The classes this release produces.
const (
	UnmappedKind    Class = "unmapped_kind"    // no rule matches a kind
	OutOfBalance    Class = "out_of_balance"   // lines do not add up to the deposit
	UnreadableLines Class = "unreadable_lines" // rows of a report that could not be read
	UnreadableFile  Class = "unreadable_file"  // a download that is no settlement report
	AmendedReport   Class = "amended_report"   // another content for a known settlement
	NoPeriod        Class = "no_period"        // a date outside every fiscal period
	ClosedPeriod    Class = "closed_period"    // lines of a period that is closed
	MissingRate     Class = "missing_rate"     // no exchange rate for a day
	RoundingLimit   Class = "rounding_limit"   // currency rounding above the policy's limit
	AccountProblem  Class = "account_problem"  // a rule's account is unknown, inactive or a control account
	PostingRefused  Class = "posting_refused"  // P21 said no
	PostingUnknown  Class = "posting_unknown"  // whether P21 holds the entry cannot be known
	PostingMismatch Class = "posting_mismatch" // P21 holds something else under the reference
	ByHandDiffers   Class = "by_hand_differs"  // P21 holds something else than was entered there by hand
	ChainBroken     Class = "chain_broken"     // reserve or balance does not follow from the cycle before
	TaxResidue      Class = "tax_residue"      // collected and withheld tax do not cancel

	UnknownSKU       Class = "unknown_sku"       // no item of P21 stands for an Amazon SKU
	MappingFailed    Class = "mapping_failed"    // a formula does not come out for a record
	CheckFailed      Class = "check_failed"      // a business rule does not hold
	DeliveryRefused  Class = "delivery_refused"  // the other side said no to a record
	DeliveryUnknown  Class = "delivery_unknown"  // whether the other side holds a record cannot be known
	DeliveryMismatch Class = "delivery_mismatch" // the other side holds something else under a record's key
	StockDifference  Class = "stock_difference"  // Amazon has more or less of an item than P21 believes

	InboundDifference Class = "inbound_difference" // Amazon received more or less than was sent
	StockLost         Class = "stock_lost"         // Amazon lost or damaged units in its warehouses
	UnknownCharge     Class = "unknown_charge"     // Amazon tells of a charge before a settlement that no rule takes
	NoCost            Class = "no_cost"            // units were sold whose SKU has no item or no cost
)

// Exception is one open or closed row of the queue.
type Exception struct {
	ID             int64
	ConnectionID   int64
	ConnectionName string
	Class          Class
	Cause          string
	Title          string
	Detail         map[string]any
	SettlementID   int64
	EntryID        int64
	KindID         int32
	Flow           string // whose records wait on it; "": none's
	Marketplace    string // of the kind
	Records        int64
	Amount         decimal.NullDecimal // money at stake
	Currency       string
	State          string // open, resolved, ignored
	AssignedTo     int64
	AssignedName   string
	SnoozedUntil   *time.Time
	Resolution     string
	ResolvedName   string
	ResolvedAt     *time.Time
	OpenedAt       time.Time
	Version        int32
}

// Raised is what a finder of causes knows.
type Raised struct {
	ConnectionID int64
	Class        Class
	Cause        string // what makes two of a class the same
	Title        string
	Detail       map[string]any
	SettlementID int64
	EntryID      int64
	KindID       int32
	Records      int64
	Amount       decimal.NullDecimal
	Currency     string
}

// Count is the open causes of one class.
type Count struct {
	Class   Class
	Causes  int64
	Records int64
	Oldest  time.Time
	Money   []money.Amount // at stake, whatever its sign; one per currency
}
