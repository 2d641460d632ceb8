package amazon

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

var (
	getFulfillmentPreview     = operation{"getFulfillmentPreview", 2, 30}
	createFulfillmentOrder    = operation{"createFulfillmentOrder", 2, 30}
	getFulfillmentOrder       = operation{"getFulfillmentOrder", 2, 30}
	listAllFulfillmentOrders  = operation{"listAllFulfillmentOrders", 2, 30}
	updateFulfillmentOrder    = operation{"updateFulfillmentOrder", 2, 30}
	cancelFulfillmentOrder    = operation{"cancelFulfillmentOrder", 2, 30}
	getPackageTrackingDetails = operation{"getPackageTrackingDetails", 2, 30}
)

const base2020 = "/fba/outbound/2020-07-01"

type item2020 struct {
	SKU      string `json:"sellerSku"`
	ID       string `json:"sellerFulfillmentOrderItemId"`
	Quantity int    `json:"quantity"`
}

type asked2020 struct {
	Market  string         `json:"marketplaceId"`
	ID      string         `json:"sellerFulfillmentOrderId"`
	Display string         `json:"displayableOrderId"`
	Date    time.Time      `json:"displayableOrderDate"`
	Comment string         `json:"displayableOrderComment"`
	Speed   string         `json:"shippingSpeedCategory"`
	Speeds  []string       `json:"shippingSpeedCategories"` // of a preview
	To      map[string]any `json:"destinationAddress"`
	Address map[string]any `json:"address"` // of a preview
	Action  string         `json:"fulfillmentAction"`
	Policy  string         `json:"fulfillmentPolicy"`
	Items   []item2020     `json:"items"`
}

func (q asked2020) fulfilment(a *account) fulfilment {
	f := fulfilment{ID: q.ID, Display: q.Display, Comment: q.Comment, Market: q.Market, Speed: q.Speed, Policy: q.Policy, Date: q.Date, Address: q.To}
	if f.Policy == "" {
		f.Policy = "FillOrKill"
	}
	if f.Market == "" {
		f.Market = a.seller().Markets[0].ID
	}
	for _, i := range q.Items {
		f.Items = append(f.Items, fulfilmentItem{ID: i.ID, SKU: i.SKU, Quantity: i.Quantity})
	}
	return f
}

func (s *Server) routeFulfilment2020(mux *http.ServeMux) {
	mux.HandleFunc("POST "+base2020+"/fulfillmentOrders/preview", s.limited(getFulfillmentPreview, s.servePreview2020))
	mux.HandleFunc("POST "+base2020+"/fulfillmentOrders", s.limited(createFulfillmentOrder, s.serveCreate2020))
	mux.HandleFunc("GET "+base2020+"/fulfillmentOrders", s.limited(listAllFulfillmentOrders, s.serveList2020))
	mux.HandleFunc("GET "+base2020+"/fulfillmentOrders/{id}", s.limited(getFulfillmentOrder, s.serveGet2020))
	mux.HandleFunc("PUT "+base2020+"/fulfillmentOrders/{id}", s.limited(updateFulfillmentOrder, s.serveUpdate2020))
	mux.HandleFunc("PUT "+base2020+"/fulfillmentOrders/{id}/cancel", s.limited(cancelFulfillmentOrder, s.serveCancel2020))
	mux.HandleFunc("GET "+base2020+"/tracking", s.limited(getPackageTrackingDetails, s.serveTrack2020))
}

func (s *Server) serveCreate2020(w http.ResponseWriter, r *http.Request, a *account) {
	var asked asked2020
	if !take(w, r, &asked) {
		return
	}
	if _, err := a.fulfil(asked.fulfilment(a), asked.Action == "Hold", s.cfg.Now()); err != nil {
		invalid(w, err.Error(), "")
		return
	}
	write(w, http.StatusOK, map[string]any{})
}

func (s *Server) serveGet2020(w http.ResponseWriter, r *http.Request, a *account) {
	held, ok := a.standing(r.PathValue("id"), s.cfg.Now())
	if !ok {
		writeErrors(w, http.StatusNotFound, "NotFound", "Order "+r.PathValue("id")+" was not found.", "")
		return
	}
	write(w, http.StatusOK, map[string]any{"payload": held.json2020(s.cfg.Now())})
}

func (s *Server) serveList2020(w http.ResponseWriter, r *http.Request, a *account) {
	since, err := time.Parse(time.RFC3339, r.URL.Query().Get("queryStartDate"))
	if err != nil {
		invalid(w, "Invalid queryStartDate.", "")
		return
	}
	page, next, err := s.fulfilmentPage(a.standings(since, s.cfg.Now()), r.URL.Query().Get("nextToken"))
	if err != nil {
		invalid(w, err.Error(), "")
		return
	}
	orders := make([]any, len(page))
	for i, one := range page {
		orders[i] = one.head2020()
	}
	payload := map[string]any{"fulfillmentOrders": orders}
	if next != "" {
		payload["nextToken"] = next
	}
	write(w, http.StatusOK, map[string]any{"payload": payload})
}

func (s *Server) serveUpdate2020(w http.ResponseWriter, r *http.Request, a *account) {
	var asked asked2020
	if !take(w, r, &asked) {
		return
	}
	if asked.Action != "Ship" {
		invalid(w, "Only the hold of an order can be taken off here.", "")
		return
	}
	s.change(w, r, a, http.StatusOK, func(f *fulfilment) error { return f.release(s.cfg.Now()) })
}

func (s *Server) serveCancel2020(w http.ResponseWriter, r *http.Request, a *account) {
	s.change(w, r, a, http.StatusOK, func(f *fulfilment) error { return f.withdraw(s.cfg.Now()) })
}

func (s standing) head2020() map[string]any {
	action := "Ship"
	if s.began.IsZero() {
		action = "Hold"
	}
	date := s.Date
	if date.IsZero() {
		date = s.received
	}
	return map[string]any{"sellerFulfillmentOrderId": s.ID, "marketplaceId": s.Market, "displayableOrderId": s.Display, "displayableOrderDate": stamp(date),
		"displayableOrderComment": s.Comment, "shippingSpeedCategory": s.Speed, "destinationAddress": s.Address, "fulfillmentAction": action,
		"fulfillmentPolicy": s.Policy, "receivedDate": stamp(s.received), "fulfillmentOrderStatus": s.state, "statusUpdatedDate": stamp(s.updated)}
}

func (s standing) json2020(now time.Time) map[string]any {
	items := make([]any, len(s.Items))
	for i, item := range s.Items {
		items[i] = map[string]any{"sellerSku": item.SKU, "sellerFulfillmentOrderItemId": item.ID, "quantity": item.Quantity,
			"cancelledQuantity": s.cancelledOf(item), "unfulfillableQuantity": s.shortOf(item)}
	}
	shipments := make([]any, len(s.parcels))
	for i, p := range s.parcels {
		shipments[i] = p.json2020(now)
	}
	return map[string]any{"fulfillmentOrder": s.head2020(), "fulfillmentOrderItems": items, "fulfillmentShipments": shipments,
		"returnItems": []any{}, "returnAuthorizations": []any{}}
}

func (p parcel) json2020(now time.Time) map[string]any {
	items := make([]any, len(p.items))
	for i, item := range p.items {
		items[i] = map[string]any{"sellerSku": item.SKU, "sellerFulfillmentOrderItemId": item.ID, "quantity": item.Quantity}
	}
	out := map[string]any{"amazonShipmentId": fmt.Sprintf("SHIP%06d", p.number), "fulfillmentCenterId": "ABE8", "fulfillmentShipmentStatus": "PENDING", "fulfillmentShipmentItem": items}
	if p.sent.After(now) {
		return out
	}
	code, number := p.carrier()
	out["fulfillmentShipmentStatus"], out["shippingDate"] = "SHIPPED", stamp(p.sent)
	out["fulfillmentShipmentPackage"] = []any{map[string]any{"packageNumber": p.number, "carrierCode": code, "trackingNumber": number}}
	return out
}

func (s *Server) serveTrack2020(w http.ResponseWriter, r *http.Request, a *account) {
	asked, err := strconv.Atoi(r.URL.Query().Get("packageNumber"))
	p, ok := a.parcelOf(s.cfg.Now(), func(p parcel) bool { return p.number == asked })
	if err != nil || !ok {
		writeErrors(w, http.StatusNotFound, "NotFound", "There is no such package.", "")
		return
	}
	code, number := p.carrier()
	where, at := p.track(s.cfg.Now()), p.sent
	if where == "DELIVERED" {
		at = at.Add(untilDelivered)
	}
	write(w, http.StatusOK, map[string]any{"payload": map[string]any{"packageNumber": p.number, "trackingNumber": number, "carrierCode": code,
		"customerTrackingLink": linkTo(number), "shipDate": stamp(p.sent), "currentStatus": where, "currentStatusDescription": where,
		"trackingEvents": []any{map[string]any{"eventDate": stamp(at), "eventCode": "EVENT_301", "eventDescription": where,
			"eventAddress": map[string]any{"city": "Allentown", "state": "PA", "country": "US"}}}}})
}

func (s *Server) servePreview2020(w http.ResponseWriter, r *http.Request, a *account) {
	var asked asked2020
	if !take(w, r, &asked) {
		return
	}
	asked.To = asked.Address
	parcels, short := a.preview(asked.fulfilment(a), s.cfg.Now())
	wanted := asked.Speeds
	if len(wanted) == 0 {
		wanted = []string{"Standard", "Expedited"}
	}
	var previews []any
	for _, speed := range wanted {
		if slices.Contains([]string{"Standard", "Expedited", "Priority"}, speed) {
			previews = append(previews, preview2020(parcels, short, speed, asked.fulfilment(a).Market, a.seller().Currency))
		}
	}
	write(w, http.StatusOK, map[string]any{"payload": map[string]any{"fulfillmentPreviews": previews}})
}

func preview2020(parcels []parcel, short []fulfilmentItem, speed, market, currency string) map[string]any {
	cents := int64(0)
	shipments := make([]any, len(parcels))
	for i, p := range parcels {
		items := make([]any, len(p.items))
		for j, item := range p.items {
			items[j] = map[string]any{"sellerSku": item.SKU, "sellerFulfillmentOrderItemId": item.ID, "quantity": item.Quantity}
		}
		earliest, latest := p.arrives(speed)
		shipments[i] = map[string]any{"earliestArrivalDate": stamp(earliest), "latestArrivalDate": stamp(latest), "fulfillmentPreviewItems": items}
		cents += p.fee(speed)
	}
	out := map[string]any{"shippingSpeedCategory": speed, "isFulfillable": len(short) == 0, "isCODCapable": false, "marketplaceId": market,
		"fulfillmentPreviewShipments": shipments}
	if len(parcels) > 0 {
		out["estimatedFees"] = []any{map[string]any{"name": "FBATransportationFee",
			"amount": map[string]any{"currencyCode": currency, "value": decimal.New(cents, -2).StringFixed(2)}}}
	}
	var missing, reasons []any
	for _, item := range short {
		missing = append(missing, map[string]any{"sellerSku": item.SKU, "sellerFulfillmentOrderItemId": item.ID, "quantity": item.short,
			"itemUnfulfillableReasons": []string{"NotEnoughInventory"}})
		reasons = append(reasons, fmt.Sprintf("There is not enough quantity of %s.", item.SKU))
	}
	if missing != nil {
		out["unfulfillablePreviewItems"], out["orderUnfulfillableReasons"] = missing, reasons
	}
	return out
}

// fulfilmentOperation names a request of multi-channel fulfilment, "" for anything else.
func fulfilmentOperation(r *http.Request) string {
	if r.URL.Path == trackPath {
		return getShipmentTracking.name
	}
	kinds := map[string]operation{}
	path, newer := strings.CutPrefix(r.URL.Path, base2026)
	if newer {
		kinds = map[string]operation{"POST /previews": getOrderPreview, "POST /orders": createOrder, "GET /orders": listOrders,
			"GET /orders/": getOutboundOrder, "PUT /orders/": updateOrder, "PUT /orders//cancel": cancelOrder}
	} else if path, _ = strings.CutPrefix(r.URL.Path, base2020); path != r.URL.Path {
		kinds = map[string]operation{"POST /fulfillmentOrders/preview": getFulfillmentPreview, "POST /fulfillmentOrders": createFulfillmentOrder,
			"GET /fulfillmentOrders": listAllFulfillmentOrders, "GET /fulfillmentOrders/": getFulfillmentOrder, "PUT /fulfillmentOrders/": updateFulfillmentOrder,
			"PUT /fulfillmentOrders//cancel": cancelFulfillmentOrder, "GET /tracking": getPackageTrackingDetails}
	}
	if op, ok := kinds[r.Method+" "+path]; ok {
		return op.name
	}
	parts := strings.SplitN(path, "/", 4) // "", collection, id, rest
	if len(parts) < 3 {
		return ""
	}
	parts[2] = ""
	return kinds[r.Method+" "+strings.Join(parts, "/")].name
}
