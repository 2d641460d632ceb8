package seller

// sale calls yield for what the settlement says about a shipped order.
func (a *Account) sale(o *order, yield func(Line) error) error {
	line := Line{Type: "Order", OrderID: o.id, MerchantOrderID: o.merchantID, ShipmentID: o.shipment, Market: o.market.Name, Fulfillment: "AFN", Posted: a.released(o)}
	for i := range o.items {
		x := &o.items[i]
		line.ItemCode, line.SKU, line.Quantity = x.code, x.SKU, int(x.quantity)
		if o.multiChannel {
			line.Market, line.MerchantItemID = a.NonAmazon, x.SKU
		}
		add, failed := amounts(line, x.promotion, yield)
		if o.multiChannel {
			add("ItemPrice", "Principal", 0)
			add("ItemFees", "FBAPerUnitFulfillmentFee", -(x.size.fulfilment()+multiChannel)*x.quantity)
		} else {
			a.sold(o, x, add)
		}
		if *failed != nil {
			return *failed
		}
	}
	return nil
}

// sold adds each amount of a sold item.
func (a *Account) sold(o *order, x *orderItem, add adder) {
	paid := a.buyersTax(o, x)
	add("ItemPrice", "Principal", x.price)
	nonZero(add, "ItemPrice", "Tax", paid.principal)
	nonZero(add, "ItemPrice", "Shipping", x.shipping)
	nonZero(add, "ItemPrice", "ShippingTax", paid.shipping)
	nonZero(add, "ItemPrice", "GiftWrap", x.wrap)
	nonZero(add, "ItemPrice", "GiftWrapTax", paid.wrap)
	a.withhold(paid, add)
	commission := x.referral(x.base())
	add("ItemFees", "FBAPerUnitFulfillmentFee", -x.size.fulfilment()*x.quantity)
	add("ItemFees", "Commission", -commission)
	nonZero(add, "ItemFees", "DigitalServicesFee", -part(commission, o.market.Digital))
	if !x.shipFree {
		nonZero(add, "ItemFees", "ShippingChargeback", -x.shipping)
	}
	nonZero(add, "ItemFees", "GiftwrapChargeback", -x.wrap)
	nonZero(add, "Promotion", "Principal", -x.discount)
	if x.shipFree {
		add("Promotion", "Shipping", -x.shipping)
	}
	nonZero(add, "Promotion", "TaxDiscount", -paid.discount)
}

// base is what the commission is taken from: all that the buyer pays before tax.
func (x *orderItem) base() int64 {
	base := x.price - x.discount + x.wrap
	if !x.shipFree {
		base += x.shipping
	}
	return base
}
