package p21

import (
	"fmt"
	"net/http"

	"github.com/shopspring/decimal"
)

type facadeCustomer struct {
	CustomerNumber    string `json:",omitempty"`
	CompanyId         string
	CustomerName      string
	ExternalReference string
	CurrencyCode      string
	TermsId           string
	Email             string
}

func (s *Server) listCustomers(w http.ResponseWriter, r *http.Request) {
	held, ok := s.held(w)
	if !ok {
		return
	}
	t := table{columns: []string{"CompanyId", "CustomerNumber", "CustomerName", "ExternalReference", "customer"}}
	for _, c := range held.Customers {
		t.rows = append(t.rows, row{"CompanyId": c.Company, "CustomerNumber": fmt.Sprint(c.Number), "CustomerName": c.Name,
			"ExternalReference": c.Reference, "customer": c})
	}
	list(w, r, t, func(r row) any { return facadeCustomerOf(r["customer"].(Customer)) })
}

func (s *Server) readCustomer(w http.ResponseWriter, r *http.Request) {
	held, ok := s.held(w)
	if !ok {
		return
	}
	for _, c := range held.Customers {
		if fmt.Sprint(c.Number) == r.PathValue("number") {
			writeJSON(w, http.StatusOK, facadeCustomerOf(c))
			return
		}
	}
	notThere(w, "customer")
}

func (s *Server) createCustomer(w http.ResponseWriter, r *http.Request) {
	var asked facadeCustomer
	if !read(w, r, &asked) {
		return
	}
	entered, err := s.books.trade.enterCustomer(Customer{Company: asked.CompanyId, Name: asked.CustomerName, Reference: asked.ExternalReference,
		Currency: asked.CurrencyCode, Terms: asked.TermsId, Email: asked.Email}, true)
	answer(w, http.StatusCreated, facadeCustomerOf(entered), err)
}

func facadeCustomerOf(c Customer) facadeCustomer {
	return facadeCustomer{CustomerNumber: fmt.Sprint(c.Number), CompanyId: c.Company, CustomerName: c.Name, ExternalReference: c.Reference,
		CurrencyCode: c.Currency, TermsId: c.Terms, Email: c.Email}
}

func (s *Server) listProducts(w http.ResponseWriter, r *http.Request) {
	held, ok := s.held(w)
	if !ok {
		return
	}
	t := table{columns: []string{"ProductCode", "Description", "Active", "LastModified", "item"}}
	for _, i := range held.Items {
		t.rows = append(t.rows, row{"ProductCode": i.Code, "Description": i.Description, "Active": i.Active, "LastModified": stamp(i.ModifiedAt), "item": i})
	}
	list(w, r, t, func(r row) any { return facadeProduct(r["item"].(Item)) })
}

func (s *Server) readProduct(w http.ResponseWriter, r *http.Request) {
	held, ok := s.held(w)
	if !ok {
		return
	}
	for _, i := range held.Items {
		if i.Code == r.PathValue("code") {
			writeJSON(w, http.StatusOK, facadeProduct(i))
			return
		}
	}
	notThere(w, "product")
}

func facadeProduct(i Item) any {
	return map[string]any{"ProductCode": i.Code, "Description": i.Description, "ExtendedDescription": i.Extended, "UnitOfMeasure": i.Unit,
		"ListPrice": number{i.ListPrice}, "Active": i.Active, "LastModified": stamp(i.ModifiedAt)}
}

func (s *Server) listStock(w http.ResponseWriter, r *http.Request) {
	held, ok := s.held(w)
	if !ok {
		return
	}
	t := table{columns: []string{"CompanyId", "ProductCode", "LocationId", "LastModified", "stock"}}
	for _, i := range held.Stock {
		t.rows = append(t.rows, row{"CompanyId": i.Company, "ProductCode": i.Item, "LocationId": i.Location, "LastModified": stamp(i.ModifiedAt), "stock": i})
	}
	list(w, r, t, func(r row) any { return facadeStock(r["stock"].(Stock)) })
}

// replaceStock sets the quantity on hand of the version that was read.
func (s *Server) replaceStock(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		QuantityOnHand                        number
		Reason, ExternalReference, RowVersion string
	}
	if !read(w, r, &asked) {
		return
	}
	a := Adjustment{Reference: asked.ExternalReference, Item: r.PathValue("code"), Location: r.PathValue("location"), Reason: asked.Reason}
	held, err := s.books.trade.setStock(a, func(held Stock) (decimal.Decimal, error) {
		if fmt.Sprint(held.Version) != asked.RowVersion {
			return decimal.Zero, refuseTrade("Conflict", "RowVersion", "Stale", "The stock of %s has changed", held.Item)
		}
		return asked.QuantityOnHand.Decimal, nil
	})
	answer(w, http.StatusOK, facadeStock(held), err)
}

func facadeStock(i Stock) any {
	return map[string]any{"CompanyId": i.Company, "ProductCode": i.Item, "LocationId": i.Location, "QuantityOnHand": number{i.OnHand},
		"QuantityAllocated": number{i.Allocated}, "QuantityAvailable": number{i.OnHand.Sub(i.Allocated)}, "QuantityInTransit": number{i.InTransit},
		"UnitCost": number{i.Cost}, "LastModified": stamp(i.ModifiedAt), "RowVersion": fmt.Sprint(i.Version)}
}
