package audit

import (
	"context"
	"fmt"
	"time"
)

// Chained is an event with what chains it to the one before. Text is what the
// hash is of; it is withheld where the event is about another connection.
type Chained struct {
	Seq                                               int64
	At                                                time.Time
	Actor, Action, ObjectType, ObjectID, Reason, Text string
	PrevHash, Hash                                    []byte
}

const extractRows = `
	SELECT e.seq, e.at, e.actor, e.action, e.object_type, e.object_id, e.reason, jsonb_build_array(
		e.seq, (extract(epoch FROM e.at) * 1000000)::bigint, e.actor_id, e.actor, e.action,
		e.object_type, e.object_id, e.connection_id, e.before, e.after, e.reason, e.request_id)::text, e.prev_hash, e.hash,
		e.connection_id IS NOT NULL AND e.connection_id <> $3 AS withheld
	FROM audit_event e WHERE e.seq BETWEEN $1 AND $2 ORDER BY e.seq`

// Extract yields the events from first to last. Of those about another
// connection than the given one only the hashes are told, so that the chain can
// still be followed.
func Extract(ctx context.Context, db Querier, first, last, connectionID int64, yield func(Chained) error) error {
	rows, err := db.Query(ctx, extractRows, first, last, connectionID)
	if err != nil {
		return fmt.Errorf("read audit events: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c Chained
		var withheld bool
		if err := rows.Scan(&c.Seq, &c.At, &c.Actor, &c.Action, &c.ObjectType, &c.ObjectID, &c.Reason, &c.Text, &c.PrevHash, &c.Hash, &withheld); err != nil {
			return fmt.Errorf("read audit event: %w", err)
		}
		if withheld {
			c = Chained{Seq: c.Seq, At: c.At, PrevHash: c.PrevHash, Hash: c.Hash}
		}
		if err := yield(c); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read audit events: %w", err)
	}
	return nil
}
