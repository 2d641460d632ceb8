package seller

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"time"
)

// Transaction is one movement of a seller's money as the Finances API tells it:
// at once when it happens, long before a settlement has it. Lines are those of
// the settlement that will carry it.
type Transaction struct {
	ID       string
	Type     string // Shipment, Refund, ServiceFee...
	OrderID  string
	Market   string    // as marketplace-name says it
	Posted   time.Time // when it happened
	Released time.Time // when Amazon lets the money go; Posted where it holds nothing back
	Cycle    int       // whose settlement carries it
	Lines    []Line
}

// Held reports whether Amazon holds the money back for a while.
func (t Transaction) Held() bool { return t.Released.After(t.Posted) }

// Cents is what the seller gets.
func (t Transaction) Cents() (sum int64) {
	for _, l := range t.Lines {
		sum += l.Cents
	}
	return sum
}

// Transactions returns what happened in a span of time, in order of time. The
// reserve that a cycle ends with is posted after its end, when the next begins.
func (b *Books) Transactions(since, until time.Time) []Transaction {
	a := b.account
	if !until.After(a.First) {
		return nil
	}
	list := a.orderTransactions(since, until)
	first := max(int(since.Sub(a.First)/a.Cycle)-1, 0)
	for n := first; n <= int(until.Sub(a.First)/a.Cycle); n++ {
		list = append(list, b.cycleTransactions(n, since, until)...)
	}
	slices.SortStableFunc(list, func(x, y Transaction) int { return x.Posted.Compare(y.Posted) })
	return list
}

// orderTransactions are what orders bring and cost.
func (a *Account) orderTransactions(since, until time.Time) []Transaction {
	base := a.First.Truncate(day)
	var list []Transaction
	add := func(t Transaction, lines func(*order, func(Line) error) error, o *order) {
		if t.Posted.Before(since) || !t.Posted.Before(until) || t.Released.Before(a.First) {
			return
		}
		_ = lines(o, func(l Line) error { // never fails
			t.Lines = append(t.Lines, l)
			return nil
		})
		t.OrderID, t.Market, t.Cycle = o.id, t.Lines[0].Market, int(t.Released.Sub(a.First)/a.Cycle)
		t.ID = a.transactionID(t.Type, o.id, 0)
		list = append(list, t)
	}
	for d := max(int(since.Sub(base)/day)-longestReturn, 0); d <= int(until.Sub(base)/day); d++ {
		for _, o := range a.ordersOf(d) {
			if !o.placed.Before(a.First) {
				add(Transaction{Type: "Shipment", Posted: o.placed, Released: a.released(&o)}, a.sale, &o)
			}
			for _, e := range a.events(&o) {
				at := o.placed.Add(e.after)
				add(Transaction{Type: e.kind, Posted: at, Released: at}, e.lines, &o)
			}
		}
	}
	return list
}

// cycleTransactions are what a cycle brings besides orders, one per line.
func (b *Books) cycleTransactions(n int, since, until time.Time) []Transaction {
	a, before := b.account, Settlement{}
	if n > 0 {
		before = b.Settlement(n - 1)
	}
	lines := append(a.opening(n, before), a.services(n)...)
	if a.End(n).Before(until) {
		if held := b.Settlement(n).held; held > 0 {
			lines = append(lines, a.reserve(n, held))
		}
	}
	var list []Transaction
	for i, l := range lines {
		if l.Posted.Before(since) || !l.Posted.Before(until) {
			continue
		}
		list = append(list, Transaction{ID: a.transactionID("cycle", fmt.Sprint(n), i), Type: transactionType(l), OrderID: l.OrderID, Market: l.Market,
			Posted: l.Posted, Released: l.Posted, Cycle: n, Lines: []Line{l}})
	}
	return list
}

// transactionType is what the Finances API calls the kind of a line that stands alone.
func transactionType(l Line) string {
	switch {
	case l.AmountType == "FBA Inventory Reimbursement":
		return "FBAInventoryReimbursement"
	case l.Type == "Liquidations":
		return "RemovalShipment"
	case l.AmountType == "Cost of Advertising" || l.AmountType == "Refund for Advertiser":
		return "ProductAdsPayment"
	case l.Description == "Current Reserve Amount" || l.Description == "Previous Reserve Amount Balance":
		return "Adjustment"
	case l.Description == "Payable to Amazon" || l.Description == "Successful charge":
		return "DebtRecovery"
	case l.Description == bounced || l.AmountType == "Micro Deposit":
		return "Transfer"
	case l.Description == "Amazon Capital Services":
		return "LoanServicing"
	}
	return "ServiceFee"
}

// transactionID looks like Amazon's: 43 letters that say nothing.
func (a *Account) transactionID(what, of string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %s %s %d", a.Seed, a.Key, what, of, n))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
