package p21

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

type facadeOrder struct {
	SalesOrderNumber  string `json:",omitempty"`
	OrderStatus       string `json:",omitempty"`
	CreatedAt         string `json:",omitempty"`
	LastModified      string `json:",omitempty"`
	RowVersion        string `json:",omitempty"`
	CompanyId         string
	CustomerNumber    string
	ExternalReference string
	AmazonOrderId     string `json:",omitempty"` // the facade's older word for ExternalReference
	CustomerPONumber  string
	OrderSource       string
	OrderDate         string
	RequestedDate     string
	CurrencyCode      string
	LocationId        string
	ShippingAddress   facadeAddress
	LineItems         []facadeOrderLine
	OrderTotal        number
}

type facadeAddress struct {
	Name, AddressLine1, AddressLine2, City, StateOrRegion, PostalCode, CountryCode, Phone, Email string
}

type facadeOrderLine struct {
	LineNumber            int
	ExternalLineReference string
	ProductCode           string
	Quantity              number
	UnitOfMeasure         string
	UnitPrice             number
	LineTotal             number
	TaxAmount             number
}

// tradeRoutes are the facade's documents and masters, less what this site does
// not have.
func (s *Server) tradeRoutes(mux *http.ServeMux) {
	for _, r := range []struct {
		method, resource, rest string
		handle                 http.HandlerFunc
	}{
		{"GET", "SalesOrders", "", s.listOrders},
		{"GET", "SalesOrders", "/{number}", s.readOrder},
		{"POST", "SalesOrders", "", s.createOrder},
		{"PUT", "SalesOrders", "/{number}", s.replaceOrder},
		{"GET", "Customers", "", s.listCustomers},
		{"GET", "Customers", "/{number}", s.readCustomer},
		{"POST", "Customers", "", s.createCustomer},
		{"GET", "Products", "", s.listProducts},
		{"GET", "Products", "/{code}", s.readProduct},
		{"GET", "InventoryItems", "", s.listStock},
		{"PUT", "InventoryItems", "/{code}/{location}", s.replaceStock},
		{"GET", "Invoices", "", s.listInvoices},
		{"GET", "Shipments", "", s.listShipments},
		{"GET", "Shipments", "/{number}", s.readShipment},
		{"PUT", "Shipments", "/{number}", s.replaceShipment},
		{"GET", "Returns", "", s.listReturns},
		{"POST", "Returns", "", s.createReturn},
	} {
		if without := s.config.Without; slices.Contains(without, r.resource) || slices.Contains(without, r.method+" "+r.resource) {
			continue
		}
		mux.HandleFunc(r.method+" /api/v2/"+r.resource+r.rest, r.handle)
	}
}

// held is everything, or an answer that it cannot be had.
func (s *Server) held(w http.ResponseWriter) (tradeEvent, bool) {
	held, err := s.books.trade.snapshot()
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, facadeError{ErrorMessage: err.Error(), ErrorType: "Unavailable"})
	}
	return held, err == nil
}

// read decodes a request's body, or answers that it cannot be read.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	err := json.NewDecoder(io.LimitReader(r.Body, 32<<20)).Decode(into)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, facadeError{ErrorMessage: "The request is not valid JSON: " + err.Error(), ErrorType: "Validation"})
	}
	return err == nil
}

// answer writes a value, or why there is none.
func answer(w http.ResponseWriter, status int, value any, err error) {
	if refused, ok := refusal(err); ok {
		writeRefusal(w, refused)
		return
	}
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, facadeError{ErrorMessage: err.Error(), ErrorType: "Unavailable"})
		return
	}
	writeJSON(w, status, value)
}

func notThere(w http.ResponseWriter, what string) {
	writeJSON(w, http.StatusNotFound, facadeError{ErrorMessage: "There is no such " + what, ErrorType: "NotFound"})
}

// document is the number of a document; 0 is none.
func document(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// oneReference is the filter that asks for one reference among others with and.
var oneReference = regexp.MustCompile(`(?:ExternalReference|AmazonOrderId|CustomerPONumber) eq '((?:[^']|'')*)'`)

// ordersFor are the orders among which a filter decides: those with its
// reference where it names one, or else all.
func (s *Server) ordersFor(w http.ResponseWriter, filter string) ([]Order, bool) {
	found := oneReference.FindStringSubmatch(filter)
	if found == nil || strings.Contains(filter, " or ") {
		held, ok := s.held(w)
		return held.Orders, ok
	}
	orders, err := s.books.trade.find(strings.ReplaceAll(found[1], "''", "'"))
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, facadeError{ErrorMessage: err.Error(), ErrorType: "Unavailable"})
	}
	return orders, err == nil
}

func (s *Server) listOrders(w http.ResponseWriter, r *http.Request) {
	orders, ok := s.ordersFor(w, r.URL.Query().Get("$filter"))
	if !ok {
		return
	}
	t := table{columns: []string{"CompanyId", "SalesOrderNumber", "ExternalReference", "AmazonOrderId", "CustomerPONumber", "CustomerNumber", "OrderStatus",
		"OrderDate", "LocationId", "LastModified", "order"}}
	for _, o := range orders {
		t.rows = append(t.rows, row{"CompanyId": o.Company, "SalesOrderNumber": fmt.Sprint(o.Number), "ExternalReference": o.Reference, "AmazonOrderId": o.Reference,
			"CustomerPONumber": o.Reference, "CustomerNumber": fmt.Sprint(o.Customer), "OrderStatus": o.Status, "OrderDate": o.Date, "LocationId": o.Location,
			"LastModified": stamp(o.ModifiedAt), "order": o})
	}
	list(w, r, t, func(r row) any { return facadeOrderOf(r["order"].(Order)) })
}

func (s *Server) readOrder(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil {
		notThere(w, "sales order")
		return
	}
	o, ok, err := s.books.trade.order(number)
	switch {
	case err != nil:
		writeJSON(w, http.StatusInternalServerError, facadeError{ErrorMessage: err.Error(), ErrorType: "Unavailable"})
	case !ok:
		notThere(w, "sales order")
	default:
		writeJSON(w, http.StatusOK, facadeOrderOf(o))
	}
}

func (s *Server) createOrder(w http.ResponseWriter, r *http.Request) {
	var asked facadeOrder
	if !read(w, r, &asked) {
		return
	}
	var entered Order
	err := asked.check()
	if err == nil {
		entered, err = s.books.trade.enterOrder(asked.order(), true)
	}
	if err == nil {
		w.Header().Set("Location", fmt.Sprintf("/api/v2/SalesOrders/%d", entered.Number))
	}
	answer(w, http.StatusCreated, facadeOrderOf(entered), err)
}

func (s *Server) replaceOrder(w http.ResponseWriter, r *http.Request) {
	var asked facadeOrder
	if !read(w, r, &asked) {
		return
	}
	version := document(asked.RowVersion)
	if version < 1 {
		answer(w, 0, nil, refuseTrade("Validation", "RowVersion", "Required", "RowVersion is required"))
		return
	}
	lines := map[int]OrderLine{}
	for _, l := range asked.order().Lines {
		lines[l.Number] = l
	}
	changed, err := s.books.trade.changeOrder(document(r.PathValue("number")), version, asked.OrderStatus == cancelled, lines)
	answer(w, http.StatusOK, facadeOrderOf(changed), err)
}

// check is what the facade asks besides the rules of the books.
func (f facadeOrder) check() error {
	if _, err := time.Parse(time.DateOnly, f.OrderDate); err != nil {
		return refuseTrade("Validation", "OrderDate", "Required", "OrderDate must be YYYY-MM-DD")
	}
	sum := decimal.Zero
	for i, l := range f.LineItems {
		field := fmt.Sprintf("LineItems[%d]", i)
		for _, n := range []number{l.Quantity, l.UnitPrice, l.LineTotal, l.TaxAmount} {
			if !n.Equal(n.Truncate(4)) {
				return refuseTrade("Validation", field, "Decimals", "At most 4 decimals")
			}
		}
		// The unit price was rounded to four decimals.
		allowed := l.Quantity.Mul(decimal.New(5, -5)).Add(decimal.New(5, -3))
		if l.Quantity.Mul(l.UnitPrice.Decimal).Sub(l.LineTotal.Decimal).Abs().GreaterThan(allowed) {
			return refuseTrade("Validation", field+".LineTotal", "Total", "LineTotal is not Quantity x UnitPrice")
		}
		sum = sum.Add(l.LineTotal.Decimal)
	}
	if !sum.Equal(f.OrderTotal.Decimal) {
		return refuseTrade("Validation", "OrderTotal", "Total", "OrderTotal is not the sum of the lines")
	}
	return nil
}

func (f facadeOrder) order() Order {
	a := f.ShippingAddress
	o := Order{Company: f.CompanyId, Customer: document(f.CustomerNumber), Reference: f.ExternalReference, Source: f.OrderSource, Date: f.OrderDate,
		Requested: f.RequestedDate, Currency: f.CurrencyCode, Location: f.LocationId, Surface: "seedv2",
		ShipTo: Address{a.Name, a.AddressLine1, a.AddressLine2, a.City, a.StateOrRegion, a.PostalCode, a.CountryCode, a.Phone, a.Email}.held()}
	if o.Reference == "" {
		o.Reference = f.AmazonOrderId
	}
	for _, l := range f.LineItems {
		o.Lines = append(o.Lines, OrderLine{Number: l.LineNumber, Reference: l.ExternalLineReference, Item: l.ProductCode, Unit: l.UnitOfMeasure,
			Quantity: l.Quantity.Decimal, Price: l.UnitPrice.Decimal, Total: l.LineTotal.Decimal, Tax: l.TaxAmount.Decimal})
	}
	return o
}

// held cuts an address to P21's columns, without a word.
func (a Address) held() Address {
	return Address{cut(a.Name, 50), cut(a.Line1, 50), cut(a.Line2, 50), cut(a.City, 50), cut(a.State, 50), cut(a.PostalCode, 10),
		cut(a.Country, 50), cut(a.Phone, 20), cut(a.Email, 255)}
}

func facadeOrderOf(o Order) facadeOrder {
	a := o.ShipTo
	f := facadeOrder{
		SalesOrderNumber: fmt.Sprint(o.Number), OrderStatus: o.Status, CreatedAt: stamp(o.CreatedAt), LastModified: stamp(o.ModifiedAt),
		RowVersion: fmt.Sprint(o.Version), CompanyId: o.Company, CustomerNumber: fmt.Sprint(o.Customer), ExternalReference: o.Reference, AmazonOrderId: o.Reference,
		CustomerPONumber: o.Reference, OrderSource: o.Source, OrderDate: o.Date, RequestedDate: o.Requested, CurrencyCode: o.Currency, LocationId: o.Location,
		ShippingAddress: facadeAddress{a.Name, a.Line1, a.Line2, a.City, a.State, a.PostalCode, a.Country, a.Phone, a.Email},
	}
	total := decimal.Zero
	for _, l := range o.Lines {
		f.LineItems = append(f.LineItems, facadeOrderLine{LineNumber: l.Number, ExternalLineReference: l.Reference, ProductCode: l.Item, UnitOfMeasure: l.Unit,
			Quantity: number{l.Quantity}, UnitPrice: number{l.Price.Round(4)}, LineTotal: number{l.Total}, TaxAmount: number{l.Tax}})
		total = total.Add(l.Total)
	}
	f.OrderTotal = number{total}
	return f
}
