package amazon

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tieout/app/fault"
)

// Error is what Amazon answered instead of what was asked for. Callers get it
// inside a fault.Error; errors.As finds it.
type Error struct {
	Operation string // of the model, or "token" and "document"
	Status    int    // HTTP; 200 where an answer carried errors beside its payload
	Code      string // Amazon's, such as InvalidInput; "" when the body said none
	Message   string
	Details   string
	RequestID string // to quote to Amazon's support

	after time.Duration // Retry-After, if any
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "amazon %s: %d", e.Operation, e.Status)
	for _, part := range []string{e.Code, e.Message, e.Details} {
		if part != "" {
			b.WriteString(" " + part)
		}
	}
	if e.RequestID != "" {
		b.WriteString(" (request " + e.RequestID + ")")
	}
	return b.String()
}

// Throttled reports that the rate limit was exceeded.
func (e *Error) Throttled() bool {
	return e.Status == http.StatusTooManyRequests || e.Code == "QuotaExceeded"
}

// Denied reports an expired token, a missing role or a missing restricted data
// token; Amazon does not tell them apart.
func (e *Error) Denied() bool {
	return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
}

// NotFound reports that there is no such object for this seller.
func (e *Error) NotFound() bool { return e.Status == http.StatusNotFound }

// Retryable reports that the same request may succeed later.
func (e *Error) Retryable() bool {
	return e.Throttled() || e.Status >= 500 || e.Status == http.StatusRequestTimeout ||
		e.Code == "InternalFailure" || e.Code == "ServiceUnavailable"
}

// lost says that no whole answer came back.
type lost struct {
	operation string
	cause     error
}

func (e *lost) Error() string { return fmt.Sprintf("amazon %s: %v", e.operation, e.cause) }
func (e *lost) Unwrap() error { return e.cause }

// lose wraps a failure of the network without the address, whose query may be
// a signature that opens a document.
func lose(operation string, err error) error {
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err
	}
	return &lost{operation, err}
}

// retryable looks at the failure of one try; what has become a fault was
// decided before.
func retryable(err error) bool {
	switch e := err.(type) {
	case *Error:
		return e.Retryable()
	case *lost:
		return true
	}
	return false
}

// explain gives an error of this package a code for the program and a sentence
// for people; any other error comes back as it is.
func explain(err error) error {
	switch e := err.(type) {
	case *Error:
		return fault.Wrap(e, e.code(), "%s", e.sentence())
	case *lost:
		return fault.Wrap(e, fault.Unavailable, "Amazon does not answer.")
	case *BusyError:
		return fault.Wrap(e, fault.Unavailable, "%s.", e.Error())
	}
	return err
}

// Unsent reports that a call surely had no effect, because it was never made:
// Amazon let this program not in, or the rate limit allows the call only later.
func Unsent(err error) bool {
	var refused *Error
	var unanswered *lost
	var busy *BusyError
	return errors.As(err, &refused) && refused.Operation == tokenOperation ||
		errors.As(err, &unanswered) && unanswered.operation == tokenOperation || errors.As(err, &busy)
}

// code makes a seller or an application that Amazon no longer lets in a side that
// cannot be reached: everything waits, and goes on by itself once somebody has
// authorised it again.
func (e *Error) code() fault.Code {
	switch {
	case e.Retryable() || e.Operation == tokenOperation:
		return fault.Unavailable
	case e.Denied():
		return fault.Forbidden
	case e.NotFound():
		return fault.NotFound
	}
	return fault.Invalid
}

func (e *Error) sentence() string {
	switch {
	case e.Throttled():
		return fmt.Sprintf("Amazon's rate limit for %s is used up; it is tried again later.", e.Operation)
	case e.Retryable():
		return fmt.Sprintf("Amazon cannot answer %s at the moment.", e.Operation)
	case e.Operation == tokenOperation && e.Code == "invalid_grant":
		return "Amazon no longer accepts this seller's authorisation: re-authorise this connection in Seller Central and enter its new refresh token."
	case e.Operation == tokenOperation && (e.Code == "invalid_client" || e.Code == "unauthorized_client"):
		return fmt.Sprintf("Amazon refuses the application's client id or secret (%s): check whether the secret was rotated, and enter it in this connection.", e.Code)
	case e.Denied() && e.Operation != tokenOperation:
		return fmt.Sprintf("Amazon refuses %s to this connection: a role is missing, or the seller has to re-authorise it.", e.Operation)
	case e.NotFound():
		return "Amazon does not know this object, or no longer keeps it."
	}
	return fmt.Sprintf("Amazon refuses %s with status %d: %s", e.Operation, e.Status, strings.TrimSpace(e.Code+" "+e.Message))
}
