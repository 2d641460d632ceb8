package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"riverqueue.com/riverui"

	"tieout/app/database"
	"tieout/app/deposit"
	"tieout/app/fbastock"
	"tieout/app/fee"
	"tieout/app/identity"
	"tieout/app/receivable"
	"tieout/app/refund"
	"tieout/app/reimbursement"
	"tieout/app/session"
	"tieout/app/sheet"
	"tieout/app/web"
	"tieout/jobs"
)

func runServe(ctx context.Context, env environment, args []string) error {
	flags := flags("serve", env)
	noWork := flags.Bool("no-work", false, "serve the screens only")
	if err := flags.Parse(args); err != nil {
		return err
	}
	p, err := open(ctx, env, Config.NeedServe)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.requireSchema(ctx); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", p.config.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; TIEOUT_LISTEN chooses another address", p.config.Listen, err)
	}
	return p.serve(ctx, listener, !*noWork, nil)
}

func runWork(ctx context.Context, env environment, args []string) error {
	if err := flags("work", env).Parse(args); err != nil {
		return err
	}
	p, err := open(ctx, env, Config.NeedWork)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.requireSchema(ctx); err != nil {
		return err
	}
	worker, err := p.startWork(ctx)
	if err != nil {
		return err
	}
	p.log.Info("working", "workers", p.config.Workers)
	<-ctx.Done()
	return p.stopWork(worker)
}

func flags(name string, env environment) *flag.FlagSet {
	f := flag.NewFlagSet("tieout "+name, flag.ContinueOnError)
	f.SetOutput(env.stderr)
	return f
}

// requireSchema refuses to run on a schema that this program does not fit.
func (p *program) requireSchema(ctx context.Context) error { return database.Fits(ctx, p.pool) }

func (p *program) startWork(ctx context.Context) (*jobs.Worker, error) {
	services := jobs.Services{Connections: p.connections, Settlements: p.settlements, Entries: p.entries, Deliverer: p.deliverer, Catalog: p.catalog, Flows: p.flows, Alerts: p.alerts, Notices: p.notices, Personal: p.personal, Receivable: receivable.NewService(p.pool, p.clock), Reference: p.reference(), Refunds: refund.NewService(p.pool, p.clock), Reimbursements: reimbursement.NewService(p.pool, p.clock, p.settlements), Rates: p.rates, Revaluation: p.revaluation(), Costs: p.costs(), Reconcile: p.reconciliations(), Deposits: deposit.NewService(p.pool, p.clock), Finances: p.finances}
	settings := jobs.Settings{Name: p.worker, Workers: p.config.Workers, PollReports: p.config.SettlementPoll, PollFinances: p.config.FinancesPoll, SyncAccounts: p.config.MasterDataPoll, Sweep: 20 * time.Second,
		Flows: 5 * time.Second, Alerts: time.Minute, PersonalDays: p.config.PersonalDays}
	// Jobs end in order after ctx did; the engine gets a context of its own.
	return jobs.Start(context.WithoutCancel(ctx), p.pool, p.queue, services, settings, p.clock, p.log)
}

func (p *program) stopWork(worker *jobs.Worker) error {
	if worker == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.config.ShutdownTimeout)
	defer cancel()
	return worker.Stop(ctx)
}

// wideHeap lets memory grow to five times what is in use before it is collected:
// pages are made of many short-lived texts in a small heap, and collecting took
// a tenth of their time. GOGC says otherwise.
func wideHeap() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// serve answers until ctx ends, then lets requests and jobs finish.
func (p *program) serve(ctx context.Context, listener net.Listener, work bool, people []web.DemoPerson) error {
	wideHeap()
	handler, err := p.site(ctx, people)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	var worker *jobs.Worker
	if work {
		if worker, err = p.startWork(ctx); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	p.log.Info("serving", "address", "http://"+listener.Addr().String(), "work", work)
	select {
	case err = <-failed:
		return errors.Join(fmt.Errorf("serve: %w", err), p.stopWork(worker))
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.Background(), p.config.ShutdownTimeout)
	defer cancel()
	return errors.Join(server.Shutdown(stopping), p.stopWork(worker))
}

// site builds the screens.
func (p *program) site(ctx context.Context, people []web.DemoPerson) (http.Handler, error) {
	groups, err := identity.ParseGroupRoles(p.config.GroupRoles)
	if err != nil {
		return nil, fmt.Errorf("TIEOUT_GROUP_ROLES: %w", err)
	}
	if err := p.identity.SeedGroupRoles(ctx, groups); err != nil {
		return nil, err
	}
	jobScreens, err := riverui.NewHandler(&riverui.HandlerOpts{Prefix: "/admin/jobs", Logger: p.log, Endpoints: riverui.NewEndpoints(p.queue.Client(), nil)})
	if err != nil {
		return nil, fmt.Errorf("open job screens: %w", err)
	}
	if err := jobScreens.Start(ctx); err != nil {
		return nil, fmt.Errorf("start job screens: %w", err)
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return web.New(ctx, p.webConfig(people), web.Dependencies{
		Identity: p.identity, Sessions: session.NewStore(p.pool), Jobs: jobScreens, Metrics: metrics, Log: p.log, Clock: p.clock, Ready: p.ready,
		Settlements: p.settlements, Entries: p.entries, Exceptions: p.exceptions, Rules: p.rules, Flows: p.flows, FBAStock: fbastock.NewApprovals(p.pool, p.clock, p.flows.Release), Catalog: p.catalog, Alerts: p.alerts, Notices: p.notices, Receivable: receivable.NewService(p.pool, p.clock), Reference: p.reference(), Refunds: refund.NewService(p.pool, p.clock), Reimbursements: reimbursement.NewService(p.pool, p.clock, p.settlements), Fees: fee.NewService(p.pool, p.clock), Rates: p.rates, Deposits: deposit.NewService(p.pool, p.clock), Revaluation: p.revaluation(), Costs: p.costs(), Reconcile: p.reconciliations(), Compare: p.queue.ReconcileNow, Movements: fbastock.NewStore(p.pool).Movements, Finances: p.finances, Redraft: p.queue.RedraftNow,
		Closing: p.closing, Binders: p.binders(),
		Insight: p.insight, Connections: p.connections, Chrome: chrome{p}, Tasks: tasks{p}, Uploads: uploads{p}, Workbooks: sheet.NewBook(p.pool), Steward: steward{p},
	})
}

func (p *program) webConfig(people []web.DemoPerson) web.Config {
	c := p.config
	return web.Config{
		PublicURL: c.PublicURL, Environment: c.Environment, SessionIdle: c.SessionIdle, SessionLifetime: c.SessionLifetime,
		MetricsToken: c.MetricsToken.Reveal(), DemoPeople: people, Proxies: c.Proxies,
		Limits: web.Limits{Person: c.PersonRate, Stranger: c.StrangerRate, SignIn: c.SignInRate, Heavy: c.HeavyAtOnce, Patience: 10 * time.Second, Body: 30 * time.Second},
		OIDC: web.OIDC{Issuer: c.OIDCIssuer, ClientID: c.OIDCClientID, ClientSecret: c.OIDCClientSecret.Reveal(), Name: c.OIDCName,
			Scopes: c.OIDCScopes, GroupsClaim: c.OIDCGroupsClaim},
	}
}

// ready tells whether the program can do its work.
func (p *program) ready(ctx context.Context) error {
	if err := p.pool.Ping(ctx); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	return p.requireSchema(ctx)
}
