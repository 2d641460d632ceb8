package amazon

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/cmd/sandbox/seller"
)

var (
	searchOrders = operation{"searchOrders", 0.0056, 20}
	getOrder     = operation{"getOrder", 0.5, 30}
)

// notYet is how long before now a search of orders must end.
const notYet = 2 * time.Minute

// orderSelection is what searchOrders was asked for.
type orderSelection struct {
	created      bool // by when orders were made, not by when they changed
	since, until time.Time
	marketplaces []string
	statuses     []string
	by           []string
	parts        []string
	size, offset int
}

func (q orderSelection) takes(s seller.Sold) bool {
	at := s.Updated
	if q.created {
		at = s.Created
	}
	has := func(wanted []string, one string) bool { return len(wanted) == 0 || slices.Contains(wanted, one) }
	return at.After(q.since) && !at.After(q.until) && has(q.marketplaces, s.Market.ID) && has(q.statuses, s.Status) && has(q.by, "AMAZON")
}

func (s *Server) serveSearchOrders(w http.ResponseWriter, r *http.Request, a *account) {
	q, wrong := s.orderSelection(r.URL.Query())
	if wrong != "" {
		invalid(w, wrong, "")
		return
	}
	list := slices.DeleteFunc(a.sold(q.since, s.cfg.Now()), func(one seller.Sold) bool { return !q.takes(one) })
	slices.SortStableFunc(list, func(x, y seller.Sold) int { return x.Updated.Compare(y.Updated) })
	page, pagination := list[min(q.offset, len(list)):], map[string]any{}
	if len(page) > q.size {
		pagination["nextToken"] = s.orderToken(r.URL.Query(), q.offset+q.size)
		page = page[:q.size]
	}
	orders := make([]map[string]any, len(page))
	for i, one := range page {
		orders[i] = orderJSON(one, q.parts)
	}
	answer := map[string]any{"orders": orders, "pagination": pagination}
	if q.created {
		answer["createdBefore"] = stamp(q.until)
	} else {
		answer["lastUpdatedBefore"] = stamp(q.until)
	}
	write(w, http.StatusOK, answer)
}

// orderSelection reads the query; wrong says what Amazon would refuse.
func (s *Server) orderSelection(query url.Values) (q orderSelection, wrong string) {
	q = orderSelection{created: query.Has("createdAfter"), marketplaces: values(query, "marketplaceIds"), statuses: values(query, "fulfillmentStatuses"),
		by: values(query, "fulfilledBy"), parts: values(query, "includedData"), size: 100, until: s.cfg.Now().Add(-notYet)}
	name := "lastUpdated"
	if q.created {
		name = "created"
	}
	if query.Has("createdAfter") == query.Has("lastUpdatedAfter") {
		return q, "Exactly one of createdAfter and lastUpdatedAfter must be specified."
	}
	var err error
	if q.since, err = time.Parse(time.RFC3339, query.Get(name+"After")); err != nil {
		return q, "Invalid " + name + "After."
	}
	if text := query.Get(name + "Before"); text != "" {
		until, err := time.Parse(time.RFC3339, text)
		if err != nil || until.After(s.cfg.Now().Add(-notYet)) {
			return q, name + "Before must be at least two minutes before now."
		}
		q.until = until
	}
	if text := query.Get("maxResultsPerPage"); text != "" {
		if q.size, err = strconv.Atoi(text); err != nil || q.size < 1 || q.size > 100 {
			return q, "maxResultsPerPage must be between 1 and 100."
		}
	}
	if token := query.Get("paginationToken"); token != "" {
		if q.offset, err = s.readOrderToken(query, token); err != nil {
			return q, "Invalid paginationToken."
		}
	}
	return q, ""
}

// orderToken goes on at an offset, with all the other parameters as they were.
func (s *Server) orderToken(query url.Values, offset int) string {
	return fmt.Sprintf("%d.%s", offset, s.sign(orderQuery(query)+strconv.Itoa(offset)))
}

func (s *Server) readOrderToken(query url.Values, token string) (int, error) {
	text, signature, _ := strings.Cut(token, ".")
	if !s.signed(orderQuery(query)+text, signature) {
		return 0, fmt.Errorf("not a token for this query")
	}
	return strconv.Atoi(text)
}

func orderQuery(query url.Values) string {
	rest := url.Values{}
	for name, values := range query {
		if name != "paginationToken" {
			rest[name] = values
		}
	}
	return rest.Encode()
}

func (s *Server) serveGetOrder(w http.ResponseWriter, r *http.Request, a *account) {
	now := s.cfg.Now()
	for _, one := range a.sold(now.Add(-2*365*24*time.Hour), now) {
		if one.ID == r.PathValue("id") {
			write(w, http.StatusOK, map[string]any{"order": orderJSON(one, values(r.URL.Query(), "includedData"))})
			return
		}
	}
	writeErrors(w, http.StatusNotFound, "NotFound", "Order "+r.PathValue("id")+" was not found.", "")
}

// sold returns the orders that may have changed since a moment, as they stand
// now: the seller's own, and those that somebody placed by hand.
func (a *account) sold(since, now time.Time) []seller.Sold {
	first, last := a.seller().DaysFor(since, now)
	var list []seller.Sold
	for n := first; n <= last; n++ {
		list = append(list, a.soldOn(n, now)...)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, placed := range a.placed {
		at := slices.IndexFunc(list, func(s seller.Sold) bool { return s.ID == placed.ID })
		switch {
		case at >= 0:
			list[at] = a.placed[i]
		case placed.Updated.After(since) || placed.Created.After(since):
			list = append(list, placed)
		}
	}
	return list
}

// soldOn keeps the days that are over for good.
func (a *account) soldOn(n int, now time.Time) []seller.Sold {
	a.mu.Lock()
	day, ok := a.days[n]
	a.mu.Unlock()
	if ok {
		return slices.Clone(day)
	}
	day = a.seller().SoldOn(n, now)
	if over := a.seller().First.Truncate(24 * time.Hour).Add(time.Duration(n+2) * 24 * time.Hour); over.Before(now) {
		a.mu.Lock()
		a.days[n] = day
		a.mu.Unlock()
	}
	return slices.Clone(day)
}

// Place puts an order on a seller's list, or another state of one that is there.
func (s *Server) Place(account string, order seller.Sold) error {
	a, err := s.account(account)
	if err != nil {
		return err
	}
	if order.Market == nil {
		order.Market = &a.seller().Markets[0]
	}
	if order.Currency == "" {
		order.Currency = a.seller().Currency
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	at := slices.IndexFunc(a.placed, func(s seller.Sold) bool { return s.ID == order.ID })
	if at < 0 {
		a.placed = append(a.placed, order)
	} else {
		a.placed[at] = order
	}
	return nil
}

// Sold returns a seller's orders that changed since a moment, as they stand now.
func (s *Server) Sold(account string, since time.Time) ([]seller.Sold, error) {
	a, err := s.account(account)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(a.sold(since, s.cfg.Now()), func(one seller.Sold) bool { return !one.Updated.After(since) }), nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// orderJSON is an order with the parts that were asked for.
func orderJSON(s seller.Sold, parts []string) map[string]any {
	has := func(part string) bool { return slices.Contains(parts, part) }
	channel := map[string]any{"channelName": "AMAZON", "marketplaceId": s.Market.ID, "marketplaceName": s.Market.Name}
	if s.MultiChannel {
		channel["channelName"] = "NON_AMAZON"
	}
	order := map[string]any{"orderId": s.ID, "createdTime": stamp(s.Created), "lastUpdatedTime": stamp(s.Updated), "salesChannel": channel, "programs": []string{"PRIME"}}
	if s.MerchantID != "" {
		order["orderAliases"] = []any{map[string]any{"aliasId": s.MerchantID, "aliasType": "SELLER_ORDER_ID"}}
	}
	if has("FULFILLMENT") {
		order["fulfillment"] = map[string]any{"fulfillmentStatus": s.Status, "fulfilledBy": "AMAZON", "fulfillmentServiceLevel": "EXPEDITED",
			"shipByWindow": map[string]any{"earliestDateTime": stamp(s.Created), "latestDateTime": stamp(s.Ships.Add(24 * time.Hour))}}
	}
	if has("RECIPIENT") {
		order["recipient"] = map[string]any{"deliveryAddress": addressJSON(s.Buyer)}
	}
	if has("BUYER") {
		order["buyer"] = map[string]any{"buyerName": s.Buyer.Name}
	}
	total := int64(0)
	items := make([]map[string]any, len(s.Items))
	for i, item := range s.Items {
		items[i] = orderItemJSON(s, item, has)
		total += item.Total()
	}
	if has("PROCEEDS") && s.Status != seller.Pending {
		order["proceeds"] = map[string]any{"grandTotal": moneyJSON(total, s.Currency)}
	}
	order["orderItems"] = items
	return order
}

func addressJSON(b seller.Buyer) map[string]any {
	return map[string]any{"name": b.Name, "addressLine1": b.Street, "city": b.City, "stateOrRegion": b.State, "postalCode": b.PostalCode, "countryCode": b.Country, "phone": b.Phone}
}

func orderItemJSON(s seller.Sold, item seller.SoldItem, has func(string) bool) map[string]any {
	out := map[string]any{"orderItemId": item.Code, "quantityOrdered": item.Quantity,
		"product": map[string]any{"asin": item.ASIN, "title": item.Title, "sellerSku": item.SKU}}
	if has("FULFILLMENT") {
		out["fulfillment"] = map[string]any{"quantityFulfilled": item.Fulfilled, "quantityUnfulfilled": item.Quantity - item.Fulfilled}
	}
	if has("PROCEEDS") && s.Status != seller.Pending {
		var parts []any
		for _, p := range []struct {
			kind  string
			cents int64
		}{{"ITEM", item.Price}, {"SHIPPING", item.Shipping}, {"GIFT_WRAP", item.Wrap}, {"DISCOUNT", -item.Discount}, {"TAX", item.Tax}} {
			if p.cents != 0 || p.kind == "ITEM" {
				parts = append(parts, map[string]any{"type": p.kind, "subtotal": moneyJSON(p.cents, s.Currency)})
			}
		}
		out["proceeds"] = map[string]any{"proceedsTotal": moneyJSON(item.Total(), s.Currency), "breakdowns": parts}
	}
	if has("TAX") && item.TaxByAmazon {
		out["tax"] = map[string]any{"taxCollections": []any{map[string]any{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services, Inc."}}}
	}
	return out
}

func moneyJSON(cents int64, currency string) map[string]any {
	return map[string]any{"amount": decimal.New(cents, -2).StringFixed(2), "currencyCode": currency}
}
