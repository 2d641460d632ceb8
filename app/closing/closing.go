// Package closing takes a fiscal period of a connection from open to closed: a
// checklist that is computed from the books and ticked by nobody, one person
// who asks for the close, another one who makes it, and a way back.
//
// The database keeps a closed period closed (migrations/00048_period_close.sql):
// no entry begins in it, moves to it or is submitted in it until it is reopened.
package closing

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// State is how far the close of a period is.
type State string

// The states. A request that was withdrawn or refused leaves the period as it
// was before.
const (
	Open      State = "open"
	Requested State = "requested"
	Closed    State = "closed"
	Reopened  State = "reopened"
	Withdrawn State = "withdrawn"
	Refused   State = "refused"
)

// Key names a period of a connection.
type Key struct {
	ConnectionID int64
	FiscalYear   int
	Number       int
}

// String writes the period as it stands in references and addresses: "2026-10".
func (k Key) String() string { return fmt.Sprintf("%04d-%02d", k.FiscalYear, k.Number) }

// ParseKey reads a period such as 2026-10.
func ParseKey(connectionID int64, text string) (Key, error) {
	k := Key{ConnectionID: connectionID}
	n, err := fmt.Sscanf(text, "%d-%d", &k.FiscalYear, &k.Number)
	if err != nil || n != 2 || k.Number < 1 || k.String() != text {
		return Key{}, fmt.Errorf("%q is not a period such as 2026-10", text)
	}
	return k, nil
}

// Verdict is what an item of the checklist comes to.
type Verdict string

// The verdicts.
const (
	Done   Verdict = "done"
	Blocks Verdict = "blocks" // the period cannot be closed, unless the preparer waives it
	Note   Verdict = "note"   // worth knowing; stands in nobody's way
)

// Item is one thing that must be true of a period before it is closed.
type Item struct {
	Key      string         `json:"key"`
	Title    string         `json:"title"`
	State    Verdict        `json:"state"`
	Why      string         `json:"why"`
	Fix      string         `json:"fix,omitempty"` // the page where it is put right
	Count    int64          `json:"count"`
	Money    []money.Amount `json:"money"` // by currency
	Waivable bool           `json:"waivable"`
	Waiver   string         `json:"waiver,omitempty"` // the preparer's reason for going on all the same
}

// InTheWay reports whether nobody may close the period because of the item.
func (i Item) InTheWay() bool { return i.State == Blocks && (i.Waiver == "" || !i.Waivable) }

// Checklist is what stands between a period and its close.
type Checklist struct {
	Connection string      `json:"connection"`
	Period     string      `json:"period"`
	Starts     period.Date `json:"-"`
	Ends       period.Date `json:"-"`
	From       string      `json:"from"`
	To         string      `json:"to"`
	Items      []Item      `json:"items"`
}

// InTheWay returns the items because of which the period cannot be closed.
func (c Checklist) InTheWay() []Item {
	var list []Item
	for _, i := range c.Items {
		if i.InTheWay() {
			list = append(list, i)
		}
	}
	return list
}

// Waived returns the items that the preparer waived.
func (c Checklist) Waived() []Item {
	var list []Item
	for _, i := range c.Items {
		if i.State == Blocks && i.Waiver != "" {
			list = append(list, i)
		}
	}
	return list
}

// item returns the item with a key.
func (c Checklist) item(key string) (Item, bool) {
	for _, i := range c.Items {
		if i.Key == key {
			return i, true
		}
	}
	return Item{}, false
}

// Freeze writes the checklist as it is kept, and the SHA-256 of that text.
func (c Checklist) Freeze() (text string, hash [sha256.Size]byte, err error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return "", hash, fmt.Errorf("write checklist: %w", err)
	}
	return string(raw), sha256.Sum256(raw), nil
}

// Thaw reads a checklist that was kept.
func Thaw(text string) (Checklist, error) {
	var c Checklist
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return c, fmt.Errorf("read checklist: %w", err)
	}
	var err error
	if c.Starts, err = period.ParseDate(c.From); err != nil {
		return c, fmt.Errorf("read checklist: %w", err)
	}
	if c.Ends, err = period.ParseDate(c.To); err != nil {
		return c, fmt.Errorf("read checklist: %w", err)
	}
	return c, nil
}

// Worse says what has come up since a checklist was frozen: what blocks now and
// was not waived then, or was waived for another number or amount.
func Worse(frozen, now Checklist) []string {
	var list []string
	for _, i := range now.Items {
		if i.State != Blocks {
			continue
		}
		before, known := frozen.item(i.Key)
		if !known || before.State != Blocks || before.InTheWay() {
			list = append(list, i.Title+": "+i.Why)
			continue
		}
		if before.Count != i.Count || !same(before.Money, i.Money) {
			list = append(list, fmt.Sprintf("%s: it was waived for something else. %s", i.Title, i.Why))
		}
	}
	return list
}

func same(a, b []money.Amount) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}

// Cycle is one settlement as the checklist sees it.
type Cycle struct {
	ID         int64
	AmazonID   string
	Currency   money.Currency
	Start, End time.Time
	Deposit    decimal.Decimal
	Difference decimal.Decimal // between the deposit and the lines
}

// Sum is a number of things with their money in one currency.
type Sum struct {
	Status string // of entries
	Count  int64
	Amount money.Amount
}

// RateGap is a currency with days that have no exchange rate.
type RateGap struct {
	Currency      money.Currency
	Days, Missing int64
	First         period.Date // of the missing ones
}

// Standing is what one reconciliation comes to at the end of the period.
type Standing struct {
	Key        string
	Title      string
	Problem    string         // why it is not compared; empty: it is
	Difference []money.Amount // unexplained; empty or all zero: it agrees
	Open       int64          // items that nobody has explained
	Explained  int64          // items that somebody signed a note about
	Fix        string
}

// Facts are what a checklist is computed from.
type Facts struct {
	Key         Key
	Connection  string
	Functional  money.Currency
	Period      period.Period
	ClosedInP21 bool
	BooksFrom   period.Date // the first day of the books; zero: nobody has said
	Begins      time.Time   // the period's first moment in the books' time zone
	Until       time.Time   // the first moment after it
	Today       period.Date
	Cycles      []Cycle // by currency and start; those of the two months before the period too
	Entries     []Sum
	Undrafted   []Sum
	Reissued    []Sum
	Accrued     map[money.Currency]bool
	Exceptions  []Sum // with money of the period
	Others      int64 // open exceptions without
	Rates       []RateGap
	Standings   []Standing
	Costs       *Costs // nil: the cost of goods is not booked here
}

// Costs is what of the period's cost of goods is not posted.
type Costs struct {
	Counts    int64 // settlements, and the returns, with units that no posted entry has
	Waiting   int64 // units without an item or a cost
	Uncounted int64 // settlements that nobody has counted yet
}
