// Package reconcile keeps, for each thing that must agree with another, what
// does not: open items with age and cause, what people have signed as explained,
// and the one number that is left.
//
// Whoever owns a pair of sides compares them (Source); here the outcome is
// stored, added up and explained, the same way for all of them.
package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// Name says which reconciliation it is.
type Name string

// The reconciliations, in the order in which they are listed.
const (
	Orders   Name = "orders"   // settlement lines against Amazon's orders
	Invoices Name = "invoices" // settlement lines against P21's invoices
	Returns  Name = "returns"  // refunds against returns and P21's RMAs
	Deposits Name = "deposits" // deposits against bank statements
	Accounts Name = "accounts" // our entries against P21's general ledger
	Stock    Name = "stock"    // Amazon's quantities against P21's FBA location
	Journals Name = "journals" // posted entries against what P21 holds of them
)

// Names returns all of them in order.
func Names() []Name { return []Name{Orders, Invoices, Returns, Deposits, Accounts, Stock, Journals} }

// Source compares two sides.
type Source interface {
	Name() Name
	// Compare returns everything that does not agree by now. It brings up to date
	// what it is computed from, and changes nothing else.
	Compare(ctx context.Context, connectionID int64) (Comparison, error)
}

// Comparison is what a Source found.
type Comparison struct {
	NotApplicable string // why these sides are not compared here; nothing else counts then
	Totals        []Total
	Open          []Open
	LeftAt        time.Time // up to when the side named first is known; zero: nothing is
	RightAt       time.Time
}

// Total is everything that was compared in a currency, agreeing or not.
type Total struct {
	Currency    money.Currency
	Compared    int64
	Left, Right decimal.Decimal
}

// Open is something that does not agree.
type Open struct {
	Key         string // within the reconciliation and currency
	Currency    money.Currency
	Left, Right decimal.Decimal
	Units       decimal.NullDecimal // that differ, where units are compared
	Cause       string              // a few words; items of one cause have the same
	Detail      string
	Hint        string // a likely explanation with its reason; empty: none
	Since       period.Date
	Object      string // what it is about, and where it is seen: "settlement", "record", ...
	ObjectID    int64
}

// Difference is what does not agree.
func (o Open) Difference() decimal.Decimal { return o.Left.Sub(o.Right) }

// check returns what is wrong with a comparison: two items that cannot be told
// apart, or open items that are not the difference of the totals. A currency
// without a total is one in which nothing could be added up.
func (c Comparison) check() error {
	type place struct {
		key      string
		currency money.Currency
	}
	seen := map[place]bool{}
	left := map[money.Currency]decimal.Decimal{}
	for _, o := range c.Open {
		at := place{o.Key, o.Currency}
		if seen[at] {
			return fmt.Errorf("item %q is there twice in %s", o.Key, o.Currency)
		}
		seen[at] = true
		left[o.Currency] = left[o.Currency].Add(o.Difference())
	}
	var known []money.Currency
	for _, t := range c.Totals {
		if slices.Contains(known, t.Currency) {
			return fmt.Errorf("%s is added up twice", t.Currency)
		}
		known = append(known, t.Currency)
		if open := left[t.Currency]; !t.Left.Sub(t.Right).Equal(open) {
			return fmt.Errorf("the sides differ by %s %s, their open items by %s", t.Left.Sub(t.Right), t.Currency, open)
		}
	}
	for currency := range left {
		if !slices.Contains(known, currency) {
			return fmt.Errorf("items in %s are of no total", currency)
		}
	}
	return nil
}

// Item is an open item as it is kept, with the note on it.
type Item struct {
	Open
	ID             int64
	ConnectionID   int64
	ConnectionName string
	Name           Name
	Note           *Note // nil: nobody has explained it
}

// Note is a person's explanation of an item.
type Note struct {
	ID      int64
	Amount  decimal.Decimal // the difference that it explains
	Void    bool            // the item differs by another amount since
	Paired  bool            // matched with another item
	Reason  string
	By      string
	At      time.Time
	Undone  string // who withdrew it; empty: it stands
	EndedAt time.Time
}

// Explained reports whether a note explains exactly this difference.
func (i Item) Explained() bool { return i.Note != nil && !i.Note.Void }

// Age is how many days the item has been open.
func (i Item) Age(today period.Date) int { return days(i.Since, today) }

func days(from, to period.Date) int { return int(to.Time().Sub(from.Time()).Hours() / 24) }

// Standing is how a reconciliation of a connection stands at a day.
type Standing struct {
	ConnectionID   int64
	ConnectionName string
	Name           Name
	Compared       bool            // false: nothing is known; Problem says why
	Problem        string          // why it is not compared, or not since Checked; empty: it is
	NotApplicable  bool            // these sides are not compared in this connection
	Unexplained    []money.Amount  // by currency; one that is compared and agrees is 0.00
	Explained      []money.Amount  // differences that somebody has signed
	Units          decimal.Decimal // open, where units are compared
	OpenCount      int64           // items that nobody has explained
	ExplainedCount int64
	Oldest         period.Date // of the open items; zero: none
	Checked        time.Time   // as of
	LeftAt         time.Time   // up to when the sides are known; zero: not
	RightAt        time.Time
}

// Agrees reports whether it was compared and nothing is left to explain.
func (s Standing) Agrees() bool { return s.Compared && s.Problem == "" && s.OpenCount == 0 }

// Filter selects items of a reconciliation.
type Filter struct {
	Connection int64 // 0: all
	Name       Name
	State      string // "" open, "explained", "all"
	Cause      string
	Currency   money.Currency
	Text       string // part of the key or the detail
	From, To   period.Date
	PageSize   int
	After      Place
}

// Place is an item's place in the list: the oldest first.
type Place struct {
	Since period.Date
	ID    int64
}

// Place of the item.
func (i Item) Place() Place { return Place{i.Since, i.ID} }

func (f Filter) pattern() string {
	if f.Text == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(f.Text) + "%"
}

// Group is what is open of one cause; Bucket of one age.
type (
	Group struct {
		Cause  string
		Items  int64
		Amount money.Amount
		Oldest period.Date
	}
	Bucket struct {
		Days   int // up to; 91: more than 90
		Items  int64
		Amount money.Amount
	}
)

// Suggestion is an item that would come to nothing together with another one.
type Suggestion struct {
	ID            int64
	Key           string
	Difference    money.Amount
	Cause, Detail string
	Since         period.Date
	Why           string
}

// Title names the reconciliation; Left and Right name its sides.
func (n Name) Title() string { return n.words()[0] }

// Left is the side named first.
func (n Name) Left() string { return n.words()[1] }

// Right is what it is held against.
func (n Name) Right() string { return n.words()[2] }

func (n Name) words() [3]string {
	switch n {
	case Orders:
		return [3]string{"Settlements and orders", "Settlement lines", "Amazon orders"}
	case Invoices:
		return [3]string{"Settlements and invoices", "Settlement lines", "P21 invoices"}
	case Returns:
		return [3]string{"Refunds and returns", "Refunds", "Returns and P21 RMAs"}
	case Deposits:
		return [3]string{"Deposits and bank", "Deposits", "Bank statement lines"}
	case Accounts:
		return [3]string{"GL accounts", "Entries posted", "P21 GL balance"}
	case Stock:
		return [3]string{"FBA quantities", "Amazon's warehouses", "P21 FBA location"}
	case Journals:
		return [3]string{"Journals read back", "Entries posted", "P21 journals"}
	}
	return [3]string{string(n), "", ""}
}
