package amazon

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tieout/app/fault"
)

// OrderParts are what SearchOrders and Order ask for: states, money, taxes and
// packages. None of them is personal.
var orderParts = []string{"PROCEEDS", "FULFILLMENT", "PACKAGES", "PROMOTION", "TAX", "CANCELLATION"}

const (
	pathOrders = "/orders/2026-01-01/orders"
	orderPage  = "100" // the largest page
	// settles is how long before now a search must end, by Amazon's rule, and some more for two clocks.
	settles = 2*time.Minute + 5*time.Second
)

var (
	opSearchOrders = Operation{"searchOrders", 0.0056, 20}
	opGetOrder     = Operation{"getOrder", 0.5, 30}
)

// OrderQuery selects orders by when they last changed.
type OrderQuery struct {
	MarketplaceIDs []string // at most 50; none: all of the seller's
	UpdatedSince   time.Time
	UpdatedUntil   time.Time // at most until two minutes ago; zero: until then
}

// OrderPage is one answer of Amazon with the orders in it.
type OrderPage struct {
	Raw    []byte
	Orders []json.RawMessage
	Until  time.Time // all changes until then are in this search's pages
}

// SearchOrders yields what changed, page by page. One page in three minutes is
// all that Amazon allows for long; single orders are had with Order.
func (c *Client) SearchOrders(ctx context.Context, q OrderQuery) iter.Seq2[OrderPage, error] {
	return func(yield func(OrderPage, error) bool) {
		query := c.orderQuery(q)
		for {
			page, next, err := c.searchOrders(ctx, query)
			if err != nil {
				yield(OrderPage{}, err)
				return
			}
			if !yield(page, nil) || next == "" {
				return
			}
			if next == query.Get("paginationToken") {
				yield(OrderPage{}, fault.New(fault.Unavailable, "Amazon repeats the same page of orders."))
				return
			}
			query.Set("paginationToken", next) // beside all the other parameters, as Amazon wants it
		}
	}
}

func (c *Client) searchOrders(ctx context.Context, query url.Values) (page OrderPage, next string, err error) {
	err = c.call(ctx, request{op: opSearchOrders, method: http.MethodGet, path: pathOrders, query: query}, (*rawAnswer)(&page.Raw))
	if err != nil {
		return page, "", err
	}
	var answer struct {
		Orders     []json.RawMessage
		Pagination struct{ NextToken string }
		Until      time.Time `json:"lastUpdatedBefore"`
	}
	if err := json.Unmarshal(page.Raw, &answer); err != nil {
		return page, "", fault.Wrap(err, fault.Unavailable, "Amazon's list of orders cannot be read.")
	}
	page.Orders, page.Until = answer.Orders, answer.Until
	return page, answer.Pagination.NextToken, nil
}

func (c *Client) orderQuery(q OrderQuery) url.Values {
	until, latest := q.UpdatedUntil, c.cfg.Clock.Now().Add(-settles)
	if until.IsZero() || until.After(latest) {
		until = latest
	}
	since := q.UpdatedSince
	if !since.Before(until) {
		since = until.Add(-time.Second)
	}
	query := url.Values{"lastUpdatedAfter": {since.UTC().Format(time.RFC3339)}, "lastUpdatedBefore": {until.UTC().Format(time.RFC3339)},
		"maxResultsPerPage": {orderPage}, "includedData": {strings.Join(orderParts, ",")}}
	if len(q.MarketplaceIDs) > 0 {
		query.Set("marketplaceIds", strings.Join(q.MarketplaceIDs, ","))
	}
	return query
}

// Order returns one order, and Amazon's answer as it came.
func (c *Client) Order(ctx context.Context, id string) (raw []byte, order json.RawMessage, err error) {
	query := url.Values{"includedData": {strings.Join(orderParts, ",")}}
	err = c.call(ctx, request{op: opGetOrder, method: http.MethodGet, path: pathOrders + "/" + url.PathEscape(id), query: query}, (*rawAnswer)(&raw))
	if err != nil {
		return nil, nil, err
	}
	var answer struct{ Order json.RawMessage }
	if err := json.Unmarshal(raw, &answer); err != nil || answer.Order == nil {
		return nil, nil, fault.Wrap(err, fault.Unavailable, "Amazon's answer about order %s cannot be read.", id)
	}
	return raw, answer.Order, nil
}

// rawAnswer keeps an answer as it came.
type rawAnswer []byte

// UnmarshalJSON implements json.Unmarshaler.
func (r *rawAnswer) UnmarshalJSON(text []byte) error {
	*r = append((*r)[:0], text...)
	return nil
}
