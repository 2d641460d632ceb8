package mapping

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/sqlc"
)

// Edit names the draft that a person changes and the version the person saw.
type Edit struct {
	SetID   int64
	Version int
}

// change is one edit under way: the draft as it was, locked.
type change struct {
	ctx context.Context
	q   *sqlc.Queries
	set *RuleSet
}

// AddRule inserts a rule at a position (0: at the end) and returns the set.
func (s *Service) AddRule(ctx context.Context, actor audit.Actor, e Edit, rule Rule, position int) (*RuleSet, error) {
	if wrong := rule.Validate(); len(wrong) > 0 {
		return nil, fault.InvalidFields(wrong)
	}
	return s.edit(ctx, actor, e, "rule added", func(c change) (before, after any, err error) {
		end := len(c.set.Rules) + 1
		if position < 1 || position > end {
			position = end
		}
		rule.ID, rule.Lineage, rule.Position = 0, 0, lastPosition(c.set.Rules)+1
		if err := insertRules(c.ctx, c.q, c.set.ID, []Rule{rule}); err != nil {
			return nil, nil, err
		}
		rows, err := c.q.RulesOfSet(c.ctx, c.set.ID)
		if err != nil {
			return nil, nil, fmt.Errorf("read rules back: %w", err)
		}
		ids := idsOf(c.set.Rules)
		ids = slices.Insert(ids, position-1, rows[len(rows)-1].ID)
		rule.Position = position
		return nil, rule, c.order(ids)
	})
}

// UpdateRule replaces what the rule with rule.ID says; its place stays.
func (s *Service) UpdateRule(ctx context.Context, actor audit.Actor, e Edit, rule Rule) (*RuleSet, error) {
	if wrong := rule.Validate(); len(wrong) > 0 {
		return nil, fault.InvalidFields(wrong)
	}
	return s.edit(ctx, actor, e, "rule changed", func(c change) (before, after any, err error) {
		i, err := c.find(rule.ID)
		if err != nil {
			return nil, nil, err
		}
		rule.Lineage, rule.Position = c.set.Rules[i].Lineage, c.set.Rules[i].Position
		return c.set.Rules[i], rule, updateRule(c.ctx, c.q, c.set.ID, rule)
	})
}

// DeleteRule takes a rule out of the draft.
func (s *Service) DeleteRule(ctx context.Context, actor audit.Actor, e Edit, ruleID int64) (*RuleSet, error) {
	return s.edit(ctx, actor, e, "rule deleted", func(c change) (before, after any, err error) {
		i, err := c.find(ruleID)
		if err != nil {
			return nil, nil, err
		}
		if _, err := c.q.DeleteRule(c.ctx, sqlc.DeleteRuleParams{ID: ruleID, RuleSetID: c.set.ID}); err != nil {
			return nil, nil, fmt.Errorf("delete rule: %w", err)
		}
		return c.set.Rules[i], nil, c.order(slices.Delete(idsOf(c.set.Rules), i, i+1))
	})
}

// MoveRule puts a rule at another position; those between make room.
func (s *Service) MoveRule(ctx context.Context, actor audit.Actor, e Edit, ruleID int64, position int) (*RuleSet, error) {
	return s.edit(ctx, actor, e, "rule moved", func(c change) (before, after any, err error) {
		i, err := c.find(ruleID)
		if err != nil {
			return nil, nil, err
		}
		to := min(max(position, 1), len(c.set.Rules))
		ids := slices.Insert(slices.Delete(idsOf(c.set.Rules), i, i+1), to-1, ruleID)
		return map[string]any{"rule": ruleID, "position": i + 1}, map[string]any{"rule": ruleID, "position": to}, c.order(ids)
	})
}

// OrderRules puts the rules into the order of their ids, which must be those of
// the draft, each once.
func (s *Service) OrderRules(ctx context.Context, actor audit.Actor, e Edit, ids []int64) (*RuleSet, error) {
	return s.edit(ctx, actor, e, "rules ordered", func(c change) (before, after any, err error) {
		old, given := idsOf(c.set.Rules), slices.Clone(ids)
		sorted := slices.Clone(old)
		slices.Sort(sorted)
		slices.Sort(given)
		if !slices.Equal(sorted, given) {
			return nil, nil, fault.New(fault.Conflict, "The rules changed since you opened them. Read them again.")
		}
		return old, ids, c.order(ids)
	})
}

// SetAccounts picks accounts for slots; an empty account takes the pick back.
func (s *Service) SetAccounts(ctx context.Context, actor audit.Actor, e Edit, picks map[string]string) (*RuleSet, error) {
	return s.edit(ctx, actor, e, "accounts picked", func(c change) (before, after any, err error) {
		old := map[string]string{}
		for slot, account := range picks {
			old[slot] = c.set.Accounts[slot]
			if wrong := ValidatePick(slot, account); wrong != "" {
				return nil, nil, fault.InvalidFields(map[string]string{slot: wrong})
			}
			if account == "" {
				err = c.q.ClearAccount(c.ctx, sqlc.ClearAccountParams{RuleSetID: c.set.ID, Slot: slot})
			} else {
				err = c.q.SetAccount(c.ctx, sqlc.SetAccountParams{RuleSetID: c.set.ID, Slot: slot, Account: account})
			}
			if err != nil {
				return nil, nil, fmt.Errorf("pick account: %w", err)
			}
		}
		return old, picks, nil
	})
}

// ValidatePick says what is wrong with an account for a slot, "" when nothing is.
func ValidatePick(slot, account string) string {
	wrong := map[string]string{}
	Rule{Slot: slot, Account: account}.validateTarget(wrong)
	switch {
	case slot == "" || slot == SlotNone:
		return "There is no such account pick."
	case wrong["slot"] != "" && account != "":
		return wrong["slot"]
	}
	return wrong["account"]
}

// Replace makes rules and picks the draft's whole content, as an uploaded
// sheet does. Rules with the id of a rule in the draft keep its lineage;
// positions follow the order given.
func (s *Service) Replace(ctx context.Context, actor audit.Actor, e Edit, rules []Rule, picks map[string]string) (*RuleSet, error) {
	for i, r := range rules {
		if wrong := r.Validate(); len(wrong) > 0 {
			return nil, fault.New(fault.Invalid, "Rule %d: %s", i+1, firstMessage(wrong))
		}
	}
	for slot, account := range picks {
		if wrong := ValidatePick(slot, account); wrong != "" {
			return nil, fault.New(fault.Invalid, "Account for %s: %s", SlotOf(slot).Title, wrong)
		}
	}
	return s.edit(ctx, actor, e, "replaced", func(c change) (before, after any, err error) {
		lineages := map[int64]int64{}
		for _, r := range c.set.Rules {
			lineages[r.ID] = r.Lineage
		}
		content := RuleSet{Rules: slices.Clone(rules), Accounts: picks}
		for i := range content.Rules {
			r := &content.Rules[i]
			r.Lineage, r.Position = lineages[r.ID], i+1
			delete(lineages, r.ID) // a rule given twice is a new one the second time
		}
		if err := c.q.DeleteRules(c.ctx, c.set.ID); err != nil {
			return nil, nil, fmt.Errorf("delete rules: %w", err)
		}
		if err := c.q.ClearAccounts(c.ctx, c.set.ID); err != nil {
			return nil, nil, fmt.Errorf("clear account picks: %w", err)
		}
		if err := fill(c.ctx, c.q, c.set.ID, &content); err != nil {
			return nil, nil, err
		}
		return summaryOf(c.set), Compare(*c.set, content), nil
	})
}

func firstMessage(wrong map[string]string) string {
	for _, field := range ruleFields {
		if wrong[field] != "" {
			return wrong[field]
		}
	}
	return "It cannot be read."
}

// edit runs work on the draft that e names, counts its version up, records
// the person as its editor and writes the audit event.
func (s *Service) edit(ctx context.Context, actor audit.Actor, e Edit, action string, work func(change) (before, after any, err error)) (*RuleSet, error) {
	if err := onlyPeople(actor); err != nil {
		return nil, err
	}
	var set *RuleSet
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		q := sqlc.New(tx)
		draft, err := lockVersion(ctx, tx, q, e, Draft)
		if err != nil {
			return err
		}
		before, after, err := work(change{ctx, q, draft})
		if err != nil {
			return err
		}
		if err := addEditor(ctx, q, e.SetID, actor); err != nil {
			return err
		}
		if _, err := q.TouchRuleSet(ctx, e.SetID); err != nil {
			return fmt.Errorf("count version: %w", err)
		}
		if set, err = Load(ctx, tx, e.SetID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{
			Actor: actor, Action: action, ObjectType: objectType, ObjectID: e.SetID, ConnectionID: set.ConnectionID,
			Before: before, After: after, At: tx.Now,
		})
	})
	if err != nil {
		return nil, database.Translate(err)
	}
	return set, nil
}

// lockVersion locks the set and returns it when it is in the wanted state and
// still what the person saw.
func lockVersion(ctx context.Context, tx *database.Tx, q *sqlc.Queries, e Edit, want State) (*RuleSet, error) {
	row, err := q.LockRuleSet(ctx, e.SetID)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, fault.New(fault.NotFound, "This rule set does not exist.")
	case err != nil:
		return nil, fmt.Errorf("lock rule set: %w", err)
	case State(row.State) != want:
		return nil, fault.New(fault.Conflict, "Rule set %d is %s, not %s.", row.Number, row.State, want)
	case int(row.Version) != e.Version:
		return nil, fault.New(fault.Conflict, "Rule set %d was changed since you opened it. Read it again.", row.Number)
	}
	return Load(ctx, tx, e.SetID)
}

func (c change) find(ruleID int64) (int, error) {
	i := slices.IndexFunc(c.set.Rules, func(r Rule) bool { return r.ID == ruleID })
	if i < 0 {
		return 0, fault.New(fault.NotFound, "This rule is not in the draft any more.")
	}
	return i, nil
}

// order gives the rules the positions 1, 2, 3 in the order of their ids.
func (c change) order(ids []int64) error {
	if err := c.q.OrderRules(c.ctx, sqlc.OrderRulesParams{Ids: ids, RuleSetID: c.set.ID}); err != nil {
		return fmt.Errorf("order rules: %w", err)
	}
	return nil
}

func idsOf(rules []Rule) []int64 {
	ids := make([]int64, len(rules))
	for i, r := range rules {
		ids[i] = r.ID
	}
	return ids
}

func lastPosition(rules []Rule) int {
	if len(rules) == 0 {
		return 0
	}
	return rules[len(rules)-1].Position
}
