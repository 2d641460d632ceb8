package p21

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/shopspring/decimal"
)

// Orders returns a company's orders in order of entry; all companies' when empty.
func (s *Server) Orders(company string) []Order {
	t := s.books.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.orders.list), func(o Order) bool { return company != "" && o.Company != company })
}

// OrdersByReference returns the orders with this reference: exactly one when a
// writer did its work.
func (s *Server) OrdersByReference(company, reference string) []Order {
	t := s.books.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(t.withReference(reference), func(o Order) bool { return o.Company != company })
}

// ReturnsByReference returns the returns with this reference.
func (s *Server) ReturnsByReference(company, reference string) []Return {
	t := s.books.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.returns.list), func(r Return) bool { return r.Company != company || r.Reference != reference })
}

// StockOf returns what a location has of an item.
func (s *Server) StockOf(item, location string) (Stock, bool) {
	t := s.books.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stock.get(stockKey{item, location})
}

// Items returns the product master that all companies share.
func (s *Server) Items() []Item {
	t := s.books.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.items.list)
}

// Customers returns a company's customers; all companies' when empty.
func (s *Server) Customers(company string) []Customer {
	t := s.books.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.customers.list), func(c Customer) bool { return company != "" && c.Company != company })
}

// ShipOrder ships quantities of an open order's lines, by line number;
// everything that is left when nil.
func (s *Server) ShipOrder(number int64, quantities map[int]decimal.Decimal) error {
	return s.moveOrder(number, func(t *trade, o Order) error { return t.ship(o, quantities, t.now()) })
}

// InvoiceOrder invoices what has been shipped of an order.
func (s *Server) InvoiceOrder(number int64) error {
	return s.moveOrder(number, func(t *trade, o Order) error { return t.invoice(o, t.now()) })
}

func (s *Server) moveOrder(number int64, move func(*trade, Order) error) error {
	t := s.books.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	o, ok := t.orders.get(number)
	if !ok {
		return fmt.Errorf("there is no order %d", number)
	}
	return move(t, o)
}

func (s *Server) controlOrders(mux *http.ServeMux) {
	mux.HandleFunc("GET /control/p21/orders", func(w http.ResponseWriter, r *http.Request) {
		orders := s.Orders(r.URL.Query().Get("company"))
		if reference := r.URL.Query().Get("reference"); reference != "" {
			orders = slices.DeleteFunc(orders, func(o Order) bool { return o.Reference != reference })
		}
		writeJSON(w, http.StatusOK, append([]Order{}, orders...))
	})
	mux.HandleFunc("POST /control/p21/orders", func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Number     int64                   `json:"number"`
			Action     string                  `json:"action"`
			Quantities map[int]decimal.Decimal `json:"quantities"`
		}
		err := decode(r, &asked)
		switch {
		case err != nil:
		case asked.Action == "ship":
			err = s.ShipOrder(asked.Number, asked.Quantities)
		case asked.Action == "invoice":
			err = s.InvoiceOrder(asked.Number)
		default:
			err = fmt.Errorf("action %q is neither ship nor invoice", asked.Action)
		}
		reply(w, err)
	})
}
