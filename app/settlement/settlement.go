// Package settlement takes Amazon's settlement reports in: the raw bytes into
// the document store, each amount into a line, the lines into rollups, and the
// whole of it in one transaction, so that a settlement is either there and
// sealed or not there at all.
package settlement

import (
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/document"
	"tieout/app/money"
	"tieout/app/settlement/report"
	"tieout/sqlc"
)

// Source is one report to be imported.
type Source struct {
	ConnectionID int64
	Name         string // file name or Amazon's report id
	From         string // document.FromAmazon, FromUpload or FromCommand
	ContentType  string
	Charset      string // declared by the sender, empty when it declared none
	Actor        audit.Actor
	Progress     func(bytes int64) // called now and then with the bytes read so far; may be nil
}

// Imported is what an import came to.
type Imported struct {
	Document    document.Document
	Format      report.Format
	Settlements []Reading
	Problems    []report.Problem
	Unknown     []string // columns that no field of ours holds; they stay in the raw rows
}

// Outcome of reading one settlement of a report.
type Outcome string

const (
	New       Outcome = "imported"  // was not known
	Identical Outcome = "identical" // says what is stored already; nothing changed
	Amended   Outcome = "amended"   // replaces an earlier reading that said something else
)

// Reading is one settlement found in a report.
type Reading struct {
	ID         int64 // of the reading that is current now
	AmazonID   string
	Outcome    Outcome
	Currency   money.Currency
	Deposit    money.Units
	Sum        money.Units
	Rows       int
	Lines      int
	Problems   int
	ReplacesID int64
}

// Difference is what the lines miss to the deposit; zero when it ties out.
func (r Reading) Difference() money.Units { return r.Deposit - r.Sum }

// Detail is a settlement as screens and exports read it.
type Detail = sqlc.GetSettlementRow

// Item is a settlement in a list.
type Item = sqlc.ListSettlementsRow

// Total sums the filtered list in one currency.
type Total = sqlc.TotalSettlementsRow

// Rollup is a sum of lines, with its kind's names.
type Rollup = sqlc.RollupsOfSettlementRow

// Problem is a row that could not be read.
type Problem = sqlc.ProblemsOfImportRow

// Filter selects settlements of a list; zero values select everything.
type Filter struct {
	ConnectionID int64
	Currency     string
	Search       string // beginning of Amazon's settlement id
	State        string // out_of_balance, exceptions or an entry status
	EndsFrom     *time.Time
	EndsBefore   *time.Time
	AfterEnd     *time.Time // keyset: the last row of the page before
	AfterID      int64
	PageSize     int32
}

// Correction is one line that a person wrote because Amazon left it out.
type Correction struct {
	SettlementID      int64
	Marketplace       string
	TransactionType   string
	AmountType        string
	AmountDescription string
	PostedOn          time.Time // accounting date
	Amount            decimal.Decimal
	Reason            string
}
