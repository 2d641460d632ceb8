package orders

import (
	"time"

	"tieout/app/amazon"
	"tieout/app/expression"
	"tieout/app/flow"
)

// Name of the flow.
const Name = "orders"

// definition is the flow as shipped.
func definition() flow.Definition {
	return flow.Definition{
		Name: Name, Title: "Orders", From: "Amazon orders", To: "P21 sales orders", Key: "Amazon order", Remote: "P21 order",
		// One search page in three minutes is what Amazon grants for long; notifications bring single orders sooner.
		Every: 5 * time.Minute, Overlap: 15 * time.Minute, First: 24 * time.Hour,
		Environments: map[string]any{"": Order{}, lines: Line{}},
		Fields: []flow.Field{
			{Name: "reference", Type: expression.Text, Formula: `id`, Help: "P21's customer PO number. The order is found by it, so it must be Amazon's id or contain it."},
			{Name: "marketplace", Type: expression.Text, Formula: `marketplaceId`, Help: "SKU maps are looked up for it."},
			{Name: "cancelled", Type: expression.Flag, Formula: `status == "CANCELLED"`, Help: "An order that P21 holds is cancelled there too."},
			{Name: "customer", Type: expression.Text, Formula: `"AMAZON-" + country`, Help: "Reference of the customer in P21: one stands for each marketplace."},
			{Name: "source", Type: expression.Text, Formula: `fulfilledBy == "AMAZON" ? "AMAZON-FBA" : "AMAZON-MFN"`},
			{Name: "location", Type: expression.Text, Formula: `fulfilledBy == "AMAZON" ? "20" : "10"`, Help: "P21's id of the location that sells and ships: your FBA location, and your own."},
			{Name: "date", Type: expression.Date, Formula: `day(placed, zone)`, Help: "In the marketplace's time zone, as Seller Central shows it."},
			{Name: "requested", Type: expression.Date, Formula: `later(day(placed, zone), 1)`, Help: "P21 wants a later day than the order's."},
			{Name: "currency", Type: expression.Text, Formula: `currency`},
			{Name: "charges_item", Type: expression.Text, Formula: `""`, Help: "P21 item for shipping and gift wrap; empty adds them to the lines they belong to."},
			{Name: "ship_name", Type: expression.Text, Formula: `either(shipTo.name, "Amazon customer")`, Personal: true},
			{Name: "ship_line1", Type: expression.Text, Formula: `shipTo.line1`, Personal: true},
			{Name: "ship_line2", Type: expression.Text, Formula: `shipTo.line2`, Personal: true},
			{Name: "ship_city", Type: expression.Text, Formula: `shipTo.city`},
			{Name: "ship_state", Type: expression.Text, Formula: `upper(shipTo.state)`},
			{Name: "ship_postal_code", Type: expression.Text, Formula: `shipTo.postalCode`, Personal: true},
			{Name: "ship_country", Type: expression.Text, Formula: `upper(shipTo.country)`},
			{List: lines, Name: "sku", Type: expression.Text, Formula: `item.sku`, Help: "Looked up in the SKU maps on the order's day."},
			{List: lines, Name: "quantity", Type: expression.Integer, Formula: `item.quantity`},
			{List: lines, Name: "total", Type: expression.Number, Formula: `item.price - item.discount`, Help: "Of the whole line: Amazon's price is already quantity times unit price."},
			{List: lines, Name: "charges", Type: expression.Number, Formula: `item.shipping + item.giftWrap`},
			{List: lines, Name: "tax", Type: expression.Number, Formula: `item.taxByAmazon || item.taxInside ? decimal(0) : item.tax`, Help: "Tax that Amazon remits is none of the company's; tax inside the price is there already."},
			{List: lines, Name: "reference", Type: expression.Text, Formula: `item.id`},
		},
		Checks: []flow.Check{
			{Name: "known marketplace", Formula: `country != "" && zone != ""`, Message: "The order comes from a marketplace that is not known.", Severity: flow.Stops},
			{Name: "one currency", Formula: `status == "CANCELLED" || len(currency) == 3`, Message: "The order has no currency.", Severity: flow.Stops},
			{Name: "amounts add up", List: lines, Formula: `item.balances`, Message: "The parts of the line do not make up its total.", Severity: flow.Stops},
			{Name: "not below zero", List: lines, Formula: `item.price >= item.discount`, Message: "The discount is larger than the price.", Severity: flow.Stops},
			{Name: "not free", List: lines, Formula: `item.price > 0 || order.replaces != ""`, Message: "The line costs nothing although the order replaces none.", Severity: flow.Warns},
		},
	}
}

// CustomerOf returns the reference that a formula of the field customer comes to
// for an ordinary order of a marketplace; "" when it needs more than that.
func CustomerOf(formula, marketplaceID string) (string, error) {
	f, err := expression.Compile(formula, Order{}, expression.Text)
	if err != nil {
		return "", err
	}
	shop, _ := amazon.MarketplaceByID(marketplaceID)
	value, err := f.Eval(Order{Marketplace: shop.Domain, MarketplaceID: marketplaceID, Country: country(shop.Country), Zone: shop.Zone, Currency: shop.Currency,
		Channel: amazon.ChannelAmazon, FulfilledBy: string(amazon.ByAmazon)})
	if err != nil {
		return "", nil // such an order does not come out
	}
	reference, _ := value.(string)
	return reference, nil
}
