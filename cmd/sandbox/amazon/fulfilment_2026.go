package amazon

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

var (
	getOrderPreview     = operation{"getOrderPreview", 2, 30}
	createOrder         = operation{"createOrder", 2, 30}
	getOutboundOrder    = operation{"outbound getOrder", 2, 30} // Orders has a getOrder too
	listOrders          = operation{"listOrders", 2, 30}
	updateOrder         = operation{"updateOrder", 2, 30}
	cancelOrder         = operation{"cancelOrder", 2, 30}
	getShipmentTracking = operation{"getShipmentTracking", 1, 5} // the model states no plan
)

const (
	base2026       = "/fulfillment/outbound/2026-07-04"
	trackPath      = "/tracking/2026-01-30/shipments/track"
	fulfilmentPage = 50
)

// words2026 are states as the newer version writes them.
var words2026 = map[string]string{stateReceived: "PROCESSING", statePlanning: "PROCESSING", stateProcessing: "PROCESSING", stateComplete: "COMPLETE",
	statePartial: "COMPLETE_PARTIAL", stateCancelled: "CANCELLED", stateUnfulfillable: "UNFULFILLABLE", stateInvalid: "INVALID"}

// speeds and policies in both versions' words.
var (
	speeds   = map[string]string{"": "Standard", "STANDARD": "Standard", "EXPEDITED": "Expedited", "PRIORITY": "Priority"}
	policies = map[string]string{"": "FillOrKill", "FILL_OR_KILL": "FillOrKill", "FILL_ALL": "FillAll", "FILL_ALL_AVAILABLE": "FillAllAvailable"}
)

// upper writes a word of the older version as the newer one does.
func upper(words map[string]string, word string) string {
	for newer, older := range words {
		if older == word && newer != "" {
			return newer
		}
	}
	return strings.ToUpper(word)
}

type asked2026 struct {
	ID            string `json:"orderId"`
	Channel       string `json:"channel"`
	Configuration struct {
		Level struct {
			Tiers []string `json:"serviceTiers"`
		} `json:"serviceLevel"`
		Action string `json:"action"`
		Policy string `json:"policy"`
	} `json:"fulfillmentConfiguration"`
	Destination struct {
		Address map[string]any `json:"deliveryAddress"`
	} `json:"destination"`
	Lines []struct {
		ID      string `json:"lineItemId"`
		Product struct {
			Identifier struct {
				SKU string `json:"amazonSku"`
			} `json:"productIdentifier"`
		} `json:"product"`
		Amount struct {
			Value decimal.Decimal `json:"value"`
		} `json:"amount"`
	} `json:"lineItems"`
}

func (q asked2026) fulfilment() fulfilment {
	tier := ""
	if len(q.Configuration.Level.Tiers) > 0 {
		tier = q.Configuration.Level.Tiers[0]
	}
	f := fulfilment{ID: q.ID, Channel: q.Channel, Speed: speeds[tier], Policy: policies[q.Configuration.Policy], Address: q.Destination.Address}
	for _, l := range q.Lines {
		f.Items = append(f.Items, fulfilmentItem{ID: l.ID, SKU: l.Product.Identifier.SKU, Quantity: int(l.Amount.Value.IntPart())})
	}
	return f
}

// take decodes a request's body, or answers that it cannot be read.
func take(w http.ResponseWriter, r *http.Request, into any) bool {
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(into)
	if err != nil {
		invalid(w, "The request cannot be read.", err.Error())
	}
	return err == nil
}

func (s *Server) routeFulfilment2026(mux *http.ServeMux) {
	mux.HandleFunc("POST "+base2026+"/previews", s.limited(getOrderPreview, s.servePreview2026))
	mux.HandleFunc("POST "+base2026+"/orders", s.limited(createOrder, s.serveCreate2026))
	mux.HandleFunc("GET "+base2026+"/orders", s.limited(listOrders, s.serveList2026))
	mux.HandleFunc("GET "+base2026+"/orders/{id}", s.limited(getOutboundOrder, s.serveGet2026))
	mux.HandleFunc("PUT "+base2026+"/orders/{id}", s.limited(updateOrder, s.serveUpdate2026))
	mux.HandleFunc("PUT "+base2026+"/orders/{id}/cancel", s.limited(cancelOrder, s.serveCancel2026))
	mux.HandleFunc("GET "+trackPath, s.limited(getShipmentTracking, s.serveTrack2026))
}

func (s *Server) serveCreate2026(w http.ResponseWriter, r *http.Request, a *account) {
	var asked asked2026
	if !take(w, r, &asked) {
		return
	}
	f, err := a.fulfil(asked.fulfilment(), asked.Configuration.Action == "HOLD", s.cfg.Now())
	if err != nil {
		invalid(w, err.Error(), "")
		return
	}
	if len(f.Items) > 2 { // it takes longer, and the answer does not wait for it
		write(w, http.StatusAccepted, map[string]any{"orderId": f.ID, "status": "PROCESSING"})
		return
	}
	held, _ := a.standing(f.ID, s.cfg.Now())
	write(w, http.StatusOK, map[string]any{"order": held.json2026(s.cfg.Now(), false)})
}

func (s *Server) serveGet2026(w http.ResponseWriter, r *http.Request, a *account) {
	held, ok := a.standing(r.PathValue("id"), s.cfg.Now())
	if !ok {
		writeErrors(w, http.StatusNotFound, "NotFound", "Order "+r.PathValue("id")+" was not found.", "")
		return
	}
	write(w, http.StatusOK, map[string]any{"order": held.json2026(s.cfg.Now(), r.URL.Query().Get("shipments") != "EXCLUDE")})
}

func (s *Server) serveList2026(w http.ResponseWriter, r *http.Request, a *account) {
	since, err := time.Parse(time.RFC3339, r.URL.Query().Get("updatedAfter"))
	if err != nil {
		invalid(w, "Invalid updatedAfter.", "")
		return
	}
	page, next, err := s.fulfilmentPage(a.standings(since, s.cfg.Now()), r.URL.Query().Get("pageToken"))
	if err != nil {
		invalid(w, err.Error(), "")
		return
	}
	orders := make([]any, len(page))
	for i, one := range page {
		orders[i] = one.json2026(s.cfg.Now(), r.URL.Query().Get("shipments") == "INCLUDE")
	}
	answer := map[string]any{"orders": orders}
	if next != "" {
		answer["pagination"] = map[string]any{"nextToken": next}
	}
	write(w, http.StatusOK, answer)
}

// fulfilmentPage is one page of a list, and the token of the next.
func (s *Server) fulfilmentPage(list []standing, token string) (page []standing, next string, err error) {
	offset := 0
	if token != "" {
		text, signature, _ := strings.Cut(token, ".")
		if offset, err = strconv.Atoi(text); err != nil || !s.signed("fulfilments"+text, signature) {
			return nil, "", fmt.Errorf("invalid page token")
		}
	}
	page = list[min(offset, len(list)):]
	if len(page) > fulfilmentPage {
		text := strconv.Itoa(offset + fulfilmentPage)
		page, next = page[:fulfilmentPage], text+"."+s.sign("fulfilments"+text)
	}
	return page, next, nil
}

func (s *Server) serveUpdate2026(w http.ResponseWriter, r *http.Request, a *account) {
	var asked asked2026
	if !take(w, r, &asked) {
		return
	}
	if asked.Configuration.Action != "SHIP" {
		invalid(w, "Only the hold of an order can be taken off.", "")
		return
	}
	s.change(w, r, a, http.StatusAccepted, func(f *fulfilment) error { return f.release(s.cfg.Now()) })
}

func (s *Server) serveCancel2026(w http.ResponseWriter, r *http.Request, a *account) {
	s.change(w, r, a, http.StatusAccepted, func(f *fulfilment) error { return f.withdraw(s.cfg.Now()) })
}

// change does something to the order of a path and answers with nothing in it.
func (s *Server) change(w http.ResponseWriter, r *http.Request, a *account, status int, do func(*fulfilment) error) {
	found, err := a.onFulfilment(r.PathValue("id"), do)
	switch {
	case err != nil:
		invalid(w, err.Error(), "")
	case !found:
		writeErrors(w, http.StatusNotFound, "NotFound", "Order "+r.PathValue("id")+" was not found.", "")
	default:
		write(w, status, map[string]any{})
	}
}

func amount2026(n int) map[string]any {
	return map[string]any{"unit": "EACHES", "value": fmt.Sprintf("%d.0", n)}
}

func sku2026(sku string) map[string]any { return map[string]any{"amazonSku": sku} }

func (s standing) json2026(now time.Time, shipments bool) map[string]any {
	action := "SHIP"
	if s.began.IsZero() {
		action = "HOLD"
	}
	lines := make([]any, len(s.Items))
	for i, item := range s.Items {
		lines[i] = map[string]any{"lineItemId": item.ID, "product": map[string]any{"productIdentifier": sku2026(item.SKU)}, "amount": amount2026(item.Quantity),
			"cancelledAmount": amount2026(s.cancelledOf(item)), "unfulfillableAmount": amount2026(s.shortOf(item))}
	}
	o := map[string]any{"orderId": s.ID, "receiveTime": stamp(s.received), "status": words2026[s.state], "statusUpdateTime": stamp(s.updated), "lineItems": lines,
		"destination": map[string]any{"deliveryAddress": s.Address}, "fulfillmentConfiguration": map[string]any{"action": action,
			"policy": upper(policies, s.Policy), "serviceLevel": map[string]any{"serviceTiers": []string{upper(speeds, s.Speed)}}}}
	if s.Channel != "" {
		o["channel"] = s.Channel
	}
	if shipments && len(s.parcels) > 0 {
		list := make([]any, len(s.parcels))
		for i, p := range s.parcels {
			list[i] = p.json2026(now)
		}
		o["shipments"] = list
	}
	return o
}

func (p parcel) json2026(now time.Time) map[string]any {
	items := make([]any, len(p.items))
	for i, item := range p.items {
		items[i] = map[string]any{"lineItemId": item.ID, "productIdentifier": sku2026(item.SKU), "amount": amount2026(item.Quantity)}
	}
	out := map[string]any{"amazonShipmentId": fmt.Sprintf("SHIP%06d", p.number), "amazonFacility": map[string]any{"facilityId": "ABE8"}, "status": "PROCESSING", "items": items}
	if p.sent.After(now) {
		return out
	}
	code, number := p.carrier()
	one := map[string]any{"packageId": strconv.Itoa(p.number), "status": p.track(now),
		"tracking": map[string]any{"carrier": map[string]any{"carrierCode": code, "trackingNumber": number, "trackingUrl": linkTo(number)}}}
	if p.track(now) == "DELIVERED" {
		one["deliveryTime"] = stamp(p.sent.Add(untilDelivered))
	}
	out["status"], out["shipTime"], out["packages"] = "SHIPPED", stamp(p.sent), []any{one}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func moneyJSON(cents int64, currency string) map[string]any {
	return map[string]any{"amount": decimal.New(cents, -2).StringFixed(2), "currencyCode": currency}
}

func linkTo(number string) string { return "https://www.swiship.example/track?id=" + number }

// parcelOf finds a package that has left.
func (a *account) parcelOf(now time.Time, is func(parcel) bool) (parcel, bool) {
	for _, one := range a.standings(time.Time{}, now) {
		if i := slices.IndexFunc(one.parcels, func(p parcel) bool { return !p.sent.After(now) && is(p) }); i >= 0 {
			return one.parcels[i], true
		}
	}
	return parcel{}, false
}

// milestones are the tracking API's words for where a package is.
var milestones = map[string]string{"IN_TRANSIT": "IN_TRANSIT", "OUT_FOR_DELIVERY": "OUT_FOR_DELIVERY", "DELIVERED": "DELIVERED"}

func (s *Server) serveTrack2026(w http.ResponseWriter, r *http.Request, a *account) {
	asked := r.URL.Query().Get("carrierTracking.trackingNumber")
	p, ok := a.parcelOf(s.cfg.Now(), func(p parcel) bool { _, number := p.carrier(); return number == asked })
	if !ok {
		writeErrors(w, http.StatusNotFound, "NotFound", "There is no such package.", "")
		return
	}
	code, number := p.carrier()
	where, at := p.track(s.cfg.Now()), p.sent
	switch where {
	case "DELIVERED":
		at = at.Add(untilDelivered)
	case "OUT_FOR_DELIVERY":
		at = at.Add(untilDriven)
	}
	latest := map[string]any{"occurredAt": at.UTC().Format(time.RFC3339), "status": map[string]any{"code": milestones[where], "description": where}}
	write(w, http.StatusOK, map[string]any{"trackingDetail": map[string]any{"trackingUrl": linkTo(number),
		"identifier":       map[string]any{"carrierTracking": map[string]any{"trackingNumber": number, "carrierCode": code}},
		"latestMilestone":  latest,
		"milestoneHistory": []any{latest}}})
}

// preview is what an order would come to: the parcels of what there is, and
// what is missing.
func (a *account) preview(f fulfilment, now time.Time) (parcels []parcel, short []fulfilmentItem) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f.began = now
	left := map[string]int{}
	for i := range f.Items {
		item := &f.Items[i]
		if _, seen := left[item.SKU]; !seen {
			left[item.SKU] = a.stock(item.SKU)
		}
		item.short = max(0, item.Quantity-left[item.SKU])
		left[item.SKU] -= item.Quantity - item.short
		if item.short > 0 {
			short = append(short, *item)
		}
	}
	return f.plan(), short
}

// fee is what sending a parcel costs, in cents.
func (p parcel) fee(speed string) int64 {
	units := int64(0)
	for _, item := range p.items {
		units += int64(item.Quantity)
	}
	cents := 525 + 200*(units-1)
	if speed != "Standard" {
		cents = cents * 8 / 5
	}
	return cents
}

// arrives is when a parcel is expected.
func (p parcel) arrives(speed string) (earliest, latest time.Time) {
	days := 3
	if speed != "Standard" {
		days = 1
	}
	return p.sent.AddDate(0, 0, days), p.sent.AddDate(0, 0, days+2)
}

func (s *Server) servePreview2026(w http.ResponseWriter, r *http.Request, a *account) {
	var asked asked2026
	if !take(w, r, &asked) {
		return
	}
	f := asked.fulfilment()
	parcels, short := a.preview(f, s.cfg.Now())
	planned := make([]any, len(parcels))
	for i, p := range parcels {
		items := make([]any, len(p.items))
		for j, item := range p.items {
			items[j] = map[string]any{"productIdentifier": sku2026(item.SKU), "amount": amount2026(item.Quantity)}
		}
		earliest, latest := p.arrives(f.Speed)
		price := moneyJSON(p.fee(f.Speed), a.seller().Currency)
		planned[i] = map[string]any{"items": items, "offers": []any{map[string]any{
			"estimatedPrice": map[string]any{"rollupPrices": []any{map[string]any{"type": "MCFTransportationFee", "value": price}}, "totalPrice": price},
			"fulfillmentConfiguration": map[string]any{"serviceLevel": map[string]any{"serviceTier": upper(speeds, f.Speed),
				"deliveryInterval": map[string]any{"startTime": stamp(earliest), "endTime": stamp(latest)}}}}}}
	}
	answer := map[string]any{"plannedShipments": planned}
	var constraints []any
	for _, item := range short {
		constraints = append(constraints, map[string]any{"type": "ValidationError", "code": "ItemQuantityNotAvailable",
			"message": fmt.Sprintf("There is not enough quantity of %s.", item.SKU)})
	}
	if constraints != nil {
		answer["constraints"] = constraints
	}
	write(w, http.StatusOK, answer)
}
