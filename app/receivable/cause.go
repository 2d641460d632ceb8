package receivable

import (
	"fmt"

	"github.com/shopspring/decimal"

	"tieout/app/money"
)

// Cause names why both sides of an item differ.
type Cause string

// The causes, in the order in which they are tried.
const (
	Rounding         Cause = "rounding"
	MissingInvoice   Cause = "missing_invoice"
	DuplicateInvoice Cause = "duplicate_invoice"
	RefundNotInP21   Cause = "refund_not_in_p21"
	PromotionNotIn   Cause = "promotion_not_in_p21"
	ShippingNotIn    Cause = "shipping_not_in_p21"
	TaxDiffers       Cause = "tax"
	PriceOrQuantity  Cause = "price_or_quantity"
)

// Reason is a cause with what speaks for it.
type Reason struct {
	Cause Cause
	Text  string
}

// Explain returns why the item's sides differ; false when there is nothing to
// explain: they agree, or Amazon has not settled yet. Differences up to the
// item's tolerance are rounding.
func Explain(i Item) (Reason, bool) {
	switch i.State() {
	case Open, Paid, Void:
		return Reason{}, false
	case NotInvoice:
		return Reason{MissingInvoice, "Amazon settled " + i.text(i.Paid.Total()) + "; P21 has no invoice of the order."}, true
	}
	rest := i.Difference()
	if rest.Abs().LessThanOrEqual(i.Tolerance) {
		return Reason{Rounding, fmt.Sprintf("The difference of %s is within the tolerance of %s.", i.text(rest), i.text(i.Tolerance))}, true
	}
	if i.Bills > 1 && rest.Mul(decimal.NewFromInt(int64(i.Bills))).Equal(i.Invoiced.Mul(decimal.NewFromInt(int64(i.Bills-1)))) {
		return Reason{DuplicateInvoice, fmt.Sprintf("P21 has %d invoices; one of them is what Amazon settled.", i.Bills)}, true
	}
	for _, p := range i.missing() {
		if !p.amount.IsZero() && rest.Equal(p.amount.Neg()) {
			return Reason{p.cause, fmt.Sprintf("The difference is exactly the %s of %s.", p.name, i.text(p.amount))}, true
		}
	}
	return Reason{PriceOrQuantity, fmt.Sprintf("P21 invoiced %s, Amazon settled %s; no single part of the settlement is the difference of %s.",
		i.text(i.Due()), i.text(i.Paid.Total()), i.text(rest))}, true
}

// part is an amount of a settlement that an invoice may lack.
type part struct {
	cause  Cause
	name   string
	amount decimal.Decimal
}

// missing returns what the invoice may lack, the most telling first.
func (i Item) missing() []part {
	return []part{
		{RefundNotInP21, "refund", i.Paid.Refund},
		{PromotionNotIn, "promotion", i.Paid.Promotion},
		{ShippingNotIn, "shipping and gift wrap", i.Paid.Shipping},
		{TaxDiffers, "tax", i.Paid.Tax},
	}
}

func (i Item) text(d decimal.Decimal) string {
	return money.Format(d, i.Currency) + " " + string(i.Currency)
}

// Causes are all causes, in the order in which they are tried.
func Causes() []Cause {
	return []Cause{Rounding, MissingInvoice, DuplicateInvoice, RefundNotInP21, PromotionNotIn, ShippingNotIn, TaxDiffers, PriceOrQuantity}
}

// Title is the cause in words.
func (c Cause) Title() string {
	switch c {
	case Rounding:
		return "Rounding"
	case MissingInvoice:
		return "Not invoiced"
	case DuplicateInvoice:
		return "Invoiced twice"
	case RefundNotInP21:
		return "Refund not in P21"
	case PromotionNotIn:
		return "Promotion not in P21"
	case ShippingNotIn:
		return "Shipping not in P21"
	case TaxDiffers:
		return "Tax"
	case PriceOrQuantity:
		return "Price or quantity"
	}
	return string(c)
}
