package flow

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/app/database"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/sqlc"
)

// Due asks for the readings whose time has come and for the records that wait
// to be taken on, whatever interrupted them. It is called every few seconds.
func (s *Service) Due(ctx context.Context) error {
	now := s.Clock.Now()
	due, err := sqlc.New(s.Pool).DueFlows(ctx, sqlc.DueFlowsParams{Now: now, LongestHold: now.Add(longestHold)})
	if err != nil {
		return fmt.Errorf("read due flows: %w", err)
	}
	for _, f := range due {
		if err := s.begin(ctx, f, now.Add(time.Duration(f.EverySeconds)*time.Second)); err != nil {
			return err
		}
	}
	waiting, err := sqlc.New(s.Pool).FlowsToWork(ctx, sqlc.FlowsToWorkParams{Now: now, LongestHold: now.Add(longestHold), LongestOff: now.Add(longestOff)})
	if err != nil {
		return fmt.Errorf("read flows to work: %w", err)
	}
	for _, f := range waiting {
		err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error { return s.Jobs.WorkFlow(ctx, tx, f.ConnectionID, f.Flow, s.hands(f.Waiting)) })
		if err != nil {
			return err
		}
	}
	return nil
}

// hands is how many jobs are worth asking for: what waits is shared out among
// the processes, but a handful is not worth it.
func (s *Service) hands(waiting int64) int {
	const most, rounds = 3, 10
	return min(1+int(waiting)/(rounds*s.Parallel), most)
}

// begin plans the reading after this one and asks for this one, at once.
func (s *Service) begin(ctx context.Context, f sqlc.DueFlowsRow, next time.Time) error {
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		won, err := sqlc.New(tx).PlanFlow(ctx, sqlc.PlanFlowParams{ConnectionID: f.ConnectionID, Name: f.Name, Planned: f.NextAt, NextAt: next})
		if err != nil {
			return fmt.Errorf("plan flow %s: %w", f.Name, err)
		}
		if won == 0 {
			return nil // somebody else plans it
		}
		return s.Jobs.ReadFlow(ctx, tx, f.ConnectionID, f.Name, OnSchedule, 0)
	})
}

// Read reads what changed at a flow's source since it was last read. The other
// side being away, or refusing, is no error: the flow waits and says so.
func (s *Service) Read(ctx context.Context, connectionID int64, name string, trigger Trigger, personID int64) error {
	f, err := s.find(name)
	if err != nil {
		return err
	}
	state, err := s.Get(ctx, connectionID, name)
	if err != nil {
		return err
	}
	if state.Paused() {
		return nil
	}
	w := s.window(state, f.Definition())
	if w.Selects, err = s.selects(ctx, connectionID, f); err != nil {
		return err
	}
	db := sqlc.New(s.Pool)
	run, err := db.BeginRun(ctx, sqlc.BeginRunParams{ConnectionID: connectionID, Flow: name, Trigger: string(trigger), PersonID: database.Key(personID), Since: &w.Since, Until: &w.Until})
	if err != nil {
		return fmt.Errorf("begin run of %s: %w", name, err)
	}
	until, failed := f.Extract(ctx, connectionID, w, s.take(connectionID, name, run))
	return s.endRun(ctx, connectionID, name, run, until, failed)
}

// wrongBy is how much the clocks of two machines may differ before what one
// wrote is not believed by the other.
const wrongBy = time.Minute

// ahead is how far in the future a source may date what it tells.
const ahead = time.Hour

// window reaches back beyond what was read, because sources list some changes
// late. Where that lies ahead a clock is or was wrong: it is read as at first.
func (s *Service) window(state State, d Definition) Window {
	now := s.Clock.Now()
	if state.ReadUntil == nil || state.ReadUntil.After(now.Add(wrongBy)) {
		return Window{Since: now.Add(-d.First), Until: now}
	}
	return Window{Since: state.ReadUntil.Add(-state.Overlap), Until: now, Read: *state.ReadUntil}
}

// selects is Window.Selects by the rules in use now.
func (s *Service) selects(ctx context.Context, connectionID int64, f Flow) (func(json.RawMessage) (bool, error), error) {
	d := f.Definition()
	if d.Selects == "" {
		return func(json.RawMessage) (bool, error) { return true, nil }, nil
	}
	rules, err := s.inUse(ctx, connectionID, d)
	if err != nil {
		return nil, err
	}
	return func(content json.RawMessage) (bool, error) {
		source, err := f.Read(content)
		if err != nil {
			return false, err
		}
		return rules.flag(d.Selects, source)
	}, nil
}

func (s *Service) endRun(ctx context.Context, connectionID int64, name string, run int64, until time.Time, failed error) error {
	ctx = context.WithoutCancel(ctx) // a run that is told to stop still says how it ended
	if failed != nil {
		if err := s.failedRun(ctx, connectionID, name, run, failed); err != nil {
			return err
		}
		if fault.Is(failed, fault.Internal) {
			return failed
		}
		return nil
	}
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		db := sqlc.New(tx)
		if err := db.FlowReadUntil(ctx, sqlc.FlowReadUntilParams{ReadUntil: timeOrNil(until), Latest: s.Clock.Now().Add(wrongBy), ConnectionID: connectionID, Name: name}); err != nil {
			return fmt.Errorf("record how far %s was read: %w", name, err)
		}
		if err := db.EndRun(ctx, sqlc.EndRunParams{ID: run, State: "done"}); err != nil {
			return fmt.Errorf("end run of %s: %w", name, err)
		}
		if err := answered(ctx, db, connectionID, name); err != nil {
			return err
		}
		return s.Jobs.WorkFlow(ctx, tx, connectionID, name, 1)
	})
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (s *Service) failedRun(ctx context.Context, connectionID int64, name string, run int64, failed error) error {
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		db := sqlc.New(tx)
		if err := db.EndRun(ctx, sqlc.EndRunParams{ID: run, State: "failed", Error: fault.MessageOf(failed)}); err != nil {
			return fmt.Errorf("end run of %s: %w", name, err)
		}
		return s.hold(ctx, db, connectionID, name, fault.MessageOf(failed))
	})
}

// take stores a page before anything in it counts.
func (s *Service) take(connectionID int64, name string, run int64) Take {
	return func(ctx context.Context, p Page) error {
		f, err := s.find(name)
		if err != nil {
			return err
		}
		arrivals, tells, err := s.sealed(ctx, f, p)
		if err != nil {
			return fmt.Errorf("keep %s: %w", p.Name, err)
		}
		doc, _, err := s.Documents.Put(ctx, document.Meta{ConnectionID: connectionID, Kind: p.Kind, Name: p.Name, Source: cmp.Or(p.Source, document.FromAmazon), ContentType: p.ContentType, Sealed: tells}, bytes.NewReader(p.Raw))
		if err != nil {
			return fmt.Errorf("keep %s: %w", p.Name, err)
		}
		return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
			changed, err := s.receive(ctx, tx, connectionID, name, doc.ID, arrivals)
			if err != nil {
				return err
			}
			if tells {
				if err := mention(ctx, tx, connectionID, name, doc.ID, arrivals); err != nil {
					return err
				}
			}
			if run == 0 {
				return nil
			}
			return sqlc.New(tx).CountRun(ctx, sqlc.CountRunParams{ID: run, Found: int32(len(p.Arrivals)), Changed: changed})
		})
	}
}

// receive takes in what is new; the same content again, or one older than what
// is known, changes nothing.
func (s *Service) receive(ctx context.Context, tx pgx.Tx, connectionID int64, name string, documentID int64, arrivals []arrival) (changed int32, err error) {
	db := sqlc.New(tx)
	for _, a := range arrivals {
		row, err := db.ReceiveRecord(ctx, sqlc.ReceiveRecordParams{ConnectionID: connectionID, Flow: name, Key: a.Key, Hash: a.hash, SourceAt: a.At, Latest: s.Clock.Now().Add(ahead)})
		if err == pgx.ErrNoRows {
			continue
		}
		if err != nil {
			return changed, fmt.Errorf("receive %s %s: %w", name, a.Key, err)
		}
		changed++
		err = db.AddContent(ctx, sqlc.AddContentParams{RecordID: row.ID, Number: row.Latest, Hash: a.hash, Source: a.Content, SourceAt: a.At, DocumentID: documentID, Position: int32(a.Position)})
		if err != nil {
			return changed, fmt.Errorf("keep content of %s: %w", a.Key, err)
		}
		if len(a.part) > 0 {
			if err := s.Personal.Seal(ctx, tx, row.ID, contentPlace(row.Latest), a.part); err != nil {
				return changed, err
			}
		}
		if err := adopt(ctx, db, row.ID, row.Latest); err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// adopt makes the latest content the one that counts, unless a delivery of an
// older one is still open: then it is adopted when that is settled.
func adopt(ctx context.Context, db *sqlc.Queries, recordID int64, latest int32) error {
	if latest > 1 {
		if _, err := db.AdoptContent(ctx, recordID); err != nil {
			return fmt.Errorf("adopt content: %w", err)
		}
	}
	return note(ctx, db, recordID, "received", fmt.Sprintf("content %d", latest), "")
}

func note(ctx context.Context, db *sqlc.Queries, recordID int64, step, detail, actor string) error {
	if err := db.AddFlowEvent(ctx, sqlc.AddFlowEventParams{RecordID: recordID, Step: step, Detail: detail, Actor: actor}); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	return nil
}

// Fetch reads one object anew, because a notification or a person says that it
// changed.
func (s *Service) Fetch(ctx context.Context, connectionID int64, name, key string) error {
	f, err := s.find(name)
	if err != nil {
		return err
	}
	if err := f.Fetch(ctx, connectionID, key, s.take(connectionID, name, 0)); err != nil {
		return fmt.Errorf("fetch %s: %w", key, err)
	}
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error { return s.Jobs.WorkFlow(ctx, tx, connectionID, name, 1) })
}
