package amazon

import (
	"slices"

	"tieout/cmd/sandbox/seller"
)

// chargeOf is what the Finances API calls an amount of an order's item: a group
// and the charge within it. Amazon publishes no list; these are names that
// sellers were seen to get.
var chargeOf = map[[2]string][2]string{
	{"ItemPrice", "Principal"}:               {"ProductCharges", "OurPricePrincipal"},
	{"ItemPrice", "Tax"}:                     {"Tax", "OurPriceTax"},
	{"ItemPrice", "Shipping"}:                {"Shipping", "ShippingPrincipal"},
	{"ItemPrice", "ShippingTax"}:             {"Tax", "ShippingTax"},
	{"ItemPrice", "GiftWrap"}:                {"Giftwrap", "GiftwrapPrincipal"},
	{"ItemPrice", "GiftWrapTax"}:             {"Tax", "GiftwrapTax"},
	{"ItemPrice", "Goodwill"}:                {"ProductCharges", "GoodwillPrincipal"},
	{"ItemPrice", "RestockingFee"}:           {"ProductCharges", "RestockingDeductionPrincipal"},
	{"Promotion", "Principal"}:               {"PromoRebates", "OurPriceDiscount"},
	{"Promotion", "Shipping"}:                {"PromoRebates", "ShippingDiscount"},
	{"Promotion", "TaxDiscount"}:             {"PromoRebates", "OurPriceTaxDiscount"},
	{"ItemFees", "GiftwrapChargeback"}:       {"AmazonFees", "GiftwrapChargeback"},
	{"ItemFees", "ShippingChargeback"}:       {"AmazonFees", "ShippingChargeback"},
	{"ItemFees", "DigitalServicesFee"}:       {"AmazonFees", "DigitalServicesFee"},
	{"ItemFees", "RefundCommission"}:         {"AmazonFees", "RefundCommission"},
	{"ItemFees", "Commission"}:               {"AmazonFees", "Commission"},
	{"ItemFees", "LiquidationsBrokerageFee"}: {"AmazonFees", "LiquidationsBrokerageFee"},
	{"ItemFees", "FBAPerUnitFulfillmentFee"}: {"AmazonFees", "FBAPerUnitFulfillmentFee"},
}

// feeOf is what it calls what belongs to no order, by amount type or description.
var feeOf = map[string]string{
	"FBACustomerReturnPerUnitFee":       "CustomerReturnHRRUnitFee",
	"Storage Fee":                       "FBAStorageFee",
	"FBA Inventory Storage Fee":         "FBAStorageFee",
	"StorageRenewalBilling":             "FBALongTermStorageFee",
	"FBA Long Term Storage Fee":         "FBALongTermStorageFee",
	"Subscription Fee":                  "Subscription",
	"Cost of Advertising":               "AdvertisingFee",
	"Refund for Advertiser":             "AdvertisingFeeRefund",
	"FBA Inbound Placement Service Fee": "FBAInboundConvenienceFee",
	"RemovalComplete":                   "FBARemovalFee",
	"DisposalComplete":                  "FBADisposalFee",
	"CouponRedemptionFee":               "CouponRedemptionFee",
	"Current Reserve Amount":            "ReserveDebit",
	"Previous Reserve Amount Balance":   "ReserveCredit",
}

// charges builds the tree of a product's lines: wrappers, charges, and of fees
// their base and tax.
func (a *account) charges(kind string, lines []seller.Line) (tree []charge, total int64) {
	for _, l := range lines {
		path := chargePath(kind, l)
		total += l.Cents
		grow(&tree, path, l.Cents, a.seller().Currency)
	}
	return tree, total
}

func grow(tree *[]charge, path []string, cents int64, currency string) {
	i := slices.IndexFunc(*tree, func(c charge) bool { return c.Type == path[0] })
	if i < 0 || len(path) == 1 {
		i = len(*tree)
		*tree = append(*tree, charge{Type: path[0], Amount: currencyAmount{currency: currency}, Parts: []charge{}})
	}
	(*tree)[i].Amount.cents += cents
	if len(path) > 1 {
		grow(&(*tree)[i].Parts, path[1:], cents, currency)
	}
}

func chargePath(kind string, l seller.Line) []string {
	sales, expenses := "Sales", "Expenses"
	if kind == "Refund" {
		sales, expenses = "Refunded Sales", "Refunded Expenses"
	}
	switch {
	case kind == "Retrocharge" && l.AmountType == "ItemPrice":
		return []string{sales, "Tax", "BaseTax"}
	case kind == "RemovalShipment" && l.AmountType == "ItemPrice":
		return []string{sales, "RecommerceLiquidation"}
	case kind == "RemovalShipment":
		return []string{expenses, "AmazonFees"}
	case kind == "FBAInventoryReimbursement" && l.Cents < 0:
		return []string{sales, "FBAReversedReimbursement"}
	case kind == "FBAInventoryReimbursement":
		return []string{sales, "FBAInventoryReimbursement"}
	case l.AmountType == "ItemWithheldTax":
		return []string{sales, "MarketplaceWithheldTax", l.Description}
	}
	if c, ok := chargeOf[[2]string{l.AmountType, l.Description}]; ok {
		if c[0] == "AmazonFees" {
			return []string{expenses, c[0], c[1], "Base"}
		}
		return []string{sales, c[0], c[1]}
	}
	if l.Description == "Tax on fee" {
		return []string{expenses, feeName(l), "Tax"}
	}
	return []string{expenses, feeName(l), "Base"}
}

// feeName is what the API calls a fee; one that is new to it keeps the report's name.
func feeName(l seller.Line) string {
	for _, name := range []string{l.AmountType, l.Description} {
		if fee, ok := feeOf[name]; ok {
			return fee
		}
	}
	if l.AmountType == "other-transaction" || l.AmountType == "ItemFees" {
		return l.Description
	}
	return l.AmountType
}
