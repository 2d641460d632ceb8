package p21

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// The UI server and its stateless Transaction API.
const (
	uiServer        = "/uiserver0"
	transactionPath = uiServer + "/api/v2/transaction"
)

type transactionSet struct {
	Name           string
	UseCodeValues  bool
	IgnoreDisabled bool
	Transactions   []transaction
}

type transaction struct {
	Status       string
	DataElements []dataElement
}

type dataElement struct {
	Name string
	Type string
	Keys []string
	Rows []dataRow
}

type dataRow struct{ Edits []edit }

type edit struct{ Name, Value string }

// form returns the edits of an element with one row.
func (t transaction) form(name string) map[string]string {
	rows := t.rows(name)
	if len(rows) == 0 {
		return map[string]string{}
	}
	return rows[0]
}

// rows returns the edits of an element's rows. Rows with the same key are one,
// the last value wins; without Keys the key is the item.
func (t transaction) rows(name string) []map[string]string {
	i := slices.IndexFunc(t.DataElements, func(e dataElement) bool { return e.Name == name })
	if i < 0 {
		return nil
	}
	keys := t.DataElements[i].Keys
	if len(keys) == 0 && t.DataElements[i].Type == "List" {
		keys = []string{"oe_order_item_id"}
	}
	var rows []map[string]string
	place := map[string]int{}
	for _, r := range t.DataElements[i].Rows {
		values := map[string]string{}
		for _, e := range r.Edits {
			values[e.Name] = e.Value
		}
		key := ""
		for _, k := range keys {
			key += values[k] + "\x00"
		}
		if at, seen := place[key]; seen {
			rows[at] = values
			continue
		}
		place[key] = len(rows)
		rows = append(rows, values)
	}
	return rows
}

// serveRouter tells where the UI server is: beside this one, below whatever path
// the stand-in is mounted on.
func (s *Server) serveRouter(w http.ResponseWriter, r *http.Request) {
	asked, _, _ := strings.Cut(r.RequestURI, "?")
	address := "http://" + r.Host + strings.TrimSuffix(asked, r.URL.Path) + uiServer
	s.mu.Lock()
	inXML := s.tokenXML
	s.mu.Unlock()
	if inXML {
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
		fmt.Fprintf(w, `<RouterResponse xmlns="http://schemas.datacontract.org/2004/07/P21.UI"><Url>%s/</Url></RouterResponse>`, address)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"Url": address})
}

// serveTransaction answers 200 whether or not a transaction succeeded. Each
// transaction is on its own.
func (s *Server) serveTransaction(w http.ResponseWriter, r *http.Request) {
	var set transactionSet
	if err := json.NewDecoder(io.LimitReader(r.Body, 32<<20)).Decode(&set); err != nil || len(set.Transactions) == 0 {
		writeError(w, http.StatusBadRequest, nativeError{"The request is invalid.", "System.ArgumentException"})
		return
	}
	var messages []string
	var results []any
	failed := 0
	for i, t := range set.Transactions {
		edits, err := s.transact(set, t)
		words, status := "", "Passed"
		if err != nil {
			words, status = err.Error(), "Failed"
			failed++
		}
		messages = append(messages, fmt.Sprintf("Transaction %d:: %s", i+1, words))
		results = append(results, map[string]any{"Status": status, "DataElements": []any{
			map[string]any{"Name": "TABPAGE_1.order", "Rows": []any{map[string]any{"Edits": edits}}}}})
	}
	answer := map[string]any{"Messages": messages, "Results": nil,
		"Summary": map[string]int{"Succeeded": len(set.Transactions) - failed, "Failed": failed, "Other": 0}}
	if failed < len(set.Transactions) {
		answer["Results"] = map[string]any{"Name": set.Name, "Transactions": results}
	}
	writeJSON(w, http.StatusOK, answer)
}

// transact does one transaction and returns the edits that the answer shows.
func (s *Server) transact(set transactionSet, t transaction) ([]edit, error) {
	if t.Status != "New" {
		return nil, fmt.Errorf("status %q is not known", t.Status)
	}
	form := t.form("TABPAGE_1.order")
	switch {
	case set.Name == "Shipping":
		return s.transactShipping(set, t)
	case set.Name != "Order" && set.Name != "RMA":
		return nil, fmt.Errorf("service %s is not known", set.Name)
	case form["company_id"] != "":
		return nil, fmt.Errorf("column company_id is disabled")
	case form["order_no"] != "":
		return s.transactChange(set, t)
	case form["customer_id"] == "":
		return nil, refuseTrade("Business", "", "", "Customer ID is required")
	case form["source_loc_id"] == "":
		return nil, refuseTrade("Business", "", "", "Jurisdiction ID for Order Header Tax is required")
	case set.IgnoreDisabled:
		return []edit{{"order_no", ""}}, nil // reported as a success, nothing written
	case set.Name == "RMA":
		return s.transactRMA(t)
	}
	if form["requested_date"] <= form["order_date"] {
		return nil, refuseTrade("Business", "", "", "Requested date must be after order date")
	}
	o, err := s.orderOf(t)
	if err == nil {
		o, err = s.books.trade.enterOrder(o, false)
	}
	return []edit{{"order_no", fmt.Sprint(o.Number)}}, err
}

func (s *Server) orderOf(t transaction) (Order, error) {
	form := t.form("TABPAGE_1.order")
	held, err := s.books.trade.snapshot()
	if err != nil {
		return Order{}, err
	}
	o := Order{Customer: document(form["customer_id"]), Reference: cut(form["po_no"], 50), Source: cut(form["taker"], 30), Date: form["order_date"],
		Requested: form["requested_date"], Location: form["source_loc_id"], Surface: "native",
		ShipTo: Address{form["ship2_name"], form["ship2_add1"], form["ship2_add2"], form["ship2_city"], form["ship2_state"], form["ship2_zip"],
			form["ship2_country"], form["ship_to_phone"], form["ship2_email_address"]}.held()}
	for _, c := range held.Customers {
		if c.Number == o.Customer {
			o.Company, o.Currency = c.Company, c.Currency
		}
	}
	for i, r := range t.rows("TP_ITEMS.items") {
		if r["oe_order_item_id"] == s.config.DropItem && s.config.DropItem != "" {
			continue // a prompt was answered for us
		}
		l := OrderLine{Number: i + 1, Item: r["oe_order_item_id"], Unit: r["unit_of_measure"]}
		if n := document(r["user_line_no"]); n > 0 {
			l.Number = int(n)
		}
		if l.Quantity, err = decimal.NewFromString(r["unit_quantity"]); err != nil {
			return Order{}, fmt.Errorf("unit_quantity %q is not a number", r["unit_quantity"])
		}
		if l.Price, err = decimal.NewFromString(r["unit_price"]); err != nil {
			return Order{}, fmt.Errorf("unit_price %q is not a number", r["unit_price"])
		}
		l.Total = l.Price.Mul(l.Quantity).Round(4)
		o.Lines = append(o.Lines, l)
	}
	return o, nil
}

func (s *Server) transactChange(set transactionSet, t transaction) ([]edit, error) {
	form := t.form("TABPAGE_1.order")
	number := document(form["order_no"])
	if set.IgnoreDisabled {
		return []edit{{"order_no", form["order_no"]}}, nil // reported as a success, nothing written
	}
	if set.Name != "Order" {
		return nil, fmt.Errorf("an RMA cannot be changed here")
	}
	quantities := map[int]OrderLine{}
	for _, r := range t.rows("TP_ITEMS.items") {
		quantity, err := decimal.NewFromString(r["unit_quantity"])
		if err != nil {
			return nil, fmt.Errorf("unit_quantity %q is not a number", r["unit_quantity"])
		}
		line := OrderLine{Quantity: quantity}
		if r["unit_price"] != "" {
			if line.Price, err = decimal.NewFromString(r["unit_price"]); err != nil {
				return nil, fmt.Errorf("unit_price %q is not a number", r["unit_price"])
			}
		}
		quantities[int(document(r["user_line_no"]))] = line
	}
	_, err := s.books.trade.changeOrder(number, 0, form["cancel_flag"] == "Y", quantities)
	return []edit{{"order_no", form["order_no"]}}, err
}

func (s *Server) transactRMA(t transaction) ([]edit, error) {
	form := t.form("TABPAGE_1.order")
	held, err := s.books.trade.snapshot()
	if err != nil {
		return nil, err
	}
	r := Return{Reference: cut(form["po_no"], 50), Date: form["order_date"], Location: form["source_loc_id"]}
	for _, i := range held.Invoices {
		if fmt.Sprint(i.Number) == form["invoice_no"] {
			r.Order, r.Company = i.Order, i.Company
		}
	}
	if r.Order == 0 {
		return nil, fmt.Errorf("invoice %q does not exist", form["invoice_no"])
	}
	for i, edits := range t.rows("TP_ITEMS.items") {
		l := ReturnLine{Number: i + 1, Item: edits["oe_order_item_id"]}
		l.OrderLine = soldOn(held, r, l.Item)
		if l.Quantity, err = decimal.NewFromString(edits["unit_quantity"]); err != nil {
			return nil, fmt.Errorf("unit_quantity %q is not a number", edits["unit_quantity"])
		}
		r.Lines = append(r.Lines, l)
	}
	entered, err := s.books.trade.enterReturn(r, false)
	return []edit{{"order_no", fmt.Sprint(entered.Number)}}, err
}

// soldOn is the first line of the returned order that sold an item and is not
// in the return yet; 0: none.
func soldOn(held tradeEvent, r Return, item string) int {
	for _, o := range held.Orders {
		for _, l := range o.Lines {
			taken := slices.ContainsFunc(r.Lines, func(known ReturnLine) bool { return known.OrderLine == l.Number })
			if o.Number == r.Order && l.Item == item && !taken {
				return l.Number
			}
		}
	}
	return 0
}

func (s *Server) transactShipping(set transactionSet, t transaction) ([]edit, error) {
	form := t.form("TABPAGE_1.pick_ticket")
	number := form["pick_ticket_no"]
	if set.IgnoreDisabled {
		return []edit{{"pick_ticket_no", number}}, nil
	}
	_, err := s.books.trade.track(document(number), 0, form["carrier_id"], form["tracking_no"])
	return []edit{{"pick_ticket_no", number}}, err
}

// transactionOperation names what a transaction does; it puts the body back.
func transactionOperation(r *http.Request) string {
	body, err := io.ReadAll(io.LimitReader(r.Body, 32<<20))
	_ = r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(body))
	var set transactionSet
	if err != nil || json.Unmarshal(body, &set) != nil || len(set.Transactions) == 0 {
		return ""
	}
	switch {
	case set.Name == "RMA":
		return OpCreateReturn
	case set.Name == "Shipping":
		return OpWriteTracking
	case set.Transactions[0].form("TABPAGE_1.order")["order_no"] != "":
		return OpChangeOrder
	}
	return OpPostOrder
}

// entity serves /api/entity/customers/.
func (s *Server) entity() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/entity/customers/new", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"CompanyId": nil, "CustomerId": nil, "CustomerName": nil, "CurrencyId": nil, "TermsId": nil,
			"EmailAddress": nil, "LegacyId": nil, "Taxable": "Y", "CodRequiredFlag": "N", "UserDefinedFields": struct{}{}, "ObjectName": "customer"})
	})
	mux.HandleFunc("GET /api/entity/customers/{key}", s.entityCustomer)
	mux.HandleFunc("POST /api/entity/customers/{$}", s.createEntity)
	return mux
}

func (s *Server) entityCustomer(w http.ResponseWriter, r *http.Request) {
	held, err := s.books.trade.snapshot()
	if err != nil {
		writeError(w, http.StatusInternalServerError, nativeError{err.Error(), "P21.DataAccess.PbNet.Common.PbService.P21ServerException"})
		return
	}
	for _, c := range held.Customers {
		if fmt.Sprintf("%s_%d", c.Company, c.Number) == r.PathValue("key") {
			writeJSON(w, http.StatusOK, entityOf(c))
			return
		}
	}
	writeError(w, http.StatusNotFound, nativeError{"Customer not found", "P21.Business.Common.NotFoundException"})
}

func entityOf(c Customer) map[string]any {
	return map[string]any{"CompanyId": c.Company, "CustomerId": c.Number, "CustomerName": c.Name, "CurrencyId": currencyID(c.Currency), "TermsId": c.Terms,
		"EmailAddress": c.Email, "LegacyId": c.Reference, "CustomerAddress": nil, "UserDefinedFields": struct{}{}, "ObjectName": "customer"}
}

// createEntity creates when the key is absent.
func (s *Server) createEntity(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		CompanyId, CustomerName, TermsId, EmailAddress, LegacyId string
		CurrencyId                                               int64
		CustomerId                                               *int64
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&asked); err != nil || asked.CustomerId != nil {
		writeError(w, http.StatusBadRequest, nativeError{"The request is invalid.", "System.ArgumentException"})
		return
	}
	entered, err := s.books.trade.enterCustomer(Customer{Company: asked.CompanyId, Name: asked.CustomerName, Reference: asked.LegacyId,
		Currency: currencyByID(asked.CurrencyId), Terms: asked.TermsId, Email: asked.EmailAddress}, false)
	nativeAnswer(w, entityOf(entered), err)
}

// serveAdjustment applies a signed difference at once.
func (s *Server) serveAdjustment(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	delta, err := decimal.NewFromString(query.Get("unitQuantity"))
	if err != nil || query.Get("approved") != "true" || query.Get("itemId") != strings.ToUpper(query.Get("itemId")) {
		writeError(w, http.StatusBadRequest, nativeError{"The request is invalid.", "System.FormatException"})
		return
	}
	a := Adjustment{Item: query.Get("itemId"), Location: query.Get("locationId"), Reason: query.Get("reason")}
	_, err = s.books.trade.setStock(a, func(held Stock) (decimal.Decimal, error) { return held.OnHand.Add(delta), nil })
	nativeAnswer(w, map[string]string{"ResponseMessage": "success"}, err)
}

// nativeAnswer writes a value; a rule that is broken is a server error.
func nativeAnswer(w http.ResponseWriter, value any, err error) {
	if refused, ok := refusal(err); ok {
		writeError(w, http.StatusInternalServerError, nativeError{refused.message, business})
		return
	}
	if err != nil {
		writeError(w, http.StatusInternalServerError, nativeError{err.Error(), "P21.DataAccess.PbNet.Common.PbService.P21ServerException"})
		return
	}
	writeJSON(w, http.StatusOK, value)
}
