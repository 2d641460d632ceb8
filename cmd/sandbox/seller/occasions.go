package seller

import (
	"fmt"
	"time"
)

// product returns some product.
func (l *ledger) product() *Product { return &products[l.chance.IntN(len(products))] }

// reimbursements are for units that Amazon lost or damaged; now and then one is
// taken back under the same amount type.
func (l *ledger) reimbursements() {
	reasons := []string{"WAREHOUSE_LOST", "WAREHOUSE_DAMAGE", "REVERSAL_REIMBURSEMENT", "CS_ERROR_ITEMS", "MISSING_FROM_INBOUND", "FREE_REPLACEMENT_REFUND_ITEMS"}
	for range 1 + l.chance.IntN(4) {
		l.reimbursement(reasons[l.chance.IntN(len(reasons))], 1)
	}
	if l.n%4 == 3 {
		l.reimbursement("COMPENSATED_CLAWBACK", -1)
	}
	if l.n%8 == 6 {
		l.reimbursement("MISSING_FROM_INBOUND_CLAWBACK", -1)
	}
}

func (l *ledger) reimbursement(reason string, sign int64) {
	p := l.product()
	l.add(Line{Type: other, AmountType: "FBA Inventory Reimbursement", Description: reason, Cents: sign * part(l.price(p), 7000),
		Posted: l.at(l.chance.IntN(320)), SKU: p.SKU, Quantity: 1})
}

// promotions are what coupons, deals and reviews cost. Every redemption is a
// row; rows of one minute may be equal in everything.
func (l *ledger) promotions() {
	if l.n%3 == 1 {
		for _, m := range l.Markets {
			at := l.at(150)
			for k := range 3 + l.chance.IntN(6) {
				coupon := fee("CouponRedemptionFee", "CouponRedemptionFee", m.Coupon, -60, at.Add(time.Duration(k/2)*time.Minute))
				coupon.Market = m.Name
				l.add(coupon)
			}
		}
	}
	if month := l.Start(l.n).Month(); month == time.July || month == time.November {
		l.add(fee("Lightning Deal Fee", "LightningDealFee", "LightningDealFee", -15_000, l.at(60)))
	}
	if l.n%11 == 4 {
		l.add(fee("AmazonFees", "Vine Enrollment Fee", "Base fee", -20_000, l.at(70)))
	}
}

// occasions are what happens to some sellers, or seldom.
func (l *ledger) occasions() {
	if l.Key == "us" {
		l.lending()
		l.liquidations()
	}
	if l.n%4 == 2 {
		p := l.product()
		graded := fee("Grade and Resell Fees", "Grade and Resell Charge", p.Title, -275, l.at(210))
		graded.SKU = p.SKU
		l.add(graded)
	}
	if l.n%6 == 5 {
		measured := fee("Fee Adjustment", "Item Fee Adjustment", "FBA Pick & Pack Fee", 323-l.chance.Int64N(646), l.at(220))
		measured.SKU = l.product().SKU
		l.add(measured)
	}
	if l.n%9 == 3 {
		l.add(posting("Adjustment", -415, l.at(230)))
	}
	if l.n == l.NovelCycle {
		l.add(fee("FBAFees", "Seasonal Sortation Surcharge", "Base charge", -18_240, l.at(250)), posting("Vendor Returns Rebate", 5_275, l.at(260)))
	}
}

// lending is a loan that Amazon takes back in instalments.
func (l *ledger) lending() {
	if l.n >= 6 && l.n < 18 {
		l.add(posting("Amazon Capital Services", -l.scaled(620), l.at(330)))
	}
}

// liquidations sell off what came back: rows with one tab less, an ASIN for a
// SKU, no marketplace, and a number for an order.
func (l *ledger) liquidations() {
	if l.n%5 != 2 {
		return
	}
	for range 1 + l.chance.IntN(3) {
		id := fmt.Sprintf("%014d", l.chance.Int64N(1e14))
		p := l.product()
		row := Line{Type: "Liquidations", OrderID: id, MerchantOrderID: fmt.Sprintf("111-%07d-%07d", l.chance.IntN(1e7), l.chance.IntN(1e7)), ShipmentID: id,
			Posted: l.at(200), SKU: p.ASIN, Quantity: 1, Short: true}
		sale, broker := row, row
		sale.AmountType, sale.Description, sale.Cents = "ItemPrice", "Principal", part(l.price(p), 1800)
		broker.AmountType, broker.Description, broker.Cents = "ItemFees", "LiquidationsBrokerageFee", -part(sale.Cents, 2200)
		l.add(sale, broker)
	}
}
