package amazon

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"time"

	"tieout/app/fault"
)

// OrderSource reads a seller's orders. Orders2026 and OrdersV0 are the two
// versions of Amazon's API behind it; what they return has one shape.
type OrderSource interface {
	// SearchOrders yields pages of the orders that q selects, asking for the
	// next one when it is needed. After an error it ends.
	SearchOrders(ctx context.Context, q OrderQuery) iter.Seq2[OrderPage, error]
	// Order returns one order, as Amazon sent it and read.
	Order(ctx context.Context, id string, include []Include) (json.RawMessage, Order, error)
}

// Include is a part of an order that is not sent unless it is asked for.
type Include string

// The parts. The basics and the items always come, but not even the status
// without IncludeFulfillment and no money without IncludeProceeds.
const (
	IncludeBuyer        Include = "BUYER"
	IncludeRecipient    Include = "RECIPIENT"
	IncludeProceeds     Include = "PROCEEDS"
	IncludePromotion    Include = "PROMOTION"
	IncludeCancellation Include = "CANCELLATION"
	IncludeFulfillment  Include = "FULFILLMENT"
	IncludePackages     Include = "PACKAGES"
	IncludeTax          Include = "TAX"
)

// Impersonal returns every part that says nothing about the buyer.
func Impersonal() []Include {
	return []Include{IncludeProceeds, IncludePromotion, IncludeCancellation, IncludeFulfillment, IncludePackages, IncludeTax}
}

// Everything returns every part.
func Everything() []Include { return append(Impersonal(), IncludeBuyer, IncludeRecipient) }

// OrderQuery selects orders by exactly one of UpdatedAfter and CreatedAfter.
// Amazon returns no orders that are older than two years.
type OrderQuery struct {
	UpdatedAfter   time.Time
	CreatedAfter   time.Time
	Before         time.Time // of the same kind; zero or too new: as new as Amazon allows
	MarketplaceIDs []string  // at most 50; the older version requires them
	Statuses       []FulfillmentStatus
	FulfilledBy    []Fulfiller
	Include        []Include
	PageSize       int // 1 to 100; 0 for 100
}

// OrderPage is one answer of a search.
type OrderPage struct {
	Raw    json.RawMessage // the page as Amazon sent it
	Orders []FoundOrder
	// UpdatedBefore is until when the search reaches: where the next one
	// begins, less some minutes of overlap. By UpdatedAfter or CreatedAfter
	// as the query has it.
	UpdatedBefore time.Time
}

// FoundOrder is an order of a page.
type FoundOrder struct {
	Raw   json.RawMessage // as Amazon sent it
	Order Order
	Err   error // Amazon sent something that is no order; only Raw is there
}

const (
	// newest is how far behind now Amazon wants a search to end, with some
	// seconds more because two clocks never agree.
	newest = 2*time.Minute + 5*time.Second
	// pageLife is how long a page token holds, less the time of a call.
	pageLife = 24*time.Hour - 5*time.Minute

	orderPage         = 100
	orderMarketplaces = 50
)

// complete checks q and sets what Amazon would assume, so that every page is
// asked for with the same parameters.
func (q OrderQuery) complete(now time.Time) (OrderQuery, error) {
	if q.UpdatedAfter.IsZero() == q.CreatedAfter.IsZero() {
		return q, fault.New(fault.Invalid, "Orders are searched either by the time of their last update or by the time they were placed.")
	}
	if len(q.MarketplaceIDs) > orderMarketplaces {
		return q, fault.New(fault.Invalid, "Orders are searched in at most %d marketplaces, not %d.", orderMarketplaces, len(q.MarketplaceIDs))
	}
	if q.PageSize < 0 || q.PageSize > orderPage {
		return q, fault.New(fault.Invalid, "A page has 1 to %d orders, not %d.", orderPage, q.PageSize)
	}
	if q.PageSize == 0 {
		q.PageSize = orderPage
	}
	if latest := now.Add(-newest); q.Before.IsZero() || q.Before.After(latest) {
		q.Before = latest
	}
	q.Before = q.Before.UTC().Truncate(time.Second)
	if after := q.after(); after.After(q.Before) {
		return q, fault.New(fault.Invalid, "Orders are searched up to two minutes ago; %s is later.", after.UTC().Format(time.RFC3339))
	}
	return q, nil
}

// after is where the search begins.
func (q OrderQuery) after() time.Time {
	if q.UpdatedAfter.IsZero() {
		return q.CreatedAfter
	}
	return q.UpdatedAfter
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// follow asks for pages with fetch, which returns the token of the page after
// it, until there is none.
func (c *Client) follow(yield func(OrderPage, error) bool, fetch func(token string) (page OrderPage, next string, err error)) {
	seen, token, issued := map[string]bool{}, "", time.Time{}
	for {
		if token != "" && c.cfg.Clock.Now().Sub(issued) > pageLife {
			yield(OrderPage{}, fault.New(fault.Unavailable, "The search for orders took longer than the day that Amazon keeps its place; it begins again."))
			return
		}
		page, next, err := fetch(token)
		if err != nil {
			yield(OrderPage{}, err)
			return
		}
		issued = c.cfg.Clock.Now()
		if !yield(page, nil) || next == "" {
			return
		}
		if seen[next] {
			yield(OrderPage{}, fault.New(fault.Unavailable, "Amazon repeats the same page of orders."))
			return
		}
		seen[next], token = true, next
	}
}

// Only returns the order without the parts that are not in include, as Amazon
// sends it when no other were asked for.
func (o Order) Only(include []Include) Order {
	without := func(part Include) bool { return !slices.Contains(include, part) }
	if without(IncludeBuyer) {
		o.Buyer = Buyer{}
	}
	if without(IncludeRecipient) {
		o.Recipient = Recipient{}
	}
	if without(IncludeProceeds) {
		o.Proceeds = OrderProceeds{}
	}
	if without(IncludeFulfillment) {
		o.Fulfillment = OrderFulfillment{}
	}
	if without(IncludePackages) {
		o.Packages = nil
	}
	o.Items = slices.Clone(o.Items)
	for k := range o.Items {
		o.Items[k] = o.Items[k].only(without)
	}
	return o
}

func (i OrderItem) only(without func(Include) bool) OrderItem {
	if without(IncludeProceeds) {
		i.Proceeds = ItemProceeds{}
	}
	if without(IncludePromotion) {
		i.Promotion = ItemPromotion{}
	}
	if without(IncludeCancellation) {
		i.Cancellation = ItemCancellation{}
	}
	if without(IncludeFulfillment) {
		i.Fulfillment = ItemFulfillment{}
	}
	if without(IncludeTax) {
		i.Tax = ItemTax{}
	}
	return i
}
