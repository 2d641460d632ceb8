package personal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/app/audit"
	"tieout/app/fault"
	"tieout/sqlc"
)

// Facts are what may be told of a record's personal data to everybody.
type Facts struct {
	Fields   int        // of the content on which the record stands
	PurgedAt *time.Time // nil: it is there
	Reason   string     // of the purge
}

// Facts returns what is known of a record's personal data without opening it.
func (r *Ring) Facts(ctx context.Context, recordID int64) (Facts, error) {
	if r == nil {
		return Facts{}, nil
	}
	row, err := sqlc.New(r.pool).PersonalFacts(ctx, recordID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Facts{}, nil
	}
	if err != nil {
		return Facts{}, fmt.Errorf("read facts of personal data: %w", err)
	}
	return Facts{int(row.Fields), row.PurgedAt, row.PurgeReason}, nil
}

// Access is one look at personal data.
type Access struct {
	ID         int64
	At         time.Time
	Person     string
	RecordID   int64
	Flow       string
	Key        string
	Connection string
	DocumentID int64 // 0: the record's fields
	Reason     string
}

// See opens a part for a person. The access is written down first, for good:
// it stands whatever happens to the answer.
func (r *Ring) See(ctx context.Context, recordID int64, place, reason string, actor audit.Actor) (Part, error) {
	if err := r.Log(ctx, recordID, 0, reason, actor); err != nil {
		return nil, err
	}
	facts, err := r.Facts(ctx, recordID)
	if err != nil {
		return nil, err
	}
	if facts.PurgedAt != nil {
		return nil, fault.New(fault.Conflict, "The personal data was destroyed on %s. %s", facts.PurgedAt.UTC().Format("2006-01-02"), facts.Reason)
	}
	return r.Open(ctx, r.pool, recordID, place)
}

// Log writes down that a person sees personal data of a record, or a document
// that holds it.
func (r *Ring) Log(ctx context.Context, recordID, documentID int64, reason string, actor audit.Actor) error {
	if r == nil || r.vault == nil {
		return errNoKey
	}
	reason = strings.TrimSpace(reason)
	if len(reason) < 10 {
		return fault.InvalidFields(map[string]string{"reason": "Say what you need it for (at least 10 characters)."})
	}
	log := sqlc.LogPersonalAccessParams{PersonID: actor.PersonID, RecordID: recordID, Reason: reason}
	if documentID != 0 {
		log.DocumentID = &documentID
	}
	if _, err := sqlc.New(r.pool).LogPersonalAccess(ctx, log); err != nil {
		return fmt.Errorf("log access: %w", err)
	}
	return nil
}

// Accesses returns a page of accesses, the newest first; beforeID is the last
// row's of the page before.
func (r *Ring) Accesses(ctx context.Context, beforeID int64, size int32) ([]Access, error) {
	if r == nil {
		return nil, nil
	}
	rows, err := sqlc.New(r.pool).ListPersonalAccesses(ctx, sqlc.ListPersonalAccessesParams{BeforeID: beforeID, Size: size})
	if err != nil {
		return nil, fmt.Errorf("list accesses: %w", err)
	}
	list := make([]Access, len(rows))
	for i, a := range rows {
		list[i] = Access{ID: a.ID, At: a.At, Person: a.Person, RecordID: a.RecordID, Flow: a.Flow, Key: a.Key, Connection: a.ConnectionName, Reason: a.Reason}
		if a.DocumentID != nil {
			list[i].DocumentID = *a.DocumentID
		}
	}
	return list, nil
}
