package seller

// tax is what a buyer pays on an item, and the part of it that a discount gives back.
type tax struct{ principal, shipping, wrap, discount int64 }

// buyersTax returns the tax on an item. Where the seller owes it, Amazon taxes
// the full price and shows the discount's part as a line of its own.
func (a *Account) buyersTax(o *order, x *orderItem) tax {
	t := tax{principal: part(x.price-x.discount, o.taxRate), wrap: part(x.wrap, o.taxRate)}
	if a.Tax == SellerOwed {
		t.principal, t.shipping, t.discount = part(x.price, o.taxRate), part(x.shipping, o.taxRate), part(x.discount, o.taxRate)
		if x.shipFree {
			t.discount += t.shipping
		}
		return t
	}
	if !x.shipFree {
		t.shipping = part(x.shipping, o.taxRate)
	}
	return t
}

// withhold adds what Amazon keeps of the tax to remit it itself. In the EU the
// lines are there even for nothing.
func (a *Account) withhold(t tax, add adder) {
	switch a.Tax {
	case Facilitator:
		nonZero(add, "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal", -t.principal)
		nonZero(add, "ItemWithheldTax", "MarketplaceFacilitatorTax-Shipping", -t.shipping)
		nonZero(add, "ItemWithheldTax", "MarketplaceFacilitatorTax-Other", -t.wrap)
	case MarketplaceVAT:
		add("ItemWithheldTax", "MarketplaceFacilitatorVAT-Shipping", -t.shipping)
		add("ItemWithheldTax", "MarketplaceFacilitatorVAT-Principal", -t.principal)
	case SellerOwed:
	}
}

// release adds the tax that Amazon gives back with a refund.
func (a *Account) release(t tax, add adder) {
	name := map[Tax]string{Facilitator: "MarketplaceFacilitatorTax-", MarketplaceVAT: "MarketplaceFacilitatorVAT-"}[a.Tax]
	if name == "" {
		return
	}
	nonZero(add, "ItemWithheldTax", name+"Principal", t.principal)
	nonZero(add, "ItemWithheldTax", name+"Shipping", t.shipping)
}

// corrected yields a correction of an order's tax, both sides of it.
func (a *Account) corrected(o *order, yield func(Line) error) error {
	x := &o.items[0]
	add, failed := amounts(Line{Type: "Order_Retrocharge", OrderID: o.id, MerchantOrderID: o.merchantID, Market: o.market.Name, Fulfillment: "AFN",
		Posted: o.placed.Add(o.retrocharge), ItemCode: x.code, SKU: x.SKU}, "", yield)
	cents := part(x.price, 25) + 1 // a quarter of a percent was forgotten
	add("ItemPrice", "Tax", cents)
	add("ItemWithheldTax", "MarketplaceFacilitatorTax-Principal", -cents)
	return *failed
}
