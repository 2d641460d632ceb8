package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/database/private"
	"tieout/app/period"
	"tieout/cmd/sandbox/line"
	"tieout/cmd/sandbox/seller"
	"tieout/cmd/sandbox/server"
)

// soakWorld is a world in which everything of the program is a process of its
// own, and every way out of it a line that can be broken.
type soakWorld struct {
	*dayWorld
	s             soak
	lines         map[string]*line.Line
	disk          *disk
	databaseClock fakeClock

	working sync.WaitGroup
	tally   *tally
	first   int // of the next turn's orders

	ids   []int64         // of the connections, in the order of the sandbox's
	books []*seller.Books // likewise
	sold  []int           // cycles uploaded so far
	kept  []int           // the first cycle of each that Amazon keeps
	shown []int           // the first that it does not list yet
	due   []dueSettlement // all that must be there
	again atomic.Int64    // uploads that were tried again

	violated bool // something is lost, or there twice: the database is kept

	mu          sync.Mutex
	chance      *rand.Rand
	hands, left []*hand // processes that run, and those that do not any more
}

// dueSettlement is one that was uploaded, or that Amazon lists.
type dueSettlement struct {
	connection string
	is         seller.Settlement
}

const (
	soakOrders = 4 // a day, in settlements: what is counted here is settlements
	kept       = 7 // cycles of each seller whose reports Amazon keeps, at most
	// The last finished cycle has amounts that nobody has seen, which is a person's to map: it stays with Amazon.
	novel = 1
)

// open starts everything but the program's processes, for so many turns.
func (s soak) open(ctx context.Context, env environment, turns int) (w *soakWorld, err error) {
	env.postgres.Settings = append(slices.Clone(env.postgres.Settings), "max_wal_size=512MB")
	opened := &world{env: env}
	w = &soakWorld{s: s, lines: map[string]*line.Line{}, tally: newTally(), chance: rand.New(rand.NewPCG(s.seed, 3)), dayWorld: &dayWorld{world: opened}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	demo := demonstration{data: s.data, fresh: true}
	if err := demo.prepareData(); err != nil {
		return w, err
	}
	if err := opened.begin(demo, env); err != nil {
		return w, err
	}
	if w.disk, err = openDisk(ctx, demo.databaseDir()); err != nil {
		return w, err
	}
	if w.databaseClock, err = openFakeClock(s.data); err != nil {
		return w, err
	}
	env.postgres.Env = append(slices.Clone(env.postgres.Env), w.databaseClock.env...)
	if opened.postgres, err = private.Start(ctx, demo.databaseDir(), env.postgres); err != nil {
		return w, err
	}
	for i, side := range []string{toDatabase, toAmazon, toP21} {
		if w.lines[side], err = line.Open(ctx, s.seed+uint64(i)); err != nil {
			return w, err
		}
	}
	address, err := unusedAddress(ctx)
	if err != nil {
		return w, err
	}
	opened.url = "http://" + address
	cycles := turns + 4 + kept
	opened.sandbox, err = server.Start(ctx, server.Config{Addr: "127.0.0.1:0", OIDCAddr: "127.0.0.1:0", PublicURL: opened.url, Seed: s.seed, OrdersPerDay: soakOrders, Cycles: cycles, RateScale: 2000,
		ShipAfter: -1, InvoiceAfter: -1, AmazonVia: w.lines[toAmazon].Addr(), P21Via: w.lines[toP21].Addr()})
	if err != nil {
		return w, err
	}
	if err := w.connect(ctx, demo, address); err != nil {
		return w, err
	}
	inhabited, err := day{seed: s.seed, length: s.length}.inhabit(ctx, opened)
	if err != nil {
		return w, err
	}
	w.dayWorld = inhabited
	return w, w.keepBooks(ctx, seller.History(s.seed, opened.sandbox.Now(), soakOrders, cycles))
}

// connect leads the lines to where they end and makes the program that looks
// after everything, which goes past them.
func (w *soakWorld) connect(ctx context.Context, demo demonstration, address string) error {
	control, err := url.Parse(w.sandbox.ControlURL)
	if err != nil {
		return fmt.Errorf("read the sandbox's address: %w", err)
	}
	w.lines[toAmazon].To("tcp", control.Host)
	w.lines[toP21].To("tcp", control.Host)
	err = w.wire(ctx, demo, address, []string{"TIEOUT_SETTLEMENT_POLL=10s", "TIEOUT_READ_BACK_WINDOW=10s", "TIEOUT_LOG_LEVEL=info"})
	if err != nil {
		return err
	}
	direct, err := url.Parse(w.config.DatabaseURL.Reveal())
	if err != nil {
		return fmt.Errorf("read the database's address: %w", err)
	}
	query := direct.Query()
	w.lines[toDatabase].To("unix", filepath.Join(query.Get("host"), ".s.PGSQL."+query.Get("port")))
	host, port, err := net.SplitHostPort(w.lines[toDatabase].Addr())
	if err != nil {
		return fmt.Errorf("read the line's address: %w", err)
	}
	query.Set("host", host)
	query.Set("port", port)
	direct.RawQuery = query.Encode()
	w.environ = append(w.environ, "TIEOUT_DATABASE_URL="+direct.String())
	return nil
}

// unusedAddress is one that nobody listens on.
func unusedAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

// keepBooks has the books kept from the sellers' first day on, in periods that
// are open, and Amazon list none of their settlements yet.
func (w *soakWorld) keepBooks(ctx context.Context, sellers []*seller.Account) error {
	actor := audit.Job("soak")
	for i, side := range w.sandbox.Connections() {
		account := sellers[i]
		w.books = append(w.books, seller.NewBooks(account))
		w.sold, w.kept = append(w.sold, 0), append(w.kept, 0)
		for account.Start(w.kept[i]).Before(side.Since) {
			w.kept[i]++
		}
		w.shown = append(w.shown, w.kept[i])
		if err := w.sandbox.Amazon.Withhold(side.Name, account.First); err != nil {
			return err
		}
		for _, p := range w.sandbox.P21.Periods(side.P21Company) {
			if p.Ends.Time().Before(account.First) {
				continue
			}
			if err := w.sandbox.P21.ClosePeriod(side.P21Company, p.FiscalYear, p.Number, false); err != nil {
				return fmt.Errorf("open period %s: %w", p.Key(), err)
			}
		}
		c, err := w.connections.ByName(ctx, side.Name)
		if err != nil {
			return err
		}
		w.ids = append(w.ids, c.ID)
		if _, _, err := w.connections.Sync(ctx, c.ID, actor); err != nil {
			return err
		}
		policy, err := w.connections.Policy(ctx, c.ID)
		if err != nil {
			return err
		}
		policy.BooksFrom = period.DateOf(account.First.Add(-24 * time.Hour))
		if err := w.connections.SetPolicy(ctx, policy, actor); err != nil {
			return err
		}
	}
	return nil
}

// random is a number from 0 to 1.
func (w *soakWorld) random() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.chance.Float64()
}

// ready waits until the screens answer and have the database.
func (w *soakWorld) ready(ctx context.Context) error {
	for {
		status, err := w.readiness(ctx)
		if err == nil && status == http.StatusOK {
			return nil
		}
		if stopped := amazon.Sleep(ctx, 100*time.Millisecond); stopped != nil {
			return fmt.Errorf("the screens do not come back: %w", errors.Join(stopped, err))
		}
	}
}

// close ends the processes first, and the disk last.
func (w *soakWorld) close() (err error) {
	w.dismiss()
	for _, l := range w.lines {
		if l != nil {
			err = errors.Join(err, l.Close())
		}
	}
	err = errors.Join(err, w.world.close())
	if w.disk == nil {
		return err
	}
	if w.violated {
		err = errors.Join(err, w.disk.keep(filepath.Join(w.s.data, "violated")))
	}
	return errors.Join(err, w.disk.close())
}
