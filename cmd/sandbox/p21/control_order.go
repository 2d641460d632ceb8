package p21

import (
	"fmt"
	"net/http"
	"slices"
	"time"

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

// ShipmentsOf returns the shipments of an order.
func (s *Server) ShipmentsOf(order int64) []Shipment {
	t := s.books.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.shipments.list), func(known Shipment) bool { return known.Order != order })
}

// Returns returns a company's returns.
func (s *Server) Returns(company string) []Return {
	t := s.books.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.returns.list), func(r Return) bool { return r.Company != company })
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

// SetStock says how many units of an item a location has on hand: they were
// counted, received or lost.
func (s *Server) SetStock(item, location string, onHand decimal.Decimal) error {
	t := s.books.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	held, ok := t.stock.get(stockKey{item, location})
	if !ok {
		return fmt.Errorf("location %s has never had item %s", location, item)
	}
	held.OnHand, held.ModifiedAt, held.Version = onHand, t.now(), held.Version+1
	return t.commit(tradeEvent{Stock: []Stock{held}})
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

// TrackOrder gives the shipments of an order that have no number yet a carrier
// and numbers that begin with tracking.
func (s *Server) TrackOrder(number int64, carrier, tracking string) error {
	return s.moveOrder(number, func(t *trade, o Order) error { return t.commit(t.numbered(o, carrier, tracking)) })
}

// InvoiceOrder invoices what has been shipped of an order.
func (s *Server) InvoiceOrder(number int64) error {
	return s.moveOrder(number, func(t *trade, o Order) error { return t.invoice(o, t.now()) })
}

// EnterOrder enters an order as a clerk or another channel does: nothing of it is
// Amazon's. What the order lacks is made up: a customer, the day, prices.
func (s *Server) EnterOrder(o Order) (Order, error) {
	t := s.books.trade
	for _, c := range s.Customers(o.Company) {
		if o.Customer == 0 && c.Company == o.Company {
			o.Customer, o.Currency = c.Number, c.Currency
		}
	}
	if o.Date == "" {
		o.Date = t.now().Format(time.DateOnly)
	}
	o.Lines = slices.Clone(o.Lines)
	for i := range o.Lines {
		l := &o.Lines[i]
		if l.Number == 0 {
			l.Number = i + 1
		}
		if l.Price.IsZero() {
			l.Price = decimal.NewFromInt(10)
		}
		l.Total = l.Price.Mul(l.Quantity)
	}
	return t.enterOrder(o, false)
}

// ChangeOrder sets quantities of an open order's lines, by line number.
func (s *Server) ChangeOrder(number int64, quantities map[int]decimal.Decimal) error {
	lines := map[int]OrderLine{}
	for line, quantity := range quantities {
		lines[line] = OrderLine{Quantity: quantity}
	}
	_, err := s.books.trade.changeOrder(number, 0, false, lines)
	return err
}

// CancelOrder cancels an open order.
func (s *Server) CancelOrder(number int64) error {
	_, err := s.books.trade.changeOrder(number, 0, true, nil)
	return err
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
			Carrier    string                  `json:"carrier"`
			Tracking   string                  `json:"tracking"`
			Order      *Order                  `json:"order"`
		}
		err := decode(r, &asked)
		switch {
		case err != nil:
		case asked.Action == "enter" && asked.Order != nil:
			var entered Order
			if entered, err = s.EnterOrder(*asked.Order); err == nil {
				writeJSON(w, http.StatusCreated, entered)
				return
			}
		case asked.Action == "change":
			err = s.ChangeOrder(asked.Number, asked.Quantities)
		case asked.Action == "cancel":
			err = s.CancelOrder(asked.Number)
		case asked.Action == "ship":
			err = s.ShipOrder(asked.Number, asked.Quantities)
		case asked.Action == "track":
			err = s.TrackOrder(asked.Number, asked.Carrier, asked.Tracking)
		case asked.Action == "invoice":
			err = s.InvoiceOrder(asked.Number)
		default:
			err = fmt.Errorf("action %q is none of enter, change, cancel, ship, track and invoice", asked.Action)
		}
		reply(w, err)
	})
}
