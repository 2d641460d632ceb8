package seller

import (
	"fmt"
	"time"
)

// period returns the lines of a cycle that belong to no order, in order of
// time: what Amazon charges and pays besides.
func (a *Account) period(n int) []Line {
	start, chance := a.Start(n), a.chance("period", n)
	scale := int64(max(a.OrdersPerDay, 4))
	at := func(hours int) time.Time {
		return start.Add(time.Duration(hours)*time.Hour + time.Duration(chance.IntN(3600))*time.Second)
	}
	var lines []Line
	add := func(l ...Line) { lines = append(lines, l...) }
	if n%2 == 0 {
		add(account(other, "Storage Fee", -scale*45-chance.Int64N(900), at(30)))
		add(account(other, "Subscription Fee", -3999, at(40)))
	} else {
		add(Line{Type: "FBAFees", AmountType: "FBA Inventory Storage Fee", Description: "Base fee", Cents: -scale*21 - chance.Int64N(500), Posted: at(30)})
	}
	if n%3 == 0 {
		add(account(other, "StorageRenewalBilling", -scale*12-chance.Int64N(400), at(50)))
	}
	for k := range 4 {
		add(Line{Type: "ServiceFee", AmountType: "Cost of Advertising", Description: "TransactionTotalAmount", Cents: -scale*60 - chance.Int64N(3000), Posted: at(20 + 80*k)})
	}
	add(Line{Type: other, ShipmentID: "FBA" + word(chance, 9), AmountType: other, Description: "FBAInboundTransportationFee", Cents: -scale*25 - chance.Int64N(2000), Posted: at(100)})
	if n%4 == 1 {
		add(Line{Type: "FBAFees", OrderID: "FBA" + word(chance, 9), AmountType: "FBA Inbound Placement Service Fee", Description: "Base fee", Cents: -scale * 18, Posted: at(101)})
	}
	a.reimbursements(n, chance.IntN(4)+1, at, add)
	if n%5 == 2 {
		a.liquidation(chance.Int64N(1e14), at(200), add)
		add(Line{Type: "CouponRedemptionFee", Market: a.Markets[0].Name, AmountType: "CouponRedemptionFee", Description: fmt.Sprintf("Save 10%% on \"Brew\" week %d", n), Cents: -1260, Posted: at(150)})
	}
	if n%6 == 3 {
		add(account(other, "RemovalComplete", -1040, at(160)), account(other, "DisposalComplete", -325, at(161)))
	}
	if a.Lean > 0 && n%a.Lean == a.Lean-1 {
		// Inbound freight for the season eats more than a cycle brings in.
		add(Line{Type: other, ShipmentID: "FBA" + word(chance, 9), AmountType: other, Description: "FBA International Freight Shipping Charge", Cents: -scale * 75000, Posted: at(300)})
	}
	if n == a.NovelCycle {
		add(Line{Type: "FBAFees", AmountType: "Seasonal Sortation Surcharge", Description: "Base charge", Cents: -18240, Posted: at(250)})
		add(account(other, "Vendor Returns Rebate", 5275, at(260)))
	}
	return lines
}

func (a *Account) reimbursements(n, count int, at func(int) time.Time, add func(...Line)) {
	reasons := []string{"WAREHOUSE_LOST", "WAREHOUSE_DAMAGE", "REVERSAL_REIMBURSEMENT", "CS_ERROR_ITEMS", "MISSING_FROM_INBOUND"}
	chance := a.chance("reimbursements", n)
	for range count {
		x := catalog[chance.IntN(len(catalog))]
		add(Line{Type: other, AmountType: "FBA Inventory Reimbursement", Description: reasons[chance.IntN(len(reasons))], Cents: x.cents * 7 / 10,
			Posted: at(chance.IntN(320)), SKU: x.sku, Quantity: 1})
	}
	if n%4 == 3 {
		x := catalog[chance.IntN(len(catalog))]
		add(Line{Type: other, AmountType: "FBA Inventory Reimbursement", Description: "COMPENSATED_CLAWBACK", Cents: -x.cents * 7 / 10, Posted: at(310), SKU: x.sku, Quantity: 1})
	}
}

func (a *Account) liquidation(order int64, posted time.Time, add func(...Line)) {
	id := fmt.Sprintf("%014d", order)
	base := Line{Type: "Liquidations", OrderID: id, MerchantOrderID: "Q" + id[:8], ShipmentID: id, Posted: posted, SKU: "B0TIEOUT01", Quantity: 1, Short: true}
	sale, fee := base, base
	sale.AmountType, sale.Description, sale.Cents = "ItemPrice", "Principal", 629
	fee.AmountType, fee.Description, fee.Cents = "ItemFees", "LiquidationsBrokerageFee", -138
	add(sale, fee)
}
