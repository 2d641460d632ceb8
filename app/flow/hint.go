package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"tieout/app/fault"
	"tieout/sqlc"
)

// Hinted is a Flow that hears of changes before it polls. A hint says only that
// an object may have changed: it is read anew, and duplicates, late and
// disordered hints change nothing.
type Hinted interface {
	// Heard lists the types of notifications that Hints understands.
	Heard() []string

	// Hints says which objects a notification of some type is about; none when
	// it is not about this flow.
	Hints(kind string, payload json.RawMessage) ([]Hint, error)
}

// Hint names an object that may have changed.
type Hint struct {
	Key string    // "": something has; the source is read soon
	At  time.Time // when it changed, as the source says
}

// Heard lists the types of notifications that any flow wants.
func (s *Service) Heard() []string {
	var kinds []string
	for _, f := range s.flows {
		if hinted, ok := f.(Hinted); ok {
			kinds = append(kinds, hinted.Heard()...)
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// Hear takes the hints of a notification in, for every flow it is about, and
// says whether it is about any. The error is the payload's: nobody can read it.
func (s *Service) Hear(ctx context.Context, tx pgx.Tx, connectionID int64, kind string, payload json.RawMessage) (heard bool, err error) {
	for _, f := range s.flows {
		hinted, ok := f.(Hinted)
		if !ok {
			continue
		}
		hints, err := hinted.Hints(kind, payload)
		if err != nil {
			return heard, fault.Wrap(err, fault.Invalid, "The notification cannot be read: %v.", err)
		}
		for _, h := range hints {
			if err := s.hear(ctx, tx, connectionID, f.Definition().Name, h); err != nil {
				return heard, err
			}
			heard = true
		}
	}
	return heard, nil
}

func (s *Service) hear(ctx context.Context, tx pgx.Tx, connectionID int64, name string, h Hint) error {
	db := sqlc.New(tx)
	if h.Key == "" {
		if err := db.HurryFlow(ctx, sqlc.HurryFlowParams{ConnectionID: connectionID, Name: name, Now: s.Clock.Now()}); err != nil {
			return fmt.Errorf("hurry %s: %w", name, err)
		}
		return nil
	}
	added, err := db.AddHint(ctx, sqlc.AddHintParams{ConnectionID: connectionID, Flow: name, Key: h.Key, ChangedAt: h.At})
	if err != nil {
		return fmt.Errorf("take hint of %s in: %w", h.Key, err)
	}
	if added == 0 {
		return nil
	}
	return s.Jobs.WorkFlow(ctx, tx, connectionID, name, 1)
}

// hintHold is how long one worker keeps a hint; longer than its reading takes.
const hintHold = 3 * time.Minute

// follow reads the objects that hints name, several at once, until none is left
// or the source does not answer.
func (s *Service) follow(ctx context.Context, f Flow, connectionID int64) error {
	if _, ok := f.(Hinted); !ok {
		return nil
	}
	name := f.Definition().Name
	for began := time.Now(); time.Since(began) < Turn; {
		state, err := s.Get(ctx, connectionID, name)
		if err != nil || state.Paused() || state.held(s.Clock.Now()) > 0 {
			return err
		}
		hints, err := sqlc.New(s.Pool).ClaimHints(ctx, sqlc.ClaimHintsParams{Holder: s.Worker, Seconds: hintHold.Seconds(), ConnectionID: connectionID, Flow: name, Size: int32(s.Parallel)})
		if err != nil {
			return fmt.Errorf("claim hints of %s: %w", name, err)
		}
		if len(hints) == 0 {
			return nil
		}
		var group errgroup.Group
		for _, h := range hints {
			group.Go(func() error { return s.read(ctx, f, connectionID, h) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// read reads the object of one hint. What the source does not have needs no
// reading; while it does not answer the hint stays.
func (s *Service) read(ctx context.Context, f Flow, connectionID int64, h sqlc.ClaimHintsRow) error {
	name := f.Definition().Name
	failed := f.Fetch(ctx, connectionID, h.Key, s.take(connectionID, name, 0))
	ctx = context.WithoutCancel(ctx)
	db := sqlc.New(s.Pool)
	switch {
	case failed == nil, fault.Is(failed, fault.NotFound), !passing(failed) && !errors.Is(failed, context.Canceled):
		if failed != nil && !fault.Is(failed, fault.NotFound) {
			s.Log.Warn("a hint could not be followed; polling finds the object", "flow", name, "key", h.Key, "error", failed)
		}
		ended, err := db.EndHint(ctx, sqlc.EndHintParams{ConnectionID: connectionID, Flow: name, Key: h.Key, Told: h.Told})
		if err != nil {
			return fmt.Errorf("end hint of %s: %w", h.Key, err)
		}
		if ended > 0 {
			return nil
		}
		return s.putOff(ctx, db, connectionID, name, h.Key, 0) // told again meanwhile
	}
	off := again(s.Clock.Now(), int(h.Tries), 0).Sub(s.Clock.Now())
	if err := s.putOff(ctx, db, connectionID, name, h.Key, off); err != nil {
		return err
	}
	if fault.Is(failed, fault.Unavailable) {
		return s.hold(ctx, db, connectionID, name, fault.MessageOf(failed))
	}
	return nil
}

// putOff has a hint followed later.
func (s *Service) putOff(ctx context.Context, db *sqlc.Queries, connectionID int64, name, key string, off time.Duration) error {
	if err := db.PutHintOff(ctx, sqlc.PutHintOffParams{Seconds: off.Seconds(), ConnectionID: connectionID, Flow: name, Key: key}); err != nil {
		return fmt.Errorf("put hint of %s off: %w", key, err)
	}
	return nil
}
