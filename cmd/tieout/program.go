package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/alert"
	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/catalog"
	"tieout/app/clock"
	"tieout/app/closing"
	"tieout/app/connection"
	"tieout/app/cost"
	"tieout/app/database"
	"tieout/app/document"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/fbaledger"
	"tieout/app/fbashipments"
	"tieout/app/fbastock"
	"tieout/app/finances"
	"tieout/app/flow"
	"tieout/app/identity"
	"tieout/app/inbound"
	"tieout/app/insight"
	"tieout/app/inventory"
	"tieout/app/journal"
	"tieout/app/listings"
	"tieout/app/mapping"
	"tieout/app/notice"
	"tieout/app/notify"
	"tieout/app/orders"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/app/personal"
	"tieout/app/rates"
	"tieout/app/returns"
	"tieout/app/revaluation"
	"tieout/app/settlement"
	"tieout/app/shipments"
	"tieout/app/vault"
	"tieout/jobs"
	"tieout/sqlc"
)

// program is everything wired together.
type program struct {
	config      Config
	log         *slog.Logger
	clock       clock.Clock
	pool        *pgxpool.Pool
	queue       *jobs.Queue
	deliverer   *outbound.Deliverer
	identity    *identity.Service
	connections *connection.Service
	settlements *settlement.Service
	rules       *mapping.Service
	catalog     *catalog.Service
	entries     *journal.Service
	exceptions  *exception.Queue
	insight     *insight.Reader
	flows       *flow.Service
	personal    *personal.Ring
	secrets     *vault.Vault // nil: this command has no key
	worker      string       // this process among all that work on the database
	alerts      *alert.Service
	notices     *notice.Service
	rates       *rates.Service
	finances    *finances.Service
	closing     *closing.Service
}

// open reads the configuration, checks it with need, and wires the program.
func open(ctx context.Context, env environment, need func(Config) error) (*program, error) {
	config, err := LoadConfig(env.environ)
	if err != nil {
		return nil, err
	}
	if err := need(config); err != nil {
		return nil, err
	}
	if env.clock != nil {
		return wireAt(ctx, config, newLogger(config, env.stderr), env.clock)
	}
	return wire(ctx, config, newLogger(config, env.stderr))
}

func newLogger(c Config, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

func wire(ctx context.Context, config Config, log *slog.Logger) (*program, error) {
	return wireAt(ctx, config, log, clock.System{})
}

// wireAt is wire with another clock.
func wireAt(ctx context.Context, config Config, log *slog.Logger, c clock.Clock) (*program, error) {
	pool, err := database.Open(ctx, config.DatabaseURL.Reveal())
	if err != nil {
		return nil, err
	}
	p := &program{config: config, log: log, clock: c, pool: pool}
	if err := p.wireServices(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return p, nil
}

func (p *program) wireServices(ctx context.Context) error {
	var err error
	// The engine's own log is about itself; ours is about the work.
	if p.queue, err = jobs.NewQueue(p.pool, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	secrets, err := p.openVault(ctx)
	if err != nil {
		return err
	}
	p.secrets = secrets
	p.worker = jobs.WorkerName()
	p.deliverer = outbound.NewDeliverer(p.pool, p.worker, p.timing(), p.log)
	p.identity = identity.New(identity.NewStore(p.pool, p.clock))
	p.connections = connection.NewService(p.pool, p.clock, secrets, amazon.NewStore(p.pool, amazon.Sleep), p.queue)
	p.settlements = settlement.NewService(p.pool, p.clock, p.queue, p.log)
	p.rules = mapping.NewService(p.pool, p.clock)
	p.catalog = catalog.NewService(p.pool, p.clock, p.mapped)
	p.exceptions = exception.NewQueue(p.pool)
	p.insight = insight.NewReader(p.pool)
	p.personal = personal.NewRing(p.pool, secrets)
	p.flows = flow.NewService(flow.Needs{Pool: p.pool, Clock: p.clock, Documents: document.NewSealedStore(p.pool, p.personal), Deliverer: p.deliverer, Personal: p.personal, Jobs: p.queue,
		Worker: p.worker, Parallel: p.config.FlowParallel, Hold: 3 * time.Minute, Log: p.log}, p.registered()...)
	server, err := p.config.mailServer()
	if err != nil {
		return err
	}
	p.alerts = alert.NewService(alert.Needs{Pool: p.pool, Clock: p.clock, Vault: secrets, Mail: notify.NewMail(server), Jobs: p.queue, PublicURL: p.config.PublicURL, Log: p.log,
		Webhook: notify.NewWebhook(notify.WebhookSettings{Private: p.config.WebhookPrivate}, p.clock)})
	p.notices = &notice.Service{Pool: p.pool, Clock: p.clock, Documents: document.NewStore(p.pool), Flows: p.flows, Sides: p.connections, Jobs: p.queue, Log: p.log}
	p.rates = rates.NewService(rates.Needs{Pool: p.pool, Clock: p.clock, Documents: document.NewStore(p.pool), Jobs: p.queue, Ledger: p.ledgerRates,
		Source: rates.NewSource(notify.NewClient(notify.WebhookSettings{Private: p.config.WebhookPrivate, Timeout: time.Minute}))})
	p.closing = closing.NewService(closing.Needs{Pool: p.pool, Clock: p.clock, Jobs: p.queue, Reconciled: p.reconciliations()})
	p.entries = journal.NewService(journal.Needs{Pool: p.pool, Clock: p.clock, Rules: publishedRules, Jobs: p.queue, Deliverer: p.deliverer, Log: p.log,
		Ledgers: func(ctx context.Context, id int64) (p21.Ledger, error) { return p.connections.Ledger(ctx, id) }})
	p.finances = finances.NewService(finances.Needs{Pool: p.pool, Clock: p.clock, Documents: document.NewStore(p.pool), Sides: p.connections, Entries: p.entries, Rules: publishedRules})
	return nil
}

// costs books the cost of goods sold.
func (p *program) costs() *cost.Service { return cost.NewService(p.pool, p.clock, p.entries) }

// revaluation values what is open in other currencies.
func (p *program) revaluation() *revaluation.Service {
	return revaluation.NewService(p.pool, p.clock, p.entries, publishedRules)
}

// ledgerRates are the exchange rates that a connection's P21 keeps.
func (p *program) ledgerRates(ctx context.Context, connectionID int64, since period.Date) ([]rates.Entry, error) {
	system, err := p.connections.P21(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	told, err := system.ExchangeRates(ctx, since)
	if err != nil {
		return nil, err
	}
	list := make([]rates.Entry, len(told))
	for i, r := range told {
		list[i] = rates.Entry{Pair: rates.Pair{Base: r.From, Quote: r.To}, On: r.On, Value: r.Rate}
	}
	return list, nil
}

// registered are the flows of this program: a new one is one line here.
func (p *program) registered() []flow.Flow {
	return append([]flow.Flow{
		orders.New(p.connections, p.orderSource, p.resolve, p.catalog.NoteListings),
		shipments.New(p.connections, func() shipments.Orders { return p.flows }),
		fbashipments.New(p.connections, func() fbashipments.Orders { return p.flows }, p.resolve, p.clock),
		inbound.New(p.connections, p.resolve, p.clock),
		inventory.New(p.connections, inventory.NewShelf(p.pool), p.catalog.NoteListings, p.clock, time.Second),
		listings.New(p.connections, p.catalog, p.clock),
		fbastock.New(p.connections, fbastock.NewStore(p.pool), inventory.NewShelf(p.pool), p.resolve, func() fbastock.Settings { return p.flows }, p.clock),
		fbaledger.New(p.connections, func() fbaledger.Records { return p.flows }, p.resolve),
		returns.New(p.connections, func() returns.Orders { return p.flows }, p.resolve),
	}, p.fulfilments()...)
}

// orderSource is the version of Amazon's orders that is read.
func (p *program) orderSource(client *amazon.Client) amazon.OrderSource {
	if p.config.AmazonOrders == "v0" {
		return client.OrdersV0()
	}
	return client.Orders2026()
}

// resolve finds the items that SKUs stand for.
func (p *program) resolve(ctx context.Context, connectionID int64, marketplace string, skus []string, day period.Date) (map[string]catalog.Mapping, error) {
	return catalog.ResolveAll(ctx, p.pool, connectionID, marketplace, skus, day)
}

// mapped lets the records go on that waited for a SKU.
func (p *program) mapped(ctx context.Context, tx *database.Tx, connectionID int64, skus []string) error {
	for _, sku := range skus {
		if _, err := p.flows.Release(ctx, tx.Tx, connectionID, exception.UnknownSKU, sku, "Mapped.", audit.Actor{}); err != nil {
			return err
		}
	}
	if err := p.queue.UpdateCosts(ctx, tx.Tx, connectionID); err != nil {
		return err
	}
	return p.packed(ctx, tx, connectionID, skus)
}

// openVault opens the stored secrets; commands that use none run without a key.
func (p *program) openVault(ctx context.Context) (*vault.Vault, error) {
	if p.config.VaultKey == "" {
		return nil, nil
	}
	key, err := vault.ParseKey(p.config.VaultKey.Reveal())
	if err != nil {
		return nil, fmt.Errorf("TIEOUT_VAULT_KEY: %w", err)
	}
	if pending, err := database.Pending(ctx, p.pool); err != nil || pending {
		return nil, err // the schema is not there yet, and nothing is served until it is
	}
	return vault.Open(ctx, vault.Database{Pool: p.pool}, key)
}

func (p *program) timing() outbound.Timing {
	t := outbound.DefaultTiming()
	t.Request = p.config.OutboundTimeout
	t.Hold = 3 * p.config.OutboundTimeout
	t.LookUpWindow = p.config.ReadBackWindow
	t.RetryInterval = p.config.ReadBackInterval
	return t
}

// publishedRules returns a connection's rules in use, nil when it has none yet.
func publishedRules(ctx context.Context, db sqlc.DBTX, connectionID int64) (*mapping.RuleSet, error) {
	set, err := mapping.LoadPublished(ctx, db, connectionID)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return set, err
}

func (p *program) close() { p.pool.Close() }
