package amazon

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"tieout/app/fault"
)

const pathOrdersV0 = "/orders/v0/orders"

// getOrder is the name of an operation in both versions; each has a bucket.
var (
	opGetOrdersV0         = Operation{"getOrders", 0.0167, 20}
	opGetOrderV0          = Operation{"getOrderV0", 0.5, 30}
	opGetOrderItemsV0     = Operation{"getOrderItems", 0.5, 30}
	opGetOrderAddressV0   = Operation{"getOrderAddress", 0.5, 30}
	opGetOrderBuyerInfoV0 = Operation{"getOrderBuyerInfo", 0.5, 30}
)

// personal is the scope of calls that return personal data; its token is a
// restricted data token instead of one of Login with Amazon.
const personal Scope = "restricted: orders"

// personalResources are all calls of the personal scope: one token for all of
// them, whichever order is asked for.
// Source: developer-docs.amazon.com/sp-api/docs/tokens-api-use-case-guide.
func personalResources() []RestrictedResource {
	const one = pathOrdersV0 + "/{orderId}"
	return []RestrictedResource{
		{Method: http.MethodGet, Path: one + "/orderItems", DataElements: []string{"buyerInfo"}},
		{Method: http.MethodGet, Path: one + "/address"},
		{Method: http.MethodGet, Path: one + "/buyerInfo"},
	}
}

// personalAccess gets the token of the personal scope.
func (c *Client) personalAccess(ctx context.Context) (*access, error) {
	asked := c.cfg.Clock.Now()
	token, err := c.CreateRestrictedDataToken(ctx, personalResources()...)
	if err != nil {
		return nil, err
	}
	return newAccess(token.Value, asked, token.Until.Sub(asked)), nil
}

// OrdersV0 reads orders with version 0 of the Orders API, which Amazon ends on
// 2027-03-27. It asks for the items of each order by a call of their own, and
// for the buyer and the address, where they are wanted, with a restricted data
// token. Without IncludeBuyer it does not learn what gift wrap cost. Packages
// and executed cancellations are not in this version.
func (c *Client) OrdersV0() OrderSource { return ordersV0{c} }

type ordersV0 struct{ client *Client }

// SearchOrders implements OrderSource.
func (s ordersV0) SearchOrders(ctx context.Context, q OrderQuery) iter.Seq2[OrderPage, error] {
	return func(yield func(OrderPage, error) bool) {
		if len(q.MarketplaceIDs) == 0 {
			yield(OrderPage{}, fault.New(fault.Invalid, "This version of Amazon's orders is searched by marketplace; none is named."))
			return
		}
		q, err := q.complete(s.client.cfg.Clock.Now())
		if err != nil {
			yield(OrderPage{}, err)
			return
		}
		query := q.valuesV0()
		s.client.follow(yield, func(token string) (OrderPage, string, error) {
			if token != "" {
				query.Set("NextToken", token)
			}
			return s.page(ctx, query, q)
		})
	}
}

// valuesV0 are the parameters of version 0.
func (q OrderQuery) valuesV0() url.Values {
	v := url.Values{"MaxResultsPerPage": {strconv.Itoa(q.PageSize)}}
	after, before := "LastUpdatedAfter", "LastUpdatedBefore"
	if q.UpdatedAfter.IsZero() {
		after, before = "CreatedAfter", "CreatedBefore"
	}
	v.Set(after, stamp(q.after()))
	v.Set(before, stamp(q.Before))
	list(v, "MarketplaceIds", q.MarketplaceIDs)
	list(v, "OrderStatuses", v0Statuses(q.Statuses))
	list(v, "FulfillmentChannels", v0Channels(q.FulfilledBy))
	return v
}

func (s ordersV0) page(ctx context.Context, query url.Values, q OrderQuery) (page OrderPage, next string, err error) {
	r := request{op: opGetOrdersV0, method: http.MethodGet, path: pathOrdersV0, query: query}
	if err := s.client.call(ctx, r, &page.Raw); err != nil {
		return OrderPage{}, "", err
	}
	var body struct {
		Payload struct {
			Orders        []json.RawMessage
			NextToken     string
			UpdatedBefore string `json:"LastUpdatedBefore"`
			CreatedBefore string
		} `json:"payload"`
	}
	if err := json.Unmarshal(page.Raw, &body); err != nil {
		return OrderPage{}, "", unreadable(err, "a page of orders")
	}
	page.UpdatedBefore = firstTime(v0Time(body.Payload.UpdatedBefore), v0Time(body.Payload.CreatedBefore), q.Before)
	for _, raw := range body.Payload.Orders {
		found, err := s.found(ctx, raw, q)
		if err != nil {
			return OrderPage{}, "", err
		}
		if len(q.Statuses) == 0 || found.Err != nil || slices.Contains(q.Statuses, v0Status(found.status)) {
			page.Orders = append(page.Orders, found.FoundOrder)
		}
	}
	return page, body.Payload.NextToken, nil
}

type foundV0 struct {
	FoundOrder
	status string
}

// found completes one order of a page; err is a call that failed.
func (s ordersV0) found(ctx context.Context, raw json.RawMessage, q OrderQuery) (found foundV0, err error) {
	found.Raw = raw
	var head v0Order
	if found.Err = readV0(raw, &head); found.Err != nil {
		return found, nil
	}
	found.status = head.Status
	found.Raw, err = s.whole(ctx, head.ID, raw, q.Include)
	if fault.Is(err, fault.NotFound) { // Amazon lists it and does not know it: no reason to stop
		found.Raw, found.Err = raw, err
		return found, nil
	}
	if err != nil {
		return found, err
	}
	found.Order, found.Err = readWhole(found.Raw, q.Include)
	return found, nil
}

// Order implements OrderSource.
func (s ordersV0) Order(ctx context.Context, id string, include []Include) (json.RawMessage, Order, error) {
	head, err := s.payload(ctx, opGetOrderV0, id, "", "")
	if err != nil {
		return nil, Order{}, err
	}
	raw, err := s.whole(ctx, id, head, include)
	if err != nil {
		return nil, Order{}, err
	}
	order, err := readWhole(raw, include)
	return raw, order, err
}

// whole puts what Amazon says about an order in several answers into one
// object, each answer as it came: Order, OrderItems, Address and BuyerInfo.
func (s ordersV0) whole(ctx context.Context, id string, head json.RawMessage, include []Include) (json.RawMessage, error) {
	buyer, recipient := slices.Contains(include, IncludeBuyer), slices.Contains(include, IncludeRecipient)
	parts := struct {
		Order      json.RawMessage
		OrderItems []json.RawMessage
		Address    json.RawMessage `json:",omitempty"`
		BuyerInfo  json.RawMessage `json:",omitempty"`
	}{Order: head}
	var err error
	if parts.OrderItems, err = s.items(ctx, id, scopeFor(buyer)); err != nil {
		return nil, err
	}
	if buyer {
		if parts.BuyerInfo, err = s.payload(ctx, opGetOrderBuyerInfoV0, id, "/buyerInfo", personal); err != nil {
			return nil, err
		}
	}
	if recipient || buyer { // the buyer's company is told with the address
		if parts.Address, err = s.payload(ctx, opGetOrderAddressV0, id, "/address", personal); err != nil {
			return nil, err
		}
	}
	raw, err := json.Marshal(parts)
	if err != nil {
		return nil, unreadable(err, "an order")
	}
	return raw, nil
}

func scopeFor(buyer bool) Scope {
	if buyer {
		return personal
	}
	return ""
}

// payload returns the payload of an operation on one order.
func (s ordersV0) payload(ctx context.Context, op Operation, id, part string, scope Scope) (json.RawMessage, error) {
	var body struct {
		Payload json.RawMessage `json:"payload"`
	}
	r := request{op: op, method: http.MethodGet, path: pathOrdersV0 + "/" + url.PathEscape(id) + part, scope: scope}
	err := s.client.call(ctx, r, &body)
	return body.Payload, err
}

// items returns the items of an order, page by page.
func (s ordersV0) items(ctx context.Context, id string, scope Scope) (items []json.RawMessage, err error) {
	query, seen := url.Values{}, map[string]bool{}
	for {
		var body struct {
			Payload struct {
				OrderItems []json.RawMessage
				NextToken  string
			} `json:"payload"`
		}
		r := request{op: opGetOrderItemsV0, method: http.MethodGet, path: pathOrdersV0 + "/" + url.PathEscape(id) + "/orderItems", query: query, scope: scope}
		if err := s.client.call(ctx, r, &body); err != nil {
			return nil, err
		}
		items = append(items, body.Payload.OrderItems...)
		next := body.Payload.NextToken
		if next == "" {
			return items, nil
		}
		if seen[next] {
			return nil, fault.New(fault.Unavailable, "Amazon repeats the same page of the items of order %s.", id)
		}
		seen[next] = true
		query = url.Values{"NextToken": {next}}
	}
}

// v0Time reads a time that the model has as plain text, zero where it is none.
func v0Time(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
