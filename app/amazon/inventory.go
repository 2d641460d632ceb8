package amazon

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// InventorySummary is what Amazon has of an SKU in its warehouses and on the way
// there, in units.
type InventorySummary struct {
	ASIN      string           `json:"asin"`
	FNSKU     string           `json:"fnSku"`
	SKU       string           `json:"sellerSku"`
	Condition string           `json:"condition"`
	Title     string           `json:"productName"`
	Updated   string           `json:"lastUpdatedTime"` // RFC 3339; empty where nothing ever moved
	Details   InventoryDetails `json:"inventoryDetails"`
}

// InventoryDetails are the units by disposition.
// Source: model fbaInventory, InventoryDetails.
type InventoryDetails struct {
	Fulfillable      int `json:"fulfillableQuantity"`
	InboundWorking   int `json:"inboundWorkingQuantity"`
	InboundShipped   int `json:"inboundShippedQuantity"`
	InboundReceiving int `json:"inboundReceivingQuantity"`
	Reserved         struct {
		Total      int `json:"totalReservedQuantity"`
		Orders     int `json:"pendingCustomerOrderQuantity"`
		Transfers  int `json:"pendingTransshipmentQuantity"`
		Processing int `json:"fcProcessingQuantity"`
	} `json:"reservedQuantity"`
	Researching struct {
		Total int `json:"totalResearchingQuantity"`
	} `json:"researchingQuantity"`
	Unfulfillable struct {
		Total int `json:"totalUnfulfillableQuantity"`
	} `json:"unfulfillableQuantity"`
}

// UpdatedAt is when a quantity last changed; the zero time where Amazon says nothing.
func (s InventorySummary) UpdatedAt() time.Time {
	at, err := time.Parse(time.RFC3339, s.Updated)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// InventoryPage is one page of summaries.
type InventoryPage struct {
	Raw       json.RawMessage // as Amazon sent it
	Summaries []InventorySummary
}

var opGetInventorySummaries = Operation{"getInventorySummaries", 2, 2}

// InventorySummaries returns the SKUs of a marketplace of which a quantity
// changed since then, all of them for the zero time; what is on its way to
// Amazon does not count as a change. Take the pages quickly: Amazon forgets
// where it was after 30 seconds.
func (c *Client) InventorySummaries(ctx context.Context, marketplaceID string, since time.Time) iter.Seq2[InventoryPage, error] {
	query := summariesQuery(marketplaceID)
	if !since.IsZero() {
		query.Set("startDateTime", since.UTC().Format(time.RFC3339))
	}
	return c.summaries(ctx, query)
}

// InventorySummary returns one SKU's summaries, one per condition that Amazon
// knows it in.
func (c *Client) InventorySummary(ctx context.Context, marketplaceID, sku string) (InventoryPage, error) {
	query := summariesQuery(marketplaceID)
	query.Set("sellerSkus", sku)
	page, _, err := c.summariesPage(ctx, query)
	return page, err
}

func summariesQuery(marketplaceID string) url.Values {
	return url.Values{"details": {"true"}, "granularityType": {"Marketplace"}, "granularityId": {marketplaceID}, "marketplaceIds": {marketplaceID}}
}

func (c *Client) summaries(ctx context.Context, query url.Values) iter.Seq2[InventoryPage, error] {
	return func(yield func(InventoryPage, error) bool) {
		for {
			page, next, err := c.summariesPage(ctx, query)
			if !yield(page, err) || err != nil || next == "" {
				return
			}
			query.Set("nextToken", next)
		}
	}
}

func (c *Client) summariesPage(ctx context.Context, query url.Values) (page InventoryPage, next string, err error) {
	r := request{op: opGetInventorySummaries, method: http.MethodGet, path: "/fba/inventory/v1/summaries", query: query}
	if err := c.call(ctx, r, &page.Raw); err != nil {
		return page, "", err
	}
	var body struct {
		Payload struct {
			Summaries []InventorySummary `json:"inventorySummaries"`
		} `json:"payload"`
		Pagination struct {
			Next string `json:"nextToken"`
		} `json:"pagination"`
	}
	if err := json.Unmarshal(page.Raw, &body); err != nil {
		return page, "", unreadable(err, "a page of FBA inventory")
	}
	for i := range body.Payload.Summaries {
		body.Payload.Summaries[i].SKU = strings.TrimSpace(body.Payload.Summaries[i].SKU)
	}
	page.Summaries = body.Payload.Summaries
	return page, body.Pagination.Next, nil
}
