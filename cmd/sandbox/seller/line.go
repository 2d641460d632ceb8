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
	ItemCode, AdjustmentItemID, SKU                                  string
	Quantity                                                         int
	Promotion                                                        string
	Short                                                            bool // 23 fields: Amazon leaves the last tab out on liquidations
}

const other = "other-transaction"

// account returns a line that belongs to no order.
func account(amountType, description string, cents int64, posted time.Time) Line {
	return Line{Type: other, AmountType: amountType, Description: description, Cents: cents, Posted: posted}
}
