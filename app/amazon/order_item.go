package amazon

import "github.com/shopspring/decimal"

// OrderItem is one product of an order.
type OrderItem struct {
	ID           string           `json:"orderItemId" expr:"orderItemId"`
	Ordered      int64            `json:"quantityOrdered" expr:"quantityOrdered"`
	Programs     []string         `json:"programs,omitempty" expr:"programs"`
	Product      ItemProduct      `json:"product" expr:"product"`
	Proceeds     ItemProceeds     `json:"proceeds,omitzero" expr:"proceeds"`
	Promotion    ItemPromotion    `json:"promotion,omitzero" expr:"promotion"`
	Cancellation ItemCancellation `json:"cancellation,omitzero" expr:"cancellation"`
	Fulfillment  ItemFulfillment  `json:"fulfillment,omitzero" expr:"fulfillment"`
	Tax          ItemTax          `json:"tax,omitzero" expr:"tax"`
}

// ItemProduct is what was ordered.
type ItemProduct struct {
	ASIN          string            `json:"asin,omitempty" expr:"asin"`
	Title         string            `json:"title,omitempty" expr:"title"`
	SKU           string            `json:"sellerSku,omitempty" expr:"sellerSku"`
	Price         ItemPrice         `json:"price,omitzero" expr:"price"`
	Customization ItemCustomization `json:"customization,omitzero" expr:"customization"`
}

// ItemPrice is the price of one unit as the buyer saw it. The older version
// does not have it.
type ItemPrice struct {
	Unit        Money  `json:"unitPrice,omitzero" expr:"unitPrice"`
	Designation string `json:"priceDesignation,omitempty" expr:"priceDesignation"`
}

// ItemCustomization says where the buyer's own design is.
type ItemCustomization struct {
	URL string `json:"customizedUrl,omitempty" expr:"customizedUrl"`
}

// ItemProceeds is what the seller gets for a line, all its units together.
type ItemProceeds struct {
	Total      Money       `json:"proceedsTotal,omitzero" expr:"proceedsTotal"`
	Breakdowns []Breakdown `json:"breakdowns,omitempty" expr:"breakdowns"`
}

// Breakdown is one kind of money, with its parts where Amazon says them.
type Breakdown struct {
	Type     string   `json:"type" expr:"type"`
	Status   string   `json:"status,omitempty" expr:"status"` // of what is charged later, such as tips
	Subtotal Money    `json:"subtotal" expr:"subtotal"`
	Details  []Detail `json:"detailedBreakdowns,omitempty" expr:"detailedBreakdowns"`
}

// Detail is a part of a breakdown.
type Detail struct {
	Subtype string `json:"subtype,omitempty" expr:"subtype"`
	Value   Money  `json:"value,omitzero" expr:"value"`
}

// Types of breakdowns, and subtypes of their details.
const (
	MoneyItem     = "ITEM" // the whole line: price times quantity
	MoneyShipping = "SHIPPING"
	MoneyGiftWrap = "GIFT_WRAP"
	MoneyCOD      = "COD_FEE"
	MoneyTax      = "TAX"
	MoneyDiscount = "DISCOUNT"
	MoneyTip      = "DELIVERY_TIP" // of an order, on no item
	MoneyOther    = "OTHER"
)

// ItemPromotion is what reduced the price.
type ItemPromotion struct {
	Breakdowns []PromotionBreakdown `json:"breakdowns,omitempty" expr:"breakdowns"`
}

// PromotionBreakdown is one promotion.
type PromotionBreakdown struct {
	ID string `json:"promotionId,omitempty" expr:"promotionId"`
}

// ItemCancellation is what the buyer asked for and what was done.
type ItemCancellation struct {
	Request   CancellationRequest   `json:"cancellationRequest,omitzero" expr:"cancellationRequest"`
	Execution CancellationExecution `json:"cancellationExecution,omitzero" expr:"cancellationExecution"`
}

// CancellationRequest is a wish; the seller decides.
type CancellationRequest struct {
	Requester string `json:"requester,omitempty" expr:"requester"`
	Reason    string `json:"cancelReason,omitempty" expr:"cancelReason"`
}

// CancellationExecution says who cancelled. The older version does not have it.
type CancellationExecution struct {
	By     string `json:"cancelledBy,omitempty" expr:"cancelledBy"`
	Reason string `json:"cancelReason,omitempty" expr:"cancelReason"`
}

// ItemFulfillment is how much of a line has gone out.
type ItemFulfillment struct {
	Fulfilled   int64       `json:"quantityFulfilled" expr:"quantityFulfilled"`
	Unfulfilled int64       `json:"quantityUnfulfilled" expr:"quantityUnfulfilled"` // still to go
	Packing     ItemPacking `json:"packing,omitzero" expr:"packing"`
}

// ItemPacking is how a line is wrapped.
type ItemPacking struct {
	Gift GiftOption `json:"giftOption,omitzero" expr:"giftOption"`
}

// GiftOption is the wrapping the buyer paid for, and what it should say.
type GiftOption struct {
	Message string `json:"giftMessage,omitempty" expr:"giftMessage"`
	Level   string `json:"giftWrapLevel,omitempty" expr:"giftWrapLevel"`
}

// ItemTax says who remits the tax.
type ItemTax struct {
	Collections []TaxCollection `json:"taxCollections,omitempty" expr:"taxCollections"`
}

// TaxCollection is one model under which tax was collected.
type TaxCollection struct {
	Model       string `json:"model,omitempty" expr:"model"`
	Responsible string `json:"responsibleParty,omitempty" expr:"responsibleParty"`
}

// Units is how many units the buyer gets: all that were ordered, without those
// that were cancelled.
func (i OrderItem) Units() int64 {
	if kept := i.Fulfillment.Fulfilled + i.Fulfillment.Unfulfilled; kept > 0 || i.Cancellation.Execution != (CancellationExecution{}) {
		return kept
	}
	return i.Ordered
}

// Revenue is the price of the line, all its units together: Amazon has
// multiplied already. Whether tax is in it, Balances says.
func (i OrderItem) Revenue() decimal.Decimal { return i.Subtotal(MoneyItem) }

// NetRevenue is Revenue without tax, whichever way Amazon states it. ok is false
// where that cannot be known: the amounts do not add up, or the prices include
// a tax that Amazon does not split.
func (i OrderItem) NetRevenue() (net decimal.Decimal, ok bool) {
	switch i.Balances() {
	case TaxOnTop:
		return i.Revenue(), true
	case TaxInside:
		tax, ok := i.taxInside()
		return i.Revenue().Sub(tax), ok
	}
	return decimal.Zero, false
}

// taxInside is the tax in a price that includes it; where Amazon states no
// parts, all of it, if there is nothing else that could be taxed.
func (i OrderItem) taxInside() (tax decimal.Decimal, ok bool) {
	for _, b := range i.Proceeds.Breakdowns {
		if b.Type == MoneyTax && len(b.Details) > 0 {
			return i.TaxOn(MoneyItem), true
		}
	}
	for _, b := range i.Proceeds.Breakdowns {
		if b.Type != MoneyItem && b.Type != MoneyTax && !b.Subtotal.Amount.IsZero() {
			return tax, false
		}
	}
	return i.TaxTotal(), true
}

// UnitRevenue is the part of one unit in NetRevenue, at more decimals than the
// currency has: units times this may miss the line by a rounding. ok is false
// where NetRevenue is not known or there are no units.
func (i OrderItem) UnitRevenue() (unit decimal.Decimal, ok bool) {
	net, ok := i.NetRevenue()
	if units := i.Units(); ok && units > 0 {
		return net.DivRound(decimal.NewFromInt(units), unitDecimals), true
	}
	return decimal.Zero, false
}

const unitDecimals = 8

// Shipping is what the buyer was charged for delivery, before discounts.
func (i OrderItem) Shipping() decimal.Decimal { return i.Subtotal(MoneyShipping) }

// GiftWrap is what the buyer was charged for wrapping.
func (i OrderItem) GiftWrap() decimal.Decimal { return i.Subtotal(MoneyGiftWrap) }

// TaxTotal is the tax on the whole line.
func (i OrderItem) TaxTotal() decimal.Decimal { return i.Subtotal(MoneyTax) }

// TaxOn is the tax on one kind of money. On discounts it is the tax that the
// buyer got off, never below zero.
func (i OrderItem) TaxOn(subtype string) decimal.Decimal {
	tax := i.detail(MoneyTax, subtype)
	if subtype == MoneyDiscount {
		return tax.Abs()
	}
	return tax
}

// Discount is what the buyer got off the line, delivery included: never below
// zero, though Amazon writes discounts with either sign.
func (i OrderItem) Discount() decimal.Decimal { return i.Subtotal(MoneyDiscount).Abs() }

// ShippingDiscount is the part of Discount that is on delivery.
func (i OrderItem) ShippingDiscount() decimal.Decimal {
	return i.detail(MoneyDiscount, MoneyShipping).Abs()
}

// Subtotal adds up the breakdowns of a type, as Amazon signs them.
func (i OrderItem) Subtotal(kind string) (sum decimal.Decimal) {
	for _, b := range i.Proceeds.Breakdowns {
		if b.Type == kind {
			sum = sum.Add(b.Subtotal.Amount)
		}
	}
	return sum
}

func (i OrderItem) detail(kind, subtype string) (sum decimal.Decimal) {
	for _, b := range i.Proceeds.Breakdowns {
		if b.Type != kind {
			continue
		}
		for _, d := range b.Details {
			if d.Subtype == subtype {
				sum = sum.Add(d.Value.Amount)
			}
		}
	}
	return sum
}

// Balance says how an item's breakdowns make up its total.
type Balance int

// The ways: Amazon does not say which marketplaces have which.
const (
	Unbalanced Balance = iota // the breakdowns do not add up to the total, or there is none
	TaxOnTop                  // with tax they do; also where there is no tax
	TaxInside                 // without tax they do: the prices include it
)

// Balances says whether the breakdowns add up to the item's total.
func (i OrderItem) Balances() Balance {
	total := i.Proceeds.Total
	if !total.Stated() {
		return Unbalanced
	}
	sum, tax := decimal.Zero, i.TaxTotal()
	for _, b := range i.Proceeds.Breakdowns {
		if b.Subtotal.Currency != total.Currency {
			return Unbalanced
		}
		switch b.Type {
		case MoneyTax, MoneyDiscount:
		default:
			sum = sum.Add(b.Subtotal.Amount)
		}
	}
	sum = sum.Sub(i.Discount())
	switch {
	case sum.Add(tax).Equal(total.Amount):
		return TaxOnTop
	case sum.Equal(total.Amount):
		return TaxInside
	}
	return Unbalanced
}
