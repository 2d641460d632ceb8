package rest

import (
	"tieout/app/p21"
)

// NotSent marks an error that came before the write. A refused read says
// nothing about what was to be written, so it is not final.
func NotSent(err error) error {
	failure, ok := asError(err)
	if !ok {
		return err
	}
	failure.Sent = false
	if p21.OutcomeOf(failure) == p21.Refused && failure.Type != p21.Unsupported {
		failure.Type = p21.Unavailable
	}
	return failure
}

// Unread is an error about something that was written under key and could not
// be read back: its outcome is Unknown.
func Unread(operation, key string, cause error) *p21.Error {
	return &p21.Error{Operation: operation, Type: p21.Unavailable, Message: "P21 took it as " + key + ", which cannot be read back", ExistingKey: key, Sent: true, Cause: cause}
}

// Otherwise is an error about something that P21 holds under key otherwise than
// it was sent: its outcome is Unknown, a person decides.
func Otherwise(operation, key, difference string) *p21.Error {
	return &p21.Error{Operation: operation, Type: p21.Malformed, Message: "P21 took it as " + key + " otherwise than sent: " + difference, ExistingKey: key, Sent: true}
}

// Wrong is an error about a request that was not sent and never can be.
func Wrong(operation, message string) *p21.Error {
	return &p21.Error{Operation: operation, Type: p21.Validation, Message: message}
}
