package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/sqlc"
)

// State is how a flow of one connection stands.
type State struct {
	ConnectionID   int64
	ConnectionName string
	Name           string
	Every, Overlap time.Duration
	ReadUntil      *time.Time // nil: never read
	NextAt         time.Time
	Settings       json.RawMessage
	PausedAt       *time.Time
	PausedBy       string
	PauseReason    string
	FailingSince   *time.Time // the other side does not answer
	HeldUntil      *time.Time
	Failure        string
	Failures       int
	Version        int32
}

// Paused reports whether a person has stopped the flow.
func (s State) Paused() bool { return s.PausedAt != nil }

// New reports whether the flow has not begun yet.
func (s State) New() bool { return s.Paused() && s.PausedBy == "" }

// held is how long the flow asks nothing because the other side failed.
func (s State) held(now time.Time) time.Duration { return left(s.HeldUntil, now) }

// Down reports whether the flow waits for the other side.
func (s State) Down() bool { return s.Failures >= Patience }

// Get returns how a flow stands; fault.NotFound when the connection lacks it.
func (s *Service) Get(ctx context.Context, connectionID int64, name string) (State, error) {
	row, err := sqlc.New(s.Pool).GetFlow(ctx, sqlc.GetFlowParams{ConnectionID: connectionID, Name: name})
	if errors.Is(err, pgx.ErrNoRows) {
		return State{}, fault.New(fault.NotFound, "This connection has no flow %q.", name)
	}
	if err != nil {
		return State{}, fmt.Errorf("read flow %s: %w", name, err)
	}
	return state(sqlc.ListFlowsRow(row)), nil
}

// List returns how all flows stand, of one connection or, with 0, of all.
func (s *Service) List(ctx context.Context, connectionID int64) ([]State, error) {
	rows, err := sqlc.New(s.Pool).ListFlows(ctx, database.Key(connectionID))
	if err != nil {
		return nil, fmt.Errorf("list flows: %w", err)
	}
	list := make([]State, len(rows))
	for i, row := range rows {
		list[i] = state(row)
	}
	return list, nil
}

func state(r sqlc.ListFlowsRow) State {
	return State{ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, Name: r.Name, Every: time.Duration(r.EverySeconds) * time.Second,
		Overlap: time.Duration(r.OverlapSeconds) * time.Second, ReadUntil: r.ReadUntil, NextAt: r.NextAt, Settings: r.Settings, PausedAt: r.PausedAt,
		PausedBy: r.PausedName, PauseReason: r.PauseReason, FailingSince: r.FailingSince, HeldUntil: r.HeldUntil, Failure: r.Failure,
		Failures: int(r.Failures), Version: r.Version}
}

// Pause stops a flow until somebody resumes it; what is on its way arrives.
func (s *Service) Pause(ctx context.Context, connectionID int64, name string, version int32, reason string, actor audit.Actor) error {
	now := s.Clock.Now()
	return s.change(ctx, connectionID, name, "paused", reason, actor, func(db *sqlc.Queries) (int64, error) {
		return db.PauseFlow(ctx, sqlc.PauseFlowParams{PausedAt: &now, PausedBy: database.Key(actor.PersonID), PauseReason: reason, ConnectionID: connectionID, Name: name, Version: version})
	})
}

// Resume lets a paused or waiting flow go on at once.
func (s *Service) Resume(ctx context.Context, connectionID int64, name string, version int32, actor audit.Actor) error {
	return s.change(ctx, connectionID, name, "resumed", "", actor, func(db *sqlc.Queries) (int64, error) {
		return db.ResumeFlow(ctx, sqlc.ResumeFlowParams{ConnectionID: connectionID, Name: name, Version: version})
	})
}

// Schedule says how often a flow reads its source and how much of what it has
// read it reads again.
func (s *Service) Schedule(ctx context.Context, connectionID int64, name string, version int32, every, overlap time.Duration, actor audit.Actor) error {
	if every < 10*time.Second || every > 7*24*time.Hour {
		return fault.InvalidFields(map[string]string{"every": "Between 10 seconds and 7 days."})
	}
	if overlap < 0 || overlap > 7*24*time.Hour {
		return fault.InvalidFields(map[string]string{"overlap": "Between 0 and 7 days."})
	}
	return s.change(ctx, connectionID, name, "scheduled", "", actor, func(db *sqlc.Queries) (int64, error) {
		return db.ScheduleFlow(ctx, sqlc.ScheduleFlowParams{ConnectionID: connectionID, Name: name, Version: version, EverySeconds: seconds(every),
			OverlapSeconds: seconds(overlap), NextAt: s.Clock.Now()})
	})
}

// furthest is how far back a source may be read again: Amazon tells of no older orders.
const furthest = 2 * 365 * 24 * time.Hour

// ReadFrom has the source read again, or for the first time, from a moment on.
// What is known already and has not changed costs nothing.
func (s *Service) ReadFrom(ctx context.Context, connectionID int64, name string, version int32, since time.Time, actor audit.Actor) error {
	now := s.Clock.Now()
	if !since.Before(now) || now.Sub(since) > furthest {
		return fault.InvalidFields(map[string]string{"since": "A day of the last two years."})
	}
	return s.change(ctx, connectionID, name, "to be read from "+since.UTC().Format(time.DateOnly), "", actor, func(db *sqlc.Queries) (int64, error) {
		return db.ReadFlowFrom(ctx, sqlc.ReadFlowFromParams{ConnectionID: connectionID, Name: name, Version: version, Since: since, NextAt: now})
	})
}

// RunNow asks for a reading of the source.
func (s *Service) RunNow(ctx context.Context, connectionID int64, name string, actor audit.Actor) error {
	if _, err := s.find(name); err != nil {
		return err
	}
	return s.change(ctx, connectionID, name, "run", "", actor, func(*sqlc.Queries) (int64, error) { return 1, nil })
}

// change changes a flow, wakes it up and writes down who did it.
func (s *Service) change(ctx context.Context, connectionID int64, name, action, reason string, actor audit.Actor, run func(*sqlc.Queries) (int64, error)) error {
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		changed, err := run(sqlc.New(tx))
		if err != nil {
			return fmt.Errorf("change flow %s: %w", name, err)
		}
		if changed == 0 {
			return fault.New(fault.Conflict, "This flow changed while you looked at it. Read it again.")
		}
		if action != "paused" {
			if err := s.Jobs.ReadFlow(ctx, tx, connectionID, name, ByPerson, actor.PersonID); err != nil {
				return err
			}
			if err := s.Jobs.WorkFlow(ctx, tx, connectionID, name, 1); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: action, ObjectType: "flow", ObjectID: name, ConnectionID: connectionID, Reason: reason})
	})
}
