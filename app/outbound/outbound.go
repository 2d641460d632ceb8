// Package outbound is the one write protocol for everything that leaves the
// program: intent, look-up, send, read back. It makes sure that the other side
// holds a message at most once whatever crashes or times out in between, and
// that an outcome which cannot be known is said to be unknown instead of being
// tried again.
//
// The steps, each durable before the next begins:
//
//	intended  written with the data it concerns; nothing has left
//	          look up by reference: found means adopt, not found means go on
//	sending   written before the request leaves; from here on it may be there
//	sent      the other side answered with its key
//	          read back and compare
//	confirmed the key is recorded, or
//	refused   the other side said no and holds nothing, or
//	unknown   a person decides
package outbound

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tieout/app/fault"
)

// Outcome of a failed send.
type Outcome int

const (
	// Ambiguous: the other side may or may not hold the message.
	Ambiguous Outcome = iota
	// Refused: the other side answered no; it holds nothing and a repeat would be refused as well.
	Refused
	// NotSent: the request never left or surely had no effect; it may be tried again.
	NotSent
)

// Found is a message as the other side holds it.
type Found struct {
	Key        string
	Difference string // empty when it equals what was intended, else what differs
}

// Target is one side that messages go to.
type Target interface {
	// Find returns what the target holds under the message's reference.
	Find(ctx context.Context, m Message) ([]Found, error)
	// Send writes the message and returns the target's key.
	Send(ctx context.Context, m Message) (key string, err error)
	// Read returns the message as the target holds it under key.
	Read(ctx context.Context, m Message, key string) (Found, error)
	// Outcome says what a failed Send left behind, with the target's own words.
	Outcome(err error) (Outcome, string)
	// CanLookUp reports whether Find and Read work at this target.
	CanLookUp() bool
	// RefusesDuplicates reports whether the target itself refuses a second
	// message with the same reference: then sending again after a clean
	// look-up is safe.
	RefusesDuplicates() bool
}

// Message is one intended write.
type Message struct {
	ID           int64
	ConnectionID int64
	Kind         string
	Target       string // company or seller
	Reference    string
	ObjectID     int64
	Payload      []byte // JSON
	Hash         []byte // of all that is meant, where the payload is redacted; nil: of the payload
	State        string
	Attempts     int
	RemoteKey    string
	Error        string
	SentAt       *time.Time
	UpdatedAt    time.Time
}

// States of a message.
const (
	Intended  = "intended"
	Sending   = "sending"
	Sent      = "sent"
	Confirmed = "confirmed"
	Declined  = "refused"
	Unknown   = "unknown"
)

// Result is what Deliver came to.
type Result struct {
	State  string // Confirmed, Declined, Unknown
	Key    string
	Reason string // the other side's words, or what differs
	Differ bool   // unknown because the target holds something else or holds it twice
}

// ErrHeld means that another worker has the message in hand.
var ErrHeld = errors.New("another worker has the message in hand")

// Retry means that delivery goes on later, by itself.
type Retry struct {
	After time.Duration
	Cause error
}

// Waits reports that the other side answered: it does not hold yet what was
// sent without an answer, and is asked again before that is believed.
func (r *Retry) Waits() bool { return errors.Is(r.Cause, errNotThere) }

var errNotThere = fault.New(fault.Unavailable, "It was sent without an answer and is not there yet.")

func (r *Retry) Error() string { return fmt.Sprintf("try again in %s: %v", r.After, r.Cause) }

// Unwrap returns the cause.
func (r *Retry) Unwrap() error { return r.Cause }

// Refusal is what Read returns when the target took a message and has since
// said that it does nothing of it.
type Refusal struct{ Words string }

func (r *Refusal) Error() string { return r.Words }

// Timing bounds the protocol.
type Timing struct {
	Hold          time.Duration // how long one worker keeps a message; longer than any single request
	Request       time.Duration // bound of one request to the target
	LookUps       int           // clean look-ups after an ambiguous send before a person is asked
	LookUpWindow  time.Duration // the least time they spread over
	RetryInterval time.Duration // between two tries
}

// DefaultTiming follows what is known of P21: a posting that was accepted shows
// up in look-ups at once, ten minutes are far beyond anything reported.
func DefaultTiming() Timing {
	return Timing{Hold: 3 * time.Minute, Request: time.Minute, LookUps: 3, LookUpWindow: 10 * time.Minute, RetryInterval: 30 * time.Second}
}
