package finances

import (
	"strings"

	"tieout/app/mapping"
)

// settlesAs is the transaction type that settlements give to a type of the
// Finances API; what is not here has the settlement's name per charge.
var settlesAs = map[string]string{
	"Shipment":       "Order",
	"Refund":         "Refund",
	"Chargeback":     "Chargeback Refund",
	"GuaranteeClaim": "A-to-z Guarantee Refund",
	"Retrocharge":    "Order_Retrocharge",
}

// standing is what a charge becomes in a settlement: the amount type and its
// description, and the transaction type where the charge decides it.
type standing struct{ transactionType, amountType, description string }

// ofOrder are charges within an order, a refund or a claim. The key is the last
// name of a breakdown that says something: Base, Tax and Promo below a fee are
// parts of the fee, as the settlement has it in one amount.
//
// Amazon publishes no list. Names with a + were seen in sellers' data of 2025
// and 2026; the others follow from the settlement's own name.
var ofOrder = map[string]standing{
	"OurPricePrincipal":            {"", "ItemPrice", "Principal"},     // +
	"Principal":                    {"", "ItemPrice", "Principal"},     // Amazon's documentation
	"OurPriceTax":                  {"", "ItemPrice", "Tax"},           // +
	"BaseTax":                      {"", "ItemPrice", "Tax"},           // + corrections of tax
	"ShippingPrincipal":            {"", "ItemPrice", "Shipping"},      // +
	"ShippingTax":                  {"", "ItemPrice", "ShippingTax"},   // +
	"GiftwrapPrincipal":            {"", "ItemPrice", "GiftWrap"},      // +
	"GiftwrapTax":                  {"", "ItemPrice", "GiftWrapTax"},   // +
	"GoodwillPrincipal":            {"", "ItemPrice", "Goodwill"},      // +
	"RestockingDeductionPrincipal": {"", "ItemPrice", "RestockingFee"}, // +
	"RestockingDeductionTax":       {"", "ItemPrice", "Tax"},           // +
	"OurPriceDiscount":             {"", "Promotion", "Principal"},     // +
	"ShippingDiscount":             {"", "Promotion", "Shipping"},      // +
	"OurPriceTaxDiscount":          {"", "Promotion", "TaxDiscount"},
	"ShippingTaxDiscount":          {"", "Promotion", "TaxDiscount"},             // +
	"Commission":                   {"", "ItemFees", "Commission"},               // +
	"RefundCommission":             {"", "ItemFees", "RefundCommission"},         // +
	"FBAPerUnitFulfillmentFee":     {"", "ItemFees", "FBAPerUnitFulfillmentFee"}, // +
	"ShippingChargeback":           {"", "ItemFees", "ShippingChargeback"},       // +
	"GiftwrapChargeback":           {"", "ItemFees", "GiftwrapChargeback"},       // +
	"DigitalServicesFee":           {"", "ItemFees", "DigitalServicesFee"},
	"FixedClosingFee":              {"", "ItemFees", "FixedClosingFee"},
	"VariableClosingFee":           {"", "ItemFees", "VariableClosingFee"},

	"MarketplaceFacilitatorTax-Principal": {"", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal"}, // +
	"MarketplaceFacilitatorTax-Shipping":  {"", "ItemWithheldTax", "MarketplaceFacilitatorTax-Shipping"},  // +
	"MarketplaceFacilitatorTax-Other":     {"", "ItemWithheldTax", "MarketplaceFacilitatorTax-Other"},     // +
	"MarketplaceFacilitatorVAT-Principal": {"", "ItemWithheldTax", "MarketplaceFacilitatorVAT-Principal"}, // +
	"MarketplaceFacilitatorVAT-Shipping":  {"", "ItemWithheldTax", "MarketplaceFacilitatorVAT-Shipping"},  // +
	"LowValueGoodsTax-Principal":          {"", "ItemWithheldTax", "LowValueGoodsTax-Principal"},          // +
	"LowValueGoodsTax-Shipping":           {"", "ItemWithheldTax", "LowValueGoodsTax-Shipping"},           // +
}

const other = "other-transaction"

// alone are charges that belong to no order, by the transaction's type and the
// last name that says something.
var alone = map[[2]string]standing{
	{"ServiceFee", "FBAStorageFee"}:                                 {"FBAFees", "FBA Inventory Storage Fee", "Base fee"}, // +
	{"ServiceFee", "FBALongTermStorageFee"}:                         {"FBAFees", "FBA Long Term Storage Fee", "Base fee"}, // +
	{"ServiceFee", "FBAInboundTransportationFee"}:                   {other, other, "FBAInboundTransportationFee"},        // +
	{"ServiceFee", "FBA International Freight Shipping Charge"}:     {other, other, "FBA International Freight Shipping Charge"},
	{"ServiceFee", "FBAInboundConvenienceFee"}:                      {"FBAFees", "FBA Inbound Placement Service Fee", "Base fee"}, // +
	{"ServiceFee", "Unplanned Service Fee - Barcode label missing"}: {other, other, "Unplanned Service Fee - Barcode label missing"},
	{"ServiceFee", "FBARemovalFee"}:                                 {other, other, "RemovalComplete"},  // +
	{"ServiceFee", "FBADisposalFee"}:                                {other, other, "DisposalComplete"}, // +
	{"ServiceFee", "Subscription"}:                                  {other, other, "Subscription Fee"}, // +
	{"ServiceFee", "SubscriptionFeeCorrection"}:                     {other, other, "SubscriptionFeeCorrection"},
	{"ServiceFee", "PaidServicesFee"}:                               {other, other, "Paid Services Fee"},                        // +
	{"ServiceFee", "CustomerReturnHRRUnitFee"}:                      {other, "ItemFees", "FBACustomerReturnPerUnitFee"},         // +
	{"ServiceFee", "CouponParticipationFee"}:                        {"AmazonFees", "Coupon Participation Fee", "Base fee"},     // +
	{"ServiceFee", "CouponPerformanceFee"}:                          {"AmazonFees", "Coupon Performance Based Fee", "Base fee"}, // +
	{"ServiceFee", "CouponRedemptionFee"}:                           {"CouponRedemptionFee", "CouponRedemptionFee", "CouponRedemptionFee"},
	{"ServiceFee", "LightningDealFee"}:                              {"Lightning Deal Fee", "LightningDealFee", "LightningDealFee"},
	{"ServiceFee", "Vine Enrollment Fee"}:                           {"AmazonFees", "Vine Enrollment Fee", "Base fee"},
	{"ServiceFee", "Grade and Resell Charge"}:                       {"Grade and Resell Fees", "Grade and Resell Charge", "Grade and Resell Charge"},
	{"ServiceFee", "Item Fee Adjustment"}:                           {"Fee Adjustment", "Item Fee Adjustment", "FBA Pick & Pack Fee"},
	{"ServiceFee", "Adjustment"}:                                    {other, other, "Adjustment"},
	{"ProductAdsPayment", "AdvertisingFee"}:                         {"ServiceFee", "Cost of Advertising", "TransactionTotalAmount"},   // +
	{"ProductAdsPayment", "AdvertisingFeeRefund"}:                   {"ServiceFee", "Refund for Advertiser", "TransactionTotalAmount"}, // +
	{"Adjustment", "ReserveDebit"}:                                  {other, other, "Current Reserve Amount"},                          // +
	{"Adjustment", "ReserveCredit"}:                                 {other, other, "Previous Reserve Amount Balance"},                 // +
	{"RemovalShipment", "RecommerceLiquidation"}:                    {"Liquidations", "ItemPrice", "Principal"},                        // +
	{"RemovalShipment", "TaxOnRevenue"}:                             {"Liquidations", "ItemPrice", "Tax"},                              // +
	{"RemovalShipment", "AmazonFees"}:                               {"Liquidations", "ItemFees", "LiquidationsBrokerageFee"},          // +
	{"RemovalShipment", "LiquidationsBrokerageFee"}:                 {"Liquidations", "ItemFees", "LiquidationsBrokerageFee"},
	{"FBAInventoryReimbursement", "FBAInventoryReimbursement"}:      {other, "FBA Inventory Reimbursement", "REVERSAL_REIMBURSEMENT"}, // +
	{"FBAInventoryReimbursement", "FBAReversedReimbursement"}:       {other, "FBA Inventory Reimbursement", "COMPENSATED_CLAWBACK"},   // +
	{"DebtRecovery", "Payable to Amazon"}:                           {other, other, "Payable to Amazon"},
	{"DebtRecovery", "Successful charge"}:                           {other, other, "Successful charge"},
	{"LoanServicing", "Amazon Capital Services"}:                    {other, other, "Amazon Capital Services"},
	{"Transfer", "Micro Deposit"}:                                   {"Transfers", "Micro Deposit", "Micro Deposit"},
}

// taxOfFee are fees whose tax the settlement shows apart.
const taxOnFee = "Tax on fee"

// notKnown is the amount type of charges that no table knows. No shipped rule
// takes it: a person decides, by a rule of its own.
const notKnown = "Finances API"

// translate returns the kind of settlement amount that a leaf becomes. A path
// that is not known stays what it is.
func translate(transactionType string, path []string) mapping.Kind {
	names := path
	tax := false
	if n := len(names); n > 1 {
		switch names[n-1] {
		case "Base", "Promo":
			names = names[:n-1]
		case "Tax":
			names, tax = names[:n-1], true
		}
	}
	name := names[len(names)-1]
	if s, ok := alone[[2]string{transactionType, name}]; ok {
		if tax && s.description == "Base fee" {
			s.description = taxOnFee
		}
		return mapping.Kind{TransactionType: s.transactionType, AmountType: s.amountType, AmountDescription: s.description}
	}
	if t, ok := settlesAs[transactionType]; ok {
		if s, ok := ofOrder[name]; ok {
			return mapping.Kind{TransactionType: t, AmountType: s.amountType, AmountDescription: s.description}
		}
	}
	if s, ok := ofOrder[name]; ok && s.amountType == "ItemWithheldTax" && transactionType == "RemovalShipment" {
		return mapping.Kind{TransactionType: "Liquidations", AmountType: s.amountType, AmountDescription: s.description}
	}
	return mapping.Kind{TransactionType: "Finances " + transactionType, AmountType: notKnown, AmountDescription: strings.Join(path, " / ")}
}

// Known reports whether a kind is one of settlements.
func Known(k mapping.Kind) bool { return k.AmountType != notKnown }
