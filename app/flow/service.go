package flow

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/clock"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/outbound"
	"tieout/app/personal"
	"tieout/sqlc"
)

// Jobs enqueues work in the transaction of the data it concerns.
type Jobs interface {
	ReadFlow(ctx context.Context, tx pgx.Tx, connectionID int64, flow string, trigger Trigger, personID int64) error
	// WorkFlow asks for so many hands to take a flow's records on.
	WorkFlow(ctx context.Context, tx pgx.Tx, connectionID int64, flow string, hands int) error
}

// Trigger is what made a flow read its source.
type Trigger string

// The triggers.
const (
	OnSchedule     Trigger = "schedule"
	OnNotification Trigger = "notification"
	ByPerson       Trigger = "person"
	ByFlow         Trigger = "flow"
)

// Needs is what a Service works with.
type Needs struct {
	Pool      *pgxpool.Pool
	Clock     clock.Clock
	Documents *document.Store
	Deliverer *outbound.Deliverer
	Personal  *personal.Ring // nil: contents that tell of persons are refused
	Jobs      Jobs
	Worker    string                                           // unique per process
	Parallel  int                                              // records under way at once per working job
	Hold      time.Duration                                    // how long one worker keeps a record; longer than all requests of one delivery together
	Rest      func(ctx context.Context, d time.Duration) error // waits out a single failure; nil: in real time
	Log       *slog.Logger
}

// Service runs the registered flows.
type Service struct {
	Needs
	flows []Flow

	mu    sync.Mutex
	rules map[int64]Rules // by version id; versions in use never change
	tally tally
}

// NewService returns a Service of the given flows, in the order of their list.
func NewService(n Needs, flows ...Flow) *Service {
	return &Service{Needs: n, flows: flows, rules: map[int64]Rules{}}
}

// Definitions returns the registered flows.
func (s *Service) Definitions() []Definition {
	list := make([]Definition, len(s.flows))
	for i, f := range s.flows {
		list[i] = f.Definition()
	}
	return list
}

// Definition returns a registered flow; fault.NotFound when there is none.
func (s *Service) Definition(name string) (Definition, error) {
	f, err := s.find(name)
	if err != nil {
		return Definition{}, err
	}
	return f.Definition(), nil
}

// find returns a registered flow; fault.NotFound when there is none.
func (s *Service) find(name string) (Flow, error) {
	i := slices.IndexFunc(s.flows, func(f Flow) bool { return f.Definition().Name == name })
	if i < 0 {
		return nil, fault.New(fault.NotFound, "There is no flow %q.", name)
	}
	return s.flows[i], nil
}

// Install gives a connection every flow that it lacks, with the formulas and
// checks as shipped. None begins before somebody resumes it.
func (s *Service) Install(ctx context.Context, connectionID int64) error {
	for _, f := range s.flows {
		if err := s.install(ctx, connectionID, f.Definition()); err != nil {
			return fmt.Errorf("install flow %s: %w", f.Definition().Name, err)
		}
	}
	return nil
}

func (s *Service) install(ctx context.Context, connectionID int64, d Definition) error {
	if _, wrong := compile(d, Version{Checks: d.Checks}); len(wrong) > 0 {
		return fmt.Errorf("as shipped, %s is wrong: %w", wrong[0].Name, wrong[0].Err)
	}
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		db := sqlc.New(tx)
		added, err := db.AddFlow(ctx, sqlc.AddFlowParams{ConnectionID: connectionID, Name: d.Name, EverySeconds: seconds(d.Every), OverlapSeconds: seconds(d.Overlap)})
		if err != nil || added == 0 {
			return err
		}
		version, err := db.AddVersion(ctx, sqlc.AddVersionParams{ConnectionID: connectionID, Flow: d.Name, Note: "As shipped"})
		if err != nil {
			return err
		}
		if err := addRules(ctx, db, version.ID, d.Fields, d.Checks); err != nil {
			return err
		}
		return db.UseVersion(ctx, sqlc.UseVersionParams{VersionID: version.ID})
	})
}

func addRules(ctx context.Context, db *sqlc.Queries, versionID int64, fields []Field, checks []Check) error {
	for _, f := range fields {
		if err := db.AddField(ctx, sqlc.AddFieldParams{VersionID: versionID, List: f.List, Name: f.Name, Formula: f.Formula}); err != nil {
			return fmt.Errorf("store field %s: %w", f.Name, err)
		}
	}
	for _, c := range checks {
		if err := db.AddCheck(ctx, sqlc.AddCheckParams{VersionID: versionID, Name: c.Name, List: c.List, Formula: c.Formula, Message: c.Message, Severity: c.Severity}); err != nil {
			return fmt.Errorf("store check %s: %w", c.Name, err)
		}
	}
	return nil
}

// inUse returns the rules in use for a flow of a connection.
func (s *Service) inUse(ctx context.Context, connectionID int64, d Definition) (Rules, error) {
	current, err := sqlc.New(s.Pool).VersionInUse(ctx, sqlc.VersionInUseParams{ConnectionID: connectionID, Flow: d.Name})
	if err != nil {
		return Rules{}, fmt.Errorf("read version in use of %s: %w", d.Name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if rules, ok := s.rules[current.ID]; ok {
		return rules, nil
	}
	version, err := loadVersion(ctx, sqlc.New(s.Pool), current.ID, current.Number)
	if err != nil {
		return Rules{}, err
	}
	rules, wrong := compile(d, version)
	if len(wrong) > 0 {
		return Rules{}, fault.New(fault.Invalid, "Version %d of %s cannot be used with this program: %s: %v", current.Number, d.Title, wrong[0].Name, wrong[0].Err)
	}
	s.rules[current.ID] = rules
	return rules, nil
}

func loadVersion(ctx context.Context, db *sqlc.Queries, id int64, number int32) (Version, error) {
	v := Version{ID: id, Number: number}
	fields, err := db.FieldsOfVersion(ctx, id)
	if err != nil {
		return v, fmt.Errorf("read fields of version %d: %w", number, err)
	}
	for _, f := range fields {
		v.Fields = append(v.Fields, Field{List: f.List, Name: f.Name, Formula: f.Formula})
	}
	checks, err := db.ChecksOfVersion(ctx, id)
	if err != nil {
		return v, fmt.Errorf("read checks of version %d: %w", number, err)
	}
	for _, c := range checks {
		v.Checks = append(v.Checks, Check{c.Name, c.List, c.Formula, c.Message, c.Severity})
	}
	return v, nil
}

func seconds(d time.Duration) int32 { return int32(d / time.Second) }
