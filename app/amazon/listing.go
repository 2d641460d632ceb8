package amazon

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// MerchantChannel is the fulfilment channel of what the seller ships.
const MerchantChannel = "DEFAULT"

// Availability is what a listing offers through one fulfilment channel.
type Availability struct {
	Channel  string `json:"fulfillmentChannelCode"` // MerchantChannel, or one of Amazon's such as AMAZON_NA
	Quantity *int   `json:"quantity"`
}

var opGetListingsItem = Operation{"getListingsItem", 5, 10}

// Availability returns through which channels an SKU is offered, as far as
// Amazon has it in force; fault.NotFound when there is no such listing.
func (c *Client) Availability(ctx context.Context, sellerID, sku string, marketplaceIDs []string) ([]Availability, error) {
	var answer struct {
		Availability []Availability `json:"fulfillmentAvailability"`
	}
	r := request{op: opGetListingsItem, method: http.MethodGet, path: "/listings/2021-08-01/items/" + url.PathEscape(sellerID) + "/" + url.PathEscape(sku),
		query: url.Values{"marketplaceIds": {strings.Join(marketplaceIDs, ",")}, "includedData": {"fulfillmentAvailability"}}}
	err := c.call(ctx, r, &answer)
	return answer.Availability, err
}
