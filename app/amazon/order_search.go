package amazon

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tieout/app/fault"
)

const pathOrders = "/orders/2026-01-01/orders"

var (
	opSearchOrders = Operation{"searchOrders", 0.0056, 20}
	opGetOrder     = Operation{"getOrder", 0.5, 30}
)

// Orders2026 reads orders with version 2026-01-01 of the Orders API. It needs
// no restricted data token: what is personal follows from the seller's roles.
func (c *Client) Orders2026() OrderSource { return orders2026{c} }

type orders2026 struct{ client *Client }

// SearchOrders implements OrderSource.
func (s orders2026) SearchOrders(ctx context.Context, q OrderQuery) iter.Seq2[OrderPage, error] {
	return func(yield func(OrderPage, error) bool) {
		q, err := q.complete(s.client.cfg.Clock.Now())
		if err != nil {
			yield(OrderPage{}, err)
			return
		}
		query := q.values()
		s.client.follow(yield, func(token string) (OrderPage, string, error) {
			if token != "" {
				query.Set("paginationToken", token)
			}
			return s.page(ctx, query, q.Before)
		})
	}
}

// values are the parameters of version 2026-01-01.
func (q OrderQuery) values() url.Values {
	v := url.Values{"maxResultsPerPage": {strconv.Itoa(q.PageSize)}}
	after, before := "lastUpdatedAfter", "lastUpdatedBefore"
	if q.UpdatedAfter.IsZero() {
		after, before = "createdAfter", "createdBefore"
	}
	v.Set(after, stamp(q.after()))
	v.Set(before, stamp(q.Before))
	list(v, "marketplaceIds", q.MarketplaceIDs)
	list(v, "fulfillmentStatuses", q.Statuses)
	list(v, "fulfilledBy", q.FulfilledBy)
	list(v, "includedData", q.Include)
	return v
}

// list sets a parameter to values joined by commas, unless there are none.
func list[T ~string](v url.Values, name string, values []T) {
	if len(values) == 0 {
		return
	}
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = string(value)
	}
	v.Set(name, strings.Join(texts, ","))
}

func (s orders2026) page(ctx context.Context, query url.Values, before time.Time) (page OrderPage, next string, err error) {
	r := request{op: opSearchOrders, method: http.MethodGet, path: pathOrders, query: query}
	if err := s.client.call(ctx, r, &page.Raw); err != nil {
		return OrderPage{}, "", err
	}
	var body struct {
		Orders     []json.RawMessage `json:"orders"`
		Pagination struct {
			Next string `json:"nextToken"`
		} `json:"pagination"`
		UpdatedBefore time.Time `json:"lastUpdatedBefore"`
		CreatedBefore time.Time `json:"createdBefore"`
	}
	if err := json.Unmarshal(page.Raw, &body); err != nil {
		return OrderPage{}, "", unreadable(err, "a page of orders")
	}
	page.UpdatedBefore = firstTime(body.UpdatedBefore, body.CreatedBefore, before)
	for _, raw := range body.Orders {
		order, err := readOrder(raw)
		page.Orders = append(page.Orders, FoundOrder{Raw: raw, Order: order, Err: err})
	}
	return page, body.Pagination.Next, nil
}

func firstTime(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t.UTC()
		}
	}
	return time.Time{}
}

// Order implements OrderSource.
func (s orders2026) Order(ctx context.Context, id string, include []Include) (json.RawMessage, Order, error) {
	query := url.Values{}
	list(query, "includedData", include)
	var body struct {
		Order json.RawMessage `json:"order"`
	}
	r := request{op: opGetOrder, method: http.MethodGet, path: pathOrders + "/" + url.PathEscape(id), query: query}
	if err := s.client.call(ctx, r, &body); err != nil {
		return nil, Order{}, err
	}
	order, err := readOrder(body.Order)
	return body.Order, order, err
}

// readOrder reads an order of version 2026-01-01.
func readOrder(raw json.RawMessage) (Order, error) {
	var order Order
	if err := json.Unmarshal(raw, &order); err != nil {
		return Order{}, unreadable(err, "an order")
	}
	if order.ID == "" {
		return Order{}, unreadable(fmt.Errorf("no orderId"), "an order")
	}
	return order, nil
}

func unreadable(err error, what string) error {
	return fault.Wrap(err, fault.Unavailable, "Amazon sends %s that cannot be read.", what)
}

// ReadOrder reads an order as a source returned it raw, of either version.
func ReadOrder(raw json.RawMessage) (Order, error) {
	var old v0Whole
	if err := json.Unmarshal(raw, &old); err == nil && old.Order.ID != "" {
		return old.order(), nil
	}
	return readOrder(raw)
}
