package amazon

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tieout/app/fault"
)

// MerchantChannel is the fulfilment channel of what the seller ships.
const MerchantChannel = "DEFAULT"

// Availability is what a listing offers through one fulfilment channel.
type Availability struct {
	Channel  string `json:"fulfillmentChannelCode"` // MerchantChannel, or one of Amazon's such as AMAZON_NA
	Quantity *int   `json:"quantity"`
}

// ListingSummary is what Amazon shows of a listing in one marketplace.
type ListingSummary struct {
	MarketplaceID string    `json:"marketplaceId"`
	ASIN          string    `json:"asin"`
	FNSKU         string    `json:"fnSku"`
	ProductType   string    `json:"productType"`
	Title         string    `json:"itemName"`
	Status        []string  `json:"status"` // BUYABLE, DISCOVERABLE
	Created       time.Time `json:"createdDate"`
}

// ListingIssue is what Amazon finds of a listing, or of a change of one.
type ListingIssue struct {
	Code       string   `json:"code"`
	Message    string   `json:"message"`
	Severity   string   `json:"severity"` // ERROR, WARNING, INFO
	Attributes []string `json:"attributeNames"`
}

// Listing is a listings item, as far as it was asked for.
// Source: model listingsItems_2021-08-01, Item.
type Listing struct {
	SKU          string                      `json:"sku"`
	Summaries    []ListingSummary            `json:"summaries"`
	Attributes   map[string][]map[string]any `json:"attributes"` // numbers are json.Number
	Issues       []ListingIssue              `json:"issues"`
	Availability []Availability              `json:"fulfillmentAvailability"`
	ProductTypes []struct {
		MarketplaceID string `json:"marketplaceId"`
		ProductType   string `json:"productType"`
	} `json:"productTypes"`
}

// ProductType is the listing's in a marketplace; "" where Amazon tells none.
func (l Listing) ProductType(marketplaceID string) string {
	for _, t := range l.ProductTypes {
		if t.MarketplaceID == marketplaceID {
			return t.ProductType
		}
	}
	for _, s := range l.Summaries {
		if s.MarketplaceID == marketplaceID {
			return s.ProductType
		}
	}
	return ""
}

// Fulfilled reports who ships the listing: Amazon, the seller, or nobody yet.
func (l Listing) Fulfilled() (byAmazon, bySeller bool) {
	for _, a := range l.Availability {
		byAmazon, bySeller = byAmazon || a.Channel != MerchantChannel, bySeller || a.Channel == MerchantChannel
	}
	return byAmazon, bySeller
}

// ListingPatch replaces attributes of a listing in one marketplace.
type ListingPatch struct {
	ProductType string
	Attributes  map[string][]map[string]any
}

// Submission is Amazon's answer to a patch.
type Submission struct {
	ID     string         `json:"submissionId"`
	Status string         `json:"status"` // SubmissionAccepted, SubmissionValid, or refused
	Issues []ListingIssue `json:"issues"`
}

// States of submissions that Amazon does not refuse.
const (
	SubmissionAccepted = "ACCEPTED"
	SubmissionValid    = "VALID" // of a preview
)

const pathListings = "/listings/2021-08-01/items/"

var (
	opGetListingsItem     = Operation{"getListingsItem", 5, 10}
	opSearchListingsItems = Operation{"searchListingsItems", 5, 5}
	opPatchListingsItem   = Operation{"patchListingsItem", 5, 5}
)

func pathListing(sellerID, sku string) string {
	return pathListings + url.PathEscape(sellerID) + "/" + url.PathEscape(sku)
}

// Availability returns through which channels an SKU is offered, as far as
// Amazon has it in force; fault.NotFound when there is no such listing.
func (c *Client) Availability(ctx context.Context, sellerID, sku string, marketplaceIDs []string) ([]Availability, error) {
	l, err := c.listing(ctx, sellerID, sku, marketplaceIDs, "fulfillmentAvailability")
	return l.Availability, err
}

// Listing returns a listing in a marketplace with its attributes, as the seller
// submitted them; fault.NotFound when there is none.
func (c *Client) Listing(ctx context.Context, sellerID, sku, marketplaceID string) (Listing, error) {
	return c.listing(ctx, sellerID, sku, []string{marketplaceID}, "summaries,attributes,issues,productTypes")
}

func (c *Client) listing(ctx context.Context, sellerID, sku string, marketplaceIDs []string, data string) (l Listing, err error) {
	r := request{op: opGetListingsItem, method: http.MethodGet, path: pathListing(sellerID, sku),
		query: url.Values{"marketplaceIds": {strings.Join(marketplaceIDs, ",")}, "includedData": {data}}}
	var raw json.RawMessage
	if err := c.call(ctx, r, &raw); err != nil {
		return l, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber() // prices are among the attributes
	if err := decoder.Decode(&l); err != nil {
		return l, fault.Wrap(err, fault.Unavailable, "Amazon's listing of %s cannot be read: %v.", sku, err)
	}
	return l, nil
}

// PatchListing replaces attributes of a listing in a marketplace. With preview
// Amazon says what it thinks of the change and does nothing.
func (c *Client) PatchListing(ctx context.Context, sellerID, sku, marketplaceID string, p ListingPatch, preview bool) (s Submission, err error) {
	type patch struct {
		Op    string           `json:"op"`
		Path  string           `json:"path"`
		Value []map[string]any `json:"value"`
	}
	body := struct {
		ProductType string  `json:"productType"`
		Patches     []patch `json:"patches"`
	}{ProductType: p.ProductType}
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
		body.Patches = append(body.Patches, patch{"replace", "/attributes/" + name, p.Attributes[name]})
	}
	r := request{op: opPatchListingsItem, method: http.MethodPatch, path: pathListing(sellerID, sku), body: body,
		query: url.Values{"marketplaceIds": {marketplaceID}, "issueLocale": {"en_US"}}}
	if preview {
		r.query.Set("mode", "VALIDATION_PREVIEW")
	}
	return s, c.call(ctx, r, &s)
}

// mostFound is how many listings Amazon pages through for one search.
const mostFound = 1000

// Listings yields all listings of a seller in a marketplace, the oldest first;
// after an error it ends. Listings that were made while it went on may come
// twice.
func (c *Client) Listings(ctx context.Context, sellerID, marketplaceID string) iter.Seq2[Listing, error] {
	return func(yield func(Listing, error) bool) {
		query := url.Values{"marketplaceIds": {marketplaceID}, "includedData": {"summaries,fulfillmentAvailability"},
			"sortBy": {"createdDate"}, "sortOrder": {"ASC"}, "pageSize": {strconv.Itoa(20)}}
		for since := (time.Time{}); ; {
			last, more, err := c.listings(ctx, sellerID, marketplaceID, query, yield)
			switch {
			case err != nil:
				yield(Listing{}, err)
				return
			case !more:
				return
			case !last.After(since):
				yield(Listing{}, fault.New(fault.Unavailable, "Amazon shows no more than %d listings of one time.", mostFound))
				return
			}
			since = last
			query.Set("createdAfter", since.UTC().Format(time.RFC3339Nano))
			query.Del("pageToken")
		}
	}
}

// listings yields what one search pages through, and returns when the last one
// was made and whether there are more.
func (c *Client) listings(ctx context.Context, sellerID, marketplaceID string, query url.Values, yield func(Listing, error) bool) (last time.Time, more bool, err error) {
	for seen := 0; ; {
		var page struct {
			Found      int       `json:"numberOfResults"`
			Items      []Listing `json:"items"`
			Pagination struct {
				Next string `json:"nextToken"`
			} `json:"pagination"`
		}
		if err := c.call(ctx, request{op: opSearchListingsItems, method: http.MethodGet, path: pathListings + url.PathEscape(sellerID), query: query}, &page); err != nil {
			return last, false, err
		}
		for _, l := range page.Items {
			if !yield(l, nil) {
				return last, false, nil
			}
			for _, s := range l.Summaries {
				if s.MarketplaceID == marketplaceID && s.Created.After(last) {
					last = s.Created
				}
			}
		}
		seen += len(page.Items)
		next := page.Pagination.Next
		if next == "" || len(page.Items) == 0 {
			return last, seen >= mostFound && page.Found > seen, nil
		}
		if next == query.Get("pageToken") {
			return last, false, fault.New(fault.Unavailable, "Amazon repeats the same page of listings.")
		}
		query.Set("pageToken", next)
	}
}
