package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// day is a day of business at high speed, with everything that goes wrong: it
// ends with both sides compared.
type day struct {
	data    string // folder; "" is a temporary one
	program string // what the worker processes run
	seed    uint64
	first   int // number of the first of its orders: days of one world follow each other
	orders  int
	unknown float64 // part of the orders that mention an SKU nobody has mapped
	faults  float64 // part of the requests to either side that fail
	workers int
	kill    time.Duration // between two kills of a worker; 0: none is killed
	kills   int           // of them at most; 0: as often as there is time for
	outage  time.Duration // how long the database is gone in the middle of the day; 0: never
	length  time.Duration // what the day is pressed into
	limit   time.Duration // until when everything must have arrived
}

// runDay simulates a day and exits non-zero when the sides differ at its end.
func runDay(ctx context.Context, env environment, args []string) (err error) {
	var d day
	flags := flags("day", env)
	flags.StringVar(&d.data, "data", "", "folder for its data (default: a temporary one, removed at the end)")
	flags.Uint64Var(&d.seed, "seed", 20261123, "decides what happens on the day")
	flags.IntVar(&d.orders, "orders", 10_000, "orders at Amazon")
	flags.Float64Var(&d.unknown, "unknown", 0.02, "part of the orders with an SKU that is not mapped")
	flags.Float64Var(&d.faults, "faults", 0.05, "part of the requests to Amazon and to P21 that fail")
	flags.IntVar(&d.workers, "workers", 3, "worker processes")
	flags.DurationVar(&d.kill, "kill", time.Minute, "kill a worker this often; 0 kills none")
	flags.DurationVar(&d.outage, "outage", time.Minute, "how long the database is gone in the middle of the day; 0: never")
	flags.DurationVar(&d.length, "length", 6*time.Minute, "how long the day takes")
	flags.DurationVar(&d.limit, "limit", 30*time.Minute, "how long until everything must have arrived")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if d.orders < 1 || d.workers < 1 || d.length <= 0 || d.unknown < 0 || d.unknown > 1 || d.faults < 0 || d.faults > 0.5 {
		return errors.New("a day has an order or more, a worker or more, a length, and parts between 0 and 1 (of faults at most half)")
	}
	if d.program, err = os.Executable(); err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if d.data == "" {
		if d.data, err = temporaryData("tieout-day-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(d.data)) }()
	}
	return d.run(ctx, env)
}

// run lets the day pass, has people clear the queue, and compares.
func (d day) run(ctx context.Context, env environment) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, d.limit, fmt.Errorf("not everything had arrived after %s", d.limit))
	defer cancel()
	w, err := d.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	say(env, "A day of %d orders in %s, %d workers, %.0f%% faults on both sides.", d.orders, d.length, d.workers, 100*d.faults)
	if err := w.misbehave(d.faults, d.length); err != nil {
		return err
	}
	crew, err := w.hire(ctx, d)
	if err != nil {
		return err
	}
	defer crew.dismiss()
	people, err := w.shift(ctx)
	if err != nil {
		return err
	}
	if err := w.play(ctx, d.timeline(ctx, w)); err != nil {
		return err
	}
	say(env, "The day is over; people clear the queue.")
	if err := w.settle(ctx, people); err != nil {
		return err
	}
	if err := w.keeps(ctx, env, firstOrder); err != nil {
		return err
	}
	return w.compare(env, crew)
}
