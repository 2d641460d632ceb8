package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/inbound"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
)

// Parts of the day's orders.
const (
	countShare   = 20  // Amazon counts a shelf once for so many
	inboundShare = 500 // one shipment to Amazon's warehouses for so many, three at least
	shortShare   = 3   // one of so many comes short, until Amazon finds the rest
)

// stores are what Amazon has of the day's products and what is on its way there.
type stores struct {
	held map[storeKey]amazonstand.FBAStock
	sent []amazonstand.InboundShipment // as they are at last
}

type storeKey struct{ account, sku string }

// fill has Amazon hold what P21 believes it holds, so that the day begins equal.
func (w *dayWorld) fill() error {
	for _, side := range w.sandbox.Connections() {
		for _, product := range seller.Products() {
			believed, ok := w.sandbox.P21.StockOf(p21.ProductCode(product.SKU), side.P21Location)
			if !ok {
				continue
			}
			if err := w.store(amazonstand.FBAStock{Account: side.Name, SKU: product.SKU, Fulfillable: int(believed.OnHand.Sub(believed.Allocated).IntPart())}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *dayWorld) store(s amazonstand.FBAStock) error {
	w.stores.held[storeKey{s.Account, s.SKU}] = s
	return w.sandbox.Amazon.StoreFBA(s)
}

// shelfCount has Amazon count what it has of a product: some of it is on its way
// between warehouses, and some is damaged, which P21 knows nothing of.
func (d day) shelfCount(w *dayWorld, i int, chance *rand.Rand) event {
	sides := w.sandbox.Connections()
	product := seller.Products()[chance.IntN(len(seller.Products()))]
	counted := amazonstand.FBAStock{Account: sides[i%len(sides)].Name, SKU: product.SKU, Fulfillable: 50 + chance.IntN(2000), Transfers: chance.IntN(20), Damaged: chance.IntN(5)}
	return event{d.some(chance), func() error { return w.store(counted) }}
}

// inboundLife is the life of a shipment to Amazon: sent, being received, closed;
// some come short.
func (d day) inboundLife(w *dayWorld, i int, chance *rand.Rand) []event {
	sides := w.sandbox.Connections()
	sent := amazonstand.InboundShipment{Account: sides[i%len(sides)].Name, ID: fmt.Sprintf("FBADAY%05d", i), Name: fmt.Sprintf("Truck %d", i), Status: "SHIPPED", Shipped: map[string]int{}}
	for range 2 {
		sent.Shipped[seller.Products()[chance.IntN(len(seller.Products()))].SKU] = 5 + chance.IntN(50)
	}
	receiving, closed := sent, sent
	receiving.Status, receiving.Received = "RECEIVING", map[string]int{}
	closed.Status, closed.Received = "CLOSED", map[string]int{}
	for sku, units := range sent.Shipped {
		receiving.Received[sku], closed.Received[sku] = units/2, units
		if i%shortShare == 0 {
			closed.Received[sku]-- // the rest is found when somebody claims it
		}
	}
	at, step := time.Duration(float64(d.length)*0.5*chance.Float64()), d.length/6
	place := func(s amazonstand.InboundShipment) func() error {
		return func() error { return w.sandbox.Amazon.PlaceInbound(s) }
	}
	w.stores.sent = append(w.stores.sent, closed)
	return []event{{at, place(sent)}, {at + step, place(receiving)}, {at + 2*step, place(closed)}}
}

// claim has Amazon find what was missing of a shipment.
func (w *dayWorld) claim(id string) error {
	for i, s := range w.stores.sent {
		if s.ID != id {
			continue
		}
		s.Received = s.Shipped
		w.stores.sent[i] = s
		return w.sandbox.Amazon.PlaceInbound(s)
	}
	return fmt.Errorf("there is no shipment %s to claim", id)
}

// compareFBA holds what Amazon could promise of each product against what P21
// believes it could.
func (w *dayWorld) compareFBA() compared {
	result := compared{what: "FBA quantities"}
	for _, side := range w.sandbox.Connections() {
		for _, product := range seller.Products() {
			held, known := w.stores.held[storeKey{side.Name, product.SKU}]
			believed, stocked := w.sandbox.P21.StockOf(p21.ProductCode(product.SKU), side.P21Location)
			if !known || !stocked {
				continue
			}
			result.objects++
			if got, wanted := believed.OnHand.Sub(believed.Allocated), decimal.NewFromInt(int64(held.Fulfillable+held.Transfers)); !got.Equal(wanted) {
				result.differences = append(result.differences, fmt.Sprintf("%s %s: Amazon has %s, P21 believes %s", side.Name, product.SKU, wanted, got))
			}
		}
	}
	return result
}

// compareInbound holds every shipment to Amazon against the record of it: there,
// closed, and received in full.
func (w *dayWorld) compareInbound(ctx context.Context) (compared, error) {
	result := compared{what: "inbound"}
	for _, s := range w.stores.sent {
		result.objects++
		wanted := 0
		for _, units := range s.Shipped {
			wanted += units
		}
		var state, reason string
		err := w.pool.QueryRow(ctx, `SELECT coalesce(max(r.state), 'missing'), coalesce(max(r.reason), '') FROM flow_record r JOIN connection c ON c.id = r.connection_id
			WHERE r.flow = $1 AND r.key = $2 AND c.name = $3`, inbound.Name, s.ID, s.Account).Scan(&state, &reason)
		if err != nil {
			return result, fmt.Errorf("read shipment %s: %w", s.ID, err)
		}
		if state != "ignored" || !strings.Contains(reason, fmt.Sprintf("what was sent: %d units", wanted)) {
			result.differences = append(result.differences, fmt.Sprintf("%s: %d units were sent, its record is %s: %s", s.ID, wanted, state, reason))
		}
	}
	return result, nil
}
