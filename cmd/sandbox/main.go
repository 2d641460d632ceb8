// Command sandbox stands in for Amazon, Prophet 21 and an identity provider on
// this machine. See package server for what is where.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"tieout/cmd/sandbox/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Stderr, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, out, complaints io.Writer, args []string) error {
	var cfg server.Config
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.SetOutput(complaints)
	flags.StringVar(&cfg.Addr, "addr", "127.0.0.1:8090", "address of the stand-ins for Amazon and P21")
	flags.StringVar(&cfg.OIDCAddr, "oidc-addr", "127.0.0.1:8091", "address of the stand-in for the identity provider")
	flags.Uint64Var(&cfg.Seed, "seed", 20261123, "decides what the simulated sellers do")
	flags.Float64Var(&cfg.Speed, "speed", 1, "how fast time passes")
	flags.StringVar(&cfg.Data, "data", "", "folder that a restart goes on with (default: nothing is kept)")
	flags.IntVar(&cfg.OrdersPerDay, "orders-per-day", 40, "orders a day of the largest seller")
	flags.Float64Var(&cfg.RateScale, "rate-scale", 200, "multiplies Amazon's rate limits; 1 is Amazon's own")
	flags.DurationVar(&cfg.ShipAfter, "ship-after", 30*time.Minute, "how long P21 takes to ship an order; negative: never")
	flags.DurationVar(&cfg.InvoiceAfter, "invoice-after", 30*time.Minute, "how long P21 then takes to invoice it; negative: never")
	flags.StringVar(&cfg.PublicURL, "public-url", "http://127.0.0.1:8080", "where the program is that people sign in to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	cfg.AddrFlag = "--addr"
	s, err := server.Start(ctx, cfg)
	if err != nil {
		return err
	}
	describe(out, s)
	select {
	case <-ctx.Done():
		return s.Close()
	case err := <-s.Failed():
		return errors.Join(err, s.Close())
	}
}

func describe(out io.Writer, s *server.Server) {
	fmt.Fprintf(out, "Selling Partner API   %s\nLogin with Amazon     %s\nProphet 21            %s\nIdentity provider     %s\nControls              %s\n\n",
		s.AmazonURL, s.LWAURL, s.P21URL, s.Issuer, s.ControlURL)
	for _, c := range s.Connections() {
		fmt.Fprintf(out, "%-3s seller %s, company %s (%s), client %s\n", c.Name, c.SellerID, c.P21Company, c.P21Adapter, c.ClientID)
	}
	var people []string
	for _, p := range s.People() {
		people = append(people, p.Username)
	}
	fmt.Fprintf(out, "\nPeople: %s\nCtrl-C stops.\n", strings.Join(people, ", "))
}
