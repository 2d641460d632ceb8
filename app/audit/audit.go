// Package audit writes the append-only, hash-chained log of everything a
// person or a job does to an accounting object, and proves the chain.
//
// The database numbers and chains the events (migrations/00002_audit.sql); a
// writer holds the chain's head until it commits, so Write is the last thing a
// transaction does.
package audit

import (
	"encoding/json"
	"fmt"
	"time"
)

// Actor is who did something: a person, or a job when PersonID is 0.
type Actor struct {
	PersonID  int64
	Name      string
	RequestID string
}

// Job returns the actor of a background job.
func Job(name string) Actor { return Actor{Name: name} }

// Event is one entry of the log before the database has chained it.
type Event struct {
	Actor        Actor
	Action       string // a verb in the past: "submitted", "published"
	ObjectType   string // "journal_entry", "rule_set", ...
	ObjectID     any    // its id
	ConnectionID int64  // 0: none
	Before       any    // marshalled to JSON; nil: nothing
	After        any
	Reason       string
	At           time.Time // zero: the database's clock
}

func jsonOrNil(value any) ([]byte, error) {
	if value == nil {
		return nil, nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write audit value: %w", err)
	}
	return text, nil
}

// Break is one place where the chain does not hold.
type Break struct {
	Seq    int64
	Reason string
}
