package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/connection"
	"tieout/app/database/private"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/web"
	"tieout/cmd/sandbox/server"
)

// demonstration is everything that `tieout demo` was asked for.
type demonstration struct {
	data, listen, sandbox, oidc string
	fresh                       bool
	speed                       float64
	orders                      int
	seed                        uint64
}

// runDemo starts a private PostgreSQL, the sandbox and the program, and stops
// all of it when it is told to end. The data stays, and the next start goes on.
func runDemo(ctx context.Context, env environment, args []string) error {
	var d demonstration
	flags := flags("demo", env)
	flags.StringVar(&d.data, "data", "", "data folder (default .tieout here)")
	flags.StringVar(&d.listen, "listen", "127.0.0.1:8080", "address of the program")
	flags.StringVar(&d.sandbox, "sandbox-addr", "127.0.0.1:8090", "address of the stand-ins for Amazon and P21")
	flags.StringVar(&d.oidc, "oidc-addr", "127.0.0.1:8091", "address of the stand-in for the identity provider")
	flags.BoolVar(&d.fresh, "fresh", false, "forget the data of earlier runs and begin anew")
	flags.Float64Var(&d.speed, "speed", 1, "how fast time passes at the simulated Amazon")
	flags.IntVar(&d.orders, "orders-per-day", 40, "orders a day of the simulated seller")
	flags.Uint64Var(&d.seed, "seed", 20261123, "decides what the simulated seller does")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return d.run(ctx, env)
}

func (d demonstration) run(ctx context.Context, env environment) (err error) {
	listener, err := net.Listen("tcp", d.listen)
	if err != nil {
		return fmt.Errorf("%w; --listen chooses another address", err)
	}
	defer func() { _ = listener.Close() }() // closed already when serving ended in order
	if err := d.prepareData(); err != nil {
		return err
	}
	say(env, "Starting PostgreSQL in %s", d.data)
	postgres, err := private.Start(ctx, d.databaseDir(), private.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, postgres.Stop(context.Background())) }()
	public := "http://" + listener.Addr().String()
	say(env, "Starting the stand-ins for Amazon, Prophet 21 and the identity provider")
	sandbox, err := server.Start(ctx, server.Config{Addr: d.sandbox, OIDCAddr: d.oidc, Seed: d.seed, Speed: d.speed, OrdersPerDay: d.orders, Hold: demoHold,
		Data: filepath.Join(d.data, "sandbox"), PublicURL: public})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sandbox.Close()) }()
	p, err := d.open(ctx, env, postgres, sandbox, public)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.furnish(ctx, sandbox); err != nil {
		return fmt.Errorf("set up the demonstration: %w", err)
	}
	if err := p.furnishBanks(ctx, sandbox); err != nil {
		return fmt.Errorf("open bank accounts: %w", err)
	}
	if err := ownOrders(sandbox); err != nil {
		return err
	}
	if err := p.loseUnits(ctx, sandbox); err != nil {
		return fmt.Errorf("lose units: %w", err)
	}
	if err := p.bookCosts(ctx); err != nil {
		return err
	}
	if err := shopOrders(sandbox); err != nil {
		return fmt.Errorf("let customers buy: %w", err)
	}
	if err := p.furnishSides(ctx, sandbox); err != nil {
		return fmt.Errorf("let both sides differ: %w", err)
	}
	if err := p.withhold(ctx, sandbox); err != nil {
		return err
	}
	people := welcome(env, public, sandbox)
	wait := p.begin(ctx, sandbox, public)
	err = p.serve(ctx, listener, true, people)
	wait()
	say(env, "Stopping. The data stays in %s; start again to go on.", d.data)
	return err
}

func say(env environment, format string, args ...any) {
	fmt.Fprintf(env.stdout, format+"\n", args...)
}

// prepareData finds and makes the data folder.
func (d *demonstration) prepareData() error {
	if d.data == "" {
		d.data = ".tieout"
	}
	abs, err := filepath.Abs(d.data)
	if err != nil {
		return fmt.Errorf("find data folder: %w", err)
	}
	d.data = abs
	if d.fresh {
		if err := d.forget(); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(d.data, 0o755); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	return nil
}

// forget removes what earlier runs left. A server that still runs on it is
// stopped first.
func (d *demonstration) forget() error {
	if _, err := os.Stat(filepath.Join(d.databaseDir(), "postgres", "postmaster.pid")); err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		running, err := private.Start(ctx, d.databaseDir(), private.Options{})
		if err == nil {
			err = running.Stop(ctx)
		}
		if err != nil {
			return fmt.Errorf("stop the earlier database: %w", err)
		}
	}
	for _, dir := range []string{d.databaseDir(), filepath.Join(d.data, "sandbox")} {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove %s: %w", dir, err)
		}
	}
	return nil
}

// databaseDir is inside the data folder, unless the database's own user cannot
// get there: below a home folder that only root may enter.
func (d *demonstration) databaseDir() string {
	inside := filepath.Join(d.data, "database")
	if private.Reachable(inside) {
		return inside
	}
	return filepath.Join("/var/tmp", "tieout"+strings.ReplaceAll(d.data, "/", "-"))
}

// demoHold is how long the simulated Amazon keeps the money of a sale, as the
// real one does for most sellers.
const demoHold = 7 * 24 * time.Hour

const demoDatabase = "tieout"

func (d demonstration) open(ctx context.Context, env environment, postgres *private.Server, sandbox *server.Server, public string) (*program, error) {
	url, err := prepare(ctx, postgres)
	if err != nil {
		return nil, err
	}
	key, err := d.vaultKey()
	if err != nil {
		return nil, err
	}
	environ := []string{
		"TIEOUT_DATABASE_URL=" + url, "TIEOUT_VAULT_KEY=" + key, "TIEOUT_ENVIRONMENT=sandbox", "TIEOUT_LISTEN=" + strings.TrimPrefix(public, "http://"),
		"TIEOUT_PUBLIC_URL=" + public, "TIEOUT_OIDC_ISSUER=" + sandbox.Issuer, "TIEOUT_OIDC_CLIENT_ID=" + server.ClientID,
		"TIEOUT_OIDC_CLIENT_SECRET=" + server.ClientSecret, "TIEOUT_OIDC_NAME=the sandbox's sign-in", "TIEOUT_GROUP_ROLES=" + server.GroupRoles,
		"TIEOUT_SETTLEMENT_POLL=1m", "TIEOUT_FINANCES_POLL=1m", "TIEOUT_READ_BACK_INTERVAL=5s", "TIEOUT_LOG_LEVEL=warn", "TIEOUT_WEBHOOK_PRIVATE=true",
		"TIEOUT_PERSON_RATE=100", // the demonstration's people click faster than people do
	}
	config, err := LoadConfig(environ)
	if err != nil {
		return nil, err
	}
	return wire(ctx, config, newLogger(config, env.stderr))
}

// demoRole is who the program is in its database: not the schema's owner.
const demoRole = "tieout_program"

// prepare brings the schema up to date and returns the program's address of it.
func prepare(ctx context.Context, postgres *private.Server) (string, error) {
	owner, err := postgres.Database(ctx, demoDatabase)
	if err != nil {
		return "", err
	}
	program, err := postgres.As(ctx, demoRole, owner)
	if err != nil {
		return "", err
	}
	return program, migrate(ctx, owner, demoRole)
}

// vaultKey is made once and kept beside the data it seals.
func (d demonstration) vaultKey() (string, error) {
	path := filepath.Join(d.databaseDir(), "vault.key")
	if key, err := os.ReadFile(path); err == nil {
		return string(key), nil
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	text := base64.StdEncoding.EncodeToString(key)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("keep the vault key: %w", err)
	}
	return text, nil
}

// furnish makes the connections of the simulated sellers, once.
func (p *program) furnish(ctx context.Context, sandbox *server.Server) error {
	actor := audit.Job("demonstration")
	for _, side := range sandbox.Connections() {
		existing, err := p.connections.ByName(ctx, side.Name)
		if err == nil {
			if err := p.readdress(ctx, existing, side, actor); err != nil {
				return err
			}
			if err := p.furnishProducts(ctx, existing.ID, existing.FunctionalCurrency, side.MarketplaceIDs, actor); err != nil {
				return err
			}
			if _, err := p.notices.Subscribe(ctx, existing.ID, actor); err != nil { // the sandbox forgets
				return err
			}
			continue
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		if err := p.furnishOne(ctx, side, actor); err != nil {
			return fmt.Errorf("connection %s: %w", side.Name, err)
		}
	}
	return nil
}

func sideOf(side server.Connection) (connection.Connection, connection.Secrets) {
	return connection.Connection{
		Name: side.Name, Title: side.Title, Environment: "sandbox", AmazonRegion: side.Region, MarketplaceIDs: side.MarketplaceIDs, SellerID: side.SellerID,
		AmazonEndpoint: side.AmazonURL, LWAURL: side.LWAURL, LWAClientID: side.ClientID, P21URL: side.P21URL, P21Adapter: side.P21Adapter,
		P21Company: side.P21Company, P21Username: side.P21Username, P21Journal: "AZ", P21PositiveDebit: true,
		FunctionalCurrency: money.Currency(side.Currency), TimeZone: side.TimeZone, RevenueMode: "summary",
		QueueURL: side.QueueURL, QueueRegion: side.QueueRegion, QueueKeyID: side.QueueKeyID,
	}, connection.Secrets{LWAClientSecret: side.ClientSecret, RefreshToken: side.RefreshToken, P21Password: side.P21Password, QueueSecret: side.QueueSecret}
}

// readdress follows a sandbox that listens elsewhere this time.
func (p *program) readdress(ctx context.Context, existing connection.Connection, side server.Connection, actor audit.Actor) error {
	if existing.AmazonEndpoint == side.AmazonURL && existing.LWAURL == side.LWAURL && existing.P21URL == side.P21URL && existing.QueueURL == side.QueueURL {
		return nil
	}
	existing.AmazonEndpoint, existing.LWAURL, existing.P21URL = side.AmazonURL, side.LWAURL, side.P21URL
	existing.QueueURL, existing.QueueRegion, existing.QueueKeyID = side.QueueURL, side.QueueRegion, side.QueueKeyID
	return p.connections.Update(ctx, existing, connection.Secrets{QueueSecret: side.QueueSecret}, actor)
}

func (p *program) furnishOne(ctx context.Context, side server.Connection, actor audit.Actor) error {
	c, secrets := sideOf(side)
	id, err := p.connections.Create(ctx, c, secrets, actor)
	if err != nil {
		return err
	}
	if _, _, err := p.connections.Sync(ctx, id, actor); err != nil {
		return err
	}
	if _, err := p.notices.Subscribe(ctx, id, actor); err != nil {
		return err
	}
	template, err := p.rules.Offered(ctx, id)
	if err != nil {
		return err
	}
	if _, err := p.rules.Install(ctx, actor, id, template, side.Picks); err != nil {
		return err
	}
	policy, err := p.connections.Policy(ctx, id)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return fmt.Errorf("load time zone: %w", err)
	}
	policy.ClosedPeriod, policy.BooksFrom = "first_open", period.DateOf(side.Since.In(zone))
	policy.SecondApprovalFrom = decimal.NewNullDecimal(decimal.New(250_000, 0))
	if err := p.connections.SetPolicy(ctx, policy, actor); err != nil {
		return err
	}
	if err := p.furnishProducts(ctx, id, c.FunctionalCurrency, side.MarketplaceIDs, actor); err != nil {
		return err
	}
	return p.furnishFlows(ctx, id, side.P21Location, side.P21Own, actor)
}

// welcome prints the address and who can sign in.
func welcome(env environment, public string, sandbox *server.Server) []web.DemoPerson {
	var people []web.DemoPerson
	say(env, "\nTieout is at %s\n\nSign in as:", public)
	for _, person := range sandbox.People() {
		roles := strings.Join(person.Roles, ", ")
		say(env, "  %-18s %s", person.Username, roles)
		people = append(people, web.DemoPerson{Name: person.Username, Roles: roles})
	}
	say(env, "\nCtrl-C stops everything; the data stays.")
	return people
}
