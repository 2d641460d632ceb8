// Package expression evaluates the small formulas with which people say how a
// record's fields are mapped and checked: typed, free of side effects, bounded
// in size, and exact. The language is that of github.com/expr-lang/expr, made
// safe for money: every number with a point is a decimal, and a comparison or
// a sum of things whose type is not known beforehand is refused instead of
// being silently wrong.
package expression

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
	"github.com/shopspring/decimal"
)

// Type is what a formula must come to.
type Type string

// The types. Values are string, decimal.Decimal, int, bool and, for a Date,
// string in the form 2006-01-02.
const (
	Text    Type = "text"
	Number  Type = "number"
	Integer Type = "integer"
	Flag    Type = "yes or no"
	Date    Type = "date"
)

const (
	maxLength = 2000 // characters of a formula
	maxNodes  = 300  // parts of a formula
)

// Formula is a checked formula; safe for concurrent use.
type Formula struct {
	text    string
	want    Type
	program *vm.Program
}

// Error is what is wrong with a formula, in words for the person who wrote it.
type Error struct {
	Message string
	Column  int // counted from 1; 0: the whole of it
}

func (e *Error) Error() string {
	if e.Column == 0 {
		return e.Message
	}
	return fmt.Sprintf("%s (at character %d)", e.Message, e.Column)
}

// Compile checks a formula against the type of its environment, a struct whose
// fields it names, and against the type it must come to. It returns *Error.
func Compile(text string, environment any, want Type) (*Formula, error) {
	if strings.TrimSpace(text) == "" {
		return nil, &Error{Message: "The formula is empty."}
	}
	if len(text) > maxLength {
		return nil, &Error{Message: fmt.Sprintf("The formula is longer than %d characters.", maxLength)}
	}
	program, err := expr.Compile(text, options(environment)...)
	if err != nil {
		return nil, compileError(err)
	}
	f := &Formula{text, want, program}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, nil
}

func compileError(err error) *Error {
	var where *file.Error
	if errors.As(err, &where) {
		return &Error{Message: sentence(where.Message), Column: where.Column + 1}
	}
	return &Error{Message: sentence(err.Error())}
}

func sentence(text string) string {
	if text == "" {
		return "The formula cannot be read."
	}
	return strings.ToUpper(text[:1]) + strings.TrimRight(text[1:], ".") + "."
}

// check refuses what would be decided only when it is too late.
func (f *Formula) check() error {
	if err := exact(f.program.Node()); err != nil {
		return err
	}
	if err := shallow(f.program.Node()); err != nil {
		return err
	}
	got := f.program.Node().Type()
	if got == nil || got.Kind() == reflect.Interface || f.accepts(got) {
		return nil
	}
	return &Error{Message: fmt.Sprintf("The formula comes to %s, but %s is needed here.", name(got), f.want)}
}

func (f *Formula) accepts(got reflect.Type) bool {
	switch f.want {
	case Text, Date:
		return got.Kind() == reflect.String
	case Number:
		return got == typeDecimal || got.Kind() == reflect.Int
	case Integer:
		return got.Kind() == reflect.Int
	}
	return got.Kind() == reflect.Bool
}

func name(t reflect.Type) string {
	switch {
	case t == typeDecimal:
		return string(Number)
	case t == typeTime:
		return "an instant (use day to make it a date)"
	case t.Kind() == reflect.String:
		return string(Text)
	case t.Kind() == reflect.Int:
		return string(Integer)
	case t.Kind() == reflect.Bool:
		return string(Flag)
	case t.Kind() == reflect.Slice:
		return "a list"
	}
	return "something with parts"
}

// String returns the formula as it was written.
func (f *Formula) String() string { return f.text }

// Eval computes the formula. The error is *Error, in words for people.
func (f *Formula) Eval(environment any) (any, error) {
	value, err := expr.Run(f.program, environment)
	if err != nil {
		return nil, compileError(err)
	}
	return f.convert(value)
}

// convert brings a value into the one form of its type.
func (f *Formula) convert(value any) (any, error) {
	switch v := value.(type) {
	case decimal.Decimal:
		if f.want == Number {
			return v, nil
		}
	case int:
		if f.want == Integer {
			return v, nil
		}
		if f.want == Number {
			return decimal.NewFromInt(int64(v)), nil
		}
	case bool:
		if f.want == Flag {
			return v, nil
		}
	default:
		if text := reflect.ValueOf(value); text.IsValid() && text.Kind() == reflect.String {
			return f.fromText(text.String())
		}
	}
	if value == nil {
		return nil, &Error{Message: fmt.Sprintf("The formula comes to nothing here, but %s is needed.", f.want)}
	}
	return nil, &Error{Message: fmt.Sprintf("The formula comes to %s here, but %s is needed.", name(reflect.TypeOf(value)), f.want)}
}

func (f *Formula) fromText(text string) (any, error) {
	switch f.want {
	case Text:
		return text, nil
	case Date:
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return nil, &Error{Message: fmt.Sprintf("%q is not a date such as 2026-11-20.", text)}
		}
		return text, nil
	}
	return nil, &Error{Message: fmt.Sprintf("The formula comes to the text %q here, but %s is needed.", text, f.want)}
}
