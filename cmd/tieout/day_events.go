package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/seller"
)

// event is something that happens on the day.
type event struct {
	at time.Duration // since its beginning
	do func() error
}

// dayOrders begins the ids of the day's orders.
const dayOrders = "900-"

// firstOrder is the first of them.
const firstOrder = dayOrders + "0000000-0000000"

// unmapped are SKUs that nobody has mapped.
const unmapped = "NEW-%s-%02d"

// telling is how long Amazon keeps what has changed from a search. The day does
// not wait for it: what happens carries a time that long ago.
const telling = 150 * time.Second

// timeline is all that happens, in order.
func (d day) timeline(ctx context.Context, w *dayWorld) []event {
	chance := rand.New(rand.NewPCG(d.seed, 1))
	var list []event
	for i := range d.orders {
		list = append(list, d.lifeOf(w, d.first+i, chance)...)
	}
	for i := range d.orders / shopShare {
		list = append(list, d.shopOrder(w, d.first+i, chance))
	}
	for i := range d.orders / stockShare {
		list = append(list, d.stockChange(w, i, chance))
	}
	for i := range max(d.orders/countShare, 1) {
		list = append(list, d.shelfCount(w, i, chance))
	}
	for i := range max(d.orders/inboundShare, 3) {
		list = append(list, d.inboundLife(w, d.first+i, chance)...)
	}
	if d.outage > 0 {
		list = append(list, event{d.length / 2, func() error { return w.interrupt(ctx, d.outage) }})
	}
	slices.SortStableFunc(list, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	return list
}

// lifeOf is the life of one order: placed and pending, confirmed, and then
// shipped, reduced or cancelled. One in fifty is told twice by each search.
func (d day) lifeOf(w *dayWorld, i int, chance *rand.Rand) []event {
	connections := w.sandbox.Connections()
	order := amazonstand.PlacedOrder{Account: connections[i%len(connections)].Name, ID: fmt.Sprintf(dayOrders+"%07d-%07d", i/1000, i), Status: amazon.OrderPending, FulfilledBy: amazon.ByAmazon, Times: 1}
	if chance.IntN(50) == 0 {
		order.Times = 2
	}
	if i%ownShare == 0 {
		order.FulfilledBy = amazon.ByMerchant
	}
	for k := range 1 + chance.IntN(3) {
		order.Items = append(order.Items, d.item(i, k, chance))
	}
	placed := time.Duration(float64(d.length) * 0.7 * chance.Float64())
	step := func() time.Duration { return time.Duration(float64(d.length) * (0.01 + 0.09*chance.Float64())) }
	confirmed := placed + step()
	list := []event{w.tell(placed, order), w.tell(confirmed, with(order, amazon.OrderUnshipped))}
	switch fate := chance.IntN(100); {
	case order.FulfilledBy == amazon.ByMerchant: // the company ships it, and says so
	case fate < 3:
		list = append(list, w.tell(confirmed+step(), with(order, amazon.OrderCancelled)))
	case fate < 5 && order.Items[0].Quantity > 1:
		reduced := with(order, amazon.OrderUnshipped)
		reduced.Items = slices.Clone(order.Items)
		reduced.Items[0].Cancelled = 1
		list = append(list, w.tell(confirmed+step(), reduced), w.tell(confirmed+2*step(), with(reduced, amazon.OrderShipped)))
	default:
		if chance.IntN(returnShare) == 0 {
			w.warehouse.wanted[order.ID] = order.Items[0].SKU
		}
		list = append(list, w.tellLast(confirmed+step(), with(order, amazon.OrderShipped)))
	}
	return list
}

func with(o amazonstand.PlacedOrder, status amazon.FulfillmentStatus) amazonstand.PlacedOrder {
	o.Status = status
	return o
}

// item is a line of an order; some mention an SKU that nobody has mapped yet.
func (d day) item(order, line int, chance *rand.Rand) amazonstand.PlacedItem {
	product := seller.Products()[chance.IntN(len(seller.Products()))]
	item := amazonstand.PlacedItem{ID: fmt.Sprintf("%09d%d", order, line), SKU: product.SKU, ASIN: product.ASIN, Title: product.Title,
		Quantity: 1 + int64(chance.IntN(3)), UnitPrice: decimal.New(int64(500+chance.IntN(9500)), -2)}
	if chance.IntN(4) == 0 {
		item.Shipping = decimal.New(499, -2)
	}
	if line == 0 && chance.Float64() < d.unknown {
		item.SKU = fmt.Sprintf(unmapped, product.SKU, chance.IntN(2))
	}
	return item
}

// tell has Amazon hold an order in a state from an instant of the day on.
func (w *dayWorld) tell(at time.Duration, order amazonstand.PlacedOrder) event {
	return event{at, func() error {
		order.Updated = w.sandbox.Now().Add(-telling)
		order.Created = order.Updated.Add(-at) // before any of its changes
		return w.sandbox.Amazon.PlaceOrders(order)
	}}
}

// tellLast is tell for a state that does not change any more.
func (w *dayWorld) tellLast(at time.Duration, order amazonstand.PlacedOrder) event {
	told := w.tell(at, order)
	return event{at, func() error {
		w.warehouse.final[order.ID] = true
		return told.do()
	}}
}

// some is a time of the day, early enough for what follows.
func (d day) some(chance *rand.Rand) time.Duration {
	return time.Duration(float64(d.length) * 0.9 * chance.Float64())
}

// warehouseTurn is how often the warehouse looks for what is to be shipped.
const warehouseTurn = 2 * time.Second

// play lets the events happen when their time comes.
func (w *dayWorld) play(ctx context.Context, timeline []event) error {
	begun, said, shipped := time.Now(), time.Now(), time.Now()
	for _, e := range timeline {
		if time.Since(shipped) > warehouseTurn {
			if _, err := w.warehouse.work(); err != nil {
				return err
			}
			shipped = time.Now()
		}
		if wait := time.Until(begun.Add(e.at)); wait > 0 {
			if err := amazon.Sleep(ctx, wait); err != nil {
				return err
			}
		}
		if err := e.do(); err != nil {
			return fmt.Errorf("after %s: %w", e.at.Round(time.Second), err)
		}
		if time.Since(said) > 30*time.Second {
			said = time.Now()
			if err := w.report(ctx, time.Since(begun)); err != nil {
				return err
			}
		}
	}
	return nil
}

// report says how far the records are.
func (w *dayWorld) report(ctx context.Context, since time.Duration) error {
	var records, delivered, waiting, open int64
	err := w.pool.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE state IN ('delivered', 'ignored')), count(*) FILTER (WHERE state IN ('exception', 'unknown')),
		(SELECT count(*) FROM exception WHERE flow <> '' AND state = 'open') FROM flow_record`).Scan(&records, &delivered, &waiting, &open)
	if err != nil {
		return fmt.Errorf("count records: %w", err)
	}
	say(w.env, "%8s  %d records, %d done, %d wait for a person behind %d exceptions", since.Round(time.Second), records, delivered, waiting, open)
	return nil
}
