package personal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/app/audit"
	"tieout/app/fault"
	"tieout/sqlc"
)

// MostDays is how long Amazon lets personal data be kept after delivery.
// Source: Amazon's Data Protection Policy, "Data Retention".
const MostDays = 30

// Purged is how much a purge destroyed.
type Purged struct{ Records, Documents int }

// batch is how much is looked up at once; each record is a transaction of its own.
const batch = 200

// Purge destroys the personal data of what was delivered or ignored before a
// moment, and the documents that tell of nobody else. Broken off, it goes on
// where it stopped when it is called again.
func (r *Ring) Purge(ctx context.Context, before time.Time) (done Purged, err error) {
	db := sqlc.New(r.pool)
	reason := fmt.Sprintf("Its time was over: delivered or ignored before %s.", before.UTC().Format("2006-01-02 15:04 MST"))
	done.Records, err = each(func(after int64) ([]int64, error) {
		return db.PersonalToPurge(ctx, sqlc.PersonalToPurgeParams{AfterID: after, Before: before, Size: batch})
	}, func(id int64) error { return r.forget(ctx, id, reason, "") })
	if err != nil {
		return done, fmt.Errorf("purge records: %w", err)
	}
	done.Documents, err = each(func(after int64) ([]int64, error) {
		return db.DocumentsToPurge(ctx, sqlc.DocumentsToPurgeParams{AfterID: after, Before: before, Size: batch})
	}, func(id int64) error { return r.burn(ctx, id, reason) })
	if err != nil {
		return done, fmt.Errorf("purge documents: %w", err)
	}
	return done, nil
}

// each does something with every id, batch by batch.
func each(list func(after int64) ([]int64, error), do func(id int64) error) (done int, err error) {
	for after := int64(0); ; {
		ids, err := list(after)
		if err != nil || len(ids) == 0 {
			return done, err
		}
		for _, id := range ids {
			if err := do(id); err != nil {
				return done, err
			}
			done, after = done+1, id
		}
	}
}

// forget destroys the personal data of one record, all of it or nothing.
func (r *Ring) forget(ctx context.Context, recordID int64, reason, actor string) error {
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		db := sqlc.New(tx)
		moving, err := onItsWay(ctx, db, recordID)
		if err != nil || moving {
			return err // what has begun to move since it was found needs its data
		}
		return forget(ctx, db, recordID, reason, actor)
	})
	if err != nil {
		return fmt.Errorf("forget record %d: %w", recordID, err)
	}
	return nil
}

// onItsWay locks a record and reports whether the other side may be getting it.
func onItsWay(ctx context.Context, db *sqlc.Queries, recordID int64) (bool, error) {
	record, err := db.TargetOfRecord(ctx, recordID)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, fault.New(fault.NotFound, "There is no record %d.", recordID)
	}
	if err != nil {
		return false, fmt.Errorf("lock record: %w", err)
	}
	return slices.Contains([]string{"ready", "delivering", "unknown"}, record.State), nil
}

func forget(ctx context.Context, db *sqlc.Queries, recordID int64, reason, actor string) error {
	changed, err := db.DestroyPersonalKey(ctx, sqlc.DestroyPersonalKeyParams{RecordID: recordID, Reason: reason})
	if err != nil || changed == 0 {
		return err
	}
	if err := db.DropPersonalParts(ctx, recordID); err != nil {
		return err
	}
	return db.AddFlowEvent(ctx, sqlc.AddFlowEventParams{RecordID: recordID, Step: "personal data destroyed", Detail: reason, Actor: actor})
}

// burn destroys what a document holds; that it was there, and its hash, stay.
func (r *Ring) burn(ctx context.Context, documentID int64, reason string) error {
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error { return burn(ctx, sqlc.New(tx), documentID, reason) })
	if err != nil {
		return fmt.Errorf("forget document %d: %w", documentID, err)
	}
	return nil
}

func burn(ctx context.Context, db *sqlc.Queries, documentID int64, reason string) error {
	changed, err := db.DestroyDocumentKey(ctx, sqlc.DestroyDocumentKeyParams{DocumentID: documentID, Reason: reason})
	if err != nil || changed == 0 {
		return err
	}
	return db.DropDocumentChunks(ctx, documentID)
}

// Erase destroys the personal data of one record at once, because a person asks
// for it, together with every document that tells of it.
func (r *Ring) Erase(ctx context.Context, recordID int64, reason string, actor audit.Actor) error {
	reason = strings.TrimSpace(reason)
	if len(reason) < 10 {
		return fault.InvalidFields(map[string]string{"reason": "Say who asked for it and where (at least 10 characters, no personal data)."})
	}
	return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		db := sqlc.New(tx)
		moving, err := onItsWay(ctx, db, recordID)
		if err != nil {
			return err
		}
		if moving {
			return fault.New(fault.Conflict, "It is on its way to the other side, or nobody knows whether it is there. Settle that first.")
		}
		documents, err := db.DocumentsOfRecord(ctx, recordID)
		if err != nil {
			return fmt.Errorf("find documents of record %d: %w", recordID, err)
		}
		if err := forget(ctx, db, recordID, reason, actor.Name); err != nil {
			return fmt.Errorf("erase record %d: %w", recordID, err)
		}
		for _, id := range documents {
			if err := burn(ctx, db, id, reason); err != nil {
				return fmt.Errorf("erase document %d: %w", id, err)
			}
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "personal data erased", ObjectType: "record", ObjectID: recordID, Reason: reason, After: map[string]any{"documents": len(documents)}})
	})
}
