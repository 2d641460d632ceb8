// Package fault is the program's one error type: a code that decides what a
// caller may do about it, a sentence for a person, and the cause for the log.
//
// Any error that is not a *Error is internal: its text never reaches a person.
package fault

import (
	"errors"
	"fmt"
)

// Code says what kind of failure happened; web maps it to a status, jobs to
// retry or not.
type Code string

const (
	Invalid      Code = "invalid"      // the input is wrong; the message says where and what to do
	NotFound     Code = "not_found"    // no such object, or not for this person
	Conflict     Code = "conflict"     // the object's state refuses it: stale, duplicate, already done
	Unauthorised Code = "unauthorised" // nobody is signed in, or the sign-in is too old
	Forbidden    Code = "forbidden"    // signed in, but the role or a rule refuses it
	Unavailable  Code = "unavailable"  // the other side cannot answer now; trying later may help
	Internal     Code = "internal"     // our mistake
)

// Error carries a code, a message for people and, optionally, the cause.
type Error struct {
	Code    Code
	Message string
	Fields  map[string]string // field name -> message, for forms
	Cause   error             // logged, never shown
}

func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.Cause.Error()
}

func (e *Error) Unwrap() error { return e.Cause }

// New returns an error with a formatted message for people.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap is New with a cause that is logged and not shown.
func Wrap(cause error, code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Cause: cause}
}

// InvalidFields is an Invalid error about named form fields.
func InvalidFields(fields map[string]string) *Error {
	return &Error{Code: Invalid, Message: "Some fields need another value.", Fields: fields}
}

// CodeOf returns the code of the first *Error in the chain; Internal for any
// other error, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// MessageOf returns what a person may read of err.
func MessageOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "Something went wrong on our side. Nothing was changed."
}

// FieldsOf returns the messages per form field, nil when err has none.
func FieldsOf(err error) map[string]string {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}

// Is reports whether err carries code.
func Is(err error, code Code) bool { return CodeOf(err) == code }
