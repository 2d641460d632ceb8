package report

import "bytes"

// Names of V2 that V1 and XML have other words, or none, for.
var (
	typeItemPrice        = []byte("ItemPrice")
	typeItemFees         = []byte("ItemFees")
	typeWithheldTax      = []byte("ItemWithheldTax")
	typeItemTCS          = []byte("ItemTCS")
	typeItemTDS          = []byte("ItemTDS")
	typePoints           = []byte("Points")
	typeShipmentFees     = []byte("ShipmentFees")
	typeOrderFees        = []byte("OrderFees")
	typePromotion        = []byte("Promotion")
	typeDirectPayment    = []byte("DirectPayment")
	typeMiscFee          = []byte("MiscFee")
	typeOtherFee         = []byte("OtherFee")
	typeTransactionTotal = []byte("TransactionTotalAmount")
	typeAdvertising      = []byte("Cost of Advertising")
	typeReimbursement    = []byte("FBA Inventory Reimbursement")
	otherTransaction     = []byte("other-transaction")
	otherTransactions    = []byte("other transactions")
)

// priceGroup is the amount type of V2 for what V1 and XML both call a price:
// withheld tax and points stand among the prices there.
func priceGroup(name []byte) []byte {
	switch {
	case bytes.HasPrefix(name, []byte("MarketplaceFacilitator")), bytes.HasPrefix(name, []byte("LowValueGoodsTax")):
		return typeWithheldTax
	case bytes.HasPrefix(name, []byte("TCS-")):
		return typeItemTCS
	case bytes.HasPrefix(name, []byte("TDS ")):
		return typeItemTDS
	case bytes.HasPrefix(name, []byte("Points")):
		return typePoints
	}
	return typeItemPrice
}

// accountEvent gives the names of V2 for money that belongs to no item. V1's
// transaction type is V2's description: "Storage Fee" becomes other-transaction
// / other-transaction / Storage Fee, "WAREHOUSE_DAMAGE" the same with the
// amount type of reimbursements. A few have their own transaction type in V2.
func accountEvent(name []byte) part {
	switch string(name) {
	case "":
		return part{amountType: otherTransaction, description: otherTransaction}
	case "Micro Deposit":
		return part{transaction: []byte("Transfers"), amountType: name, description: name}
	case "SAFE-T Reimbursement":
		return part{transaction: name, amountType: otherTransactions, description: name}
	case "Seller Rewards", "Vine Enrollment Fee":
		return part{transaction: name, amountType: name, description: name}
	case "Commingling VAT":
		return part{transaction: name, amountType: otherTransaction, description: name}
	case "Manual Processing Fee Reimbursement":
		return part{transaction: otherTransaction, amountType: name, description: name}
	}
	if ofItems(name) {
		return part{transaction: name, amountType: otherTransaction, description: otherTransaction}
	}
	group := otherTransaction
	if isReasonCode(name) {
		group = typeReimbursement
	}
	return part{transaction: otherTransaction, amountType: group, description: name}
}

// ofItems reports whether a transaction is about order items, so that its
// name does not say what the money is.
func ofItems(transaction []byte) bool {
	switch string(transaction) {
	case "Order", "Refund", "Chargeback Refund", "A-to-z Guarantee Refund", "Order_Retrocharge",
		"Refund_Retrocharge", "Liquidations", "Liquidations Adjustments", "ServiceFee":
		return true
	}
	return false
}

// isReasonCode recognises the codes of inventory reimbursements:
// WAREHOUSE_LOST, CS_ERROR_ITEMS.
func isReasonCode(name []byte) bool {
	underscore := false
	for _, b := range name {
		switch {
		case b == '_':
			underscore = true
		case (b < 'A' || b > 'Z') && (b < '0' || b > '9'):
			return false
		}
	}
	return underscore && name[0] != '_'
}
