package reconcile

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/sqlc"
)

// shortest is how short a reason may be.
const shortest = 5

// Explain signs why an item may stay. seen is the difference that the person
// looked at: fault.Conflict when it is another one by now. A note on another
// amount, which is void, makes room.
func (s *Service) Explain(ctx context.Context, id int64, seen decimal.Decimal, reason string, actor audit.Actor) error {
	reason = strings.TrimSpace(reason)
	if len([]rune(reason)) < shortest {
		return fault.InvalidFields(map[string]string{"reason": "Say why the difference may stay, in at least 5 characters."})
	}
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		i, err := lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if !i.Difference().Equal(seen) {
			return fault.New(fault.Conflict, "The difference is %s %s by now, not %s. Look at it again.", i.Difference(), i.Currency, seen)
		}
		if err := makeRoom(ctx, tx, i, actor); err != nil {
			return err
		}
		return write(ctx, tx, i, reason, nil, actor, "explained")
	})
}

// Match signs that two items belong together and come to nothing.
func (s *Service) Match(ctx context.Context, id, other int64, actor audit.Actor) error {
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error { return match(ctx, tx, id, other, actor) })
}

// Pairs counts what MatchPairs would match.
func (s *Service) Pairs(ctx context.Context, connectionID int64, name Name) (int, error) {
	pairs, err := onlyPairs(ctx, s.pool, connectionID, name)
	return len(pairs), err
}

// MatchPairs signs for every two items of a connection that come to nothing
// together where nothing else could be meant, and returns how many pairs there were.
func (s *Service) MatchPairs(ctx context.Context, connectionID int64, name Name, actor audit.Actor) (n int, err error) {
	err = database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		pairs, err := onlyPairs(ctx, tx, connectionID, name)
		if err != nil {
			return err
		}
		n = len(pairs)
		for _, p := range pairs {
			if err := match(ctx, tx, p.One, p.Other, actor); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

func onlyPairs(ctx context.Context, db sqlc.DBTX, connectionID int64, name Name) ([]sqlc.OnlyOppositesRow, error) {
	pairs, err := sqlc.New(db).OnlyOpposites(ctx, sqlc.OnlyOppositesParams{ConnectionID: connectionID, Name: string(name), Days: matchDays})
	if err != nil {
		return nil, fmt.Errorf("find items of %s that come to nothing together: %w", name, err)
	}
	return pairs, nil
}

func match(ctx context.Context, tx *database.Tx, id, other int64, actor audit.Actor) error {
	// Always in the same order, so that two people do not wait for one another.
	a, err := lock(ctx, tx, min(id, other))
	if err != nil {
		return err
	}
	b, err := lock(ctx, tx, max(id, other))
	if err != nil {
		return err
	}
	if a.ID == b.ID || a.ConnectionID != b.ConnectionID || a.Name != b.Name || a.Currency != b.Currency || !a.Difference().Equal(b.Difference().Neg()) {
		return fault.New(fault.Conflict, "These two do not come to nothing together.")
	}
	pair, err := sqlc.New(tx).NextPair(ctx)
	if err != nil {
		return fmt.Errorf("number the pair: %w", err)
	}
	for _, two := range [][2]Item{{a, b}, {b, a}} {
		if err := makeRoom(ctx, tx, two[0], actor); err != nil {
			return err
		}
		if err := write(ctx, tx, two[0], "Matched with "+two[1].Key+".", &pair, actor, "matched"); err != nil {
			return err
		}
	}
	return nil
}

// Withdraw takes a note back, and the one on the other item of a pair. It
// returns the item that the note was on; 0 when both sides agree by now.
func (s *Service) Withdraw(ctx context.Context, id int64, actor audit.Actor) (name Name, item int64, err error) {
	err = database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		at, err := sqlc.New(tx).ItemOfNote(ctx, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "There is no such note.")
		}
		if err != nil {
			return fmt.Errorf("find item of note %d: %w", id, err)
		}
		name, item = Name(at.Name), at.ItemID
		taken, err := withdraw(ctx, tx, id, actor)
		if err == nil && taken == 0 {
			return fault.New(fault.Conflict, "This note does not stand any more.")
		}
		return err
	})
	return name, item, err
}

func withdraw(ctx context.Context, tx *database.Tx, id int64, actor audit.Actor) (int, error) {
	rows, err := sqlc.New(tx).WithdrawReconciliationNote(ctx, sqlc.WithdrawReconciliationNoteParams{ID: id, PersonID: actor.PersonID, Now: tx.Now})
	if err != nil {
		return 0, fmt.Errorf("withdraw note %d: %w", id, err)
	}
	for _, r := range rows {
		event := audit.Event{Actor: actor, Action: "explanation withdrawn", ObjectType: "reconciliation_note", ObjectID: r.ID, ConnectionID: r.ConnectionID,
			Before: map[string]any{"reconciliation": r.Name, "item": r.Key, "amount": r.Amount, "currency": r.Currency, "reason": r.Reason}}
		if err := audit.Write(ctx, tx.Tx, event); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// makeRoom ends a note that is void; one that holds stays.
func makeRoom(ctx context.Context, tx *database.Tx, i Item, actor audit.Actor) error {
	switch {
	case i.Note == nil:
		return nil
	case !i.Note.Void:
		return fault.New(fault.Conflict, "%s has explained it already.", i.Note.By)
	}
	_, err := withdraw(ctx, tx, i.Note.ID, actor)
	return err
}

// lock reads an item that does not change until the transaction ends.
func lock(ctx context.Context, tx *database.Tx, id int64) (Item, error) {
	q := sqlc.New(tx)
	if _, err := q.LockOpen(ctx, id); errors.Is(err, pgx.ErrNoRows) {
		return Item{}, gone()
	} else if err != nil {
		return Item{}, fmt.Errorf("lock item %d: %w", id, err)
	}
	r, err := q.GetOpen(ctx, id)
	if err != nil {
		return Item{}, fmt.Errorf("read item %d: %w", id, err)
	}
	return itemOf(r), nil
}

func write(ctx context.Context, tx *database.Tx, i Item, reason string, pair *int64, actor audit.Actor, action string) error {
	id, err := sqlc.New(tx).WriteReconciliationNote(ctx, sqlc.WriteReconciliationNoteParams{ConnectionID: i.ConnectionID, Name: string(i.Name), Key: i.Key, Currency: string(i.Currency),
		Amount: i.Difference(), Units: i.Units, Reason: reason, Pair: pair, WrittenBy: actor.PersonID, Now: tx.Now})
	if err != nil {
		return fmt.Errorf("write note on %s: %w", i.Key, err)
	}
	return audit.Write(ctx, tx.Tx, audit.Event{Actor: actor, Action: action, ObjectType: "reconciliation_note", ObjectID: id, ConnectionID: i.ConnectionID, Reason: reason,
		After: map[string]any{"reconciliation": i.Name, "item": i.Key, "amount": i.Difference(), "currency": i.Currency}})
}
