package mapping

import "strings"

// Match says how a condition compares.
type Match string

const (
	Any    Match = "any"    // everything, the empty text too
	Is     Match = "is"     // the same key
	Starts Match = "starts" // the key begins with it
)

// Condition is one text column of a rule. The zero value matches nothing and
// is refused by Validate; Anything matches all.
type Condition struct {
	Match Match
	Text  string
}

// Anything is the condition that every text meets.
var Anything = Condition{Match: Any}

// Exactly returns the condition that only texts with the key of text meet.
func Exactly(text string) Condition { return Condition{Is, text} }

// StartsWith returns the condition that texts beginning with prefix meet.
func StartsWith(prefix string) Condition { return Condition{Starts, prefix} }

// Meets reports whether text meets the condition.
func (c Condition) Meets(text string) bool {
	return compiled{c.Match, Key(c.Text)}.meets(Key(text))
}

// String writes the condition the way people type it into a cell: * for any,
// Text* for a prefix, "" for the empty text, everything else as it is.
func (c Condition) String() string {
	switch {
	case c.Match == Any:
		return "*"
	case c.Match == Starts:
		return c.Text + "*"
	case c.Text == "" || strings.HasSuffix(c.Text, "*") || quoted(c.Text) || c.Text != strings.TrimSpace(c.Text):
		return `"` + c.Text + `"`
	}
	return c.Text
}

// ParseCondition reads what String writes; blanks around it do not count. An
// empty cell is any.
func ParseCondition(cell string) Condition {
	s := strings.TrimSpace(cell)
	switch {
	case s == "" || s == "*":
		return Anything
	case quoted(s):
		return Exactly(s[1 : len(s)-1])
	case strings.HasSuffix(s, "*"):
		return StartsWith(s[:len(s)-1])
	}
	return Exactly(s)
}

func quoted(s string) bool {
	return len(s) >= 2 && strings.HasPrefix(s, `"`) && strings.HasSuffix(s, `"`)
}

// compiled is a condition whose text is already a key.
type compiled struct {
	match Match
	key   string
}

func (c compiled) meets(key string) bool {
	switch c.match {
	case Any:
		return true
	case Is:
		return key == c.key
	case Starts:
		return strings.HasPrefix(key, c.key)
	}
	return false
}

// covers reports whether every key that d meets is met by c too.
func (c compiled) covers(d compiled) bool {
	switch c.match {
	case Any:
		return true
	case Is:
		return d.match == Is && d.key == c.key
	case Starts:
		return c.key == "" || (d.match != Any && strings.HasPrefix(d.key, c.key))
	}
	return false
}
