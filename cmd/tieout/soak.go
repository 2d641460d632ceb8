package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tieout/cmd/sandbox/line"
)

// soak is everything at work under every fault there is: settlements are
// uploaded and found, entries posted, orders and what belongs to them exchanged,
// while processes are killed at random moments and one fault after another has
// its turn. After each fault everything must have arrived, once.
type soak struct {
	data, program string // folder; "" is a temporary one. What the processes run
	seed          uint64
	length        time.Duration // of all faults together; what settles in between comes on top
	kills         int           // processes killed meanwhile
	orders        int           // at Amazon meanwhile
	workers       int
	only          []string      // of the faults; none: all
	limit         time.Duration // until when everything must have arrived after a fault
}

// runSoak lets every fault have its turn, and exits non-zero at the first one
// after which something is lost, there twice, or in need of a person.
func runSoak(ctx context.Context, env environment, args []string) (err error) {
	if len(args) > 2 && args[0] == soakChild {
		return runSoaked(ctx, env, args[1], args[2:])
	}
	var s soak
	var only string
	flags := flags("soak", env)
	flags.StringVar(&s.data, "data", "", "folder for its data and logs (default: a temporary one, removed when nothing was wrong)")
	flags.Uint64Var(&s.seed, "seed", 20261130, "decides what happens, and when")
	flags.DurationVar(&s.length, "length", 14*time.Minute, "how long all faults take together")
	flags.IntVar(&s.kills, "kills", 500, "how often a process is killed with signal 9")
	flags.IntVar(&s.orders, "orders", 2400, "orders at Amazon")
	flags.IntVar(&s.workers, "workers", 3, "worker processes beside the one that serves the screens")
	flags.StringVar(&only, "only", "", "these faults alone, by their names in the table, with commas in between")
	flags.DurationVar(&s.limit, "limit", 6*time.Minute, "how long until everything must have arrived after a fault")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if s.orders < 1 || s.workers < 1 || s.length <= 0 || s.kills < 0 {
		return errors.New("it takes an order or more, a worker or more, and some time")
	}
	if only != "" {
		s.only = strings.Split(only, ",")
	}
	if s.program, err = os.Executable(); err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if s.data == "" {
		if s.data, err = temporaryData("tieout-soak-"); err != nil {
			return err
		}
		defer func() {
			if err == nil {
				err = os.RemoveAll(s.data)
			}
		}()
	}
	return s.run(ctx, env)
}

// turn is one fault's time.
type turn struct {
	name    string // of what is counted
	weight  int    // of the time
	trouble func(w *soakWorld, ctx context.Context, length time.Duration) error
}

// turns are all faults, in the order in which they have their turn.
func turns() []turn {
	list := []turn{{"kill -9", 4, (*soakWorld).onlyKills}}
	for _, side := range []string{toDatabase, toAmazon, toP21} {
		for _, kind := range line.Kinds() {
			list = append(list, turn{side + " " + string(kind), 1, badLine(side, kind)})
		}
	}
	return append(list, turn{"request fails", 1, (*soakWorld).failRequests}, turn{"database stopped", 1, (*soakWorld).stopDatabase}, turn{"disk full", 1, (*soakWorld).fillDisk},
		turn{"clock stepped", 2, (*soakWorld).stepClocks}, turn{"database clock stepped", 2, (*soakWorld).stepDatabaseClock}, turn{"token revoked", 1, (*soakWorld).revokeToken}, turn{"schema upgraded", 1, (*soakWorld).upgradeSchema})
}

// chosen are the turns that were asked for.
func (s soak) chosen() ([]turn, error) {
	if len(s.only) == 0 {
		return turns(), nil
	}
	all, known := append(turns(), turn{"each once", 1, (*soakWorld).eachOnce}), []string{}
	for _, t := range all {
		known = append(known, t.name)
	}
	var list []turn
	for _, name := range s.only {
		i := slices.Index(known, name)
		if i < 0 {
			return nil, fmt.Errorf("there is no fault %q; there are %s", name, strings.Join(known, ", "))
		}
		list = append(list, all[i])
	}
	return list, nil
}

func (s soak) run(ctx context.Context, env environment) (err error) {
	list, err := s.chosen()
	if err != nil {
		return err
	}
	weight := 0
	for _, t := range list {
		weight += t.weight
	}
	begun := time.Now()
	w, err := s.open(ctx, env, len(list))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.hire(ctx); err != nil {
		return err
	}
	say(env, "%d faults in %s beside %d kills, seed %d; logs are in %s. %s%s", len(list), s.length, s.kills, s.seed, filepath.Clean(s.data), w.disk.how, w.databaseClock.how())
	for i, t := range list {
		if err := w.takeTurn(ctx, i, t, weight); err != nil {
			w.violated = true
			err = fmt.Errorf("%s (seed %d, logs in %s): %w", t.name, s.seed, filepath.Clean(s.data), err)
			return errors.Join(err, w.table(context.WithoutCancel(ctx), env))
		}
	}
	if err := w.table(ctx, env); err != nil {
		return err
	}
	if err := w.keeps(ctx, env, firstOrder); err != nil {
		return err
	}
	say(env, "\nNothing is lost, and nothing is there twice. It took %s.", time.Since(begun).Round(time.Second))
	return nil
}

// takeTurn lets a fault have its turn, then everything settle, and verifies.
func (w *soakWorld) takeTurn(ctx context.Context, number int, t turn, weight int) error {
	share := func(whole int) int { return (whole*t.weight + weight - 1) / weight } // rounded up: all of it is done
	length := w.s.length * time.Duration(t.weight) / time.Duration(weight)
	d := day{seed: w.s.seed + uint64(number), first: w.first, orders: share(w.s.orders), unknown: 0.02, length: length}
	w.first += d.orders
	people, err := w.gather(ctx)
	if err != nil {
		return err
	}
	if err := w.troubled(ctx, d, t, people, share(w.s.kills)); err != nil {
		return err
	}
	settled := time.Now()
	checks, err := w.settled(ctx, people)
	if err != nil {
		return err
	}
	w.tally.verified(checks)
	say(w.env, "%-24s for %4s, at rest after %4s, %d checks hold", t.name, length.Round(time.Second), time.Since(settled).Round(time.Second), checks)
	return nil
}

// settled lets everything come to rest and proves that it is all there. What is
// on its way again while it is looked at, because Amazon tells of something late,
// is given another time.
func (w *soakWorld) settled(ctx context.Context, people crowd) (checks int, err error) {
	bounded, cancel := context.WithTimeoutCause(ctx, w.s.limit, fmt.Errorf("not everything had arrived after %s", w.s.limit))
	defer cancel()
	for range 3 {
		if err := w.comeToRest(bounded, people); err != nil {
			return 0, errors.Join(err, context.Cause(bounded))
		}
		if checks, err = w.verify(ctx); err == nil {
			break
		}
	}
	if err != nil {
		return 0, err
	}
	books, err := w.proveBooks(ctx)
	return checks + books, err
}

// table prints what struck how often, what was verified after it, and what people
// were asked meanwhile.
func (w *soakWorld) table(ctx context.Context, env environment) error {
	say(env, "\n%-24s %8s %10s", "Fault", "times", "verified")
	for _, c := range w.tally.list() {
		say(env, "%-24s %8d %10d", c.name, c.times, c.checks)
	}
	say(env, "\nuploads tried again %d", w.again.Load())
	return w.explain(ctx)
}
