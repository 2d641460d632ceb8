package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
	"tieout/cmd/sandbox/server"
)

// Parts of the day's orders.
const (
	ownShare    = 5  // one order in so many is shipped by the company itself
	returnShare = 10 // one in so many comes back
	shopShare   = 50 // one in so many more is a web shop's, for Amazon to ship
	stockShare  = 5  // one in so many more is a change of stock
)

// warehouse ships in P21 what is to be shipped, and lets buyers send some of it
// back.
type warehouse struct {
	world  *dayWorld
	chance *rand.Rand

	wanted   map[string]string   // SKUs of which a unit comes back, by Amazon's order
	final    map[string]bool     // Amazon's orders that do not change any more
	gone     map[int64]bool      // P21's orders that have been shipped
	returned map[string]comeback // by Amazon's order
	cameBack time.Time           // the last of them
}

// comeback is a unit that a buyer sent back.
type comeback struct{ company, sku string }

func newWarehouse(w *dayWorld, seed uint64) *warehouse {
	return &warehouse{world: w, chance: rand.New(rand.NewPCG(seed, 7)), wanted: map[string]string{}, final: map[string]bool{}, gone: map[int64]bool{}, returned: map[string]comeback{}}
}

// work ships what can be shipped now and returns how much was done.
func (h *warehouse) work() (done int, err error) {
	for _, side := range h.world.sandbox.Connections() {
		fulfilled, err := h.world.sandbox.Amazon.Fulfilled(side.Name)
		if err != nil {
			return done, err
		}
		for _, o := range h.world.sandbox.P21.Orders(side.P21Company) {
			if h.gone[o.Number] || o.Status != "Open" {
				continue
			}
			shipped, err := h.ship(side, o, fulfilled)
			if err != nil {
				return done, fmt.Errorf("order %d: %w", o.Number, err)
			}
			done += shipped
		}
	}
	return done, nil
}

// ship ships an order if it is its turn.
func (h *warehouse) ship(side server.Connection, o p21.Order, fulfilled map[string]string) (int, error) {
	switch {
	case o.Source == "AMAZON-MFN":
		return 1, h.post(o)
	case o.Source == "AMAZON-FBA" && h.final[o.Reference]:
		return 1, h.bill(side, o)
	case o.Source == dayShop:
		return h.passOn(side, o, fulfilled)
	}
	return 0, nil
}

// post sends an order that Amazon's buyers have of the company itself, in one
// parcel or two.
func (h *warehouse) post(o p21.Order) error {
	if len(o.Lines) > 1 && h.chance.IntN(2) == 0 {
		if err := h.world.sandbox.P21.ShipOrder(o.Number, map[int]decimal.Decimal{o.Lines[0].Number: o.Lines[0].Quantity}); err != nil {
			return err
		}
	}
	if err := h.world.sandbox.P21.ShipOrder(o.Number, nil); err != nil {
		return err
	}
	h.gone[o.Number] = true
	return h.world.sandbox.P21.TrackOrder(o.Number, "100123", "1Z")
}

// bill ships and invoices in P21 what Amazon has sent; some of it comes back.
func (h *warehouse) bill(side server.Connection, o p21.Order) error {
	if err := h.world.sandbox.P21.ShipOrder(o.Number, nil); err != nil {
		return err
	}
	if err := h.world.sandbox.P21.InvoiceOrder(o.Number); err != nil {
		return err
	}
	h.gone[o.Number] = true
	sku, wanted := h.wanted[o.Reference]
	if !wanted {
		return nil
	}
	h.returned[o.Reference], h.cameBack = comeback{side.P21Company, sku}, time.Now().UTC()
	return h.world.sandbox.Amazon.PlaceReturns(amazonstand.PlacedReturn{Account: side.Name, OrderID: o.Reference, SKU: sku, Quantity: 1})
}

// passOn ships an order of the web shop in P21 once Amazon has it, and hurries
// Amazon.
func (h *warehouse) passOn(side server.Connection, o p21.Order, fulfilled map[string]string) (int, error) {
	id := fmt.Sprintf("%s-%d", side.P21Company, o.Number)
	if fulfilled[id] == "" {
		return 0, nil
	}
	if err := h.world.sandbox.P21.ShipOrder(o.Number, nil); err != nil {
		return 0, err
	}
	h.gone[o.Number] = true
	return 1, h.world.sandbox.Amazon.Hurry(side.Name, id, hurried)
}

// hurried is by how much Amazon is hurried: until it has just sent the parcel.
const hurried = 32 * time.Minute

// dayShop is the source of the web shop's orders.
const dayShop = "WEBSHOP"

// shopOrder has a customer buy in the web shop of a company.
func (d day) shopOrder(w *dayWorld, i int, chance *rand.Rand) event {
	sides := w.sandbox.Connections()
	side, product := sides[i%len(sides)], seller.Products()[chance.IntN(len(seller.Products()))]
	at, quantity := d.some(chance), 1+chance.Int64N(3)
	return event{at, func() error {
		address := p21.Address{Name: fmt.Sprintf("Noor Example %d", i), Line1: fmt.Sprintf("%d Sample Road", 12+i), City: "Austin", State: "TX", PostalCode: "73301", Country: "US", Phone: fmt.Sprintf("+1 512 555 %05d", i), Email: fmt.Sprintf("noor%d@shop.example", i)}
		_, err := w.sandbox.P21.EnterOrder(p21.Order{Company: side.P21Company, Reference: fmt.Sprintf("WEB-9%05d", i), Source: dayShop, Location: side.P21Location, ShipTo: address,
			Lines: []p21.OrderLine{{Item: p21.ProductCode(product.SKU), Quantity: decimal.NewFromInt(quantity)}}})
		return err
	}}
}

// stockChange has somebody count a shelf.
func (d day) stockChange(w *dayWorld, i int, chance *rand.Rand) event {
	sides := w.sandbox.Connections()
	side, product := sides[i%len(sides)], seller.Products()[chance.IntN(len(seller.Products()))]
	counted := decimal.NewFromInt(50 + chance.Int64N(2000))
	return event{d.some(chance), func() error { return w.sandbox.P21.SetStock(p21.ProductCode(product.SKU), side.P21Own, counted) }}
}

// plenty of units are at Amazon, so that none of the web shop's orders waits for
// goods.
const plenty = 1_000_000

// listings has Amazon offer every product under an SKU that the company ships
// itself too, those included that nobody has mapped.
func (w *dayWorld) listings() error {
	for _, side := range w.sandbox.Connections() {
		for _, product := range seller.Products() {
			for _, sku := range []string{ownSKU(product), fmt.Sprintf(unmapped, product.SKU, 0), fmt.Sprintf(unmapped, product.SKU, 1)} {
				if err := w.sandbox.Amazon.List(side.Name, sku, 0, ""); err != nil {
					return err
				}
				if err := w.sandbox.Amazon.Store(side.Name, sku, plenty); err != nil {
					return err
				}
			}
			if err := w.sandbox.Amazon.Store(side.Name, product.SKU, plenty); err != nil {
				return err
			}
		}
	}
	return nil
}

// ofTheDay reports whether an order of Amazon is one of the day's.
func ofTheDay(id string) bool { return strings.HasPrefix(id, dayOrders) }
