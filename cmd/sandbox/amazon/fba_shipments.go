package amazon

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"tieout/app/amazon"
)

const fbaShipmentsType = "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL"

// SentParcel is a parcel that Amazon sends of an order. An order of which none is
// said goes in one, when it is shipped.
type SentParcel struct {
	Account  string         `json:"account"` // key of the seller
	OrderID  string         `json:"orderId"`
	Shipment string         `json:"shipmentId"` // default made of the order's id
	Units    map[string]int `json:"units"`      // by SKU
	Carrier  string         `json:"carrier"`
	Tracking string         `json:"trackingNumber"`
	At       time.Time      `json:"shipmentDate"` // default now
}

// SendParcels has Amazon send parcels of orders.
func (s *Server) SendParcels(list ...SentParcel) error {
	for _, p := range list {
		a, err := s.account(p.Account)
		if err != nil {
			return err
		}
		if p.OrderID == "" || len(p.Units) == 0 {
			return fmt.Errorf("a parcel needs an order and units")
		}
		if p.At.IsZero() {
			p.At = s.cfg.Now()
		}
		a.mu.Lock()
		if p.Shipment == "" {
			p.Shipment = fmt.Sprintf("D%s%d", digits(p.OrderID), len(a.parcels)+1)
		}
		a.parcels = append(a.parcels, p)
		a.mu.Unlock()
	}
	return nil
}

func digits(id string) string { return strings.ReplaceAll(id, "-", "") }

// sent are the parcels of a span of time.
func (a *account) sent(since, until time.Time) []SentParcel {
	a.mu.Lock()
	said := slices.Clone(a.parcels)
	a.mu.Unlock()
	var list []SentParcel
	of := map[string]bool{}
	for _, p := range said {
		of[p.OrderID] = true
		if !p.At.Before(since) && p.At.Before(until) {
			list = append(list, p)
		}
	}
	orders, _ := a.page(&orderSearch{ByUpdate: true, After: since, Before: until}, 1<<30, until)
	for _, o := range orders {
		if of[o.ID] || o.Fulfillment.By != amazon.ByAmazon || o.Fulfillment.Status != amazon.OrderShipped {
			continue
		}
		p := SentParcel{OrderID: o.ID, Shipment: "D" + digits(o.ID), Units: map[string]int{}, Carrier: "AMZN_US", Tracking: "TBA" + digits(o.ID), At: o.Updated}
		for _, i := range o.Items {
			p.Units[i.Product.SKU] += int(i.Fulfillment.Fulfilled)
		}
		list = append(list, p)
	}
	return list
}

// fbaShipmentsReport writes the report of a span of time; nil when nothing left.
func (a *account) fbaShipmentsReport(since, until time.Time) []byte {
	list := a.sent(since, until)
	if len(list) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("amazon-order-id\tmerchant-order-id\tshipment-id\tshipment-item-id\tamazon-order-item-id\tpurchase-date\tshipment-date\treporting-date\tbuyer-email\tbuyer-name\tsku\tproduct-name\tquantity-shipped\t" +
		"currency\titem-price\trecipient-name\tship-address-1\tship-city\tship-postal-code\tcarrier\ttracking-number\tfulfillment-center-id\tfulfillment-channel\tsales-channel\r\n")
	for _, p := range list {
		n := 0
		for _, sku := range slices.Sorted(maps.Keys(p.Units)) {
			n++
			at := p.At.UTC().Format(time.RFC3339)
			b.WriteString(strings.Join([]string{p.OrderID, "", p.Shipment, fmt.Sprintf("%s%02d", p.Shipment, n), "", at, at, at, "x7@marketplace.amazon.com", "Greta Garbo", sku, "", fmt.Sprint(p.Units[sku]),
				"USD", "10.00", "Greta Garbo", "1 Main Street", "Austin", "78701", p.Carrier, p.Tracking, "PHX3", "AFN", "Amazon.com"}, "\t") + "\r\n")
		}
	}
	return []byte(b.String())
}

// ServeParcels takes a list of SentParcel; mount it at /control/amazon/parcels.
func (s *Server) ServeParcels(w http.ResponseWriter, r *http.Request) {
	var list []SentParcel
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&list)
	if err == nil {
		err = s.SendParcels(list...)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
