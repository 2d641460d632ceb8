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

var getInventorySummaries = operation{"getInventorySummaries", 2, 2}

// summariesPage is how many SKUs a page of summaries names; its token dies soon.
const (
	summariesPage = 50
	summariesLife = 30 * time.Second
)

// FBAStock is what Amazon has of an SKU, in units.
type FBAStock struct {
	Account     string `json:"account"` // key of the seller
	SKU         string `json:"sellerSku"`
	Fulfillable int    `json:"fulfillable"`
	Inbound     int    `json:"inbound"`   // on its way
	Orders      int    `json:"orders"`    // reserved for buyers
	Transfers   int    `json:"transfers"` // reserved, between warehouses
	Damaged     int    `json:"damaged"`
	Researching int    `json:"researching"`
}

// fbaLevel is FBAStock and when it changed.
type fbaLevel struct {
	FBAStock
	at time.Time
}

// StoreFBA sets what Amazon has of an SKU, and tells of it.
func (s *Server) StoreFBA(list ...FBAStock) error {
	for _, one := range list {
		a, err := s.account(one.Account)
		if err != nil {
			return err
		}
		if one.SKU == "" {
			return fmt.Errorf("stock needs an SKU")
		}
		a.mu.Lock()
		before := a.fba[one.SKU]
		at := s.cfg.Now()
		if inbound := before.FBAStock; before.at != (time.Time{}) {
			if inbound.Inbound = one.Inbound; inbound == one {
				at = before.at // what is only on its way does not count as a change
			}
		}
		a.fba[one.SKU] = fbaLevel{one, at}
		a.mu.Unlock()
		s.tellStock(a, one)
	}
	return nil
}

// LoseFBA makes Amazon name an SKU no more.
func (s *Server) LoseFBA(account, sku string) error {
	a, err := s.account(account)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.fba, sku)
	return nil
}

// tellStock tells what is there of an SKU: all of it, not what changed.
func (s *Server) tellStock(a *account, one FBAStock) {
	var shops []map[string]any
	for _, m := range a.seller().Markets {
		shops = append(shops, map[string]any{"MarketplaceId": m.ID, "ItemName": one.SKU, "FulfillmentInventory": map[string]any{
			"InboundQuantityBreakdown": map[string]int{"Working": 0, "Shipped": one.Inbound, "Receiving": 0}, "Fulfillable": one.Fulfillable, "Unfulfillable": one.Damaged,
			"Researching": one.Researching, "ReservedQuantityBreakdown": map[string]int{"WarehouseProcessing": 0, "WarehouseTransfer": one.Transfers, "PendingCustomerOrder": one.Orders},
			"FutureSupplyBuyable": 0, "PendingCustomerOrderInTransit": 0}, "Stores": []string{}})
	}
	s.tell(a, "FBA_INVENTORY_AVAILABILITY_CHANGES", map[string]any{"SellerId": a.seller().SellerID, "FNSKU": "X00" + one.SKU, "ASIN": "B0" + one.SKU, "SKU": one.SKU, "FulfillmentInventoryByMarketplace": shops})
}

// summaryOf writes a row of the answer.
func summaryOf(one fbaLevel) map[string]any {
	reserved := map[string]int{"totalReservedQuantity": one.Orders + one.Transfers, "pendingCustomerOrderQuantity": one.Orders, "pendingTransshipmentQuantity": one.Transfers, "fcProcessingQuantity": 0}
	details := map[string]any{"fulfillableQuantity": one.Fulfillable, "inboundWorkingQuantity": 0, "inboundShippedQuantity": one.Inbound, "inboundReceivingQuantity": 0, "reservedQuantity": reserved,
		"researchingQuantity":   map[string]any{"totalResearchingQuantity": one.Researching},
		"unfulfillableQuantity": map[string]int{"totalUnfulfillableQuantity": one.Damaged, "warehouseDamagedQuantity": one.Damaged}}
	return map[string]any{"asin": "B0" + one.SKU, "fnSku": "X00" + one.SKU, "sellerSku": one.SKU, "condition": "NewItem", "lastUpdatedTime": one.at.UTC().Format(time.RFC3339), "productName": one.SKU,
		"totalQuantity": one.Fulfillable + one.Inbound + one.Orders + one.Transfers + one.Damaged + one.Researching, "inventoryDetails": details}
}

func (s *Server) serveInventorySummaries(w http.ResponseWriter, r *http.Request, a *account) {
	q := r.URL.Query()
	marketplace := q.Get("granularityId")
	if q.Get("granularityType") != "Marketplace" || marketplace == "" || q.Get("marketplaceIds") != marketplace {
		invalid(w, "granularityType, granularityId and one marketplaceIds are required.", "")
		return
	}
	since := time.Time{}
	if text := q.Get("startDateTime"); text != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, text); err != nil {
			invalid(w, "Invalid startDateTime.", "")
			return
		}
	}
	first, ok := s.tokenOffset(q.Get("nextToken"))
	if !ok {
		invalid(w, "The nextToken has expired.", "")
		return
	}
	rows := a.summaries(since, q.Get("sellerSkus"))
	rows = rows[min(first, len(rows)):]
	answer := map[string]any{}
	if len(rows) > summariesPage {
		rows = rows[:summariesPage]
		answer["pagination"] = map[string]string{"nextToken": fmt.Sprintf("%d.%d", first+summariesPage, s.cfg.Now().Unix())}
	}
	list := []map[string]any{}
	for _, one := range rows {
		list = append(list, summaryOf(one))
	}
	answer["payload"] = map[string]any{"granularity": map[string]string{"granularityType": "Marketplace", "granularityId": marketplace}, "inventorySummaries": list}
	write(w, http.StatusOK, answer)
}

// tokenOffset reads a token: where it goes on and when it was given.
func (s *Server) tokenOffset(token string) (first int, ok bool) {
	if token == "" {
		return 0, true
	}
	offset, given, _ := strings.Cut(token, ".")
	first, wrong := strconv.Atoi(offset)
	unix, err := strconv.ParseInt(given, 10, 64)
	return first, wrong == nil && err == nil && s.cfg.Now().Sub(time.Unix(unix, 0)) <= summariesLife
}

// summaries are what changed since then, by SKU; SKUs do not count with a time.
func (a *account) summaries(since time.Time, skus string) []fbaLevel {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []fbaLevel
	for _, one := range a.fba {
		wanted := skus == "" || slices.Contains(strings.Split(skus, ","), one.SKU)
		if !since.IsZero() {
			wanted = !one.at.Before(since)
		}
		if wanted {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(x, y fbaLevel) int { return strings.Compare(x.SKU, y.SKU) })
	return list
}

// ServeFBAStock takes a list of FBAStock; mount it at /control/amazon/stock.
func (s *Server) ServeFBAStock(w http.ResponseWriter, r *http.Request) {
	var list []FBAStock
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&list)
	if err == nil {
		err = s.StoreFBA(list...)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
