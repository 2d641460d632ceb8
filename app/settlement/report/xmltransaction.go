package report

import (
	"bytes"

	"tieout/app/money"
)

// The structure of transactions is not published in full; these names are
// from SettlementReport.xsd and from public programs that read real files.

// itemTransactions are the transactions about order items, with their V2 names.
var itemTransactions = map[string][]byte{
	"Order":                  []byte("Order"),
	"Refund":                 []byte("Refund"),
	"Adjustment":             []byte("Refund"),
	"Chargeback":             []byte("Chargeback Refund"),
	"GuaranteeClaim":         []byte("A-to-z Guarantee Refund"),
	"Retrocharge":            []byte("Order_Retrocharge"),
	"RetrochargeReversal":    []byte("Refund_Retrocharge"),
	"Liquidations":           []byte("Liquidations"),
	"LiquidationsAdjustment": []byte("Liquidations Adjustments"),
}

// xmlGroups are the elements that V2 has an amount type for.
var xmlGroups = map[string][]byte{
	"ItemPrice": typeItemPrice, "ItemPriceAdjustments": typeItemPrice,
	"ItemFees": typeItemFees, "ItemFeeAdjustments": typeItemFees, "Fees": typeItemFees, "Fee": typeItemFees,
	"Promotion": typePromotion, "PromotionAdjustment": typePromotion, "PromotionAdjustments": typePromotion,
	"ShipmentFees": typeShipmentFees, "ShipmentFeeAdjustments": typeShipmentFees,
	"OrderFee": typeOrderFees, "OrderFees": typeOrderFees, "OrderFeeAdjustments": typeOrderFees,
	"DirectPayment": typeDirectPayment,
}

// xmlAmount is one amount of a transaction with all that stands around it.
type xmlAmount struct {
	around      surroundings
	text        []byte
	currency    string
	element     string // Amount, BaseAmount, ...
	parent      string // element that holds it
	group       []byte // amount type of V2, nil when there is none
	description []byte
	depth       int
	value       money.Units
}

// surroundings are the ids that an element gives to all amounts in it.
type surroundings struct {
	line           Line // only its ids
	posted         []byte
	quantity       []byte
	marketplace    []byte
	fulfillment    []byte
	name           []byte // TransactionType
	kind           []byte // Type of the innermost element that has one
	reason, coupon []byte
}

// take notes a leaf and reports whether it is one of the ids.
func (s *surroundings) take(e *element) {
	switch e.name {
	case "AmazonOrderID", "OrderId":
		s.line.OrderID = e.text
	case "MerchantOrderID":
		s.line.MerchantOrderID = e.text
	case "AdjustmentID":
		s.line.AdjustmentID = e.text
	case "ShipmentID":
		s.line.ShipmentID = e.text
	case "AmazonOrderItemCode", "OrderItemCode":
		s.line.OrderItemCode = e.text
	case "MerchantOrderItemID":
		s.line.MerchantOrderItemID = e.text
	case "MerchantAdjustmentItemID":
		s.line.MerchantAdjustmentID = e.text
	case "SKU":
		s.line.SKU = e.text
	case "MerchantPromotionID":
		s.line.PromotionID = e.text
	case "Quantity":
		s.quantity = e.text
	case "PostedDate":
		s.posted = e.text
	case "MarketplaceName":
		s.marketplace = e.text
	case "MerchantFulfillmentID":
		s.fulfillment = e.text
	case "TransactionType":
		s.name = e.text
	case "Type", "FeeType", "ChargeType", "DealFeeType":
		s.kind = e.text
	case "ReasonDescription":
		s.reason = e.text
	case "SellerCouponDescription", "CouponDescription":
		s.coupon = e.text
	}
}

// isMoney reports whether a leaf is an amount.
func (e *element) isMoney() bool {
	return len(e.children) == 0 && (e.currency != "" || bytes.HasSuffix([]byte(e.name), []byte("Amount")))
}

// first returns the text of the first element of that name at any depth.
func (e *element) first(name string) []byte {
	for _, child := range e.children {
		if child.name == name {
			return child.text
		}
		if text := child.first(name); text != nil {
			return text
		}
	}
	return nil
}

// transaction reads one transaction into lines. As with rows, all amounts are
// read before the first is handed over.
func (x *xmlReader) transaction(e *element) error {
	x.values = x.values[:0]
	// Fees of a whole shipment stand beside the fulfilment that dates them.
	outside := surroundings{posted: e.first("PostedDate"), fulfillment: e.first("MerchantFulfillmentID")}
	x.collect(e, outside, nil, 0)
	for i := range x.values {
		a := &x.values[i]
		if a.currency != "" && a.currency != string(x.currency()) {
			x.problem(a.element, []byte(a.currency), RuleCurrencyOther)
			return nil
		}
		var rule string
		if a.value, rule = x.amounts.parse(a.text, x.currency()); rule != "" {
			x.problem(a.element, a.text, rule)
			return nil
		}
	}
	counted, rule := withoutTotals(x.values)
	if rule != "" {
		x.problem(e.name, nil, rule)
		return nil
	}
	if len(counted) == 0 {
		x.problem(e.name, nil, RuleAmountMissing)
		return nil
	}
	return x.emitAll(e.name, counted)
}

// collect finds the amounts of an element: ids first, for what stands deeper
// inherits them.
func (x *xmlReader) collect(e *element, around surroundings, group []byte, depth int) {
	around.kind = nil
	for _, child := range e.children {
		if len(child.children) == 0 && !child.isMoney() {
			around.take(child)
		}
	}
	for _, child := range e.children {
		if len(child.children) > 0 {
			inner := group
			if known := xmlGroups[child.name]; known != nil && (group == nil || child.name != "Fee") {
				inner = known
			}
			x.collect(child, around, inner, depth+1)
			continue
		}
		if child.isMoney() {
			x.values = append(x.values, xmlAmount{around: around, text: child.text, currency: child.currency,
				element: child.name, parent: e.name, group: group, description: around.kind, depth: depth})
		}
	}
}

// withoutTotals leaves out amounts that are the sum of others in the same
// transaction. TransactionAmount and TotalAmount say so by their names and must
// agree; an Amount beside its own parts is their sum when it equals it. Amounts
// per unit sold (OtherTransactionItem) never count beside the Amount otherwise.
func withoutTotals(amounts []xmlAmount) ([]xmlAmount, string) {
	var parts []xmlAmount
	var total, direct *xmlAmount
	var sum money.Units
	items := true
	for i := range amounts {
		a := &amounts[i]
		switch {
		case a.depth == 0 && (a.element == "TransactionAmount" || a.element == "TotalAmount"):
			total = a
			continue
		case a.depth == 0 && a.element == "Amount":
			direct = a
			continue
		}
		var fits bool
		if sum, fits = sum.Add(a.value); !fits {
			return nil, RuleAmountRange
		}
		items = items && (a.parent == "OtherTransactionItem" || a.parent == "Item")
		parts = append(parts, *a)
	}
	switch {
	case total != nil && direct == nil && len(parts) == 0:
		return []xmlAmount{*total}, ""
	case total != nil && direct != nil && total.value != direct.value+sum && total.value != direct.value,
		total != nil && direct == nil && total.value != sum:
		return nil, RuleTotalDiffers
	case direct == nil || (len(parts) > 0 && sum == direct.value):
		return parts, ""
	case items:
		one := *direct
		if len(parts) == 1 {
			one.around.line.SKU, one.around.quantity = parts[0].around.line.SKU, parts[0].around.quantity
		}
		return []xmlAmount{one}, ""
	}
	return append(parts, *direct), ""
}

// emitAll hands the amounts over as the parts of one row.
func (x *xmlReader) emitAll(transaction string, amounts []xmlAmount) error {
	row := x.line
	posted, quantities := make([]int64, len(amounts)), make([]int32, len(amounts))
	for i := range amounts {
		around := &amounts[i].around
		if rule := x.dates.parse(around.posted, &posted[i]); rule != "" {
			x.problem("PostedDate", around.posted, rule)
			return nil
		}
		var ok bool
		if quantities[i], ok = readQuantity(around.quantity); !ok {
			x.problem("Quantity", around.quantity, RuleQuantity)
			return nil
		}
	}
	for i := range amounts {
		a := &amounts[i]
		names := a.names(transaction)
		kind, err := x.kind(a.around.marketplace, names.transaction, names.amountType, names.description)
		if err != nil || kind == nil {
			return err
		}
		x.line = a.around.line
		x.line.Row, x.line.Offset, x.line.Length, x.line.Part = row.Row, row.Offset, row.Length, i
		x.line.Kind, x.line.Amount, x.line.Posted = kind, a.value, posted[i]
		x.line.Quantity, x.line.HasQuantity = quantities[i], len(a.around.quantity) > 0
		x.line.Fulfillment = x.intern(a.around.fulfillment)
		if err := x.emit(); err != nil {
			return err
		}
	}
	return nil
}

// names gives an amount the names of V2. What V2 has no names for keeps those
// of the XML: it is counted, and no mapping rule will match it unseen.
func (a *xmlAmount) names(transaction string) part {
	if known := itemTransactions[transaction]; known != nil {
		return a.itemNames(known)
	}
	switch transaction {
	case "AdvertisingTransactionDetails":
		if a.element == "TaxAmount" {
			return part{transaction: []byte("ServiceFee"), amountType: typeAdvertising, description: []byte("TaxAmount")}
		}
		return part{transaction: []byte("ServiceFee"), amountType: typeAdvertising, description: typeTransactionTotal}
	case "SellerCouponPayment":
		name := []byte("CouponRedemptionFee")
		return part{transaction: name, amountType: name, description: firstOf(a.around.coupon, a.description, name)}
	case "OtherFee":
		return part{transaction: firstOf(a.around.name, otherTransaction), amountType: typeOtherFee,
			description: firstOf(a.around.reason, a.description, typeOtherFee)}
	case "OtherTransaction", "MiscEvent":
		name := firstOf(a.around.name, a.description, []byte(transaction))
		if a.group == nil && (a.depth == 0 || a.parent == "OtherTransactionItem" || a.parent == "Item") {
			return accountEvent(name)
		}
		if !ofItems(name) {
			name = otherTransaction
		}
		return a.itemNames(name)
	}
	return part{transaction: firstOf(a.around.name, []byte(transaction)),
		amountType:  firstOf(a.group, []byte(transaction)),
		description: firstOf(a.description, []byte(a.element))}
}

// itemNames gives names to an amount of an order item.
func (a *xmlAmount) itemNames(transaction []byte) part {
	description := firstOf(a.description, []byte(a.parent))
	switch {
	case a.parent == "BaseTax":
		return part{transaction: transaction, amountType: typeItemPrice, description: []byte("Tax")}
	case a.parent == "ShippingTax":
		return part{transaction: transaction, amountType: typeItemPrice, description: []byte("ShippingTax")}
	case string(description) == "LiquidationsBrokerageFee":
		return part{transaction: transaction, amountType: typeItemFees, description: description}
	case bytes.Equal(a.group, typeItemPrice), a.group == nil && a.parent == "Component":
		return part{transaction: transaction, amountType: priceGroup(description), description: description}
	case a.parent == "Charge":
		return part{transaction: transaction, amountType: typeWithheldTax, description: description}
	}
	return part{transaction: transaction, amountType: firstOf(a.group, []byte(a.parent)), description: description}
}

func firstOf(values ...[]byte) []byte {
	for _, value := range values {
		if len(value) > 0 {
			return value
		}
	}
	return nil
}
