package bothsides_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/flow"
	"tieout/app/inventory"
	"tieout/app/orders"
	"tieout/app/p21"
	"tieout/app/returns"
	"tieout/app/shipments"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/bothsides"
	p21stand "tieout/cmd/sandbox/p21"
)

// open is a world with every flow that these tests kill.
func open(t *testing.T) *bothsides.World {
	t.Helper()
	return bothsides.New(t, bothsides.Setup{Kind: p21.SeedV2, Writes: 10 * time.Minute,
		Models: []string{"orders_2026-01-01.json", "ordersV0.json", "reports_2021-06-30.json", "feeds_2021-06-30.json", "listingsItems_2021-08-01.json"},
		Flows: func(w *bothsides.World) []flow.Flow {
			held := func() *flow.Service { return w.Service }
			return []flow.Flow{orders.New(w, (*amazon.Client).Orders2026, w.Resolve, w.Catalog.NoteListings),
				shipments.New(w, func() shipments.Orders { return held() }), returns.New(w, func() returns.Orders { return held() }, w.Resolve),
				inventory.New(w, inventory.NewShelf(w.Pool), w.Catalog.NoteListings, w.Clock, 20*time.Millisecond)}
		}})
}

// scene is one thing that a process is killed at, n times over.
type scene struct {
	bring func(n int)                                                // something is to be done
	work  func(ctx context.Context, w *bothsides.World, n int) error // does it, as far as it can be done now
	times func(n int) int                                            // how often it was done
}

// sweep kills the process at the first step of its network, then at a later one,
// until it lived to the end; each time another goes on, and it is done once.
func sweep(t *testing.T, w *bothsides.World, s scene) {
	t.Helper()
	stride := 19 // odd: now it has just sent something, now just received
	if os.Getenv("SOAK") != "" {
		stride = 1
	}
	for n, step := 1, 1; ; n, step = n+1, step+stride {
		s.bring(n)
		done := w.KilledAt(step, func(ctx context.Context, p *bothsides.World) error { return s.work(ctx, p, n) })
		for tries := 0; tries == 0 || tries < 4 && s.times(n) == 0; tries++ {
			// What the dead process held is free when its time is over.
			w.Exec(`UPDATE outbound_message SET held_until = now() WHERE held_until > now()`)
			w.Exec(`UPDATE flow_record SET held_until = now() WHERE held_until > now()`)
			require.NoError(t, s.work(t.Context(), w, n))
		}
		require.Equal(t, 1, s.times(n), "killed at step %d", step)
		if done {
			t.Logf("killed %d times in %d steps", n-1, step)
			require.Greater(t, step, 100, "it was hardly killed")
			break
		}
	}
	require.Equal(t, "0", w.Text(`SELECT count(*)::text FROM outbound_message WHERE state <> 'confirmed'`))
	require.Equal(t, "0", w.Text(`SELECT count(*)::text FROM exception WHERE class LIKE 'delivery%'`))
}

func orderID(n int) string { return fmt.Sprintf("112-%07d-0000001", n) }

func place(t *testing.T, w *bothsides.World, n int, by amazon.Fulfiller) {
	t.Helper()
	kettle := amazonstand.PlacedItem{ID: "item-1", SKU: "KETTLE", Quantity: 1, UnitPrice: decimal.NewFromInt(20)}
	require.NoError(t, w.Seller.PlaceOrders(amazonstand.PlacedOrder{Account: "us", ID: orderID(n), FulfilledBy: by, Items: []amazonstand.PlacedItem{kettle}, Created: w.Clock.Now().Add(-26 * time.Hour)}))
}

// enter reads an order and works on it.
func enter(ctx context.Context, w *bothsides.World, n int) error {
	return errors.Join(w.Fetch(ctx, w.Connection, orders.Name, orderID(n)), w.Work(ctx, w.Connection, orders.Name))
}

// entered is P21's order.
func entered(t *testing.T, w *bothsides.World, n int) p21stand.Order {
	t.Helper()
	place(t, w, n, amazon.ByMerchant)
	require.NoError(t, enter(t.Context(), w, n))
	held := w.ERP.OrdersByReference("ACME", orderID(n))
	require.Len(t, held, 1)
	return held[0]
}

// run does what the jobs of a flow do.
func run(ctx context.Context, w *bothsides.World, name string) error {
	return errors.Join(w.Service.Read(ctx, w.Connection, name, flow.OnSchedule, 0), w.Work(ctx, w.Connection, name))
}

func TestAnOrderIsInP21OnceWhereverTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	w := open(t)
	sweep(t, w, scene{
		bring: func(n int) { place(t, w, n, amazon.ByAmazon) },
		work:  enter,
		times: func(n int) int { return len(w.ERP.OrdersByReference("ACME", orderID(n))) },
	})
}

func TestAmazonIsToldOfAParcelOnceWhereverTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	w := open(t)
	sweep(t, w, scene{
		bring: func(n int) {
			o := entered(t, w, n)
			require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
			require.NoError(t, w.ERP.TrackOrder(o.Number, "", "1Z"))
		},
		work: func(ctx context.Context, w *bothsides.World, _ int) error {
			w.Clock.Advance(20 * time.Minute)
			return run(ctx, w, shipments.Name)
		},
		times: func(n int) int {
			_, order, err := w.Client.Orders2026().Order(t.Context(), orderID(n), []amazon.Include{amazon.IncludeFulfillment, amazon.IncludePackages})
			require.NoError(t, err)
			return len(order.Packages)
		},
	})
}

func TestAUnitComesBackToP21OnceWhereverTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	w := open(t)
	sweep(t, w, scene{
		bring: func(n int) {
			o := entered(t, w, n)
			require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
			require.NoError(t, w.ERP.InvoiceOrder(o.Number))
			require.NoError(t, w.Seller.PlaceReturns(amazonstand.PlacedReturn{Account: "us", OrderID: orderID(n), SKU: "KETTLE", Quantity: 1}))
		},
		work: func(ctx context.Context, w *bothsides.World, _ int) error {
			w.Clock.Advance(6 * time.Hour) // a window begins, and its report is asked for
			err := run(ctx, w, returns.Name)
			w.Clock.Advance(20 * time.Minute) // it is there
			return errors.Join(err, run(ctx, w, returns.Name))
		},
		times: func(n int) int {
			units := decimal.Zero
			for _, r := range w.ERP.Returns("ACME") {
				for _, l := range r.Lines {
					units = units.Add(l.Quantity)
				}
			}
			return int(units.IntPart()) - (n - 1)
		},
	})
}

func TestAQuantityIsToldWhereverTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	w := open(t)
	require.NoError(t, w.Seller.List("us", "KETTLE", 0, ""))
	held, ok := w.ERP.StockOf("BRW-POUR-01", "10")
	require.True(t, ok)
	sweep(t, w, scene{
		bring: func(n int) {
			require.NoError(t, w.ERP.SetStock("BRW-POUR-01", "10", held.Allocated.Add(decimal.NewFromInt(int64(n)))))
		},
		work: func(ctx context.Context, w *bothsides.World, _ int) error {
			w.Clock.Advance(10 * time.Minute) // the feed is sent
			err := run(ctx, w, inventory.Name)
			w.Clock.Advance(10 * time.Minute) // Amazon is done with it
			return errors.Join(err, run(ctx, w, inventory.Name))
		},
		times: func(n int) int {
			list, err := w.Seller.Listed("us")
			require.NoError(t, err)
			if list["KETTLE"] != n {
				return 0
			}
			return 1
		},
	})
}
