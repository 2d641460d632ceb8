package amazon

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tieout/app/amazon"
)

const (
	pathOrders   = "/orders/2026-01-01/orders"
	pathOrdersV0 = "/orders/v0/orders"

	newest        = 2 * time.Minute          // how far behind now a search ends
	oldest        = 2 * 365 * 24 * time.Hour // what is older is not returned
	pageTokenLife = 24 * time.Hour
)

func (s *Server) orderRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+pathOrders, s.limited(searchOrders, s.serveSearch))
	mux.HandleFunc("GET "+pathOrders+"/{id}", s.limited(getOrder, s.serveOrder))
	mux.HandleFunc("GET "+pathOrdersV0, s.limited(getOrders, s.serveOrdersV0))
	mux.HandleFunc("GET "+pathOrdersV0+"/{id}", s.limited(getOrderV0, s.serveOrderV0))
	mux.HandleFunc("GET "+pathOrdersV0+"/{id}/orderItems", s.limited(getOrderItems, s.serveItemsV0))
	mux.HandleFunc("GET "+pathOrdersV0+"/{id}/address", s.limited(getOrderAddress, s.serveAddressV0))
	mux.HandleFunc("GET "+pathOrdersV0+"/{id}/buyerInfo", s.limited(getOrderBuyerInfo, s.serveBuyerV0))
	mux.HandleFunc("POST "+pathOrdersV0+"/{id}/shipmentConfirmation", s.limited(confirmShipment, s.serveConfirm))
}

// orderOperation names what a path of the Orders API asks for.
func orderOperation(path string) string {
	if rest, ok := strings.CutPrefix(path, pathOrders); ok {
		if rest == "" {
			return searchOrders.name
		}
		return getOrder.name
	}
	rest, ok := strings.CutPrefix(path, pathOrdersV0)
	if !ok {
		return ""
	}
	parts := strings.Split(rest, "/")
	switch {
	case rest == "":
		return getOrders.name
	case len(parts) == 2:
		return getOrderV0.name
	}
	return map[string]string{"orderItems": getOrderItems.name, "address": getOrderAddress.name, "buyerInfo": getOrderBuyerInfo.name,
		"shipmentConfirmation": confirmShipment.name}[parts[2]]
}

// orderSearch is what a search selects; a page token carries it on.
type orderSearch struct {
	ByUpdate bool                       `json:"byUpdate"`
	After    time.Time                  `json:"after"`
	Before   time.Time                  `json:"before"`
	Markets  []string                   `json:"markets"`
	Statuses []amazon.FulfillmentStatus `json:"statuses"`
	By       []amazon.Fulfiller         `json:"by"`
	IDs      []string                   `json:"ids"`

	// Where the page begins: a day of the history and a purchase of it.
	Day    int       `json:"day"`
	Index  int       `json:"index"`
	Seller string    `json:"seller"`
	Made   time.Time `json:"made"`
}

// takes reports whether the search selects an order.
func (q *orderSearch) takes(l listed, now time.Time) bool {
	at := l.created
	if q.ByUpdate {
		at = l.updated
	}
	return !at.Before(q.After) && !at.After(q.Before) && l.created.After(now.Add(-oldest)) &&
		(len(q.Markets) == 0 || slices.Contains(q.Markets, l.marketplace)) &&
		(len(q.Statuses) == 0 || slices.Contains(q.Statuses, l.status)) &&
		(len(q.By) == 0 || slices.Contains(q.By, l.by)) &&
		(len(q.IDs) == 0 || slices.Contains(q.IDs, l.id))
}

// page returns the next orders of the search and whether there are more.
func (a *account) page(q *orderSearch, size int, now time.Time) (list []amazon.Order, more bool) {
	first, last := a.book.Days(q.After, q.Before)
	q.Day = max(q.Day, first)
	extras, hidden := a.extrasNow()
	for ; q.Day <= last; q.Day, q.Index = q.Day+1, 0 {
		for day := a.book.Day(q.Day); q.Index < len(day); q.Index++ {
			l, placed := a.listing(&day[q.Index], now)
			if !placed || hidden[l.id] || !q.takes(l, now) {
				continue
			}
			if len(list) == size {
				return list, true
			}
			list = append(list, l.order())
		}
	}
	for ; q.Index < len(extras); q.Index++ {
		if !q.takes(extras[q.Index], now) {
			continue
		}
		if len(list) == size {
			return list, true
		}
		list = append(list, extras[q.Index].order())
	}
	return list, false
}

// Orders returns a seller's orders that changed since an instant, as they are now.
func (s *Server) Orders(account string, since time.Time) ([]amazon.Order, error) {
	a, err := s.account(account)
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	list, _ := a.page(&orderSearch{ByUpdate: true, After: since, Before: now}, math.MaxInt, now)
	return list, nil
}

// anOrder returns one order.
func (a *account) anOrder(id string, now time.Time) (amazon.Order, bool) {
	if x, ok := a.extra(id); ok {
		return x, true
	}
	p, ok := a.book.Find(id, now)
	if !ok {
		return amazon.Order{}, false
	}
	return a.order(p, now), true
}

// window reads which time a search goes by. The names are those of the version.
func (s *Server) window(query url.Values, updated, created string) (q orderSearch, wrong string) {
	now := s.cfg.Now()
	byUpdate, byCreated := query.Get(updated+"After"), query.Get(created+"After")
	name := updated
	switch {
	case (byUpdate == "") == (byCreated == ""):
		return q, "Exactly one of " + created + "After and " + updated + "After must be provided."
	case byCreated != "":
		name = created
		if query.Has(updated + "Before") {
			return q, updated + "Before cannot be provided with " + created + "After."
		}
	case query.Has(created + "Before"):
		return q, created + "Before cannot be provided with " + updated + "After."
	}
	q = orderSearch{ByUpdate: name == updated, Before: now.Add(-newest).Truncate(time.Second)}
	var err error
	if q.After, err = time.Parse(time.RFC3339, query.Get(name+"After")); err != nil {
		return q, "Invalid " + name + "After."
	}
	if text := query.Get(name + "Before"); text != "" {
		if q.Before, err = time.Parse(time.RFC3339, text); err != nil {
			return q, "Invalid " + name + "Before."
		}
		if q.Before.After(now.Add(-newest)) {
			return q, name + "Before must be at least two minutes before the time of the request."
		}
	}
	if q.Before.Before(q.After) && query.Has(name+"Before") {
		return q, name + "Before must be after " + name + "After."
	}
	return q, ""
}

// pageSize reads how many orders a page may have.
func pageSize(query url.Values, name string) (int, bool) {
	text := query.Get(name)
	if text == "" {
		return 100, true
	}
	size, err := strconv.Atoi(text)
	return size, err == nil && size >= 1 && size <= 100
}

// known reads a list whose values must be some of allowed.
func known[T ~string](query url.Values, name string, allowed ...T) (list []T, ok bool) {
	for _, text := range values(query, name) {
		if !slices.Contains(allowed, T(text)) {
			return nil, false
		}
		list = append(list, T(text))
	}
	return list, true
}

// search reads the query of version 2026-01-01.
func (s *Server) search(query url.Values, a *account) (q orderSearch, size int, include []amazon.Include, wrong string) {
	q, wrong = s.window(query, "lastUpdated", "created")
	if wrong != "" {
		return q, 0, nil, wrong
	}
	var sized, statuses, fulfillers, parts bool
	size, sized = pageSize(query, "maxResultsPerPage")
	q.Statuses, statuses = known(query, "fulfillmentStatuses", amazon.OrderPendingAvailability, amazon.OrderPending, amazon.OrderUnshipped,
		amazon.OrderPartiallyShipped, amazon.OrderShipped, amazon.OrderCancelled, amazon.OrderUnfulfillable)
	q.By, fulfillers = known(query, "fulfilledBy", amazon.ByAmazon, amazon.ByMerchant)
	include, parts = includes(query)
	q.Markets, q.Seller = values(query, "marketplaceIds"), a.seller().Key
	switch {
	case !sized:
		return q, 0, nil, "maxResultsPerPage must be between 1 and 100."
	case !statuses || !fulfillers || !parts:
		return q, 0, nil, "A value of fulfillmentStatuses, fulfilledBy or includedData is not valid."
	case len(q.Markets) > 50:
		return q, 0, nil, "marketplaceIds has more than 50 values."
	}
	if token := query.Get("paginationToken"); token != "" {
		q, wrong = s.goOn(q, token, query.Has("lastUpdatedBefore") || query.Has("createdBefore"))
	}
	return q, size, include, wrong
}

// goOn returns the search of a page token, which must be the same as q.
func (s *Server) goOn(q orderSearch, token string, bounded bool) (orderSearch, string) {
	var earlier orderSearch
	if !s.unseal(token, &earlier) || earlier.Seller != q.Seller {
		return q, "Invalid paginationToken."
	}
	if !s.cfg.Clock().Before(earlier.Made.Add(pageTokenLife)) {
		return q, "The paginationToken has expired."
	}
	same := q.ByUpdate == earlier.ByUpdate && q.After.Equal(earlier.After) && (!bounded || q.Before.Equal(earlier.Before)) &&
		slices.Equal(q.Markets, earlier.Markets) && slices.Equal(q.Statuses, earlier.Statuses) && slices.Equal(q.By, earlier.By)
	if !same {
		return q, "The parameters must be those of the request that returned the paginationToken."
	}
	return earlier, ""
}

func includes(query url.Values) ([]amazon.Include, bool) {
	all := append(amazon.Everything(), "EXPENSE", "PAYMENT", "FULFILLMENT_ORDERS")
	return known(query, "includedData", all...)
}

func (s *Server) serveSearch(w http.ResponseWriter, r *http.Request, a *account) {
	q, size, include, wrong := s.search(r.URL.Query(), a)
	if wrong != "" {
		invalid(w, wrong, "")
		return
	}
	orders, more := a.page(&q, size, s.cfg.Now())
	list := []amazon.Order{}
	for _, o := range orders {
		list = append(list, shown(o, !a.Impersonal).Only(include))
	}
	answer := map[string]any{"orders": list}
	if more {
		q.Made = s.cfg.Clock()
		answer["pagination"] = map[string]string{"nextToken": s.seal(q)}
	}
	if q.ByUpdate {
		answer["lastUpdatedBefore"] = q.Before.UTC()
	} else {
		answer["createdBefore"] = q.Before.UTC()
	}
	write(w, http.StatusOK, answer)
}

func (s *Server) serveOrder(w http.ResponseWriter, r *http.Request, a *account) {
	include, ok := includes(r.URL.Query())
	if !ok {
		invalid(w, "A value of includedData is not valid.", "")
		return
	}
	o, ok := a.anOrder(r.PathValue("id"), s.cfg.Now())
	if !ok {
		noOrder(w, r)
		return
	}
	write(w, http.StatusOK, map[string]any{"order": shown(o, !a.Impersonal).Only(include)})
}

func noOrder(w http.ResponseWriter, r *http.Request) {
	writeErrors(w, http.StatusNotFound, "NotFound", "Order "+r.PathValue("id")+" was not found.", "")
}
