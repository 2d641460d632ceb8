package deposit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/reconcile/match"
	"tieout/sqlc"
)

func ruleOf(text string) match.Rule { return match.Rule(text) }

// window is how long a deposit takes: banks book it on Amazon's day or up to a
// week later, over weekends and holidays.
var window = match.Window{Before: 1, After: 8}

// mostLines bounds the lines that rules look at, and mostDeposits the deposits.
const (
	mostLines    = 20_000
	mostDeposits = 2_000
)

// Suggestions is what the rules find among what is open.
type Suggestions struct {
	match.Result
	Deposits map[int64]Deposit // by settlement
	Lines    map[int64]Line    // whatever a suggestion names
}

// Suggest finds what seems to belong together; connectionID 0 is everywhere.
func (s *Service) Suggest(ctx context.Context, connectionID int64) (Suggestions, error) {
	return suggest(ctx, s.pool, connectionID)
}

func suggest(ctx context.Context, db sqlc.DBTX, connectionID int64) (Suggestions, error) {
	out := Suggestions{Deposits: map[int64]Deposit{}, Lines: map[int64]Line{}}
	open, err := deposits(ctx, db, Filter{Connection: connectionID, State: "open", PageSize: mostDeposits})
	if err != nil || len(open) == 0 {
		return out, err
	}
	first, last := open[0].Due, open[0].Due
	var left, right []match.Item
	for _, d := range open {
		out.Deposits[d.SettlementID] = d
		left = append(left, match.Item{ID: d.SettlementID, Amount: d.Open(), On: d.Due, Names: []string{d.AmazonID}, Scopes: []int64{d.ConnectionID}})
		if d.Due.Before(first) {
			first = d.Due
		}
		if last.Before(d.Due) {
			last = d.Due
		}
	}
	// A name is believed for longer than an amount.
	rows, err := sqlc.New(db).OpenBankLines(ctx, sqlc.OpenBankLinesParams{ConnectionID: connectionID, FromOn: first.AddDays(-window.Before).Time(), ToOn: last.AddDays(60).Time(), Most: mostLines})
	if err != nil {
		return out, fmt.Errorf("list open bank lines: %w", err)
	}
	for _, r := range rows {
		right = append(right, match.Item{ID: r.ID, Amount: money.New(r.Open, money.Currency(r.Currency)), On: period.DateOf(r.BookedOn), Texts: append(r.Refs, r.Description), Scopes: r.Connections, Likely: r.Likely})
	}
	out.Result = match.Find(left, right, window)
	for _, list := range [][]match.Proposal{out.Sure, out.Possible} {
		for _, m := range list {
			for _, id := range m.Right {
				if out.Lines[id], err = oneLine(ctx, db, id); err != nil {
					return out, err
				}
			}
		}
	}
	return out, nil
}

// Accept makes a suggestion a match if the rules still find it; key names it.
func (s *Service) Accept(ctx context.Context, key string, actor audit.Actor) (int64, error) {
	var id int64
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		found, err := suggest(ctx, tx, 0)
		if err != nil {
			return err
		}
		all := append(slices.Clone(found.Sure), found.Possible...)
		i := slices.IndexFunc(all, func(m match.Proposal) bool { return m.Key() == key && m.Difference.IsZero() })
		if i < 0 {
			return fault.New(fault.Conflict, "This suggestion does not stand any more: somebody matched or ignored one of its sides.")
		}
		made, err := combine(ctx, tx, pick{lines: all[i].Right, settlements: all[i].Left, rule: all[i].Rule, reason: all[i].Reason}, actor)
		if err != nil {
			return err
		}
		id = made.id
		return audit.Write(ctx, tx.Tx, made.events...)
	})
	return id, database.Translate(err)
}

// AcceptSure makes every sure suggestion of a connection a match and returns how
// many there were.
func (s *Service) AcceptSure(ctx context.Context, connectionID int64, actor audit.Actor) (int, error) {
	n := 0
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		found, err := suggest(ctx, tx, connectionID)
		if err != nil {
			return err
		}
		n = len(found.Sure)
		var events []audit.Event
		for _, m := range found.Sure {
			made, err := combine(ctx, tx, pick{lines: m.Right, settlements: m.Left, rule: m.Rule, reason: m.Reason}, actor)
			if err != nil {
				return err
			}
			events = append(events, made.events...)
		}
		return audit.Write(ctx, tx.Tx, events...)
	})
	return n, database.Translate(err)
}

// MatchByItself matches every deposit of a connection with the only bank line that
// names it and has exactly its amount, where the policy lets a job do so, and
// returns how many. What a person took apart stays apart.
func (s *Service) MatchByItself(ctx context.Context, connectionID int64, actor audit.Actor) (int, error) {
	allowed, err := sqlc.New(s.pool).MatchesByItself(ctx, connectionID)
	if err != nil || !allowed {
		return 0, wrapped(err, "read who matches deposits")
	}
	n := 0
	err = database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		apart, err := sqlc.New(tx).TakenApart(ctx, connectionID)
		if err != nil {
			return fmt.Errorf("read what was taken apart: %w", err)
		}
		found, err := suggest(ctx, tx, connectionID)
		if err != nil {
			return err
		}
		var events []audit.Event
		for _, m := range found.Sure {
			if !exact(m) || slices.Contains(apart, sqlc.TakenApartRow{LineID: m.Right[0], SettlementID: m.Left[0]}) {
				continue
			}
			made, err := combine(ctx, tx, pick{lines: m.Right, settlements: m.Left, rule: m.Rule, reason: "Matched automatically. " + m.Reason}, actor)
			if err != nil {
				return err
			}
			n, events = n+1, append(events, made.events...)
		}
		return audit.Write(ctx, tx.Tx, events...)
	})
	return n, database.Translate(err)
}

// exact reports whether one line names one deposit and has its amount.
func exact(m match.Proposal) bool {
	return m.Rule == match.Named && len(m.Left) == 1 && len(m.Right) == 1 && m.Difference.IsZero()
}

func wrapped(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// ByHand is what a person puts together.
type ByHand struct {
	Lines, Settlements []int64
	Reason             string
	Difference         string // what explains the rest; empty: there is none, or it stays open
	LeaveOpen          bool   // the rest stays open
}

// MatchByHand makes a match of what a person picked.
func (s *Service) MatchByHand(ctx context.Context, h ByHand, actor audit.Actor) (int64, error) {
	h.Reason, h.Difference = strings.TrimSpace(h.Reason), strings.TrimSpace(h.Difference)
	if h.Reason == "" {
		h.Reason = "Put together by hand."
	}
	if len(h.Lines)+len(h.Settlements) == 0 || len(h.Lines)+len(h.Settlements) == 1 && h.Difference == "" {
		return 0, fault.InvalidFields(map[string]string{"pick": "Choose a deposit and a bank line; or two bank lines that cancel each other; or one side alone, and say what explains it."})
	}
	var id int64
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		made, err := combine(ctx, tx, pick{lines: h.Lines, settlements: h.Settlements, rule: match.ByHand, reason: h.Reason, difference: h.Difference, leaveOpen: h.LeaveOpen}, actor)
		if err != nil {
			return err
		}
		id = made.id
		return audit.Write(ctx, tx.Tx, made.events...)
	})
	return id, database.Translate(err)
}

// pick is what becomes a match.
type pick struct {
	lines, settlements []int64
	rule               match.Rule
	reason, difference string
	leaveOpen          bool
}

// made is a match that was stored, and the events to write last.
type made struct {
	id     int64
	events []audit.Event
}

// combine stores one match: every line's money goes to the deposits it belongs to,
// and what has no other side is explained or stays open.
func combine(ctx context.Context, tx *database.Tx, p pick, actor audit.Actor) (made, error) {
	sides, err := gather(ctx, tx, p)
	if err != nil {
		return made{}, err
	}
	shares, rests := match.ShareOut(sides.left, sides.right)
	var parts []Part
	for _, x := range shares {
		parts = append(parts, Part{LineID: x.Right, SettlementID: x.Left, Amount: x.Amount})
	}
	cancels := len(sides.left) == 0 && sides.sum(sides.right).IsZero()
	switch {
	case len(rests) > 0 && p.difference == "" && cancels:
		p.difference = "The lines cancel each other."
	case len(rests) > 0 && p.difference == "" && (!p.leaveOpen || len(shares) == 0):
		return made{}, fault.InvalidFields(map[string]string{"difference": fmt.Sprintf("The bank lines and the deposits differ by %s. Say what explains it, or leave the rest open.",
			money.Format(sides.sum(sides.right).Sub(sides.sum(sides.left)), sides.currency))})
	case len(rests) == 0 || p.leaveOpen && p.difference == "":
		p.difference = ""
	}
	if p.difference != "" {
		for _, x := range rests {
			part := Part{SettlementID: x.ID, Amount: x.Amount}
			if x.Right {
				part = Part{LineID: x.ID, Amount: x.Amount}
			}
			parts = append(parts, part)
		}
	}
	id, err := store(ctx, tx, Match{Currency: sides.currency, Rule: p.rule, Reason: p.reason, Difference: p.difference, Parts: parts}, nil, actor)
	if err != nil {
		return made{}, err
	}
	events := []audit.Event{{Actor: actor, Action: "matched", ObjectType: "deposit_match", ObjectID: id, ConnectionID: sides.connection, Reason: p.reason,
		After: map[string]any{"lines": p.lines, "settlements": p.settlements, "rule": p.rule, "difference": p.difference}}}
	return made{id, events}, nil
}

// sides are the items of a match.
type sides struct {
	left, right []match.Item
	currency    money.Currency
	connection  int64 // 0: no deposit, or of several
}

func (sides) sum(items []match.Item) decimal.Decimal {
	total := decimal.Zero
	for _, i := range items {
		total = total.Add(i.Amount.Value)
	}
	return total
}

// gather reads what is open of both sides and refuses what cannot go together.
func gather(ctx context.Context, tx *database.Tx, p pick) (sides, error) {
	var out sides
	for _, id := range p.lines {
		l, err := oneLine(ctx, tx, id)
		if err != nil {
			return out, err
		}
		if l.Ignored != "" || l.Open().Value.IsZero() {
			return out, fault.New(fault.Conflict, "The bank line of %s over %s is matched or ignored already.", l.Booked, l.Amount)
		}
		out.right = append(out.right, match.Item{ID: id, Amount: l.Open(), On: l.Booked})
	}
	for _, id := range p.settlements {
		d, err := oneDeposit(ctx, tx, id)
		if err != nil {
			return out, err
		}
		if d.Open().Value.IsZero() {
			return out, fault.New(fault.Conflict, "The deposit of settlement %s is matched already.", d.AmazonID)
		}
		out.left = append(out.left, match.Item{ID: id, Amount: d.Open(), On: d.Due})
		out.connection = d.ConnectionID
	}
	all := append(slices.Clone(out.left), out.right...)
	out.currency = all[0].Amount.Currency
	for _, i := range all {
		if i.Amount.Currency != out.currency {
			return out, fault.InvalidFields(map[string]string{"pick": fmt.Sprintf("One side is in %s and the other in %s.", out.currency, i.Amount.Currency)})
		}
	}
	return out, nil
}

// store writes a match with its parts.
func store(ctx context.Context, tx *database.Tx, m Match, restores *int64, actor audit.Actor) (int64, error) {
	db := sqlc.New(tx)
	id, err := db.InsertDepositMatch(ctx, sqlc.InsertDepositMatchParams{Currency: string(m.Currency), Rule: string(m.Rule), Reason: m.Reason, Difference: m.Difference, Restores: restores, MatchedBy: person(actor), Now: tx.Now})
	if err != nil {
		return 0, fmt.Errorf("store match: %w", err)
	}
	p := sqlc.InsertDepositPartsParams{MatchID: id}
	for i, part := range m.Parts {
		p.Positions, p.LineIds, p.SettlementIds, p.Amounts = append(p.Positions, int32(i)), append(p.LineIds, part.LineID), append(p.SettlementIds, part.SettlementID), append(p.Amounts, part.Amount)
	}
	if err := db.InsertDepositParts(ctx, p); err != nil {
		return 0, fmt.Errorf("store parts of match: %w", err)
	}
	return id, nil
}

// Unmatch takes a match apart. It stays on record, and can be made again.
func (s *Service) Unmatch(ctx context.Context, id int64, reason string, actor audit.Actor) error {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return fault.InvalidFields(map[string]string{"reason": "Say why."})
	}
	return database.Translate(database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		m, err := oneMatch(ctx, tx, id)
		if err != nil {
			return err
		}
		changed, err := sqlc.New(tx).Unmatch(ctx, sqlc.UnmatchParams{MatchID: id, Reason: reason, PersonID: actor.PersonID, Now: tx.Now})
		if err != nil {
			return fmt.Errorf("unmatch: %w", err)
		}
		if changed == 0 {
			return fault.New(fault.Conflict, "Somebody has taken this match apart already.")
		}
		return audit.Write(ctx, tx.Tx, audit.Event{Actor: actor, Action: "unmatched", ObjectType: "deposit_match", ObjectID: id, ConnectionID: connectionOf(m), Reason: reason})
	}))
}

func connectionOf(m Match) int64 {
	for _, p := range m.Parts {
		if p.ConnectionID != 0 {
			return p.ConnectionID
		}
	}
	return 0
}

// Restore makes a match again that was taken apart, and returns the new one.
func (s *Service) Restore(ctx context.Context, id int64, actor audit.Actor) (int64, error) {
	var again int64
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		m, err := oneMatch(ctx, tx, id)
		if err != nil {
			return err
		}
		if m.Stands() || m.Restored {
			return fault.New(fault.Conflict, "This match stands already.")
		}
		if again, err = store(ctx, tx, m, &id, actor); err != nil {
			return err
		}
		return audit.Write(ctx, tx.Tx, audit.Event{Actor: actor, Action: "matched again", ObjectType: "deposit_match", ObjectID: again, ConnectionID: connectionOf(m), Reason: m.Reason, After: map[string]any{"restores": id}})
	})
	return again, database.Translate(err)
}

// Ignore says that a line is not Amazon's.
func (s *Service) Ignore(ctx context.Context, lineID int64, reason string, actor audit.Actor) error {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return fault.InvalidFields(map[string]string{"reason": "Say what the line is."})
	}
	return database.Translate(database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		l, err := oneLine(ctx, tx, lineID)
		if err != nil {
			return err
		}
		if l.Ignored != "" {
			return fault.New(fault.Conflict, "The line is ignored already.")
		}
		if err := sqlc.New(tx).IgnoreBankLine(ctx, sqlc.IgnoreBankLineParams{LineID: lineID, Reason: reason, PersonID: actor.PersonID, Now: tx.Now}); err != nil {
			return fmt.Errorf("ignore bank line: %w", err)
		}
		return audit.Write(ctx, tx.Tx, audit.Event{Actor: actor, Action: "ignored", ObjectType: "bank_line", ObjectID: lineID, Reason: reason})
	}))
}

// Regard takes an Ignore back.
func (s *Service) Regard(ctx context.Context, lineID int64, actor audit.Actor) error {
	return database.Translate(database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		changed, err := sqlc.New(tx).EndIgnoring(ctx, sqlc.EndIgnoringParams{LineID: lineID, PersonID: &actor.PersonID, Now: &tx.Now})
		if err != nil {
			return fmt.Errorf("regard bank line: %w", err)
		}
		if changed == 0 {
			return fault.New(fault.Conflict, "The line is not ignored.")
		}
		return audit.Write(ctx, tx.Tx, audit.Event{Actor: actor, Action: "regarded again", ObjectType: "bank_line", ObjectID: lineID})
	}))
}
