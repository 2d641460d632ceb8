// Package server runs the sandbox: stand-ins for Amazon, Prophet 21 and a
// company's identity provider, over one simulated history of sellers that goes
// on after a restart.
//
// One address serves the first two, with the controls that tests and people
// use:
//
//	/amazon/                 Selling Partner API and downloads (see package amazon)
//	/lwa/auth/o2/token       Login with Amazon
//	/sqs/                    queues of notifications (see package sqs)
//	/p21/                    Prophet 21 (see package p21)
//	/control/faults          how they are told to misbehave (see package misbehave)
//	/control/p21/...         Prophet 21's books
//	/control/clock           what the sandbox's clock shows
//	/control/amazon/orders   orders beside the simulated ones, and changes of orders
//	/control/amazon/returns  units that buyers send back
//	/control/amazon/inbound  shipments to Amazon's warehouses
//	/control/amazon/parcels  what Amazon sends
//	/control/amazon/stock    what Amazon has in its warehouses
//	/control/amazon/usage    calls per operation against what is allowed
//	/control/amazon/fulfilments  orders of other channels, and their haste and stock
//
// The identity provider has an address of its own, because its issuer is one.
package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/identity"
	"tieout/cmd/sandbox/misbehave"
	"tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
	"tieout/cmd/sandbox/sqs"
)

// The program's registration at the identity provider.
const (
	ClientID     = "tieout"
	ClientSecret = "sandbox-secret-of-tieout"
	// GroupRoles says which of the people's groups gives which role.
	GroupRoles = identity.GroupRoles
)

// Config says what the sandbox is like. Only the addresses are required.
type Config struct {
	Addr, OIDCAddr string // host:port; port 0 takes a free one
	AddrFlag       string // what people set Addr with, for errors; default --sandbox-addr

	Seed         uint64
	OrdersPerDay int           // of the largest seller; default 40
	Cycles       int           // of settlements that are finished at the first start; default a year of them
	Hold         time.Duration // how long Amazon keeps the money of a sale; 0: not at all
	Speed        float64       // of its time against the machine's; default 1
	Data         string        // folder that a restart goes on with; "" keeps everything in memory
	PublicURL    string        // where the program is that people sign in to

	// AmazonVia and P21Via are the host:port that programs are told instead of
	// Addr, where something stands in between.
	AmazonVia, P21Via string

	PublicClient bool // that program has no client secret

	// RateScale multiplies Amazon's rate limits, which would take hours for a
	// year of settlements. Default 200; the answers' headers say so.
	RateScale float64

	// ShipAfter and InvoiceAfter are how long, on its own clock, P21 takes to ship
	// an order and then to invoice it. Default 30 minutes each; negative: never.
	ShipAfter, InvoiceAfter time.Duration

	// Started is what the clock shows at the first start, so many cycles into the
	// sellers' history. Default: the machine's time.
	Started time.Time
}

// Server is a running sandbox.
type Server struct {
	AmazonURL, LWAURL, P21URL, ControlURL, Issuer string
	queueURL                                      string

	Plan     *misbehave.Plan
	P21      *p21.Server
	Amazon   *amazon.Server
	Queues   *sqs.Server
	Identity *identity.Provider

	sellers []*seller.Account
	clock   simulated
	servers []*http.Server
	failed  chan error
	once    sync.Once
	quiet   context.CancelFunc // ends what the sandbox does by itself
}

// simulated is the sandbox's time; it implements clock.Clock.
type simulated struct{ state state }

// Now returns it, in UTC at PostgreSQL's microseconds.
func (s simulated) Now() time.Time {
	return s.state.now(time.Now()).UTC().Truncate(time.Microsecond)
}

// Start runs the sandbox until Close; ctx bounds the start only, so that a
// program which ends with ctx still finds the stand-ins while it finishes.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	main, err := listen(ctx, cfg.Addr, cfg.AddrFlag)
	if err != nil {
		return nil, err
	}
	issuer, err := listen(ctx, cfg.OIDCAddr, "--oidc-addr")
	if err != nil {
		_ = main.Close()
		return nil, err
	}
	s := &Server{failed: make(chan error, 2)}
	if err := s.assemble(cfg, "http://"+main.Addr().String(), "http://"+issuer.Addr().String()); err != nil {
		_, _ = main.Close(), issuer.Close()
		return nil, err
	}
	ctx, s.quiet = context.WithCancel(context.WithoutCancel(ctx))
	go s.announce(ctx)
	s.serve(main, s.routes())
	s.serve(issuer, s.Identity)
	return s, nil
}

func (c *Config) complete() error {
	if c.AddrFlag == "" {
		c.AddrFlag = "--sandbox-addr"
	}
	if c.OrdersPerDay == 0 {
		c.OrdersPerDay = 40
	}
	if c.Cycles == 0 {
		c.Cycles = seller.Year
	}
	if c.Speed == 0 {
		c.Speed = 1
	}
	if c.RateScale == 0 {
		c.RateScale = 200
	}
	if c.ShipAfter == 0 {
		c.ShipAfter = 30 * time.Minute
	}
	if c.InvoiceAfter == 0 {
		c.InvoiceAfter = 30 * time.Minute
	}
	if c.Speed < 0 || c.OrdersPerDay < 0 || c.Cycles < 0 || c.RateScale < 0 {
		return errors.New("speed, orders per day, cycles and rate scale cannot be negative")
	}
	return nil
}

// listen opens an address; flag is how people choose another.
func listen(ctx context.Context, addr, flag string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use by another program; %s chooses another address: %w", addr, flag, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s (%s chooses another address): %w", addr, flag, err)
	}
	return listener, nil
}

// assemble makes the stand-ins.
func (s *Server) assemble(cfg Config, base, issuer string) error {
	st, err := restore(cfg, time.Now().UTC())
	if err != nil {
		return err
	}
	s.clock = simulated{st}
	amazonBase, p21Base := via(cfg.AmazonVia, base), via(cfg.P21Via, base)
	s.AmazonURL, s.LWAURL, s.P21URL, s.ControlURL, s.Issuer = amazonBase+"/amazon", amazonBase+"/lwa/auth/o2/token", p21Base+"/p21", base+"/control", issuer
	s.queueURL = amazonBase + "/sqs/000000000000"
	s.Plan = misbehave.New(st.Seed)
	s.Queues = sqs.New(st.Seed, s.Plan)
	s.sellers = seller.History(st.Seed, st.Started, st.OrdersPerDay, st.Cycles)
	for _, a := range s.sellers {
		a.Hold = st.Hold
	}
	if s.Amazon, err = amazon.New(s.amazonConfig(cfg)); err != nil {
		return err
	}
	if s.Identity, err = identity.New(s.identityConfig(cfg)); err != nil {
		return err
	}
	s.P21, err = p21.New(p21.Config{Clock: s.clock, Seed: st.Seed, Directory: p21Folder(cfg), Faults: s.Plan,
		ShipAfter: cfg.ShipAfter, InvoiceAfter: cfg.InvoiceAfter})
	return err
}

// via is the address that programs are told.
func via(between, base string) string {
	if between == "" {
		return base
	}
	return "http://" + between
}

func (s *Server) amazonConfig(cfg Config) amazon.Config {
	config := amazon.Config{Now: s.clock.Now, Clock: time.Now, BaseURL: s.AmazonURL, RateScale: cfg.RateScale, Faults: s.Plan, Tell: s.Queues.Send}
	for _, a := range s.sellers {
		c := credentialsOf(a)
		config.Accounts = append(config.Accounts, amazon.Account{Books: seller.NewBooks(a), ClientID: c.id, ClientSecret: c.secret, RefreshToken: c.refresh})
	}
	return config
}

func (s *Server) identityConfig(cfg Config) identity.Config {
	config := identity.Config{Issuer: s.Issuer, ClientID: ClientID, ClientSecret: ClientSecret, PublicURLs: []string{cfg.PublicURL}}
	if cfg.PublicClient {
		config.ClientSecret = ""
	}
	return config
}

func p21Folder(cfg Config) string {
	if cfg.Data == "" {
		return ""
	}
	return filepath.Join(cfg.Data, "p21")
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/amazon/", http.StripPrefix("/amazon", s.Amazon))
	mux.Handle("/lwa/", http.StripPrefix("/lwa", s.Amazon))
	mux.Handle("/sqs/", http.StripPrefix("/sqs", s.Queues))
	mux.Handle("/sqs", http.StripPrefix("/sqs", s.Queues))
	mux.Handle("/p21/", http.StripPrefix("/p21", s.P21))
	mux.HandleFunc("GET /eurofxref/{name}", s.serveDaily)
	mux.Handle("/control/faults", s.Plan)
	mux.Handle("/control/p21/", s.P21)
	mux.HandleFunc("GET /control/clock", func(w http.ResponseWriter, _ *http.Request) {
		write(w, map[string]any{"now": s.Now(), "started": s.clock.state.Started, "speed": s.clock.state.Speed})
	})
	mux.HandleFunc("POST /control/amazon/orders", s.Amazon.ServeOrders)
	mux.HandleFunc("POST /control/amazon/returns", s.Amazon.ServeReturns)
	mux.HandleFunc("POST /control/amazon/inbound", s.Amazon.ServeInboundControl)
	mux.HandleFunc("POST /control/amazon/parcels", s.Amazon.ServeParcels)
	mux.HandleFunc("POST /control/amazon/stock", s.Amazon.ServeFBAStock)
	mux.HandleFunc("GET /control/amazon/usage", func(w http.ResponseWriter, _ *http.Request) { write(w, s.Amazon.Usage()) })
	mux.HandleFunc("GET /control/amazon/fulfilments", s.Amazon.ControlFulfilments)
	mux.HandleFunc("POST /control/amazon/fulfilments", s.Amazon.ControlFulfilments)
	return mux
}

func write(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // the caller has gone away when this fails
}

// announced is how often the sandbox looks for orders of the sellers' story that
// have changed, to tell of them.
const announced = 5 * time.Second

func (s *Server) announce(ctx context.Context) {
	ticker := time.NewTicker(announced)
	defer ticker.Stop()
	for since := s.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			since = s.Amazon.Announce(since)
		}
	}
}

// Now returns what the sandbox's clock shows.
func (s *Server) Now() time.Time { return s.clock.Now() }

// People returns who can sign in.
func (s *Server) People() []identity.Person { return identity.People() }

func (s *Server) serve(listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	s.servers = append(s.servers, server)
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("serve the sandbox: %w", err)
		}
	}()
}

// Failed delivers the error of a listener that has stopped by itself.
func (s *Server) Failed() <-chan error { return s.failed }

// Close stops the sandbox and closes its books. Requests under way are cut off.
func (s *Server) Close() (err error) {
	s.once.Do(func() {
		s.quiet()
		for _, server := range s.servers {
			err = errors.Join(err, server.Close())
		}
		err = errors.Join(err, s.P21.Close())
	})
	return err
}
