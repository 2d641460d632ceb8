package mapping

import (
	"context"
	"fmt"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/sqlc"
)

// Submit hands a draft over to a second person, with a note on what changed.
// Invalid when a rule, a pick or an account is not fit for publication.
func (s *Service) Submit(ctx context.Context, actor audit.Actor, e Edit, note string) (*RuleSet, error) {
	return s.step(ctx, actor, e, Draft, "submitted", note, func(tx *database.Tx, q *sqlc.Queries, set *RuleSet) error {
		chart, err := Chart(ctx, tx, set.ConnectionID)
		if err != nil {
			return err
		}
		if problems := Check(*set, chart, set.receivable()); len(problems) > 0 {
			return refused(set, problems)
		}
		if err := q.NoteRuleSet(ctx, sqlc.NoteRuleSetParams{ID: set.ID, Note: note}); err != nil {
			return fmt.Errorf("note on rule set: %w", err)
		}
		if err := q.SubmitRuleSet(ctx, sqlc.SubmitRuleSetParams{ID: set.ID, Person: actor.PersonID, At: tx.Now}); err != nil {
			return fmt.Errorf("submit rule set: %w", err)
		}
		return nil
	})
}

// receivable returns the account picked for the Amazon receivable, which may be
// a control account; empty where no rule posts to it.
func (set RuleSet) receivable() string {
	for _, slot := range set.Slots() {
		if slot.Name == SlotReceivable {
			return set.Accounts[SlotReceivable]
		}
	}
	return ""
}

// refused turns problems into one error for a person: the first, and how many
// there are.
func refused(set *RuleSet, problems []Problem) error {
	first := problems[0]
	where := "Account pick " + set.Slot(first.Slot).Title
	if first.Position > 0 {
		where = fmt.Sprintf("Rule %d", first.Position)
	}
	if len(problems) == 1 {
		return fault.New(fault.Invalid, "%s: %s", where, first.Message)
	}
	return fault.New(fault.Invalid, "%s: %s And %d more.", where, first.Message, len(problems)-1)
}

// Withdraw takes a submitted set back to draft.
func (s *Service) Withdraw(ctx context.Context, actor audit.Actor, e Edit, reason string) (*RuleSet, error) {
	return s.step(ctx, actor, e, Submitted, "withdrawn", reason, func(_ *database.Tx, q *sqlc.Queries, set *RuleSet) error {
		if err := q.WithdrawRuleSet(ctx, set.ID); err != nil {
			return fmt.Errorf("withdraw rule set: %w", err)
		}
		return nil
	})
}

// Publish puts a submitted set to use in place of the published one. The
// database refuses whoever prepared it, and a set whose base is not the
// published one any more.
func (s *Service) Publish(ctx context.Context, actor audit.Actor, e Edit) (*RuleSet, error) {
	return s.step(ctx, actor, e, Submitted, "published", "", func(tx *database.Tx, q *sqlc.Queries, set *RuleSet) error {
		return publish(ctx, tx, q, set.ID, actor)
	})
}

func publish(ctx context.Context, tx *database.Tx, q *sqlc.Queries, setID int64, actor audit.Actor) error {
	if err := q.PublishRuleSet(ctx, sqlc.PublishRuleSetParams{ID: setID, Person: actor.PersonID, At: tx.Now}); err != nil {
		return fmt.Errorf("publish rule set: %w", err)
	}
	return nil
}

// step moves a set along its life and writes the audit event.
func (s *Service) step(ctx context.Context, actor audit.Actor, e Edit, from State, action, reason string,
	work func(*database.Tx, *sqlc.Queries, *RuleSet) error) (*RuleSet, error) {
	if err := onlyPeople(actor); err != nil {
		return nil, err
	}
	seen, err := s.Load(ctx, e.SetID)
	if err != nil {
		return nil, err
	}
	var set *RuleSet
	err = database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		q := sqlc.New(tx)
		if err := lockConnection(ctx, q, seen.ConnectionID); err != nil {
			return err
		}
		before, err := lockVersion(ctx, tx, q, e, from)
		if err != nil {
			return err
		}
		if err := work(tx, q, before); err != nil {
			return err
		}
		if set, err = Load(ctx, tx, e.SetID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{
			Actor: actor, Action: action, ObjectType: objectType, ObjectID: e.SetID, ConnectionID: set.ConnectionID,
			Before: summaryOf(before), After: summaryOf(set), Reason: reason, At: tx.Now,
		})
	})
	if err != nil {
		return nil, database.Translate(err)
	}
	return set, nil
}

// Discard throws a draft away.
func (s *Service) Discard(ctx context.Context, actor audit.Actor, e Edit) error {
	if err := onlyPeople(actor); err != nil {
		return err
	}
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		q := sqlc.New(tx)
		set, err := lockVersion(ctx, tx, q, e, Draft)
		if err != nil {
			return err
		}
		if err := q.DeleteRuleSet(ctx, set.ID); err != nil {
			return fmt.Errorf("discard rule set: %w", err)
		}
		return audit.Write(ctx, tx, audit.Event{
			Actor: actor, Action: "discarded", ObjectType: objectType, ObjectID: set.ID, ConnectionID: set.ConnectionID,
			Before: summaryOf(set), At: tx.Now,
		})
	})
	return database.Translate(err)
}
