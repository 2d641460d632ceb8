package fulfilment

import (
	"time"

	"tieout/app/amazon"
	"tieout/app/expression"
	"tieout/app/flow"
)

// Name of the flow of requests.
const Name = "fulfilment"

// Preferences between several SKUs of one item.
const (
	singles = "single" // the smallest pack that divides the quantity
	packs   = "pack"   // the largest
)

// VersionSetting is the setting of the flow of requests that says which version
// of Amazon's API all three flows speak.
const VersionSetting = "api"

func versions() flow.Setting {
	return flow.Setting{Name: VersionSetting, Title: "Version of Amazon's fulfilment API", Help: "For requests, tracking and news alike. Both come to the same; orders that are on their way go on.",
		Choices: []flow.Choice{{Value: string(amazon.Fulfillment2026), Title: "2026-07-04"}, {Value: string(amazon.Fulfillment2020), Title: "2020-07-01, the older one"}}}
}

// definition is the flow of requests as shipped.
func definition() flow.Definition {
	return flow.Definition{
		Name: Name, Title: "Fulfilment requests", From: "P21 sales orders", To: "Amazon fulfilment orders", Key: "P21 order", Remote: "Amazon fulfilment order",
		Every: 5 * time.Minute, Overlap: 30 * time.Minute, First: 24 * time.Hour, Selects: "flagged",
		Settings:     []flow.Setting{versions()},
		Environments: map[string]any{"": Order{}, lines: Line{}},
		Fields: []flow.Field{
			{Name: "flagged", Type: expression.Flag, Formula: `location == "20" && !hasPrefix(source, "AMAZON")`,
				Help: "Which of P21's orders Amazon is to ship: those sold from your FBA location that are not Amazon's own. It sees the head of an order alone, no lines."},
			{Name: "cancelled", Type: expression.Flag, Formula: `status == "Cancelled"`, Help: "Amazon is asked not to ship it, as long as Amazon does that."},
			{Name: "finished", Type: expression.Flag, Formula: `status == "Shipped" || status == "Invoiced"`, Help: "Amazon is not asked for it any more: P21 has shipped it some other way."},
			{Name: "reference", Type: expression.Text, Formula: `company + "-" + number`,
				Help: "Amazon's id of it: letters, digits and hyphens, at most 40, the same for one order for ever and for no other order of this seller."},
			{Name: "display", Type: expression.Text, Formula: `cut(either(reference, number), 40)`, Help: "The order number on the packing slip."},
			{Name: "date", Type: expression.Date, Formula: `date`, Help: "The order date on the packing slip."},
			{Name: "comment", Type: expression.Text, Formula: `"Thank you for your order."`, Help: "On the packing slip."},
			{Name: "channel", Type: expression.Text, Formula: `""`, Help: "Amazon's name of the channel that sold it, such as SHOPIFY; empty: none."},
			{Name: "marketplace", Type: expression.Text, Formula: `marketplaceId`, Help: "Whose stock is sent and whose SKU maps count: that of the country it goes to, or the connection's first."},
			{Name: "speed", Type: expression.Text, Formula: `"STANDARD"`, Help: "STANDARD, EXPEDITED or PRIORITY."},
			{Name: "policy", Type: expression.Text, Formula: `"FILL_OR_KILL"`,
				Help: "When Amazon has too little: FILL_OR_KILL sends nothing, FILL_ALL_AVAILABLE sends what there is, FILL_ALL waits for the rest."},
			{Name: "hold", Type: expression.Flag, Formula: `false`, Help: "Amazon keeps the stock and does not ship until this is no longer so."},
			{Name: "fee_limit", Type: expression.Number, Formula: `50`, Help: "An order for which Amazon estimates higher fees stops, in the marketplace's currency; 0: never."},
			{Name: "preference", Type: expression.Text, Formula: `"single"`,
				Help: "Of several SKUs of one item: single takes the smallest pack that the quantity divides into, pack the largest. SKUs that Amazon stores come first."},
			{Name: "ship_name", Type: expression.Text, Formula: `shipTo.name`, Personal: true},
			{Name: "ship_line1", Type: expression.Text, Formula: `shipTo.line1`, Personal: true},
			{Name: "ship_line2", Type: expression.Text, Formula: `shipTo.line2`, Personal: true},
			{Name: "ship_city", Type: expression.Text, Formula: `shipTo.city`, Personal: true},
			{Name: "ship_state", Type: expression.Text, Formula: `upper(shipTo.state)`},
			{Name: "ship_postal_code", Type: expression.Text, Formula: `shipTo.postalCode`, Personal: true},
			{Name: "ship_country", Type: expression.Text, Formula: `upper(shipTo.country)`, Help: `Two letters. Where P21 has words: shipTo.country == "USA" ? "US" : upper(shipTo.country)`},
			{Name: "phone", Type: expression.Text, Formula: `shipTo.phone`, Personal: true, Help: "For the carrier."},
			{Name: "email", Type: expression.Text, Formula: `""`, Personal: true, Help: "Amazon writes to it when goods leave; empty: to nobody."},
			{List: lines, Name: "item", Type: expression.Text, Formula: `line.item`, Help: "Looked up backwards in the SKU maps, today's."},
			{List: lines, Name: "quantity", Type: expression.Integer, Formula: `line.units`},
			{List: lines, Name: "sku", Type: expression.Text, Formula: `""`, Help: "An SKU to be sent whatever the preference; it must stand for the item alone. Empty: by preference."},
		},
		Checks: []flow.Check{
			{Name: "marketplace", Formula: `marketplaceId != ""`, Message: "The connection has no marketplace.", Severity: flow.Stops},
			{Name: "has lines", Formula: `status == "Cancelled" || len(lines) > 0`, Message: "The order has no lines.", Severity: flow.Stops},
			{Name: "whole units", List: lines, Formula: `line.whole`, Message: "Amazon sends whole pieces alone.", Severity: flow.Stops},
			{Name: "not too many", Formula: `len(lines) <= 100 && units <= 250`, Message: "Amazon takes at most 100 lines and 250 pieces in one order.", Severity: flow.Stops},
		},
	}
}
