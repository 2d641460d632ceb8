package p21

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/clock"
)

// Address is where an order goes.
type Address struct {
	Name       string `json:"name,omitempty"`
	Line1      string `json:"line1,omitempty"`
	Line2      string `json:"line2,omitempty"`
	City       string `json:"city,omitempty"`
	State      string `json:"state,omitempty"`
	PostalCode string `json:"postalCode,omitempty"`
	Country    string `json:"country,omitempty"`
	Phone      string `json:"phone,omitempty"`
	Email      string `json:"email,omitempty"`
}

// Order is a sales order in the stand-in's books.
type Order struct {
	Number     int64       `json:"number"`
	Company    string      `json:"company"`
	Customer   int64       `json:"customer"`
	Reference  string      `json:"reference"`
	Source     string      `json:"source,omitempty"`
	Date       string      `json:"date"` // YYYY-MM-DD, like Requested
	Requested  string      `json:"requested,omitempty"`
	Currency   string      `json:"currency"`
	Location   string      `json:"location"`
	ShipTo     Address     `json:"shipTo"`
	Lines      []OrderLine `json:"lines"`
	Status     string      `json:"status"` // Open, Shipped, Invoiced or Cancelled
	Surface    string      `json:"surface"`
	CreatedAt  time.Time   `json:"createdAt"` // whole seconds, like ModifiedAt
	ModifiedAt time.Time   `json:"modifiedAt"`
	Version    int64       `json:"version"`
}

// OrderLine is one line of an Order; a quantity of zero is a cancelled one.
type OrderLine struct {
	Number    int             `json:"number"`
	Reference string          `json:"reference,omitempty"`
	Item      string          `json:"item"`
	Unit      string          `json:"unit"`
	Quantity  decimal.Decimal `json:"quantity"`
	Shipped   decimal.Decimal `json:"shipped"`
	Price     decimal.Decimal `json:"price"`
	Total     decimal.Decimal `json:"total"`
	Tax       decimal.Decimal `json:"tax"`
}

// Shipment is a shipment of an order.
type Shipment struct {
	Number     int64          `json:"number"`
	Order      int64          `json:"order"`
	Company    string         `json:"company"`
	Location   string         `json:"location"`
	Date       string         `json:"date"`
	Carrier    string         `json:"carrier,omitempty"`
	Tracking   string         `json:"tracking,omitempty"`
	Invoice    int64          `json:"invoice,omitempty"`
	Lines      []ShipmentLine `json:"lines"`
	ModifiedAt time.Time      `json:"modifiedAt"`
	Version    int64          `json:"version"`
}

// ShipmentLine is how much of an order's line was shipped.
type ShipmentLine struct {
	Line     int             `json:"line"`
	Item     string          `json:"item"`
	Quantity decimal.Decimal `json:"quantity"`
}

// Invoice is an invoice for a shipment.
type Invoice struct {
	Number     int64           `json:"number"`
	Order      int64           `json:"order"`
	Company    string          `json:"company"`
	Customer   int64           `json:"customer"`
	Reference  string          `json:"reference"`
	Date       string          `json:"date"`
	Currency   string          `json:"currency"`
	Total      decimal.Decimal `json:"total"`
	Paid       decimal.Decimal `json:"paid"`
	Lines      []InvoiceLine   `json:"lines"`
	ModifiedAt time.Time       `json:"modifiedAt"`
}

// InvoiceLine is one line of an Invoice.
type InvoiceLine struct {
	Line     int             `json:"line"`
	Item     string          `json:"item"`
	Quantity decimal.Decimal `json:"quantity"`
	Price    decimal.Decimal `json:"price"`
	Total    decimal.Decimal `json:"total"`
	Cost     decimal.Decimal `json:"cost"`
}

// Return is a return merchandise authorisation.
type Return struct {
	Number     int64        `json:"number"`
	Order      int64        `json:"order"` // 0: not linked
	Company    string       `json:"company"`
	Customer   int64        `json:"customer"`
	Reference  string       `json:"reference"`
	Date       string       `json:"date"`
	Location   string       `json:"location"`
	Currency   string       `json:"currency"`
	Status     string       `json:"status"` // Open, Received or Cancelled
	Lines      []ReturnLine `json:"lines"`
	CreatedAt  time.Time    `json:"createdAt"`
	ModifiedAt time.Time    `json:"modifiedAt"`
}

// ReturnLine is one line of a Return.
type ReturnLine struct {
	Number    int             `json:"number"`
	OrderLine int             `json:"orderLine,omitempty"`
	Item      string          `json:"item"`
	Quantity  decimal.Decimal `json:"quantity"`
	Reason    string          `json:"reason,omitempty"`
}

// tradeEvent is what one step changes, as it is afterwards: all of it or nothing.
type tradeEvent struct {
	Items       []Item       `json:"items,omitempty"`
	Customers   []Customer   `json:"customers,omitempty"`
	Stock       []Stock      `json:"stock,omitempty"`
	Adjustments []Adjustment `json:"adjustments,omitempty"`
	Orders      []Order      `json:"orders,omitempty"`
	Shipments   []Shipment   `json:"shipments,omitempty"`
	Invoices    []Invoice    `json:"invoices,omitempty"`
	Returns     []Return     `json:"returns,omitempty"`
}

// trade is what P21's database would hold besides the ledger.
type trade struct {
	clock        clock.Clock
	companies    []Company
	shipAfter    time.Duration
	invoiceAfter time.Duration
	dropItem     string
	log          *journalLog // nil: in memory only

	mu          sync.Mutex
	items       *shelf[string, Item]
	customers   *shelf[int64, Customer]
	stock       *shelf[stockKey, Stock]
	orders      *shelf[int64, Order]
	shipments   *shelf[int64, Shipment]
	invoices    *shelf[int64, Invoice]
	returns     *shelf[int64, Return]
	adjustments []Adjustment
	references  map[string][]int64 // numbers of orders; see withReference
	referred    int                // orders that references knows of
	advanced    time.Time          // when advance last looked
}

// withReference returns the orders with a reference; the caller holds mu. An
// order keeps its reference, so new ones are all that has to be looked at.
func (t *trade) withReference(reference string) []Order {
	for ; t.referred < len(t.orders.list); t.referred++ {
		o := t.orders.list[t.referred]
		t.references[o.Reference] = append(t.references[o.Reference], o.Number)
	}
	var list []Order
	for _, number := range t.references[reference] {
		o, _ := t.orders.get(number)
		list = append(list, o)
	}
	return list
}

// find returns what has come due of the orders with a reference.
func (t *trade) find(reference string) ([]Order, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.advance(); err != nil {
		return nil, err
	}
	return t.withReference(reference), nil
}

// order returns one order as it stands now.
func (t *trade) order(number int64) (Order, bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.advance(); err != nil {
		return Order{}, false, err
	}
	o, ok := t.orders.get(number)
	return o, ok, nil
}

type stockKey struct{ item, location string }

func newTrade(cfg Config) *trade {
	t := &trade{clock: cfg.Clock, companies: cfg.Companies, shipAfter: cfg.ShipAfter, invoiceAfter: cfg.InvoiceAfter, dropItem: cfg.DropItem,
		items:     newShelf(func(i Item) string { return i.Code }),
		customers: newShelf(func(c Customer) int64 { return c.Number }),
		stock:     newShelf(func(s Stock) stockKey { return stockKey{s.Item, s.Location} }),
		orders:    newShelf(func(o Order) int64 { return o.Number }),
		shipments: newShelf(func(s Shipment) int64 { return s.Number }),
		invoices:  newShelf(func(i Invoice) int64 { return i.Number }),
		returns:   newShelf(func(r Return) int64 { return r.Number }),

		references: map[string][]int64{},
	}
	items := masterItems()
	t.apply(tradeEvent{Items: items, Customers: masterCustomers(cfg), Stock: masterStock(cfg, items)})
	return t
}

func (t *trade) now() time.Time { return t.clock.Now().UTC().Truncate(time.Second) }

// commit keeps an event and makes it so; the caller holds mu.
func (t *trade) commit(e tradeEvent) error {
	if t.log != nil {
		if err := t.log.append(event{Trade: &e}); err != nil {
			return err
		}
	}
	t.apply(e)
	return nil
}

func (t *trade) apply(e tradeEvent) {
	t.items.put(e.Items...)
	t.customers.put(e.Customers...)
	t.stock.put(e.Stock...)
	t.orders.put(e.Orders...)
	t.shipments.put(e.Shipments...)
	t.invoices.put(e.Invoices...)
	t.returns.put(e.Returns...)
	t.adjustments = append(t.adjustments, e.Adjustments...)
}

// nextDocument is the next number of an order or return: they share a sequence.
func (t *trade) nextDocument() int64 {
	return 1_013_938 + int64(len(t.orders.list)+len(t.returns.list))
}

// snapshot is all of it at one moment, with what has come due.
func (t *trade) snapshot() (tradeEvent, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.advance(); err != nil {
		return tradeEvent{}, err
	}
	return tradeEvent{Items: slices.Clone(t.items.list), Customers: slices.Clone(t.customers.list), Stock: slices.Clone(t.stock.list),
		Adjustments: slices.Clone(t.adjustments), Orders: slices.Clone(t.orders.list), Shipments: slices.Clone(t.shipments.list),
		Invoices: slices.Clone(t.invoices.list), Returns: slices.Clone(t.returns.list)}, nil
}

// refuseTrade is a rule that a request breaks.
func refuseTrade(kind, field, code, format string, args ...any) error {
	return &errRefused{kind: kind, field: field, code: code, message: fmt.Sprintf(format, args...)}
}
