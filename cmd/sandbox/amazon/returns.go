package amazon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const returnsType = "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA"

// PlacedReturn is units of an order that a buyer sends back.
type PlacedReturn struct {
	Account     string    `json:"account"` // key of the seller
	OrderID     string    `json:"orderId"`
	SKU         string    `json:"sellerSku"`
	Quantity    int       `json:"quantity"`
	Disposition string    `json:"disposition"` // default SELLABLE
	Reason      string    `json:"reason"`      // default UNWANTED_ITEM
	At          time.Time `json:"returnDate"`  // default now
}

// PlaceReturns has units arrive in Amazon's warehouses.
func (s *Server) PlaceReturns(returns ...PlacedReturn) error {
	for _, p := range returns {
		a, err := s.account(p.Account)
		if err != nil {
			return err
		}
		if p.OrderID == "" || p.SKU == "" || p.Quantity < 1 {
			return fmt.Errorf("a return needs an order, an SKU and units")
		}
		if p.At.IsZero() {
			p.At = s.cfg.Now()
		}
		a.mu.Lock()
		a.returned = append(a.returned, p)
		a.mu.Unlock()
	}
	return nil
}

// Returned lists what came back of a seller's sales in a span of time.
func (s *Server) Returned(account string, since, until time.Time) ([]PlacedReturn, error) {
	a, err := s.account(account)
	if err != nil {
		return nil, err
	}
	return a.returns(since, until), nil
}

// returns are those of the sellers' own story and those that were placed, in
// order of time.
func (a *account) returns(since, until time.Time) []PlacedReturn {
	var list []PlacedReturn
	for _, c := range a.seller().Comebacks(since, until) {
		p := PlacedReturn{OrderID: c.OrderID, SKU: c.Product.SKU, Quantity: int(c.Units), Disposition: "SELLABLE", Reason: "UNWANTED_ITEM", At: c.At}
		if c.Damaged {
			p.Disposition, p.Reason = "CUSTOMER_DAMAGED", "DEFECTIVE"
		}
		list = append(list, p)
	}
	a.mu.Lock()
	for _, p := range a.returned {
		if !p.At.Before(since) && p.At.Before(until) {
			list = append(list, p)
		}
	}
	a.mu.Unlock()
	slices.SortStableFunc(list, func(x, y PlacedReturn) int { return x.At.Compare(y.At) })
	return list
}

// returnsReport writes the report of a span of time, a row per unit; nil when
// nothing came back.
func (a *account) returnsReport(since, until time.Time) []byte {
	list := a.returns(since, until)
	if len(list) == 0 {
		return nil
	}
	var b bytes.Buffer
	b.WriteString("return-date\torder-id\tsku\tasin\tfnsku\tproduct-name\tquantity\tfulfillment-center-id\tdetailed-disposition\treason\tstatus\tlicense-plate-number\tcustomer-comments\r\n")
	for _, r := range list {
		disposition, reason := r.Disposition, r.Reason
		if disposition == "" {
			disposition = "SELLABLE"
		}
		if reason == "" {
			reason = "UNWANTED_ITEM"
		}
		for unit := range r.Quantity {
			fmt.Fprintln(&b, strings.Join([]string{r.At.UTC().Format(time.RFC3339), r.OrderID, r.SKU, "", "X00" + r.SKU, "", "1", "PHX3", disposition, reason,
				"Unit returned to inventory", fmt.Sprintf("LPNRR%d", unit+1), ""}, "\t"))
		}
	}
	return b.Bytes()
}

// ServeReturns takes a list of PlacedReturn; mount it at /control/amazon/returns.
func (s *Server) ServeReturns(w http.ResponseWriter, r *http.Request) {
	var list []PlacedReturn
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&list)
	if err == nil {
		err = s.PlaceReturns(list...)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
