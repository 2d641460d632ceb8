package amazon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// PersonalPaths returns where personal data is in an order, from the order
// down; [] stands for every element of a list. The first part is version
// 2026-01-01, the second version 0 as OrdersV0 keeps it.
// Source: developer-docs.amazon.com/sp-api/docs/access-orders-pii.
func PersonalPaths() []string {
	paths := []string{
		"buyer.buyerEmail", "buyer.buyerName",
		"recipient.deliveryPreference", "tax.taxRegistrations",
		"orderItems[].fulfillment.packing.giftOption.giftMessage", "orderItems[].product.customization.customizedUrl",
		"BuyerInfo.BuyerEmail", "BuyerInfo.BuyerName", "BuyerInfo.BuyerCounty", "BuyerInfo.BuyerTaxInfo",
		"Order.BuyerInfo.BuyerEmail", "Order.BuyerInfo.BuyerName", "Order.BuyerInfo.BuyerCounty", "Order.BuyerInfo.BuyerTaxInfo",
		"Order.BuyerTaxInformation", "Address.DeliveryPreferences",
		"OrderItems[].BuyerInfo.GiftMessageText", "OrderItems[].BuyerInfo.BuyerCustomizedInfo",
	}
	for _, field := range []string{"name", "addressLine1", "addressLine2", "addressLine3", "postalCode", "phone", "extendedFields"} {
		old := strings.ToUpper(field[:1]) + field[1:]
		paths = append(paths, "recipient.deliveryAddress."+field, "Order.ShippingAddress."+old, "Address.ShippingAddress."+old)
	}
	return paths
}

// Redacted returns the order without what identifies a person.
func (o Order) Redacted() Order {
	o.Buyer.Name, o.Buyer.Email = "", ""
	a := o.Recipient.Address
	a.Name, a.Line1, a.Line2, a.Line3, a.PostalCode, a.Phone, a.Extended = "", "", "", "", "", "", ExtendedFields{}
	o.Recipient.Address = a
	o.Items = slices.Clone(o.Items)
	for k := range o.Items {
		o.Items[k].Fulfillment.Packing.Gift.Message = ""
		o.Items[k].Product.Customization = ItemCustomization{}
	}
	return o
}

// RedactOrder removes what PersonalPaths names from an order of either version
// as a source returned it raw, and from a whole page of a search.
func RedactOrder(raw json.RawMessage) (json.RawMessage, error) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // an amount must not change
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("redact order: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("redact order: more than one value")
	}
	for _, path := range PersonalPaths() {
		remove(value, strings.Split(path, "."))
		remove(value, strings.Split("orders[]."+path, "."))
		remove(value, strings.Split("order."+path, "."))
		if inner, old := strings.CutPrefix(path, "Order."); old {
			remove(value, strings.Split(inner, "."))
			remove(value, strings.Split("payload.Orders[]."+inner, "."))
		}
	}
	redacted, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("redact order: %w", err)
	}
	return redacted, nil
}

// remove deletes what a path leads to. Names are compared as encoding/json
// reads them, upper and lower case alike: what can be read must be removed.
func remove(value any, path []string) {
	name, list := strings.CutSuffix(path[0], "[]")
	object, ok := value.(map[string]any)
	if !ok {
		return
	}
	for key, inner := range object {
		if !strings.EqualFold(key, name) {
			continue
		}
		if len(path) == 1 {
			delete(object, key)
			continue
		}
		if !list {
			remove(inner, path[1:])
			continue
		}
		elements, _ := inner.([]any)
		for _, element := range elements {
			remove(element, path[1:])
		}
	}
}
