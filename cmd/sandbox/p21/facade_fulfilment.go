package p21

import (
	"fmt"
	"net/http"
	"time"
)

func (s *Server) listShipments(w http.ResponseWriter, r *http.Request) {
	held, ok := s.held(w)
	if !ok {
		return
	}
	t := table{columns: []string{"CompanyId", "ShipmentNumber", "SalesOrderNumber", "LastModified", "shipment"}}
	for _, i := range held.Shipments {
		t.rows = append(t.rows, row{"CompanyId": i.Company, "ShipmentNumber": fmt.Sprint(i.Number), "SalesOrderNumber": fmt.Sprint(i.Order),
			"LastModified": stamp(i.ModifiedAt), "shipment": i})
	}
	list(w, r, t, func(r row) any { return facadeShipment(r["shipment"].(Shipment)) })
}

func (s *Server) readShipment(w http.ResponseWriter, r *http.Request) {
	held, ok := s.held(w)
	if !ok {
		return
	}
	for _, i := range held.Shipments {
		if fmt.Sprint(i.Number) == r.PathValue("number") {
			writeJSON(w, http.StatusOK, facadeShipment(i))
			return
		}
	}
	notThere(w, "shipment")
}

func (s *Server) replaceShipment(w http.ResponseWriter, r *http.Request) {
	var asked struct{ CarrierId, TrackingNumber, RowVersion string }
	if !read(w, r, &asked) {
		return
	}
	held, err := s.books.trade.track(document(r.PathValue("number")), max(document(asked.RowVersion), 1), asked.CarrierId, asked.TrackingNumber)
	answer(w, http.StatusOK, facadeShipment(held), err)
}

func facadeShipment(i Shipment) any {
	lines := []any{}
	for _, l := range i.Lines {
		lines = append(lines, map[string]any{"LineNumber": l.Line, "ProductCode": l.Item, "Quantity": number{l.Quantity}})
	}
	return map[string]any{"CompanyId": i.Company, "ShipmentNumber": fmt.Sprint(i.Number), "SalesOrderNumber": fmt.Sprint(i.Order), "ShipDate": i.Date,
		"CarrierId": i.Carrier, "TrackingNumber": i.Tracking, "LocationId": i.Location, "LineItems": lines,
		"LastModified": stamp(i.ModifiedAt), "RowVersion": fmt.Sprint(i.Version)}
}

func (s *Server) listInvoices(w http.ResponseWriter, r *http.Request) {
	held, ok := s.held(w)
	if !ok {
		return
	}
	t := table{columns: []string{"CompanyId", "InvoiceNumber", "SalesOrderNumber", "CustomerNumber", "InvoiceDate", "LastModified", "invoice"}}
	for _, i := range held.Invoices {
		t.rows = append(t.rows, row{"CompanyId": i.Company, "InvoiceNumber": fmt.Sprint(i.Number), "SalesOrderNumber": fmt.Sprint(i.Order),
			"CustomerNumber": fmt.Sprint(i.Customer), "InvoiceDate": i.Date, "LastModified": stamp(i.ModifiedAt), "invoice": i})
	}
	list(w, r, t, func(r row) any { return facadeInvoice(r["invoice"].(Invoice)) })
}

func facadeInvoice(i Invoice) any {
	lines := []any{}
	for _, l := range i.Lines {
		lines = append(lines, map[string]any{"LineNumber": l.Line, "ProductCode": l.Item, "Quantity": number{l.Quantity},
			"UnitPrice": number{l.Price.Round(4)}, "LineTotal": number{l.Total}, "CostAmount": number{l.Cost}})
	}
	year, month := yearAndMonth(i.Date)
	return map[string]any{"CompanyId": i.Company, "InvoiceNumber": fmt.Sprint(i.Number), "SalesOrderNumber": fmt.Sprint(i.Order),
		"CustomerNumber": fmt.Sprint(i.Customer), "CustomerPONumber": i.Reference, "InvoiceDate": i.Date, "InvoiceType": "IN",
		"TotalAmount": number{i.Total}, "AmountPaid": number{i.Paid}, "OpenBalance": number{i.Total.Sub(i.Paid)}, "CurrencyCode": i.Currency,
		"Period": month, "FiscalYear": year, "LineItems": lines, "LastModified": stamp(i.ModifiedAt)}
}

func yearAndMonth(date string) (year, month int) {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return 0, 0
	}
	return at.Year(), int(at.Month())
}

type facadeReturn struct {
	ReturnNumber      string `json:",omitempty"`
	Status            string `json:",omitempty"`
	CreatedAt         string `json:",omitempty"`
	CompanyId         string
	ExternalReference string
	SalesOrderNumber  string
	CustomerNumber    string
	ReturnDate        string
	LocationId        string
	LineItems         []facadeReturnLine
}

type facadeReturnLine struct {
	LineNumber      int
	OrderLineNumber int
	ProductCode     string
	Quantity        number
	Reason          string
}

func (s *Server) listReturns(w http.ResponseWriter, r *http.Request) {
	held, ok := s.held(w)
	if !ok {
		return
	}
	t := table{columns: []string{"CompanyId", "ReturnNumber", "SalesOrderNumber", "ExternalReference", "return"}}
	for _, i := range held.Returns {
		t.rows = append(t.rows, row{"CompanyId": i.Company, "ReturnNumber": fmt.Sprint(i.Number), "SalesOrderNumber": fmt.Sprint(i.Order),
			"ExternalReference": i.Reference, "return": i})
	}
	list(w, r, t, func(r row) any { return facadeReturnOf(r["return"].(Return)) })
}

func (s *Server) createReturn(w http.ResponseWriter, r *http.Request) {
	var asked facadeReturn
	if !read(w, r, &asked) {
		return
	}
	rma := Return{Company: asked.CompanyId, Order: document(asked.SalesOrderNumber), Reference: asked.ExternalReference, Date: asked.ReturnDate, Location: asked.LocationId}
	for _, l := range asked.LineItems {
		rma.Lines = append(rma.Lines, ReturnLine{l.LineNumber, l.OrderLineNumber, l.ProductCode, l.Quantity.Decimal, l.Reason})
	}
	entered, err := s.books.trade.enterReturn(rma, true)
	answer(w, http.StatusCreated, facadeReturnOf(entered), err)
}

func facadeReturnOf(i Return) facadeReturn {
	f := facadeReturn{ReturnNumber: fmt.Sprint(i.Number), Status: i.Status, CreatedAt: stamp(i.CreatedAt), CompanyId: i.Company, ExternalReference: i.Reference,
		SalesOrderNumber: fmt.Sprint(i.Order), CustomerNumber: fmt.Sprint(i.Customer), ReturnDate: i.Date, LocationId: i.Location}
	for _, l := range i.Lines {
		f.LineItems = append(f.LineItems, facadeReturnLine{l.Number, l.OrderLine, l.Item, number{l.Quantity}, l.Reason})
	}
	return f
}
