package p21

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"tieout/app/fault"
)

// Type says what kind of failure it was.
type Type string

const (
	Validation   Type = "Validation"   // something in the request is wrong; Fields says what
	NotFound     Type = "NotFound"     // no such object
	Duplicate    Type = "Duplicate"    // the reference is there already, under ExistingKey
	PeriodClosed Type = "PeriodClosed" // the fiscal period is closed
	Unbalanced   Type = "Unbalanced"   // debits and credits differ
	Conflict     Type = "Conflict"     // the object changed meanwhile
	Business     Type = "Business"     // another rule of P21 refused it; Message has its words
	Unauthorized Type = "Unauthorized" // the connection's user or key is not accepted
	RateLimited  Type = "RateLimited"  // too many requests; RetryAfter may say how long to wait
	Unavailable  Type = "Unavailable"  // no answer, or the server could not handle the request
	Malformed    Type = "Malformed"    // an answer came that cannot be relied on
	Unsupported  Type = "Unsupported"  // this server does not have that, see Features
)

// Error is every failure of a System. errors.As turns it into a *fault.Error
// for people.
type Error struct {
	Operation   string // "post journal"
	Status      int    // HTTP status; 0 without an answer
	Type        Type
	Message     string // P21's words when it gave any
	Fields      []FieldError
	ExistingKey string        // of Duplicate, and of what P21 took otherwise than sent
	RetryAfter  time.Duration // of RateLimited and Unavailable; 0: not said
	RequestID   string        // the X-Correlation-Id that was sent

	// Sent: the server may have begun to handle the request. False when it never
	// left, or when the answer proves that it was turned away before handling.
	Sent  bool
	Cause error
}

// FieldError is one complaint about one field.
type FieldError struct {
	Field   string
	Code    string
	Message string
}

// Error describes the failure for logs and for the accountant's "P21 said".
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Operation, strings.TrimRight(e.Message, ". "))
	if e.Status != 0 {
		fmt.Fprintf(&b, " (%s, HTTP %d)", e.Type, e.Status)
	}
	if words := e.fieldWords(); words != "" {
		b.WriteString(": " + words)
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// As lets errors.As see the failure as a *fault.Error with a message for people.
func (e *Error) As(target any) bool {
	f, ok := target.(**fault.Error)
	if ok {
		*f = &fault.Error{Code: e.code(), Message: e.People(), Cause: e.Cause}
	}
	return ok
}

func (e *Error) code() fault.Code {
	switch e.Type {
	case Validation, Unbalanced, Business, Unsupported:
		return fault.Invalid
	case NotFound:
		return fault.NotFound
	case Duplicate, PeriodClosed, Conflict:
		return fault.Conflict
	}
	return fault.Unavailable
}

// People returns the failure in a sentence for people, with P21's own words.
func (e *Error) People() string {
	words := strings.TrimRight(e.Message, ". ")
	if fields := e.fieldWords(); fields != "" {
		words += ": " + fields
	}
	words = strings.TrimRight(words, ". ")
	switch e.Type {
	case Unauthorized:
		return "P21 does not accept this connection's user or key: " + words + "."
	case RateLimited:
		return "P21 asks us to wait: " + words + "."
	case Unavailable:
		return "P21 cannot be reached now: " + words + "."
	case Malformed:
		return "P21 gave an answer that cannot be relied on: " + words + "."
	case Unsupported:
		return "This cannot be done with this P21: " + words + "."
	}
	return "P21 refused: " + words + "."
}

func (e *Error) fieldWords() string {
	words := make([]string, 0, len(e.Fields))
	for _, f := range e.Fields {
		words = append(words, strings.TrimSpace(f.Field+" "+f.Message))
	}
	return strings.Join(words, "; ")
}

// Transient reports whether trying later may help without anybody changing anything.
func (e *Error) Transient() bool {
	return e.Type == Unavailable || e.Type == RateLimited || e.Type == Malformed
}

// Outcome is what a failed write left behind.
type Outcome int

const (
	// Unknown: P21 may or may not hold what was sent (a lost or broken answer, a
	// server error), or says that it holds one under this reference. Look it up.
	Unknown Outcome = iota
	// Refused: P21 said no, holds nothing, and would say no again.
	Refused
	// NotSent: P21 surely holds nothing; the same may be sent again later.
	NotSent
)

// String names the outcome.
func (o Outcome) String() string {
	return [...]string{"unknown", "refused", "not sent"}[o]
}

// OutcomeOf says what a failed write left behind. An error that did not
// come from an adapter is Unknown. Only P21's own refusals are Refused: an HTTP
// 500 counts as one when it carries a business error, and as Unknown otherwise.
func OutcomeOf(err error) Outcome {
	var e *Error
	if !errors.As(err, &e) {
		return Unknown
	}
	switch e.Type {
	case Validation, NotFound, PeriodClosed, Unbalanced, Conflict, Business, Unsupported:
		return Refused
	case Duplicate:
		return Unknown
	}
	if e.Sent {
		return Unknown
	}
	return NotSent
}

// TypeOf returns the type of the first *Error in the chain, "" when there is none.
func TypeOf(err error) Type {
	var e *Error
	if errors.As(err, &e) {
		return e.Type
	}
	return ""
}
