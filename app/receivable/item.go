// Package receivable reconciles what P21 has invoiced for Amazon orders with
// what Amazon's settlements pay of them, order by order.
package receivable

import (
	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// Item is an Amazon order in one currency on the receivable. Amounts are from
// the seller's side: refunds and credit memos are below zero.
type Item struct {
	ConnectionID   int64
	ConnectionName string

	Order     string // Amazon's id
	Currency  money.Currency
	Invoices  []string // numbers in P21, credit memos too
	Bills     int      // how many of them are no credit memos
	Invoiced  decimal.Decimal
	Credited  decimal.Decimal
	Date      period.Date // of the first invoice; zero without one
	IsSettled bool
	Paid      Parts
	// Tolerance is up to which difference is rounding, as the connection's policy
	// had it when the item was judged.
	Tolerance decimal.Decimal
}

// Parts are what settlements pay of an order.
type Parts struct {
	Principal, Shipping, Tax, Promotion, Refund decimal.Decimal
}

// Total returns the sum of the parts.
func (p Parts) Total() decimal.Decimal {
	return p.Principal.Add(p.Shipping).Add(p.Tax).Add(p.Promotion).Add(p.Refund)
}

// Due is what P21 says Amazon owes.
func (i Item) Due() decimal.Decimal { return i.Invoiced.Add(i.Credited) }

// Difference is what stays on the receivable: due less paid.
func (i Item) Difference() decimal.Decimal { return i.Due().Sub(i.Paid.Total()) }

// State says how far an item is.
type State string

// The states of an item.
const (
	Open       State = "open"       // invoiced, not settled
	Paid       State = "paid"       // both sides agree
	Variance   State = "variance"   // both sides are there and differ
	NotInvoice State = "no_invoice" // settled without an invoice
	Void       State = "void"       // taken back in full on the one side that there is
)

// State returns the item's state.
func (i Item) State() State {
	switch {
	case len(i.Invoices) == 0 && i.Paid.Total().IsZero():
		return Void
	case len(i.Invoices) == 0:
		return NotInvoice
	case !i.IsSettled && i.Due().IsZero():
		return Void
	case !i.IsSettled:
		return Open
	case i.Difference().IsZero():
		return Paid
	}
	return Variance
}

// Age returns the days since the first invoice; 0 without one.
func (i Item) Age(today period.Date) int {
	if i.Date == (period.Date{}) {
		return 0
	}
	return int(today.Time().Sub(i.Date.Time()).Hours() / 24)
}
