package p21

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// complaints collects what is wrong with something that is to be written.
type complaints struct{ fields []FieldError }

func (c *complaints) require(ok bool, field, message string) {
	if !ok {
		c.fields = append(c.fields, FieldError{Field: field, Message: message})
	}
}

func (c *complaints) text(value string, width int, field string) {
	c.require(fits(value, width), field, fmt.Sprintf("is missing or longer than %d characters", width))
	c.require(!strings.ContainsFunc(value, unicode.IsControl), field, "holds a character that cannot be shown")
}

func (c *complaints) optional(value string, width int, field string) {
	c.require(utf8.RuneCountInString(value) <= width, field, fmt.Sprintf("is longer than %d characters", width))
}

func (c *complaints) problem(field, words string) { c.require(words == "", field, words) }

func (c *complaints) err(operation, message string) error {
	if len(c.fields) == 0 {
		return nil
	}
	return &Error{Operation: operation, Type: Validation, Message: message, Fields: c.fields}
}

// differences collects how two things differ, in words.
type differences struct{ words []string }

func (d *differences) text(what, want, got string) {
	if want != got {
		d.words = append(d.words, fmt.Sprintf("%s is %s, not %s", what, got, want))
	}
}

// String joins the words.
func (d *differences) String() string { return strings.Join(d.words, "; ") }
