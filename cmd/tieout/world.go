package main

import (
	"context"
	"errors"
	"net"
	"path/filepath"

	"tieout/app/database/private"
	"tieout/cmd/sandbox/server"
)

// world is a PostgreSQL, stand-ins for everybody else, and the program with its
// screens, for a simulation.
type world struct {
	*program
	env      environment
	sandbox  *server.Server
	url      string
	environ  []string // of further processes
	postgres *private.Server
	data     string   // folder of everything; logs of processes lie in it
	folder   string   // of the database's files
	written  *written // log of this process
	signedIn []*clerk // everybody who has signed in
	served   chan error
	stop     context.CancelFunc
}

// openWorld starts everything in an empty folder, with hasty time-outs; work
// says whether jobs run in this process. settings are added to the program's.
func openWorld(ctx context.Context, env environment, data string, stand server.Config, work bool, settings ...string) (w *world, err error) {
	w = &world{env: env, served: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	demo := demonstration{data: data, fresh: true}
	if err := demo.prepareData(); err != nil {
		return w, err
	}
	if err := w.begin(demo, env); err != nil {
		return w, err
	}
	if w.postgres, err = private.Start(ctx, demo.databaseDir(), env.postgres); err != nil {
		return w, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return w, err
	}
	w.url = "http://" + listener.Addr().String()
	stand.Addr, stand.OIDCAddr, stand.PublicURL = "127.0.0.1:0", "127.0.0.1:0", w.url
	if w.sandbox, err = server.Start(ctx, stand); err != nil {
		return w, errors.Join(err, listener.Close())
	}
	if err := w.wire(ctx, demo, listener.Addr().String(), settings); err != nil {
		return w, errors.Join(err, listener.Close())
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.stop = stop
	go func() { w.served <- w.serve(serving, listener, work, nil) }()
	return w, nil
}

// begin begins the log of a world in its folder.
func (w *world) begin(demo demonstration, env environment) (err error) {
	w.data, w.folder = demo.data, filepath.Join(demo.databaseDir(), "postgres")
	w.written, err = newWritten(filepath.Join(demo.data, "program.log"), env.stderr)
	return err
}

// wire makes the program that has the screens, and what further processes are told.
func (w *world) wire(ctx context.Context, demo demonstration, address string, settings []string) error {
	url, err := prepare(ctx, w.postgres)
	if err != nil {
		return err
	}
	key, err := demo.vaultKey()
	if err != nil {
		return err
	}
	w.environ = append([]string{
		"TIEOUT_DATABASE_URL=" + url, "TIEOUT_VAULT_KEY=" + key, "TIEOUT_ENVIRONMENT=sandbox", "TIEOUT_LISTEN=" + address, "TIEOUT_PUBLIC_URL=" + w.url,
		"TIEOUT_OIDC_ISSUER=" + w.sandbox.Issuer, "TIEOUT_OIDC_CLIENT_ID=" + server.ClientID, "TIEOUT_OIDC_CLIENT_SECRET=" + server.ClientSecret,
		"TIEOUT_GROUP_ROLES=" + server.GroupRoles, "TIEOUT_READ_BACK_INTERVAL=1s", "TIEOUT_READ_BACK_WINDOW=3s", "TIEOUT_OUTBOUND_TIMEOUT=10s",
		"TIEOUT_SHUTDOWN_TIMEOUT=10s", "TIEOUT_LOG_LEVEL=debug", "TIEOUT_SETTLEMENT_POLL=24h", "TIEOUT_WEBHOOK_PRIVATE=true",
	}, append(unlimited(), settings...)...)
	config, err := LoadConfig(w.environ)
	if err != nil {
		return err
	}
	if w.program, err = wire(ctx, config, newLogger(config, w.written)); err != nil {
		return err
	}
	return w.furnish(ctx, w.sandbox)
}

// unlimited are the settings of a program whose people are programs, and ask as fast.
func unlimited() []string {
	return []string{"TIEOUT_PERSON_RATE=0", "TIEOUT_STRANGER_RATE=0", "TIEOUT_SIGN_IN_RATE=0", "TIEOUT_HEAVY_AT_ONCE=0"}
}

func (w *world) close() (err error) {
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
	if w.written != nil {
		err = errors.Join(err, w.written.close())
	}
	return err
}
