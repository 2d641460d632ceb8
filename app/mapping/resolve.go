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

// Resolution is a person's answer to one kind that no rule matches.
type Resolution struct {
	KindID   int32
	Category Category
	Account  string // empty: the account picked for the category's slot
	Branch   string
	Note     string
	// AnyMarketplace maps the same names in every marketplace.
	AnyMarketplace bool
}

// Resolved is the set that resolutions led to and the rules they became.
type Resolved struct {
	Set   *RuleSet
	Rules []Rule
}

// Resolve publishes the published set with one exact rule per resolution added
// at its end. Since that changes nothing that is mapped already, no second
// person is needed: the entries built with it are approved by one anyway, and
// the database refuses anything beyond it. A set in preparation gets the same
// rules, and goes back to draft when it was submitted. Conflict when a rule
// matches the kind by now.
//
// The settlements that wait on the kinds can be rebuilt afterwards.
func (s *Service) Resolve(ctx context.Context, actor audit.Actor, connectionID int64, resolutions []Resolution) (Resolved, error) {
	if err := onlyPeople(actor); err != nil {
		return Resolved{}, err
	}
	if len(resolutions) == 0 {
		return Resolved{}, fault.New(fault.Invalid, "Choose at least one sort of amount.")
	}
	var resolved Resolved
	set, err := s.create(ctx, actor, connectionID, "extended", func(tx *database.Tx, q *sqlc.Queries) (int64, error) {
		base, err := LoadPublished(ctx, tx, connectionID)
		if err != nil {
			return 0, err
		}
		rules, err := resolve(ctx, tx, q, base, resolutions)
		if err != nil {
			return 0, err
		}
		id, err := extend(ctx, tx, q, actor, base, rules)
		if err != nil {
			return 0, err
		}
		extended, err := Load(ctx, tx, id)
		if err != nil {
			return 0, err
		}
		resolved.Rules = extended.Rules[len(base.Rules):]
		return id, followUp(ctx, tx, q, actor, extended, resolved.Rules)
	})
	if err != nil {
		return Resolved{}, err
	}
	resolved.Set = set
	return resolved, nil
}

// resolve turns resolutions into rules and checks each against the set and the
// chart of accounts.
func resolve(ctx context.Context, tx *database.Tx, q *sqlc.Queries, base *RuleSet, resolutions []Resolution) ([]Rule, error) {
	entries, err := Chart(ctx, tx, base.ConnectionID)
	if err != nil {
		return nil, err
	}
	chart := make(map[string]Account, len(entries))
	for _, a := range entries {
		chart[a.Number] = a
	}
	extended := *base
	extended.Rules = slices.Clone(base.Rules)
	for _, r := range resolutions {
		kind, err := findKind(ctx, q, base.ConnectionID, r.KindID)
		if err != nil {
			return nil, err
		}
		if rule, ok := Compile(extended).Match(Subject{Kind: kind}); ok {
			return nil, fault.New(fault.Conflict, "%s is mapped by rule %d already.", kind, rule.Position)
		}
		rule := r.rule(kind, base)
		rule.Position = lastPosition(extended.Rules) + 1
		if wrong := r.validate(rule, kind, base, chart); len(wrong) > 0 {
			return nil, fault.InvalidFields(wrong)
		}
		extended.Rules = append(extended.Rules, rule)
	}
	return extended.Rules[len(base.Rules):], nil
}

// validate returns what is wrong with the rule that a resolution became.
func (r Resolution) validate(rule Rule, kind Kind, base *RuleSet, chart map[string]Account) map[string]string {
	wrong := rule.Validate()
	if len(wrong) > 0 {
		return wrong
	}
	compiled := Compile(RuleSet{Rules: []Rule{rule}})
	if _, ok := compiled.Match(Subject{Kind: kind}); !ok {
		return map[string]string{"category": "Only rows without an amount need no account."}
	}
	account, ok := base.Account(rule)
	switch {
	case rule.Slot == SlotNone:
		return nil
	case !ok:
		return map[string]string{"account": "Choose an account."}
	}
	if message := usable(chart, account, ""); message != "" {
		return map[string]string{"account": message}
	}
	return nil
}

// rule is the exact rule for the kind. It uses the category's slot when that
// is where the account comes from, so that a later pick takes it along.
func (r Resolution) rule(kind Kind, base *RuleSet) Rule {
	rule := RuleFor(kind, r.Category)
	if r.AnyMarketplace {
		rule.Marketplace = Anything
	}
	if r.Account != "" && r.Account != base.Accounts[rule.Slot] {
		rule.Slot, rule.Account = "", r.Account
	}
	rule.Branch, rule.Note = r.Branch, r.Note
	return rule
}

// RuleFor returns the rule that takes exactly this kind, whichever its sign,
// to the slot of the category.
func RuleFor(kind Kind, category Category) Rule {
	info, _ := category.Info()
	return Rule{
		Marketplace:       Exactly(kind.Marketplace),
		TransactionType:   Exactly(kind.TransactionType),
		AmountType:        Exactly(kind.AmountType),
		AmountDescription: Exactly(kind.AmountDescription),
		Category:          category, Slot: info.Slot,
	}
}

// extend publishes base with the rules added.
func extend(ctx context.Context, tx *database.Tx, q *sqlc.Queries, actor audit.Actor, base *RuleSet, rules []Rule) (int64, error) {
	note := "Maps " + rules[0].kind().String()
	if len(rules) > 1 {
		note += fmt.Sprintf(" and %d more", len(rules)-1)
	}
	id, err := q.InsertRuleSet(ctx, sqlc.InsertRuleSetParams{
		ConnectionID: base.ConnectionID, State: string(Draft), Template: base.Template, Note: note,
		BasedOn: &base.ID, Extension: true, CreatedBy: &actor.PersonID,
	})
	if err != nil {
		return 0, fmt.Errorf("begin rule set: %w", err)
	}
	if err := q.CopyRules(ctx, sqlc.CopyRulesParams{ToSet: id, FromSet: base.ID}); err != nil {
		return 0, fmt.Errorf("copy rules: %w", err)
	}
	if err := q.CopyAccounts(ctx, sqlc.CopyAccountsParams{ToSet: id, FromSet: base.ID}); err != nil {
		return 0, fmt.Errorf("copy account picks: %w", err)
	}
	if err := insertRules(ctx, q, id, rules); err != nil {
		return 0, err
	}
	if err := addEditor(ctx, q, id, actor); err != nil {
		return 0, err
	}
	if err := q.SubmitRuleSet(ctx, sqlc.SubmitRuleSetParams{ID: id, Person: actor.PersonID, At: tx.Now}); err != nil {
		return 0, fmt.Errorf("submit rule set: %w", err)
	}
	return id, publish(ctx, tx, q, id, actor)
}

// kind returns the names that an exact rule spells out.
func (r Rule) kind() Kind {
	return Kind{Marketplace: r.Marketplace.Text, TransactionType: r.TransactionType.Text, AmountType: r.AmountType.Text,
		AmountDescription: r.AmountDescription.Text, Sign: r.Sign}
}

// followUp carries the rules into the set in preparation, which would take them
// back otherwise. A submitted one goes back to draft: its content changes.
func followUp(ctx context.Context, tx *database.Tx, q *sqlc.Queries, actor audit.Actor, extended *RuleSet, rules []Rule) error {
	id, err := q.PreparedRuleSetID(ctx, extended.ConnectionID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find rule set in preparation: %w", err)
	}
	if _, err := q.LockRuleSet(ctx, id); err != nil {
		return fmt.Errorf("lock rule set: %w", err)
	}
	draft, err := Load(ctx, tx, id)
	if err != nil {
		return err
	}
	if draft.State == Submitted {
		if err := q.WithdrawRuleSet(ctx, draft.ID); err != nil {
			return fmt.Errorf("withdraw rule set: %w", err)
		}
	}
	added := slices.Clone(rules)
	for i := range added {
		added[i].Position = lastPosition(draft.Rules) + i + 1
	}
	if err := insertRules(ctx, q, draft.ID, added); err != nil {
		return err
	}
	if draft.BasedOn == extended.BasedOn {
		if err := q.RebaseRuleSet(ctx, sqlc.RebaseRuleSetParams{ID: draft.ID, BasedOn: extended.ID}); err != nil {
			return fmt.Errorf("rebase rule set: %w", err)
		}
	}
	if err := addEditor(ctx, q, draft.ID, actor); err != nil {
		return err
	}
	if _, err := q.TouchRuleSet(ctx, draft.ID); err != nil {
		return fmt.Errorf("count version: %w", err)
	}
	return audit.Write(ctx, tx, audit.Event{
		Actor: actor, Action: "extended", ObjectType: objectType, ObjectID: draft.ID, ConnectionID: draft.ConnectionID,
		Before: summaryOf(draft), After: rules, Reason: fmt.Sprintf("rule set %d was published in the meantime", extended.Number), At: tx.Now,
	})
}
