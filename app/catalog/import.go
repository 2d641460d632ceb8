package catalog

import (
	"context"
	"fmt"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/sqlc"
)

// Import carries out what a workbook asks for, all of it or nothing: exactly
// the plan of that key. Conflict when the maps changed since it was made.
func (s *Service) Import(ctx context.Context, actor audit.Actor, connectionID int64, w Written, key string) (Plan, error) {
	var done Plan
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		p, err := plan(ctx, tx, connectionID, w, s.Today())
		if err != nil {
			return err
		}
		if len(p.Problems) > 0 {
			return fault.New(fault.Invalid, "%d cells of the workbook cannot be used.", len(p.Problems))
		}
		if p.Key() != key {
			return fault.New(fault.Conflict, "The SKU maps changed since the workbook was looked at. Upload it again.")
		}
		done = p
		return s.carryOut(ctx, tx, actor, connectionID, p)
	})
	if err != nil {
		return Plan{}, translate(err)
	}
	return done, nil
}

// carryOut ends before it adds, so that no two maps ever meet.
func (s *Service) carryOut(ctx context.Context, tx *database.Tx, actor audit.Actor, connectionID int64, p Plan) error {
	if len(p.Steps) == 0 {
		return nil
	}
	var events []audit.Event
	var skus []string
	seen := map[string]bool{}
	for _, step := range p.Steps {
		if !seen[step.New.SKU] {
			seen[step.New.SKU] = true
			skus = append(skus, step.New.SKU)
		}
		event, err := s.before(ctx, tx, actor, step)
		if err != nil {
			return err
		}
		if event.Action != "" {
			events = append(events, event)
		}
	}
	for _, step := range p.Steps {
		if step.Action != Added && step.Action != Replaced {
			continue
		}
		_, event, err := s.make(ctx, tx, actor, step.New)
		if err != nil {
			return err
		}
		events = append(events, event)
	}
	return s.finish(ctx, tx, connectionID, skus, events)
}

// before changes the end and the note of the map that a step is about.
func (s *Service) before(ctx context.Context, tx *database.Tx, actor audit.Actor, step Step) (audit.Event, error) {
	switch step.Action {
	case Added:
		return audit.Event{}, nil
	case Replaced:
		return end(ctx, tx, actor, step.Old.ID, step.Old.Version, step.New.From)
	case Ended, Amended:
	}
	changed, err := sqlc.New(tx).EndSKUMap(ctx, sqlc.EndSKUMapParams{ID: step.Old.ID, Version: int32(step.Old.Version), ValidTo: timeOf(step.New.To), Note: step.New.Note})
	if err != nil {
		return audit.Event{}, fmt.Errorf("change map %d: %w", step.Old.ID, err)
	}
	if changed == 0 {
		return audit.Event{}, fault.New(fault.Conflict, "The SKU maps changed since the workbook was looked at. Upload it again.")
	}
	old := New{ConnectionID: step.Old.ConnectionID, Marketplace: step.Old.Marketplace, SKU: step.Old.SKU, From: step.Old.From, To: step.Old.To, Parts: step.Old.Parts, Note: step.Old.Note}
	return audit.Event{Actor: actor, Action: string(step.Action), ObjectType: objectType, ObjectID: step.Old.ID, ConnectionID: step.Old.ConnectionID,
		Before: summaryOf(old), After: summaryOf(step.New), At: tx.Now}, nil
}
