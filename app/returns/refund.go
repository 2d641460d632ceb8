package returns

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Refund is what settlements gave back to the buyer of one SKU of an order.
// Settlements tell no quantity for refunds, so units cannot be compared.
type Refund struct {
	OrderID  string
	SKU      string
	Posted   time.Time
	Amount   decimal.Decimal // positive: the buyer got it back; negative: a refund was taken back
	Currency string
}

// Finding is what a refund check says about one SKU of an order.
type Finding string

// Findings that need a person, sooner or later.
const (
	NotRefunded Finding = "returned, not refunded"
	NotReturned Finding = "refunded, not returned" // Amazon may owe a reimbursement
)

// Checked is an SKU of an order with a finding.
type Checked struct {
	OrderID string
	SKU     string
	Finding Finding
	Since   time.Time                  // the last refund or the first return
	AtStake map[string]decimal.Decimal // refunded, by currency; empty when nothing was
}

// line is what returns and refunds are matched by.
type line struct{ order, sku string }

// Check matches returns to refunds by order and SKU and returns what is missing
// on either side for longer than patience, in the order of orders and SKUs.
// A refund that was taken back, in the same currency, was none.
func Check(returned []Return, refunded []Refund, patience time.Duration, now time.Time) []Checked {
	back, paid := map[line]time.Time{}, map[line]*Checked{}
	for _, r := range returned {
		at := line{r.OrderID, r.SKU}
		if first, ok := back[at]; !ok || r.Date.Before(first) {
			back[at] = r.Date
		}
	}
	for _, r := range refunded {
		add(paid, r)
	}
	maps.DeleteFunc(paid, func(_ line, c *Checked) bool {
		maps.DeleteFunc(c.AtStake, func(_ string, amount decimal.Decimal) bool { return !amount.IsPositive() })
		return len(c.AtStake) == 0
	})
	var found []Checked
	for at, since := range back {
		if paid[at] == nil && now.Sub(since) > patience {
			found = append(found, Checked{OrderID: at.order, SKU: at.sku, Finding: NotRefunded, Since: since})
		}
	}
	for at, refund := range paid {
		if _, came := back[at]; !came && now.Sub(refund.Since) > patience {
			found = append(found, *refund)
		}
	}
	slices.SortFunc(found, func(a, b Checked) int {
		return cmp.Or(cmp.Compare(a.OrderID, b.OrderID), cmp.Compare(a.SKU, b.SKU))
	})
	return found
}

func add(paid map[line]*Checked, r Refund) {
	at := line{r.OrderID, r.SKU}
	held, ok := paid[at]
	if !ok {
		held = &Checked{OrderID: r.OrderID, SKU: r.SKU, Finding: NotReturned, AtStake: map[string]decimal.Decimal{}}
		paid[at] = held
	}
	if r.Posted.After(held.Since) {
		held.Since = r.Posted
	}
	held.AtStake[r.Currency] = held.AtStake[r.Currency].Add(r.Amount)
}
