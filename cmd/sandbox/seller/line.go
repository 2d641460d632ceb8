package seller

import "time"

// Line is one detail row of a settlement. Cents is the amount in minor units,
// from the seller's side.
type Line struct {
	Type, OrderID, MerchantOrderID, AdjustmentID, ShipmentID, Market string
	AmountType, Description                                          string
	Cents                                                            int64
	Fulfillment                                                      string
	Posted                                                           time.Time
	ItemCode, MerchantItemID, AdjustmentItemID, SKU                  string
	Quantity                                                         int
	Promotion                                                        string
	Short                                                            bool // 23 fields: Amazon leaves the last tab out on liquidations
}

// other is the transaction type, and often the amount type, of what belongs to no order.
const other = "other-transaction"

// posting returns a line that belongs to no order.
func posting(description string, cents int64, posted time.Time) Line {
	return Line{Type: other, AmountType: other, Description: description, Cents: cents, Posted: posted}
}

// fee returns a fee as Amazon has named them since 2024: its name is the amount
// type, the description says which part of it this is.
func fee(kind, name, part string, cents int64, posted time.Time) Line {
	return Line{Type: kind, AmountType: name, Description: part, Cents: cents, Posted: posted}
}

// adder takes one amount of an order's item.
type adder func(amountType, description string, cents int64)

// nonZero adds an amount unless there is none.
func nonZero(add adder, amountType, description string, cents int64) {
	if cents != 0 {
		add(amountType, description, cents)
	}
}

// amounts returns an adder that yields line once per amount, and the error of
// the yield that failed first.
func amounts(line Line, promotion string, yield func(Line) error) (adder, *error) {
	var failed error
	return func(amountType, description string, cents int64) {
		line.AmountType, line.Description, line.Cents, line.Promotion = amountType, description, cents, ""
		if amountType == "Promotion" {
			line.Promotion = promotion
		}
		if failed == nil {
			failed = yield(line)
		}
	}, &failed
}
