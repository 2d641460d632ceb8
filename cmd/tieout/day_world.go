package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"tieout/app/alert"
	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/catalog"
	"tieout/app/fbastock"
	"tieout/app/inbound"
	"tieout/app/returns"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/misbehave"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
	"tieout/cmd/sandbox/server"
	"tieout/cmd/sandbox/sqs"
)

// dayWorld is the world of a day, with a warehouse in it.
type dayWorld struct {
	*world
	begun     time.Time // on the sandbox's clock
	warehouse *warehouse
	stores    stores
}

// dayRates is how much more Amazon allows than by default: a day's calls in minutes.
func (d day) rates() float64 { return max(1, float64(24*time.Hour)/float64(d.length)) }

// open starts everything but the workers.
func (d day) open(ctx context.Context, env environment) (*dayWorld, error) {
	opened, err := openWorld(ctx, env, d.data, server.Config{Seed: d.seed, OrdersPerDay: 1, RateScale: d.rates(), ShipAfter: -1, InvoiceAfter: -1}, false)
	if err != nil {
		return nil, err
	}
	return d.inhabit(ctx, opened)
}

// inhabit makes a world ready for a day.
func (d day) inhabit(ctx context.Context, opened *world) (*dayWorld, error) {
	w := &dayWorld{world: opened, begun: opened.sandbox.Now()}
	w.warehouse = newWarehouse(w, d.seed)
	w.stores.held = map[storeKey]amazonstand.FBAStock{}
	if err := errors.Join(w.listings(), w.fill(), w.hurry(ctx), w.watched(ctx)); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// hurry has the flows look every ten seconds, as often as they may.
func (w *dayWorld) hurry(ctx context.Context) error {
	connections, err := w.connections.List(ctx)
	if err != nil {
		return err
	}
	actor := audit.Job("day")
	for _, c := range connections {
		if err := w.mapAll(ctx, c.ID, actor); err != nil {
			return err
		}
		side := w.side(c.Name)
		stock := map[string]string{"location": strconv.Quote(side.P21Location), "counts": fmt.Sprintf("location == %q", side.P21Location), "patience": "0"}
		if err := w.furnishFields(ctx, c.ID, fbastock.Name, stock, "A difference is asked about at once: the day is fast.", actor); err != nil {
			return err
		}
		if err := w.beginFlow(ctx, c.ID, inbound.Name, actor); err != nil {
			return err
		}
		if err := w.furnishFlow(ctx, c.ID, returns.Name, "wanted", fmt.Sprintf("hasPrefix(order, %q)", dayOrders), "The day's own alone.", actor); err != nil {
			return err
		}
		for _, definition := range w.flows.Definitions() {
			state, err := w.flows.Get(ctx, c.ID, definition.Name)
			if err != nil {
				return err
			}
			if err := w.flows.Schedule(ctx, c.ID, definition.Name, state.Version, 10*time.Second, definition.Overlap, actor); err != nil {
				return err
			}
		}
	}
	return nil
}

// watched has everything told to a webhook that takes nothing: the alerts and
// what becomes of them are in the database.
func (w *dayWorld) watched(ctx context.Context) error {
	hook := alert.NewChannel(alert.ByWebhook)
	hook.Name, hook.Address, hook.Groups = "everything", w.sandbox.ControlURL+"/nowhere", alert.Groups()
	_, _, err := w.alerts.Create(ctx, hook, audit.Job("day"))
	return err
}

// side is the connection of that name.
func (w *dayWorld) side(name string) server.Connection {
	for _, side := range w.sandbox.Connections() {
		if side.Name == name {
			return side
		}
	}
	return server.Connection{}
}

// mapAll maps the SKUs that a demonstration leaves for a person.
func (w *dayWorld) mapAll(ctx context.Context, connectionID int64, actor audit.Actor) error {
	today := w.catalog.Today()
	for _, product := range seller.Products() {
		for _, sku := range []string{product.SKU, ownSKU(product)} {
			mapped, err := catalog.ResolveAll(ctx, w.pool, connectionID, "", []string{sku}, today)
			if err != nil {
				return err
			}
			if _, known := mapped[sku]; known {
				continue
			}
			if _, err := w.catalog.Map(ctx, actor, catalog.New{ConnectionID: connectionID, SKU: sku, From: today.AddDays(-400), Parts: catalog.Parts{{Code: p21stand.ProductCode(product.SKU), Quantity: 1}}}); err != nil {
				return fmt.Errorf("map %s: %w", sku, err)
			}
		}
	}
	return nil
}

// misbehave has a part of the requests to both sides fail, in every way there
// is: before anything was done, after it, and in the middle of the answer.
// Notifications come twice, late, in no order, or never.
func (w *dayWorld) misbehave(part float64, length time.Duration) error {
	if part == 0 {
		return nil
	}
	kinds := []misbehave.Rule{
		{Kind: misbehave.Status, Status: 503}, {Kind: misbehave.Status, Status: 500}, {Kind: misbehave.Reset}, {Kind: misbehave.StatusAfter, Status: 500},
		{Kind: misbehave.ResetAfter}, {Kind: misbehave.TruncatedBody}, {Kind: misbehave.ExpiredToken},
	}
	w.sandbox.Queues.Behave(sqs.Habits{Twice: 6 * part, Lost: part, Late: min(15*time.Second, length/2)})
	for _, side := range []string{"amazon", "p21", "sqs"} {
		for _, rule := range kinds {
			rule.Side, rule.Probability = side, part/float64(len(kinds))
			if _, err := w.sandbox.Plan.Add(rule); err != nil {
				return fmt.Errorf("have %s fail: %w", side, err)
			}
		}
	}
	return nil
}

// crew are the worker processes, of which one is killed now and then.
type crew struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	start  func() (*exec.Cmd, error)

	mu     sync.Mutex
	hands  []*exec.Cmd
	killed int
}

// hire starts the workers.
func (w *dayWorld) hire(ctx context.Context, d day) (*crew, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := &crew{cancel: cancel, hands: make([]*exec.Cmd, d.workers), start: func() (*exec.Cmd, error) {
		cmd := exec.Command(d.program, "work")
		cmd.Env = append(os.Environ(), w.environ...)
		cmd.Dir, cmd.Stderr = filepath.Clean(d.data), w.written
		return cmd, cmd.Start()
	}}
	for i := range c.hands {
		cmd, err := c.start()
		if err != nil {
			c.dismiss()
			return nil, fmt.Errorf("start a worker: %w", err)
		}
		c.hands[i] = cmd
		c.done.Go(func() { c.tend(ctx, i, cmd) })
	}
	if d.kill > 0 {
		c.done.Go(func() { c.killNowAndThen(ctx, d) })
	}
	return c, nil
}

// restart is how long the service manager leaves a worker that ended alone;
// as in the unit that is shipped.
const restart = 2 * time.Second

// tend starts a worker again whenever it ended.
func (c *crew) tend(ctx context.Context, i int, cmd *exec.Cmd) {
	for {
		_ = cmd.Wait() // it was killed, or the database was gone when it began
		if amazon.Sleep(ctx, restart) != nil {
			return
		}
		next, err := c.start()
		if err != nil {
			continue
		}
		c.mu.Lock()
		cmd, c.hands[i] = next, next
		if ctx.Err() != nil { // dismissed meanwhile
			_ = cmd.Process.Kill()
		}
		c.mu.Unlock()
	}
}

func (c *crew) killNowAndThen(ctx context.Context, d day) {
	for turn := 0; d.kills == 0 || turn < d.kills; turn++ {
		if amazon.Sleep(ctx, d.kill) != nil {
			return
		}
		c.mu.Lock()
		if err := c.hands[turn%d.workers].Process.Kill(); err == nil {
			c.killed++
		}
		c.mu.Unlock()
	}
}

// losses is how many workers have been killed so far.
func (c *crew) losses() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.killed
}

// dismiss ends the workers.
func (c *crew) dismiss() {
	c.cancel()
	c.mu.Lock()
	for _, cmd := range c.hands {
		if cmd != nil {
			_ = cmd.Process.Kill() // it may have ended
		}
	}
	c.mu.Unlock()
	c.done.Wait()
}
