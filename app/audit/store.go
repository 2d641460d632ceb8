package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Execer is the part of a transaction that Write needs.
type Execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Querier is the part of a pool or transaction that Verify needs.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Write appends events to the log within the caller's transaction. Call it
// last: other writers wait for the chain's head until the transaction ends.
func Write(ctx context.Context, tx Execer, events ...Event) error {
	for _, e := range events {
		if err := write(ctx, tx, e); err != nil {
			return fmt.Errorf("write audit event %s %s: %w", e.ObjectType, e.Action, err)
		}
	}
	return nil
}

func write(ctx context.Context, tx Execer, e Event) error {
	before, err := jsonOrNil(e.Before)
	if err != nil {
		return err
	}
	after, err := jsonOrNil(e.After)
	if err != nil {
		return err
	}
	var at, person, connection any
	if !e.At.IsZero() {
		at = e.At
	}
	if e.Actor.PersonID != 0 {
		person = e.Actor.PersonID
	}
	if e.ConnectionID != 0 {
		connection = e.ConnectionID
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO audit_event (at, actor_id, actor, action, object_type, object_id, connection_id, before, after, reason, request_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		at, person, e.Actor.Name, e.Action, e.ObjectType, fmt.Sprint(e.ObjectID), connection, before, after, e.Reason, e.Actor.RequestID)
	return err
}

// The hashed text is spelt out here as well, so that a changed database
// function cannot hide a changed event.
const chainRows = `
	SELECT e.seq, e.prev_hash, e.hash, jsonb_build_array(
		e.seq, (extract(epoch FROM e.at) * 1000000)::bigint, e.actor_id, e.actor, e.action,
		e.object_type, e.object_id, e.connection_id, e.before, e.after, e.reason, e.request_id)::text
	FROM audit_event e ORDER BY e.seq`

// Verify recomputes the whole chain and returns how many events it read and
// every break: a changed event, a missing number, a head that does not fit.
func Verify(ctx context.Context, db Querier) (events int64, breaks []Break, err error) {
	previous := sha256.Sum256([]byte("tieout"))
	last := previous[:]
	rows, err := db.Query(ctx, chainRows)
	if err != nil {
		return 0, nil, fmt.Errorf("read audit chain: %w", err)
	}
	defer rows.Close()
	next := int64(1)
	for rows.Next() {
		var seq int64
		var prevHash, hash []byte
		var text string
		if err := rows.Scan(&seq, &prevHash, &hash, &text); err != nil {
			return events, breaks, fmt.Errorf("read audit event: %w", err)
		}
		events++
		for ; next < seq; next++ {
			breaks = append(breaks, Break{next, "the event is missing"})
		}
		next = seq + 1
		if !bytes.Equal(prevHash, last) {
			breaks = append(breaks, Break{seq, "it does not follow from the event before it"})
		}
		own := sha256.Sum256(append(bytes.Clone(prevHash), text...))
		if !bytes.Equal(own[:], hash) {
			breaks = append(breaks, Break{seq, "its content differs from its hash"})
		}
		last = hash
	}
	if err := rows.Err(); err != nil {
		return events, breaks, fmt.Errorf("read audit chain: %w", err)
	}
	return verifyHead(ctx, db, events, next-1, last, breaks)
}

func verifyHead(ctx context.Context, db Querier, events, lastSeq int64, last []byte, breaks []Break) (int64, []Break, error) {
	head, err := Head(ctx, db)
	if errors.Is(err, pgx.ErrNoRows) {
		return events, append(breaks, Break{lastSeq, "the head of the chain is missing"}), nil
	}
	if err != nil {
		return events, breaks, err
	}
	if head.Seq != lastSeq || !bytes.Equal(head.Hash, last) {
		breaks = append(breaks, Break{head.Seq, fmt.Sprintf("the head says %d events, the log ends at %d", head.Seq, lastSeq)})
	}
	return events, breaks, nil
}
