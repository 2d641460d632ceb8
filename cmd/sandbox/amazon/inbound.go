package amazon

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	getShipments     = operation{"getShipments", 2, 30}
	getShipmentItems = operation{"getShipmentItemsByShipmentId", 2, 30}
)

const inboundPath = "/fba/inbound/v0/shipments"

// inboundPage is how many shipments a page names.
const inboundPage = 50

// InboundShipment is a shipment of a seller to one of Amazon's warehouses, or
// what changes of it.
type InboundShipment struct {
	Account  string         `json:"account"` // key of the seller
	ID       string         `json:"shipmentId"`
	Name     string         `json:"name"`
	Status   string         `json:"status"` // default SHIPPED
	Shipped  map[string]int `json:"shipped"`
	Received map[string]int `json:"received"`

	updated time.Time
}

// PlaceInbound makes shipments known, or changes those that are.
func (s *Server) PlaceInbound(list ...InboundShipment) error {
	for _, one := range list {
		a, err := s.account(one.Account)
		if err != nil {
			return err
		}
		if one.ID == "" {
			return fmt.Errorf("a shipment needs an id")
		}
		if one.Status == "" {
			one.Status = "SHIPPED"
		}
		one.updated = s.cfg.Now()
		a.mu.Lock()
		i := slices.IndexFunc(a.inbound, func(known InboundShipment) bool { return known.ID == one.ID })
		if i < 0 {
			a.inbound = append(a.inbound, one)
		} else {
			if one.Status == a.inbound[i].Status {
				one.updated = a.inbound[i].updated // Amazon does not say that more was received
			}
			a.inbound[i] = one
		}
		a.mu.Unlock()
	}
	return nil
}

func inboundOperation(path string) string {
	switch {
	case path == inboundPath:
		return getShipments.name
	case strings.HasPrefix(path, inboundPath+"/"):
		return getShipmentItems.name
	}
	return ""
}

func (s *Server) serveInbound(w http.ResponseWriter, r *http.Request, a *account) {
	q := r.URL.Query()
	if q.Get("MarketplaceId") == "" {
		invalid(w, "MarketplaceId is required.", "")
		return
	}
	first := 0
	filter := q
	if q.Get("QueryType") == "NEXT_TOKEN" { // the token holds the query
		var asked map[string][]string
		offset, text, _ := strings.Cut(q.Get("NextToken"), " ")
		n, wrong := strconv.Atoi(offset)
		if err := json.Unmarshal([]byte(text), &asked); err != nil || wrong != nil {
			invalid(w, "Invalid NextToken.", "")
			return
		}
		first, filter = n, asked
	}
	list, ok := a.inboundFor(filter)
	if !ok {
		invalid(w, "QueryType needs ShipmentStatusList or ShipmentIdList, or LastUpdatedAfter and LastUpdatedBefore.", "")
		return
	}
	result := map[string]any{}
	list = list[min(first, len(list)):]
	if len(list) > inboundPage {
		list = list[:inboundPage]
		text, _ := json.Marshal(filter) // values always marshal
		result["NextToken"] = fmt.Sprintf("%d %s", first+inboundPage, text)
	}
	shown := []map[string]any{}
	for _, one := range list {
		shown = append(shown, map[string]any{"ShipmentId": one.ID, "ShipmentName": one.Name, "DestinationFulfillmentCenterId": "PHX3", "ShipmentStatus": one.Status, "AreCasesRequired": false, "LabelPrepType": "SELLER_LABEL",
			"ShipFromAddress": map[string]string{"Name": "Sandbox", "AddressLine1": "1 Dock Road", "City": "Reno", "StateOrProvinceCode": "NV", "CountryCode": "US", "PostalCode": "89501"}})
	}
	result["ShipmentData"] = shown
	write(w, http.StatusOK, map[string]any{"payload": result})
}

// inboundFor are the shipments that a query selects.
func (a *account) inboundFor(q map[string][]string) (list []InboundShipment, ok bool) {
	get := func(name string) string {
		if len(q[name]) == 0 {
			return ""
		}
		return q[name][0]
	}
	after, err := time.Parse(time.RFC3339, get("LastUpdatedAfter"))
	before, wrong := time.Parse(time.RFC3339, get("LastUpdatedBefore"))
	dated := get("QueryType") == "DATE_RANGE" && err == nil && wrong == nil
	named := get("QueryType") == "SHIPMENT" && get("ShipmentStatusList")+get("ShipmentIdList") != ""
	if !dated && !named {
		return nil, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.inbound {
		switch {
		case dated && !one.updated.Before(after) && !one.updated.After(before),
			named && (slices.Contains(strings.Split(get("ShipmentStatusList"), ","), one.Status) || slices.Contains(strings.Split(get("ShipmentIdList"), ","), one.ID)):
			list = append(list, one)
		}
	}
	return list, true
}

func (s *Server) serveInboundItems(w http.ResponseWriter, r *http.Request, a *account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.inbound, func(known InboundShipment) bool { return known.ID == r.PathValue("id") })
	if i < 0 {
		writeErrors(w, http.StatusNotFound, "NotFound", "Shipment not found.", "")
		return
	}
	one := a.inbound[i]
	list := []map[string]any{}
	for sku, shipped := range one.Shipped {
		list = append(list, map[string]any{"ShipmentId": one.ID, "SellerSKU": sku, "FulfillmentNetworkSKU": "X00" + sku, "QuantityShipped": shipped, "QuantityReceived": one.Received[sku], "QuantityInCase": 0})
	}
	slices.SortFunc(list, func(x, y map[string]any) int {
		return strings.Compare(fmt.Sprint(x["SellerSKU"]), fmt.Sprint(y["SellerSKU"]))
	})
	write(w, http.StatusOK, map[string]any{"payload": map[string]any{"ItemData": list}})
}

// ServeInboundControl takes a list of InboundShipment; mount it at
// /control/amazon/inbound.
func (s *Server) ServeInboundControl(w http.ResponseWriter, r *http.Request) {
	var list []InboundShipment
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&list)
	if err == nil {
		err = s.PlaceInbound(list...)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
