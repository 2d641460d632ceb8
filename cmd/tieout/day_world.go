package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"tieout/app/audit"
	"tieout/app/catalog"
	"tieout/app/database/private"
	"tieout/app/returns"
	"tieout/cmd/sandbox/misbehave"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
	"tieout/cmd/sandbox/server"
	"tieout/cmd/sandbox/sqs"
)

// dayWorld is the day's own PostgreSQL, stand-ins, screens and workers.
type dayWorld struct {
	*program
	env       environment
	sandbox   *server.Server
	url       string
	environ   []string // of the workers
	postgres  *private.Server
	served    chan error
	stop      context.CancelFunc
	begun     time.Time // on the sandbox's clock
	warehouse *warehouse
}

// dayRates is how much more Amazon allows than by default: a day's calls in minutes.
func (d day) rates() float64 { return max(1, float64(24*time.Hour)/float64(d.length)) }

// open starts everything but the workers.
func (d day) open(ctx context.Context, env environment) (w *dayWorld, err error) {
	w = &dayWorld{env: env, served: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	demo := demonstration{data: d.data, fresh: true}
	if err := demo.prepareData(); err != nil {
		return w, err
	}
	if w.postgres, err = private.Start(ctx, demo.databaseDir(), private.Options{}); err != nil {
		return w, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return w, err
	}
	w.url = "http://" + listener.Addr().String()
	if w.sandbox, err = server.Start(ctx, server.Config{Addr: "127.0.0.1:0", OIDCAddr: "127.0.0.1:0", Seed: d.seed, OrdersPerDay: 1, RateScale: d.rates(),
		PublicURL: w.url, ShipAfter: -1, InvoiceAfter: -1}); err != nil {
		return w, errors.Join(err, listener.Close())
	}
	if err := w.wire(ctx, env, demo, listener.Addr().String()); err != nil {
		return w, errors.Join(err, listener.Close())
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.stop = stop
	go func() { w.served <- w.serve(serving, listener, false, nil) }()
	w.begun, w.warehouse = w.sandbox.Now(), newWarehouse(w, d.seed)
	if err := w.listings(); err != nil {
		return w, err
	}
	return w, w.hurry(ctx)
}

// wire makes the program that has the screens, and what the workers are told.
func (w *dayWorld) wire(ctx context.Context, env environment, demo demonstration, address string) error {
	url, err := w.postgres.Database(ctx, demoDatabase)
	if err != nil {
		return err
	}
	key, err := demo.vaultKey()
	if err != nil {
		return err
	}
	w.environ = []string{
		"TIEOUT_DATABASE_URL=" + url, "TIEOUT_VAULT_KEY=" + key, "TIEOUT_ENVIRONMENT=sandbox", "TIEOUT_LISTEN=" + address, "TIEOUT_PUBLIC_URL=" + w.url,
		"TIEOUT_OIDC_ISSUER=" + w.sandbox.Issuer, "TIEOUT_OIDC_CLIENT_ID=" + server.ClientID, "TIEOUT_OIDC_CLIENT_SECRET=" + server.ClientSecret,
		"TIEOUT_GROUP_ROLES=" + server.GroupRoles, "TIEOUT_READ_BACK_INTERVAL=1s", "TIEOUT_READ_BACK_WINDOW=3s", "TIEOUT_OUTBOUND_TIMEOUT=10s",
		"TIEOUT_SHUTDOWN_TIMEOUT=10s", "TIEOUT_LOG_LEVEL=error", "TIEOUT_SETTLEMENT_POLL=24h", "TIEOUT_WEBHOOK_PRIVATE=true",
	}
	config, err := LoadConfig(w.environ)
	if err != nil {
		return err
	}
	if w.program, err = wire(ctx, config, newLogger(config, env.stderr)); err != nil {
		return err
	}
	if err := w.migrate(ctx); err != nil {
		return err
	}
	return w.furnish(ctx, w.sandbox)
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
func (w *dayWorld) misbehave(part float64) error {
	if part == 0 {
		return nil
	}
	kinds := []misbehave.Rule{
		{Kind: misbehave.Status, Status: 503}, {Kind: misbehave.Status, Status: 500}, {Kind: misbehave.Reset}, {Kind: misbehave.StatusAfter, Status: 500},
		{Kind: misbehave.ResetAfter}, {Kind: misbehave.TruncatedBody}, {Kind: misbehave.ExpiredToken},
	}
	w.sandbox.Queues.Behave(sqs.Habits{Twice: 6 * part, Lost: part, Late: 15 * time.Second})
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

func (w *dayWorld) close() (err error) {
	if w.stop != nil {
		w.stop()
		err = <-w.served
	}
	if w.program != nil {
		w.program.close()
	}
	if w.sandbox != nil {
		err = errors.Join(err, w.sandbox.Close())
	}
	if w.postgres != nil {
		err = errors.Join(err, w.postgres.Stop(context.Background()))
	}
	return err
}

// crew are the worker processes, of which one is killed now and then.
type crew struct {
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu     sync.Mutex
	hands  []*exec.Cmd
	killed int
}

// hire starts the workers.
func (w *dayWorld) hire(ctx context.Context, d day) (*crew, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := &crew{cancel: cancel}
	start := func() (*exec.Cmd, error) {
		cmd := exec.Command(d.program, "work")
		cmd.Env = append(os.Environ(), w.environ...)
		cmd.Dir, cmd.Stderr = filepath.Clean(d.data), w.env.stderr
		return cmd, cmd.Start()
	}
	for range d.workers {
		cmd, err := start()
		if err != nil {
			c.dismiss()
			return nil, fmt.Errorf("start a worker: %w", err)
		}
		c.hands = append(c.hands, cmd)
	}
	if d.kill == 0 {
		return c, nil
	}
	c.done.Go(func() {
		ticker := time.NewTicker(d.kill)
		defer ticker.Stop()
		for turn := 0; ; turn++ {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			c.replace(turn%d.workers, start)
		}
	})
	return c, nil
}

// replace kills a worker and starts another in its place.
func (c *crew) replace(i int, start func() (*exec.Cmd, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.hands[i].Process.Kill()
	_ = c.hands[i].Wait() // it was killed
	c.killed++
	if cmd, err := start(); err == nil {
		c.hands[i] = cmd
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
	c.done.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cmd := range c.hands {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	c.hands = nil
}
