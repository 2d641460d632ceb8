package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"tieout/app/amazon"
	"tieout/app/database/private"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/line"
	"tieout/cmd/sandbox/misbehave"
	"tieout/cmd/sandbox/sqs"
)

// Sides to which there is a line.
const (
	toDatabase = "database"
	toAmazon   = "amazon"
	toP21      = "p21"
)

// onlyKills is the turn in which nothing else goes wrong.
func (w *soakWorld) onlyKills(ctx context.Context, length time.Duration) error {
	return amazon.Sleep(ctx, length)
}

// badLine is the turn of a line that is bad in one way: it is so for a while,
// again and again, and good in between.
func badLine(side string, kind line.Kind) func(*soakWorld, context.Context, time.Duration) error {
	return func(w *soakWorld, ctx context.Context, length time.Duration) error {
		for end := time.Now().Add(length); time.Now().Before(end); {
			if err := w.breakLine(ctx, side, kind, w.about(4*time.Second)); err != nil {
				return err
			}
			if err := amazon.Sleep(ctx, w.about(2*time.Second)); err != nil {
				return err
			}
		}
		return nil
	}
}

// breakLine has a line be bad for a while.
func (w *soakWorld) breakLine(ctx context.Context, side string, kind line.Kind, length time.Duration) error {
	l := w.lines[side]
	before := l.Struck()[kind]
	l.Break(faultOf(side, kind))
	slept := amazon.Sleep(ctx, length)
	l.Mend()
	w.tally.add(side+" "+string(kind), l.Struck()[kind]-before)
	return slept
}

// failRequests has a part of the requests fail and of the notifications be lost,
// late or told twice. Tokens expire as they do: once, and the next one is good.
func (w *soakWorld) failRequests(ctx context.Context, length time.Duration) error {
	if err := w.misbehave(0.05, length); err != nil {
		return err
	}
	for _, rule := range w.sandbox.Plan.Rules() {
		if rule.Kind == misbehave.ExpiredToken {
			w.sandbox.Plan.Remove(rule.ID)
		}
	}
	var slept error
	for range 4 {
		slept = errors.Join(slept, amazon.Sleep(ctx, length/4))
		w.sandbox.Amazon.ExpireTokens()
		w.sandbox.P21.ExpireTokens()
	}
	struck := 0
	for _, rule := range w.sandbox.Plan.Rules() {
		struck += rule.Struck
	}
	w.sandbox.Plan.Clear()
	w.sandbox.Queues.Behave(sqs.Habits{})
	w.tally.add("request fails", struck)
	return slept
}

// eachOnce has each line be bad in each way, one after another, while requests
// fail, and the database stopped in the end: the turn of those who have no time
// for more.
func (w *soakWorld) eachOnce(ctx context.Context, length time.Duration) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.failRequests(ctx, length) })
	group.Go(func() error {
		sides, kinds := []string{toDatabase, toAmazon, toP21}, line.Kinds()
		for _, kind := range kinds {
			for _, side := range sides {
				if err := w.breakLine(ctx, side, kind, length/time.Duration(len(sides)*len(kinds))); err != nil {
					return err
				}
			}
		}
		return w.stopDatabase(ctx, 0)
	})
	return group.Wait()
}

// faultOf is how bad a line is. A part passes, so that work is met in its
// middle and not only at its beginning.
func faultOf(side string, kind line.Kind) line.Fault {
	f := line.Fault{Kind: kind, Part: 0.5}
	switch kind {
	case line.Latency:
		f.Part, f.Delay = 1, 300*time.Millisecond
	case line.Reset:
		f.Part = 0.1
	case line.Truncated:
		f.Bytes = 4 << 10
	case line.Throttled:
		f.Part, f.Bytes = 1, 8<<10
	}
	if side == toDatabase { // it is asked a hundred times as often
		switch kind {
		case line.Latency:
			f.Delay = 30 * time.Millisecond
		case line.Reset:
			f.Part = 0.01
		case line.Truncated:
			f.Bytes = 64 << 10
		case line.Throttled:
			f.Bytes = 256 << 10
		}
	}
	return f
}

// stopDatabase stops the server, in order and at once by turns, and starts it again.
func (w *soakWorld) stopDatabase(ctx context.Context, length time.Duration) error {
	end := time.Now().Add(length)
	for n := 0; n == 0 || time.Now().Before(end); n++ {
		how := private.Fast
		if w.random() < 0.5 {
			how = private.Immediate
		}
		err := w.postgres.Interrupt(ctx, w.env.postgres, how, func(ctx context.Context) error { return amazon.Sleep(ctx, w.about(2*time.Second)) })
		if err != nil {
			return fmt.Errorf("stop the database: %w", err)
		}
		w.tally.add("database stopped", 1)
		if err := amazon.Sleep(ctx, w.about(3*time.Second)); err != nil {
			return err
		}
	}
	return nil
}

// fillDisk leaves the database no room on its disk for a while, again and again.
// A server that gave up is started again once there is room.
func (w *soakWorld) fillDisk(ctx context.Context, length time.Duration) error {
	end := time.Now().Add(length)
	for n := 0; n == 0 || time.Now().Before(end); n++ {
		if err := errors.Join(w.disk.fill(ctx, w.about(4*time.Second)), w.disk.free(ctx)); err != nil {
			return err
		}
		w.tally.add("disk full", 1)
		if err := w.revive(ctx); err != nil {
			return err
		}
		if err := amazon.Sleep(ctx, w.about(3*time.Second)); err != nil {
			return err
		}
	}
	return nil
}

// revive starts the database again where it gave up. It may still be recovering.
func (w *soakWorld) revive(ctx context.Context) error {
	for begun := time.Now(); ; {
		_, err := w.postgres.Revive(ctx, w.env.postgres)
		if err == nil {
			err = w.pool.Ping(ctx)
		}
		if err == nil {
			return nil
		}
		if time.Since(begun) > time.Minute {
			return fmt.Errorf("the database does not come back: %w", err)
		}
		if err := amazon.Sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

// stepClocks steps the clocks of the program's machines, all at once and that of
// one of them.
func (w *soakWorld) stepClocks(ctx context.Context, length time.Duration) error {
	return w.stepOften(ctx, "clock stepped", length, func(i int, by time.Duration) error {
		if by != 0 && i%2 != 0 {
			return w.staff()[1+i/2%w.s.workers].clock.step(by)
		}
		return w.stepAll(by)
	})
}

// stepDatabaseClock steps PostgreSQL's clock, by which work is held and jobs are due.
func (w *soakWorld) stepDatabaseClock(ctx context.Context, length time.Duration) error {
	if len(w.databaseClock.env) == 0 {
		return nil
	}
	return w.stepOften(ctx, "database clock stepped", length, func(_ int, by time.Duration) error { return w.databaseClock.step(by) })
}

// stepOften steps clocks by hours and by a day, both ways, and sets them right again.
func (w *soakWorld) stepOften(ctx context.Context, name string, length time.Duration, step func(i int, by time.Duration) error) (err error) {
	defer func() { err = errors.Join(err, step(0, 0)) }()
	steps := []time.Duration{5 * time.Hour, -5 * time.Hour, 24 * time.Hour, -24 * time.Hour, 2 * time.Minute, -2 * time.Minute}
	each := length / time.Duration(len(steps)) / 3
	for i, by := range steps {
		if err := step(i, by); err != nil {
			return err
		}
		w.tally.add(name, 1)
		if err := amazon.Sleep(ctx, 2*each); err != nil {
			return err
		}
		if err := step(i, 0); err != nil {
			return err
		}
		w.tally.add(name, 1)
		if err := amazon.Sleep(ctx, each); err != nil {
			return err
		}
	}
	return nil
}

func (w *soakWorld) stepAll(by time.Duration) error {
	for _, h := range w.staff() {
		if err := h.clock.step(by); err != nil {
			return err
		}
	}
	return nil
}

// revokeToken has Amazon refuse the sellers' authorisation and end what it gave
// before, and accept it again.
func (w *soakWorld) revokeToken(ctx context.Context, length time.Duration) error {
	end := time.Now().Add(length)
	for n := 0; n == 0 || time.Now().Before(end); n++ {
		id, err := w.sandbox.Plan.Add(misbehave.Rule{Side: "amazon", Operation: amazonstand.OpToken, Kind: misbehave.Status, Status: 400,
			Body: `{"error":"invalid_grant","error_description":"The request has an invalid grant parameter : refresh_token"}`})
		if err != nil {
			return fmt.Errorf("revoke the token: %w", err)
		}
		w.sandbox.Amazon.ExpireTokens()
		w.tally.add("token revoked", 1)
		slept := amazon.Sleep(ctx, w.about(6*time.Second))
		w.sandbox.Plan.Remove(id)
		if slept != nil {
			return slept
		}
		if err := amazon.Sleep(ctx, w.about(4*time.Second)); err != nil {
			return err
		}
	}
	return nil
}

// about is a time of that length, half more or less.
func (w *soakWorld) about(d time.Duration) time.Duration {
	return d/2 + time.Duration(w.random()*float64(d))
}
